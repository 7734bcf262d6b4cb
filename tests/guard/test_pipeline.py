"""The pipeline as a whole, on a world of two objects: what happens, in which order, and what stops it."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from agentops.core.approval import Answer, Decision
from agentops.core.errors import AuditError, InDoubt, NotApproved, PolicyRefused, ToolError, ToolInputError
from agentops.core.outcome import Status
from agentops.core.plan import Approval, Change, Check, Obligation, Preview
from agentops.core.risk import Reversal, Risk
from agentops.guard.pipeline import execute, execute_saved, make_plan

world = sys.modules["agentops_test_world"]
STEP = ["policy", "prediction", "dry-run", "diff", "blast-radius", "ruling"]
DRAFT = [*STEP, "plan"]


def images(stage: Any) -> dict[str, str]:
    """Return the image of each object as it is stored."""
    return {name: found["spec"]["image"] for name, found in stage.world.objects.items()}


def test_approved_change_is_applied_and_every_step_is_recorded_before_it(stage: Any) -> None:
    """The records of a change that goes well, in order: no effect before the intent, no end before the verification."""
    result = execute(stage.services(), world.proposal())
    assert (result.outcome.status, images(stage), stage.log.events()) == (
        Status.APPLIED,
        {"web": "v1", "db": "v1"},
        [
            *(*DRAFT, "approval_asked", "asked", "confirm", *STEP, "recheck"),
            *("intent", "intent", "apply", "apply", "verify", "change_closed"),
        ],
    )


def test_dry_run_stops_at_the_plan(stage: Any) -> None:
    """A dry run asks nobody, claims nothing and changes nothing."""
    result = make_plan(stage.services(), world.proposal())
    assert (result.outcome.status, stage.world.writes, stage.person.asked, stage.journal.claimed) == (
        Status.DRY_RUN,
        [],
        [],
        {},
    )


def test_declined_plan_changes_nothing(stage: Any) -> None:
    """The default answer is no, and it is recorded."""
    stage.person.answers[:] = []
    result = execute(stage.services(), world.proposal())
    assert (result.outcome.status, stage.world.writes, stage.log.events()[-2:]) == (
        Status.DECLINED,
        [],
        ["confirm!", "plan_not_run"],
    )


def test_change_that_changes_nothing_stops_at_the_diff(stage: Any) -> None:
    """An empty diff is not a plan."""
    with pytest.raises(ToolInputError) as stopped:
        make_plan(stage.services(), world.proposal(image="v2"))
    assert stopped.value.code == "nothing-to-do"


@pytest.mark.parametrize("at", ["screening", "ruling", "undo"])
def test_policy_stops_it_wherever_it_denies(stage: Any, at: str) -> None:
    """A deny at the screening, at the ruling, or on the way back ends it before anybody is asked."""
    denies = {
        "screening": lambda asked: asked.context["dryRun"],
        "ruling": lambda asked: not asked.context["dryRun"] and not asked.context["rollback"],
        "undo": lambda asked: asked.context["rollback"],
    }[at]
    stage.rules.deny = lambda asked: "not here" if denies(asked) else ""
    with pytest.raises(PolicyRefused):
        execute(stage.services(), world.proposal())
    assert (stage.world.writes, stage.person.asked) == ([], [])


def test_unhealthy_world_after_the_change_is_rolled_back(stage: Any) -> None:
    """A target that does not become ready within policy's time is rolled back to what it was."""
    stage.world.after_write = lambda name: stage.world.ready.update(
        web=3 if stage.world.objects["web"]["spec"]["image"] == "v2" else 0
    )
    result = execute(stage.services(), world.proposal())
    assert (result.outcome.status, result.outcome.status.exit_code, images(stage)["web"]) == (
        Status.ROLLED_BACK,
        6,
        "v2",
    )


def test_failing_bystander_rolls_the_change_back(stage: Any) -> None:
    """Another workload that lost ready pods counts against the change."""
    stage.world.after_write = lambda name: stage.world.ready.update(
        db=1 if stage.world.objects["web"]["spec"]["image"] == "v2" else 0
    )
    result = execute(stage.services(), world.proposal())
    assert (result.outcome.status, "db has 0 ready, had 1" in result.outcome.why) == (Status.ROLLED_BACK, True)


def test_dropped_unrelated_field_rolls_the_change_back(stage: Any) -> None:
    """Fixing one field must not lose another, and what the provider dropped on the way is found."""

    def drop(name: str) -> None:
        spec = stage.world.objects[name]["spec"]
        if spec["image"] == "v1" and name == "web":
            stage.world.objects[name] = {"spec": {"image": "v1"}}

    stage.world.after_write = drop
    result = execute(stage.services(), world.proposal())
    assert (result.outcome.status is not Status.APPLIED, "spec.replicas" in result.outcome.why) == (True, True)


def test_failing_check_rolls_the_change_back(stage: Any) -> None:
    """A change after which the alert's condition is still there is no fix, and does not stay."""
    check = Check(kind="condition", target=world.ref("web"), value="CrashLoop")
    services = stage.services(check=lambda asked: f"still {asked.value}")
    result = execute(services, world.proposal(checks=(check,)))
    assert (result.outcome.status, result.outcome.why, images(stage)["web"]) == (
        Status.ROLLED_BACK,
        "still CrashLoop",
        "v2",
    )


def test_failing_second_step_undoes_the_first(stage: Any) -> None:
    """Of several steps, a refusal on the way takes back those already done, in reverse order."""
    stage.world.objects["db"]["spec"]["image"] = "v2"

    def refuse(name: str) -> None:
        if name == "web":
            raise ToolError("the server refused it")

    stage.world.on_write = refuse
    result = execute(stage.services(), world.proposal("db", "web"))
    assert (result.outcome.status, images(stage)) == (Status.ROLLED_BACK, {"web": "v2", "db": "v2"})


@pytest.mark.parametrize("took_effect", [True, False])
def test_lost_answer_is_judged_by_the_world(stage: Any, *, took_effect: bool) -> None:
    """When the answer is lost, what is there decides: rolled back if it took effect, left if not."""

    def lose(name: str) -> None:
        if stage.world.objects[name]["spec"]["image"] == "v1" or not took_effect:
            stage.world.after_write = stage.world.on_write = lambda name: None
            raise InDoubt("no answer")

    if took_effect:
        stage.world.after_write = lose
    else:
        stage.world.on_write = lose
    result = execute(stage.services(), world.proposal())
    assert (result.outcome.status, images(stage)["web"]) == (Status.ROLLED_BACK, "v2")


def test_rollback_that_fails_needs_a_person_and_stays_open(stage: Any) -> None:
    """When somebody else changed it in between, nothing is overwritten: exit 7, and the change stays open."""

    def meddle(name: str) -> None:
        stage.world.after_write = lambda name: None
        stage.world.objects[name] = {"spec": {"image": "v9", "replicas": 3}}
        stage.world.ready["web"] = 0

    stage.world.after_write = meddle
    stage.tool.apply, applied = _refusing_second(stage), stage.tool.apply
    result = execute(stage.services(), world.proposal())
    assert (result.outcome.status, result.outcome.status.exit_code, stage.journal.closed, applied is not None) == (
        Status.ROLLBACK_FAILED,
        7,
        {},
        True,
    )


def _refusing_second(stage: Any) -> Any:
    """Return an ``apply`` that works once and is refused from then on."""
    real, count = stage.tool.apply, []

    def apply(preview: Preview) -> Any:
        count.append(preview)
        if len(count) > 1:
            raise ToolError("refused")
        return real(preview)

    return apply


def test_irreversible_change_that_fails_needs_a_person(stage: Any) -> None:
    """What cannot be rolled back is not claimed to have been."""
    stage.tool.reversal = Reversal.NONE
    stage.world.after_write = lambda name: stage.world.ready.update(web=0)
    result = execute(stage.services(), world.proposal())
    assert (result.outcome.status, "it cannot be undone" in result.outcome.why) == (Status.ROLLBACK_FAILED, True)


@pytest.mark.parametrize("roll_back", [True, False])
def test_interrupt_in_the_middle_asks_once(stage: Any, *, roll_back: bool) -> None:
    """Ctrl-C while it is verified: the person chooses between the way back and leaving it where it is."""
    asked = []

    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    def choose() -> bool:
        asked.append(True)
        return roll_back

    services = stage.services(
        pause=lambda s: interrupted(s) if not asked else stage.clock.sleep(s), on_interrupt=choose
    )
    result = execute(services, world.proposal())
    expected = (Status.ROLLED_BACK, "v2") if roll_back else (Status.STOPPED, "v1")
    assert ((result.outcome.status, images(stage)["web"]), len(asked)) == (expected, 1)


def test_edit_makes_a_new_plan_with_a_new_digest(stage: Any) -> None:
    """Other arguments are another plan: it is drafted, shown and asked about again."""
    stage.person.decisions.append(Decision(answer=Answer.EDIT, arguments={0: {"image": "v0"}}))
    result = execute(stage.services(), world.proposal())
    first, second = (asked.plan for asked in stage.person.asked)
    assert (result.outcome.status, images(stage)["web"], first.digest != second.digest) == (
        Status.APPLIED,
        "v0",
        True,
    )


def test_skip_leaves_the_step_out(stage: Any) -> None:
    """A plan without the skipped step is made and asked about."""
    stage.world.objects["db"]["spec"]["image"] = "v2"
    stage.person.decisions.append(Decision(answer=Answer.SKIP, skipped=(0,)))
    execute(stage.services(), world.proposal("db", "web"))
    assert images(stage) == {"web": "v1", "db": "v2"}


def test_what_was_skipped_need_not_come_right(stage: Any) -> None:
    """A success check of the step that a person left out is not asked for: the rest would be rolled back for it."""
    asked_for = tuple(Check(kind="condition", target=world.ref(name), value="Bad") for name in ("db", "web"))
    stage.world.objects["db"]["spec"]["image"] = "v2"
    stage.person.decisions.append(Decision(answer=Answer.SKIP, skipped=(0,)))
    result = execute(stage.services(), replace(world.proposal("db", "web"), checks=asked_for))
    (step,) = result.planned.plan.steps
    assert [one.target.name for one in step.checks if one.kind == "condition"] == ["web"]


@pytest.mark.parametrize("risk", [Risk.LOW, Risk.HIGH])
def test_high_risk_must_be_typed_back(stage: Any, risk: Risk) -> None:
    """From high risk on, the plan's code has to be typed."""
    stage.tool.spec = replace(stage.tool.spec, risk=risk)
    execute(stage.services(), world.proposal())
    (asked,) = stage.person.asked
    assert asked.typed == (asked.plan.code if risk is Risk.HIGH else "")


def test_what_nothing_takes_back_must_be_typed_back(stage: Any) -> None:
    """Whatever its risk: a yes by habit is no agreement to what stays."""
    real = stage.tool.preview
    stage.tool.preview = lambda change: replace(real(change), reversal=Reversal.NONE, undo=())
    execute(stage.services(), world.proposal())
    (asked,) = stage.person.asked
    assert asked.typed == asked.plan.code


@pytest.mark.parametrize(
    ("approval", "yes", "status"),
    [
        (Approval.NONE, True, Status.APPLIED),
        (Approval.NONE, False, Status.DECLINED),
        (Approval.ONE, True, Status.DECLINED),
        (Approval.TWO_PERSON, True, Status.DECLINED),
    ],
)
def test_yes_approves_only_what_policy_asks_nobody_for(
    stage: Any, approval: Approval, *, yes: bool, status: Status
) -> None:
    """``--yes`` is no approval where policy wants a person."""
    stage.person.answers[:] = []
    stage.rules.obligation = Obligation(approval=approval, ttl_s=600, verify_s=60)
    assert execute(stage.services(yes=yes), world.proposal()).outcome.status is status


@pytest.mark.parametrize(
    "arguments",
    [{"replicas": 0}],
)
def test_scale_to_zero_is_no_cure_whatever_policy_says(stage: Any, arguments: dict[str, Any]) -> None:
    """A fix of an incident never makes its subject vanish."""
    change = Change(tool="set", target=world.ref("web"), arguments=arguments)
    with pytest.raises(PolicyRefused) as refused:
        make_plan(stage.services(), replace(world.proposal(), changes=(change,)))
    assert refused.value.code == "not-a-cure"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tool": "shell"}, "no change tool 'shell'"),
        ({"target": world.kubernetes_ref("other", "shop", "Deployment", "web")}, "not in 'ctx'"),
        ({"arguments": {"image": "hunter2"}}, "carry what looks like a credential"),
    ],
)
def test_unfit_change_is_refused_before_anything_is_sent(stage: Any, changes: dict[str, Any], message: str) -> None:
    """An unknown tool, another cluster's target and a credential stop at the first stage."""
    change = replace(Change(tool="set", target=world.ref("web"), arguments={"image": "v1"}), **changes)
    with pytest.raises(ToolInputError, match=message):
        make_plan(stage.services(), replace(world.proposal(), changes=(change,)))


def test_read_only_mode_refuses_everything(stage: Any) -> None:
    """In read-only mode not even a dry run is sent."""
    with pytest.raises(PolicyRefused, match="read-only"):
        make_plan(stage.services(read_only=True), world.proposal())


def test_way_back_with_a_credential_is_not_kept(stage: Any) -> None:
    """When the old value looks like a credential, the plan says that it cannot be undone instead of storing it."""
    stage.world.objects["web"]["spec"]["image"] = "hunter2"
    plan = make_plan(stage.services(), _sending(stage, world.proposal())).planned.plan
    (step,) = plan.steps
    kept = (step.preview.undo, step.preview.reversal, "hunter2" in str(step.preview.objects))
    assert kept == ((), Reversal.NONE, False)


def _sending(stage: Any, proposal: Any) -> Any:
    """Let the tool send a call that names no old value."""
    real = stage.tool.worked_out

    def worked_out(change: Change) -> Preview:
        made = real(change)
        (call,) = made.calls
        return replace(made, calls=(replace(call, body={"new": call.body["new"]}),))

    stage.tool.worked_out = worked_out
    return proposal


def test_missing_permission_stops_before_anybody_is_asked(stage: Any) -> None:
    """The provider is asked whether the caller may, before the person is."""
    with pytest.raises(ToolError, match="patch deployments"):
        execute(
            stage.services(missing_permissions=lambda change, preview: ("patch deployments in shop",)), world.proposal()
        )
    assert stage.person.asked == []


def test_no_audit_no_change(stage: Any) -> None:
    """When the record of the intent cannot be written, nothing is sent."""
    stage.log.fail_at = lambda event, count: event == "intent"
    with pytest.raises(AuditError):
        execute(stage.services(), world.proposal())
    assert stage.world.writes == []


def test_saved_plan_runs_with_a_signed_approval(stage: Any) -> None:
    """A plan that was saved runs later with a signature of a trusted key."""
    services = stage.services()
    plan = make_plan(services, world.proposal()).planned.plan
    signed = world.approve(plan, stage.clock(), method="key", key_id="k-bob", signature="signed")
    result = execute_saved(services, plan, (signed,))
    assert (result.outcome.status, stage.person.asked) == (Status.APPLIED, [])


def test_saved_plan_serves_once(stage: Any) -> None:
    """A second run of the same plan with the same approval is refused, even when the world is as it was."""
    services = stage.services()
    plan = make_plan(services, world.proposal()).planned.plan
    signed = world.approve(plan, stage.clock(), method="key", key_id="k-bob", signature="signed")
    execute_saved(services, plan, (signed,))
    stage.world.objects["web"]["spec"]["image"] = "v2"
    again = execute_saved(services, plan, (signed,))
    assert (again.outcome.status, again.error.code if again.error else "") == (Status.DECLINED, "spent")


def test_expired_plan_is_stale(stage: Any) -> None:
    """After its time a plan is not run any more."""
    services = stage.services()
    plan = make_plan(services, world.proposal()).planned.plan
    stage.clock.now += timedelta(seconds=601)
    with pytest.raises(NotApproved, match="expired"):
        execute_saved(services, plan, ())
