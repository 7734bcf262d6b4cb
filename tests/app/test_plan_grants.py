"""One plan over several places: each place that it touches is asked for a credential, and no other one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from agentops.app.plan_grants import PlanGrants
from agentops.core.errors import ToolError
from agentops.core.plan import Call, ObjectChange, Preview, Verb
from agentops.core.resource import ResourceRef
from agentops.core.risk import Reversal, Risk


class Granted:
    """A grant in memory."""

    def __init__(self, name: str, fails: str = "") -> None:
        self.account, self.place, self.fails = f"account {name}", f"a list of {name}", fails
        self.name, self.done = name, list[str]()
        self.told: list[Sequence[Preview]] = []

    def asking(self, _seconds: int, _digest: str, previews: Sequence[Preview]) -> Call | None:
        self.told.append(previews)
        return Call(verb="ask", method="POST", path=f"/{self.name}")

    def ask(self, call: Call) -> Mapping[str, str]:
        self.done.append(f"ask {call.path}")
        return {"account": self.account, "token_id": self.name}

    def opening(self, _digest: str, previews: Sequence[Preview]) -> Call | None:
        self.told.append(previews)
        return Call(verb="open", method="POST", path=f"/{self.name}")

    def closing(self, _digest: str) -> Call | None:
        return Call(verb="close", method="POST", path=f"/{self.name}")

    def send(self, call: Call) -> None:
        if call.verb == self.fails:
            raise ToolError(f"{self.name} refuses")
        self.done.append(f"{call.verb} {call.path}")

    def give_back(self) -> None:
        self.done.append("give back")


def _preview(*schemes: str) -> Preview:
    refs = [ResourceRef(scheme=one, parts=("1", "r", "s", "t", "n")) for one in schemes]
    objects = tuple(ObjectChange(ref=ref, verb=Verb.UPDATE) for ref in refs)
    return Preview(validated=False, calls=(), objects=objects, risk=Risk.LOW, reversal=Reversal.EXACT)


@pytest.fixture
def both() -> tuple[Granted, Granted, PlanGrants]:
    """A cluster's and an account's."""
    cluster, account = Granted("k8s"), Granted("aws")
    return cluster, account, PlanGrants({"k8s": cluster, "aws": account})


def test_only_what_the_plan_touches_is_asked(both: tuple[Granted, Granted, PlanGrants]) -> None:
    """The call of that place goes on record as it is; the other one hears nothing."""
    cluster, account, grants = both
    call = grants.asking(60, "d", [_preview("aws")])
    assert (call, grants.account) == (Call(verb="ask", method="POST", path="/aws"), "account aws")
    assert call is not None
    assert grants.ask(call) == {"account": "account aws", "token_id": "aws"}
    opening = grants.opening("d", [])
    assert opening is not None
    grants.send(opening)
    assert (cluster.done, account.done) == ([], ["ask /aws", "open /aws"])


def test_a_plan_of_neither_is_asked_for_nothing(both: tuple[Granted, Granted, PlanGrants]) -> None:
    """No credential, and nothing to take back."""
    _, _, grants = both
    assert (grants.asking(60, "d", [_preview("mcp")]), grants.opening("d", []), grants.closing("d")) == (None,) * 3


def test_a_plan_of_both_holds_both_in_one_record(both: tuple[Granted, Granted, PlanGrants]) -> None:
    """One call that names the two; each place is sent its own."""
    cluster, account, grants = both
    call = grants.asking(60, "d", [_preview("k8s", "aws")])
    assert call is not None
    assert [one["path"] for one in call.body["calls"]] == ["/k8s", "/aws"]
    assert grants.ask(call)["token_id"] == "k8s and aws"
    closing = grants.closing("d")
    assert closing is not None
    grants.send(closing)
    grants.give_back()
    assert cluster.done == ["ask /k8s", "close /k8s", "give back"]
    assert account.done == ["ask /aws", "close /aws", "give back"]


def test_each_place_is_told_of_its_own_steps_alone(both: tuple[Granted, Granted, PlanGrants]) -> None:
    """What a plan does elsewhere is not this place's to approve."""
    cluster, account, grants = both
    steps = [_preview("k8s"), _preview("aws"), _preview("mcp"), _preview()]
    grants.asking(60, "d", steps)
    grants.opening("d", steps)
    assert (cluster.told, account.told) == ([steps[:1]] * 2, [steps[1:2]] * 2)


def test_a_call_that_was_not_made_for_the_plan_is_not_sent(both: tuple[Granted, Granted, PlanGrants]) -> None:
    """Whoever hands one in that is on no record."""
    cluster, account, grants = both
    grants.asking(60, "d", [_preview("k8s")])
    with pytest.raises(ToolError, match="was not made for the plan"):
        grants.ask(Call(verb="ask", method="POST", path="/aws"))
    assert (cluster.done, account.done) == ([], [])


def test_one_that_cannot_be_taken_back_leaves_no_other_behind() -> None:
    """All are tried, and the refusal is told."""
    cluster, account = Granted("k8s", "close"), Granted("aws")
    grants = PlanGrants({"k8s": cluster, "aws": account})
    grants.asking(60, "d", [_preview("k8s", "aws")])
    closing = grants.closing("d")
    assert closing is not None
    with pytest.raises(ToolError, match="k8s refuses"):
        grants.send(closing)
    assert account.done == ["close /aws"]
