"""Every reader of foreign bytes: it takes what is good, refuses the rest with one plain line, and raises nothing else.

A longer run is ``make fuzz``; what one finds is kept in ``found/`` and replayed here.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentops.core.errors import UsageError
from tests.fuzz.mutation import mutated
from tests.fuzz.targets import TARGETS, Broken, Target

FOUND = sorted((Path(__file__).parent / "found").iterdir())
_EXAMPLES = 40


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Return an empty folder each time."""
    return lambda: tmp_path_factory.mktemp("fuzz") / "f"


@pytest.mark.parametrize("name", TARGETS)
def test_good_inputs_are_taken(name: str, folder: Callable[[], Path]) -> None:
    """A target that refused everything would break no law; of its good inputs at least one is taken."""
    taken = [TARGETS[name].run(data, folder()) for data in TARGETS[name].seeds()]
    assert any(taken)


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=_EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(number=st.integers(0, 2**32), junk=st.none() | st.binary(max_size=200))
def test_spoilt_inputs_break_no_law(name: str, number: int, junk: bytes | None, folder: Callable[[], Path]) -> None:
    """Good inputs with bytes changed, values replaced or lines shuffled, and plain junk."""
    target = TARGETS[name]
    target.run(mutated(target.seeds(), random.Random(number)) if junk is None else junk, folder())


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.name)
def test_what_was_found_stays_mended(path: Path, folder: Callable[[], Path]) -> None:
    """Each file is named after its target; it broke a law once."""
    TARGETS[path.name.partition("--")[0].replace("-", " ")].run(path.read_bytes(), folder())


@pytest.mark.parametrize(
    ("read", "said"),
    [
        (lambda *_: _raise(_Unescaped("two\nlines")), "no line of plain text"),
        (lambda *_: _raise(_Unescaped("red \x1b[31m")), "no line of plain text"),
        (lambda *_: _raise(UsageError("")), "no line of plain text"),
        (lambda *_: _raise(KeyError("x")), "x"),
    ],
)
def test_a_broken_law_is_seen(read: Callable[..., object], said: str, tmp_path: Path) -> None:
    """What a reader may not do fails the target, so a run that says ``ok`` means something."""
    with pytest.raises((Broken, KeyError), match=said):
        Target(name="x", read=read, seeds=lambda: ()).run(b"", tmp_path)


class _Unescaped(UsageError):
    """A refusal that got round the constructor, which takes controls out."""

    def __str__(self) -> str:
        return str(self.args[0])

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.args = (message,)


def _raise(error: Exception) -> None:
    raise error
