"""The guard on a small stage; see ``tests/support/world.py``."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

_NAME = "agentops_test_world"


def load_world() -> ModuleType:
    """Return ``tests/support/world.py``, which no package makes importable."""
    if _NAME not in sys.modules:
        path = Path(__file__).parents[1] / "support" / "world.py"
        spec = importlib.util.spec_from_file_location(_NAME, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[_NAME] = module
        spec.loader.exec_module(module)
    return sys.modules[_NAME]


load_world()


@pytest.fixture
def stage() -> Any:
    """A stage whose person approves once."""
    return load_world().Stage()
