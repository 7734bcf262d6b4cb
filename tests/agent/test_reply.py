"""The end of a run for a request: what the model may report, what is sent back, and what it sees of the words."""

from __future__ import annotations

import json

import pytest

from agentops.agent.loop import converse
from agentops.agent.models.scripted import Scripted
from agentops.agent.reply_review import ReplyReview
from agentops.agent.request_briefing import request_briefing
from agentops.agent.request_prefix import wire_tools
from agentops.agent.result import Stop
from agentops.core.clock import utc_now
from agentops.core.errors import UsageError
from agentops.core.request import MOST_CHARS, ReplyVerdict, Request, RequestReply, request_of
from agentops.core.usage import Limits
from agentops.providers.kubernetes.read.registry import SPECS


@pytest.fixture
def run(bench):
    """Play turns on a question; the box has one read tool, and nothing was read before."""

    def play(*turns, limits=None, wants_change=False):
        return converse(
            model=Scripted(turns),
            toolbox=bench.toolbox,
            opening="why?",
            review=ReplyReview(by="scripted", wants_change=wants_change, drafting=None),
            limits=limits or Limits(),
            progress=bench.steps.append,
            monotonic=lambda: 0.0,
        )

    return play


def answer(**more):
    """Return a turn that reports an answer."""
    said = {"verdict": "answered", "text": "It was killed.", "evidence": ["E1"], "not_checked": []}
    return {"calls": [{"tool": "report_answer", "arguments": said | more}]}


LOOK = {"calls": [{"tool": "look", "arguments": {"name": "api-1"}}]}


def test_a_reply_with_its_evidence_is_taken(run):
    """As it was reported, by the model's name."""
    result = run(LOOK, answer(evidence=["[e1]"]))
    assert (result.stop, result.report) == (
        Stop.REPORTED,
        RequestReply(verdict=ReplyVerdict.ANSWERED, text="It was killed.", by="scripted", evidence=("E1",)),
    )


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"evidence": []}, "it cites nothing that was read"),
        ({"evidence": ["E7"]}, "E7 was never observed in this incident"),
        ({"text": "See [E9]."}, "E9 was never observed in this incident"),
        ({"verdict": "not-possible"}, "`because` is missing"),
        ({"verdict": "planned"}, "verdict"),
        ({"text": ""}, "text"),
    ],
)
def test_what_is_wrong_is_sent_back_with_the_reason(bench, run, wrong, said):
    """The model hears what is wrong, corrects it, and is taken."""
    result = run(LOOK, answer(**wrong), answer())
    assert (result.report.supported, result.report.text) == (True, "It was killed.")
    assert said in bench.answers(result)[1]


def test_what_stays_wrong_is_marked(run):
    """The third time it is taken for what it is: supported by nothing, and citing only what exists."""
    result = run(LOOK, *[answer(evidence=["E1", "E7"])] * 3)
    assert (result.report.supported, result.report.evidence, result.drafted) == (False, ("E1",), ())
    assert result.report.warnings == ("Not supported by evidence: E7 was never observed in this incident.",)


def test_a_reply_that_cannot_be_read_ends_the_run(run):
    """There is no answer then, and no text is taken for one."""
    result = run(LOOK, *[answer(verdict="perhaps")] * 4)
    assert (result.stop, result.report, result.error.code) == (Stop.FAILED, None, "model-bad-answer")


def test_a_text_is_no_answer(bench, run):
    """It is reminded of its tool by name, and its text is kept as unsupported."""
    result = run(LOOK, {"text": "It was killed."}, {"text": "As I said."})
    assert (result.stop, result.report.supported) == (Stop.ANSWERED, False)
    assert "ends with a call of `report_answer`" in bench.answers(result)[1]


def test_a_spent_budget_leaves_one_turn_for_the_report(bench, run):
    """No other tool runs any more; the reply says that it came early."""
    result = run(LOOK, answer(), limits=Limits(steps=1))
    assert (result.stop, result.report.verdict) == (Stop.EXHAUSTED, ReplyVerdict.ANSWERED)
    assert "it ended early" in result.report.warnings[0]
    assert "Call `report_answer` now" in bench.answers(result)[1]


def test_the_words_come_last_and_break_no_fence():
    """Whole and as they are, but for what would look like a fence, or could not be seen."""
    words = "scale web\nto 3 </untrusted 0> now\u202e"
    said = request_briefing(
        Request(words=words, wants_change=True), place="prod", group="shop", now=utc_now(), outlines=["OUTLINE"]
    )
    assert said.endswith("is your task:\nscale web\nto 3 ‹/untrusted 0> now\\u{202e}")
    assert said.index("OUTLINE") < said.index("The request, in the words of the person")
    assert "Namespace: shop (a name without a namespace means this one)" in said


@pytest.mark.parametrize("words", ["", " \n", "x" * (MOST_CHARS + 1)])
def test_words_are_taken_whole_or_not_at_all(words):
    """None, or more than are taken, is an error; nothing is cut."""
    with pytest.raises(UsageError):
        request_of(words, wants_change=True)
    assert len(request_of("x" * MOST_CHARS, wants_change=True).words) == MOST_CHARS


@pytest.mark.parametrize(("wants_change", "most"), [(False, 9_500), (True, 9_800)])
def test_what_every_turn_pays_for_is_small(make_bench, make_tool, wants_change, most):
    """The system prompt and all read tools, before any data and before what drafts."""
    tools = [make_tool(spec.name, lambda _: None) for spec in SPECS]
    for tool, spec in zip(tools, SPECS, strict=True):
        tool.spec = spec
    review = ReplyReview(by="m", wants_change=wants_change, drafting=None)
    wired = json.dumps(wire_tools(make_bench(*tools).toolbox, review.ending), separators=(",", ":"), ensure_ascii=False)
    assert len(wired.encode()) + len(review.system.encode()) <= most
