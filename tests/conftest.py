"""Fixtures for the whole suite."""

from __future__ import annotations

import importlib.util
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import settings

# How long an example takes depends on the machine's other work; timing is never asserted in a test.
settings.register_profile("agentops", deadline=None)
settings.load_profile("agentops")


def _support(name: str) -> ModuleType:
    """Return ``tests/support/NAME.py``, which no package makes importable."""
    full = f"agentops_test_{name}"
    if full not in sys.modules:
        path = Path(__file__).parent / "support" / f"{name}.py"
        spec = importlib.util.spec_from_file_location(full, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[full] = module
        spec.loader.exec_module(module)
    return sys.modules[full]


# At import, so that what test modules read from the environment when they are collected is pinned as well, and so that
# the worker processes inherit it.
_support("surroundings").settle()


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """Leave the handlers of signals as the test found them: the command line sets its own."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.fixture
def surroundings() -> ModuleType:
    """Makes the test process independent of who started it; see ``tests/support``."""
    return _support("surroundings")


@pytest.fixture
def plans() -> ModuleType:
    """Makes change plans; see ``tests/support``."""
    return _support("plans")


@pytest.fixture
def terminal() -> ModuleType:
    """Runs a command line at a pseudo-terminal; see ``tests/support``."""
    return _support("terminal")


@pytest.fixture
def anthropic_server() -> Iterator[Callable[..., Any]]:
    """Starts a server that plays scripted turns over the Anthropic wire format; see ``tests/support``."""
    server = _support("anthropic_server")
    with ExitStack() as stack:
        yield lambda *turns: stack.enter_context(server.AnthropicServer(turns))
