"""What a plan makes: rolled back when it is gone, whoever deleted it; and what others set in it is never compared."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import pytest

from agentops.core.approval import Answer
from agentops.core.digest import digest
from agentops.core.errors import NotFound, PolicyRefused, ToolError
from agentops.core.outcome import Observation, Receipt, Status
from agentops.core.plan import Call, Change, Intent, ObjectChange, Preview, Verb
from agentops.core.risk import Reversal
from agentops.guard.diff import deviations, without
from agentops.guard.pipeline import execute, make_plan
from agentops.guard.proposal import Proposal
from agentops.guard.rollback_plan import proposal_to_undo, standing

world = sys.modules["agentops_test_world"]
_MADE = {"spec": {"image": "v1", "replicas": 1}}


class MakeTool(world.SetTool):  # type: ignore[misc,name-defined]
    """Makes an object; its undo is ``drop``."""

    def __init__(self, made_in: Any) -> None:
        super().__init__(made_in, replace(world.SPEC, name="make"))

    def worked_out(self, change: Change) -> Preview:
        one = ObjectChange(ref=change.target, verb=Verb.CREATE, after=_MADE, after_digest=digest(_MADE))
        call = Call(verb="create", method="POST", path="/", body={"name": change.target.name})
        return Preview(
            calls=(call,),
            objects=(one,),
            validated=True,
            risk=self.spec.risk,
            reversal=Reversal.EXACT,
            undo=(Change(tool="drop", target=change.target),),
        )

    def apply(self, preview: Preview) -> Receipt:
        (one,) = preview.objects
        self.world.objects[one.ref.name] = _MADE
        self.world.uids[one.ref.name] = "u-new"
        self.world.versions[one.ref.name] = self.world.ready[one.ref.name] = 1
        self.world.after_write(one.ref.name)
        return Receipt(at=self.world.clock(), objects={str(one.ref): ("u-new", "1")})


class DropTool(world.SetTool):  # type: ignore[misc,name-defined]
    """Deletes an object; one that is gone is not found."""

    def __init__(self, made_in: Any) -> None:
        super().__init__(made_in, replace(world.SPEC, name="drop"))
        self.before_apply = lambda: None

    def worked_out(self, change: Change) -> Preview:
        name = change.target.name
        before = self.world.objects.get(name)
        if before is None:
            raise NotFound(f"{name} not found")
        one = ObjectChange(
            ref=change.target,
            verb=Verb.DELETE,
            uid=self.world.uids[name],
            before=before,
            before_digest=digest(before),
        )
        call = Call(verb="delete", method="DELETE", path=f"/{name}", body={})
        return Preview(
            calls=(call,), objects=(one,), validated=True, risk=self.spec.risk, reversal=Reversal.COMPENSATING
        )

    def apply(self, preview: Preview) -> Receipt:
        (one,) = preview.objects
        self.before_apply()
        if self.world.objects.pop(one.ref.name, None) is None:
            raise NotFound(f"{one.ref.name} not found")
        return Receipt(at=self.world.clock(), objects={str(one.ref): ("", "")})


@pytest.fixture
def making(stage: Any) -> Any:
    """A stage with the tools that make and drop, and the services that go with it."""
    drop = DropTool(stage.world)
    tools = {"set": stage.tool, "make": MakeTool(stage.world), "drop": drop}
    return stage.services(tools=tools, appliers=tools), stage, drop


def _proposal(*names: str) -> Proposal:
    changes = tuple(Change(tool="make", target=world.ref(name)) for name in names)
    return Proposal(changes=changes, intent=Intent(by="human:ana"))


def test_what_is_gone_when_it_is_to_be_taken_back_is_taken_back(making: Any) -> None:
    """A made object fails, somebody deletes it between the look and the undo: rolled back, with nothing left."""
    services, stage, drop = making
    stage.world.after_write = lambda name: stage.world.ready.update({"db": 0})

    def gone(preview: Preview) -> Receipt:
        stage.world.objects.pop("new")
        raise NotFound("new not found")

    drop.apply = gone
    done = execute(services, _proposal("new"))
    assert (done.outcome.status, stage.world.objects.get("new")) == (Status.ROLLED_BACK, None)


def test_a_later_way_back_leaves_out_what_is_gone_and_says_so(making: Any) -> None:
    """Of two made objects one is gone: the other is still rolled back."""
    services, stage, _ = making
    plan = execute(services, _proposal("one", "two")).planned.plan
    stage.world.objects.pop("two")
    indexes, words = standing(services, plan)
    found = proposal_to_undo(plan, "change-1", indexes)
    assert ([change.target.name for change in found.changes], words) == (
        ["one"],
        ("step 2: shop/Deployment/two is gone already",),
    )


def test_what_vanishes_right_before_its_deletion_is_taken_back(making: Any) -> None:
    """A plan that takes back a creation and finds it gone has nothing left to do."""
    services, stage, drop = making
    plan = execute(services, _proposal("one")).planned.plan
    drop.before_apply = lambda: stage.world.objects.pop("one")
    stage.person.answers.append(Answer.APPROVE)
    done = execute(services, proposal_to_undo(plan, "change-1"))
    assert (done.outcome.status, done.outcome.receipts[0].notes) == (
        Status.APPLIED,
        ("it was gone already: one not found",),
    )


def test_a_deletion_of_what_is_not_there_is_refused_when_it_takes_nothing_back(making: Any) -> None:
    """A new plan that deletes what is gone did not do what was asked for, and says so."""
    services, stage, drop = making
    drop.before_apply = lambda: stage.world.objects.pop("db")
    proposal = Proposal(changes=(Change(tool="drop", target=world.ref("db")),), intent=Intent(by="human:ana"))
    done = execute(services, proposal)
    assert done.outcome.status is not Status.APPLIED


_CHOSEN = ObjectChange(
    ref=world.ref("web"),
    verb=Verb.UPDATE,
    before={"spec": {"image": "v1", "replicas": 3}},
    after={"spec": {"image": "v2", "replicas": 3}},
    chosen=("spec.replicas",),
)


def test_what_others_set_is_no_deviation() -> None:
    """An autoscaler moves the number of replicas as it likes; the image is ours."""
    live = {"spec": {"image": "v3", "replicas": 5}}
    found = [(edit.path, edit.new) for edit in deviations(_CHOSEN, _CHOSEN.after, live)]
    assert found == [("spec.image", "v3")]


def test_what_others_set_is_left_out_of_the_comparison_of_whole_forms() -> None:
    """List items are named as in a diff, by their name or place."""
    value = {"a": 1, "list": [{"name": "x", "b": 1, "c": 2}], "plain": [1, 2]}
    assert without(value, ("a", "list[x].b", "plain[0]")) == {"list": [{"name": "x", "c": 2}], "plain": [2]}


class ScaledTool(world.SetTool):  # type: ignore[misc,name-defined]
    """Sets fields of an object whose replicas something else sets."""

    def worked_out(self, change: Change) -> Preview:
        made = super().worked_out(change)
        (one,) = made.objects
        forms = [without(form, ("spec.replicas",)) for form in (one.before, one.after)]
        chosen = replace(one, chosen=("spec.replicas",), before_digest=digest(forms[0]), after_digest=digest(forms[1]))
        call = replace(made.calls[0], body={"uid": one.uid, "image": change.arguments["image"]})
        return replace(made, objects=(chosen,), calls=(call,))

    def apply(self, preview: Preview) -> Receipt:
        (one,) = preview.objects
        now = self.world.objects[one.ref.name]["spec"]
        self.world.write(one.ref.name, {**now, "image": preview.calls[0].body["image"]})
        return Receipt(at=self.world.clock(), objects={str(one.ref): (one.uid, "2")})

    def observe(self, preview: Preview) -> Observation:
        for name, found in self.world.objects.items():
            self.world.ready[name] = found["spec"]["replicas"]
        return super().observe(preview)


def test_an_autoscaler_that_moves_between_preview_and_write_stops_nothing(stage: Any) -> None:
    """Three replicas when it was shown, five when it is applied, four when it is verified: the image is what counts."""
    tool = ScaledTool(stage.world)
    stage.person.before_answer = lambda: stage.world.write("web", {"image": "v2", "replicas": 5})
    stage.world.after_write = lambda name: None
    change = Change(tool="set", target=world.ref("web"), arguments={"image": "v3"})
    done = execute(
        stage.services(tools={"set": tool}, appliers={"set": tool}),
        Proposal(changes=(change,), intent=Intent(by="human:ana")),
    )
    assert (done.outcome.status, stage.world.objects["web"]) == (
        Status.APPLIED,
        {"spec": {"image": "v3", "replicas": 5}},
    )


def test_a_plan_says_which_fields_others_set(stage: Any) -> None:
    """It is part of the plan, and so of what is approved."""
    tool = ScaledTool(stage.world)
    change = Change(tool="set", target=world.ref("web"), arguments={"image": "v3"})
    made = make_plan(
        stage.services(tools={"set": tool}, appliers={"set": tool}),
        Proposal(changes=(change,), intent=Intent(by="human:ana")),
    )
    assert made.planned.plan.steps[0].preview.objects[0].chosen == ("spec.replicas",)


def _set(name: str, **fields: Any) -> Change:
    return Change(tool="set", target=world.ref(name), arguments=fields)


_TWICE = Proposal(changes=(_set("web", image="v3"), _set("web", replicas=4)), intent=Intent(by="human:ana"))


def test_several_steps_may_touch_one_object(stage: Any) -> None:
    """The second is shown upon what the first makes, and the object is in the end what both say."""
    stage.world.ready["web"] = 4
    done = execute(stage.services(), _TWICE)
    second = done.planned.plan.steps[1].preview
    assert (second.rests_on, second.objects[0].before, done.outcome.status, stage.world.objects["web"]) == (
        (1,),
        {"spec": {"image": "v3", "replicas": 3}},
        Status.APPLIED,
        {"spec": {"image": "v3", "replicas": 4}},
    )


def test_several_steps_on_one_object_are_taken_back_together(stage: Any) -> None:
    """When it does not come well, the object is what it was before the first of them."""
    stage.world.after_write = lambda name: stage.world.ready.update({"db": 0})
    done = execute(stage.services(), _TWICE)
    assert (done.outcome.status, stage.world.objects["web"]) == (
        Status.ROLLED_BACK,
        {"spec": {"image": "v2", "replicas": 3}},
    )


def test_a_step_that_is_another_once_it_can_be_tried_is_not_sent(stage: Any) -> None:
    """Somebody writes the object between the steps: the second has changed since it was shown; the first is undone."""

    def between(name: str) -> None:
        stage.world.after_write = lambda name: None
        stage.world.objects["web"]["spec"]["extra"] = 1

    stage.world.after_write = between
    done = execute(stage.services(), _TWICE)
    assert (
        "step 2 (shop/Deployment/web) has changed since it was shown, now that it can be tried: spec.extra"
        in done.outcome.why
    )
    assert {one["replicas"] for _, one in stage.world.writes} == {3}


def test_a_step_that_is_refused_once_it_can_be_tried_is_not_sent(stage: Any) -> None:
    """What the provider says only when the earlier step is applied stops the plan, and that step is rolled back."""
    real = stage.tool.worked_out

    def late(change: Change) -> Preview:
        if stage.world.writes and "replicas" in change.arguments and "image" not in change.arguments:
            raise ToolError("admission says no")
        return real(change)

    stage.tool.worked_out = late
    done = execute(stage.services(), _TWICE)
    assert (done.outcome.status, stage.world.objects["web"]["spec"]["image"]) == (Status.ROLLED_BACK, "v2")
    assert "step 2 (shop/Deployment/web) is refused, now that it can be tried: admission says no" in done.outcome.why


def test_what_is_too_early_is_tried_again(stage: Any) -> None:
    """An object that is still on its way out is waited for."""
    real, asked = stage.tool.worked_out, []

    def slow(change: Change) -> Preview:
        if stage.world.writes and "replicas" in change.arguments and len(asked) < 9:
            asked.append(change)
            raise ToolError("it is still being deleted", code="not-yet")
        return real(change)

    stage.tool.worked_out = slow
    stage.world.ready["web"] = 4
    done = execute(stage.services(), _TWICE)
    assert (done.outcome.status, len(asked)) == (Status.APPLIED, 9)


def test_after_a_crash_steps_on_one_object_explain_one_another(stage: Any) -> None:
    """The last is there only after those before it; what the first did not do, the second did not either."""
    from agentops.guard.recovery import StepState, look

    services = stage.services()
    changes = (_set("web", image="v3"), _set("web", image="v4"))
    plan = make_plan(services, replace(_TWICE, changes=changes)).planned.plan
    found = []
    for image in ("v2", "v3", "v4"):
        stage.world.objects["web"] = {"spec": {"image": image, "replicas": 3}}
        found.append(look(services, plan).states)
    done, undone = StepState.DONE, StepState.UNDONE
    assert found == [(undone, undone), (done, undone), (done, done)]


def _step(verb: Verb, before: Any, after: Any) -> tuple[Change, Preview]:
    change = Change(tool="t", target=world.ref("data", "PersistentVolumeClaim"))
    one = ObjectChange(ref=change.target, verb=verb, before=before, after=after)
    return change, Preview(calls=(), objects=(one,), validated=True, risk=world.SPEC.risk, reversal=Reversal.NONE)


def test_what_is_deleted_and_made_again_is_recreated_and_may_be_a_cure() -> None:
    """A deletion alone makes the trouble vanish; followed by the creation of the same object it does not."""
    from agentops.guard.remediation_rules import require_remediation
    from agentops.providers.kubernetes.change.remediation_rules import reasons_against

    gone = _step(Verb.DELETE, {"spec": {}}, None)
    again = _step(Verb.CREATE, None, {"spec": {}})
    require_remediation(reasons_against, [gone, again])
    for steps in ([gone], [again, gone], [gone, again, gone]):
        if steps == [again, gone]:
            require_remediation(reasons_against, steps)  # it was not there before, and is not after
            continue
        with pytest.raises(PolicyRefused, match="it deletes"):
            require_remediation(reasons_against, steps)


def test_what_is_made_again_without_its_probe_is_no_cure() -> None:
    """A recreation is held to what an update is held to."""
    from agentops.guard.remediation_rules import require_remediation
    from agentops.providers.kubernetes.change.remediation_rules import reasons_against

    def workload(**container: Any) -> Any:
        return {"spec": {"template": {"spec": {"containers": [{"name": "a", **container}]}}}}

    steps = [_step(Verb.DELETE, workload(livenessProbe={"exec": {}}), None), _step(Verb.CREATE, None, workload())]
    with pytest.raises(PolicyRefused, match="livenessProbe"):
        require_remediation(reasons_against, steps)


def test_what_goes_with_an_earlier_step_of_a_way_back_is_taken_back(making: Any) -> None:
    """A deletion that rests on the one before it, and finds its object gone with that, has nothing left to do."""
    services, stage, drop = making
    real, upon = drop.worked_out, []

    def resting(change: Change) -> Preview:
        made = real(change)
        return replace(made, rests_on=(1,)) if change.target.name == "one" else made

    plan = execute(services, _proposal("one", "two")).planned.plan
    drop.worked_out = resting
    drop.before_apply = lambda: upon.append(1) or (len(upon) == 1 and stage.world.objects.pop("one"))
    stage.person.answers.append(Answer.APPROVE)
    done = execute(services, proposal_to_undo(plan, "change-1"))
    assert (done.outcome.status, sorted(stage.world.objects)) == (Status.APPLIED, ["db", "web"])
