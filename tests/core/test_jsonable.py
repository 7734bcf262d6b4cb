"""Core values to JSON and back, without loss and without guessing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from agentops.core.alert import Alert, AlertGroup, Incident, Severity, Target
from agentops.core.evidence import Evidence
from agentops.core.finding import Cause, Confidence, Fact, Finding, Hypothesis, Problem, Verdict
from agentops.core.jsonable import from_json, in_words, to_json
from agentops.core.plan import Change
from agentops.core.resource import kubernetes_ref
from agentops.core.tool import Effect, ToolCall, ToolSpec
from agentops.core.usage import Limits, Usage

_WEB = kubernetes_ref("prod/eu", "shop", "Deployment", "web")
_NOON = datetime(2026, 11, 22, 12, 0, 0, 123000, tzinfo=UTC)
_ALERT = Alert(
    name="HighErrorRate",
    source="alertmanager",
    severity=Severity.CRITICAL,
    labels={"namespace": "shop"},
    started_at=_NOON,
    target=Target(namespace="shop", kind="Deployment", name="web"),
)
_GROUP = AlertGroup(alerts=(_ALERT,), target=_ALERT.target, left_out=((_ALERT, "resolved"),), notes=("one",))
_CHANGE = Change(tool="kubernetes_rollout_undo", target=_WEB, arguments={"to_revision": 1}, evidence=("E1",))
_VALUES: tuple[Any, ...] = (
    _ALERT,
    _GROUP,
    Incident(id="20261122-120000-x-abcd", group=_GROUP, opened_at=_NOON, resource=_WEB),
    Evidence(
        id="E1",
        tool="kubernetes_get",
        arguments={"kind": "Pod"},
        observed_at=_NOON,
        digest="sha256:00",
        summary="s",
        excerpt="e",
        size_bytes=1,
        resources=(_WEB,),
    ),
    Problem(
        resource=_WEB,
        condition="ImageNotFound",
        summary="s",
        severity=Severity.HIGH,
        analyzer="images",
        facts=(Fact(resource=_WEB, path="spec.image", value="x"),),
        since=_NOON,
        remedies=(_CHANGE,),
    ),
    Finding(
        verdict=Verdict.ROOT_CAUSE,
        conclusion="c",
        confidence=Confidence.HIGH,
        by="triage",
        cause=Cause(resource=_WEB, condition="ImageNotFound"),
        ruled_out=(Hypothesis(statement="nodes", contradicted_by=("E2",)),),
        proposed=(_CHANGE,),
    ),
    Usage(turns=2, cost_usd=0.25, wall_s=1.5),
    Usage(),
    Limits(usd=1),
    ToolCall(id="t1", name="kubernetes_list", arguments={"nested": {"list": [1, 2.5, None, True]}}),
    ToolSpec(name="kubernetes_get", description="d", schema={"type": "object"}, effect=Effect.READ),
)


@pytest.mark.parametrize("value", _VALUES, ids=lambda value: type(value).__name__)
def test_a_value_survives_json(value: Any) -> None:
    """What is written as JSON reads back as an equal value."""
    assert from_json(type(value), json.loads(json.dumps(to_json(value)))) == value


def test_fields_of_a_newer_version_are_ignored() -> None:
    """An older program reads what a newer one wrote."""
    assert from_json(Target, {"namespace": "shop", "cluster": "new"}) == Target(namespace="shop")


@pytest.mark.parametrize(
    ("kind", "value", "path"),
    [
        (Target, [], "Target"),
        (Target, {"namespace": 3}, "Target.namespace"),
        (Fact, {"resource": str(_WEB), "path": "p"}, "Fact.value"),
        (Fact, {"resource": "no-ref", "path": "p", "value": "v"}, "Fact.resource"),
        (Cause, {"resource": 3, "condition": "x"}, "Cause.resource"),
        (AlertGroup, {"alerts": {}, "target": {}}, "AlertGroup.alerts"),
        (AlertGroup, {"alerts": [], "target": {}, "left_out": [["x"]]}, "AlertGroup.left_out[0]"),
        (Alert, {"name": "x", "source": "y", "labels": []}, "Alert.labels"),
        (Alert, {"name": "x", "source": "y", "severity": "awful"}, "Alert.severity"),
        (Alert, {"name": "x", "source": "y", "started_at": "now"}, "Alert.started_at"),
        (Usage, {"turns": True}, "Usage.turns"),
    ],
)
def test_what_does_not_fit_names_its_field(kind: type[Any], value: Any, path: str) -> None:
    """A wrong type or a missing field is refused with the path to it."""
    with pytest.raises(ValueError, match="^" + path.replace("[", r"\[").replace("]", r"\]")):
        from_json(kind, value)


def test_what_has_no_json_form_is_refused() -> None:
    """An object of an unknown type is the caller's mistake."""
    with pytest.raises(TypeError, match="object has no JSON form"):
        to_json({"x": object()})


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"a": "b", "c": None}, '{"a": "b", "c": null}'),
        (["x"], '["x"]'),
        ("text", '"text"'),
        (True, "true"),
        (None, "nothing"),
        ("a\nb" * 100, '"a\\nba'),
    ],
)
def test_a_value_in_a_message_is_json(value: Any, told: str) -> None:
    """A message tells a value as JSON on one line, cut where it is long, and says nothing where there is nothing."""
    said = in_words(value, 80)
    assert (said.startswith(told), len(said) <= 80, "\n" in said) == (True, True, False)
