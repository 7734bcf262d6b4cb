"""Reversal, ownership of fields and ways back, judged on objects alone: no server is asked."""

from __future__ import annotations

from typing import Any

import pytest

from agentops.core.errors import ToolInputError
from agentops.core.plan import Edit, Ownership
from agentops.core.resource import kubernetes_ref
from agentops.core.risk import Reversal, Risk, highest_risk, least_reversible
from agentops.providers.kubernetes.change.undo import undo_of, with_changes
from agentops.providers.kubernetes.objects.irreversible_effects import irreversible_effects
from agentops.providers.kubernetes.objects.normal_form import normalised
from agentops.providers.kubernetes.objects.ownership import owners_of
from agentops.providers.kubernetes.objects.workloads import replaces_pods

_T = "spec.template.spec"


def test_the_worst_of_several_counts() -> None:
    """Of risks the highest, of reversals the least."""
    assert (
        highest_risk(Risk.LOW, Risk.HIGH, Risk.MEDIUM),
        least_reversible(Reversal.EXACT, Reversal.NONE, Reversal.COMPENSATING),
    ) == (
        Risk.HIGH,
        Reversal.NONE,
    )


def _workload(kind: str, *, image: str = "a", **spec: Any) -> dict[str, Any]:
    template = {"spec": {"containers": [{"name": "web", "image": image}]}}
    return {"kind": kind, "metadata": {"name": "web"}, "spec": {"replicas": 3, "template": template, **spec}}


_RETAIN = {"whenScaled": "Delete", "whenDeleted": "Retain"}


def _claim(storage: str) -> dict[str, Any]:
    return {"kind": "PersistentVolumeClaim", "spec": {"resources": {"requests": {"storage": storage}}}}


_LEFT: dict[str, tuple[dict[str, Any], dict[str, Any], Reversal, int]] = {
    "a new image replaces pods": (
        _workload("Deployment"),
        _workload("Deployment", image="b"),
        Reversal.COMPENSATING,
        1,
    ),
    "a new image on delete does not": (
        _workload("StatefulSet", updateStrategy={"type": "OnDelete"}),
        _workload("StatefulSet", image="b", updateStrategy={"type": "OnDelete"}),
        Reversal.EXACT,
        0,
    ),
    "a new image of a CronJob does not": (_workload("CronJob"), _workload("CronJob", image="b"), Reversal.EXACT, 1),
    "a claim that grew": (_claim("1Gi"), _claim("2Gi"), Reversal.NONE, 1),
    "a ConfigMap made immutable": (
        {"kind": "ConfigMap", "data": {}},
        {"kind": "ConfigMap", "data": {}, "immutable": True},
        Reversal.NONE,
        1,
    ),
    "a pod's toleration": (
        {"kind": "Pod", "spec": {}},
        {"kind": "Pod", "spec": {"tolerations": [{"key": "a"}]}},
        Reversal.NONE,
        1,
    ),
    "more replicas": (_workload("Deployment"), _workload("Deployment", replicas=5), Reversal.EXACT, 0),
    "fewer replicas": (_workload("Deployment"), _workload("Deployment", replicas=1), Reversal.COMPENSATING, 1),
    "fewer replicas with their claims": (
        _workload("StatefulSet", persistentVolumeClaimRetentionPolicy=_RETAIN),
        _workload("StatefulSet", persistentVolumeClaimRetentionPolicy=_RETAIN, replicas=1),
        Reversal.NONE,
        1,
    ),
    "fewer replicas without their claims": (
        _workload("StatefulSet"),
        _workload("StatefulSet", replicas=1),
        Reversal.COMPENSATING,
        1,
    ),
}


@pytest.mark.parametrize("name", _LEFT)
def test_what_an_undo_does_not_bring_back_is_said(name: str) -> None:
    """Replaced pods make it compensating, deleted claims make it irreversible."""
    before, after, reversal, sentences = _LEFT[name]
    residue, found = irreversible_effects(before["kind"], before, after)
    assert (found, len(residue)) == (reversal, sentences)


def test_pods_are_replaced_by_a_changed_template_only() -> None:
    """A label of the workload itself moves no pod."""
    before, job = _workload("Deployment"), _workload("Job")
    labelled = {**before, "metadata": {"name": "web", "labels": {"a": "b"}}}
    assert (replaces_pods(before, labelled), replaces_pods(job, {**job, "spec": {}})) == (False, False)


def test_a_rollout_that_is_resumed_replaces_pods_and_cannot_be_undone_exactly() -> None:
    """A paused Deployment's controller brings the pods to the template when it is resumed; pausing brings none back."""
    paused, resumed = _workload("Deployment", paused=True), _workload("Deployment", paused=False)
    assert (replaces_pods(paused, resumed), irreversible_effects("Deployment", paused, resumed)) == (
        True,
        (("Pods that the resumed rollout replaces do not come back.",), Reversal.COMPENSATING),
    )


_FIELDS = {
    "f:spec": {
        "f:replicas": {},
        "f:selector": {},
        "f:template": {
            "f:spec": {
                "f:containers": {
                    'k:{"name":"web"}': {
                        ".": {},
                        "f:image": {},
                        "f:ports": {'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:name": {}}},
                    }
                }
            }
        },
    }
}
_LIVE = {
    "kind": "Deployment",
    "metadata": {
        "name": "web",
        "managedFields": [
            {"manager": "argocd-controller", "operation": "Apply", "fieldsV1": _FIELDS},
            {"odd": 1},
            "odd",
        ],
    },
    "spec": {
        "replicas": 1,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "spec": {
                "containers": [
                    {"name": "log", "image": "l"},
                    {"name": "web", "image": "a", "ports": [{"name": "http", "containerPort": 80, "protocol": "TCP"}]},
                ]
            }
        },
    },
}
_PATHS = [
    (f"{_T}.containers[web].image", True),
    (f"{_T}.containers[web].ports[http].name", True),
    (f"{_T}.containers[web]", True),
    ("spec.replicas", True),
    ("spec.selector.matchLabels.app", True),
    (f"{_T}.containers[log].image", False),
    (f"{_T}.containers[new]", False),
    (f"{_T}.containers[web].command", False),
    (f"{_T}.containers[web].ports[http].hostPort", False),
    ("spec.paused", False),
    ("data.a", False),
]


@pytest.mark.parametrize(("path", "owned"), _PATHS)
def test_a_managers_fields_are_found_through_lists_and_atomic_maps(path: str, owned: bool) -> None:
    """An item of a list by its keys, an atomic map with all that is in it, and nothing that is beside them."""
    expected = (Ownership(by="argocd-controller", what=path, reverts=True),) if owned else ()
    assert owners_of(_LIVE, [Edit(path=path, old="x", new="y")]) == expected


def test_those_who_revert_come_first_and_once() -> None:
    """Two signs of one owner are one owner."""
    live = {
        "kind": "ConfigMap",
        "metadata": {
            "name": "a",
            "labels": {"app.kubernetes.io/managed-by": "Helm", "argocd.argoproj.io/instance": "x"},
            "annotations": {"argocd.argoproj.io/tracking-id": "x:/ConfigMap:n/a"},
        },
    }
    assert [(one.by, one.reverts) for one in owners_of(live, ())] == [("argocd", True), ("helm", False)]


_REF = kubernetes_ref("c", "shop", "Deployment", "web")


def test_a_way_back_is_found_item_by_item_or_as_a_whole_list() -> None:
    """A new variable at the end is one change; one that pushed itself in before others needs the whole list."""
    old = {"kind": "X", "metadata": {"name": "a"}, "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}
    appended = {**old, "env": [*old["env"], {"name": "C", "value": "3"}]}
    pushed = {**old, "env": [{"name": "C", "value": "3"}, *old["env"]]}
    removed = {**old, "env": old["env"][1:]}
    found = [undo_of(_REF, old, after) for after in (appended, pushed, removed)]
    assert [[one["path"] for one in change.arguments["changes"]] for change in found if change] == [
        ["env[C]"],
        ["env[C]"],
        ["env"],
    ]


def test_a_list_whose_names_change_their_meaning_is_taken_back_as_a_whole() -> None:
    """Where removing items would leave others without their common key, nothing is addressed by it."""
    old = {"kind": "X", "metadata": {"name": "a"}, "ports": [{"name": "x", "port": 1}]}
    new = {**old, "ports": [{"name": "x", "port": 2}, {"name": "y", "port": 3}]}
    change = undo_of(_REF, old, new)
    assert change is not None
    assert normalised(with_changes(new, change.arguments["changes"])) == old


def test_where_items_cannot_be_followed_one_by_one_the_whole_list_goes_back() -> None:
    """Two ports share a number once the named one is gone: only the list as a whole leads back."""
    ports = [{"containerPort": 1}, {"containerPort": 2, "name": "x"}]
    old = {"kind": "X", "metadata": {"name": "a"}, "ports": ports}
    new = {**old, "ports": [{"containerPort": 2, "name": "x"}]}
    change = undo_of(_REF, old, new)
    assert change is not None
    assert ([one["path"] for one in change.arguments["changes"]], with_changes(new, change.arguments["changes"])) == (
        ["ports"],
        old,
    )


def test_a_change_whose_old_value_is_not_there_does_not_count_as_a_way_back() -> None:
    """The proof of an undo checks its preconditions as the tool would."""
    with pytest.raises(ToolInputError, match="is not what it should be"):
        with_changes({"a": 1}, [{"path": "a", "old": 2, "new": 3}])


def test_what_the_server_keeps_for_itself_is_no_part_of_a_comparison() -> None:
    """Status, versions, timestamps, machine annotations, nulls, a Service's address, a node's condition taints."""
    node = {
        "kind": "Node",
        "metadata": {
            "name": "n",
            "uid": "u",
            "resourceVersion": "1",
            "generation": 2,
            "creationTimestamp": "t",
            "managedFields": [],
            "labels": {},
            "annotations": {"volumes.kubernetes.io/controller-managed-attach-detach": "true"},
        },
        "spec": {"taints": [{"key": "node.kubernetes.io/unschedulable"}, {"key": "gpu"}], "podCIDR": None},
        "status": {"phase": "x"},
    }
    job = {
        "kind": "Job",
        "metadata": {"name": "j", "labels": {"controller-uid": "u", "a": "b"}},
        "spec": {"selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": "u"}}, "template": {}},
    }
    secret = {
        "kind": "Secret",
        "metadata": {"name": "s"},
        "data": {"a": "b"},
        "stringData": {"c": "d"},
        "type": "Opaque",
    }
    assert [normalised(one) for one in (node, job, secret)] == [
        {"kind": "Node", "metadata": {"name": "n"}, "spec": {"taints": [{"key": "gpu"}]}},
        {
            "kind": "Job",
            "metadata": {"name": "j", "labels": {"a": "b"}},
            "spec": {"selector": {"matchLabels": {}}, "template": {}},
        },
        {"kind": "Secret", "metadata": {"name": "s"}, "type": "Opaque"},
    ]
