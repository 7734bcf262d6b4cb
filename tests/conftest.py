"""Fixtures for the whole suite."""

from __future__ import annotations

import importlib.util
import os
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
_STARTS_A_PROCESS = ("subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.exec")


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


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--fast`` runs the part of the suite that a person waits for after each edit."""
    parser.addoption("--fast", action="store_true", help="leave out the tests marked slow, real or e2e")


def pytest_configure(config: pytest.Config) -> None:
    """In the fast part no test starts a process: one that does fails, and is to be marked ``slow``."""
    if not config.getoption("--fast"):
        return

    def refuse(event: str, _arguments: tuple[Any, ...]) -> None:
        if event in _STARTS_A_PROCESS and os.environ.get("PYTEST_CURRENT_TEST"):
            pytest.fail(f"this test starts a process ({event}): mark it slow", pytrace=False)

    sys.addaudithook(refuse)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark as slow what uses a fixture that is, and with ``--fast`` keep what no mark leaves out."""
    for item in items:
        if "slow" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)
    if not config.getoption("--fast"):
        return
    kept = [item for item in items if not any(item.get_closest_marker(name) for name in ("slow", "real", "e2e"))]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
    items[:] = kept


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return how many workers ``-n auto`` starts: one a core for the fast part, two for the whole, which also waits."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores if config.getoption("--fast") else 2 * cores


@pytest.fixture(scope="session")
def slow() -> None:
    """Mark every test that uses this, also through another fixture, as slow: a fixture that serves a simulated cluster
    or starts a process asks for it."""


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
