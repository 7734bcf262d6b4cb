"""``prometheus_rules``: alerting and recording rules with their expressions and their health."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agentops.core.client_tool import count, one_of
from agentops.core.clock import Clock
from agentops.core.evidence import Reading
from agentops.core.text import clip, one_line, plural, visible
from agentops.providers.prometheus.api.client import PrometheusClient
from agentops.providers.prometheus.read.declaration import about, prometheus_tool

_SHOWN = 20
_EXPRESSION_CHARS = 1_500


@prometheus_tool(
    "prometheus_rules",
    "Alerting and recording rules: expression, how long it must hold, whether it can be evaluated.",
    {
        "name": about("part of the rule's name"),
        "type": one_of("alerting", "recording"),
        "health": one_of("ok", "err", "unknown"),
        "limit": count(100, "default 20"),
    },
    path="/api/v1/rules",
)
def rules(client: PrometheusClient, clock: Clock, arguments: Mapping[str, Any]) -> Reading:  # noqa: ARG001
    """Return the rules that match, those that cannot be evaluated first.

    Raises:
        ToolError: as ``PrometheusClient.rule_groups``.
    """
    listed = all_rules(client.rule_groups())
    kept = [rule for rule in listed if _fits(rule, arguments)]
    kept.sort(key=lambda rule: rule.get("health") == "ok")
    limit = int(arguments.get("limit", _SHOWN))
    broken = sum(rule.get("health") == "err" for rule in listed)
    said = f"{plural(len(listed), 'rule')}, but none that matches." if listed else "This Prometheus has no rules."
    return Reading(
        body="\n\n".join("\n".join(_lines(rule)) for rule in kept[:limit]) or said,
        summary=f"{plural(len(kept), 'rule')}" + (f"; {broken} cannot be evaluated" if broken else ""),
        footer=f"Only {limit} of {len(kept):,} rules are shown." if len(kept) > limit else "",
    )


def all_rules(groups: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the rules of all groups, in their order."""
    listed = [group.get("rules") for group in groups]
    return [rule for rules in listed if isinstance(rules, list) for rule in rules if isinstance(rule, Mapping)]


def _fits(rule: Mapping[str, Any], arguments: Mapping[str, Any]) -> bool:
    return (
        str(arguments.get("name", "")).lower() in str(rule.get("name", "")).lower()
        and ("type" not in arguments or rule.get("type") == arguments["type"])
        and ("health" not in arguments or rule.get("health") == arguments["health"])
    )


def _lines(rule: Mapping[str, Any]) -> Iterator[str]:
    state = one_line(str(rule.get("state", "")), 20)
    held = rule.get("duration")
    facts = [
        one_line(str(rule.get("type", "rule")), 20),
        state,
        f"must hold {held:g} s" if isinstance(held, int | float) and held else "",
    ]
    yield f"{one_line(str(rule.get('name', '')), 120)} ({', '.join(filter(None, facts))})"
    yield from ("  " + line for line in clip(visible(str(rule.get("query", ""))), _EXPRESSION_CHARS).splitlines())
    if rule.get("health") not in ("ok", None):
        error = one_line(str(rule.get("lastError", "")), 300)
        yield f"  health {one_line(str(rule['health']), 20)}" + (f": {error}" if error else "")
