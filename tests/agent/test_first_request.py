"""The first request, before any data: small, byte-stable, and free of anything that changes."""

from __future__ import annotations

import json
import re

from agentops.agent.arguments import complaints
from agentops.agent.drafting import Drafting
from agentops.agent.model import Request
from agentops.agent.prompt import prompt
from agentops.agent.report import SPEC as REPORT
from agentops.agent.search import SPEC as SEARCH
from agentops.agent.wire import Features, body
from agentops.tools.kubernetes.catalog import SPECS
from agentops.tools.kubernetes.changes.catalog import CHANGE_SPECS

EVERY = (*SPECS, SEARCH, REPORT)
DRAFTING = Drafting(CHANGE_SPECS, "test", lambda _change: "")


def _first_request(specs=EVERY, more=""):
    tools = tuple({"name": s.name, "description": s.description, "input_schema": s.schema} for s in specs)
    request = Request(system=prompt("system") + more, tools=tools, messages=())
    return json.dumps(body(request, model="claude-opus-5-5", max_tokens=16_000, features=Features()))


def _size(request):
    return len(json.dumps(json.loads(request), separators=(",", ":")).encode())


def test_it_is_small():
    """System and all tools stay under 12,000 bytes on the wire: under 4,000 tokens at three bytes each."""
    assert _size(_first_request()) <= 12_000


def test_a_fix_adds_little():
    """The prompt of a fix and all its drafting tools add under 700 bytes for each change tool."""
    whole = _size(_first_request((*EVERY, *DRAFTING.specs), f"\n\n{prompt('fix')}"))
    assert whole - _size(_first_request()) <= 700 * len(CHANGE_SPECS)


def test_every_change_tool_can_be_drafted():
    """Each change tool has its drafting tool; none of their arguments is in the way of ours."""
    assert [spec.name for spec in DRAFTING.specs] == [*(spec.name for spec in CHANGE_SPECS), "drop_change"]


def test_it_holds_no_time_and_no_id():
    """Nothing in the prefix differs between two runs."""
    assert _first_request() == _first_request()
    assert not re.search(r"\d{4}-\d{2}-\d{2}|\bE\d{2,}\b|[0-9a-f]{16,}", _first_request())


def test_the_checker_knows_every_keyword_of_every_schema():
    """No tool declares a constraint that nobody checks."""
    for spec in (*EVERY, *CHANGE_SPECS):
        _walk(spec.schema)


def _walk(schema):
    complaints(
        {k: v for k, v in schema.items() if k not in ("properties", "items", "anyOf", "additionalProperties")}, None
    )
    for inner in schema.get("properties", {}).values():
        _walk(inner)
    for inner in schema.get("anyOf", []):
        _walk(inner)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            _walk(schema[key])
