"""Feature flags in a ConfigMap that are on and bear the name of a workload whose log tells of errors.

Only flagd's document is known: ``flags``, each with ``variants`` and a ``defaultVariant``. A flag is never a cause by
itself; beside errors in the log of the workload that it names it is worth a look, and no more than that.
Source: https://flagd.dev/reference/flag-definitions/
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from agentops.core.alert import Severity
from agentops.core.conditions import Trait
from agentops.core.finding import Problem
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.report import quote, subject
from agentops.providers.kubernetes.analyzers.application_logs import loud_workloads
from agentops.providers.kubernetes.analyzers.declaration import analyzer, vague
from agentops.providers.kubernetes.objects.fields import Key, key_of, mapping, namespace_of, text

NAME = "feature_flags"
_BIGGEST = 200_000
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_TROUBLE = frozenset(
    {
        "fail", "failure", "failing", "error", "unreachable", "slow", "down", "crash",
        "break", "broken", "leak", "flood", "delay", "latency", "chaos",
    }
)  # fmt: skip


@analyzer(
    NAME,
    vague(
        "FeatureFlagOn",
        "ConfigMap",
        "a flag that asks for trouble is on, and the log of the workload that it names tells of errors",
        Trait.ONLY_SAID,
    ),
)
def feature_flags(graph: Graph) -> Iterable[Problem]:
    """Return the flags that are on and name a workload whose log holds errors."""
    loud = loud_workloads(graph)
    for config_map in graph.of("ConfigMap") if loud else ():
        for path, name, variant in _on(config_map):
            for workload in loud:
                if workload[1] == namespace_of(config_map) and _names(name, workload):
                    yield _problem(graph, config_map, path, name, variant, workload)


def _on(config_map: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for key, value in mapping(config_map, "data").items():
        if not isinstance(value, str) or '"defaultVariant"' not in value or len(value) > _BIGGEST:
            continue
        try:
            flags = mapping(json.loads(value), "flags")
        except ValueError:
            continue
        for name, flag in flags.items():
            variant = text(flag, "defaultVariant")
            is_on = text(flag, "state") != "DISABLED" and variant not in ("", "off", "false", "disabled", "0")
            if is_on and "off" in mapping(flag, "variants"):
                yield key, name, variant


def _names(flag: str, workload: Key) -> bool:
    """Return whether a flag asks for trouble in a workload, by the words of its name."""
    words = [word.lower() for word in _WORDS.findall(flag)]
    mine = [word.lower() for word in _WORDS.findall(workload[2])]
    return bool(_TROUBLE & set(words)) and any(word in words for word in mine if len(word) > 2)


def _problem(graph: Graph, config_map: dict[str, Any], path: str, name: str, variant: str, workload: Key) -> Problem:
    return Problem(
        resource=graph.ref(config_map),
        condition="FeatureFlagOn",
        summary=f"{subject(key_of(config_map))}: flag {name} is {variant} (data[{path}]), and the log of "
        f"{subject(workload)} tells of errors",
        severity=Severity.WARNING,
        analyzer=NAME,
        facts=(quote(graph, config_map, f"flags.{name}.defaultVariant (data[{path}])", variant),),
        affects=(graph.ref_of(workload),),
        advice=f"Ask who turned {name} on, and turn it off to see whether the errors stop.",
    )
