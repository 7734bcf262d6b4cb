"""What counts as slow by nature is read from the code: directly, through what it calls, or in a command's words."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from types import ModuleType

import pytest

from agentops.sandbox.cluster import Sandbox

_WORDS = ("triage", "--sandbox=bad-image-tag")


def _starts_a_process() -> None:
    subprocess.run(["true"], check=True)


def _forks() -> int:
    return os.fork()


def _calls_one_that_does() -> list[None]:
    return [_starts_a_process() for _ in range(2)]


class _Serves:
    def go(self) -> Sandbox:
        return Sandbox(None)


def _uses_a_class() -> Sandbox:
    return _Serves().go()


def _names_the_option(cli: Callable[..., object]) -> object:
    return cli("triage", "--sandbox=bad-image-tag")


def _names_the_argument(open_app: Callable[..., object]) -> object:
    return open_app(command="fix", sandbox="bad-image-tag")


def _calls_itself(depth: int) -> int:
    return _calls_itself(depth - 1) if depth else 0


def _says_the_word() -> str:
    return "the sandbox has an option --sandbox"


def _mentions_a_table() -> int:
    return len(_WORDS)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (_starts_a_process, True),
        (_forks, True),
        (_calls_one_that_does, True),
        (_uses_a_class, True),
        (_names_the_option, True),
        (_names_the_argument, True),
        (_calls_itself, False),
        (_says_the_word, False),
        (_mentions_a_table, True),
    ],
)
def test_what_is_slow_is_seen_in_the_code(
    slowness: ModuleType, request: pytest.FixtureRequest, function: Callable[..., object], *, expected: bool
) -> None:
    """A test whose code leads to a process or a sandbox is slow; one that only speaks of it is not."""
    item = pytest.Function.from_parent(request.node.parent, name="probe", callobj=lambda: None)
    item.obj = function
    assert slowness.Slowness().is_slow(item) is expected
