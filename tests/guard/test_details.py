"""Small rules of the guard that a mutation of its code would change unseen otherwise."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from agentops.core.approval import Answer, Decision
from agentops.core.errors import AgentopsError, NotApproved, ToolError, ToolInputError
from agentops.core.outcome import Health, Observation, Status
from agentops.core.plan import BlastRadius, Edit, Intent, Preview
from agentops.core.risk import Reversal
from agentops.guard.blast_radius import summary
from agentops.guard.diff import differences
from agentops.guard.pipeline import execute, execute_saved, make_plan
from agentops.guard.recovery import StepState, look
from agentops.guard.rollback_plan import proposal_to_undo
from agentops.guard.stage_log import StageLog
from agentops.guard.verify import worse

world = sys.modules["agentops_test_world"]


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ({"a": 1}, {"a": 1}, ()),
        ({"a": 1}, {"a": 2, "b": 3}, (Edit(path="a", old=1, new=2), Edit(path="b", old=None, new=3))),
        (
            {"a": {"b": [1, 2]}},
            {"a": {"b": [1, 3, 4]}},
            (Edit(path="a.b[1]", old=2, new=3), Edit(path="a.b[2]", new=4)),
        ),
        (
            {"c": [{"name": "x", "v": 1}, {"name": "y", "v": 2}]},
            {"c": [{"name": "y", "v": 2}, {"name": "x", "v": 5}]},
            (Edit(path="c[x].v", old=1, new=5),),
        ),
        (
            {"c": [{"name": "x"}, {"name": "x", "v": 1}]},
            {"c": [{"name": "x"}, {"name": "x", "v": 2}]},
            (Edit(path="c[1].v", old=1, new=2),),
        ),
        ({"c": [{"name": "x"}, 3]}, {"c": [{"name": "x"}, 4]}, (Edit(path="c[1]", old=3, new=4),)),
        ({"a": [1]}, {"a": "1"}, (Edit(path="a", old=[1], new="1"),)),
        ({"a": {"b": 1}}, {}, (Edit(path="a", old={"b": 1}, new=None),)),
    ],
)
def test_differences_are_named_by_path(old: Any, new: Any, found: tuple[Edit, ...]) -> None:
    """Maps by key, lists by name where every item has one of its own, else by index; other types as a whole."""
    assert differences(old, new) == found


def health(name: str, ready: int, wanted: int = 3) -> Health:
    """Return a workload's health."""
    return Health(ref=world.ref(name), ready=ready, wanted=wanted)


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ((health("a", 3),), (health("a", 3),), []),
        ((health("a", 3),), (health("a", 2),), ["shop/Deployment/a has 2 ready, had 3 before"]),
        ((health("a", 3),), (health("a", 2, wanted=2),), []),
        ((health("a", 1),), (), ["shop/Deployment/a has 0 ready, had 1 before"]),
        ((health("a", 0),), (), []),
        ((health("a", 1),), (health("a", 2),), []),
        ((), (health("a", 0),), []),
    ],
)
def test_worse_is_fewer_ready_than_before_and_than_wanted(before: Any, after: Any, found: list[str]) -> None:
    """Who was scaled down on purpose is not worse off; who is gone is."""
    assert worse(before, after) == found


def test_health_must_hold_for_a_while(stage: Any) -> None:
    """What looks well between two crashes does not count: the time starts again with each relapse."""
    real = stage.tool.observe

    def observe(preview: Preview) -> Observation:
        found: Observation = real(preview)
        sick = 9 <= stage.clock.monotonic() < 12
        return replace(found, targets=tuple(replace(one, settled=not sick) for one in found.targets))

    stage.tool.observe = observe
    result = execute(stage.services(), world.proposal())
    assert (result.outcome.status, stage.clock.monotonic()) == (Status.APPLIED, 27.0)


def test_health_that_never_holds_is_a_failure(stage: Any) -> None:
    """A workload that relapses every twelve seconds is not well, however often it looks so."""
    real = stage.tool.observe

    def observe(preview: Preview) -> Observation:
        found: Observation = real(preview)
        sick = stage.clock.monotonic() % 12 < 3 and stage.clock.monotonic() > 0
        return replace(found, targets=tuple(replace(one, settled=not sick) for one in found.targets))

    stage.tool.observe = observe
    assert execute(stage.services(), world.proposal()).outcome.status is Status.ROLLED_BACK


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"image": "v2", "replicas": 3}, 'spec.image should be "v1", is "v2" (somebody changed it back)'),
        ({"image": "v1", "replicas": 9}, "spec.replicas should be 3, is 9 (not part of this change)"),
    ],
)
def test_difference_after_the_change_says_whose_it_is(stage: Any, spec: dict[str, Any], words: str) -> None:
    """Our own field put back is another story than a foreign field that moved."""

    def meddle(name: str) -> None:
        stage.world.after_write = lambda name: None
        stage.world.objects[name] = {"spec": spec}

    stage.world.after_write = meddle
    assert words in execute(stage.services(), world.proposal()).outcome.why


def test_every_step_is_watched(stage: Any) -> None:
    """A first step that cannot be read for a moment does not hide that the second is unwell."""
    stage.world.objects["db"]["spec"]["image"] = "v2"
    stage.world.after_write = lambda name: stage.world.ready.update(web=0)
    real = stage.tool.observe

    def observe(preview: Preview) -> Observation:
        if preview.objects[0].ref.name == "db" and len(stage.world.writes) == 2:
            raise ToolError("no answer")
        return real(preview)  # type: ignore[no-any-return]

    stage.tool.observe = observe
    why = execute(stage.services(), world.proposal("db", "web")).outcome.why
    assert ("db cannot be read: no answer" in why, "web has 0 of 3 ready" in why) == (True, True)


def test_tools_are_asked_about_the_very_preview(stage: Any) -> None:
    """Permissions and blast radius are of what was predicted, then the blast radius of what was previewed."""
    asked: list[Any] = []
    blast = stage.tool.blast
    stage.tool.blast_radius = lambda preview: asked.append(preview) or blast
    result = make_plan(
        stage.services(missing_permissions=lambda change, preview: asked.append(preview) or ()), world.proposal()
    )
    (step,) = result.planned.steps
    prediction = step.measured.diffed.previewed.predicted.prediction
    assert asked == [prediction, prediction, step.preview]


def test_lost_way_back_is_told_in_the_plan(stage: Any) -> None:
    """A way back that is not kept is named among what does not come back."""
    stage.world.objects["web"]["spec"]["image"] = "hunter2"
    real = stage.tool.worked_out
    stage.tool.worked_out = lambda change: replace(real(change), calls=(), residue=("pods restart",))
    (step,) = make_plan(stage.services(), world.proposal()).planned.plan.steps
    assert step.preview.residue == (
        "pods restart",
        "its undo holds what looks like a credential, which is not kept: agentops cannot undo this",
    )


@pytest.mark.parametrize(("late_s", "code"), [(599, "declined"), (600, "expired"), (601, "expired")])
def test_plan_that_expires_while_the_person_thinks(stage: Any, late_s: int, code: str) -> None:
    """At the very second of its expiry a plan counts no more."""

    def think() -> None:
        stage.clock.now += timedelta(seconds=late_s)

    stage.person.before_answer = think
    stage.person.forge = lambda approval: replace(approval, expires_at=approval.expires_at + timedelta(hours=1))
    if code == "declined":
        stage.person.answers[:] = []
    result = execute(stage.services(), world.proposal())
    assert (result.error.code if result.error else "", stage.world.writes) == (code, [])


def test_approval_of_another_plan_is_named_so(stage: Any) -> None:
    """The code tells a script what is wrong with the approval."""
    services = stage.services()
    plan = make_plan(services, world.proposal()).planned.plan
    other = make_plan(services, world.proposal()).planned.plan
    signed = world.approve(other, stage.clock(), method="key", key_id="k-bob", signature="signed")
    result = execute_saved(services, plan, (signed,))
    assert (result.error.code if result.error else "") == "other-plan"


def test_reasons_on_record_are_cut(stage: Any) -> None:
    """A provider's endless message does not fill the log."""
    log = StageLog(stage.services())
    log.failed("dry-run", "x" * 2000)
    assert len(stage.log.records[-1].payload["reason"]) == 500


def test_way_back_keeps_incident_and_says_whose_wish_it_is(stage: Any) -> None:
    """A rollback's plan belongs to the incident of the change that it takes back."""
    stage.world.objects["db"]["spec"]["image"] = "v2"
    plan = make_plan(stage.services(), world.proposal("db", "web")).planned.plan
    plan = replace(plan, intent=replace(plan.intent, alert="KubePodCrashLooping"))
    found = proposal_to_undo(plan, "change-1", (0,))
    assert (found.intent, [change.target.name for change in found.changes]) == (
        Intent(by="human:ana", words="rolls back change change-1", incident="inc-1", alert="KubePodCrashLooping"),
        ["db"],
    )


@pytest.mark.parametrize(
    ("residue", "why"), [((), "the tool cannot undo it"), (("data is gone", "for ever"), "data is gone; for ever")]
)
def test_step_without_a_way_back_says_why(stage: Any, residue: tuple[str, ...], why: str) -> None:
    """What it does not bring back is the reason, where the tool gave one."""
    stage.tool.reversal = Reversal.NONE
    real = stage.tool.preview
    stage.tool.preview = lambda change: replace(real(change), residue=residue)
    plan = make_plan(stage.services(), world.proposal()).planned.plan
    with pytest.raises(ToolInputError) as refused:
        proposal_to_undo(plan, "change-1")
    assert (refused.value.message, refused.value.hint) == (
        f"step 1, set on shop/Deployment/web, cannot be undone: {why}",
        "What it was before stands in the plan: agentops changes --output json",
    )


def test_situation_of_several_steps_tells_of_each(stage: Any) -> None:
    """Half-way down: one done and well, one undone; the words name both, and only the done one is to be undone."""
    stage.world.objects["db"]["spec"]["image"] = "v2"
    services = stage.services()
    plan = make_plan(services, world.proposal("db", "web")).planned.plan
    stage.world.objects["db"]["spec"]["image"] = "v1"
    stage.world.ready.update(db=0)
    found = look(services, plan)
    assert (found.states, found.words, found.unwell, found.to_undo) == (
        (StepState.DONE, StepState.UNDONE),
        ("set on shop/Deployment/db: took effect", "set on shop/Deployment/web: is as it was before"),
        ("shop/Deployment/db",),
        (0,),
    )


def test_nobody_approves_under_a_false_name(stage: Any) -> None:
    """The trust store's name for the key counts, not the approval's own."""

    class Mistaken:
        def signer(self, approval: Any) -> str:
            raise NotApproved("the key is of somebody else")

    services = stage.services(trust=Mistaken())
    plan = make_plan(services, world.proposal()).planned.plan
    signed = world.approve(plan, stage.clock(), method="key", key_id="k-bob", signature="signed")
    assert execute_saved(services, plan, (signed,)).outcome.status is Status.DECLINED


def test_summary_counts_what_is_in_front() -> None:
    """The line that a person reads first has the services."""
    blast = BlastRadius(instances=1, instances_total=4, unit="pod", percent=25, fronts=(world.ref("web", "Service"),))
    assert summary(blast) == "1 of 4 pods, 25 % of the ready capacity; 1 in front"


def test_steps_are_taken_back_last_first(stage: Any) -> None:
    """What was done last is undone first: later steps may rest on earlier ones."""
    stage.world.objects["db"]["spec"]["image"] = "v2"
    stage.world.after_write = lambda name: stage.world.ready.update(web=3 if len(stage.world.writes) > 2 else 0)
    execute(stage.services(), world.proposal("db", "web"))
    assert [name for name, _ in stage.world.writes] == ["db", "web", "web", "db"]


def test_journal_keeps_the_change_under_the_id_that_is_told(stage: Any) -> None:
    """The id in the outcome, in the log and in the journal is one."""
    result = execute(stage.services(), world.proposal())
    ((kept, plan),) = stage.journal.claimed.values()
    assert (kept, plan.digest) == (result.outcome.change_id, result.planned.plan.digest)


def test_policy_knows_a_rollback_for_what_it_is(stage: Any) -> None:
    """A plan that takes back a change is asked about as one, from the screening on."""
    make_plan(stage.services(), world.proposal(rolls_back="change-1"))
    assert {asked.context["rollback"] for asked in stage.rules.asked} == {True}


def test_edited_change_says_so(stage: Any) -> None:
    """Whoever reads the record sees that a person changed the arguments; other steps keep their reason."""
    stage.world.objects["db"]["spec"]["image"] = "v2"
    stage.person.decisions = [Decision(answer=Answer.EDIT, arguments={0: {"image": "v0"}})]
    result = execute(stage.services(), world.proposal("db", "web"))
    assert [(step.change.arguments, step.change.reason) for step in result.planned.plan.steps] == [
        ({"image": "v0"}, "it worked before (edited by a person)"),
        ({"image": "v1"}, "it worked before"),
    ]


def test_skipped_step_is_not_edited(stage: Any) -> None:
    """Arguments that come with a skip are nobody's wish."""
    stage.world.objects["db"]["spec"]["image"] = "v2"
    stage.person.decisions = [Decision(answer=Answer.SKIP, skipped=(0,), arguments={1: {"image": "v0"}})]
    result = execute(stage.services(), world.proposal("db", "web"))
    assert [step.change.arguments for step in result.planned.plan.steps] == [{"image": "v1"}]


def test_reason_with_a_credential_is_hidden_in_the_plan(stage: Any) -> None:
    """The proposer's words are kept as everything else is: redacted."""
    proposal = world.proposal()
    changes = tuple(replace(change, reason="the password is hunter2") for change in proposal.changes)
    (step,) = make_plan(stage.services(), replace(proposal, changes=changes)).planned.plan.steps
    assert step.change.reason == "the password is [secret]"


def test_rollback_to_an_unwell_state_holds(stage: Any) -> None:
    """Regret is allowed: what a rollback goes back to may have been unwell, and that does not undo the rollback."""
    stage.world.after_write = lambda name: stage.world.ready.update(web=0)
    result = execute(stage.services(), world.proposal(rolls_back="change-1"))
    assert (result.outcome.status, stage.world.objects["web"]["spec"]["image"]) == (Status.APPLIED, "v1")


def test_rollback_that_did_not_happen_does_not_hold(stage: Any) -> None:
    """The objects of a rollback are held to the letter all the same."""

    def meddle(name: str) -> None:
        stage.world.after_write = lambda name: None
        stage.world.objects[name] = {"spec": {"image": "v7", "replicas": 3}}

    stage.world.after_write = meddle
    result = execute(stage.services(), world.proposal(rolls_back="change-1"))
    assert (result.outcome.status, 'should be "v1", is "v7"' in result.outcome.why) == (Status.ROLLED_BACK, True)


def test_claim_that_another_process_prevents_is_told(stage: Any) -> None:
    """Busy is no crash: the plan was not run, and the record says why."""

    def busy(plan: Any, change_id: str) -> None:
        raise AgentopsError("another agentops run is applying a change", code="busy")

    stage.journal.claim = busy
    result = execute(stage.services(), world.proposal())
    assert (result.outcome.status, result.error.code if result.error else "", stage.log.events()[-2:]) == (
        Status.DECLINED,
        "busy",
        ["intent!", "plan_not_run"],
    )
