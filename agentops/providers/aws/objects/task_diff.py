"""How two task definitions differ, field by field, in words; values of environment variables are never among them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.text import one_line

_TOP = ("cpu", "memory", "networkMode", "taskRoleArn", "executionRoleArn")
_CONTAINER = (
    "image", "cpu", "memory", "memoryReservation", "essential", "command", "entryPoint", "portMappings", "healthCheck",
    "secrets",
)  # fmt: skip
_CHARS = 160


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return what differs, ``container.image: a -> b``; empty where one of them was not read."""
    if not before or not after:
        return []
    found = [_said(name, before.get(name), after.get(name)) for name in _TOP if before.get(name) != after.get(name)]
    old, new = _by_name(before), _by_name(after)
    found += [f"container {name} is gone" for name in old if name not in new]
    found += [f"container {name} is new" for name in new if name not in old]
    for name in (name for name in new if name in old):
        found += [
            _said(f"{name}.{field}", old[name].get(field), new[name].get(field))
            for field in _CONTAINER
            if old[name].get(field) != new[name].get(field)
        ]
        lost, won = (
            sorted(set(one.get("environment") or ()) - set(other.get("environment") or ()))
            for one, other in ((old[name], new[name]), (new[name], old[name]))
        )
        found += [f"{name}: variable {one} is gone" for one in lost] + [f"{name}: variable {one} is new" for one in won]
    return found


def _by_name(definition: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {str(one.get("name")): one for one in definition.get("containerDefinitions") or ()}


def _said(name: str, before: Any, after: Any) -> str:
    return one_line(f"{name}: {_text(before)} -> {_text(after)}", _CHARS)


def _text(value: Any) -> str:
    return "none" if value in (None, "", [], {}) else str(value)
