"""Fixtures for the whole suite."""

from __future__ import annotations

import gc
import importlib.util
import os
import signal
import sys
from collections import Counter
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
_FEW = 20
settings.register_profile("fast", settings.get_profile("agentops"), max_examples=_FEW)
_LONG_S = 1.0
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
    settings.load_profile("fast")

    def refuse(event: str, _arguments: tuple[Any, ...]) -> None:
        if event in _STARTS_A_PROCESS and os.environ.get("PYTEST_CURRENT_TEST"):
            pytest.fail(f"this test starts a process ({event}): mark it slow", pytrace=False)

    sys.addaudithook(refuse)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark as slow what is so by nature or uses a fixture that is, and with ``--fast`` keep what no mark leaves out."""
    slowness = _support("slowness").Slowness()
    for item in items:
        if "slow" in getattr(item, "fixturenames", ()) or slowness.is_slow(item):
            item.add_marker(pytest.mark.slow)
    if not config.getoption("--fast"):
        return
    kept, left_out = [], []
    for item in items:
        (left_out if any(item.get_closest_marker(name) for name in ("slow", "real", "e2e")) else kept).append(item)
    config.hook.pytest_deselected(items=left_out)
    items[:] = kept
    for item in items:
        _try_fewer(item)


def _try_fewer(item: pytest.Item) -> None:
    """Have a test of a law look at few examples: the whole suite looks at all, and what it finds it shows first."""
    for holder in (getattr(item, "obj", None), getattr(item, "cls", None)):
        for name in ("_hypothesis_internal_use_settings", "settings"):
            found = getattr(holder, name, None)
            if isinstance(found, settings) and found.max_examples > _FEW:
                setattr(holder, name, settings(found, max_examples=_FEW))


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over what stays until the end: thousands of tests, and every module."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name what does not belong in the fast part."""
    if not config.getoption("--fast"):
        return
    took: Counter[str] = Counter()
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        took[report.nodeid] += report.duration
    long = [f"{seconds:.1f} s {name}" for name, seconds in took.most_common(10) if seconds > _LONG_S]
    if long:
        terminalreporter.write_line(f"slow tests in the fast part (mark them slow): {', '.join(long)}")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return how many workers ``-n auto`` starts: one a core for the fast part, two for the whole, which also waits."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores if config.getoption("--fast") else 2 * cores


@pytest.fixture(scope="session")
def slow() -> None:
    """Mark every test that uses this, also through another fixture, as slow: for fixtures that start what
    ``tests/support/slowness.py`` does not see."""


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
def slowness() -> ModuleType:
    """Tells which tests are slow by nature; see ``tests/support``."""
    return _support("slowness")


@pytest.fixture
def hostile() -> ModuleType:
    """Serves a simulated cluster's answers, recorded and spoilt; see ``tests/support``."""
    return _support("hostile")


@pytest.fixture
def hostile_model() -> ModuleType:
    """Serves a model endpoint that cannot be trusted; see ``tests/support``."""
    return _support("hostile_model")


@pytest.fixture
def plans() -> ModuleType:
    """Makes change plans; see ``tests/support``."""
    return _support("plans")


@pytest.fixture
def terminal(slow: None) -> ModuleType:
    """Runs a command line at a pseudo-terminal; see ``tests/support``."""
    return _support("terminal")


@pytest.fixture
def anthropic_server() -> Iterator[Callable[..., Any]]:
    """Starts a server that plays scripted turns over the Anthropic wire format; see ``tests/support``."""
    server = _support("anthropic_server")
    with ExitStack() as stack:
        yield lambda *turns: stack.enter_context(server.AnthropicServer(turns))
