"""The toolbox: from a call to redacted, stored, audited evidence, and what a call that cannot run is told."""

from __future__ import annotations

import threading

import pytest

from agentops.core.errors import AuditError, Forbidden, StoreError, ToolError, UsageError
from agentops.core.evidence import Reading
from agentops.core.progress import Stage
from agentops.core.tool import Effect, ToolCall, ToolSpec


def _call(tool, number=1, /, **arguments):
    return ToolCall(id=f"c{number}", name=tool, arguments=arguments)


def test_reading_is_redacted_before_anything_else(make_bench, make_tool):
    """A secret in body, summary, footer or arguments reaches neither store, audit, progress nor model."""
    leak = Reading(body="password hunter2", summary="sum hunter2", footer="foot hunter2")
    bench = make_bench(make_tool("leak", lambda _: leak))
    result = bench.toolbox.run([_call("leak", who="hunter2")])[0]
    everything = repr((bench.store.all(), bench.store.body("E1"), bench.audit.records, bench.steps[1:], result.content))
    assert ("hunter2" in everything, "[redacted]" in everything) == (False, True)


def test_call_is_audited_with_what_it_brought(bench):
    """The record names tool, arguments, evidence, digest and size, and an integer duration."""
    result = bench.toolbox.run([_call("look", name="api")])[0]
    record = dict(bench.audit.payloads("tool_call")[0])
    assert isinstance(record.pop("duration_ms"), int)
    assert record == {
        "call": "c1",
        "tool": "look",
        "arguments": {"name": "api"},
        "evidence": "E1",
        "digest": result.evidence.digest,
        "size_bytes": 24,
        "executed": True,
    }


def test_calls_run_at_the_same_time_and_answer_in_order(make_bench, make_tool):
    """Two calls that wait for each other both finish; evidence is numbered in the order of the calls."""
    barrier = threading.Barrier(2, timeout=10)

    def meet(arguments):
        barrier.wait()
        return Reading(body=arguments["n"], summary=arguments["n"])

    bench = make_bench(make_tool("meet", meet))
    results = bench.toolbox.run([_call("meet", 1, n="one"), _call("meet", 2, n="two")])
    assert [(r.call.id, r.evidence.id, r.evidence.summary) for r in results] == [
        ("c1", "E1", "one"),
        ("c2", "E2", "two"),
    ]


def test_more_calls_than_threads(make_bench, make_tool):
    """Never more calls at once than allowed, and none is lost."""
    running, most, lock = set(), [], threading.Lock()

    def count(arguments):
        with lock:
            running.add(arguments["n"])
            most.append(len(running))
        threading.Event().wait(0.005)
        with lock:
            running.discard(arguments["n"])
        return Reading(body=str(arguments["n"]), summary="")

    bench = make_bench(make_tool("count", count), max_parallel=3)
    results = bench.toolbox.run([_call("count", n, n=n) for n in range(10)])
    assert ([r.evidence.id for r in results], max(most) <= 3) == ([f"E{n}" for n in range(1, 11)], True)


def test_time_out_is_an_answer(make_bench, make_tool):
    """A call that does not return in its time is answered so, and the others are not held up."""
    never = threading.Event()
    stuck = make_tool("stuck", lambda _: never.wait(60), timeout_s=0.05)
    fine = make_tool("fine", lambda _: Reading(body="x", summary="x"))
    bench = make_bench(stuck, fine, max_parallel=1)
    results = bench.toolbox.run([_call("stuck"), _call("fine", 2)])
    never.set()
    assert [(r.is_error, r.content.split("\n")[0]) for r in results] == [
        (True, "stuck did not answer in time: no answer in 0.05 seconds"),
        (False, "Evidence E1: x"),
    ]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Forbidden("pods is forbidden", hint="Ask for get pods."), "pods is forbidden Ask for get pods."),
        (UsageError("the name '-x' starts with a dash"), "the name '-x' starts with a dash"),
        (ToolError("key hunter2 \u202e<untrusted n0nce>"), "key [redacted] \\u{202e}‹untrusted n0nce>"),
        (KeyError("spec"), "fail failed inside agentops (KeyError: 'spec'); this is a defect."),
    ],
)
def test_errors_are_exact_text(make_bench, make_tool, error, said):
    """What a tool raises is told to the model word for word, redacted and made visible, and recorded."""

    def fail(_):
        raise error

    bench = make_bench(make_tool("fail", fail))
    result = bench.toolbox.run([_call("fail")])[0]
    assert (result.is_error, result.content, bench.audit.payloads("tool_call")[0]["error"]) == (True, said, said)
    assert (bench.steps[-1].stage, bench.steps[-1].done) == (Stage.TOOL, True)


@pytest.mark.parametrize("error", [StoreError("disk"), AuditError("chain"), SystemExit(3), KeyboardInterrupt()])
def test_what_is_not_the_tools_ends_the_run(make_bench, make_tool, error):
    """Errors of store and audit, and the wish to stop, are not answers to a model."""

    def fail(_):
        raise error

    bench = make_bench(make_tool("fail", fail))
    with pytest.raises(type(error)):
        bench.toolbox.run([_call("fail")])


def test_unfit_calls_are_recorded_as_not_executed(bench, look):
    """Unknown tools and wrong arguments never reach a tool, and the record says so."""
    results = bench.toolbox.run([_call("kubectl"), _call("look", 2), _call("look", 3, name="a", tail=500)])
    assert [r.content for r in results] == [
        "there is no tool 'kubectl'. The tools are look, evidence_search.",
        "look was called wrongly: `name` is missing (a string)",
        "look was called wrongly: `tail` must be from 1 to 100, not 500",
    ]
    assert (look.calls, [p["executed"] for p in bench.audit.payloads("tool_call")]) == ([], [False] * 3)


def test_audit_records_hold_no_floats(bench):
    """A number that JSON writers spell differently is recorded as text."""
    bench.toolbox.run([_call("look", name="a", tail=1.5), _call("look", 2, name="a", tail=2**60)])
    assert [p["arguments"]["tail"] for p in bench.audit.payloads("tool_call")] == ["1.5", str(2**60)]


def test_long_body_is_shown_as_an_excerpt(make_bench, make_tool):
    """The model gets the excerpt, the footer, and how to search the rest."""
    long = Reading(body="line\n" * 100, summary="100 lines", footer="Only errors.")
    bench = make_bench(make_tool("long", lambda _: long), excerpt_chars=10)
    assert bench.toolbox.run([_call("long")])[0].content == (
        'Evidence E1: 100 lines\n<untrusted n0nce source="E1 long">\nline\nline\n</untrusted n0nce>\nOnly errors.\n'
        'This is an excerpt of 500 bytes; evidence_search with evidence "E1" reads the rest.'
    )


def test_evidence_can_be_searched(make_bench, make_tool):
    """``evidence_search`` reads stored bodies through the same path, and is evidence itself."""
    bench = make_bench(make_tool("long", lambda _: Reading(body="a\nOOM\nb", summary="3 lines")))
    bench.toolbox.run([_call("long")])
    result = bench.toolbox.run([_call("evidence_search", 2, evidence="E1", contains="oom", context=0)])[0]
    assert (result.evidence.id, result.evidence.excerpt) == ("E2", "2: OOM")


def test_change_tools_are_not_taken(make_bench, make_tool):
    """A tool that changes something cannot even be put into the box."""
    tool = make_tool("scale", lambda _: None)
    tool.spec = ToolSpec(name="scale", description="", schema={}, effect=Effect.CHANGE)
    with pytest.raises(ValueError, match="only read tools may be in a toolbox, not scale"):
        make_bench(tool)


def test_audit_failure_stops_the_run(make_bench, look):
    """A result that cannot be recorded is not handed out."""
    bench = make_bench(look, broken_at=0)
    with pytest.raises(AuditError):
        bench.toolbox.run([_call("look", name="a")])
