"""What an approval is bound to: whatever moved between the yes and the apply, nothing is sent."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from agentops.core.errors import AgentopsError
from agentops.core.outcome import Status
from agentops.core.plan import Approval, Change, ChangePlan, Obligation
from agentops.guard.pipeline import execute, execute_saved, make_plan

world = sys.modules["agentops_test_world"]


def _other_arguments(stage: Any, plan: ChangePlan) -> ChangePlan:
    (step,) = plan.steps
    change = replace(step.change, arguments={"image": "v0"})
    return replace(plan, steps=(replace(step, change=change),))


def _other_call(stage: Any, plan: ChangePlan) -> ChangePlan:
    (step,) = plan.steps
    (call,) = step.preview.calls
    preview = replace(step.preview, calls=(replace(call, path="/db"),))
    return replace(plan, steps=(replace(step, preview=preview),))


def _other_target(stage: Any, plan: ChangePlan) -> ChangePlan:
    (step,) = plan.steps
    change = Change(tool="set", target=world.ref("db"), arguments={"image": "v0"})
    return replace(plan, steps=(replace(step, change=change),))


def _recreated(stage: Any, plan: ChangePlan) -> ChangePlan:
    stage.world.uids["web"] = "u-other"
    return plan


def _written(stage: Any, plan: ChangePlan) -> ChangePlan:
    stage.world.write("web", stage.world.objects["web"]["spec"] | {"replicas": 4})
    return plan


def _same_field_written(stage: Any, plan: ChangePlan) -> ChangePlan:
    stage.world.write("web", stage.world.objects["web"]["spec"] | {"image": "v7"})
    return plan


def _gone(stage: Any, plan: ChangePlan) -> ChangePlan:
    del stage.world.objects["web"]
    return plan


def _other_policy(stage: Any, plan: ChangePlan) -> ChangePlan:
    stage.rules.digest = "sha256:other"
    return plan


def _stricter_policy(stage: Any, plan: ChangePlan) -> ChangePlan:
    stage.rules.obligation = replace(stage.rules.obligation, verify_s=30)
    return plan


def _denying_policy(stage: Any, plan: ChangePlan) -> ChangePlan:
    stage.rules.deny = lambda asked: "frozen"
    return plan


def _larger_blast(stage: Any, plan: ChangePlan) -> ChangePlan:
    stage.tool.blast = replace(stage.tool.blast, percent=26)
    return plan


def _unknown_blast(stage: Any, plan: ChangePlan) -> ChangePlan:
    stage.tool.blast = replace(stage.tool.blast, instances=None, unknown=("pods in shop",))
    return plan


def _expired(stage: Any, plan: ChangePlan) -> ChangePlan:
    stage.clock.now += timedelta(seconds=601)
    return plan


def _longer_life(stage: Any, plan: ChangePlan) -> ChangePlan:
    return replace(plan, expires_at=plan.expires_at + timedelta(hours=1))


def _other_context(stage: Any, plan: ChangePlan) -> ChangePlan:
    return replace(plan, scopes=(replace(world.SCOPE, place="prod"),))


def _other_cluster(stage: Any, plan: ChangePlan) -> ChangePlan:
    return replace(plan, scopes=(replace(world.SCOPE, server="https://elsewhere.test"),))


def _weaker_obligation(stage: Any, plan: ChangePlan) -> ChangePlan:
    return replace(plan, obligation=Obligation(approval=Approval.NONE, ttl_s=600, verify_s=60))


def _other_undo(stage: Any, plan: ChangePlan) -> ChangePlan:
    (step,) = plan.steps
    return replace(plan, steps=(replace(step, preview=replace(step.preview, undo=())),))


MOVES = (
    _other_arguments, _other_call, _other_target, _recreated, _written, _same_field_written, _gone, _other_policy,
    _stricter_policy, _denying_policy, _larger_blast, _unknown_blast, _expired, _longer_life, _other_context,
    _other_cluster, _weaker_obligation, _other_undo,
)  # fmt: skip
MEANWHILE = (
    _recreated, _written, _same_field_written, _gone, _other_policy, _stricter_policy, _denying_policy, _larger_blast,
    _unknown_blast, _expired,
)  # fmt: skip


@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.__name__.strip("_"))
def test_whatever_moved_after_the_approval_is_refused(
    stage: Any, move: Callable[[Any, ChangePlan], ChangePlan]
) -> None:
    """A signed approval of a saved plan counts for that plan in that world under that policy, and for no other."""
    services = stage.services()
    plan = make_plan(services, world.proposal()).planned.plan
    signed = world.approve(plan, stage.clock(), method="key", key_id="k-bob", signature="signed")
    before = dict(stage.world.objects)
    altered = move(stage, plan)
    moved = {name: found for name, found in stage.world.objects.items() if before.get(name) != found}
    try:
        status = execute_saved(services, altered, (signed,)).outcome.status
    except AgentopsError as error:
        status = error.exit_code
    assert (status is Status.APPLIED, stage.world.writes) == (False, []), (status, moved)


@pytest.mark.parametrize("move", MEANWHILE, ids=lambda move: move.__name__.strip("_"))
def test_whatever_moves_while_the_person_thinks_is_refused(
    stage: Any, move: Callable[[Any, ChangePlan], ChangePlan]
) -> None:
    """Between what is shown on the terminal and the yes, the world may move: then nothing is sent."""
    stage.person.before_answer = lambda: move(stage, stage.person.asked[-1].plan)
    result = execute(stage.services(), world.proposal())
    assert (result.outcome.status is Status.APPLIED, stage.world.writes) == (False, [])


@pytest.mark.parametrize(
    "forged",
    [
        {"plan_digest": "sha256:" + "0" * 64},
        {"expires_at": world.NOW},
        {"method": "policy"},
        {"method": "hearsay"},
        {"method": "key", "key_id": "k-bob", "signature": "forged"},
        {"method": "key", "key_id": "stranger", "signature": "signed"},
    ],
    ids=str,
)
def test_forged_approval_is_refused(stage: Any, forged: dict[str, Any]) -> None:
    """Every field of what an approver returns is checked; it cannot approve by itself."""
    stage.person.forge = lambda approval: replace(approval, **forged)
    result = execute(stage.services(), world.proposal())
    assert (result.outcome.status, stage.world.writes) == (Status.DECLINED, [])


@pytest.mark.parametrize(
    ("names", "enough"),
    [
        ((), False),
        (("bob",), False),
        (("bob", "bob"), False),
        (("ana", "bob"), False),
        (("bob", "eve"), True),
        (("ana", "bob", "eve"), True),
    ],
)
def test_two_people_means_two_keys_and_not_the_requester(stage: Any, names: tuple[str, ...], *, enough: bool) -> None:
    """Two different people with a key each, neither of them the one who asks."""
    stage.rules.obligation = Obligation(approval=Approval.TWO_PERSON, ttl_s=600, verify_s=60)
    services = stage.services()
    plan = make_plan(services, world.proposal()).planned.plan
    given = tuple(
        world.approve(plan, stage.clock(), by=f"human:{name}", method="key", key_id=f"k-{name}", signature="signed")
        for name in names
    )
    status = execute_saved(services, plan, given).outcome.status
    assert (status is Status.APPLIED, bool(stage.world.writes)) == (enough, enough)


def test_whoever_runs_the_plan_is_not_one_of_the_two(stage: Any) -> None:
    """A plan file that names another requester does not let its runner approve it as well."""
    stage.rules.obligation = Obligation(approval=Approval.TWO_PERSON, ttl_s=600, verify_s=60)
    services = stage.services()
    plan = replace(make_plan(services, world.proposal()).planned.plan, requester="human:zoe")
    given = tuple(
        world.approve(plan, stage.clock(), by=f"human:{name}", method="key", key_id=f"k-{name}", signature="signed")
        for name in ("ana", "bob")
    )
    assert (execute_saved(services, plan, given).outcome.status, stage.world.writes) == (Status.DECLINED, [])


def test_plan_of_a_model_is_tainted_whatever_its_file_says(stage: Any) -> None:
    """Taint is not the file's to deny: a plan that neither triage nor a person proposed is a model's."""
    services = stage.services()
    plan = make_plan(services, world.proposal()).planned.plan
    plan = replace(plan, intent=replace(plan.intent, by="claude"), tainted=False)
    stage.rules.asked.clear()
    signed = world.approve(plan, stage.clock(), method="key", key_id="k-bob", signature="signed")
    execute_saved(services, plan, (signed,))
    assert {asked.context["tainted"] for asked in stage.rules.asked} == {True}


def test_terminal_is_not_two_people(stage: Any) -> None:
    """Where policy wants two, the one at the terminal is not even asked."""
    stage.rules.obligation = Obligation(approval=Approval.TWO_PERSON, ttl_s=600, verify_s=60)
    result = execute(stage.services(), world.proposal())
    assert (result.outcome.status, stage.person.asked) == (Status.DECLINED, [])


def test_of_two_at_once_exactly_one_applies(stage: Any) -> None:
    """Two threads with one plan and one approval: one claim succeeds."""
    services = stage.services()
    plan = make_plan(services, world.proposal()).planned.plan
    signed = world.approve(plan, stage.clock(), method="key", key_id="k-bob", signature="signed")
    lock, gate, found = threading.Lock(), threading.Barrier(2), []
    claim = stage.journal.claim

    def one_at_a_time(kept: ChangePlan, change_id: str) -> None:
        gate.wait(timeout=10)
        with lock:
            claim(kept, change_id)

    stage.journal.claim = one_at_a_time

    def run() -> None:
        found.append(execute_saved(services, plan, (signed,)).outcome.status)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert (sorted(found), len(stage.world.writes)) == ([Status.APPLIED, Status.DECLINED], 1)
