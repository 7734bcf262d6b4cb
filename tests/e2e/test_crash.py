"""The process is killed at a boundary: what is left is told from the world, and closed."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

from tests.e2e import manifests as m
from tests.e2e.change_cases import draft
from tests.e2e.stages import Stage
from tests.e2e.wire import Sent

_BOTH = [
    draft("edit_configmap", "/ConfigMap/settings", set={"color": "blue"}),
    draft("edit_configmap", "/ConfigMap/others", set={"color": "blue"}),
]


class _Killer:
    """Kills a process at its nth write."""

    def __init__(self, nth: int) -> None:
        self._left = nth
        self.process: Any = None

    def __call__(self, _sent: Sent) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(self.process.pid, signal.SIGKILL)


def _killed(stage: Stage, words: tuple[str, ...], *, before: int = 0, after: int = 0) -> int:
    """Run a command that is killed right before or right after its nth write; return the exit code."""
    stage.tap.clear()
    killer = _Killer(before or after)
    if before:
        stage.tap.before_write = killer
    else:
        stage.tap.after_write = killer
    with stage.product.start(*words) as process:
        killer.process = process
        process.communicate(timeout=120)
    stage.tap.clear()
    return process.returncode


def _colors(stage: Stage) -> list[str]:
    found = [stage.get("ConfigMap", name) for name in ("settings", "others")]
    return [one["data"]["color"] if one else "" for one in found]


@pytest.fixture
def signed(stage: Stage) -> tuple[str, ...]:
    """The words that run a signed plan of two steps."""
    stage.make(m.config({"color": "red"}), m.config({"color": "red"}, "others"))
    made, plan = stage.product.plan(f"k8s:{stage.namespace}/ConfigMap/settings", _BOTH)
    assert made.ending == (0, "dry-run"), made.why
    return stage.approved(plan)


def test_killed_after_the_last_write_it_is_recovered_as_applied(stage: Stage, signed: tuple[str, ...]) -> None:
    """Everything was done: recover looks at the objects and closes it as applied; a rollback then takes it back."""
    before = stage.settled()
    code = _killed(stage, signed, after=2)
    done = stage.product("recover")
    ended = [one["ending"] for one in done.document["recovered"]]
    assert (code, _colors(stage), done.code, ended) == (-signal.SIGKILL, ["blue", "blue"], 0, ["applied"])
    back = stage.product("rollback", done.document["recovered"][0]["change"], "--yes")
    assert (back.ending, stage.not_restored(before), stage.product("audit", "verify").code) == ((0, "applied"), [], 0)


def test_killed_half_way_nothing_new_is_begun_until_a_person_decides(stage: Stage, signed: tuple[str, ...]) -> None:
    """One of two steps was done: no other change begins, recover asks, and --roll-back restores all."""
    before = stage.settled()
    code = _killed(stage, signed, after=1)
    open_ones = [one["open"] for one in stage.product("changes").document["changes"]]
    assert (code, _colors(stage), open_ones) == (-signal.SIGKILL, ["blue", "red"], [True])
    other = stage.product.fix(f"k8s:{stage.namespace}/ConfigMap/others", _BOTH[1:], "--yes")
    asked = stage.product("recover")
    assert (other.code, asked.code, _colors(stage)) == (7, 7, ["blue", "red"])
    done = stage.product("recover", "--roll-back", "--yes")
    assert (done.code, stage.not_restored(before)) == (0, []), done.out
    assert stage.product("audit", "verify").code == 0


def test_killed_before_the_first_write_nothing_is_left(stage: Stage, signed: tuple[str, ...]) -> None:
    """The request was on the wire when the process died: recover says by the objects whether it arrived."""
    before = stage.settled()
    code = _killed(stage, signed, before=1)
    # The tap passes on what it holds, as a network does; it may come after the process is gone.
    stage.until("it has arrived", lambda: _colors(stage)[0] == "blue")
    asked = stage.product("recover")
    done = stage.product("recover", "--roll-back", "--yes")
    assert (code, asked.code, done.code) == (-signal.SIGKILL, 7, 0)
    assert (stage.not_restored(before), stage.product("audit", "verify").code) == ([], 0)


def test_killed_on_the_way_back_it_is_taken_back_all_the_same(stage: Stage, signed: tuple[str, ...]) -> None:
    """A rollback that dies half-way is a change like any other: recover closes it."""
    before = stage.settled()
    ran = stage.product(*signed)
    assert ran.ending == (0, "applied"), ran.why
    code = _killed(stage, ("rollback", ran.document["outcome"]["change"], "--yes"), after=1)
    asked = stage.product("recover")
    assert (code, asked.code, sorted(_colors(stage))) == (-signal.SIGKILL, 7, ["blue", "red"])
    kept = stage.product("recover", "--keep")
    rest = stage.product("fix", "--plan", "no-such-plan.json")
    assert (kept.code, rest.code) == (0, 2)
    for name in ("settings", "others"):
        stage.client.patch("ConfigMap", name, stage.namespace, {"data": {"color": "red"}})
    assert (stage.not_restored(before), stage.product("audit", "verify").code) == ([], 0)
