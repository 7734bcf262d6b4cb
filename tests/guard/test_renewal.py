"""What decides is read anew right before a change, and again before each of its steps."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from agentops.core.approval import SignedApproval
from agentops.core.errors import NotApproved
from agentops.core.outcome import Status
from agentops.core.plan import ChangePlan
from agentops.guard.pipeline import execute, execute_saved, make_plan
from agentops.guard.pipeline_result import PipelineResult
from agentops.guard.services import Renewed

world = sys.modules["agentops_test_world"]


class _Files:
    """What decides, as files that a test writes: ``changed`` says that they were."""

    def __init__(self, stage: Any) -> None:
        self.stage, self.changed, self.read_only, self.policy = stage, "", False, stage.rules

    def renew(self) -> Renewed:
        context = self.stage.services().policy_context
        return Renewed(policy=self.policy, context=context, read_only=self.read_only, changed=self.changed)

    def write(self, what: str, **said: Any) -> None:
        self.changed = what
        for name, value in said.items():
            setattr(self, name, value)


class _Keys:
    """Trusts the keys of those whose names stand in ``names``, when it is asked."""

    def __init__(self, *names: str) -> None:
        self.names = set(names)

    def signer(self, approval: SignedApproval) -> str:
        name = approval.key_id.removeprefix("k-")
        if name not in self.names:
            raise NotApproved(f"the key of {name} is not trusted here")
        return f"human:{name}"


def _denying(stage: Any) -> Any:
    rules = world.Stage().rules
    rules.digest, rules.deny = "sha256:other", lambda asked: "" if asked.context["dryRun"] else "not today"
    return rules


def _reason(result: PipelineResult) -> str:
    return result.outcome.why


def test_a_policy_that_refuses_it_now(stage: Any) -> None:
    """Written at the question: refused, with what was written first and what it says after it."""
    files = _Files(stage)
    stage.person.before_answer = lambda: files.write("/etc/x.cedar is new", policy=_denying(stage))
    result = execute(stage.services(renew=files.renew), world.proposal())
    assert (result.outcome.status, stage.world.writes) == (Status.REFUSED, [])
    assert "since the plan was shown, /etc/x.cedar is new; policy refuses set on shop/Deployment/web" in _reason(result)


def test_read_only_that_is_set_at_the_question(stage: Any) -> None:
    """Refused before anything is asked of the provider."""
    files = _Files(stage)
    stage.person.before_answer = lambda: files.write("safety.read_only is true now", read_only=True)
    result = execute(stage.services(renew=files.renew), world.proposal())
    assert (result.outcome.status, stage.world.writes) == (Status.REFUSED, [])
    assert "safety.read_only is true now; agentops is read-only here" in _reason(result)


def test_a_policy_that_still_permits_it_is_another_policy(stage: Any) -> None:
    """What was approved was approved under what was shown: stale."""
    files = _Files(stage)
    stage.person.before_answer = lambda: files.write("/etc/x.cedar is another text now")
    result = execute(stage.services(renew=files.renew), world.proposal())
    assert (result.outcome.status, stage.world.writes) == (Status.DECLINED, [])
    assert "since the plan was shown, /etc/x.cedar is another text now" in _reason(result)


def _signed(plan: ChangePlan, now: Any) -> SignedApproval:
    approval = world.approve(plan, now, method="key", key_id="k-bob", signature="signed")
    assert isinstance(approval, SignedApproval)
    return approval


MOMENTS: dict[str, Callable[[Any, Callable[[], None]], None]] = {
    "while it is checked again": lambda stage, act: _when(stage, "blast_radius", act),
    "while the intent is recorded": lambda stage, act: _when_claimed(stage, act),
}


def _when(stage: Any, method: str, act: Callable[[], None]) -> None:
    real, calls = getattr(stage.tool, method), iter(range(100))

    def acting(*given: Any) -> Any:
        # The first two calls are made before the approvals are counted for the first time.
        if next(calls) > 1:
            act()
        return real(*given)

    setattr(stage.tool, method, acting)


def _when_claimed(stage: Any, act: Callable[[], None]) -> None:
    real = stage.journal.claim

    def acting(*given: Any) -> None:
        real(*given)
        act()

    stage.journal.claim = acting


@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
def test_an_approver_who_is_removed_in_the_last_moment(
    stage: Any, moment: Callable[[Any, Callable[[], None]], None]
) -> None:
    """The approval counted at the start and does not when the first call would be sent: it is not sent."""
    keys = _Keys("bob")
    services = stage.services(trust=keys)
    plan = make_plan(services, world.proposal()).planned.plan
    moment(stage, lambda: keys.names.discard("bob"))
    result = execute_saved(services, plan, (_signed(plan, stage.clock()),))
    assert (result.outcome.status is Status.APPLIED, stage.world.writes) == (False, [])
    assert _reason(result) == "an approval that counted does not any more: the key of bob is not trusted here"


def test_a_policy_that_is_written_while_the_intent_is_recorded(stage: Any) -> None:
    """The last look is right before the call."""
    files = _Files(stage)
    _when_claimed(stage, lambda: files.write("/etc/x.cedar is new"))
    result = execute(stage.services(renew=files.renew), world.proposal())
    assert (result.outcome.status is Status.APPLIED, stage.world.writes) == (False, [])
    assert "/etc/x.cedar is new" in _reason(result)


def test_a_policy_that_is_written_between_two_steps(stage: Any) -> None:
    """The second step is not sent, and the first one is taken back."""
    files = _Files(stage)
    stage.world.after_write = lambda name: files.write("/etc/x.cedar is new") if name == "web" else None
    before = {name: found["spec"]["image"] for name, found in stage.world.objects.items()}
    result = execute(stage.services(renew=files.renew), world.proposal("web", "db", image="v9"))
    after = {name: found["spec"]["image"] for name, found in stage.world.objects.items()}
    assert (result.outcome.status, after, [name for name, _ in stage.world.writes]) == (
        Status.ROLLED_BACK,
        before,
        ["web", "web"],
    )


def test_nothing_that_changed_is_nothing_to_stop_for(stage: Any) -> None:
    """Read anew and found the same, the plan is applied."""
    files = _Files(stage)
    result = execute(stage.services(renew=files.renew), world.proposal())
    assert result.outcome.status is Status.APPLIED


def test_what_is_read_anew_cannot_be_read(stage: Any) -> None:
    """Whatever raises there stops the change: nothing unread decides."""

    def broken() -> Renewed:
        raise NotApproved("it cannot be read")

    services = replace(stage.services(), renew=broken)
    result = execute(services, world.proposal())
    assert (result.outcome.status is Status.APPLIED, stage.world.writes) == (False, [])
