"""Running a Job again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agentops.core.errors import ToolInputError
from agentops.core.plan import Change, Verb
from agentops.core.risk import Reversal, Risk
from agentops.providers.kubernetes.change.tools.rerun_job import free_name, new_job

RERUN = "kubernetes_rerun_job"


def ended_job(one: Any) -> str:
    """Return ``shop/Job/NAME`` of the oldest run of the daily report."""
    return "shop/Job/" + min(job["metadata"]["name"] for job in one.sandbox.simulation.store.list("Job", "shop"))


def test_a_new_job_is_made_of_the_old_ones_template(world: Callable[..., Any]) -> None:
    """It has a name that follows from the old one, the same containers, and is deleted to take it back."""
    one = world("stale-alert")
    short = ended_job(one)
    preview = one.preview(RERUN, short, {})
    made = one.ref(f"{short}-rerun-1")
    (change,) = preview.objects
    assert (change.ref, change.verb, change.before) == (made, Verb.CREATE, None)
    assert change.after["spec"]["template"]["spec"] == one.live(short)["spec"]["template"]["spec"]
    undo = Change(tool="kubernetes_delete", target=made, reason="undoes the rerun")
    assert (preview.risk, preview.reversal, preview.undo) == (Risk.MEDIUM, Reversal.COMPENSATING, (undo,))
    assert one.preview(RERUN, short, {}) == preview


def test_it_runs_and_is_observed(world: Callable[..., Any]) -> None:
    """The new Job runs to its end and is what the preview showed; the next rerun takes the next name."""
    one = world("stale-alert")
    short = ended_job(one)
    before = one.live(short)
    preview = one.preview(RERUN, short, {})
    one.appliers[RERUN].apply(preview)
    one.sandbox.advance(120)
    found = one.tools[RERUN].observe(preview)
    assert [(target.ref.short, target.ready, target.settled) for target in found.targets] == [
        (f"{short}-rerun-1", 1, True)
    ]
    assert found.objects == {str(preview.objects[0].ref): preview.objects[0].after}
    assert one.live(short) == before
    assert one.preview(RERUN, f"{short}-rerun-1", {}).objects[0].ref.short == f"{short}-rerun-2"


def test_a_job_that_runs_is_not_run_again(world: Callable[..., Any]) -> None:
    """Two runs at once are nobody's intention."""
    one = world("stale-alert")
    short = ended_job(one)
    one.appliers[RERUN].apply(one.preview(RERUN, short, {}))
    with pytest.raises(ToolInputError, match="has not ended yet"):
        one.preview(RERUN, f"{short}-rerun-1", {})


def test_nothing_of_the_old_run_is_left_in_the_new_one() -> None:
    """Selector, uid labels, the CronJob's ownership and its schedule annotation are the old run's alone."""
    uid = {
        "controller-uid": "1",
        "batch.kubernetes.io/controller-uid": "1",
        "job-name": "a",
        "batch.kubernetes.io/job-name": "a",
    }
    old = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": "a",
            "namespace": "shop",
            "uid": "1",
            "labels": {**uid, "app": "a"},
            "annotations": {"batch.kubernetes.io/cronjob-scheduled-timestamp": "x", "team": "shop"},
            "ownerReferences": [{"kind": "CronJob", "name": "a"}],
        },
        "spec": {
            "backoffLimit": 2,
            "suspend": True,
            "selector": {"matchLabels": {"controller-uid": "1"}},
            "template": {"metadata": {"labels": {**uid, "app": "a"}}, "spec": {"containers": []}},
        },
        "status": {"failed": 3},
    }
    assert new_job(old, "b") == {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "b", "namespace": "shop", "labels": {"app": "a"}, "annotations": {"team": "shop"}},
        "spec": {"backoffLimit": 2, "template": {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": []}}},
    }


def test_a_long_name_is_cut_so_that_pods_can_carry_it(world: Callable[..., Any]) -> None:
    """A label value ends at 63 characters, and the Job's name is one."""
    one = world("stale-alert")

    class ToolContext:
        cluster = one.cluster

    name = free_name(ToolContext(), "shop", "a" * 63)  # type: ignore[arg-type]
    assert (len(name), name[-8:]) == (63, "-rerun-1")
