"""Laws of the loop: whatever a model does, the run ends, every call is answered, nothing unproven passes as proven."""

from __future__ import annotations

import ast
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import agentops.agent
from agentops.agent.result import Stop
from agentops.core.usage import Limits

REPORT = {
    "verdict": "no-problem",
    "conclusion": "All is well.",
    "confidence": "low",
    "evidence": ["E1"],
    "ruled_out": [],
    "not_checked": [],
    "next_steps": [],
}
LOOK = st.sampled_from("abc").map(lambda name: {"tool": "look", "arguments": {"name": name}})
ODD = st.sampled_from(
    [
        {"tool": "nothing"},
        {"tool": "look", "arguments": {"nmae": 1}},
        {"tool": "evidence_search", "arguments": {"evidence": "E1", "contains": "x"}},
        {"tool": "report_finding", "arguments": {"verdict": "no-problem"}},
        {"tool": "report_finding", "arguments": {**REPORT, "evidence": ["E99"]}},
        {"tool": "report_finding", "arguments": REPORT},
    ]
)
STOPS = [
    "tool_use",
    "end_turn",
    "max_tokens",
    "pause_turn",
    "stop_sequence",
    "martian",
    "model_context_window_exceeded",
]
ANSWER = st.fixed_dictionaries(
    {},
    optional={
        "calls": st.lists(LOOK | ODD, max_size=4),
        "text": st.sampled_from(["", "Hm."]),
        "stop_reason": st.sampled_from(STOPS),
        "malformed": st.just({"call-1-1": "not JSON", "call-2-2": "not JSON"}),
    },
)
FAILURE = st.sampled_from([{"error": "context-overflow"}, {"error": "overloaded"}, {"stop_reason": "refusal"}])


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ANSWER, max_size=8), st.lists(ANSWER | FAILURE, max_size=3), st.integers(1, 6))
@example([{"calls": [{"tool": "look", "arguments": {"name": "a"}}]}] * 2, [{"error": "context-overflow"}], 6)
def test_every_run_ends_well(make_bench, look, turns, last, steps):
    """It ends in one of the known ways; each call is answered once, in order, right after it was made."""
    bench = make_bench(look)
    result = bench.play(*turns, *last, limits=Limits(steps=steps))
    assert result.stop in Stop
    assert (result.report is None) == (result.stop is Stop.FAILED) == (result.error is not None)
    assert tuple(bench.kept) == result.messages
    for index, message in enumerate(result.messages):
        made = [block["id"] for block in message["content"] if block["type"] == "tool_use"]
        if made:
            answers = result.messages[index + 1]["content"]
            assert [block["tool_use_id"] for block in answers if block["type"] == "tool_result"] == made
            assert [block["type"] for block in answers] == sorted((b["type"] for b in answers), reverse=True)
    assert result.usage.turns <= steps + 1
    known = {evidence.id for evidence in bench.store.all()}
    if result.report and result.report.supported:
        assert result.report.evidence
        assert set(result.report.evidence) <= known


def test_only_the_adapter_knows_the_sdk():
    """No other file of the room imports the SDK or its transport."""
    folder = Path(agentops.agent.__file__).parent
    importing = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
        if name.partition(".")[0] in ("anthropic", "httpx2")
    }
    assert importing == {"models/claude.py"}
