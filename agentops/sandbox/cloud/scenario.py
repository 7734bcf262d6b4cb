"""Incidents of AWS as data: what is built, what broke it, the alarm, and what a good answer says.

Comes in: the YAML files under ``cloud/scenarios/``. Goes out: ``CloudScenario`` values. The form is that of a cluster's
scenario, a header and a body; steps are calls of AWS. Must never start anything.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from agentops.core.errors import UsageError
from agentops.core.text import one_line

FOLDER = Path(__file__).parent / "scenarios"
PREFIX = "aws-"
"""What the names of these scenarios begin with."""
DIFFICULTIES = ("easy", "medium", "hard")


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudCause:
    """What a good answer names: the kind (``ecs/service``), the name, and the condition it is in."""

    kind: str
    name: str
    condition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudScenario:
    """One incident of AWS.

    Arguments:
        steps: calls that build the world and break it, in order: ``{call, with, keep}``.
        metrics: what CloudWatch has measured: ``{namespace, name, dimensions, values: [{from, until, value}]}``.
        answers: what moto cannot say, said by us: ``{call, when, while, answer}``.
        alarm: the alarm: the arguments of ``PutMetricAlarm``, ``state``, ``reason`` and ``at``.
        checks: what holds once it is repaired: ``{call, with, path, is}``.
        recovery: calls that are made once it does, for what AWS would bring about by itself; the alarm goes to OK.
        right_fix: calls that repair it.
        verdict: ``root_cause``, or ``recovered`` when there is nothing to repair any more.
        cluster: the scenario of a simulated cluster behind it; ``${cluster}`` is the address of its API server.
    """

    name: str
    title: str
    difficulty: str
    story: str = ""
    steps: tuple[Mapping[str, Any], ...] = ()
    metrics: tuple[Mapping[str, Any], ...] = ()
    answers: tuple[Mapping[str, Any], ...] = ()
    alarm: Mapping[str, Any] | None = None
    causes: tuple[CloudCause, ...] = ()
    checks: tuple[Mapping[str, Any], ...] = ()
    recovery: tuple[Mapping[str, Any], ...] = ()
    right_fix: tuple[Mapping[str, Any], ...] = ()
    verdict: str = "root_cause"
    cluster: str = ""


@lru_cache(maxsize=1)
def all_cloud_scenarios() -> tuple[CloudScenario, ...]:
    """Return every scenario of AWS, easy ones first."""
    found = [read(path) for path in sorted(FOLDER.glob(f"{PREFIX}*.yaml"))]
    return tuple(sorted(found, key=lambda one: (DIFFICULTIES.index(one.difficulty), one.name)))


def load(name: str) -> CloudScenario:
    """Return a scenario by its name.

    Raises:
        UsageError: there is none of that name.
    """
    path = FOLDER / f"{name}.yaml"
    if name.replace("-", "").isalnum() and path.is_file():
        return read(path)
    near = difflib.get_close_matches(name, [one.stem for one in FOLDER.glob("*.yaml")], n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]}?" if near else "List them with: agentops sandbox list"
    raise UsageError(f"no scenario {one_line(name, 60)!r}", hint=hint, code="no-scenario")


def read(path: Path) -> CloudScenario:
    """Read a scenario file.

    Raises:
        UsageError: it cannot be read, is not YAML, or lacks a required field.
    """
    try:
        head, body = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
        return CloudScenario(
            name=path.stem,
            title=str(head["title"]),
            difficulty=DIFFICULTIES[DIFFICULTIES.index(head["difficulty"])],
            story=" ".join(str(body["story"]).split()),
            steps=tuple(body.get("steps") or ()),
            metrics=tuple(body.get("metrics") or ()),
            answers=tuple(body.get("answers") or ()),
            alarm=body["alarm"],
            causes=tuple(CloudCause(**one) for one in body.get("causes") or ()),
            checks=tuple(body.get("checks") or ()),
            recovery=tuple(body.get("recovery") or ()),
            right_fix=tuple(body.get("right_fix") or ()),
            verdict=str(body.get("verdict", "root_cause")),
            cluster=str(body.get("cluster", "")),
        )
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError) as error:
        words = one_line(f"{type(error).__name__}: {error}")
        raise UsageError(f"{path} is not a scenario: {words}", hint="docs/sandbox.md describes the form.") from error
