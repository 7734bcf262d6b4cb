"""Reads what a person says that a tool does: one entry of ``classifications``, and writes it back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from agentops.core.risk import Risk
from agentops.core.tool import Effect
from agentops.providers.mcp.objects.classified import Classification, ToolUse
from agentops.providers.mcp.settings.fields import (
    SettingFault,
    Steps,
    choice_at,
    flag_at,
    object_at,
    require_known,
    text_at,
    texts_at,
)

_KEYS = ("effect", "risk", "facets", "inverse", "reads_back", "sweep", "forms", "says", "cures", "schema", "why")
_DIGEST = re.compile(r"(?:sha256:[0-9a-f]{64})?")


def classification_of(value: Any, path: Steps) -> Classification:
    """Return one classification; what it leaves out is the worst.

    Raises:
        SettingFault: it cannot be used.
    """
    found = object_at(value, path)
    require_known(found, _KEYS, path)
    plain = Classification()
    facets = object_at(found.get("facets", {}), (*path, "facets"))
    forms = object_at(found.get("forms", {}), (*path, "forms"))
    sweep, schema = found.get("sweep"), text_at(found.get("schema", ""), (*path, "schema"))
    if not _DIGEST.fullmatch(schema):
        raise SettingFault((*path, "schema"), "it is no digest", "'agentops mcp tools SERVER -v' prints it.")
    return Classification(
        effect=choice_at(found.get("effect", plain.effect.value), (*path, "effect"), Effect),
        risk=choice_at(found.get("risk", plain.risk.value), (*path, "risk"), Risk),
        facets={name: text_at(said, (*path, "facets", name)) for name, said in facets.items()},
        inverse=_use(found.get("inverse"), (*path, "inverse")),
        reads_back=_use(found.get("reads_back"), (*path, "reads_back")),
        sweep=None if sweep is None else object_at(sweep, (*path, "sweep")),
        forms={name: text_at(said, (*path, "forms", name)) for name, said in forms.items()},
        cures=flag_at(found.get("cures", False), (*path, "cures")),
        says=text_at(found.get("says", ""), (*path, "says")),
        schema=schema,
        why=text_at(found.get("why", ""), (*path, "why")),
    )


def classification_written(one: Classification) -> dict[str, Any]:
    """Return the entry that ``classification_of`` reads back as ``one``."""
    found: dict[str, Any] = {"effect": one.effect.value, "risk": one.risk.value}
    found |= {"facets": dict(one.facets)} if one.facets else {}
    for name, use in (("inverse", one.inverse), ("reads_back", one.reads_back)):
        kept = {"fields": list(use.fields)} if use and use.fields else {}
        found |= {name: {"tool": use.tool, "arguments": dict(use.arguments), **kept}} if use else {}
    found |= {"sweep": dict(one.sweep)} if one.sweep is not None else {}
    found |= {"forms": dict(one.forms)} if one.forms else {}
    found |= {"cures": True} if one.cures else {}
    return found | {name: said for name in ("says", "schema", "why") if (said := getattr(one, name))}


def _use(value: Any, path: Steps) -> ToolUse | None:
    if value is None:
        return None
    found = object_at(value, path)
    require_known(found, ("tool", "arguments", "fields"), path)
    arguments: Mapping[str, Any] = object_at(found.get("arguments", {}), (*path, "arguments"))
    return ToolUse(
        tool=text_at(found.get("tool", ""), (*path, "tool")),
        arguments=arguments,
        fields=texts_at(found.get("fields", []), (*path, "fields")),
    )
