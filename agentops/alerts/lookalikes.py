"""What people send for an alert and is none: rules, routes and dashboards. Each is refused by its name.

Comes in: a decoded document. Goes out: nothing, or an ``AlertError`` that says what was seen, and what would work.
"""

from __future__ import annotations

from typing import Any

from agentops.core.errors import AlertError

_SEND = "Send the alert itself: the webhook's payload, or amtool alert query -o json."
_RULES_OF_GRAFANA = "an export of Grafana's alert rules"
_RULE_KINDS = frozenset({"PrometheusRule", "VMRule", "AlertingRule", "GrafanaAlertRuleGroup", "AlertRule"})
_ROUTE_KINDS = frozenset({"AlertmanagerConfig", "Alertmanager", "VMAlertmanagerConfig", "GrafanaContactPoint"})


def require_alert(document: Any, what: str) -> None:
    """Raise when the document is something else that belongs to alerting.

    Raises:
        AlertError: it is a rule, a route, a dashboard.
    """
    seen = _seen(document)
    if seen:
        raise AlertError(f"{what} is {seen}, not an alert that fired", hint=_SEND)


def _seen(document: Any) -> str:
    """Return what the document is instead; empty when it is nothing of the kind."""
    if isinstance(document, list):
        first = document[0] if document else None
        return _RULES_OF_GRAFANA if isinstance(first, dict) and {"uid", "condition", "data"} <= first.keys() else ""
    if not isinstance(document, dict):
        return ""
    kind = document.get("kind") if "apiVersion" in document else None
    kinds = {one.get("kind") for one in _list(document.get("items")) if isinstance(one, dict)} if kind else set()
    seen = {
        f"a rule ({kind})": isinstance(kind, str) and kind in _RULE_KINDS,
        f"the configuration of alerting ({kind})": isinstance(kind, str) and kind in _ROUTE_KINDS,
        f"a list of rules ({', '.join(sorted(map(str, kinds)))})": bool(kinds) and kinds <= _RULE_KINDS,
        "a file of alert rules": _holds_rules(document.get("groups")),
        "Alertmanager's configuration": {"route", "receivers"} <= document.keys(),
        _RULES_OF_GRAFANA: {"uid", "condition", "data", "title"} <= document.keys(),
        "a dashboard of Grafana": {"panels", "schemaVersion"} <= document.keys(),
        "an alert rule": _is_rule(document),
    }
    return next((name for name, is_it in seen.items() if is_it), "")


def _holds_rules(groups: Any) -> bool:
    if not isinstance(groups, list):
        return False
    rules = [rule for group in groups if isinstance(group, dict) for rule in _list(group.get("rules"))]
    return any(_is_rule(rule) or (isinstance(rule, dict) and "condition" in rule and "data" in rule) for rule in rules)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_rule(rule: Any) -> bool:
    return isinstance(rule, dict) and "expr" in rule and ("alert" in rule or "record" in rule) and "state" not in rule
