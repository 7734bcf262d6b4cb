"""What the guard records, shows and says, whole: each way through the pipeline against ``golden.json``.

The file is made by ``AGENTOPS_WRITE_GOLDEN=1 pytest tests/guard/test_records.py`` and reviewed like code: it is what an
auditor and a person at 3 a.m. get to read.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agentops.core.approval import Answer, Decision
from agentops.core.errors import AgentopsError, InDoubt, NotApproved, StoreError, ToolError
from agentops.core.jsonable import to_json
from agentops.core.plan import Approval, Change, Check, Obligation
from agentops.core.risk import Reversal, Risk
from agentops.guard.pipeline import execute, execute_saved, make_plan

world = sys.modules["agentops_test_world"]
GOLDEN = Path(__file__).with_name("golden.json")
Way = Callable[[Any], Any]


def _applied(stage: Any) -> Any:
    check = Check(kind="condition", target=world.ref("web"), value="CrashLoop")
    return execute(stage.services(progress=stage.seen), world.proposal(checks=(check,)))


def _dry_run(stage: Any) -> Any:
    return make_plan(stage.services(progress=stage.seen), world.proposal())


def _two_steps(stage: Any) -> Any:
    stage.world.objects["db"]["spec"]["image"] = "v2"
    return execute(stage.services(progress=stage.seen), world.proposal("db", "web"))


def _declined(stage: Any) -> Any:
    stage.person.decisions = [Decision(answer=Answer.STOP, why="not during the sale")]
    return execute(stage.services(progress=stage.seen), world.proposal())


def _unhealthy(stage: Any) -> Any:
    stage.world.after_write = lambda name: stage.world.ready.update(
        web=3 if stage.world.objects["web"]["spec"]["image"] == "v2" else 1
    )
    return execute(stage.services(progress=stage.seen), world.proposal())


def _lost_answer(stage: Any) -> Any:
    def lose(name: str) -> None:
        stage.world.after_write = lambda name: None
        raise InDoubt("no answer", hint="Look at it.")

    stage.world.after_write = lose
    return execute(stage.services(progress=stage.seen), world.proposal())


def _second_refused(stage: Any) -> Any:
    stage.world.objects["db"]["spec"]["image"] = "v2"

    def refuse(name: str) -> None:
        if name == "web":
            raise ToolError("the server refused it", hint="Ask it why.")

    stage.world.on_write = refuse
    return execute(stage.services(progress=stage.seen), world.proposal("db", "web"))


def _interrupted_apply(stage: Any) -> Any:
    def press(name: str) -> None:
        stage.world.on_write = lambda name: None
        raise KeyboardInterrupt

    stage.world.on_write = press
    return execute(stage.services(progress=stage.seen), world.proposal())


def _stopped(stage: Any) -> Any:
    def press(name: str) -> None:
        stage.world.after_write = lambda name: None
        raise KeyboardInterrupt

    stage.world.after_write = press
    return execute(stage.services(progress=stage.seen, on_interrupt=lambda: False), world.proposal())


def _not_taken_back(stage: Any) -> Any:
    stage.tool.reversal = Reversal.NONE
    stage.world.after_write = lambda name: stage.world.ready.update(web=0)
    return execute(stage.services(progress=stage.seen), world.proposal())


def _defect_in_apply(stage: Any) -> Any:
    def fail(name: str) -> None:
        stage.world.on_write = lambda name: None
        raise RuntimeError("a defect")

    stage.world.on_write = fail
    return execute(stage.services(progress=stage.seen), world.proposal())


def _saved(stage: Any, **changes: Any) -> Any:
    services = stage.services(progress=stage.seen)
    plan = replace(make_plan(services, world.proposal()).planned.plan, **changes)
    stage.log.records.clear()
    signed = world.approve(plan, stage.clock(), method="key", key_id="k-bob", signature="signed")
    return execute_saved(services, plan, (signed,))


def _spent(stage: Any) -> Any:
    services = stage.services(progress=stage.seen)
    plan = make_plan(services, world.proposal()).planned.plan
    signed = world.approve(plan, stage.clock(), method="key", key_id="k-bob", signature="signed")
    execute_saved(services, plan, (signed,))
    stage.world.objects["web"]["spec"]["image"] = "v2"
    stage.log.records.clear()
    return execute_saved(services, plan, (signed,))


def _stale(stage: Any) -> Any:
    services = stage.services(progress=stage.seen)
    plan = make_plan(services, world.proposal()).planned.plan
    stage.log.records.clear()
    stage.world.write("web", {"image": "v3", "replicas": 3})
    return execute_saved(services, plan, ())


def _stale_meanwhile(stage: Any) -> Any:
    stage.person.before_answer = lambda: stage.world.write("web", {"image": "v3", "replicas": 3})
    return execute(stage.services(progress=stage.seen), world.proposal())


def _two_people(stage: Any) -> Any:
    stage.rules.obligation = Obligation(approval=Approval.TWO_PERSON, ttl_s=600, verify_s=60)
    return execute(stage.services(progress=stage.seen), world.proposal())


def _one_of_two(stage: Any) -> Any:
    stage.rules.obligation = Obligation(approval=Approval.TWO_PERSON, ttl_s=600, verify_s=60)
    return _saved(stage)


def _preapproved(stage: Any) -> Any:
    stage.rules.obligation = Obligation(approval=Approval.NONE, ttl_s=600, verify_s=60)
    return execute(stage.services(progress=stage.seen, yes=True), world.proposal())


def _high_risk(stage: Any) -> Any:
    stage.tool.spec = replace(stage.tool.spec, risk=Risk.HIGH)
    return execute(stage.services(progress=stage.seen), world.proposal())


def _refused_at(stage: Any, when: Callable[[Any], bool]) -> Any:
    stage.rules.deny = lambda asked: "a change freeze is on" if when(asked) else ""
    return execute(stage.services(progress=stage.seen), world.proposal())


def _proposing(stage: Any, **changes: Any) -> Any:
    change = replace(Change(tool="set", target=world.ref("web"), arguments={"image": "v1"}), **changes)
    return make_plan(stage.services(progress=stage.seen), replace(world.proposal(), changes=(change,)))


def _not_permitted(stage: Any) -> Any:
    missing = ("patch deployments.apps shop/web: no", "get pods shop: no")
    return make_plan(
        stage.services(progress=stage.seen, missing_permissions=lambda change, preview: missing), world.proposal()
    )


def _refused_by_server(stage: Any) -> Any:
    def refuse(change: Change) -> Any:
        raise ToolError("admission webhook denied it", hint="Ask its owner.")

    stage.tool.preview = refuse
    return make_plan(stage.services(progress=stage.seen), world.proposal())


def _unmeasured(stage: Any) -> Any:
    def refuse(preview: Any) -> Any:
        raise ToolError("pods cannot be listed")

    stage.tool.blast_radius = refuse
    return make_plan(stage.services(progress=stage.seen), world.proposal())


def _not_validated(stage: Any) -> Any:
    real = stage.tool.preview
    stage.tool.preview = lambda change: replace(real(change), validated=False)
    return make_plan(stage.services(progress=stage.seen), world.proposal())


def _unclosed(stage: Any) -> Any:
    def fail(change_id: str, result: Any) -> None:
        raise StoreError("the disk is full")

    stage.journal.close = fail
    return execute(stage.services(progress=stage.seen), world.proposal())


def _unclaimed(stage: Any) -> Any:
    def fail(plan: Any, change_id: str) -> None:
        raise NotApproved("this plan was already run", code="spent")

    stage.journal.claim = fail
    return execute(stage.services(progress=stage.seen), world.proposal())


WAYS: dict[str, Way] = {
    "applied": _applied,
    "dry-run": _dry_run,
    "two-steps": _two_steps,
    "declined": _declined,
    "unhealthy": _unhealthy,
    "lost-answer": _lost_answer,
    "second-refused": _second_refused,
    "interrupted-apply": _interrupted_apply,
    "stopped": _stopped,
    "not-taken-back": _not_taken_back,
    "defect-in-apply": _defect_in_apply,
    "saved": _saved,
    "spent": _spent,
    "unclaimed": _unclaimed,
    "stale": _stale,
    "stale-meanwhile": _stale_meanwhile,
    "other-cluster": lambda stage: _saved(stage, scopes=(replace(world.SCOPE, server="https://elsewhere.test"),)),
    "two-people": _two_people,
    "one-of-two": _one_of_two,
    "preapproved": _preapproved,
    "high-risk": _high_risk,
    "refused-at-screening": lambda stage: _refused_at(stage, lambda asked: asked.context["dryRun"]),
    "refused-at-ruling": lambda stage: _refused_at(stage, lambda asked: not asked.context["dryRun"]),
    "refused-way-back": lambda stage: _refused_at(stage, lambda asked: asked.context["rollback"]),
    "unknown-tool": lambda stage: _proposing(stage, tool="shell"),
    "other-context": lambda stage: _proposing(stage, target=world.kubernetes_ref("other", "shop", "Deployment", "web")),
    "credential": lambda stage: _proposing(stage, arguments={"image": "hunter2"}),
    "no-change": lambda stage: _proposing(stage, arguments={"image": "v2"}),
    "not-a-cure": lambda stage: _proposing(stage, arguments={"replicas": 0}),
    "read-only": lambda stage: make_plan(stage.services(progress=stage.seen, read_only=True), world.proposal()),
    "not-permitted": _not_permitted,
    "refused-by-server": _refused_by_server,
    "unmeasured": _unmeasured,
    "not-validated": _not_validated,
    "unclosed": _unclosed,
}


WITH_REQUESTS = frozenset({"applied", "saved", "refused-way-back"})


class Watched(world.Stage):  # type: ignore[misc, name-defined]
    """A stage that keeps what was shown."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[str] = []

    def seen(self, step: Any) -> None:
        self.shown.append(f"{step.stage.value} {step.key}{' done' if step.done else ''}: {step.text}")


def _slim(record: Any) -> dict[str, Any]:
    """Return a record without the requests of its rulings, which stand in the file once."""
    payload = dict(record.payload)
    if payload.get("ruling"):
        payload["ruling"] = {key: value for key, value in payload["ruling"].items() if key != "request"}
    for step in (payload.get("plan") or {}).get("steps", ()):
        step["ruling"].pop("request", None)
    return {"event": record.event, **payload}


def played(name: str, way: Way) -> dict[str, Any]:
    """Return everything that anybody gets to see of one way."""
    stage = Watched()
    found: dict[str, Any] = {}
    try:
        result = way(stage)
        found["outcome"] = to_json(result.outcome)
        error = result.error
    except AgentopsError as raised:
        error = raised
    if error is not None:
        found["error"] = {
            "code": error.code,
            "message": error.message,
            "hint": error.hint,
            "exit": int(error.exit_code),
        }
    found["shown"] = stage.shown
    found["records"] = [_slim(one) for one in stage.log.records]
    found["typed"] = [bool(asked.typed) for asked in stage.person.asked]
    found["world"] = stage.world.objects
    found["closed"] = to_json(stage.journal.closed)
    if name in WITH_REQUESTS:
        found["asked"] = to_json(stage.rules.asked)
    return json.loads(json.dumps(found))  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", sorted(WAYS))
def test_way_is_recorded_shown_and_said_as_reviewed(name: str) -> None:
    """Records, progress, outcome, error with its hint, policy's questions and the world afterwards: all of it."""
    found = played(name, WAYS[name])
    if os.environ.get("AGENTOPS_WRITE_GOLDEN"):
        golden = json.loads(GOLDEN.read_text(encoding="utf-8")) if GOLDEN.exists() else {}
        GOLDEN.write_text(json.dumps({**golden, name: found}, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    assert found == json.loads(GOLDEN.read_text(encoding="utf-8"))[name]


def test_no_way_is_left_over() -> None:
    """The file holds no way that nobody takes."""
    assert json.loads(GOLDEN.read_text(encoding="utf-8")).keys() == WAYS.keys()
