"""What may be called verified: only what was seen unwell before and well after; all else says what was not judged."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import pytest

from agentops.core.errors import NotFound
from agentops.core.outcome import Health, Observation
from agentops.core.plan import Check
from agentops.guard.pipeline import execute
from agentops.guard.pipeline_result import PipelineResult
from agentops.guard.services import Symptom

world = sys.modules["agentops_test_world"]
WEB = world.ref("web")


def check(kind: str, *, seen: bool = True) -> Check:
    """Return a check of a condition on the Deployment web."""
    return Check(kind=kind, target=WEB, value="CrashLoop", seen=seen)


def run(stage: Any, *checks: Check, left: str = "", may_pass: bool = False, **changes: Any) -> PipelineResult:
    """Carry out a plan with these checks; ``left`` is what triage says of the symptom."""
    services = stage.services(symptom=lambda _check: Symptom(why=left, may_pass=may_pass), **changes)
    return execute(services, world.proposal(checks=checks))


def ended(result: PipelineResult) -> tuple[str, bool, tuple[str, ...]]:
    """Return how it ended."""
    return result.outcome.status.value, result.outcome.verified, result.outcome.doubts


def seen_as(stage: Any, **changes: Any) -> None:
    """Have the tool observe the targets with these fields of their health, once it wrote."""
    observe = stage.tool.observe

    def altered(preview: Any) -> Observation:
        found: Observation = observe(preview)
        if not stage.world.writes:
            return found
        return replace(found, targets=tuple(replace(one, **changes) for one in found.targets))

    stage.tool.observe = altered


def test_a_condition_that_was_seen_and_is_gone_verifies(stage: Any) -> None:
    """Triage saw it on that object before, and sees it no more: that is what verified means."""
    result = run(stage, check("condition"))
    reason = next(one.reason for one in result.outcome.stages if one.stage == "verify")
    assert ended(result) == ("applied", True, ())
    assert reason.startswith("no CrashLoop on shop/Deployment/web any more; ")


def test_the_absence_of_what_nobody_saw_verifies_nothing(stage: Any) -> None:
    """A condition that was never there is not there afterwards either; the plan is applied and not verified."""
    result = run(stage, check("condition", seen=False))
    why = (
        "nothing that triage saw wrong before the change could be looked at again "
        "(CrashLoop on shop/Deployment/web was not among it)"
    )
    assert ended(result) == ("applied", False, (why,))


def test_a_symptom_that_stays_is_said_and_not_rolled_back(stage: Any) -> None:
    """The cause is gone, and what the alert is about is still unwell: it may have another cause besides."""
    result = run(stage, check("condition"), check("symptom"), left="web is still CrashLoop")
    assert (ended(result), stage.world.objects["web"]["spec"]["image"]) == (
        ("applied", False, ("web is still CrashLoop",)),
        "v1",
    )


def test_nobody_looked_is_no_sign_of_health(stage: Any) -> None:
    """Without a way to look at the symptom the plan is not verified."""
    result = execute(stage.services(), world.proposal(checks=(check("symptom"),)))
    assert (result.outcome.verified, "it was not checked" in result.outcome.doubts[0]) == (False, True)


@pytest.mark.parametrize(("may_pass", "waited_s"), [(False, 30.0), (True, 360.0)])
def test_what_may_pass_is_waited_for_and_said(stage: Any, *, may_pass: bool, waited_s: float) -> None:
    """What has no other known cause may sit in back-off; the screen says what is waited for, and until when."""
    shown: list[str] = []
    run(
        stage,
        check("symptom"),
        left="web is still CrashLoop",
        may_pass=may_pass,
        progress=lambda step: shown.append(step.text),
    )
    waiting = [text for text in shown if text.startswith("applied; waiting until ")]
    until = world.NOW + (stage.clock.now - world.NOW)
    assert stage.clock.monotonic() == 15.0 + waited_s
    assert waiting[0] == f"applied; waiting until {until:%H:%M:%S} UTC at most: web is still CrashLoop"


def test_the_watch_says_how_long_and_what_for(stage: Any) -> None:
    """The fifteen seconds in which all must stay well are not a silent wait."""
    shown: list[str] = []
    run(stage, progress=lambda step: shown.append(step.text))
    assert "all is as it should be; watching 15 s more whether it stays so" in shown


def test_zero_pods_is_not_well_unless_zero_was_asked_for(stage: Any) -> None:
    """A workload that runs nothing shows nothing, whatever its conditions say."""
    stage.world.ready["web"], stage.world.objects["web"]["spec"]["replicas"] = 0, 0
    observe = stage.tool.observe
    stage.tool.observe = lambda preview: replace(
        observe(preview), targets=(Health(ref=WEB, ready=0, wanted=0, idle=True),)
    )
    result = run(stage, check("condition"))
    assert ended(result) == (
        "applied",
        False,
        ("shop/Deployment/web runs nothing, so nothing shows that it would run",),
    )


def test_a_workload_that_wants_no_pods_any_more_is_taken_back(stage: Any) -> None:
    """A change that leaves a DaemonSet matching no node settles at zero of zero: that is a failure, not a cure."""
    seen_as(stage, ready=0, wanted=0, settled=True, idle=True)
    result = run(stage, check("condition"))
    assert result.outcome.status.value == "rolled-back"
    assert "shop/Deployment/web runs nothing any more, it wanted 3 before" in result.outcome.why


def test_without_anything_to_look_at_it_is_not_verified(stage: Any) -> None:
    """A change on which nothing depends is applied, and that is all that can be said."""
    observe = stage.tool.observe
    stage.tool.observe = lambda preview: replace(observe(preview), targets=())
    assert ended(run(stage)) == (
        "applied",
        False,
        ("nothing that runs depends on it, so there was nothing to look at",),
    )


def test_what_waits_for_the_changed_object_is_looked_at(stage: Any) -> None:
    """A claim that waited for the class and still does keeps the word verified away."""
    claim = Health(ref=world.ref("data", "PersistentVolumeClaim"), wanted=1, settled=False, detail="Pending")
    observe = stage.tool.observe
    stage.tool.observe = lambda preview: replace(observe(preview), dependents=(claim,))
    assert ended(run(stage, check("condition"))) == (
        "applied",
        False,
        ("shop/PersistentVolumeClaim/data still waits: Pending",),
    )


def test_a_rollback_to_an_unwell_state_says_so(stage: Any) -> None:
    """What a failed plan restores is what was there before: as unwell as it was."""
    stage.world.ready["web"] = 1
    result = run(stage, check=lambda _check: "it is still CrashLoop", left="")
    assert result.outcome.status.value == "rolled-back"
    assert result.outcome.doubts == ("shop/Deployment/web: shop/Deployment/web has 1 of 3 ready",)


def test_ctrl_c_while_it_waits_for_a_symptom_takes_nothing_back(stage: Any) -> None:
    """The change holds; whoever stops waiting for the rest gets it applied, and not verified."""

    def impatient(_check: Check) -> Symptom:
        raise KeyboardInterrupt

    result = execute(stage.services(symptom=impatient), world.proposal(checks=(check("symptom"),)))
    assert ended(result) == ("applied", False, ("interrupted before it could be checked",))


def test_the_lock_of_another_run_is_found_before_anybody_is_asked(stage: Any) -> None:
    """Who holds it, since when and for what is said, and the person is not bothered."""
    holder = "pid 4242 of human:eve, since 03:00, kubernetes_scale on shop/Deployment/db"
    stage.journal.held = lambda: holder
    result = run(stage)
    assert result.error is not None
    assert (result.error.code, holder in result.error.message, stage.person.asked) == ("busy", True, [])


def test_a_run_that_may_wait_goes_on_when_the_other_has_ended(stage: Any) -> None:
    """``wait_s`` waits for the lock, says for whom and until when, and then asks."""
    shown: list[str] = []
    stage.journal.held = lambda: "pid 4242" if stage.clock.monotonic() < 9 else ""
    result = run(stage, wait_s=60.0, progress=lambda step: shown.append(step.text))
    assert (result.outcome.status.value, len(stage.person.asked)) == ("applied", 1)
    assert "waiting until 03:01:00 UTC at most for another run: pid 4242" in shown


@pytest.mark.parametrize(("rolls_back", "ends"), [("change-1", "applied"), ("", "declined")])
def test_readiness_that_flickers_is_no_growth_of_a_way_back(stage: Any, rolls_back: str, ends: str) -> None:
    """A crash loop's pod is ready for a moment while a person thinks: its rollback goes on, another plan is stale."""
    stage.tool.blast = replace(stage.tool.blast, percent=0)

    def flicker() -> None:
        stage.tool.blast = replace(stage.tool.blast, percent=100)

    stage.person.before_answer = flicker
    result = execute(stage.services(), world.proposal(rolls_back=rolls_back))
    assert result.outcome.status.value == ends, result.outcome.why


def test_what_somebody_deleted_meanwhile_is_a_result(stage: Any) -> None:
    """A target that vanishes while it is verified leaves nothing to roll back; the change is closed, and it is said."""

    def delete(name: str) -> None:
        del stage.world.objects[name]
        stage.world.ready.pop(name)

    stage.world.after_write = delete
    preview = stage.tool.preview

    def gone(change: Any) -> Any:
        if change.target.name not in stage.world.objects:
            raise NotFound(f"{change.target.short} not found")
        return preview(change)

    stage.tool.preview = gone
    result = execute(stage.services(), world.proposal())
    assert ended(result) == (
        "rolled-back",
        False,
        ("shop/Deployment/web is gone: somebody deleted it meanwhile",),
    ), result.outcome.why
    assert list(stage.journal.closed) == [result.outcome.change_id]
