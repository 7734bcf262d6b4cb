"""The person at the terminal: every answer, and everything that is no answer."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any

import pytest
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from agentops.cli.asking import TerminalApprover
from agentops.cli.prompting import Prompts
from agentops.cli.report import Paragraph
from agentops.core.approval import Answer, ApprovalRequest, Decision
from agentops.core.digest import digest_bytes
from agentops.core.errors import Interrupted, NotApproved
from agentops.core.plan import ChangePlan
from agentops.core.risk import Reversal, Risk

ENTER, ESCAPE, CTRL_C, CTRL_D, DOWN, UP, CTRL_U = "\r", "\x1b", "\x03", "\x04", "\x1b[B", "\x1b[A", "\x15"

Ask = Callable[..., tuple[Decision, str]]


@pytest.fixture
def ask(plans: ModuleType) -> Ask:
    """Ask about a plan while ``keys`` are pressed; returns the decision and what was on the screen."""

    def call(plan: ChangePlan, keys: str, *, typed: str = "", now: datetime | None = None, **changes: Any) -> Any:
        screen = io.StringIO()
        asked = {name: changes.pop(name) for name in ("can_tell", "trouble") if name in changes}
        with create_pipe_input() as source:
            source.send_text(keys)
            approver = TerminalApprover(
                prompts=Prompts(source, DummyOutput()),
                screen=screen,
                actor="human:ana",
                clock=lambda: now or plans.NOW,
                nonce=lambda: "n1",
                instead=lambda plan: f"agentops fix --plan {plan.code}.json",
                show_evidence=lambda _incident, names: [Paragraph("seen: " + " ".join(names))],
                **changes,
            )
            decision = approver.ask(ApprovalRequest(plan=plan, typed=typed, **asked))
        return decision, screen.getvalue()

    return call


def test_approval_is_bound_to_the_digest_and_to_what_was_shown(ask: Ask, plans: ModuleType) -> None:
    """'a' and Enter approve this plan, once, until it expires; the record says by digest what was on the screen."""
    plan = plans.plan()
    decision, screen = ask(plan, "a" + ENTER)
    (approval,) = decision.approvals
    assert (decision.answer, approval.plan_digest, approval.by, approval.method, approval.nonce) == (
        Answer.APPROVE,
        plan.digest,
        "human:ana",
        "terminal",
        "n1",
    )
    assert (approval.at, approval.expires_at) == (plans.NOW, plan.expires_at)
    assert approval.shown_digest == digest_bytes(screen.encode())


def test_an_approval_never_outlives_the_obligation(ask: Ask, plans: ModuleType) -> None:
    """Policy's time limit holds even where the plan itself would last longer."""
    plan = plans.plan(expires_at=plans.NOW + timedelta(hours=2))
    ((approval,), _why) = (ask(plan, "a" + ENTER)[0].approvals, "")
    assert approval.expires_at == plans.NOW + timedelta(seconds=900)


@pytest.mark.parametrize(
    "keys", [ENTER, "q" + ENTER, ESCAPE, CTRL_D, "xyz" + ENTER, "t" + ENTER, "a" + CTRL_D, "a" + "q" + ENTER]
)
def test_everything_but_approve_is_no(ask: Ask, plans: ModuleType, keys: str) -> None:
    """Enter alone, Escape, the end of the input and unknown keys apply nothing."""
    decision, _screen = ask(plans.plan(), keys)
    assert (decision.answer, decision.approvals) == (Answer.STOP, ())


@pytest.mark.parametrize(
    "word", ["abort", "no way", "bananas", "cancela", "na", "aa", "A", "approved", "a b", "xa", "wa", "dea"]
)
def test_a_word_that_is_not_approve_approves_nothing(ask: Ask, plans: ModuleType, word: str) -> None:
    """Whoever types a word means the word: its letters are no keys one after the other."""
    decision, _screen = ask(plans.plan(), word + ENTER + CTRL_D * 3)
    assert decision.approvals == ()


@pytest.mark.parametrize("word", ["a", "ap", "approve", "x" + UP * 9 + "a", DOWN + "a", "ab\x7f"])
def test_approve_is_its_letter_its_word_or_an_arrow_and_the_letter(ask: Ask, plans: ModuleType, word: str) -> None:
    """Also after a slip that was taken back, or after moving."""
    decision, _screen = ask(plans.plan(), word + ENTER + CTRL_D * 3)
    assert len(decision.approvals) == 1


def test_another_letter_after_the_first_still_chooses(ask: Ask, plans: ModuleType) -> None:
    """Who slips to the wrong harmless letter presses the right one."""
    _decision, screen = ask(plans.plan(), "ew" + ENTER + "q" + ENTER)
    assert "seen:" in screen


def test_steps_can_be_left_out_in_one_go(ask: Ask, plans: ModuleType) -> None:
    """Skip returns which steps are left out, and approves nothing: what remains is a new plan."""
    decision, _screen = ask(plans.plan(), "s" + ENTER + DOWN + " " + ENTER)
    assert (decision.answer, decision.skipped, decision.approvals) == (Answer.SKIP, (1,), ())


def test_leaving_every_step_out_is_a_stop(ask: Ask, plans: ModuleType) -> None:
    """There is no plan of nothing."""
    decision, _screen = ask(plans.plan(), "s" + ENTER + " " + DOWN + " " + ENTER)
    assert decision.answer is Answer.STOP


def test_why_shows_the_words_and_the_evidence_and_asks_again(ask: Ask, plans: ModuleType) -> None:
    """A question is no answer: after the reasons the same choice stands there again."""
    decision, screen = ask(plans.plan(), "w" + ENTER + "a" + ENTER)
    assert (decision.answer, "(quoted, not verified):\n  │ “" in screen, "seen: E1 E4" in screen) == (
        Answer.APPROVE,
        True,
        True,
    )
    assert decision.approvals[0].shown_digest == digest_bytes(screen.encode())


def test_one_argument_can_be_edited(ask: Ask, plans: ModuleType) -> None:
    """The new arguments of the one step come back; a number stays a number."""
    decision, _screen = ask(plans.plan(plans.step()), "e" + ENTER + UP + UP + ENTER + CTRL_U + "2" + ENTER)
    assert (decision.answer, dict(decision.arguments), decision.approvals) == (Answer.EDIT, {0: {"to_revision": 2}}, ())


def test_all_arguments_can_be_edited_as_json(ask: Ask, plans: ModuleType) -> None:
    """Of several steps one is chosen first."""
    keys = "e" + ENTER + UP + ENTER + UP + ENTER + CTRL_U + '{"x": 1}' + ENTER
    assert dict(ask(plans.plan(), keys)[0].arguments) == {1: {"x": 1}}


@pytest.mark.parametrize("keys", [CTRL_C, "a" + CTRL_C, "e" + ENTER + CTRL_C])
def test_ctrl_c_ends_the_run_and_says_that_nothing_was_changed(ask: Ask, plans: ModuleType, keys: str) -> None:
    """It is no answer: whoever asked hears that the person interrupted, wherever they were."""
    with pytest.raises(Interrupted, match="interrupted at the question: nothing was changed"):
        ask(plans.plan(plans.step()), keys)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Nothing was typed."),
        ("{", "This is not JSON: Expecting property name enclosed in double quotes at character 2, near '{'."),
        ('{"a" 1}', "This is not JSON: Expecting ':' delimiter at character 6, near '{\"a\" 1}'."),
        ("[1]", 'Arguments are a JSON object: {"name": value}.'),
    ],
)
def test_what_is_no_argument_is_asked_again(ask: Ask, plans: ModuleType, typed: str, said: str) -> None:
    """What is wrong is said, and where; what was typed stands there to be mended."""
    begun = "e" + ENTER + UP + ENTER + CTRL_U + typed + ENTER
    left, screen = ask(plans.plan(plans.step()), begun + CTRL_D + ENTER)
    mended, _ = ask(plans.plan(plans.step()), begun + CTRL_U + '{"x": 1}' + ENTER)
    assert (left.answer, said in " ".join(screen.replace("│ ", "").split())) == (Answer.STOP, True), screen
    assert (mended.answer, dict(mended.arguments)) == (Answer.EDIT, {0: {"x": 1}})


def test_an_edit_that_no_plan_can_be_made_of_is_said_above_the_question(ask: Ask, plans: ModuleType) -> None:
    """The plan of before is asked about again, with what was wrong."""
    _decision, screen = ask(plans.plan(), ENTER, trouble="there is no revision 9")
    assert "What you asked for cannot be done: there is no revision 9" in screen


def test_a_model_hears_why_only_where_a_person_wants_that(ask: Ask, plans: ModuleType) -> None:
    """'t' asks for the words; without any, and with 'q', the model is told nothing."""
    plan = plans.plan()
    told, _ = ask(plan, "t" + ENTER + "not during the sale" + ENTER, can_tell=True)
    silent, screen = ask(plan, "t" + ENTER + ENTER + "q" + ENTER, can_tell=True)
    assert (told.answer, told.why, told.tell) == (Answer.STOP, "not during the sale", True)
    assert (silent.answer, silent.tell, "the model is told nothing" in screen) == (Answer.STOP, False, True)


@pytest.mark.parametrize("key", ["e", "s"])
def test_a_plan_can_be_taken_or_left_as_a_whole(ask: Ask, plans: ModuleType, key: str) -> None:
    """Where a plan must not change, neither 'edit' nor 'skip' is a key."""
    assert ask(plans.plan(), key + ENTER, whole=True)[0].answer is Answer.STOP


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("{code}", Answer.APPROVE),
        ("{lower}", Answer.APPROVE),
        ("wrong" + ENTER + "{code}", Answer.APPROVE),
        ("wrong" + ENTER + "wrong" + ENTER + "{code}", Answer.STOP),
        ("", Answer.STOP),
        ("y", Answer.STOP),
    ],
)
def test_high_risk_wants_the_code_typed_back(ask: Ask, plans: ModuleType, typed: str, answer: Answer) -> None:
    """A yes is not enough for high risk; the code is, in two tries."""
    plan = plans.plan(plans.step(risk=Risk.HIGH))
    keys = "a" + ENTER + typed.format(code=plan.code, lower=plan.code.lower()) + ENTER + ENTER
    assert ask(plan, keys)[0].answer is answer


def test_what_nothing_takes_back_wants_the_code_typed_back(ask: Ask, plans: ModuleType) -> None:
    """Whatever its risk: a yes by habit is no agreement to what stays."""
    plan = plans.plan(plans.step(undo=(), reversal=Reversal.NONE))
    answers = [ask(plan, "a" + ENTER + word + ENTER + word + ENTER)[0].answer for word in ("y", plan.code)]
    assert answers == [Answer.STOP, Answer.APPROVE]


def test_a_target_name_can_be_what_is_typed(ask: Ask, plans: ModuleType) -> None:
    """The guard says what must be typed; its case matters for a name."""
    plan = plans.plan()
    answers = [
        ask(plan, "a" + ENTER + word + ENTER * 2, typed="checkout")[0].answer for word in ("checkout", "CHECKOUT")
    ]
    assert answers == [Answer.APPROVE, Answer.STOP]


def test_a_dangerous_step_among_others_is_confirmed_on_its_own(ask: Ask, plans: ModuleType) -> None:
    """One prompt for the plan, and one more for the step that differs; its default is no."""
    plan = plans.plan(plans.step(risk=Risk.CRITICAL), plans.cordon())
    yes, no = (ask(plan, "a" + ENTER + key + ENTER + plan.code + ENTER)[0] for key in ("y", ""))
    assert (yes.answer, no.answer, no.why) == (Answer.APPROVE, Answer.STOP, "step 1 was not confirmed by human:ana")


def test_a_plan_that_expired_meanwhile_is_not_approved(ask: Ask, plans: ModuleType) -> None:
    """Whoever comes back from lunch is told to make the plan again."""
    plan = plans.plan()
    with pytest.raises(NotApproved, match="expired at 22:15:00 UTC"):
        ask(plan, "a" + ENTER, now=plan.expires_at)


def test_folded_lines_can_be_shown_before_deciding(ask: Ask, plans: ModuleType) -> None:
    """A long diff is folded with its count, and 'details' shows every line of it."""
    step = plans.step()
    (change,) = step.preview.objects
    lines = "\n".join(f"line {n}" for n in range(100))
    long = replace(change, after={**change.before, "data": {"text": lines}})
    plan = plans.plan(plans.step(objects=(long,)))
    _decision, screen = ask(plan, "d" + ENTER + ENTER)
    assert (screen.count("Folded: 78 changed lines of this diff"), screen.count(" line 50\n")) == (1, 1)


def test_where_nobody_can_be_asked_the_command_is_named(ask: Ask, plans: ModuleType) -> None:
    """No terminal means no, with what a person can run instead."""
    plan = plans.plan()
    with pytest.raises(NotApproved) as caught:
        ask(plan, "a" + ENTER, cannot_ask="standard input is not a terminal")
    assert (caught.value.message, caught.value.hint) == (
        f"plan {plan.code} needs a person to approve it, and standard input is not a terminal",
        f"agentops fix --plan {plan.code}.json",
    )
