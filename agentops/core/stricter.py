"""Who decides a setting that decides about changes, and how far others may make it stricter.

Comes in: what each source says of one setting, the one that decides first. Goes out: the value in force and where it
comes from. Pure. A source that does not decide can take a permission away and can never give one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ENVIRONMENTS = ("development", "staging", "production")
"""The environments that a person may give a place, the laxest first."""

IN_BAND = ("never", "none", "one")
"""Up to which approval a person may agree through an agent's own program, the strictest first."""


@dataclass(frozen=True, slots=True)
class Said:
    """A value, where it comes from, and whether that source may decide; one that may not can only be stricter."""

    value: Any
    source: str
    decides: bool


def in_force(name: str, said: Sequence[Said], default: Any) -> Said:
    """Return what is in force of a setting.

    Arguments:
        name: the setting's field.
        said: what the sources say, the strongest first.
        default: what holds where nobody says anything.
    """
    first = next((one for one in said if one.decides), Said(default, "default", decides=True))
    found = first
    for one in said:
        if one is not first:
            found = _stricter(name, found, one)
    return found


def _stricter(name: str, found: Said, other: Said) -> Said:
    value = _RULES[name](found.value, other.value)
    if value == found.value:
        return found
    source = other.source if value == other.value or found.source == "default" else f"{found.source}, {other.source}"
    return Said(value, source, decides=True)


def _union(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*one, *other)))


def _first(one: Any, other: Any) -> Any:
    return one or other


def _kept(one: Any, _other: Any) -> Any:
    return one


def _environments(one: Mapping[str, str], other: Mapping[str, str]) -> dict[str, str]:
    """Return the places that are not production; the other table may take one away or make it stricter."""
    rank = ENVIRONMENTS.index
    return {place: max(found, other.get(place, found), key=rank) for place, found in one.items()}


_RULES: Mapping[str, Callable[[Any, Any], Any]] = {
    "read_only": lambda one, other: one or other,
    "cluster_lease": _first,
    "namespaces": _first,
    "cluster_kinds": _kept,
    "allow_cluster_admin": _kept,
    "change_context": _kept,
    "change_account": _kept,
    "disabled_tools": _union,
    "production_contexts": _union,
    "protected_namespaces": _union,
    "freeze": _union,
    "max_pods": min,
    "max_percent": min,
    "environments": _environments,
    "confirm_in_band": lambda one, other: min(one, other, key=IN_BAND.index),
}
KEPT = tuple(name for name, rule in _RULES.items() if rule in (_kept, _environments))
"""The settings that only who decides can set at all."""
DECIDING = tuple(_RULES)
"""The settings that decide what may be changed. They are read once more right before a change is sent."""
