"""Ways round the pipeline that somebody tried: each is refused."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import pytest

from agentops.core.errors import NotApproved, PolicyRefused, Stale
from agentops.core.plan import Intent
from agentops.guard.pipeline import execute_saved, make_plan

world = sys.modules["agentops_test_world"]


@pytest.mark.parametrize("yes", [False, True], ids=["signed", "with --yes"])
def test_a_file_cannot_say_that_it_takes_back_a_change(stage: Any, yes: bool) -> None:
    """Policy is milder with a way back: only what the journal holds makes one, whoever signed the file."""
    services = stage.services(yes=yes)
    plan = replace(make_plan(services, world.proposal()).planned.plan, rolls_back="20261122T030000-7Q4M0ZKD")
    given = () if yes else (world.approve(plan, stage.clock(), method="key", key_id="k-bob", signature="signed"),)
    with pytest.raises(NotApproved, match="which a saved plan cannot"):
        execute_saved(services, plan, given)
    assert (stage.world.writes, stage.journal.claimed, stage.person.asked) == ([], {}, [])


@pytest.mark.parametrize(
    ("cluster", "way"),
    [
        ("sandbox:bad-image-tag", "--sandbox=bad-image-tag --context ctx"),
        ("https://elsewhere.test", "--context ctx"),
    ],
)
def test_plan_of_another_cluster_says_where_it_runs(stage: Any, cluster: str, way: str) -> None:
    """A context's name is no cluster: the same name may lead elsewhere; a plan of the sandbox runs in its scenario."""
    scopes = (replace(world.SCOPE, server=cluster),)
    plan = replace(make_plan(stage.services(), world.proposal()).planned.plan, scopes=scopes)
    with pytest.raises(Stale) as error:
        execute_saved(stage.services(), plan, ())
    assert (error.value.hint, stage.world.writes) == (f"Run it with {way}.", [])


def test_file_cannot_silence_an_alert_by_naming_no_incident(stage: Any) -> None:
    """Whatever policy says and whoever signed: a saved plan that scales to zero is no cure."""
    nothing = world.proposal(intent=Intent(by="triage", words="quiet"))
    none_left = replace(nothing.changes[0], arguments={"replicas": 0})
    plan = make_plan(stage.services(), replace(nothing, changes=(none_left,))).planned.plan
    signed = world.approve(plan, stage.clock(), method="key", key_id="k-bob", signature="signed")
    with pytest.raises(PolicyRefused) as error:
        execute_saved(stage.services(), plan, (signed,))
    assert (error.value.code, stage.world.writes) == ("not-a-cure", [])
