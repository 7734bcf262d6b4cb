"""The API server itself refuses what agentops' account writes beyond approved plans."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from agentops.core.errors import ClusterError
from agentops.core.plan import Call, Change
from agentops.core.resource import kubernetes_ref
from agentops.providers.kubernetes.api.approved_plans import entry_of, undo_writes, write_of
from agentops.providers.kubernetes.objects.kinds import builtin
from tests.providers.kubernetes.access.conftest import DIGEST, Bound

_APPS = "/apis/apps/v1/namespaces/shop"
_SHOP = "/api/v1/namespaces/shop"
_NEW = {"metadata": {"name": "fresh"}, "data": {"a": "1"}}
_SCALE = {"spec": {"replicas": 5}}
_LABEL = {"metadata": {"labels": {"seen": "yes"}}}
_POD = "/api/v1/namespaces/shop/pods/{pod}"
# What is sent, and the line of an approved plan that lets it pass.
WRITES: Mapping[str, tuple[str, str, Any, str]] = {
    "patch": ("PATCH", f"{_APPS}/deployments/checkout", _LABEL, "UPDATE deployments.apps shop/checkout"),
    "scale": ("PATCH", f"{_APPS}/deployments/checkout/scale", _SCALE, "UPDATE deployments.apps/scale shop/checkout"),
    "create": ("POST", f"{_SHOP}/configmaps", _NEW, "CREATE configmaps shop/fresh"),
    "delete": ("DELETE", f"{_SHOP}/configmaps/shop-config", None, "DELETE configmaps shop/shop-config"),
    "cluster": ("PATCH", "/api/v1/nodes/worker-1", _LABEL, "UPDATE nodes worker-1"),
    "eviction": ("POST", f"{_POD}/eviction", {"metadata": {"name": "{pod}"}}, "CREATE pods/eviction shop/{pod}"),
    "pod": ("DELETE", _POD, None, "DELETE pods shop/{pod}"),
}


def _sent(here: Bound, name: str, **query: str) -> tuple[int, Any]:
    method, path, body, _ = WRITES[name]
    return here.send(method, _filled(here, path), _filled(here, body), context="account", **query)


def _filled(here: Bound, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _filled(here, one) for key, one in value.items()}
    return value.replace("{pod}", _pod(here)) if isinstance(value, str) else value


def _pod(here: Bound) -> str:
    pods = here.sandbox.simulation.store.list("Pod", "shop")
    return str(min(one["metadata"]["name"] for one in pods if one["metadata"]["name"].startswith("catalog-")))


@pytest.mark.parametrize("name", WRITES)
def test_a_write_passes_only_while_an_approved_plan_says_so(binding: Callable[..., Bound], name: str) -> None:
    """Refused before, and by every other approval; let through by its own; refused again when that is taken away."""
    here = binding(may_change=True)
    line = _filled(here, WRITES[name][3])
    others = [_filled(here, other[3]) for key, other in WRITES.items() if key != name]
    seen = [_sent(here, name)]
    here.approve(*others)
    seen.append(_sent(here, name))
    words = f"agentops may not {line}: no approved plan says so"
    assert [(code, answer["reason"], words in answer["message"]) for code, answer in seen] == [
        (403, "Forbidden", True),
        (403, "Forbidden", True),
    ]
    here.approve(*others, line)
    assert _sent(here, name)[0] in (200, 201)


@pytest.mark.parametrize("name", ["patch", "scale", "create", "eviction"])
def test_a_dry_run_needs_no_approval(binding: Callable[..., Bound], name: str) -> None:
    """A preview is made before anybody was asked, and nothing of it is stored."""
    here = binding(may_change=True)
    before = here.sandbox.dump()
    assert (_sent(here, name, dryRun="All")[0] in (200, 201), here.sandbox.dump() == before) == (True, True)


def test_an_approval_is_for_one_token(binding: Callable[..., Bound]) -> None:
    """Where an approved plan names a token, no other token of the same account makes its writes."""
    here = binding(may_change=True)
    line = WRITES["patch"][3]
    here.approve(line, token_id="another-token")
    refused = _sent(here, "patch")
    claims = here.send("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", {}, context="account")[1]
    own = claims["status"]["userInfo"]["extra"]["authentication.kubernetes.io/credential-id"][0]
    here.approve(line, token_id=own.removeprefix("JTI="))
    assert (refused[0], _sent(here, "patch")[0]) == (403, 200)


def test_without_the_list_of_approvals_nothing_is_written(binding: Callable[..., Bound]) -> None:
    """Whoever deletes the ConfigMap takes every approval away; that nothing is there is no permission."""
    here = binding(may_change=True)
    here.approve(WRITES["patch"][3])
    here.send("DELETE", "/api/v1/namespaces/agentops/configmaps/agentops-approved-plans")
    code, answer = _sent(here, "patch")
    assert (code, "no params found for policy binding" in answer["message"]) == (422, True)


@pytest.mark.parametrize("path", ["configmaps/agentops-approved-plans", "serviceaccounts/agentops-fix"])
def test_no_approval_opens_its_own_namespace(binding: Callable[..., Bound], path: str) -> None:
    """Also a plan that a person approved changes neither the approvals nor the account."""
    here = binding(may_change=True)
    here.approve(f"UPDATE {path.replace('/', ' agentops/')}")
    code, answer = here.send("PATCH", f"/api/v1/namespaces/agentops/{path}", _LABEL, context="account")
    assert (code, answer["message"].rpartition("request: ")[2]) == (
        403,
        "agentops may not change anything in its own namespace agentops",
    )


def test_a_collection_is_never_approved(binding: Callable[..., Bound]) -> None:
    """A right to delete collections, given by mistake, is of no use: a collection has no name that a plan could say."""
    here = binding(may_change=True)
    role = here.send("GET", "/apis/rbac.authorization.k8s.io/v1/clusterroles/agentops-fix")[1]
    rule = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["deletecollection"]}
    here.send(
        "PATCH", "/apis/rbac.authorization.k8s.io/v1/clusterroles/agentops-fix", {"rules": [*role["rules"], rule]}
    )
    here.approve("DELETE configmaps shop/shop-config", "DELETE configmaps shop/")
    seen = here.send("DELETE", f"{_SHOP}/configmaps", context="account")
    left = here.sandbox.simulation.store.list("ConfigMap", "shop")
    assert (seen[0], any(one["metadata"]["name"] == "shop-config" for one in left)) == (403, True)


def test_nobody_else_is_held_to_it(binding: Callable[..., Bound]) -> None:
    """The policy is about one account; people and controllers write as before."""
    here = binding(may_change=True)
    method, path, body, _ = WRITES["patch"]
    assert here.send(method, path, body)[0] == 200


def test_a_lease_needs_no_approval(binding: Callable[..., Bound]) -> None:
    """The lease that a setting asks for may be taken and let go of; another name may not."""
    here = binding(may_change=True, lease_namespace="agentops")
    path = "/apis/coordination.k8s.io/v1/namespaces/agentops/leases"
    seen = [
        here.send("POST", path, {"metadata": {"name": "agentops"}, "spec": {}}, context="account")[0],
        here.send("PATCH", f"{path}/agentops", {"spec": {"holderIdentity": "me"}}, context="account")[0],
        here.send("POST", path, {"metadata": {"name": "other"}, "spec": {}}, context="account")[0],
    ]
    assert seen == [201, 200, 403]


def test_a_refusal_by_the_policy_names_the_write(binding: Callable[..., Bound]) -> None:
    """Whoever applies without an approval reads what was refused, and by what."""
    here = binding(may_change=True)
    change = Change(tool="kubernetes_cordon", target=here.world.ref("-/Node/worker-2"), arguments={})
    preview = here.world.tools["kubernetes_cordon"].preview(change)
    with pytest.raises(ClusterError) as caught:
        here.world.appliers["kubernetes_cordon"].apply(preview)
    assert "agentops may not UPDATE nodes worker-2: no approved plan says so" in caught.value.message


def test_an_undo_is_approved_with_its_plan() -> None:
    """What may have to be taken back is said beforehand, whatever the preview of the undo will hold."""
    ref = kubernetes_ref("c", "shop", "Deployment", "web")
    found = {
        tool: tuple(undo_writes(Change(tool=tool, target=ref, arguments={}), builtin("Deployment")))
        for tool in ("kubernetes_patch", "kubernetes_scale", "kubernetes_delete", "kubernetes_apply_manifest")
    }
    where = "shop/web"
    assert found == {
        "kubernetes_patch": (f"UPDATE deployments.apps {where}",),
        "kubernetes_scale": (f"UPDATE deployments.apps/scale {where}",),
        "kubernetes_delete": (f"DELETE deployments.apps {where}",),
        "kubernetes_apply_manifest": (f"CREATE deployments.apps {where}", f"UPDATE deployments.apps {where}"),
    }


def test_an_entry_names_its_token_first() -> None:
    """An entry is a line for each write, each once, after the token that may make them."""
    call = Call(verb="patch", method="PATCH", path="/api/v1/namespaces/a/pods/b%2Fc")
    assert entry_of([write_of(call)] * 2, "id") == "by JTI=id\nUPDATE pods a/b/c\n"
    assert len(DIGEST) == 64
