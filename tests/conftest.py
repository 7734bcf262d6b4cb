"""Fixtures for the whole suite."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# How long an example takes depends on the machine's other work; timing is never asserted in a test.
settings.register_profile("agentops", deadline=None)
settings.load_profile("agentops")


@pytest.fixture
def anthropic_server() -> Iterator[Callable[..., Any]]:
    """Starts a server that plays scripted turns over the Anthropic wire format; see ``tests/support``."""
    name = "agentops_test_anthropic_server"
    if name not in sys.modules:
        path = Path(__file__).parent / "support" / "anthropic_server.py"
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    with ExitStack() as stack:
        yield lambda *turns: stack.enter_context(sys.modules[name].AnthropicServer(turns))
