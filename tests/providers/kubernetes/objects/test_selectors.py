"""Which labels a selector matches."""

from __future__ import annotations

import pytest

from agentops.providers.kubernetes.objects.selectors import fronts, holds, matches

LABELS = {"app": "web", "tier": "front", "weight": "7"}


def _term(operator, *values, key="app"):
    return {"key": key, "operator": operator, "values": list(values)}


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ({}, True),
        (None, False),
        ({"matchLabels": {"app": "web"}}, True),
        ({"matchLabels": {"app": "web", "tier": "back"}}, False),
        ({"matchExpressions": [_term("In", "web", "api")]}, True),
        ({"matchExpressions": [_term("In")]}, False),
        ({"matchExpressions": [_term("NotIn", "web")]}, False),
        ({"matchExpressions": [_term("NotIn", "x", key="none")]}, True),
        ({"matchExpressions": [_term("Exists")]}, True),
        ({"matchExpressions": [_term("DoesNotExist")]}, False),
        ({"matchLabels": {"app": "web"}, "matchExpressions": [_term("Exists", key="none")]}, False),
    ],
)
def test_all_pairs_and_expressions_must_hold(selector, expected):
    """An empty selector matches everything, a missing one nothing (apimachinery ``LabelSelectorAsSelector``)."""
    assert matches(selector, LABELS) is expected


@pytest.mark.parametrize(
    "selector",
    [{"matchExpressions": [_term("Gt", "5", key="weight")]}, {"matchExpressions": [{}]}, {"matchLabels": {"app": 5}}],
)
def test_what_is_no_label_selector_matches_nothing(selector):
    """Gt belongs to node selectors, and a value that is no text to nobody: less is matched, never more."""
    assert matches(selector, LABELS) is False


@pytest.mark.parametrize(
    ("operator", "values", "expected"),
    [("Gt", ["5"], True), ("Gt", ["7"], False), ("Lt", ["8"], True), ("Lt", ["x"], False), ("Gt", ["1", "2"], False)],
)
def test_terms_of_node_selectors_compare_numbers(operator, values, expected):
    """Integers only, and one of them."""
    assert holds(_term(operator, *values, key="weight"), LABELS) is expected


def test_a_service_without_a_selector_fronts_no_pod():
    """Its endpoints are somebody else's."""
    service = {"spec": {"selector": {"app": "web"}}}
    assert [fronts(one, LABELS) for one in (service, {"spec": {"selector": {}}}, {}, None)] == [
        True,
        False,
        False,
        False,
    ]
