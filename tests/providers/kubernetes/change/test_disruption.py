"""The arithmetic of rollouts: how many pods are replaced, how many ready ones are out at the worst moment."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentops.providers.kubernetes.impact.disruption import disruption_of, resolve


def workload(kind: str, replicas: int | None = None, image: str = "a:1", **spec: Any) -> dict[str, Any]:
    """Return a workload of one container."""
    count = {} if replicas is None else {"replicas": replicas}
    return {"kind": kind, "spec": {"template": {"spec": {"containers": [{"image": image}]}}, **count, **spec}}


def pods(*ready: bool, mark: str = "1", stem: str = "x") -> list[dict[str, Any]]:
    """Return pods x-0, x-1, ... that are ready or not."""
    return [
        {
            "kind": "Pod",
            "metadata": {"name": f"{stem}-{number}", "labels": {"pod-template-hash": mark}},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": str(one)}]},
        }
        for number, one in enumerate(ready)
    ]


def rolling(unavailable: Any, surge: Any) -> dict[str, Any]:
    """Return a Deployment's strategy."""
    return {"strategy": {"rollingUpdate": {"maxUnavailable": unavailable, "maxSurge": surge}}}


YES, NO = True, False
DEPLOYMENTS: dict[str, tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]], tuple[int, int, int]]] = {
    "25 % of 4 is one": (
        workload("Deployment", 4),
        workload("Deployment", 4, "a:2"),
        pods(YES, YES, YES, YES),
        (4, 4, 1),
    ),
    "25 % of 3 is none": (workload("Deployment", 3), workload("Deployment", 3, "a:2"), pods(YES, YES, YES), (3, 3, 0)),
    "what is not ready is no capacity": (
        workload("Deployment", 4),
        workload("Deployment", 4, "a:2"),
        pods(YES, YES, NO, NO),
        (4, 4, 0),
    ),
    "the floor is replicas less maxUnavailable": (
        workload("Deployment", 10),
        workload("Deployment", 10, "a:2", **rolling("30%", 0)),
        pods(*[YES] * 8, NO, NO),
        (10, 10, 1),
    ),
    "a new template and fewer replicas at once": (
        workload("Deployment", 4),
        workload("Deployment", 2, "a:2", **rolling(0, 1)),
        pods(YES, YES, YES, YES),
        (4, 4, 2),
    ),
    "pods that a quota held back are made": (
        workload("Deployment", 3),
        workload("Deployment", 3, "a:2"),
        pods(YES),
        (3, 3, 0),
    ),
    "resuming a paused rollout replaces what is old": (
        workload("Deployment", 2, "a:2", paused=True),
        workload("Deployment", 2, "a:2", **rolling(1, 0)),
        pods(YES, YES),
        (2, 2, 1),
    ),
    "scaling down takes unready pods first": (
        workload("Deployment", 4),
        workload("Deployment", 2),
        pods(YES, YES, YES, NO),
        (2, 4, 1),
    ),
    "scaling down to what is there stops nothing": (
        workload("Deployment", 3),
        workload("Deployment", 1),
        pods(YES),
        (0, 1, 0),
    ),
    "scaling down in a rollout is judged by the floor": (
        workload("Deployment", 4),
        workload("Deployment", 3, **rolling(1, 0)),
        [*pods(YES, YES, YES), *pods(NO, mark="2", stem="y")],
        (1, 4, 1),
    ),
    "scaling down outside a rollout is not bound by the floor": (
        workload("Deployment", 4),
        workload("Deployment", 2, **rolling(1, 0)),
        pods(YES, YES, YES, YES),
        (2, 4, 2),
    ),
    "scaling down in a rollout to where the floor is nothing": (
        workload("Deployment", 3),
        workload("Deployment", 1, **rolling(1, 0)),
        [*pods(YES, YES, YES), *pods(NO, mark="2", stem="y")],
        (2, 4, 3),
    ),
    "scaling down by one with two pods of a surge": (
        workload("Deployment", 3),
        workload("Deployment", 2),
        pods(YES, YES, YES, NO, NO),
        (1, 5, 0),
    ),
    "a paused Deployment waits": (
        workload("Deployment", 2),
        workload("Deployment", 2, "a:2", paused=True),
        pods(YES, YES),
        (0, 2, 0),
    ),
    "no replicas given is one": (workload("Deployment"), workload("Deployment", 3), pods(YES), (2, 3, 0)),
}
STATEFUL: dict[str, tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]], tuple[int, int, int]]] = {
    "one at a time": (
        workload("StatefulSet", 3),
        workload("StatefulSet", 3, "a:2"),
        pods(YES, YES, YES),
        (3, 3, 1),
    ),
    "only above the partition": (
        workload("StatefulSet", 4),
        workload("StatefulSet", 4, "a:2", updateStrategy={"rollingUpdate": {"partition": 3}}),
        pods(YES, YES, YES, YES),
        (1, 4, 1),
    ),
    "maxUnavailable as it is given": (
        workload("StatefulSet", 4),
        workload("StatefulSet", 4, "a:2", updateStrategy={"rollingUpdate": {"maxUnavailable": "50%"}}),
        pods(YES, YES, YES, YES),
        (4, 4, 2),
    ),
    "none is ready, none is lost": (
        workload("StatefulSet", 2),
        workload("StatefulSet", 2, "a:2"),
        pods(NO, NO),
        (2, 2, 0),
    ),
    "scaling down takes the highest ordinals, ready or not": (
        workload("StatefulSet", 3),
        workload("StatefulSet", 1),
        pods(NO, YES, YES),
        (2, 3, 2),
    ),
    "missing pods are made, and until they are ready none is taken": (
        workload("StatefulSet", 3),
        workload("StatefulSet", 3, "a:2"),
        pods(YES),
        (3, 3, 0),
    ),
    "what is out already does not add to what it takes out": (
        workload("StatefulSet", 3),
        workload("StatefulSet", 3, "a:2"),
        pods(YES, NO, NO),
        (3, 3, 0),
    ),
    "in parallel the last ready pod may go first": (
        workload("StatefulSet", 3),
        workload("StatefulSet", 3, "a:2", podManagementPolicy="Parallel"),
        pods(NO, NO, YES),
        (3, 3, 1),
    ),
    "update on deletion waits": (
        workload("StatefulSet", 2),
        workload("StatefulSet", 2, "a:2", updateStrategy={"type": "OnDelete"}),
        pods(YES, YES),
        (0, 2, 0),
    ),
    "ordinals may begin elsewhere": (
        workload("StatefulSet", 2, ordinals={"start": 1}),
        workload("StatefulSet", 1, ordinals={"start": 1}),
        pods(YES, YES, YES)[1:],
        (1, 2, 1),
    ),
}
OTHERS: dict[str, tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]], tuple[int, int, int]]] = {
    "a DaemonSet replaces what is not ready first": (
        workload("DaemonSet"),
        workload("DaemonSet", image="a:2", updateStrategy={"rollingUpdate": {"maxUnavailable": 2}}),
        pods(YES, YES, YES, NO),
        (4, 4, 1),
    ),
    "a DaemonSet goes one by one when it does not say": (
        workload("DaemonSet"),
        workload("DaemonSet", image="a:2"),
        pods(YES, YES, YES),
        (3, 3, 1),
    ),
    "a DaemonSet that allows none out still takes one": (
        workload("DaemonSet"),
        workload("DaemonSet", image="a:2", updateStrategy={"rollingUpdate": {"maxUnavailable": "0%"}}),
        pods(YES, YES, YES),
        (3, 3, 1),
    ),
    "a DaemonSet that updates on deletion waits": (
        workload("DaemonSet"),
        workload("DaemonSet", image="a:2", updateStrategy={"type": "OnDelete"}),
        pods(YES),
        (0, 1, 0),
    ),
    "a CronJob's next run is of the new spec": (
        workload("CronJob"),
        workload("CronJob", suspend=True),
        [],
        (0, 0, 0),
    ),
    "a Job without a number runs one pod": (
        {"kind": "Job", "spec": {"suspend": True}},
        {"kind": "Job", "spec": {}},
        [],
        (1, 1, 0),
    ),
    "a DaemonSet that surges takes none out": (
        workload("DaemonSet"),
        workload("DaemonSet", image="a:2", updateStrategy={"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}),
        pods(YES, YES),
        (2, 2, 0),
    ),
    "suspending a Job stops its pods": (
        workload("Job", parallelism=2, completions=5),
        workload("Job", parallelism=2, completions=5, suspend=True),
        pods(YES, YES),
        (2, 2, 2),
    ),
    "resuming a Job makes as many as run at one time": (
        workload("Job", parallelism=4, completions=3, suspend=True),
        workload("Job", parallelism=4, completions=3),
        [],
        (3, 3, 0),
    ),
    "a ReplicaSet's template is for new pods only": (
        workload("ReplicaSet", 2),
        workload("ReplicaSet", 2, "a:2"),
        pods(YES, YES),
        (0, 2, 0),
    ),
}
ALL = {**DEPLOYMENTS, **STATEFUL, **OTHERS}


@pytest.mark.parametrize(("before", "after", "live", "expected"), ALL.values(), ids=ALL)
def test_toll(before: Any, after: Any, live: list[dict[str, Any]], expected: tuple[int, int, int]) -> None:
    """Pods concerned, pods in all and ready pods out are what the controller's documentation says."""
    found = disruption_of(before, after, live, frozenset())
    assert (found.pods, found.total, found.out) == expected


@pytest.mark.parametrize(
    ("after", "live", "expected"),
    [
        (workload("Deployment", 4), [], (4, 4, 0)),
        (workload("Deployment", 4), pods(YES), (3, 4, 0)),
        (workload("Deployment", 1), pods(YES, YES), (0, 2, 0)),
        (workload("Job", parallelism=3, completions=2), [], (2, 2, 0)),
        (workload("Job", parallelism=3), [], (3, 3, 0)),
        (workload("Job", suspend=True), [], (0, 0, 0)),
    ],
)
def test_what_is_made_stops_nothing(after: Any, live: list[dict[str, Any]], expected: tuple[int, int, int]) -> None:
    """A new workload makes as many pods as it asks for, less those that it finds."""
    found = disruption_of(None, after, live, frozenset())
    assert (found.pods, found.total, found.out) == expected


@pytest.mark.parametrize(("policy", "held"), [("OrderedReady", True), ("Parallel", False)])
def test_an_unready_pod_holds_up_an_ordered_stateful_set(policy: str, held: bool) -> None:
    """The reason names the pod, and that deleting it helps."""
    before, after = workload("StatefulSet", 2), workload("StatefulSet", 2, "a:2", podManagementPolicy=policy)
    why = disruption_of(before, after, pods(YES, NO), frozenset()).why
    assert why.endswith("it does not begin while x-1 is not ready, and deleting that pod helps") is held


def test_the_reasons_have_the_numbers() -> None:
    """A scaling says from what to what, and how many pods that is."""
    assert disruption_of(workload("Deployment", 2), workload("Deployment", 5), pods(YES, YES), frozenset()).why == (
        "scaling from 2 to 5 makes 3 pods and stops none"
    )


def test_pods_of_the_wanted_template_stay() -> None:
    """A rollout back to a template keeps the pods that have it."""
    live = [*pods(YES, YES), *pods(NO, mark="2", stem="y")]
    found = disruption_of(workload("Deployment", 2, "a:2"), workload("Deployment", 2), live, frozenset({"x-0", "x-1"}))
    assert (found.pods, found.total, found.out) == (1, 3, 0)


def test_unknown_revisions_leave_no_figure() -> None:
    """When it is not known which pods have the template already, nothing is said."""
    found = disruption_of(workload("Deployment", 2), workload("Deployment", 2, "a:2"), pods(YES, YES), None)
    assert (found.pods, found.total, found.out) == (None, None, None)


def test_a_new_daemon_sets_nodes_are_not_known() -> None:
    """On how many nodes a new DaemonSet lands is the scheduler's to say."""
    found = disruption_of(None, workload("DaemonSet"), (), frozenset())
    assert (found.pods, found.total, found.out) == (None, None, 0)


@pytest.mark.parametrize(
    ("value", "total", "up", "expected"),
    [
        ("25%", 3, False, 0),
        ("25%", 3, True, 1),
        (2, 3, False, 2),
        ("2", 3, True, 2),
        ("100%", 7, True, 7),
        ("0%", 7, True, 0),
    ],
)
def test_percentages_round_as_the_controllers_do(value: Any, total: int, up: bool, expected: int) -> None:
    """maxUnavailable of a Deployment rounds down, maxSurge and a DaemonSet's maxUnavailable up."""
    assert resolve(value, total, up=up) == expected


@given(
    replicas=st.integers(0, 20),
    ready=st.lists(st.booleans(), max_size=25),
    unavailable=st.one_of(st.integers(0, 20), st.integers(0, 100).map(lambda n: f"{n}%")),
    surge=st.one_of(st.integers(0, 20), st.integers(0, 100).map(lambda n: f"{n}%")),
)
def test_a_rolling_update_never_loses_more_than_there_is(
    replicas: int, ready: list[bool], unavailable: Any, surge: Any
) -> None:
    """Whatever the strategy, what is out is at most what was ready, and what is left at least the floor or what was."""
    strategy = rolling(unavailable, surge)
    after = workload("Deployment", replicas, "a:2", **strategy)
    found = disruption_of(workload("Deployment", replicas, **strategy), after, pods(*ready), frozenset())
    least = replicas - max(resolve(unavailable, replicas, up=False), 1)
    assert found.out is not None
    assert 0 <= found.out <= sum(ready)
    assert sum(ready) - found.out >= min(sum(ready), least)
