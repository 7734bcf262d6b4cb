"""Selectors: which labels they match, and how far they miss.

Comes in: selectors and labels as plain objects. Goes out: answers. Sources:
https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors (all of matchLabels and
matchExpressions must hold) and apimachinery ``labels.Requirement.Matches``, which the scheduler's node terms share.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agentops.providers.kubernetes.objects.fields import items, mapping, string_map, strings, text
from agentops.providers.kubernetes.objects.suggestions import is_near

# A LabelSelector has these; Gt and Lt stand in the terms of node selectors only.
_OF_LABELS = frozenset({"In", "NotIn", "Exists", "DoesNotExist"})


def holds(expression: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    """Return whether one matchExpressions entry (or node selector requirement) holds for ``labels``."""
    key, operator, values = text(expression, "key"), text(expression, "operator"), strings(expression, "values")
    value = labels.get(key)
    if operator == "In":
        return value in values
    if operator == "NotIn":
        return value not in values
    if operator == "Exists":
        return value is not None
    if operator == "DoesNotExist":
        return value is None
    return operator in ("Gt", "Lt") and value is not None and len(values) == 1 and _compare(operator, value, values[0])


def _compare(operator: str, value: str, bound: str) -> bool:
    try:
        left, right = int(value), int(bound)
    except ValueError:
        return False
    return left > right if operator == "Gt" else left < right


def contains(labels: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Return whether ``labels`` has every pair of ``wanted``."""
    return all(labels.get(key) == value for key, value in wanted.items())


def matches(selector: Any, labels: Mapping[str, Any]) -> bool:
    """Return whether a ``LabelSelector`` matches; an empty one matches everything, a missing one nothing.

    What is no selector to the API server matches nothing: a value that is no text, an operator of node selectors.
    """
    if not isinstance(selector, Mapping):
        return False
    return contains(labels, mapping(selector, "matchLabels")) and all(
        text(expression, "operator") in _OF_LABELS and holds(expression, labels)
        for expression in items(selector, "matchExpressions")
    )


def fronts(service: Any, labels: Mapping[str, Any]) -> bool:
    """Return whether a Service sends traffic to pods with these labels; one without a selector to none."""
    selector = mapping(service, "spec", "selector")
    return bool(selector) and contains(labels, selector)


def pairs(selector: Any) -> dict[str, str]:
    """Return what a ``LabelSelector`` requires as plain pairs: matchLabels and single-valued ``In`` expressions."""
    found = dict(string_map(selector, "matchLabels"))
    for expression in items(selector, "matchExpressions"):
        values = strings(expression, "values")
        if text(expression, "operator") == "In" and len(values) == 1:
            found[text(expression, "key")] = values[0]
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """The one difference that keeps a selector from matching.

    ``key`` and ``wanted`` stand in the selector; ``has_key`` and ``has`` are what the labels say instead. ``spelling``
    says that they are the same, written differently; else somebody may have meant the difference.
    """

    key: str
    wanted: str
    has_key: str
    has: str
    spelling: bool = True


_NAMING = frozenset({"app", "name", "k8s-app", "instance", "component", "service", "run", "workload"})


def names_application(key: str) -> bool:
    """Return whether a label key says which application a pod is part of."""
    return key.rpartition("/")[2] in _NAMING


def near_miss(selector: Mapping[str, str], labels: Mapping[str, str]) -> Miss | None:
    """Return the difference when exactly one pair of ``selector`` fails and a person could have meant ``labels``.

    The other pairs must hold. A value that is no spelling of the other counts only when it is not what names the
    application (``app: cart`` is another application than ``app: checkout``, ``track: blue`` may be the same one).
    """
    wrong = [(key, value) for key, value in selector.items() if labels.get(key) != value]
    if len(wrong) != 1:
        return None
    key, wanted = wrong[0]
    if key in labels:
        named = any(names_application(other) for other in selector if other != key)
        spelling = is_near(wanted, labels[key])
        if spelling or (named and not names_application(key)):
            return Miss(key=key, wanted=wanted, has_key=key, has=labels[key], spelling=spelling)
        return None
    # The key is missing. Its value under another key tells only where other pairs hold, or where the keys are alike.
    for has_key, has in labels.items():
        if has_key not in selector and has == wanted and (len(selector) > 1 or is_near(key, has_key)):
            return Miss(key=key, wanted=wanted, has_key=has_key, has=has)
        if has_key not in selector and is_near(key, has_key) and is_near(wanted, has):
            return Miss(key=key, wanted=wanted, has_key=has_key, has=has)
    return None
