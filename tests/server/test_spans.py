"""OpenTelemetry spans: off by default, below the client's trace where they are on, and without what was said."""

from __future__ import annotations

import builtins
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError

from agentops.core.errors import ConfigError
from agentops.core.progress import Stage, Step, no_progress
from agentops.server.spans import Spans, spans_of
from tests.support.mcp_door import Place, applied, named, proposed

ON = "[server]\notel = true\n"
TRACE, PARENT = "a" * 32, "b" * 16
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"


def _memory() -> tuple[Spans, Any]:
    """Return spans that stay in memory, and where."""
    pytest.importorskip("opentelemetry.sdk", reason="opentelemetry-sdk is not installed")
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    memory, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(memory))
    return Spans(provider.get_tracer("test")), memory


def test_a_call_and_its_steps_are_one_trace() -> None:
    """The call is below the client's span, the steps are below the call; one that does not end has failed."""
    spans, memory = _memory()
    with spans.call(TRACEPARENT) as call:
        call.say(client="claude-code", tool="apply_plan")
        take = call.steps(no_progress)
        for text, key, done in (
            ("applying it", "apply-0", False),
            ("applied it", "apply-0", True),
            ("verifying", "verify", False),
            ("secret-word", "other", False),
        ):
            take(Step(stage=Stage.CHANGE, text=text, key=key, done=done))
        call.ended({"status": "applied", "plan": "7Q4M0ZKD", "message": "secret-word"}, is_error=False)
    step, verify, whole = memory.get_finished_spans()
    assert [(one.name, dict(one.attributes), one.status.status_code.name) for one in (step, verify, whole)] == [
        ("apply step", {"agentops.step": 1}, "UNSET"),
        ("verify", {}, "ERROR"),
        (
            "tools/call",
            {
                "agentops.client": "claude-code",
                "agentops.tool": "apply_plan",
                "agentops.status": "applied",
                "agentops.plan": "7Q4M0ZKD",
            },
            "UNSET",
        ),
    ]
    assert f"{whole.parent.trace_id:032x} {whole.parent.span_id:016x}" == f"{TRACE} {PARENT}"
    assert {one.parent.span_id for one in (step, verify)} == {whole.context.span_id}


def test_without_a_parent_a_call_begins_a_trace() -> None:
    """A call that raises is a failed span, and nothing of what it raised is in it."""
    spans, memory = _memory()
    with pytest.raises(ValueError, match="secret-word"), spans.call(""):
        raise ValueError("secret-word")
    (span,) = memory.get_finished_spans()
    assert (span.parent, span.status.status_code.name, "secret-word" in span.to_json()) == (None, "ERROR", False)


@pytest.mark.parametrize("document", [{"status": "no word: secret"}, {"status": 7}, {"plan": "no code"}, {}])
def test_only_words_of_ours_are_attributes(document: Mapping[str, Any]) -> None:
    """A status or a code that is none is not told."""
    spans, memory = _memory()
    with spans.call("") as call:
        call.ended(document, is_error=True)
    (span,) = memory.get_finished_spans()
    assert dict(span.attributes) == {"agentops.status": "error"}


def test_without_the_sdk_it_says_what_to_install(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that cannot be followed is told at the start; without the setting nothing is imported."""
    real = builtins.__import__

    def absent(name: str, *more: Any) -> Any:
        if name.startswith("opentelemetry.sdk"):
            raise ImportError(name)
        return real(name, *more)

    monkeypatch.setattr(builtins, "__import__", absent)
    assert spans_of(place.settings).tracer is None
    with pytest.raises(ConfigError, match="opentelemetry-sdk is not installed") as caught:
        spans_of(replace(place.settings, otel=True))
    assert "opentelemetry-exporter-otlp-proto-http" in caught.value.hint


def test_an_exporter_that_is_not_there_is_told(place: Place) -> None:
    """Spans that would go nowhere are no spans."""
    pytest.importorskip("opentelemetry.sdk", reason="opentelemetry-sdk is not installed")
    with pytest.raises(ConfigError, match="opentelemetry-exporter-none-such is not installed"):
        spans_of(replace(place.settings, otel=True), {"OTEL_TRACES_EXPORTER": "none-such"})


def _served(place: Place) -> list[dict[str, Any]]:
    """Let a client heal an incident, and return the spans that the server wrote to standard error."""

    async def work(client: Client) -> None:
        plan = await proposed(client)
        await applied(client, plan)
        place.agree(plan["plan"])
        meta: Any = {"traceparent": TRACEPARENT}
        await client.call_tool("apply_plan", {"plan_digest": plan["digest"]}, meta=meta)
        with pytest.raises(MCPError):
            await client.call_tool("secret-word", {"token": "secret-word"})

    place.with_client(work, client_info=named("claude-code"))
    text, found, decoder = place.log.read_text(), [], json.JSONDecoder()
    assert "secret-word" not in text
    while "{" in text:
        document, end = decoder.raw_decode(text := text[text.index("{") :])
        found.append(document)
        text = text[end:]
    return found


def test_the_server_makes_them_where_a_file_says_so(place: Place) -> None:
    """Through the command line: each call and each step, with client, tool, plan and status, and the client's trace."""
    pytest.importorskip("opentelemetry.sdk", reason="opentelemetry-sdk is not installed")
    place.setting(ON)
    place = replace(place, environ={"OTEL_TRACES_EXPORTER": "console"})
    spans = _served(place)
    calls = [one["attributes"] for one in spans if one["name"] == "tools/call"]
    assert [(one.get("agentops.tool"), one.get("agentops.status")) for one in calls] == [
        ("investigate", "found"),
        ("propose_plan", "waiting"),
        ("apply_plan", "approval_pending"),
        ("apply_plan", "applied"),
        (None, None),
    ]
    assert {one["agentops.client"] for one in calls} == {"claude-code"}
    steps = [(one["name"], one["attributes"].get("agentops.step")) for one in spans if one["name"] != "tools/call"]
    assert {("plan step", 1), ("apply step", 1), ("verify", None)} <= set(steps)
    (applied_call,) = [one for one in spans if one["attributes"].get("agentops.status") == "applied"]
    assert (applied_call["context"]["trace_id"], applied_call["parent_id"]) == (f"0x{TRACE}", f"0x{PARENT}")
    assert all(one["context"]["trace_id"] == f"0x{TRACE}" for one in spans if one["name"] == "apply step")


def test_by_default_there_are_none(place: Place) -> None:
    """An exporter that is named does nothing as long as no file asks for spans; a variable does not ask."""
    assert _served(replace(place, environ={"OTEL_TRACES_EXPORTER": "console", "AGENTOPS_OTEL": "1"})) == []
