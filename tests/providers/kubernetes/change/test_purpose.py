"""What pods are out for, and that the fix of a broken workload is not harder to get than that of a more broken one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentops.core.plan import Approval, PolicyDecision, Purpose
from agentops.core.policy import PolicyRequest
from agentops.core.resource import kubernetes_ref, parse_ref
from agentops.policy import load_policy
from agentops.providers.kubernetes.impact.disruption import disruption_of
from agentops.providers.kubernetes.impact.impact import Share
from agentops.providers.kubernetes.impact.purpose import Match, purpose_of
from agentops.providers.kubernetes.objects.pod_health import ready_count
from tests.providers.kubernetes.change.test_disruption import pods, rolling, workload
from tests.support.policies import AGENT, PERMITTED, TOOLS, WEB, limits

POLICY = load_policy([], tools=TOOLS, settings=limits())
RECREATE = {"strategy": {"type": "Recreate"}}
EARLIER, UNHEARD_OF = Match(earlier=True), Match()
YES, NO = True, False


def purpose(before: Any, after: Any, live: Sequence[Any], match: Match = EARLIER) -> Purpose:
    """Return what the change's pods are out for."""
    return purpose_of(before, after, live, match, disruption_of(before, after, live, match.pods))


def ruled(
    before: Any, after: Any, live: Sequence[Any], match: Match, environment: str = "production"
) -> PolicyDecision:
    """Return what the shipped policy says of the change with the figures that it has on these pods."""
    cost = disruption_of(before, after, live, match.pods)
    share = Share(workload=kubernetes_ref("c", "shop", "Deployment", "web"), ready=ready_count(live), out=cost.out)
    facts = {
        **PERMITTED,
        "environment": environment,
        "reversal": "compensating",
        "affectedPods": cost.pods,
        "affectedPct": share.percent,
        "purpose": purpose_of(before, after, live, match, cost).value,
    }
    request = PolicyRequest(
        principal=AGENT, action="kubernetes_patch", groups=("mutate",), resource=parse_ref(WEB), context=facts
    )
    return POLICY.decide(request)


BROKEN = workload("Deployment", 3, "a:2", **RECREATE)
MENDED = workload("Deployment", 3, "a:1", **RECREATE)
SHORT = workload("Deployment", 4, "a:2")


@pytest.mark.parametrize(
    ("before", "after", "live", "match", "expected"),
    [
        (BROKEN, MENDED, pods(YES, NO, NO), EARLIER, Purpose.RESTORES),
        (BROKEN, MENDED, pods(YES, YES, NO), EARLIER, Purpose.RESTORES),
        (BROKEN, MENDED, pods(YES, YES, YES), EARLIER, Purpose.NONE),
        (BROKEN, MENDED, pods(YES, YES), EARLIER, Purpose.RESTORES),
        (BROKEN, MENDED, pods(YES, YES, NO), UNHEARD_OF, Purpose.NONE),
        (BROKEN, MENDED, pods(YES, NO, NO), UNHEARD_OF, Purpose.MENDS),
        # A pod of the earlier revision that is not ready either speaks against it.
        (BROKEN, MENDED, pods(YES, NO, NO), Match(pods=frozenset({"x-2"}), earlier=True), Purpose.MENDS),
        (BROKEN, MENDED, pods(YES, NO, YES), Match(pods=frozenset({"x-1"}), earlier=True), Purpose.NONE),
        (BROKEN, {**MENDED, "spec": {**MENDED["spec"], "replicas": 1}}, pods(YES, NO, NO), EARLIER, Purpose.NONE),
        (SHORT, workload("Deployment", 2, "a:2"), pods(YES, YES, YES, YES), UNHEARD_OF, Purpose.SHRINKS),
        (SHORT, workload("Deployment", 0, "a:2"), pods(YES, YES, YES, YES), UNHEARD_OF, Purpose.NONE),
        (SHORT, workload("Deployment", 2, "a:1"), pods(YES, YES, YES, YES), EARLIER, Purpose.NONE),
        (SHORT, workload("Deployment", 6, "a:2"), pods(YES, YES, YES, YES), UNHEARD_OF, Purpose.NONE),
        (workload("StatefulSet", 3), workload("StatefulSet", 1), pods(NO, YES, YES), UNHEARD_OF, Purpose.NONE),
        (workload("StatefulSet", 3), workload("StatefulSet", 1), pods(YES, YES, YES), UNHEARD_OF, Purpose.SHRINKS),
        (workload("DaemonSet"), workload("DaemonSet", image="a:2"), pods(YES, NO), EARLIER, Purpose.RESTORES),
        (BROKEN, None, pods(YES, NO, NO), EARLIER, Purpose.NONE),
        (None, MENDED, [], UNHEARD_OF, Purpose.NONE),
    ],
)
def test_the_purpose_is_read_from_the_pods(before: Any, after: Any, live: Any, match: Match, expected: Purpose) -> None:
    """Back to an earlier revision, anew when half is out, smaller with all that stay ready; anything else is none."""
    assert purpose(before, after, live, match) is expected


def test_the_undo_of_a_half_broken_rollout_has_a_way() -> None:
    """One of three ready under Recreate: 100 % of the ready capacity, so two people, and the ruling says what for."""
    ruling = ruled(BROKEN, MENDED, pods(YES, NO, NO), EARLIER)
    assert (ruling.allowed, ruling.obligation.approval, ruling.because) == (
        True,
        Approval.TWO_PERSON,
        "it goes over max_percent or max_pods, to put right a workload that is not whole",
    )


def test_outside_production_one_person_undoes_it() -> None:
    """The limits are exceeded all the same; what asks for more is staging and production."""
    found = {place: ruled(BROKEN, MENDED, pods(YES, NO, NO), EARLIER, place) for place in ("staging", "development")}
    assert {place: ruling.obligation.approval for place, ruling in found.items() if ruling.allowed} == {
        "staging": Approval.TWO_PERSON,
        "development": Approval.ONE,
    }


@pytest.mark.parametrize(("to", "expected"), [(1, (True, "production-change")), (0, (False, "blast-percent"))])
def test_a_scale_down_is_no_outage(to: int, expected: tuple[bool, str]) -> None:
    """What is not asked for any more is not missing, so one person agrees; nothing left is an outage."""
    before, after, live = workload("Deployment", 4), workload("Deployment", to), pods(YES, YES, YES, YES)
    ruling = ruled(before, after, live, UNHEARD_OF)
    assert (ruling.allowed, *ruling.policies) == expected


def test_a_healthy_workload_is_not_taken_down_by_any_template() -> None:
    """Recreate with all pods ready stays over the limit, whichever revision it goes to."""
    ruling = ruled(BROKEN, MENDED, pods(YES, YES, YES), EARLIER)
    assert (ruling.allowed, ruling.policies) == (False, ("blast-percent",))


COUNTS = st.one_of(st.integers(0, 12), st.integers(0, 100).map(lambda number: f"{number}%"))
STRATEGIES = st.one_of(
    st.just(("Deployment", RECREATE)),
    st.tuples(st.just("Deployment"), st.builds(rolling, COUNTS, COUNTS)),
    st.just(("StatefulSet", {})),
    st.tuples(
        st.just("DaemonSet"),
        COUNTS.map(lambda most: {"updateStrategy": {"rollingUpdate": {"maxUnavailable": most}}}),
    ),
)
MIXES = st.lists(st.booleans(), min_size=1, max_size=12).filter(lambda mix: not all(mix))


def _undo(kind: str, strategy: dict[str, Any], mix: Sequence[bool]) -> PolicyDecision:
    replicas = None if kind == "DaemonSet" else len(mix)
    before = workload(kind, replicas, "a:2", **strategy)
    return ruled(before, workload(kind, replicas, "a:1", **strategy), pods(*mix), EARLIER)


@settings(max_examples=300, deadline=None)
@given(STRATEGIES, MIXES, st.data())
def test_the_more_is_broken_the_easier_its_undo(how: tuple[str, dict[str, Any]], mix: list[bool], data: Any) -> None:
    """Whatever pods are ready: the undo is permitted, and never asks for more when one more pod is broken."""
    worse = list(mix)
    worse[data.draw(st.integers(0, len(mix) - 1))] = False
    now, later = _undo(*how, mix), _undo(*how, worse)
    assert (now.allowed, later.allowed) == (True, True)
    assert later.obligation.approval.rank <= now.obligation.approval.rank


@settings(max_examples=200, deadline=None)
@given(MIXES, st.booleans())
def test_what_is_half_out_can_be_mended_by_any_template(mix: list[bool], recreate: bool) -> None:
    """A new template for a workload of which half or more is out is never forbidden for its capacity."""
    if 2 * sum(mix) > len(mix):
        mix = [False] * len(mix)
    strategy = RECREATE if recreate else {}
    before, after = (workload("Deployment", len(mix), image, **strategy) for image in ("a:2", "a:3"))
    assert ruled(before, after, pods(*mix), UNHEARD_OF).allowed


@given(MIXES)
def test_a_set_that_replaces_in_parallel_can_be_undone(mix: list[bool]) -> None:
    """It may take its last ready pod first, so it may ask for more, but there is a way."""
    before, after = (
        workload("StatefulSet", len(mix), image, podManagementPolicy="Parallel") for image in ("a:2", "a:1")
    )
    assert ruled(before, after, pods(*mix), EARLIER).allowed
