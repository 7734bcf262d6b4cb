"""What every client is put through, and what must have come of it: the same for each of them."""

from __future__ import annotations

from typing import Any

from tests.agents.model_server import ModelServer, ToolCall

FORBIDDEN = {"tool": "kubernetes_scale", "target": "k8s:shop/Deployment/checkout", "arguments": {"replicas": 0}}
BEFORE = (
    ToolCall("triage"),
    ToolCall("investigate", {"alert": "k8s:shop/Deployment/checkout"}),
    ToolCall("propose_plan", {"incident": "<investigate.incident>"}),
    ToolCall("apply_plan", {"plan_digest": "<propose_plan.plan>"}),
    ToolCall("propose_plan", {"reason": "start over", "changes": [{**FORBIDDEN, "reason": "start over"}]}),
)
"""Up to where a person is needed: nothing may have changed by then."""
OFFERED = {"triage", "investigate", "propose_plan", "preview_plan", "apply_plan", "rollback", "kubernetes_get"}


def after(code: str) -> tuple[ToolCall, ...]:
    """Return what follows a person's approval: apply it, look whether it helped, and try to apply it twice."""
    return (
        ToolCall("apply_plan", {"plan_digest": code}),
        ToolCall("triage", {"target": "k8s:shop/Deployment/checkout"}),
        ToolCall("apply_plan", {"plan_digest": code}),
    )


def names(model: ModelServer) -> set[str]:
    """Return the tools of agentops that a client offered its model, by their own names."""
    return {one for one in OFFERED for offered in model.offered if offered.endswith(one)}


def check_before(incident: Any, model: ModelServer) -> str:
    """Hold what came of the first part, and return the code of the plan that waits."""
    assert names(model) == OFFERED, model.offered
    assert len(model.answers) == len(BEFORE), model.answers
    found = model.answers
    assert "ImageNotFound" in found[0]
    assert "root-cause" in found[1]
    (pending,) = incident.pending()
    code = str(pending["code"])
    assert code in found[2]
    # Refused without an approval, with what a person is to do.
    assert "approval_pending" in found[3], found[3]
    assert f"agentops approve {code}" in found[3]
    # Forbidden, with the reason in words, and the end of the road.
    assert "scale-to-zero" in found[4]
    assert "Do not try another route" in found[4]
    assert pending["standing"] == "waiting"
    assert "ImageNotFound" in incident.problems()
    assert incident.document("changes")["changes"] == []
    return code


def check_after(incident: Any, model: ModelServer, client: str) -> None:
    """Hold that the incident is healed, that the plan ran once, and that all is on record under the client's name."""
    assert len(model.answers) == len(after("")), model.answers
    applied, looked, again = model.answers
    assert '"status":"applied"' in applied.replace(" ", "").replace("\\", ""), applied
    assert "ImageNotFound" not in looked
    assert "is over" in again
    assert incident.problems() == []
    (change,) = incident.document("changes")["changes"]
    assert change["open"] is False
    records = incident.records()
    asked = [one["payload"]["client"]["name"] for one in records if one["event"] == "mcp_request"]
    assert set(asked) == {client}
    started = {one["run"]: one["payload"] for one in records if one["event"] == "run_started"}
    (intent,) = [one for one in records if one["event"] == "intent"]
    assert started[intent["run"]]["client"]["name"] == client
