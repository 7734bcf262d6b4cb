"""The schema of ``mcp.json``, for editors; what a schema cannot say (a secret, a reference) the reader refuses."""

from __future__ import annotations

from schema_types import TEXT, Definitions, Schema, listed

from agentops.core.finding import Severity
from agentops.core.risk import Risk
from agentops.core.tool import Effect
from agentops.providers.mcp.objects.server import NAME, Confinement
from agentops.providers.mcp.settings.classes import CONDITION
from agentops.providers.mcp.settings.entry import LIMITS

_THING: Schema = {"type": "object"}
_FLAG: Schema = {"type": "boolean"}


def mcp_servers_file(_known: Definitions) -> Schema:
    """Return the schema of the whole file."""
    servers = {
        "type": "object",
        "propertyNames": {"pattern": f"^(?:{NAME.pattern})$"},
        "additionalProperties": _server(),
    }
    return _closed({"$schema": TEXT, "mcpServers": servers}, "mcpServers")


def _server() -> Schema:
    texts: Schema = {"type": "object", "additionalProperties": TEXT}
    local = {"type": {"const": "stdio"}, "command": TEXT, "args": listed(TEXT), "env": texts, "cwd": TEXT}
    address = {"type": "string", "pattern": "^https?://"}
    kinds = {"enum": ["http", "streamable-http", "streamableHttp"]}
    both = {"allowed": listed(TEXT), "constraints": _by_name(_by_name(_THING)), "enabled": _FLAG, "reads_only": _FLAG}
    both |= {"classifications": _by_name(_classification()), "limits": _closed({n: _limit(n) for n in LIMITS})}
    signed_in = _closed(both | {"oauth": _FLAG})
    confined = {"confinement": {"enum": [one.value for one in Confinement]}}
    return {
        "anyOf": [
            _closed(local | {"agentops": _closed(both | confined)}, "command"),
            _closed({"type": kinds, "url": address, "headers": texts, "agentops": signed_in}, "url"),
        ]
    }


def _classification() -> Schema:
    use = {"anyOf": [_closed({"tool": TEXT, "arguments": _THING, "fields": listed(TEXT)}, "tool"), {"type": "null"}]}
    return _closed(
        {
            "effect": {"enum": [one.value for one in Effect], "default": Effect.CHANGE.value},
            "risk": {"enum": [one.value for one in Risk], "default": Risk.CRITICAL.value},
            "facets": _by_name(TEXT),
            "inverse": use,
            "reads_back": use,
            "sweep": {"type": ["object", "null"]},
            "problems": listed(_problem()),
            "cures": _FLAG,
            "forms": _by_name(TEXT),
            "says": TEXT,
            "schema": {"type": "string", "pattern": "^(?:sha256:[0-9a-f]{64})?$"},
            "why": TEXT,
        }
    )


def _problem() -> Schema:
    severities = {"enum": [one.value for one in Severity]}
    condition = {"type": "string", "pattern": CONDITION.pattern.join(("^(?:", ")$"))}
    texts = dict.fromkeys(("rows", "name", "summary"), TEXT)
    rule = {**texts, "when": _THING | {"minProperties": 1}, "condition": condition, "facts": listed(TEXT)}
    return _closed(rule | {"severity": severities}, "when", "condition")


def _limit(name: str) -> Schema:
    least, most = LIMITS[name]
    return {"type": "number" if name.endswith("_s") else "integer", "minimum": least, "maximum": most}


def _by_name(value: Schema) -> Schema:
    return {"type": "object", "additionalProperties": value}


def _closed(properties: dict[str, Schema], *required: str) -> Schema:
    found = {"type": "object", "properties": properties, "additionalProperties": False}
    return found | ({"required": list(required)} if required else {})
