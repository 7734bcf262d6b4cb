"""A second provider goes through every use case, and no line of agentops knows it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from agentops.app.do import do
from agentops.app.fix import fix_found
from agentops.app.fixing.result import FixResult
from agentops.app.guard_wiring import ApprovalOptions
from agentops.app.investigate import investigate
from agentops.app.providers import PROVIDERS
from agentops.app.recover import WhenUnclear, recover
from agentops.app.rollback import roll_back
from agentops.app.run import App, open_app
from agentops.config import load
from agentops.core.errors import InDoubt, PolicyRefused
from agentops.core.outcome import Status
from agentops.core.plan import Change
from tests.app.seam.broker import Broker, ref_of

ALERT = "broker:main/Queue/orders"
STOPPED = {
    "Queue/orders": {"waiting": 9000, "worker": "packer", "version": 1},
    "Worker/packer": {"running": False, "version": 1},
}


class Hurry:
    """The broker's time passes as soon as somebody waits for it."""

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass; nothing in the broker happens by itself."""


@pytest.fixture
def broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Broker:
    """A broker whose one worker is stopped, and no cluster anywhere."""
    monkeypatch.setenv("AGENTOPS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "no-such-kubeconfig"))
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "broker.json"
    path.write_text(json.dumps(STOPPED))
    return Broker(path)


@contextmanager
def run(broker: Broker, command: str, script: Path | None = None) -> Iterator[App]:
    """Open one run that knows the broker besides what agentops knows."""
    with open_app(
        load({} if script is None else {"model": f"scripted:{script}"}, os.environ),
        command=command,
        sandbox=None,
        use_model=script is not None,
        progress=lambda step: None,
        providers=(*PROVIDERS, broker),
        simulated=Hurry(),
    ) as app:
        yield app


def fixed(broker: Broker, person: object) -> FixResult:
    """Investigate the alert and fix what is found."""
    with run(broker, "fix") as app:
        asking = ApprovalOptions(approver=person, on_interrupt=lambda: True)
        return fix_found(app, investigate(app, ALERT, lambda: b""), asking, stop_at_plan=False)


def test_an_alert_about_it_needs_no_cluster(broker: Broker) -> None:
    """The queue's backlog is followed to the stopped worker; Kubernetes is not configured and not missed."""
    with run(broker, "investigate") as app:
        found = investigate(app, ALERT, lambda: b"")
    cause = found.finding.cause
    assert cause is not None
    assert (cause.resource, cause.condition, found.finding.confidence.value) == (
        ref_of("Worker", "packer"),
        "WorkerStopped",
        "high",
    )
    assert (found.incident.places[0].provider, [item.tool for item in found.evidence]) == ("broker", ["triage"] * 2)


def test_fix_and_roll_back(broker: Broker, agrees: object) -> None:
    """The worker is started after an approval, verified by triage, and stopped again by a rollback plan of its own."""
    done = fixed(broker, agrees)
    (applied,) = done.rounds
    assert (applied.outcome.status, applied.outcome.verified, done.is_healed) == (Status.APPLIED, True, True)
    assert [scope.place for scope in applied.planned.plan.scopes] == ["broker-1"]
    assert broker.things()["Worker/packer"]["running"] is True
    with run(broker, "rollback") as app:
        asking = ApprovalOptions(approver=agrees, on_interrupt=lambda: True)
        undone = roll_back(app, applied.outcome.change_id, asking, stop_at_plan=False)
    assert (undone.outcome.status, broker.things()["Worker/packer"]["running"]) == (Status.APPLIED, False)


def test_a_request_needs_no_cluster_either(broker: Broker, agrees: object, tmp_path: Path) -> None:
    """The model sees the outline of the broker and that there is no cluster; what it drafts is done as asked."""
    change = {"tool": "broker_set", "target": "main/Worker/packer", "arguments": {"running": True}}
    words = {"reason": "start the packer", "evidence": ["E1"]}
    said = {"verdict": "planned", "text": "Starts the packer.", "evidence": ["E1"], "not_checked": []}
    turns = [
        {"calls": [{"tool": "draft_change", "arguments": change | words}]},
        {"calls": [{"tool": "report_request", "arguments": said}]},
    ]
    script = tmp_path / "script.json"
    script.write_text(json.dumps({"turns": turns}))
    with run(broker, "do", script) as app:
        done = do(app, "start the packer", ApprovalOptions(approver=agrees, on_interrupt=lambda: True))
        (opening, *_) = app.services.incidents.open("last").transcript()
    told = opening["content"][0]["text"]
    ended = (done.exit_code, done.replied.reply.standing, broker.things()["Worker/packer"]["running"])
    assert ended == (0, "done", True)
    assert ("Worker/packer" in told, "Not read: kubernetes: " in told) == (True, True)


def test_a_declined_plan_changes_nothing(broker: Broker, declines: object) -> None:
    """Who says no is obeyed, whatever the provider."""
    before = broker.things()
    (refused,) = fixed(broker, declines).rounds
    assert (refused.outcome.status, broker.things()) == (Status.DECLINED, before)


def test_a_crash_is_recovered(broker: Broker, agrees: object) -> None:
    """A process that dies right after the write leaves an open change; nothing new is begun, and recover closes it."""
    child = os.fork()
    if not child:
        # Whatever happens in the child ends it: one that gets back into pytest would report tests a second time.
        try:
            fixed(replace(broker, after_write=lambda: os._exit(9)), agrees)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    with pytest.raises(InDoubt):
        fixed(broker, agrees)
    with run(broker, "recover") as app:
        asking = ApprovalOptions(approver=agrees, on_interrupt=lambda: True)
        (closed,) = recover(app, asking, change_id=None, unclear=WhenUnclear.KEEP).changes
    assert (closed.ending, broker.things()["Worker/packer"]["running"]) == (Status.APPLIED, True)


def test_what_moved_meanwhile_stops_the_change(broker: Broker, agrees: object) -> None:
    """A write by somebody else between approval and apply is met by the provider's own precondition."""
    broker.before_write = lambda: broker.write("Worker/packer", {"running": False, "note": "by hand"})
    done = fixed(broker, agrees)
    (stopped,) = done.rounds
    assert (stopped.outcome.status is Status.APPLIED, broker.things()["Worker/packer"]["note"]) == (False, "by hand")


def test_its_own_rules_say_what_is_no_remedy(broker: Broker, agrees: object) -> None:
    """A drafted change that silences the alert is refused by the rule of the provider that it is for."""
    started = dict(STOPPED, **{"Worker/packer": {"running": True, "version": 1}})
    broker.path.write_text(json.dumps(started))
    with run(broker, "fix") as app:
        asking = ApprovalOptions(approver=agrees, on_interrupt=lambda: True)
        found = investigate(app, ALERT, lambda: b"")
        stop = Change(tool="broker_set", target=ref_of("Worker", "packer"), arguments={"running": False}, reason="x")
        done = fix_found(app, replace(found, drafts=(stop,)), asking, stop_at_plan=True)
    assert [type(one.error) for one in done.refusals] == [PolicyRefused]
