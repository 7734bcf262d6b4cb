"""Who may do what: tokens, RBAC, the reviews, impersonation, TokenRequest."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from agentops.sandbox.admission.writes import writer_for
from agentops.sandbox.store import ObjectStore
from agentops.sandbox.wire.access import Attempt, Rbac
from agentops.sandbox.wire.identity import Tokens
from agentops.sandbox.wire.request import User

PODS = "/api/v1/namespaces/shop/pods"
RBAC = "rbac.authorization.k8s.io"
AMY = {"authorization": "Bearer amy-token"}
ROOT = {"authorization": "Bearer root-token"}


def rbac_object(kind: str, name: str, namespace: str = "", **rest: Any) -> dict[str, Any]:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": f"{RBAC}/v1", "kind": kind, "metadata": metadata, **rest}


@pytest.fixture
def guarded(make_caller: Callable[..., Any], store: ObjectStore) -> Any:
    """Amy may read pods and their logs in shop, one config map, and patch scale; root may do everything."""
    rules = [
        {"apiGroups": [""], "resources": ["pods", "pods/log"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["motd"], "verbs": ["get"]},
        {"apiGroups": ["apps"], "resources": ["*/scale"], "verbs": ["patch"]},
    ]
    subjects = [{"kind": "User", "name": "amy"}, {"kind": "ServiceAccount", "name": "robot", "namespace": "shop"}]
    reference = {"apiGroup": RBAC, "kind": "Role", "name": "reader"}
    store.create(rbac_object("Role", "reader", "shop", rules=rules))
    store.create(rbac_object("RoleBinding", "readers", "shop", roleRef=reference, subjects=subjects))
    store.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot", "namespace": "shop"}})
    users = {"amy-token": User(name="amy"), "root-token": User(name="root", groups=("system:masters",))}
    return make_caller(tokens=users, writer=writer_for(store, Random(1)))


def answer(response: Any) -> tuple[int, str]:
    return response.code, json.loads(response.body).get("message", "")


def test_rbac_refuses_in_the_real_words(guarded: Any) -> None:
    """What no rule allows is 403 with user, verb, resource, group and scope; what a rule allows works."""

    def asked(url: str, method: str = "GET") -> tuple[int, str]:
        return answer(guarded.send(method, url, headers=AMY))

    assert [guarded.send("GET", url, headers=AMY).code for url in (PODS, f"{PODS}/web-1", f"{PODS}/web-1/log")] == [
        200
    ] * 3
    assert asked("/api/v1/pods") == (
        403,
        'pods is forbidden: User "amy" cannot list resource "pods" in API group "" at the cluster scope',
    )
    assert asked(f"{PODS}/web-1", "DELETE") == (
        403,
        'pods "web-1" is forbidden: User "amy" cannot delete resource "pods" in API group "" in the namespace "shop"',
    )
    assert asked("/apis/apps/v1/namespaces/shop/deployments") == (
        403,
        'deployments.apps is forbidden: User "amy" cannot list resource "deployments" in API group "apps" in the '
        'namespace "shop"',
    )
    assert asked(f"{PODS}/web-1/status")[1].endswith(
        'get resource "pods/status" in API group "" in the namespace "shop"'
    )


def test_credentials(guarded: Any) -> None:
    """No credentials are anonymous (403), an unknown token is 401, health and version are open to all."""
    unknown = {"authorization": "Bearer nope"}
    assert answer(guarded.send("GET", PODS)) == (
        403,
        'pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" in the namespace '
        '"shop"',
    )
    assert answer(guarded.send("GET", PODS, headers=unknown)) == (401, "Unauthorized")
    assert [guarded.send("GET", path).code for path in ("/healthz", "/version", "/apis")] == [200, 200, 403]
    assert guarded.send("GET", "/apis", headers=AMY).code == 200


def test_self_subject_access_review(guarded: Any) -> None:
    """Anyone authenticated may ask what they may do, by resource, name, subresource and path."""

    def allowed(**attributes: str) -> bool:
        path = "nonResourceAttributes" if "path" in attributes else "resourceAttributes"
        url = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        response = guarded.send("POST", url, {"spec": {path: attributes}}, AMY)
        assert response.code == 201
        return bool(json.loads(response.body)["status"]["allowed"])

    assert [
        allowed(verb="get", resource="pods", namespace="shop"),
        allowed(verb="get", resource="pods", namespace="other"),
        allowed(verb="delete", resource="pods", namespace="shop"),
        allowed(verb="get", resource="configmaps", name="motd", namespace="shop"),
        allowed(verb="get", resource="configmaps", name="secretly", namespace="shop"),
        allowed(verb="patch", group="apps", resource="deployments", subresource="scale", namespace="shop"),
        allowed(verb="patch", group="apps", resource="deployments", namespace="shop"),
        allowed(verb="get", path="/metrics"),
    ] == [True, False, False, True, False, True, False, False]


def test_rules_review_lists_what_holds_in_a_namespace(guarded: Any) -> None:
    """The rules of the namespace's bindings come back; elsewhere only what everybody has, to ask about themselves."""

    def rules(namespace: str, headers: Any) -> list[Any]:
        url = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
        response = guarded.send("POST", url, {"spec": {"namespace": namespace}}, headers)
        return [rule["verbs"] for rule in json.loads(response.body)["status"]["resourceRules"]]

    assert (rules("shop", AMY), rules("other", AMY), rules("shop", ROOT)) == (
        [["create"], ["create"], ["get", "list", "watch"], ["get"], ["patch"]],
        [["create"], ["create"]],
        [["*"]],
    )


def test_impersonation_needs_the_right_to_it(guarded: Any) -> None:
    """Root may act as Amy and then may do no more than she; Amy may not act as root."""
    as_amy = {**ROOT, "impersonate-user": "amy"}
    assert [guarded.send("GET", url, headers=as_amy).code for url in (PODS, "/api/v1/nodes")] == [200, 403]
    assert answer(guarded.send("GET", PODS, headers={**AMY, "impersonate-user": "root"})) == (
        403,
        'users "root" is forbidden: User "amy" cannot impersonate resource "users" in API group "" at the cluster '
        "scope",
    )


def test_a_token_request_makes_a_token_that_works(guarded: Any) -> None:
    """The service account acts by its token, TokenReview knows it, and expiry ends it."""
    url = "/api/v1/namespaces/shop/serviceaccounts/robot/token"
    made = json.loads(guarded.send("POST", url, {"spec": {"expirationSeconds": 600}}, ROOT).body)
    robot = {"authorization": f"Bearer {made['status']['token']}"}
    reviewed = guarded.send(
        "POST", "/apis/authentication.k8s.io/v1/tokenreviews", {"spec": {"token": made["status"]["token"]}}, ROOT
    )
    assert guarded.send("GET", PODS, headers=robot).code == 200
    assert json.loads(reviewed.body)["status"]["user"]["username"] == "system:serviceaccount:shop:robot"
    assert made["status"]["expirationTimestamp"] == "2026-11-22T12:10:00Z"
    assert answer(guarded.send("POST", url, {"spec": {"expirationSeconds": 5}}, ROOT))[0] == 422
    guarded.api.tokens.expire()
    assert guarded.send("GET", PODS, headers=robot).code == 401


def test_issued_tokens_expire_by_the_clock() -> None:
    """An issued token is nobody's once its time is up; a given one stays."""
    moment = [datetime(2026, 11, 22)]
    tokens = Tokens({"given": User(name="amy")}, lambda: moment[0], lambda: "issued")
    issued = tokens.issue("shop", "robot", 600)
    before = tokens.user(issued)
    moment[0] += timedelta(seconds=600)
    assert (before is not None, tokens.user(issued), tokens.user("given") is not None) == (True, None, True)


def test_a_cluster_role_bound_in_a_namespace_holds_there_only(store: ObjectStore) -> None:
    """A RoleBinding to a ClusterRole gives its rules in one namespace, a ClusterRoleBinding everywhere."""
    rules = [{"apiGroups": ["*"], "resources": ["pods"], "verbs": ["get"]}]
    store.create(rbac_object("ClusterRole", "view", rules=rules))
    reference = {"apiGroup": RBAC, "kind": "ClusterRole", "name": "view"}
    group = [{"kind": "Group", "name": "ops"}]
    store.create(rbac_object("RoleBinding", "b", "shop", roleRef=reference, subjects=group))
    everywhere = [{"kind": "User", "name": "zoe"}]
    store.create(rbac_object("ClusterRoleBinding", "c", roleRef=reference, subjects=everywhere))
    rbac, ops, zoe = Rbac(store), User(name="x", groups=("ops",)), User(name="zoe")
    attempts = [Attempt(verb="get", resource="pods", namespace=namespace) for namespace in ("shop", "other", "")]
    assert [[rbac.allows(user, attempt) for attempt in attempts] for user in (ops, zoe)] == [
        [True, False, False],
        [True, True, True],
    ]
