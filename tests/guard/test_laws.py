"""Laws of the pipeline: whatever is done in whatever order, nothing is written without an approval of that very
digest."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from agentops.core.approval import Answer
from agentops.core.errors import AgentopsError
from agentops.core.plan import Approval, ChangePlan
from agentops.guard.pipeline import execute, execute_saved, make_plan

world = sys.modules["agentops_test_world"]
IMAGES = st.sampled_from(["v0", "v1", "v3"])


class Pipeline(RuleBasedStateMachine):
    """People, policy, clocks and other writers do what they like; the model below knows what was really agreed to."""

    @initialize()
    def begin(self) -> None:
        """Set the stage; nobody agrees to anything by default."""
        self.stage = world.Stage(answers=[])
        self.plans: list[ChangePlan] = []
        self.signed: list[Any] = []
        self.agreed: set[str] = set()
        self.policy_free = 0
        self.unapproved: list[str] = []
        self.seen = 0

    def _check(self, plans: list[ChangePlan]) -> None:
        """Every write since the last look belongs to a plan that was agreed to, and is one of its calls or undos."""
        for name, spec in self.stage.world.writes[self.seen :]:
            spent = {plan.digest for _, plan in self.stage.journal.claimed.values()}
            if not any(
                plan.digest in spent and plan.digest in self.agreed and _may_write(plan, name, spec) for plan in plans
            ):
                self.unapproved.append(f"{name}: {spec}")
        self.seen = len(self.stage.world.writes)

    @rule(image=IMAGES, name=st.sampled_from(["web", "db"]))
    def draft(self, image: str, name: str) -> None:
        """Make a plan and keep it."""
        try:
            self.plans.append(make_plan(self.stage.services(), world.proposal(name, image=image)).planned.plan)
        except AgentopsError:
            return

    @rule(data=st.data(), signature=st.sampled_from(["signed", "forged"]))
    def sign(self, data: st.DataObject, signature: str) -> None:
        """Sign a plan, with a good key or a bad one."""
        if self.plans:
            plan = data.draw(st.sampled_from(self.plans))
            made = world.approve(plan, self.stage.clock(), method="key", key_id="k-bob", signature=signature)
            self.signed.append(made)
            if signature == "signed":
                self.agreed.add(plan.digest)

    @rule(data=st.data())
    def run_saved(self, data: st.DataObject) -> None:
        """Run some plan with some approvals."""
        if not self.plans:
            return
        plan = data.draw(st.sampled_from(self.plans))
        given = data.draw(st.lists(st.sampled_from(self.signed), max_size=2)) if self.signed else []
        self.stage.person.answers[:] = []  # nobody is at the terminal
        self._run(lambda: execute_saved(self.stage.services(), plan, tuple(given)))

    @rule(data=st.data(), image=IMAGES)
    def run_altered(self, data: st.DataObject, image: str) -> None:
        """Run a plan that somebody edited, with an approval of the original."""
        if not self.plans or not self.signed:
            return
        plan = data.draw(st.sampled_from(self.plans))
        (step,) = plan.steps
        altered = replace(plan, steps=(replace(step, change=replace(step.change, arguments={"image": image})),))
        given = data.draw(st.lists(st.sampled_from(self.signed), min_size=1, max_size=2))
        self.stage.person.answers[:] = []
        self._run(lambda: execute_saved(self.stage.services(), altered, tuple(given)))

    @rule(image=IMAGES, answer=st.sampled_from([Answer.APPROVE, Answer.STOP, Answer.SKIP]), yes=st.booleans())
    def run_asking(self, image: str, answer: Answer, yes: bool) -> None:
        """Make a plan and ask the person at the terminal."""
        self.stage.person.answers[:] = [answer]
        before = len(self.stage.person.asked)
        self._run(
            lambda: execute(self.stage.services(yes=yes), world.proposal("web", image=image)), before, answer, yes
        )

    def _run(self, work: Any, asked: int | None = None, answer: Answer | None = None, yes: bool = False) -> None:
        none_needed = self.stage.rules.obligation.approval is Approval.NONE
        try:
            result = work()
        except AgentopsError:
            result = None
        plans = [*self.plans, *([result.planned.plan] if result is not None else [])]
        if result is not None and asked is not None:
            if answer is Answer.APPROVE and len(self.stage.person.asked) > asked:
                self.agreed.add(self.stage.person.asked[-1].plan.digest)
            if yes and none_needed:
                self.agreed.add(result.planned.plan.digest)
        self._check(plans)

    @rule(approval=st.sampled_from(list(Approval)))
    def change_obligation(self, approval: Approval) -> None:
        """Policy asks for more, or for less."""
        self.stage.rules.obligation = replace(self.stage.rules.obligation, approval=approval)

    @rule(deny=st.booleans())
    def change_policy(self, deny: bool) -> None:
        """Policy denies everything, or allows it again."""
        self.stage.rules.deny = lambda asked: "frozen" if deny else ""
        self.stage.rules.digest = f"sha256:{deny}"

    @rule(seconds=st.integers(1, 700))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.stage.clock.now += timedelta(seconds=seconds)

    @rule(image=st.sampled_from(["v2", "v9"]), name=st.sampled_from(["web", "db"]))
    def write_past_us(self, image: str, name: str) -> None:
        """Somebody else writes to the cluster."""
        self.stage.world.write(name, self.stage.world.objects[name]["spec"] | {"image": image})

    @rule(ready=st.integers(0, 3))
    def change_health(self, ready: int) -> None:
        """Pods fail or recover, so that a change may have to be rolled back."""
        self.stage.world.ready["web"] = ready

    @invariant()
    def nothing_unapproved_was_written(self) -> None:
        """The law."""
        if hasattr(self, "unapproved"):
            assert self.unapproved == []

    @invariant()
    def intent_precedes_every_write(self) -> None:
        """There are at least as many recorded intents to write as writes."""
        if hasattr(self, "stage"):
            events = [one.event for one in self.stage.log.records]
            assert events.count("apply") + events.count("rollback_apply") >= len(self.stage.world.writes)


def _may_write(plan: ChangePlan, name: str, spec: dict[str, Any]) -> bool:
    return any(
        step.change.target.name == name
        and (spec == step.preview.calls[0].body["new"] or spec == step.preview.calls[0].body["old"])
        for step in plan.steps
    )


TestPipeline = Pipeline.TestCase
TestPipeline.settings = settings(max_examples=250, stateful_step_count=30, deadline=None)
