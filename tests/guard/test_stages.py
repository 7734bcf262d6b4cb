"""Each stage on its own: what it lets through, and that it fails closed when what it depends on fails."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from agentops.core.approval import Answer, Decision
from agentops.core.errors import AgentopsError, AuditError, PolicyRefused, Stale, StoreError, ToolError, ToolInputError
from agentops.core.outcome import Status
from agentops.core.plan import BlastRadius, Change, Check, ObjectChange, Preview, Verb
from agentops.core.resource import parse_ref
from agentops.core.risk import Reversal, Risk
from agentops.guard.diff import deviations
from agentops.guard.pipeline import execute, execute_saved, make_plan
from agentops.guard.proposal import MOST_STEPS, Proposal
from agentops.guard.recovery import StepState, look
from agentops.guard.rollback_plan import proposal_to_undo

world = sys.modules["agentops_test_world"]


def failing(*_: Any, **__: Any) -> Any:
    """Fail as a provider does."""
    raise ToolError("the server does not answer")


def broken(*_: Any, **__: Any) -> Any:
    """Fail as nothing should."""
    raise RuntimeError("a defect")


@pytest.mark.parametrize("method", ["preview", "blast_radius"])
@pytest.mark.parametrize("fails", [failing, broken])
def test_stage_that_cannot_ask_the_provider_stops(stage: Any, method: str, fails: Callable[..., Any]) -> None:
    """When the dry run or the blast radius cannot be had, there is no plan."""
    setattr(stage.tool, method, fails)
    with pytest.raises((ToolError, RuntimeError)):
        execute(stage.services(), world.proposal())
    assert (stage.world.writes, stage.person.asked) == ([], [])


def test_policy_that_raises_stops(stage: Any) -> None:
    """A policy engine that breaks its word and raises does not let anything through."""
    stage.rules.decide = broken
    with pytest.raises(RuntimeError):
        execute(stage.services(), world.proposal())
    assert stage.world.writes == []


def test_approver_that_raises_stops(stage: Any) -> None:
    """An approver that breaks is no yes."""
    stage.person.ask = broken
    with pytest.raises(RuntimeError):
        execute(stage.services(), world.proposal())
    assert stage.world.writes == []


def test_trust_that_raises_stops(stage: Any) -> None:
    """When nobody can say whose key it is, it is nobody's."""

    class Nobody:
        signer = broken

    services = stage.services(trust=Nobody())
    plan = make_plan(services, world.proposal()).planned.plan
    signed = world.approve(plan, stage.clock(), method="key", key_id="k-bob", signature="signed")
    with pytest.raises(RuntimeError):
        execute_saved(services, plan, (signed,))
    assert stage.world.writes == []


def test_world_that_cannot_be_read_before_apply_stops(stage: Any) -> None:
    """Without a look at the world before, there is nothing to compare with afterwards, and nothing is sent."""
    stage.tool.observe = failing
    result = execute(stage.services(), world.proposal())
    assert (result.outcome.status, stage.world.writes) == (Status.DECLINED, [])


@pytest.mark.parametrize(
    ("stops", "fails"), [("claim", StoreError("the disk is full")), ("claim", AuditError("the disk is full"))]
)
def test_journal_that_cannot_be_written_stops(stage: Any, stops: str, fails: AgentopsError) -> None:
    """Without a durable intent nothing is sent."""

    def fail(*_: Any) -> None:
        raise fails

    setattr(stage.journal, stops, fail)
    with pytest.raises(type(fails)):
        execute(stage.services(), world.proposal())
    assert stage.world.writes == []


def test_log_that_fails_at_any_record_before_the_write_stops_it(stage: Any) -> None:
    """Whichever record cannot be written, the write that comes after it is not sent."""
    execute(stage.services(), world.proposal())
    last = stage.log.events().index("apply")
    for at in range(last + 1):
        fresh = world.Stage()
        fresh.log.fail_at = lambda event, count, at=at: count == at
        with pytest.raises(AuditError):
            execute(fresh.services(), world.proposal())
        assert fresh.world.writes == [], at


def test_log_that_fails_after_the_write_leaves_the_change_open(stage: Any) -> None:
    """What cannot be recorded cannot be gone on with: no rollback either, and the change stays open."""
    stage.world.after_write = lambda name: setattr(stage.log, "fail_at", lambda event, count: True)
    with pytest.raises(AuditError):
        execute(stage.services(), world.proposal())
    assert (len(stage.world.writes), stage.journal.closed) == (1, {})


def test_audit_error_inside_a_tool_is_not_swallowed(stage: Any) -> None:
    """The record comes before everything, in the middle of a change as well."""

    def fail(name: str) -> None:
        raise AuditError("the disk is full")

    stage.world.on_write = fail
    with pytest.raises(AuditError):
        execute(stage.services(), world.proposal())


def test_verification_with_a_defect_takes_the_change_back(stage: Any) -> None:
    """What cannot be verified does not stay."""
    seen: list[int] = []
    real = stage.tool.observe

    def observe(preview: Preview) -> Any:
        seen.append(1)
        return broken() if len(seen) == 2 else real(preview)

    stage.tool.observe = observe
    result = execute(stage.services(), world.proposal())
    assert (result.outcome.status, "could not be verified" in result.outcome.why) == (Status.ROLLED_BACK, True)


def test_world_that_cannot_be_read_for_a_moment_is_looked_at_again(stage: Any) -> None:
    """One failed look is no failed verification."""
    seen: list[int] = []
    real = stage.tool.observe

    def observe(preview: Preview) -> Any:
        seen.append(1)
        return failing() if len(seen) == 2 else real(preview)

    stage.tool.observe = observe
    assert execute(stage.services(), world.proposal()).outcome.status is Status.APPLIED


def test_object_that_vanishes_fails_the_verification(stage: Any) -> None:
    """An object that is gone after the change is not what was previewed; nothing brings it back, so a person must."""

    def vanish(name: str) -> None:
        stage.world.objects.pop(name, None)
        stage.world.after_write = lambda name: None

    stage.world.after_write = vanish
    result = execute(stage.services(), world.proposal())
    assert (result.outcome.status, "web is gone" in result.outcome.why) == (Status.ROLLBACK_FAILED, True)


def test_autoscaler_may_write_its_own_field_meanwhile(stage: Any) -> None:
    """With an autoscaler in front, a changed number of replicas is its doing and no failure."""
    stage.tool.chosen = ("spec.replicas",)

    def scale(name: str) -> None:
        stage.world.objects[name]["spec"]["replicas"] = 2

    stage.world.after_write = scale
    assert execute(stage.services(), world.proposal()).outcome.status is Status.APPLIED


def test_what_failed_before_may_come_right(stage: Any) -> None:
    """A failure that was there before the change is waited out; a new one ends the waiting at once."""
    real = stage.tool.observe

    def observe(preview: Preview) -> Any:
        found = real(preview)
        late = stage.clock.monotonic() < 20
        targets = tuple(
            replace(one, failed="deadline exceeded" if late else "", settled=not late) for one in found.targets
        )
        return replace(found, targets=targets)

    stage.tool.observe = observe
    assert execute(stage.services(), world.proposal()).outcome.status is Status.APPLIED


def test_new_failure_ends_the_waiting(stage: Any) -> None:
    """An image that is not found will not be found by waiting."""
    real, began = stage.tool.observe, stage.clock.monotonic()

    def observe(preview: Preview) -> Any:
        found = real(preview)
        new = stage.world.objects["web"]["spec"]["image"] == "v1"
        targets = tuple(replace(one, failed="image not found" if new else "") for one in found.targets)
        return replace(found, targets=targets)

    stage.tool.observe = observe
    result = execute(stage.services(), world.proposal())
    waited = stage.clock.monotonic() - began
    assert (result.outcome.status, result.outcome.why, waited < 30) == (
        Status.ROLLED_BACK,
        "shop/Deployment/web failed: image not found",
        True,
    )


def test_check_that_passes_late_is_enough(stage: Any) -> None:
    """Checks are asked again until the time is over: what they look at may lag behind."""
    check = Check(kind="condition", target=world.ref("web"), value="CrashLoop")
    services = stage.services(check=lambda asked: "still there" if stage.clock.monotonic() < 30 else "")
    assert execute(services, world.proposal(checks=(check,))).outcome.status is Status.APPLIED


def test_interrupt_while_it_is_rolled_back_leaves_it_open(stage: Any) -> None:
    """A second Ctrl-C stops the way back: nothing is claimed, and the change stays open."""
    stage.world.after_write = lambda name: stage.world.ready.update(web=0)
    applied = stage.tool.apply

    def apply(preview: Preview) -> Any:
        if stage.tool.applied:
            raise KeyboardInterrupt
        return applied(preview)

    stage.tool.apply = apply
    result = execute(stage.services(), world.proposal())
    assert (result.outcome.status, stage.journal.closed) == (Status.ROLLBACK_FAILED, {})


def test_rollback_with_a_defect_needs_a_person(stage: Any) -> None:
    """Whatever goes wrong on the way back is said, not raised."""
    stage.world.after_write = lambda name: stage.world.ready.update(web=0)
    real = stage.tool.preview

    def preview(change: Change) -> Preview:
        return broken() if stage.world.writes else real(change)

    stage.tool.preview = preview
    result = execute(stage.services(), world.proposal())
    assert (result.outcome.status, "unexpected RuntimeError" in result.outcome.why) == (Status.ROLLBACK_FAILED, True)


def test_world_that_cannot_be_read_after_the_rollback_needs_a_person(stage: Any) -> None:
    """A rollback counts only when it was seen to have worked."""
    stage.world.after_write = lambda name: stage.world.ready.update(web=0)
    real = stage.tool.observe

    def observe(preview: Preview) -> Any:
        return failing() if len(stage.world.writes) > 1 else real(preview)

    stage.tool.observe = observe
    result = execute(stage.services(), world.proposal())
    assert (result.outcome.status, "cannot be read" in result.outcome.why) == (Status.ROLLBACK_FAILED, True)


def test_change_that_heals_itself_needs_no_way_back(stage: Any) -> None:
    """Where what was taken away comes back by itself (a controller's pod), a rollback has nothing to send."""
    real = stage.tool.preview
    stage.tool.preview = lambda change: replace(real(change), undo=(), reversal=Reversal.COMPENSATING)

    def apply(preview: Preview) -> Any:
        stage.world.objects["web"]["spec"] = {"image": "v2", "replicas": 3}
        stage.world.writes.append(("web", {}))
        raise ToolError("refused after a part of it")

    stage.tool.apply = apply
    result = execute(stage.services(), world.proposal())
    assert result.outcome.status is Status.ROLLED_BACK


def test_folder_that_cannot_be_closed_does_not_undo_the_change(stage: Any) -> None:
    """The change is over when the log says so; a folder that stays open is closed by the next ``recover``."""

    def fail(change_id: str, result: Mapping[str, Any]) -> None:
        raise StoreError("the disk is full")

    stage.journal.close = fail
    assert execute(stage.services(), world.proposal()).outcome.status is Status.APPLIED


def test_too_many_revisions_end_the_run(stage: Any) -> None:
    """A person who edits and edits is not asked for ever."""
    stage.person.decisions = [Decision(answer=Answer.EDIT, arguments={0: {"image": f"v{10 + n}"}}) for n in range(20)]
    result = execute(stage.services(), world.proposal())
    assert (result.outcome.status, stage.world.writes, len(stage.person.asked)) == (Status.DECLINED, [], 8)


def test_skipping_every_step_is_declining(stage: Any) -> None:
    """Nothing is left of the plan, so nothing runs."""
    stage.person.decisions = [Decision(answer=Answer.SKIP, skipped=(0,))]
    result = execute(stage.services(), world.proposal())
    assert (result.outcome.status, result.error.code if result.error else "") == (Status.DECLINED, "declined")


def test_saved_plan_is_not_edited(stage: Any) -> None:
    """A plan from a file runs as it is or not at all."""
    stage.person.decisions = [Decision(answer=Answer.SKIP, skipped=(0,))]
    services = stage.services()
    plan = make_plan(services, world.proposal()).planned.plan
    assert execute_saved(services, plan, ()).outcome.status is Status.DECLINED


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ((), "nothing to change"),
        (tuple(Change(tool="set", target=world.ref(f"w{n}")) for n in range(MOST_STEPS + 1)), "at most"),
    ],
)
def test_plan_of_unfit_changes_is_refused(stage: Any, changes: tuple[Change, ...], message: str) -> None:
    """Empty or too long: no plan."""
    with pytest.raises(ToolInputError, match=message):
        make_plan(stage.services(), replace(world.proposal(), changes=changes))


@pytest.mark.parametrize(
    ("verb", "kind", "before", "after"),
    [
        (Verb.DELETE, "Deployment", {}, None),
        (Verb.DELETE, "PersistentVolumeClaim", {}, None),
        (Verb.UPDATE, "HorizontalPodAutoscaler", {"spec": {"maxReplicas": 3}}, {"spec": {"maxReplicas": 0}}),
        (Verb.UPDATE, "CronJob", {"spec": {"suspend": False}}, {"spec": {"suspend": True}}),
        (Verb.UPDATE, "Job", {"spec": {}}, {"spec": {"parallelism": 0}}),
    ],
)
def test_making_the_trouble_vanish_is_no_cure(
    stage: Any, verb: Verb, kind: str, before: dict[str, Any], after: dict[str, Any] | None
) -> None:
    """Deleting, suspending and scaling away are refused in a plan for an incident, and let through in others."""
    one = ObjectChange(ref=world.ref("web", kind), verb=verb, before=before, after=after, edits=())
    real = stage.tool.preview
    edits = real(world.proposal().changes[0]).objects[0].edits
    stage.tool.preview = lambda change: replace(real(change), objects=(replace(one, edits=edits),))
    with pytest.raises(PolicyRefused) as refused:
        make_plan(stage.services(), world.proposal())
    proposal = world.proposal()
    free = replace(proposal, intent=replace(proposal.intent, incident=""))
    assert (refused.value.code, make_plan(stage.services(), free).outcome.status) == ("not-a-cure", Status.DRY_RUN)


def test_pod_may_be_deleted_as_a_cure(stage: Any) -> None:
    """A pod that blocks its controller is not what was failing: it comes back."""
    real = stage.tool.preview
    one = ObjectChange(ref=world.ref("web-0", "Pod"), verb=Verb.DELETE, before={"spec": {}})
    stage.tool.preview = lambda change: replace(real(change), objects=(one,))
    assert make_plan(stage.services(), world.proposal()).outcome.status is Status.DRY_RUN


def test_call_with_a_credential_is_refused(stage: Any) -> None:
    """What is sent is shown, stored and signed; a credential has no place in it."""
    stage.world.objects["web"]["spec"]["password"] = "hunter2"
    with pytest.raises(ToolInputError, match="credential"):
        make_plan(stage.services(), world.proposal())


def test_way_back_by_an_unknown_tool_is_refused(stage: Any) -> None:
    """An undo that cannot be carried out is no undo."""
    real = stage.tool.preview
    undo = (Change(tool="magic", target=world.ref("web")),)
    stage.tool.preview = lambda change: replace(real(change), undo=undo)
    with pytest.raises(PolicyRefused, match="needs a tool"):
        make_plan(stage.services(), world.proposal())


def test_blast_radius_that_shrank_is_no_drift(stage: Any) -> None:
    """Fewer pods concerned than were shown is fine; more is stale, which the approval matrix tests."""
    services = stage.services()
    plan = make_plan(services, world.proposal()).planned.plan
    stage.tool.blast = replace(stage.tool.blast, percent=10)
    signed = world.approve(plan, stage.clock(), method="key", key_id="k-bob", signature="signed")
    assert execute_saved(services, plan, (signed,)).outcome.status is Status.APPLIED


def test_stale_message_names_the_object_and_the_field(stage: Any) -> None:
    """What moved is said once, by path, old value and new value."""
    services = stage.services()
    plan = make_plan(services, world.proposal()).planned.plan
    stage.world.write("web", {"image": "v2", "replicas": 4})
    with pytest.raises(Stale) as stale:
        execute_saved(services, plan, ())
    assert (
        stale.value.message == "step 1 (shop/Deployment/web) has changed since it was shown: spec.replicas was 3, is 4"
    )


def test_stale_message_names_what_else_differs(stage: Any) -> None:
    """When the object is the same and the calls are not, the call's difference is named."""
    services = stage.services()
    plan = make_plan(services, world.proposal()).planned.plan
    real = stage.tool.preview
    stage.tool.preview = lambda change: replace(real(change), risk=Risk.HIGH)
    with pytest.raises(Stale, match='risk: "medium" became "high"'):
        execute_saved(services, plan, ())


def test_approval_that_expired_before_its_plan_does_not_count(stage: Any) -> None:
    """An approval has an end of its own."""
    services = stage.services()
    plan = make_plan(services, world.proposal()).planned.plan
    signed = world.approve(plan, stage.clock(), method="key", key_id="k-bob", signature="signed")
    stage.clock.sleep(301)
    result = execute_saved(services, plan, (signed,))
    assert (result.outcome.status, result.error.code if result.error else "") == (Status.DECLINED, "expired")


def test_approver_that_approves_without_an_approval_does_not_count(stage: Any) -> None:
    """A bare yes is bound to nothing."""
    stage.person.decisions = [Decision(answer=Answer.APPROVE)]
    result = execute(stage.services(), world.proposal())
    assert (result.outcome.status, result.outcome.why) == (Status.DECLINED, "nobody approved it")


# ---- what a crash left ----


def opened(stage: Any) -> tuple[Any, Any]:
    """Return services and a plan whose intent is recorded."""
    services = stage.services()
    return services, make_plan(services, world.proposal()).planned.plan


@pytest.mark.parametrize(
    ("spec", "state", "ending"),
    [
        ({"image": "v2", "replicas": 3}, StepState.UNDONE, Status.ROLLED_BACK),
        ({"image": "v1", "replicas": 3}, StepState.DONE, Status.APPLIED),
        ({"image": "v1", "replicas": 3, "paused": True}, StepState.DONE, Status.APPLIED),
        ({"image": "v2", "replicas": 3, "paused": True}, StepState.UNDONE, Status.ROLLED_BACK),
        ({"image": "v9", "replicas": 3}, StepState.UNCLEAR, None),
        (None, StepState.UNCLEAR, None),
    ],
)
def test_open_change_is_judged_by_the_world(
    stage: Any, spec: dict[str, Any] | None, state: StepState, ending: Status | None
) -> None:
    """Done, undone or unclear is what the object is now, whatever else moved beside the change."""
    services, plan = opened(stage)
    if spec is None:
        del stage.world.objects["web"]
    else:
        stage.world.objects["web"] = {"spec": spec}
    found = look(services, plan)
    assert (found.states, found.ending) == ((state,), ending)


def test_what_leaves_no_trace_is_for_a_person(stage: Any) -> None:
    """Where all that a change does is what nobody can compare (a reboot), the world does not tell if it was done."""
    services, plan = opened(stage)
    (step,) = plan.steps
    (one,) = step.preview.objects
    traceless = replace(one, chosen=tuple(edit.path for edit in one.edits))
    step = replace(step, preview=replace(step.preview, objects=(traceless,)))
    found = look(services, replace(plan, steps=(step,)))
    assert (found.states, found.ending, "leaves no trace" in found.words[0]) == ((StepState.UNCLEAR,), None, True)


def test_what_stands_beneath_a_chosen_field_is_not_compared_either() -> None:
    """A field that somebody else sets may be a mapping or a list; its parts are theirs as well."""
    ref = parse_ref("aws://1/eu/sqs/queue/orders")
    one = ObjectChange(ref=ref, verb=Verb.UPDATE, chosen=("Tags", "Targets"))
    said = {"Tags": {"team": "shop"}, "Targets": ["a"], "TagsOfOthers": 1, "MaxSize": 4}
    live = {"Tags": {"team": "pay", "x": "1"}, "Targets": ["b", "c"], "TagsOfOthers": 2, "MaxSize": 4}
    assert [edit.path for edit in deviations(one, said, live)] == ["TagsOfOthers"]


def test_done_but_unwell_is_for_a_person(stage: Any) -> None:
    """An open change that took effect and is not well is not closed by itself."""
    services, plan = opened(stage)
    stage.world.objects["web"] = {"spec": {"image": "v1", "replicas": 3}}
    stage.world.ready["web"] = 1
    found = look(services, plan)
    assert (found.states, found.ending, len(found.unwell), found.to_undo) == ((StepState.DONE,), None, 1, (0,))


@pytest.mark.parametrize("trouble", ["no tool", "no answer"])
def test_what_cannot_be_looked_at_is_unclear(stage: Any, trouble: str) -> None:
    """Not knowing is not a state in which a change may be closed."""
    services, plan = opened(stage)
    if trouble == "no answer":
        stage.tool.observe = failing
    found = look(services if trouble == "no answer" else replace(services, tools={}), plan)
    assert (found.states, found.ending) == ((StepState.UNCLEAR,), None)


def test_way_back_of_a_plan_is_its_undos_in_reverse(stage: Any) -> None:
    """A rollback undoes the last step first."""
    stage.world.objects["db"]["spec"]["image"] = "v2"
    plan = make_plan(stage.services(), world.proposal("db", "web")).planned.plan
    found: Proposal = proposal_to_undo(plan, "change-1")
    assert ([change.target.name for change in found.changes], found.rolls_back) == (["web", "db"], "change-1")


def test_way_back_of_what_cannot_be_undone_says_so(stage: Any) -> None:
    """Nothing is invented for a step without a way back."""
    stage.tool.reversal = Reversal.NONE
    plan = make_plan(stage.services(), world.proposal()).planned.plan
    with pytest.raises(ToolInputError) as refused:
        proposal_to_undo(plan, "change-1")
    assert refused.value.code == "irreversible"


def test_unmeasured_figures_are_named_in_the_summary(stage: Any) -> None:
    """What is not known is said loudly where the figures stand."""
    from agentops.guard.blast_radius import summary

    assert summary(BlastRadius(unknown=("pods in shop",))) == (
        "instances not known, share not known; NOT KNOWN: pods in shop"
    )
