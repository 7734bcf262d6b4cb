"""Incident scenarios as data: a healthy cluster, what broke it and when, the alert, and what a good answer says.

Comes in: the YAML files under ``scenarios/`` (or a file of your own). Goes out: ``Scenario`` values. The first
document of a file is its header, so listing scenarios parses only that. Must never start anything.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from agentops.core.errors import UsageError
from agentops.core.foreign_files import read_foreign_text
from agentops.core.foreign_yaml import read_documents
from agentops.core.text import one_line
from agentops.sandbox.programs import seconds
from agentops.sandbox.store import Obj

FOLDER = Path(__file__).parent / "scenarios"
_MOST_BYTES = 16 * 1024 * 1024
DIFFICULTIES = ("easy", "medium", "hard")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioCause:
    """What a good answer names: the object at fault and the condition it is in; ``kind`` empty: nothing is wrong."""

    kind: str = ""
    namespace: str = ""
    name: str = ""
    condition: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Steps that happen at a time, in seconds relative to now (so below zero); see ``changes``."""

    at_s: float
    steps: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioFix:
    """A repair, or something that looks like one; ``why`` says what is wrong with a wrong one."""

    name: str
    steps: tuple[Mapping[str, Any], ...]
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One incident; ``title`` and ``difficulty`` come from the header, the rest is empty until ``load``.

    ``verdict`` is ``root_cause`` or ``recovered``. ``causes`` are what a full answer names, the main one first;
    ``accept`` are other conditions of the same object that count as right, ``also`` other objects. For the oracle:
    ``may_change`` and ``may_recreate`` list what a repair may touch, ``excused`` what may stay unwell, ``checks`` what
    must hold besides.
    """

    name: str
    title: str
    difficulty: str
    story: str = ""
    namespace: str = "default"
    history_s: float = 7200.0
    manifests: tuple[Obj, ...] = ()
    programs: tuple[Mapping[str, Any], ...] = ()
    credentials: Mapping[str, str] = field(default_factory=dict)
    moments: tuple[Moment, ...] = ()
    alert: Mapping[str, Any] = field(default_factory=dict)
    verdict: str = "root_cause"
    causes: tuple[ScenarioCause, ...] = ()
    accept: tuple[str, ...] = ()
    also: tuple[ScenarioCause, ...] = ()
    may_change: tuple[str, ...] = ()
    may_recreate: tuple[str, ...] = ()
    excused: tuple[str, ...] = ()
    checks: tuple[Mapping[str, Any], ...] = ()
    right_fix: ScenarioFix | None = None
    wrong_fixes: tuple[ScenarioFix, ...] = ()

    @property
    def cause(self) -> ScenarioCause:
        """The first cause; an empty one when nothing is wrong."""
        return self.causes[0] if self.causes else ScenarioCause()


@lru_cache(maxsize=1)
def all_scenarios() -> tuple[Scenario, ...]:
    """Return every scenario that comes with the package, headers only, easy ones first."""
    found = [_header(path.read_text(encoding="utf-8"), path) for path in sorted(FOLDER.glob("*.yaml"))]
    return tuple(sorted(found, key=lambda one: (DIFFICULTIES.index(one.difficulty), one.name)))


def load(name: str) -> Scenario:
    """Return a scenario in full, by its name or by the path of a YAML file.

    Raises:
        UsageError: no such scenario (the message names the nearest), or a file that is not one.
    """
    path = FOLDER / f"{name}.yaml" if name.replace("-", "").isalnum() else Path(name)
    if path.suffix == ".yaml" and path.is_file():
        return read(path)
    names = [one.name for one in all_scenarios()]
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]}?" if near else "List them with: agentops sandbox list"
    raise UsageError(f"no scenario {one_line(name, 60)!r}", hint=hint, code="no-scenario")


def read(path: Path) -> Scenario:
    """Read a scenario file in full.

    Raises:
        UsageError: it cannot be read, is not YAML, or lacks a required field.
    """
    text = read_foreign_text(path, "a scenario", _MOST_BYTES, hint="docs/sandbox.md describes the form.")
    try:
        head = _header(text, path)
        documents = list(read_documents(text, aliases=True))
        body = documents[1] if len(documents) > 1 else {}
        base_programs, base_manifests, credentials = _base(body.get("base"))
        return _scenario(head, body, base_programs, base_manifests, credentials)
    except (OSError, yaml.YAMLError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"{path} is not a scenario: {one_line(f'{type(error).__name__}: {error}')}",
            hint="docs/sandbox.md describes the form.",
        ) from error


def _header(text: str, path: Path) -> Scenario:
    head = next(iter(read_documents(text.partition("\n---\n")[0], aliases=True, most_documents=1)), None)
    if not isinstance(head, dict) or head.get("difficulty") not in DIFFICULTIES or not head.get("title"):
        raise UsageError(f"{path} has no scenario header", hint="Its first document has name, title and difficulty.")
    return Scenario(name=path.stem, title=str(head["title"]), difficulty=head["difficulty"])


@lru_cache(maxsize=8)
def _parsed_base(name: str) -> list[Any]:
    path = FOLDER / "_bases" / f"{name}.yaml"
    return list(yaml.load_all(path.read_text(encoding="utf-8"), Loader=_LOADER))


def _base(name: str | None) -> tuple[list[Any], list[Obj], dict[str, str]]:
    """Return programs, manifests and registry credentials of a shared base: a header document, then manifests."""
    if name is None:
        return [], [], {}
    head, *manifests = _parsed_base(name)
    return head.get("programs") or [], manifests, head.get("credentials") or {}


def _scenario(
    head: Scenario, body: Mapping[str, Any], programs: list[Any], manifests: list[Obj], credentials: dict[str, str]
) -> Scenario:
    namespace = body["namespace"]
    own = _listed(body, "programs")
    own_images = {one["image"] for one in own}
    causes = body.get("causes") or ([body["cause"]] if body.get("cause") else [])
    first = [Moment(at_s=float("-inf"), steps=tuple(body["healthy"]))] if body.get("healthy") else []
    breaks = [Moment(at_s=seconds(one["at"]), steps=tuple(one["do"])) for one in _listed(body, "breaks")]
    fix = body.get("right_fix")
    return Scenario(
        name=head.name,
        title=head.title,
        difficulty=head.difficulty,
        story=" ".join(str(body["story"]).split()),
        namespace=namespace,
        history_s=seconds(body.get("history", "2h")),
        manifests=(*manifests, *_listed(body, "manifests")),
        programs=(*(one for one in programs if one["image"] not in own_images), *own),
        credentials={**credentials, **(body.get("credentials") or {})},
        moments=(*first, *sorted(breaks, key=lambda one: one.at_s)),
        alert=body["alert"],
        verdict=body.get("verdict", "root_cause"),
        causes=tuple(_cause(one, namespace) for one in causes),
        accept=_listed(body, "accept"),
        also=tuple(_cause(one, namespace) for one in _listed(body, "also")),
        may_change=_listed(body, "may_change"),
        excused=_listed(body, "excused"),
        may_recreate=_listed(body, "may_recreate"),
        checks=_listed(body, "checks"),
        right_fix=ScenarioFix(name="right", steps=tuple(fix)) if fix is not None else None,
        wrong_fixes=tuple(
            ScenarioFix(name=one["name"], steps=tuple(one["do"]), why=one.get("why", ""))
            for one in _listed(body, "wrong_fixes")
        ),
    )


def _listed(body: Mapping[str, Any], key: str) -> tuple[Any, ...]:
    """Return the list at ``key``; empty when it is absent or has no items."""
    return tuple(body.get(key) or ())


def _cause(raw: Mapping[str, str], namespace: str) -> ScenarioCause:
    cluster_scoped = raw["kind"] in ("Node", "Namespace", "StorageClass", "PersistentVolume")
    home = "" if cluster_scoped else raw.get("namespace", namespace)
    return ScenarioCause(kind=raw["kind"], namespace=home, name=raw["name"], condition=raw["condition"])
