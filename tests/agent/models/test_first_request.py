"""The first request, before any data: small, byte-stable, and free of anything that changes."""

from __future__ import annotations

import json
import re

import pytest
from jsonschema import Draft202012Validator  # noqa: TID253 - only its tables are read

from agentops.agent.drafting import Drafting
from agentops.agent.model import ModelRequest
from agentops.agent.models.request_body import Features, body
from agentops.agent.report import SPEC as REPORT
from agentops.agent.search import SPEC as SEARCH
from agentops.core.errors import ToolInputError
from agentops.core.resource import Home
from agentops.core.tool import ToolCall
from agentops.providers.kubernetes.change.registry import CHANGE_SPECS
from agentops.providers.kubernetes.read.registry import SPECS

EVERY = (*SPECS, SEARCH, REPORT)
DRAFTING = Drafting(CHANGE_SPECS, Home("k8s", "test"), lambda _change: "")


@pytest.fixture
def first_request(make_bench, make_tool):
    """The bytes of a request before any data: of an investigation, or with ``drafting`` of a run that may fix."""
    tools = [make_tool(spec.name, lambda _: None) for spec in SPECS]
    for tool, spec in zip(tools, SPECS, strict=True):
        tool.spec = spec

    def make(drafting=None):
        system, wired = make_bench(*tools, drafting=drafting).prefix
        request = ModelRequest(system=system, tools=wired, messages=())
        sent = body(request, model="claude-opus-5-5", max_tokens=16_000, features=Features())
        return json.dumps(sent, separators=(",", ":"), ensure_ascii=False)

    return make


def test_it_is_small(first_request):
    """System and all tools of an investigation stay under 10,000 bytes on the wire, some 2,700 tokens."""
    assert len(first_request().encode()) <= 10_000


def test_that_of_a_fix_is_small(first_request):
    """With the drafting of every change tool it stays under 15,000 bytes: 4,000 tokens at 3.75 bytes each."""
    assert len(first_request(DRAFTING).encode()) <= 15_000


def test_the_schema_of_every_change_tool_fits_into_an_error():
    """Whatever is called wrongly, the answer has the whole schema of its arguments."""
    for spec in CHANGE_SPECS:
        call = ToolCall(id="c", name="draft_change", arguments={"tool": spec.name, "arguments": {"no-such": 1}})
        with pytest.raises(ToolInputError) as raised:
            DRAFTING.take(call, ["E1"], str)
        schema = raised.value.hint.partition(f"for {spec.name}: ")[2]
        assert (json.loads(schema), len(raised.value.message + schema) < 3_500) == (spec.schema, True)


def test_every_change_tool_can_be_drafted():
    """Each change tool has its drafting tool; none of their arguments is in the way of ours."""
    listed = [line.split(":")[0].split(" ")[0] for line in DRAFTING.specs[0].description.split("\n")[1:]]
    assert [f"kubernetes_{name}" for name in listed] == [spec.name for spec in CHANGE_SPECS]
    assert frozenset({"draft_change", "drop_change", *(spec.name for spec in CHANGE_SPECS)}) == DRAFTING.names


def test_it_holds_no_time_and_no_id(first_request):
    """Nothing in the prefix differs between two runs."""
    assert first_request(DRAFTING) == first_request(DRAFTING)
    assert not re.search(r"\d{4}-\d{2}-\d{2}|\bE\d{2,}\b|[0-9a-f]{16,}", first_request(DRAFTING))


def test_every_schema_is_a_schema_and_no_keyword_is_misspelt():
    """No tool declares a constraint that nobody checks: JSON Schema takes an unknown keyword for a remark."""
    remarks = {"description", "title", "default", "examples", "properties"}
    odd = {}
    for spec in (*EVERY, *CHANGE_SPECS):
        Draft202012Validator.check_schema(spec.schema)
        unknown = set(_keywords(spec.schema)) - set(Draft202012Validator.VALIDATORS) - remarks
        odd |= {spec.name: unknown} if unknown else {}
    assert odd == {}


def _keywords(schema):
    yield from schema
    inner = [*schema.get("properties", {}).values(), *schema.get("anyOf", [])]
    inner += [schema[key] for key in ("items", "additionalProperties") if isinstance(schema.get(key), dict)]
    for one in inner:
        yield from _keywords(one)
