"""``kill -9`` at every record of the audit log, in a real process, against the simulator: what is left is closed."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agentops.cli.app import run as agentops
from agentops.core.jsonable import to_json
from agentops.core.plan import Change
from agentops.core.resource import kubernetes_ref
from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load

DRIVER = Path(__file__).parents[1] / "support" / "crash.py"
FORESEEN = ["policy", "prediction"]
STEP = [*FORESEEN, "dry-run", "diff", "blast-radius", "ruling"]
GOOD = [
    "cluster_pinned", *STEP, "plan", "approval_asked", "asked", "confirm", *STEP, "recheck", "intent", "intent",
    "apply", "apply", "verify", "change_closed",
]  # fmt: skip
"""The records of a change that goes well; the process dies before each of them in turn."""
BAD = [*GOOD[:-2], "verify!", "rollback_apply", "rollback_applied", "rollback", "change_closed"]
"""The same of a change that does not verify and is rolled back."""
CLAIMED = GOOD.index("intent")
"""Before this record the plan's digest has been spent and the plan kept; the change counts as open from then on."""
WRITTEN = GOOD.index("apply") + 1
"""Before this record the first write has been sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A cluster that goes on while the process under test dies, and a home that it leaves behind."""

    sandbox: Sandbox
    home: Path

    def image(self, name: str) -> str:
        """Return the image of a Deployment of shop as it is stored."""
        (found,) = (
            one
            for one in self.sandbox.simulation.store.dump()
            if (one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]) == ("Deployment", "shop", name)
        )
        return str(found["spec"]["template"]["spec"]["containers"][0]["image"])

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a Python program with this home."""
        environ = {**os.environ, "AGENTOPS_HOME": str(self.home), "PYTHONWARNINGS": "ignore"}
        return subprocess.run(
            [sys.executable, *words], capture_output=True, text=True, timeout=120, env=environ, check=False
        )

    def agentops(self, *words: str) -> tuple[int, dict[str, Any]]:
        """Run a command of agentops on this cluster, in this process; returns the exit code and the document.

        Only who dies has to be a process of its own; what comes after it is told the same by any.
        """
        where = ("--kubeconfig", str(self.sandbox.kubeconfig), "--context", self.sandbox.context, "--output", "json")
        with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()):
            code = agentops([*words, *where])
        return code, json.loads(out.getvalue())

    def die(self, change: Change, at: int) -> subprocess.CompletedProcess[str]:
        """Carry out ``change`` in a process that dies before record ``at``."""
        return self.run(
            str(DRIVER), str(self.sandbox.kubeconfig), self.sandbox.context, json.dumps(to_json(change)), str(at)
        )


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """The scenario of the bad image tag, fast forwarded all the time."""
    monkeypatch.setenv("AGENTOPS_HOME", str(tmp_path / "home"))
    with Sandbox(load("bad-image-tag")) as sandbox:
        over = threading.Event()

        def hurry() -> None:
            while not over.wait(0.02):
                sandbox.advance(4)

        thread = threading.Thread(target=hurry)
        thread.start()
        try:
            yield Place(sandbox=sandbox, home=tmp_path / "home")
        finally:
            over.set()
            thread.join()


def change(place: Place, name: str, tool: str, **arguments: Any) -> Change:
    """Return a change of a Deployment of shop."""
    target = kubernetes_ref(place.sandbox.context, "shop", "Deployment", name)
    return Change(tool=tool, target=target, arguments=arguments)


def undo(place: Place) -> Change:
    """Return the change that cures the scenario."""
    return change(place, "checkout", "kubernetes_rollout_undo", to_revision=1)


def spoil(place: Place) -> Change:
    """Return a change that cannot verify: there is no such image."""
    return change(place, "web", "kubernetes_set_image", container="web", image="registry.shop.example/web:none")


def events(place: Place) -> list[str]:
    """Return the records that the dead process left, stages by name."""
    lines = [json.loads(line) for line in (place.home / "audit" / "audit.jsonl").read_text().splitlines()]
    return [
        f"{one['payload']['stage']}{'' if one['payload']['passed'] else '!'}"
        if one["event"] == "guard_stage"
        else one["event"]
        for one in lines
        if one["run"] == "crash"
    ]


def test_records_of_both_ways_are_the_ones_to_die_at(place: Place) -> None:
    """The boundaries below are those of a run that nobody kills."""
    done = place.die(undo(place), -1)
    good = done.returncode, done.stderr, done.stdout, events(place)[-len(GOOD) :]
    done = place.die(spoil(place), -1)
    bad = done.returncode, done.stderr, done.stdout, events(place)[-len(BAD) :]
    assert (good, bad) == ((0, "", "applied", GOOD), (0, "", "rolled-back", BAD))


@pytest.mark.parametrize("at", range(len(GOOD)), ids=lambda at: f"{at}-before-{GOOD[at]}")
def test_killed_on_the_way_up_converges(place: Place, at: int) -> None:
    """Whatever record it dies at: no write without its durable intent, and ``recover`` closes what is open."""
    old = place.image("checkout")
    killed = place.die(undo(place), at)
    changed = place.image("checkout") != old
    refused, _ = place.agentops("fix", "k8s:shop/Deployment/checkout", "--no-model", "--no-input")
    code, document = place.agentops("recover")
    endings = [one["ending"] for one in document["recovered"]]
    left, _ = place.agentops("recover")
    if at < CLAIMED:
        expected: tuple[Any, ...] = (False, 5, [])
    elif at < WRITTEN:
        expected = (False, 7, ["rolled-back"])
    else:
        expected = (True, 7, ["applied"])
    assert (killed.returncode, (changed, refused, endings), code, left) == (-9, expected, 0, 0)


@pytest.mark.parametrize("at", range(WRITTEN, len(BAD)), ids=lambda at: f"{at}-before-{BAD[at]}")
def test_killed_on_the_way_down_converges(place: Place, at: int) -> None:
    """A change that does not verify, killed before or while it is rolled back: ``recover`` says what is left of it."""
    old = place.image("web")
    killed = place.die(spoil(place), at)
    undone = at > BAD.index("rollback_apply")
    code, document = place.agentops("recover")
    endings = [one["ending"] for one in document["recovered"]]
    expected = (0, ["rolled-back"]) if undone else (7, [None])
    assert (killed.returncode, code, endings, place.image("web") == old) == (-9, *expected, undone)


def test_next_command_says_what_is_open(place: Place) -> None:
    """Whatever is run next tells of the open change on stderr, and goes on where it only reads."""
    place.die(undo(place), WRITTEN)
    where = ("--kubeconfig", str(place.sandbox.kubeconfig), "--context", place.sandbox.context)
    done = place.run("-m", "agentops", "triage", *where)
    assert (done.returncode, "1 change started but not finished" in done.stderr) == (0, True)


def test_change_of_another_cluster_is_not_judged_by_this_one(place: Place) -> None:
    """Recovering on another cluster is refused, with the option that leads to the right one."""
    place.die(undo(place), WRITTEN)
    done = place.run("-m", "agentops", "recover", "--sandbox=stale-alert", "--output", "json")
    (error,) = json.loads(done.stdout)["errors"]
    assert (done.returncode, f"--context {place.sandbox.context}" in error["hint"]) == (2, True)


def test_undecided_change_is_taken_back_by_a_person_only(place: Place) -> None:
    """``--roll-back`` runs the pipeline again and asks; without a terminal it stays open. ``--keep`` closes it."""
    place.die(spoil(place), BAD.index("rollback_apply"))
    asked, _ = place.agentops("recover", "--roll-back")
    kept, document = place.agentops("recover", "--keep")
    assert (asked, kept, document["recovered"][0]["ending"]) == (7, 0, "applied")
