"""Refusals of the API server as programs print them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agentops.providers.kubernetes.objects.denials import Denial, denials_in, who_may_not

RECORDED = sorted((Path(__file__).parents[3] / "sandbox" / "recorded").glob("*.jsonl"))

REPORTER = {"namespace": "shop", "account": "reporter"}


@pytest.mark.parametrize(
    ("line", "expected", "act"),
    [
        (
            'pods is forbidden: User "system:serviceaccount:shop:reporter" cannot list resource "pods" in API group "" '
            'in the namespace "shop"',
            Denial(**REPORTER, verb="list", resource="pods", where="shop"),
            "list pods in namespace shop",
        ),
        (
            'E1 r.go:9] deployments.apps "web" is forbidden: User "system:serviceaccount:shop:reporter" cannot update '
            'resource "deployments/scale" in API group "apps" in the namespace "shop": RBAC: not found',
            Denial(**REPORTER, verb="update", resource="deployments/scale", group="apps", where="shop", name="web"),
            "update deployments.apps/scale in namespace shop",
        ),
        (
            '{"err":"nodes is forbidden: User \\"system:serviceaccount:shop:reporter\\" cannot watch resource '
            '\\"nodes\\" in API group \\"\\" at the cluster scope"}',
            Denial(**REPORTER, verb="watch", resource="nodes"),
            "watch nodes at the cluster scope",
        ),
        (
            'User "system:serviceaccount:shop:reporter" cannot get path "/metrics"',
            Denial(**REPORTER, verb="get", path="/metrics"),
            "get /metrics",
        ),
    ],
)
def test_a_refusal_is_read_in_each_of_its_forms(line, expected, act):
    """Plain or inside JSON, of a namespace, the cluster or a path: who, what, where."""
    (found,) = denials_in([line])
    assert (found, found.act) == (expected, act)


@pytest.mark.parametrize(
    "line",
    [
        'pods is forbidden: User "ana" cannot list resource "pods" in API group "" in the namespace "shop"',
        'User "system:serviceaccount:shop:reporter" cannot list resource "pods"',
        'User "system:serviceaccount:SHOP:$(x)" cannot list resource "pods" in API group "" at the cluster scope',
        "forbidden",
    ],
)
def test_what_is_no_refusal_of_a_service_account_is_left(line):
    """People, half sentences and names that cannot be are no denials."""
    assert denials_in([line]) == ()


def test_each_refusal_is_told_once():
    """A program that tries again and again says one thing."""
    line = 'User "system:serviceaccount:a:b" cannot get path "/x"'
    assert len(denials_in([line, line])) == 1


def test_who_may_not_is_read_from_every_refusal_that_a_real_server_gave():
    """Each recorded 403 for want of a right says a user and a verb; quotas, limits and paths have other forms."""
    steps = [json.loads(line) for path in RECORDED for line in path.read_text("utf-8").splitlines()]
    answered = (step.get("answer", {}) for step in steps)
    answers = [one.get("body") for one in answered if one.get("code") == 403]
    messages = [body["message"] for body in answers if isinstance(body, dict) and "message" in body]
    refused = [message for message in messages if " cannot " in message and ' resource "' in message]
    read = {who_may_not(message) for message in refused if "cannot impersonate-on:" not in message}
    assert {("bob", "list"), ("system:serviceaccount:recorded:robot", "deletecollection")} <= read
    assert None not in read
    assert {who_may_not(message) for message in messages if message not in refused} == {None}
