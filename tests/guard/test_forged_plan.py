"""A plan's file that shows one thing and would do another, with a digest that fits: approved, it is still refused."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from agentops.core.errors import AgentopsError
from agentops.core.outcome import Status
from agentops.core.plan import ChangePlan, Edit, Ownership, PlanStep
from agentops.core.risk import Reversal, Risk
from agentops.guard.pipeline import execute_saved, make_plan

world = sys.modules["agentops_test_world"]
Forge = Callable[[PlanStep], PlanStep]


def _preview(**changes: Any) -> Forge:
    return lambda step: replace(step, preview=replace(step.preview, **changes))


def _object(**changes: Any) -> Forge:
    return lambda step: _preview(objects=tuple(replace(one, **changes) for one in step.preview.objects))(step)


def _blast(**changes: Any) -> Forge:
    return lambda step: replace(step, blast_radius=replace(step.blast_radius, **changes))


FORGED: dict[str, Forge] = {
    "harmless after": _object(after={"spec": {"image": "harmless", "replicas": 3}}),
    "harmless before": _object(before={"spec": {"image": "harmless", "replicas": 3}}),
    "harmless fields": _object(edits=(Edit(path="spec.image", old="v2", new="harmless"),)),
    "no fields": _object(edits=()),
    "lower risk": _preview(risk=Risk.LOW),
    "better way back": _preview(reversal=Reversal.EXACT),
    "nothing left behind": _preview(residue=()),
    "validated": _preview(validated=True),
    "no owner": _preview(owners=()),
    "fewer pods": _blast(instances=1),
    "nothing in front": _blast(fronts=()),
    "no data lost": _blast(data_loss=False),
    "not stateful": _blast(stateful=False),
    "all known": _blast(unknown=()),
}


def _run(stage: Any, plan: ChangePlan) -> Any:
    signed = world.approve(plan, stage.clock(), method="key", key_id="k-bob", signature="signed")
    try:
        return execute_saved(stage.services(), plan, (signed,)).outcome.status
    except AgentopsError as error:
        return error.exit_code


@pytest.fixture
def harmful(stage: Any) -> Any:
    """A stage whose tool has something to hide in every fact."""
    honest = stage.tool.preview

    def preview(change: Any) -> Any:
        owner = Ownership(by="argocd", what="spec.image", reverts=False)
        found = honest(change)
        facts = {"risk": Risk.MEDIUM, "reversal": Reversal.COMPENSATING, "validated": False}
        return replace(found, **facts, residue=("The pods are replaced.",), owners=(owner,))

    stage.tool.preview = preview
    service = world.ref("web", "Service")
    stage.tool.blast = replace(
        stage.tool.blast, fronts=(service,), data_loss=True, stateful=True, unknown=("ingresses: forbidden",)
    )
    return stage


def test_the_honest_plan_runs(harmful: Any) -> None:
    """Otherwise the refusals below would prove nothing."""
    assert _run(harmful, make_plan(harmful.services(), world.proposal()).planned.plan) is Status.APPLIED


@pytest.mark.parametrize("name", FORGED)
def test_what_was_shown_must_be_what_the_live_world_says(harmful: Any, name: str) -> None:
    """Whoever approves decides on the page: a page that was made milder than the truth binds nobody."""
    plan = make_plan(harmful.services(), world.proposal()).planned.plan
    forged = replace(plan, steps=tuple(map(FORGED[name], plan.steps)))
    assert forged != plan
    assert (_run(harmful, forged) is Status.APPLIED, harmful.world.writes) == (False, [])


@pytest.mark.parametrize(
    "changes",
    [{"expires_at": world.NOW + timedelta(days=1)}, {"created_at": world.NOW + timedelta(hours=1)}],
    ids=["longer life", "made in the future"],
)
def test_a_plan_lives_no_longer_than_policy_says(harmful: Any, changes: dict[str, Any]) -> None:
    """The times in the file are the file's word; the obligation is policy's."""
    plan = make_plan(harmful.services(), world.proposal()).planned.plan
    made = changes | ({"expires_at": world.NOW + timedelta(hours=1, seconds=60)} if "created_at" in changes else {})
    assert (_run(harmful, replace(plan, **made)) is Status.APPLIED, harmful.world.writes) == (False, [])
