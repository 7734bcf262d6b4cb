"""Draining a node."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from agentops.core.errors import ClusterError, Stale, ToolError, ToolInputError
from agentops.core.plan import Change, Preview
from agentops.core.risk import Reversal, Risk
from agentops.providers.kubernetes.change.tools.drain import send_drain
from agentops.sandbox.store import copy_json, key_of

DRAIN = "kubernetes_drain"
NODE = "-/Node/worker-3"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def on_node(one: Any, node: str = "worker-3") -> dict[str, dict[str, Any]]:
    """Return the pods of a node by ``NAMESPACE/NAME``, in order."""
    pods = [pod for pod in one.sandbox.simulation.store.list("Pod") if pod["spec"].get("nodeName") == node]
    named = {f"{pod['metadata']['namespace']}/{pod['metadata']['name']}": pod for pod in pods}
    return dict(sorted(named.items()))


def of_daemons(pods: dict[str, dict[str, Any]]) -> list[str]:
    """Return the names of the pods that a DaemonSet has."""
    return [name for name, pod in pods.items() if pod["metadata"]["ownerReferences"][0]["kind"] == "DaemonSet"]


def edit(one: Any, name: str, change: Callable[[dict[str, Any]], None]) -> None:
    """Change a stored pod."""
    pod = copy_json(on_node(one)[name])
    change(pod)
    one.sandbox.simulation.store.update(pod)


def test_every_pod_has_its_own_call(world: Callable[..., Any]) -> None:
    """Cordon first, then each pod that no DaemonSet owns, in order; the undo lets the node take pods again."""
    one = world("stale-alert")
    pods = on_node(one)
    going = [name for name in pods if name not in of_daemons(pods)]
    preview = one.preview(DRAIN, NODE, {})
    paths = [f"/api/v1/namespaces/{name.split('/')[0]}/pods/{name.split('/')[1]}/eviction" for name in going]
    assert [call.path for call in preview.calls] == ["/api/v1/nodes/worker-3", *paths]
    assert [change.ref.short for change in preview.objects] == [
        "Node/worker-3",
        *(f"{name.split('/')[0]}/Pod/{name.split('/')[1]}" for name in going),
    ]
    uncordon = Change(tool="kubernetes_uncordon", target=one.ref(NODE), reason="undoes the drain")
    assert (preview.risk, preview.reversal, preview.undo) == (Risk.HIGH, Reversal.COMPENSATING, (uncordon,))
    assert all(name in preview.warnings[0] for name in of_daemons(pods))


def test_the_pods_go_and_the_workloads_come_back(world: Callable[..., Any]) -> None:
    """After the drain only DaemonSets' pods are on the node, and every target is ready elsewhere."""
    one = world("stale-alert")
    preview = one.preview(DRAIN, NODE, {})
    receipt = one.appliers[DRAIN].apply(preview)
    one.sandbox.advance(180)
    found = one.tools[DRAIN].observe(preview)
    assert sorted(on_node(one)) == sorted(of_daemons(on_node(one)))
    assert receipt.notes[0] == f"{len(preview.calls) - 1} pods evicted"
    assert [target.ref.short for target in found.targets if not target.settled] == []
    assert [value for key, value in found.objects.items() if "/Pod/" in key] == [None] * (len(preview.calls) - 1)


def test_a_budget_that_refuses_stops_it_before_it_begins(world: Callable[..., Any]) -> None:
    """The dry run tells which budget refuses which pod; the node is not even cordoned."""
    one = world("pdb-blocks-drain")
    pods = one.sandbox.simulation.store.list("Pod", "shop")
    node = next(pod["spec"]["nodeName"] for pod in pods if pod["metadata"]["name"].startswith("web-"))
    before = one.live(f"-/Node/{node}")
    with pytest.raises(ToolError) as caught:
        one.preview(DRAIN, f"-/Node/{node}", {})
    assert caught.value.code == "disruption-budget"
    assert "(shop/web needs 3 healthy pods and has 3)" in caught.value.message
    assert one.live(f"-/Node/{node}") == before


@pytest.mark.parametrize(
    ("change", "argument", "words", "reversal"),
    [
        (
            lambda pod: pod["metadata"].pop("ownerReferences"),
            "delete_bare_pods",
            "no controller would make these pods again",
            Reversal.NONE,
        ),
        (
            lambda pod: pod["spec"].setdefault("volumes", []).append({"name": "tmp", "emptyDir": {}}),
            "delete_emptydir",
            "would lose emptyDir data",
            Reversal.COMPENSATING,
        ),
    ],
)
def test_what_would_be_lost_must_be_said(
    world: Callable[..., Any], change: Any, argument: str, words: str, reversal: Reversal
) -> None:
    """A bare pod or emptyDir data refuses the drain until the argument allows exactly that."""
    one = world("stale-alert")
    name = next(name for name in on_node(one) if name not in of_daemons(on_node(one)))
    edit(one, name, change)
    with pytest.raises(ToolInputError, match=words) as caught:
        one.preview(DRAIN, NODE, {})
    assert name in caught.value.message
    assert one.preview(DRAIN, NODE, {argument: True}).reversal is reversal


def test_static_and_ending_pods_stay(world: Callable[..., Any]) -> None:
    """A static pod is its kubelet's, and what is being deleted is not evicted again; both are named."""
    one = world("stale-alert")
    first, second = [name for name in on_node(one) if name not in of_daemons(on_node(one))][:2]
    edit(
        one,
        first,
        lambda pod: pod["metadata"].setdefault("annotations", {}).update({"kubernetes.io/config.mirror": "x"}),
    )
    one.appliers["kubernetes_delete_pod"].apply(
        one.preview("kubernetes_delete_pod", second.replace("/", "/Pod/"), {"grace_period_s": 3000})
    )
    preview = one.preview(DRAIN, NODE, {})
    assert not {first, second} & {change.ref.short.replace("/Pod/", "/") for change in preview.objects}
    assert f"{first} (static)" in preview.warnings[0]
    assert f"{second} (being deleted)" in preview.warnings[0]


def test_a_grace_period_goes_into_every_eviction(world: Callable[..., Any]) -> None:
    """The argument stands in each call's delete options."""
    preview = world("stale-alert").preview(DRAIN, NODE, {"grace_period_s": 7})
    assert {call.body["deleteOptions"]["gracePeriodSeconds"] for call in preview.calls[1:]} == {7}


def test_who_may_not_evict_gets_no_preview(world: Callable[..., Any]) -> None:
    """A refusal that is not a budget's is passed on."""
    one = world("stale-alert", context="operator")
    with pytest.raises(ClusterError, match="forbidden"):
        one.preview(DRAIN, NODE, {})


def test_a_node_that_changed_is_stale_before_any_pod_goes(world: Callable[..., Any]) -> None:
    """Somebody else's edit of the node stops the drain at its first call."""
    one = world("stale-alert")
    preview = one.preview(DRAIN, NODE, {})
    store = one.sandbox.simulation.store
    node = copy_json(next(n for n in store.list("Node") if n["metadata"]["name"] == "worker-3"))
    node["metadata"]["uid"] = "another"
    store.remove(key_of(node))
    store.create(node)
    with pytest.raises(Stale):
        one.appliers[DRAIN].apply(preview)
    assert len(on_node(one)) == len(preview.objects) - 1 + len(of_daemons(on_node(one)))


def test_a_node_that_is_cordoned_stays_so(world: Callable[..., Any]) -> None:
    """Who did not cordon it does not uncordon it."""
    one = world("stale-alert")
    one.appliers["kubernetes_cordon"].apply(one.preview("kubernetes_cordon", NODE, {}))
    preview = one.preview(DRAIN, NODE, {})
    assert (preview.undo, any("/nodes/" in call.path for call in preview.calls)) == ((), False)
    assert "The node is cordoned already and stays so when this is undone." in preview.warnings


def test_blast_radius_of_a_drain(world: Callable[..., Any]) -> None:
    """The pods that go are counted, each workload by itself; a single pod that goes is all of its workload."""
    one = world("stale-alert")
    preview = one.preview(DRAIN, NODE, {})
    found = one.tools[DRAIN].blast_radius(preview)
    assert (found.objects, found.instances, found.percent, found.unknown) == (
        len(preview.objects),
        len(preview.objects) - 1,
        100,
        (),
    )


class Refusing:
    """A writer whose first evictions are refused by a budget, as when the pods before are not ready again yet."""

    def __init__(self, writer: Any, times: int) -> None:
        self.writer, self.times = writer, times

    def send(self, call: Any) -> Any:
        """Refuse evictions a number of times, then send."""
        if call.path.endswith("/eviction") and self.times:
            self.times -= 1
            raise ClusterError("the disruption budget web needs 2 healthy pods", code="disruption-budget")
        return self.writer.send(call)


def patiently(one: Any, preview: Preview, times: int) -> Any:
    """Send a drain to a writer that refuses, with a clock that moves when somebody waits."""
    waited = [0.0]

    def sleep(seconds: float) -> None:
        waited[0] += seconds

    writer: Any = Refusing(one.clients.writer, times)
    return send_drain(writer, preview, lambda: NOW, sleep=sleep, seconds=lambda: waited[0], wait_s=10)


def test_it_waits_for_a_budget(world: Callable[..., Any]) -> None:
    """An eviction that is refused for a while is tried again until the budget lets it through."""
    one = world("stale-alert")
    preview = one.preview(DRAIN, NODE, {})
    assert patiently(one, preview, 3).notes[0] == f"{len(preview.calls) - 1} pods evicted"


def test_it_does_not_wait_for_ever(world: Callable[..., Any]) -> None:
    """A budget that never allows it ends the drain, and the message says how far it came."""
    one = world("stale-alert")
    preview = one.preview(DRAIN, NODE, {})
    with pytest.raises(ClusterError) as caught:
        patiently(one, preview, 1000)
    assert caught.value.message.endswith(f"(call 2 of {len(preview.calls)}; those before it were applied)")


def test_a_pod_that_is_gone_already_is_no_trouble(world: Callable[..., Any]) -> None:
    """What somebody else deleted in the meantime is noted, and the others are evicted."""
    one = world("stale-alert")
    preview = one.preview(DRAIN, NODE, {})
    going = preview.objects[1].ref.short
    one.appliers["kubernetes_delete_pod"].apply(one.preview("kubernetes_delete_pod", going, {}))
    one.sandbox.advance(60)
    assert one.appliers[DRAIN].apply(preview).notes == (
        f"{len(preview.calls) - 2} pods evicted",
        f"{going} was gone already",
    )
