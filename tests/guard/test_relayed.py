"""What a client relays of a person: it counts where a setting says so, and in no other case."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import pytest

from agentops.core.errors import NotApproved
from agentops.core.outcome import Status
from agentops.core.plan import Approval, ChangePlan, Obligation
from agentops.guard.pipeline import execute_saved, make_plan

world = sys.modules["agentops_test_world"]
NONE, ONE, TWO = Approval.NONE, Approval.ONE, Approval.TWO_PERSON


@pytest.mark.parametrize(
    ("wanted", "relayed", "ends"),
    [
        (NONE, (), Status.DECLINED),
        (ONE, (), Status.DECLINED),
        (TWO, (), Status.DECLINED),
        (NONE, (NONE,), Status.APPLIED),
        (ONE, (NONE,), Status.DECLINED),
        (ONE, (NONE, ONE), Status.APPLIED),
        (TWO, (NONE, ONE, TWO), Status.DECLINED),
    ],
)
def test_it_counts_for_what_the_setting_names(
    stage: Any, wanted: Approval, relayed: tuple[Approval, ...], ends: Status
) -> None:
    """By default for nothing; for two people never, whatever the setting says; without it nothing is sent."""
    stage.rules.obligation = replace(stage.rules.obligation, approval=wanted)
    services = stage.services(relayed=frozenset(relayed))
    plan = make_plan(services, world.proposal()).planned.plan
    given = world.approve(plan, stage.clock(), method="client", by="client:claude-code")
    result = execute_saved(services, plan, (given,))
    assert (result.outcome.status, bool(stage.world.writes)) == (ends, ends is Status.APPLIED)


@pytest.mark.parametrize(
    ("says", "known", "runs"),
    [("change-1", "", False), ("", "change-1", False), ("change-1", "change-2", False), ("change-1", "change-1", True)],
)
def test_a_rollback_is_one_where_that_is_known(stage: Any, says: str, known: str, runs: bool) -> None:
    """A plan's word that it rolls something back is not enough, and it must be the change that it is known to be."""
    services = stage.services()
    plan: ChangePlan = make_plan(services, world.proposal(rolls_back=says)).planned.plan
    given = world.approve(plan, stage.clock(), method="key", key_id="k-bob", signature="signed")
    if not runs:
        with pytest.raises(NotApproved, match="claims to roll back"):
            execute_saved(services, plan, (given,), rolls_back=known)
        return
    assert execute_saved(services, plan, (given,), rolls_back=known).outcome.status is Status.APPLIED


def test_the_obligation_of_the_plan_is_the_policys(stage: Any) -> None:
    """A file that asks for less than policy does is stale: what is relayed does not help it."""
    services = stage.services(relayed=frozenset((NONE, ONE)))
    stage.rules.obligation = replace(stage.rules.obligation, approval=TWO)
    plan = make_plan(services, world.proposal()).planned.plan
    weaker = replace(plan, obligation=replace(plan.obligation, approval=NONE))
    assert isinstance(weaker.obligation, Obligation)
    given = world.approve(weaker, stage.clock(), method="client", by="client:x")
    with pytest.raises(NotApproved, match="policy requires another approval"):
        execute_saved(services, weaker, (given,))
