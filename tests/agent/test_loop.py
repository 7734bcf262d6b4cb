"""The loop: every way in which a run can go on or end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agentops.agent.model import BadAnswer, ContextOverflow, ModelRequest, RateLimited, Refused, Turn
from agentops.agent.models.scripted import Scripted
from agentops.agent.result import Stop
from agentops.core.errors import AuditError
from agentops.core.finding import Cause, Confidence, Finding, Hypothesis, Verdict
from agentops.core.plan import Change
from agentops.core.progress import Progress, Stage
from agentops.core.resource import kubernetes_ref
from agentops.core.usage import Limits, Usage

API = kubernetes_ref("test", "shop", "Deployment", "api")
FOUND = Finding(
    verdict=Verdict.ROOT_CAUSE,
    conclusion="api runs out of memory.",
    confidence=Confidence.HIGH,
    by="scripted",
    cause=Cause(resource=API, condition="OOMKilled"),
    evidence=("E1",),
    next_steps=("Raise the limit.",),
)


def test_reads_then_reports(bench, looking, report):
    """A model that looks and then reports gives its finding, with its citations as they were."""
    change = {"tool": "t", "target": "shop/Deployment/api", "arguments": {"a": 1}, "reason": "r", "evidence": ["e1"]}
    ruled_out = [{"statement": "node full", "contradicted_by": ["[E1]"]}]
    result = bench.play(looking(), {"calls": [report(proposed_changes=[change], ruled_out=ruled_out)]})
    assert (result.stop, result.error) == (Stop.REPORTED, None)
    assert result.report == replace(
        FOUND,
        proposed=(Change(tool="t", target=API, arguments={"a": 1}, reason="r", evidence=("E1",)),),
        ruled_out=(Hypothesis(statement="node full", contradicted_by=("E1",)),),
    )


def test_messages_are_what_goes_over_the_wire(bench, looking, report):
    """History holds the opening, each turn as it was, and all results of a turn in one user message, in call order."""
    result = bench.play(looking("a", "b"), {"calls": [report()]})
    fenced = (
        "Evidence {0}: 1 pod named {1}\n"
        '<untrusted n0nce source="{0} look">\nstatus of {1}: OOMKilled\n</untrusted n0nce>'
    )
    assert [message["role"] for message in result.messages] == ["user", "assistant", "user", "assistant", "user"]
    assert result.messages[0] == {"role": "user", "content": [{"type": "text", "text": "An alert fired."}]}
    assert result.messages[2] == {
        "role": "user",
        "content": [
            {"type": "tool_result", "tool_use_id": "call-1-1", "content": fenced.format("E1", "a")},
            {"type": "tool_result", "tool_use_id": "call-1-2", "content": fenced.format("E2", "b")},
        ],
    }
    assert result.messages[4]["content"] == [{"type": "tool_result", "tool_use_id": "call-2-1", "content": "Accepted."}]
    assert tuple(bench.kept) == result.messages


def test_each_turn_is_audited_before_its_calls(bench, looking, report):
    """The chain holds model_turn, then its tool_call records, without floats or secrets."""
    turn = {**looking(), "text": "Looking.", "reasoning": "The password is hunter2.", "usage": {"input_tokens": 7}}
    bench.play(turn, {"calls": [report()]})
    assert [record.event for record in bench.audit.records] == ["model_turn", "tool_call", "model_turn"]
    first = dict(bench.audit.payloads("model_turn")[0])
    assert first.pop("request").startswith("sha256:")
    assert first == {
        "turn": 1,
        "model": "scripted",
        "request_id": "scripted-1",
        "stop_reason": "tool_use",
        "reasoning": "The password is [redacted].",
        "text": "Looking.",
        "tool_calls": [{"call": "call-1-1", "tool": "look", "arguments": {"name": "api-1"}}],
        "usage": {
            "turns": 1,
            "tool_calls": 0,
            "input_tokens": 7,
            "output_tokens": 0,
            "cache_read_tokens": 0,
            "cache_write_tokens": 0,
            "cost_micro_usd": 0,
            "wall_ms": 0,
        },
    }


def test_usage_is_added_up(bench, looking, report):
    """The result says what all turns cost together."""
    spent = {"input_tokens": 100, "output_tokens": 10, "cost_usd": 0.5}
    result = bench.play({**looking("a", "b"), "usage": spent}, {"calls": [report()], "usage": spent})
    assert result.usage == Usage(turns=2, tool_calls=2, input_tokens=200, output_tokens=20, cost_usd=1.0)


def test_one_unknown_price_makes_the_cost_unknown(bench, looking, report):
    """A cost that is partly a guess is not shown as a number."""
    result = bench.play({**looking(), "usage": {"cost_usd": None}}, {"calls": [report()]})
    assert result.usage.cost_usd is None


def test_audit_failure_ends_the_run(make_bench, look, looking):
    """Nothing goes on when a turn cannot be recorded; no tool of it has run."""
    bench = make_bench(look, broken_at=0)
    with pytest.raises(AuditError):
        bench.play(looking())
    assert look.calls == []


def test_unobserved_citation_is_sent_back_once(bench, looking, report):
    """A finding that cites what nobody saw comes back with the known ids, and is taken when corrected."""
    result = bench.play(looking(), {"calls": [report(evidence=["E9"])]}, {"calls": [report()]})
    assert result.report == FOUND
    assert bench.answers(result)[1] == (
        "Not accepted: E9 was never observed in this incident. Known evidence: E1. Correct it and report again."
    )


@pytest.mark.parametrize(
    ("cited", "kept", "why"),
    [
        ({"evidence": ["E1", "E9"]}, ("E1",), "E9 was never observed in this incident"),
        ({"evidence": []}, (), "the conclusion cites no evidence"),
        ({"conclusion": "See [E7]."}, ("E1",), "E7 was never observed in this incident"),
    ],
)
def test_second_bad_citation_is_marked(bench, looking, report, cited, kept, why):
    """A finding that still cites wrongly is taken, unsupported, with a warning and without the invented ids."""
    result = bench.play(looking(), {"calls": [report(**cited)]}, {"calls": [report(**cited)]})
    expected = replace(FOUND, supported=False, evidence=kept, warnings=(f"Not supported by evidence: {why}.",))
    assert result.report == replace(expected, conclusion=cited.get("conclusion", FOUND.conclusion))


def test_report_with_wrong_fields_is_sent_back(bench, looking, report):
    """A report that does not fit its schema comes back with every complaint, and is taken when corrected."""
    bad = report(verdict="maybe", not_checked=None, cause={"resource": "api", "condition": "OOMKilled"})
    result = bench.play(looking(), {"calls": [bad]}, {"calls": [report()]})
    assert result.report == FOUND
    assert bench.answers(result)[1] == (
        "Not accepted: `verdict` must be one of root-cause, recovered, no-problem, outside, "
        'undetermined, not "maybe"; `not_checked` is missing (a list); '
        "`cause.resource`: 'api' is not NAMESPACE/KIND/NAME. Correct it and report again."
    )


def test_report_that_stays_wrong_is_taken_in_part(bench, looking, report):
    """After two corrections the readable part of a report is taken, with a warning for the rest."""
    bad = report(cause={"resource": "api", "condition": "OOMKilled"})
    result = bench.play(looking(), *[{"calls": [bad]}] * 3)
    warning = "The report is incomplete: `cause.resource`: 'api' is not NAMESPACE/KIND/NAME."
    assert result.report == replace(FOUND, cause=None, warnings=(warning,))


def test_report_that_cannot_be_read_fails(bench, report):
    """A model that never manages to write a report ends in an error, not in an endless conversation."""
    result = bench.play(*[{"calls": [report(conclusion=None)]}] * 9)
    assert (result.stop, result.report, type(result.error), result.usage.turns) == (Stop.FAILED, None, BadAnswer, 4)


def test_calls_beside_an_accepted_report_do_not_run(bench, look, looking, report):
    """The run ends with the report; what was called beside it is answered as not executed."""
    result = bench.play(looking(), {"calls": [*looking("b")["calls"], report(), report()]})
    assert result.stop is Stop.REPORTED
    assert [call["name"] for call in look.calls] == ["api-1"]
    assert bench.answers(result)[1:] == [
        "Not executed: the run has ended.",
        "Accepted.",
        "Not executed: one report is enough.",
    ]


def test_text_without_report_is_reminded_once(bench, looking, report):
    """A model that answers in text is reminded, and may still report."""
    result = bench.play(looking(), {"text": "It is memory."}, {"calls": [report()]})
    assert result.report == FOUND
    assert "`report_finding`" in bench.answers(result)[1]


def test_text_twice_is_an_unsupported_finding(bench, looking):
    """A model that only talks gets its words shown as what they are."""
    result = bench.play(looking(), {"text": "It is memory."}, {"text": "Yes."})
    assert result.stop is Stop.ANSWERED
    assert result.report == Finding(
        verdict=Verdict.UNDETERMINED,
        conclusion="It is memory.",
        confidence=Confidence.LOW,
        by="scripted",
        supported=False,
        warnings=(
            "Not supported by evidence: no finding was reported, this is the model's text "
            "(the model answered in text and reported nothing).",
        ),
    )


def test_silence_is_an_error(bench):
    """A model that says nothing at all, twice, ends in an error."""
    result = bench.play({}, {})
    assert (result.stop, type(result.error)) == (Stop.FAILED, BadAnswer)


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(steps=2), "2 of 2 model turns are used"),
        (Limits(tokens=200), "200 of 200 tokens are used"),
        (Limits(usd=1.0), "$1.00 of $1.00 are spent"),
    ],
)
def test_spent_budget_asks_once_for_the_best_finding(bench, look, looking, report, limits, reason):
    """At a limit the model has one turn left, and only its report is taken."""
    spent = {"input_tokens": 90, "output_tokens": 10, "cost_usd": 0.5}
    turns = [{**looking(name), "usage": spent} for name in "ab"]
    result = bench.play(*turns, {"calls": [*looking("c")["calls"], report()]}, limits=limits)
    assert (result.stop, result.reason, len(look.calls)) == (Stop.EXHAUSTED, reason, 2)
    assert result.report == replace(FOUND, warnings=(f"The report is incomplete: it ended early, {reason}.",))
    assert bench.answers(result)[2].startswith(f"No more reading: {reason}.")


def test_time_is_a_budget(bench, looking, report):
    """Seconds are counted by the clock that was handed in."""
    ticks = iter(range(0, 1000, 40))
    result = bench.play(
        *[looking(n) for n in "ab"], {"calls": [report()]}, limits=Limits(seconds=150), monotonic=lambda: next(ticks)
    )
    assert result.stop is Stop.EXHAUSTED
    assert "of 150 seconds are over" in result.reason


def test_endless_tool_calling_ends_without_report(bench, looking):
    """A model that never stops calling is stopped; without a text there is an error that says so."""
    result = bench.play(*[looking(str(n)) for n in range(9)], limits=Limits(steps=3))
    assert (result.stop, result.usage.turns, type(result.error)) == (Stop.FAILED, 4, BadAnswer)


def test_exhausted_with_text_only(bench, looking):
    """Words at the end of the budget are better than nothing, and are marked."""
    result = bench.play(looking(), {"text": "Probably memory."}, limits=Limits(steps=1))
    assert (result.stop, result.report.conclusion, result.report.supported) == (
        Stop.EXHAUSTED,
        "Probably memory.",
        False,
    )


def test_repeated_call_is_told_then_ended(bench, looking, report):
    """The same call with the same result: told once, and after the third time in a row only a report is taken."""
    result = bench.play(*[looking()] * 4, {"calls": [report()]})
    assert (result.stop, result.reason) == (Stop.EXHAUSTED, "the same calls were made again and again")
    told = [text for text in bench.answers(result) if text.startswith("These calls brought nothing new")]
    assert len(told) == 1


def test_ping_pong_is_noticed(bench, looking, report):
    """Two calls in turns are a circle too."""
    result = bench.play(*[looking(name) for name in "ababa"], {"calls": [report()]})
    assert (result.stop, result.usage.turns) == (Stop.EXHAUSTED, 6)


def test_a_changing_result_is_no_circle(make_bench, make_tool, report):
    """Looking again is fine while it brings something new."""
    seen = iter(range(9))
    tool = make_tool("wait", lambda _: _reading(f"{next(seen)} ready"))
    bench = make_bench(tool)
    result = bench.play(*[{"calls": [{"tool": "wait"}]}] * 3, {"calls": [report()]})
    assert (result.stop, result.report.supported) == (Stop.REPORTED, True)


def test_unknown_tool_and_bad_arguments_are_answered(bench, report, looking):
    """A call that cannot run is answered in words, beside one that can."""
    calls = [{"tool": "lock"}, {"tool": "look", "arguments": {"name": 3, "tial": 1}}, *looking()["calls"]]
    result = bench.play({"calls": calls}, {"calls": [report()]})
    assert bench.answers(result)[:2] == [
        "there is no tool 'lock'. Did you mean look?",
        "look was called wrongly: `name` must be a string, not 3; `tial` is not an argument (did you mean `tail`?)",
    ]
    assert result.report == FOUND


def test_arguments_that_are_not_json(bench, look, looking, report):
    """A call whose arguments could not be parsed does not run; the model is told what was wrong with them."""
    broken = {**looking(), "malformed": {"call-1-1": "Expecting value at character 9"}}
    result = bench.play(broken, looking(), {"calls": [report()]})
    assert bench.answers(result)[0] == (
        "Not executed: the arguments are not valid JSON (Expecting value at character 9). "
        "Call it again with a JSON object."
    )
    assert (len(look.calls), result.stop) == (1, Stop.REPORTED)


def test_max_tokens_in_a_call_runs_nothing(bench, look, looking, report):
    """A message cut at the output limit may hold half a call: it is answered, never executed."""
    cut = {**looking("half"), "stop_reason": "max_tokens"}
    result = bench.play(cut, looking(), {"calls": [report()]})
    assert ([call["name"] for call in look.calls], result.stop) == (["api-1"], Stop.REPORTED)
    assert bench.answers(result)[0].startswith("Not executed: your message was cut off")


def test_max_tokens_again_and_again_ends(bench):
    """A model that always runs into the limit ends with what it said."""
    result = bench.play(*[{"text": "Well", "stop_reason": "max_tokens"}] * 5)
    assert (result.stop, result.usage.turns, result.report.supported) == (Stop.ANSWERED, 3, False)


def test_max_tokens_before_any_content(bench, looking, report):
    """Nothing but hidden reasoning came: no empty message is kept, and the run goes on."""
    result = bench.play(looking(), {"stop_reason": "max_tokens"}, {"calls": [report()]})
    assert result.stop is Stop.REPORTED
    assert all(message["content"] for message in result.messages)


def test_refusal_is_an_error_that_says_what_to_do(bench, looking):
    """A refusal ends the run with its explanation; nothing of the turn is kept."""
    result = bench.play(looking(), {"stop_reason": "refusal", "text": "No", "detail": "cyber: not allowed"})
    assert (type(result.error), result.error.message) == (Refused, "scripted declined to go on: cyber: not allowed")
    assert "--no-model" in result.error.hint
    assert result.messages[-1]["role"] == "user"


def test_pause_turn_goes_on(bench, looking, report):
    """A paused turn is sent back as it is, without a message of ours."""
    result = bench.play(looking(), {"text": "Hm", "stop_reason": "pause_turn"}, {"calls": [report()]})
    assert [message["role"] for message in result.messages][-3:] == ["assistant", "assistant", "user"]


def test_unknown_stop_reason_runs_nothing(bench, look, looking, report):
    """Calls of a message that ended in a way we do not know are not executed."""
    result = bench.play({**looking(), "stop_reason": "martian"}, looking(), {"calls": [report()]})
    assert (len(look.calls), result.stop) == (1, Stop.REPORTED)


def test_context_overflow_shortens_what_was_not_yet_seen(bench, looking, report):
    """When the results do not fit, they are named instead of shown, and the model is asked for its finding."""
    result = bench.play(looking(), {"error": "context-overflow"}, {"calls": [report()]})
    assert (result.stop, result.report.evidence) == (Stop.EXHAUSTED, ("E1",))
    assert result.messages[2]["content"][0]["content"] == (
        "Evidence E1 is stored but not shown: the context window is full."
    )
    assert tuple(bench.kept) == result.messages


def test_window_exceeded_while_answering_is_the_same(bench, looking, report):
    """The window filling up in the middle of an answer is handled as one that was too small from the start."""
    half = {"text": "Half", "stop_reason": "model_context_window_exceeded"}
    result = bench.play(looking(), half, {"calls": [report()]})
    assert (result.stop, result.reason) == (Stop.EXHAUSTED, "the conversation fills the model's context window")


@pytest.mark.parametrize("turns", [[{"error": "context-overflow"}], [{}, {"error": "context-overflow"}]])
def test_context_overflow_without_results_fails(bench, turns):
    """There is nothing to shorten in an opening that is too long."""
    result = bench.play(*turns)
    assert (result.stop, type(result.error)) == (Stop.FAILED, ContextOverflow)


def test_model_failure_keeps_everything(bench, looking):
    """An endpoint that fails for good is a result: the history so far and the error."""
    result = bench.play(looking(), {"error": "rate-limited"})
    assert (result.stop, type(result.error), result.usage.tool_calls) == (Stop.FAILED, RateLimited, 1)
    assert (len(result.messages), len(bench.kept)) == (3, 3)


def test_resume_closes_open_calls(bench, looking, report):
    """A conversation that broke off between a call and its result goes on: the call is answered as not executed."""
    first = bench.play(looking(), {"error": "rate-limited"})
    cut = first.messages[:2]
    result = bench.play({"expect": "interrupted", "calls": [report()]}, resume=cut, opening="It is later now.")
    assert result.messages[:2] == cut
    assert [block.get("text") or block["content"] for block in result.messages[2]["content"]] == [
        "Not executed: the run was interrupted. Call it again if it still matters.",
        "It is later now.",
    ]
    assert result.report == FOUND


def test_resume_before_an_answer_sends_the_same_again(bench, looking, report):
    """When the last message is ours, nothing is added to it."""
    first = bench.play(looking(), {"error": "rate-limited"})
    result = bench.play({"calls": [report()]}, resume=first.messages, opening="")
    assert (result.messages[:3], len(result.messages)) == (first.messages, 5)


class Pressed(Scripted):
    """Plays its turns, then the user presses Ctrl-C."""

    def turn(self, request: ModelRequest, progress: Progress) -> Turn:
        if self._next >= len(self._turns):
            raise KeyboardInterrupt
        return super().turn(request, progress)


def test_ctrl_c_asks_nothing_more(bench, looking):
    """Ctrl-C in a turn ends the run with what there is; it can be resumed."""
    result = bench.play(model=Pressed([looking()]))
    assert (result.stop, result.report, result.usage.turns) == (Stop.INTERRUPTED, None, 1)
    assert tuple(bench.kept) == result.messages


def test_ctrl_c_in_a_tool(make_bench, make_tool, looking):
    """Ctrl-C while tools run leaves the call open in the history, to be closed by a resumption."""

    def press(_):
        raise KeyboardInterrupt

    result = make_bench(make_tool("slow", press)).play({"calls": [{"tool": "slow"}]})
    assert (result.stop, result.messages[-1]["role"]) == (Stop.INTERRUPTED, "assistant")


def test_progress_tells_the_turns(bench, looking, report):
    """Each turn opens and closes a step, and evidence is told with its id."""
    bench.play({**looking(), "reasoning": "Hm."}, {"calls": [report()], "usage": {"input_tokens": 1200}})
    assert [(step.stage, step.text, step.done) for step in bench.steps] == [
        (Stage.MODEL, "scripted, turn 1", False),
        (Stage.REASONING, "Hm.", False),
        (Stage.MODEL, "turn 1: 1 tool call, 0 tokens in, 0 out, $0.000", True),
        (Stage.TOOL, "look name=api-1", False),
        (Stage.EVIDENCE, "E1 1 pod named api-1", True),
        (Stage.MODEL, "scripted, turn 2", False),
        (Stage.MODEL, "turn 2: 1 tool call, 1,200 tokens in, 0 out, $0.000", True),
    ]


def _reading(body):
    from agentops.core.evidence import Reading

    return Reading(body=body, summary=body)
