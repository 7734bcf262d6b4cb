"""Ways round the stair that somebody tried: each is refused."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import pytest

from agentops.core.errors import NotApproved, Stale
from agentops.guard.pipeline import carry_out_saved, dry_run

world = sys.modules["agentops_test_world"]


@pytest.mark.parametrize("yes", [False, True], ids=["signed", "with --yes"])
def test_a_file_cannot_say_that_it_takes_back_a_change(stage: Any, yes: bool) -> None:
    """Policy is milder with a way back: only what the journal holds makes one, whoever signed the file."""
    parts = stage.parts(yes=yes)
    plan = replace(dry_run(parts, world.proposal()).planned.plan, rolls_back="20261122T030000-7Q4M0ZKD")
    given = () if yes else (world.approve(plan, stage.clock(), method="key", key_id="k-bob", signature="signed"),)
    with pytest.raises(NotApproved, match="which a file cannot say"):
        carry_out_saved(parts, plan, given)
    assert (stage.world.writes, stage.journal.claimed, stage.person.asked) == ([], {}, [])


@pytest.mark.parametrize(
    ("cluster", "way"),
    [
        ("sandbox:bad-image-tag", "--sandbox=bad-image-tag"),
        ("https://elsewhere.test", "--context ctx"),
    ],
)
def test_plan_of_another_cluster_says_where_it_runs(stage: Any, cluster: str, way: str) -> None:
    """A context's name is no cluster: the same name may lead elsewhere; a plan of the sandbox runs in its scenario."""
    plan = replace(dry_run(stage.parts(), world.proposal()).planned.plan, cluster=cluster)
    with pytest.raises(Stale) as error:
        carry_out_saved(stage.parts(), plan, ())
    assert (error.value.hint, stage.world.writes) == (f"Run it with {way}.", [])
