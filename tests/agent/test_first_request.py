"""The first request, before any data: small, byte-stable, and free of anything that changes."""

from __future__ import annotations

import json
import re

from agentops.agent.arguments import complaints
from agentops.agent.model import Request
from agentops.agent.prompt import prompt
from agentops.agent.report import SPEC as REPORT
from agentops.agent.search import SPEC as SEARCH
from agentops.agent.wire import Features, body
from agentops.tools.kubernetes.catalog import SPECS

EVERY = (*SPECS, SEARCH, REPORT)


def _first_request():
    tools = tuple({"name": s.name, "description": s.description, "input_schema": s.schema} for s in EVERY)
    request = Request(system=prompt("system"), tools=tools, messages=())
    return json.dumps(body(request, model="claude-opus-5-5", max_tokens=16_000, features=Features()))


def test_it_is_small():
    """System and all tools stay under 12,000 bytes on the wire: under 4,000 tokens at three bytes each."""
    assert len(json.dumps(json.loads(_first_request()), separators=(",", ":")).encode()) <= 12_000


def test_it_holds_no_time_and_no_id():
    """Nothing in the prefix differs between two runs."""
    assert _first_request() == _first_request()
    assert not re.search(r"\d{4}-\d{2}-\d{2}|\bE\d{2,}\b|[0-9a-f]{16,}", _first_request())


def test_the_checker_knows_every_keyword_of_every_schema():
    """No tool declares a constraint that nobody checks."""
    for spec in EVERY:
        _walk(spec.schema)


def _walk(schema):
    complaints({k: v for k, v in schema.items() if k not in ("properties", "items", "anyOf")}, None)
    for inner in schema.get("properties", {}).values():
        _walk(inner)
    for inner in schema.get("anyOf", []):
        _walk(inner)
    if "items" in schema:
        _walk(schema["items"])
