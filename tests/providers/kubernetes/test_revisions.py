"""Revisions of a workload: which objects are its revisions, and what each changed."""

from __future__ import annotations

from typing import Any

from agentops.core.plan import Edit
from agentops.providers.kubernetes.objects.difference import leaf_edits
from agentops.providers.kubernetes.objects.revisions import changes_of, revisions_among

WEB = {"kind": "Deployment", "metadata": {"name": "web", "uid": "1"}}
AGENT = {"kind": "DaemonSet", "metadata": {"name": "agent", "uid": "2"}}


def _replica_set(number: str | None, template: dict[str, Any], *, owner: str = "1") -> dict[str, Any]:
    annotations = {} if number is None else {"deployment.kubernetes.io/revision": number}
    return {
        "metadata": {
            "name": f"web-{number}",
            "annotations": annotations,
            "ownerReferences": [{"kind": "Deployment", "name": "web", "uid": owner, "controller": True}],
        },
        "spec": {"template": template},
    }


def _controller_revision(number: int, template: dict[str, Any]) -> dict[str, Any]:
    owner = {"kind": "DaemonSet", "name": "agent", "uid": "2", "controller": True}
    return {
        "metadata": {"name": f"agent-{number}", "ownerReferences": [owner]},
        "revision": number,
        "data": {"spec": {"template": {"$patch": "replace", **template}}},
    }


def test_a_revision_is_what_the_workload_owns_and_the_controller_numbered() -> None:
    """A ReplicaSet of a Deployment that had the same name before, or one without a number, is no revision."""
    found = [
        _replica_set("9", {}), _replica_set("10", {}), _replica_set("11", {}, owner="deleted long ago"),
        _replica_set(None, {}), _replica_set("nonsense", {}),
    ]  # fmt: skip
    assert [revision.number for revision in revisions_among(WEB, found)] == [10, 9]


def test_what_controllers_add_to_a_template_is_no_change() -> None:
    """The hash label, the null timestamp and the marker of a replaced template are not the owner's."""
    noisy = {"metadata": {"creationTimestamp": None, "labels": {"a": "b", "pod-template-hash": "1"}}, "spec": {}}
    plain = {"metadata": {"labels": {"a": "b"}}, "spec": {}}
    assert changes_of(revisions_among(WEB, [_replica_set("1", plain), _replica_set("2", noisy)]), 0) == ()
    history = revisions_among(AGENT, [_controller_revision(1, plain), _controller_revision(2, noisy)])
    assert (len(history), changes_of(history, 0), changes_of(history, 1)) == (2, (), ())


def test_changes_are_named_by_the_items_own_names() -> None:
    """An inserted variable is one change, not a shift of all that follow; a key with dots stands in brackets."""
    old = {"metadata": {}, "spec": {"containers": [{"name": "web", "env": [{"name": "A", "value": "1"}]}]}}
    new = {
        "metadata": {"labels": {"app.kubernetes.io/name": "web"}},
        "spec": {"containers": [{"name": "web", "env": [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}]}]},
    }
    history = revisions_among(WEB, [_replica_set("1", old), _replica_set("2", new)])
    assert changes_of(history, 0) == (
        Edit(path="template.metadata.labels", new={"app.kubernetes.io/name": "web"}),
        Edit(path="template.spec.containers[web].env[B]", new={"name": "B", "value": "2"}),
    )


def test_the_order_of_a_list_is_a_change() -> None:
    """A variable can use only those before it, so the same variables in another order are another template."""
    env = [{"name": "A", "value": "1"}, {"name": "B", "value": "$(A)"}]
    old, new = ({"spec": {"containers": [{"name": "web", "env": one}]}} for one in (env, env[::-1]))
    history = revisions_among(WEB, [_replica_set("1", old), _replica_set("2", new)])
    assert changes_of(history, 0) == (Edit(path="template.spec.containers[web].env", old=env, new=env[::-1]),)


def test_true_is_not_one() -> None:
    """JSON has both, and a field that changed from one to the other changed."""
    old, new = ({"spec": {"enableServiceLinks": value}} for value in (True, 1))
    history = revisions_among(WEB, [_replica_set("1", old), _replica_set("2", new)])
    assert changes_of(history, 0) == (Edit(path="template.spec.enableServiceLinks", old=True, new=1),)


def test_of_what_came_every_field_is_named() -> None:
    """A probe that is new is the path of its request and its port, each with a path of its own; a list stays whole."""
    probe = {"httpGet": {"path": "/ok", "port": 80}}
    old = {"containers": [{"name": "web", "args": ["a"]}]}
    new = {"containers": [{"name": "web", "args": ["a", "b"], "livenessProbe": probe}], "volumes": [{"name": "x"}]}
    assert [(edit.path, edit.old, edit.new) for edit in leaf_edits(old, new)] == [
        ("containers[web].args", ["a"], ["a", "b"]),
        ("containers[web].livenessProbe.httpGet.path", None, "/ok"),
        ("containers[web].livenessProbe.httpGet.port", None, 80),
        ("volumes[x].name", None, "x"),
    ]
