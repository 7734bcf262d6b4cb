"""Refusals of the API server as programs print them."""

from __future__ import annotations

import pytest

from agentops.providers.kubernetes.objects.denials import Denial, denials_in

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
