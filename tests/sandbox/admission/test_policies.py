"""ValidatingAdmissionPolicies at the API, in the words of the admission plugin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

SHOP = "/api/v1/namespaces/shop"
_API = "/apis/admissionregistration.k8s.io/v1"
_EVERY = {"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*"]}
_SAID = "ValidatingAdmissionPolicy 'rule' with binding 'rule' denied request: "


def establish(call: Any, spec: dict[str, Any], **binding: Any) -> None:
    """Make a policy and its binding."""
    rules = {"matchConstraints": {"resourceRules": [_EVERY]}}
    policy = {"metadata": {"name": "rule"}, "spec": {**rules, **spec}}
    bound = {"policyName": "rule", "validationActions": ["Deny"], **binding}
    call.ok("POST", f"{_API}/validatingadmissionpolicies", policy)
    call.ok("POST", f"{_API}/validatingadmissionpolicybindings", {"metadata": {"name": "rule"}, "spec": bound})


def config(name: str = "a", **labels: str) -> dict[str, Any]:
    """Return a ConfigMap."""
    return {"metadata": {"name": name, "labels": labels}, "data": {"x": "1"}}


def rule(expression: str, **more: Any) -> dict[str, Any]:
    """Return a policy of one validation."""
    return {"validations": [{"expression": expression, **more}]}


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        ({}, 422, "failed expression: object.data.x == '2'"),
        ({"message": "x must be 2"}, 422, "x must be 2"),
        ({"message": "no", "messageExpression": "'x is ' + object.data.x"}, 422, "x is 1"),
        ({"message": "no", "messageExpression": "object.data.nothing"}, 422, "no"),
        ({"message": "no", "reason": "Forbidden"}, 403, "no"),
    ],
)
def test_a_refusal_is_worded_as_the_policy_says(call: Any, more: dict[str, Any], code: int, words: str) -> None:
    """The message expression comes first, then the message, then the expression itself; the reason decides the code."""
    establish(call, rule("object.data.x == '2'", **more))
    said = f'configmaps "a" is forbidden: {_SAID}{words}'
    assert call.refused("POST", f"{SHOP}/configmaps", config()) == (code, said)


def test_what_holds_passes_and_a_dry_run_is_judged_too(call: Any) -> None:
    """A validation that holds lets the write pass; one that does not refuses a dry run as well."""
    establish(call, rule("object.data.x == '1'"))
    call.ok("POST", f"{SHOP}/configmaps", config())
    bad = {"metadata": {"name": "b"}, "data": {"x": "3"}}
    assert call.refused("POST", f"{SHOP}/configmaps?dryRun=All", bad)[0] == 422


@pytest.mark.parametrize(
    "expression",
    [
        "request.operation == 'CREATE' && request.name == 'a' && request.namespace == 'shop' && oldObject == null",
        "request.resource.resource == 'configmaps' && request.resource.group == '' && request.kind.kind == 'ConfigMap'",
        "!has(request.subResource) && request.userInfo.username == 'sandbox-admin' && !request.dryRun",
        "request.options.fieldManager == 'someone' && request.options.kind == 'CreateOptions'",
        "namespaceObject.metadata.name == 'shop' && variables.two == 2",
    ],
)
def test_an_expression_sees_the_request(call: Any, expression: str) -> None:
    """What an expression can look at: the request, its options, the object, the namespace, the policy's variables."""
    establish(call, {**rule(expression), "variables": [{"name": "two", "expression": "1 + 1"}]})
    call.ok("POST", f"{SHOP}/configmaps?fieldManager=someone", config())


def test_deletes_updates_and_subresources_are_judged(call: Any, pod: Any) -> None:
    """An update has both objects, a delete the old one and its options, a subresource its own rule."""
    call.ok("POST", f"{SHOP}/configmaps", config())
    call.ok("POST", f"{SHOP}/pods", pod("p"))
    everything = {"matchConstraints": {"resourceRules": [{**_EVERY, "resources": ["*/*"]}]}}
    line = "request.operation + ' ' + (has(request.subResource) ? request.subResource : '-') + ' ' + request.name"
    establish(call, {**rule("request.resource.group == 'never'", messageExpression=line), **everything})
    apps = "/apis/apps/v1/namespaces/shop"
    status = {"metadata": {"name": "p"}, "status": {"phase": "Running"}}
    seen = [
        call.refused("PUT", f"{SHOP}/configmaps/a", {"metadata": {"name": "a"}}),
        call.refused("DELETE", f"{SHOP}/configmaps/a"),
        call.refused("DELETE", f"{SHOP}/configmaps"),
        call.refused("PUT", f"{apps}/deployments/web/scale", {"spec": {"replicas": 1}}),
        call.refused("PUT", f"{SHOP}/pods/p/status", status),
        call.refused("POST", f"{SHOP}/pods/p/eviction", {"metadata": {"name": "p"}}),
        call.refused("POST", f"{SHOP}/serviceaccounts", {"metadata": {"name": "s"}}),
    ]
    assert [words.rpartition("request: ")[2] for _, words in seen] == [
        "UPDATE - a",
        "DELETE - a",
        # Without a name the message has no value, so the expression stands for it.
        "failed expression: request.resource.group == 'never'",
        "UPDATE scale web",
        "UPDATE status p",
        "CREATE eviction p",
        "CREATE - s",
    ]


def test_a_policy_is_for_what_it_matches(call: Any) -> None:
    """Rules, conditions, selectors and the binding's own narrowing decide what is judged at all."""
    rules = {"resourceRules": [{**_EVERY, "resources": ["configmaps"], "operations": ["CREATE"]}]}
    narrow = {**rules, "objectSelector": {"matchLabels": {"judged": "yes"}}}
    condition = [{"name": "named", "expression": "request.name != 'spared'"}]
    establish(call, {**rule("false"), "matchConstraints": narrow, "matchConditions": condition})
    call.ok("POST", f"{SHOP}/configmaps", config("unlabelled"))
    call.ok("POST", f"{SHOP}/configmaps", config("spared", judged="yes"))
    call.ok("POST", f"{SHOP}/serviceaccounts", {"metadata": {"name": "s", "labels": {"judged": "yes"}}})
    assert call.refused("POST", f"{SHOP}/configmaps", config("b", judged="yes"))[0] == 422


@pytest.mark.parametrize(("policy", "is_refused"), [("Fail", True), ("Ignore", False)])
def test_what_cannot_be_judged_follows_the_failure_policy(call: Any, policy: str, is_refused: bool) -> None:
    """An expression without a value refuses, unless the policy says that failures are to be ignored."""
    establish(call, {**rule("object.data.missing == 'x'"), "failurePolicy": policy})
    code = call.send("POST", f"{SHOP}/configmaps", config()).code
    assert (code == 422) is is_refused


@pytest.mark.parametrize(("action", "code"), [("Deny", 422), ("Allow", 201)])
def test_parameters_that_are_not_there(call: Any, action: str, code: int) -> None:
    """The binding says what happens when its parameters are not there; found ones are ``params``."""
    where = {"name": "limits", "namespace": "shop", "parameterNotFoundAction": action}
    spec = {**rule("params.data.x == '1'"), "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"}}
    call.ok("POST", f"{SHOP}/configmaps", config("limits"))
    establish(call, spec, paramRef=where)
    found = call.send("POST", f"{SHOP}/serviceaccounts", {"metadata": {"name": "s"}}).code
    call.store.remove(next(_keys(call, "limits")))
    assert (found, call.send("POST", f"{SHOP}/serviceaccounts", {"metadata": {"name": "t"}}).code) == (201, code)


def _keys(call: Any, name: str) -> Iterator[Any]:
    from agentops.sandbox.store import key_of

    yield from (key_of(one) for one in call.store.list("ConfigMap", "shop") if one["metadata"]["name"] == name)


def test_policies_cannot_lock_themselves_in(call: Any) -> None:
    """A policy that refuses everything can still be taken away."""
    establish(call, rule("false"))
    call.ok("DELETE", f"{_API}/validatingadmissionpolicybindings/rule")
    call.ok("POST", f"{SHOP}/configmaps", config())


def test_a_binding_that_only_warns_refuses_nothing(call: Any) -> None:
    """Only the action Deny refuses."""
    establish(call, rule("false"), validationActions=["Audit"])
    call.ok("POST", f"{SHOP}/configmaps", config())
