"""Make the JSON Schemas that ``agentops schema`` prints.

``scripts/generate.py`` writes the files and checks that they are fresh; the tests hold the real outputs against them,
additional fields forbidden. A new field of the envelope is added in ``schema_envelope.py``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from schema_envelope import envelope, finding, request
from schema_mcp import mcp_servers_file
from schema_types import CODE, COUNT, DIGEST, TEXT, Definitions, Schema, listed, plain, record

from agentops.core.approval import SignedApproval
from agentops.core.plan import ChangePlan

FOLDER = "agentops/cli/schemas"
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, Schema]:
    """Return every schema by its name."""
    return {
        "envelope": _schema("envelope", "What every command prints with --output json", envelope),
        "finding": _schema("finding", "The finding of an investigation: envelope.finding", finding),
        "request": _schema("request", "A request or a question with its reply: envelope.request", request),
        "plan": _schema("plan", "A saved change plan: fix --out FILE", _plan_file),
        "approval": _schema("approval", "A signed approval: approve --out FILE", _approval_file),
        "audit-record": _schema("audit-record", "One line of the audit chain (see audit.md)", _audit_record),
        "policy-test": _schema("policy-test", "A table of policy tests: policy test FILE", _policy_test),
        "mcp-servers": _schema("mcp-servers", "mcp.json: the MCP servers that a person connected", mcp_servers_file),
    }


def _schema(name: str, title: str, body: Any) -> Schema:
    definitions = Definitions()
    found = body(definitions)
    head = {"$schema": DIALECT, "$id": f"urn:agentops:schema:{name}:v1", "title": title}
    return head | found | ({"$defs": dict(sorted(definitions.found.items()))} if definitions.found else {})


def _plan_file(known: Definitions) -> Schema:
    return record(
        {"schema": {"const": "agentops/plan/v1"}, "digest": DIGEST, "code": CODE, "plan": known.ref(ChangePlan)}
    )


def _approval_file(known: Definitions) -> Schema:
    return record({"schema": {"const": "agentops/approval/v1"}, "approval": known.ref(SignedApproval)})


def _audit_record(_known: Definitions) -> Schema:
    link = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
    moment = plain(datetime)
    words = {"run": TEXT, "actor": TEXT, "event": TEXT, "payload": {"type": "object"}}
    return record({"prev": link, "seq": COUNT, "v": {"const": 1}, "time": moment, **words})


def _policy_test(_known: Definitions) -> Schema:
    mapping = {"type": "object"}
    asked = {
        "tool": TEXT,
        "target": {"type": "string", "pattern": "^(k8s|aws|mcp)://"},
        "as": {"type": "string", "pattern": "^(agent|human):"},
        "on_behalf_of": {"type": ["string", "null"]},
        "facts": mapping,
        "attributes": mapping,
    }
    positive = {"type": "integer", "minimum": 1}
    expect = {
        "decision": {"enum": ["allow", "deny"]},
        "approval": {"enum": ["none", "one", "two-person"]},
        "policy": {"anyOf": [TEXT, listed(TEXT)]},
        "ttl_s": positive,
        "verify_s": positive,
        "errors": {"type": "boolean"},
    }
    closed = {"additionalProperties": False}
    case = record(
        {"name": {"type": "string", "minLength": 1}, "request": {}, **asked, "expect": {}}, optional=(*asked, "request")
    )
    case["properties"]["expect"] = record(expect, optional=tuple(expect)) | closed | {"minProperties": 1}
    rows = listed(case | closed) | {"minItems": 1}
    defaults = record(asked, optional=tuple(asked)) | closed
    found = {"description": TEXT, "defaults": defaults, "cases": rows}
    return record(found, optional=("description", "defaults")) | closed


def generated(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield each schema's file and what it should hold."""
    for name, schema in schemas().items():
        yield root / FOLDER / f"{name}.json", json.dumps(schema, indent=1) + "\n"
