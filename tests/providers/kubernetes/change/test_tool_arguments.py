"""Particulars of single tools: what only one kind of object, or an unusual state of it, brings up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from agentops.core.errors import Stale, ToolError, ToolInputError
from agentops.core.plan import Preview
from agentops.core.risk import Reversal, Risk
from agentops.providers.kubernetes.api.writing import json_patch_call
from agentops.providers.kubernetes.change.sender import send_all
from agentops.providers.kubernetes.objects.kinds import builtin

_CHECKOUT = "shop/Deployment/checkout"
_BINDING = "shop/RoleBinding/deployers"
_MAP = {"apiVersion": "v1", "kind": "ConfigMap"}


def _manifest(name: str, **fields: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "shop", **fields.pop("metadata", {})}
    return {**_MAP, "metadata": metadata, **fields}


_OBJECTS = (
    _manifest("fixed", data={"A": "1"}, immutable=True),
    _manifest("binary", binaryData={"A": "AA=="}),
    _manifest("held", data={"A": "1"}, metadata={"finalizers": ["example.com/cleanup"]}),
    _manifest(
        "owned", metadata={"ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u"}]}, data={}
    ),
    {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "deployers", "namespace": "shop"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"},
        "subjects": [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "ana"}],
    },
)


@pytest.fixture
def furnished(standing: Callable[..., Any]) -> Any:
    """The shared world with some unusual objects in it; nothing else changes there."""
    here = standing()
    if here.live(_BINDING) is None:
        for one in _OBJECTS:
            here.create(one)
    return here


_SERVICE = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "new"}}
_WRONG: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "an immutable ConfigMap": (
        "edit_configmap",
        "shop/ConfigMap/fixed",
        {"set": {"A": "2"}},
        "this ConfigMap is immutable",
    ),
    "a binary key": ("edit_configmap", "shop/ConfigMap/binary", {"set": {"A": "2"}}, "the key 'A' holds binary data"),
    "no subject": ("set_role_binding", _BINDING, {}, "kubernetes_set_role_binding needs add or remove"),
    "everybody": (
        "set_role_binding",
        _BINDING,
        {"add": [{"kind": "Group", "name": "system:masters"}]},
        "system:masters is not bound to a role by agentops",
    ),
    "a subject that is not there": (
        "set_role_binding",
        _BINDING,
        {"remove": [{"kind": "User", "name": "bob"}]},
        "the binding has no subject User bob",
    ),
    "an account without a namespace": (
        "set_role_binding",
        _BINDING,
        {"add": [{"kind": "ServiceAccount", "name": "a"}]},
        "ServiceAccount a: a namespace goes with a ServiceAccount",
    ),
    "no field of a policy": (
        "set_network_policy",
        "payments/NetworkPolicy/payments-api",
        {},
        "kubernetes_set_network_policy needs one of",
    ),
    "no field of a Service": (
        "set_service",
        "shop/Service/checkout",
        {},
        "kubernetes_set_service needs selector or ports",
    ),
    "no bound": ("set_hpa", "shop/HorizontalPodAutoscaler/web", {}, "kubernetes_set_hpa needs min or max"),
    "no size": (
        "resize_pvc",
        "shop/PersistentVolumeClaim/data-postgres-0",
        {"storage": "big"},
        "storage cannot be 'big'",
    ),
    "no variable": ("set_env", _CHECKOUT, {}, "kubernetes_set_env needs set or unset"),
    "an odd variable": ("set_env", _CHECKOUT, {"set": {"A B": "1"}}, "'A B' cannot name an environment variable"),
    "a variable of a Secret": (
        "set_env",
        _CHECKOUT,
        {"set": {"DATABASE_PASSWORD_FILE": "x", "DATABASE_PASSWORD": "x"}},
        "DATABASE_PASSWORD looks like a credential",
    ),
    "a manifest without metadata": (
        "apply_manifest",
        "shop/ConfigMap/x",
        {"manifest": _MAP},
        "the manifest has no metadata",
    ),
    "a manifest with status": (
        "apply_manifest",
        "shop/Service/new",
        {"manifest": {**_SERVICE, "status": {}}},
        "status cannot be set by a manifest",
    ),
    "a machine's annotation in a manifest": (
        "apply_manifest",
        "shop/ConfigMap/x",
        {"manifest": {**_MAP, "metadata": {"name": "x", "annotations": {"deployment.kubernetes.io/revision": "1"}}}},
        "the annotation deployment.kubernetes.io/revision is written by a program",
    ),
}


@pytest.mark.parametrize("name", _WRONG)
def test_what_cannot_be_is_refused(name: str, furnished: Any) -> None:
    """The message says what is wrong."""
    tool, target, arguments, words = _WRONG[name]
    with pytest.raises(ToolInputError) as caught:
        furnished.preview(f"kubernetes_{tool}", target, arguments)
    assert caught.value.message[: len(words)] == words


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("held", "Its finalizers clean up what it stands for before it goes."),
        ("owned", "It belongs to another object, which makes a new one or does not."),
    ],
)
def test_an_object_tied_to_others_is_not_made_again(name: str, why: str, furnished: Any) -> None:
    """Its manifest does not say all of it."""
    preview = furnished.preview("kubernetes_delete", f"shop/ConfigMap/{name}", {})
    assert (preview.reversal, preview.undo, preview.residue) == (Reversal.NONE, (), (why,))


def test_a_secrets_reference_is_not_replaced_by_a_plain_value(world: Callable[..., Any]) -> None:
    """A variable that comes from a Secret stays so, whatever its name."""
    here = world()
    path = "spec.template.spec.containers[checkout].env[GREETING]"
    reference = {"name": "GREETING", "valueFrom": {"secretKeyRef": {"name": "shop-database", "key": "username"}}}
    change = here.preview("kubernetes_patch", _CHECKOUT, {"path": path, "old": None, "new": reference})
    here.appliers["kubernetes_patch"].apply(change)
    with pytest.raises(ToolInputError, match="GREETING comes from a Secret"):
        here.preview("kubernetes_set_env", _CHECKOUT, {"set": {"GREETING": "hello"}})


def test_a_paused_rollout_is_neither_restarted_nor_undone(world: Callable[..., Any]) -> None:
    """Nothing would happen, so it is said; other edits warn."""
    here = world()
    pause = here.preview("kubernetes_patch", _CHECKOUT, {"path": "spec.paused", "old": None, "new": True})
    here.appliers["kubernetes_patch"].apply(pause)
    said = []
    for tool in ("kubernetes_rollout_restart", "kubernetes_rollout_undo"):
        with pytest.raises(ToolInputError) as caught:
            here.preview(tool, _CHECKOUT, {})
        said.append(caught.value.message)
    image = here.preview("kubernetes_set_image", _CHECKOUT, {"image": "registry.shop.example/checkout"})
    assert (said, image.warnings) == (
        ["the rollout is paused, so a restart would do nothing", "a paused rollout cannot be undone"],
        (
            "latest or no tag: what runs depends on when it is pulled.",
            "The rollout is paused: new pods are made only when it is resumed.",
        ),
    )


def test_a_new_pod_or_job_is_taken_back_but_not_what_it_did(standing: Callable[..., Any]) -> None:
    """Creation of what runs once is compensating; the undo deletes it."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "once"},
        "spec": {"containers": [{"name": "a", "image": "a", "securityContext": {"privileged": True}}]},
    }
    preview = standing().preview("kubernetes_apply_manifest", "default/Pod/once", {"manifest": pod})
    assert (preview.reversal, preview.risk, preview.undo[0].tool, preview.residue) == (
        Reversal.COMPENSATING,
        Risk.HIGH,
        "kubernetes_delete",
        ("What it does while it runs is not undone.",),
    )


def test_what_is_being_deleted_is_not_made_again_yet(world: Callable[..., Any]) -> None:
    """An undo that comes too early does not update an object that is about to go."""
    here = world()
    here.create(_OBJECTS[2])
    here.appliers["kubernetes_delete"].apply(here.preview("kubernetes_delete", "shop/ConfigMap/held", {}))
    manifest = {**_MAP, "metadata": {"name": "held"}, "data": {"A": "2"}}
    with pytest.raises(ToolError, match="is still being deleted"):
        here.preview("kubernetes_apply_manifest", "shop/ConfigMap/held", {"manifest": manifest})


def test_a_call_that_fails_after_others_says_how_far_it_came(world: Callable[..., Any]) -> None:
    """Of several calls the first is done, the second refused, and the third never sent."""
    here = world()
    kind = builtin("ConfigMap")
    good, bad, late = (
        json_patch_call(kind, "shop", "shop-config", [{"op": op, "path": f"/data/{key}", "value": "1"}])
        for op, key in (("add", "ONE"), ("test", "TWO"), ("add", "THREE"))
    )
    preview = Preview(calls=(good, bad, late), objects=(), validated=True, risk=Risk.LOW, reversal=Reversal.NONE)
    with pytest.raises(Stale, match=r"call 2 of 3; those before it were applied"):
        send_all(here.clients.writer, preview, lambda: datetime(2026, 1, 1, tzinfo=UTC))
    data = here.live("shop/ConfigMap/shop-config")["data"]
    assert ("ONE" in data, "THREE" in data) == (True, False)


def test_the_last_variable_leaves_no_empty_list(world: Callable[..., Any]) -> None:
    """Removing all variables removes the field, and the undo brings all of them back."""
    here = world()
    target = "shop/Deployment/cart"
    before = here.live(target)
    env = before["spec"]["template"]["spec"]["containers"][0].get("env") or []
    added = {"set": {"ONLY": "1"}} if not env else {"unset": [one["name"] for one in env]}
    preview = here.preview("kubernetes_set_env", target, added)
    here.appliers["kubernetes_set_env"].apply(preview)
    (undo,) = preview.undo
    here.appliers[undo.tool].apply(here.tools[undo.tool].preview(undo))
    assert here.live(target) == before


def test_a_field_that_a_list_leaves_out_is_found_by_its_old_value(world: Callable[..., Any]) -> None:
    """envFrom.configMapRef.name means the one source whose name is the old value."""
    here = world()
    path = "spec.template.spec.containers[checkout].envFrom"
    sources = [{"configMapRef": {"name": "shop-config"}}, {"secretRef": {"name": "shop-database"}}]
    live = here.live(_CHECKOUT)["spec"]["template"]["spec"]["containers"][0].get("envFrom")
    setup = here.preview("kubernetes_patch", _CHECKOUT, {"path": path, "old": live, "new": [*sources, *sources[:0]]})
    if setup.calls:
        here.appliers["kubernetes_patch"].apply(setup)
    arguments = {"path": f"{path}.configMapRef.name", "old": "shop-config", "new": "other"}
    preview = here.preview("kubernetes_patch", _CHECKOUT, arguments)
    assert preview.objects[0].edits[0].new == [{"configMapRef": {"name": "other"}}, sources[1]]
