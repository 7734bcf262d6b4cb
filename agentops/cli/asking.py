"""Asks a person at the terminal to approve a plan, and returns the answer. The default answer is no.

Comes in: an ``ApprovalRequest``. Goes out: a ``Decision``, whose approval is bound to the plan's digest, expires, and
says by digest what was shown. It asks on stdin and stderr, never on stdout, and has no "don't ask again".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, TextIO

from agentops.cli.prompting import Choice, Prompts
from agentops.cli.report import Block, Bullets, Heading, Item, Paragraph, Quote, Tone
from agentops.cli.views.plan import folded_lines, needs_whole_page, plan_blocks, summary_blocks, words_title
from agentops.cli.views.wording import change_words
from agentops.core.approval import Answer, ApprovalRequest, Decision, SignedApproval
from agentops.core.clock import Clock
from agentops.core.digest import digest_bytes
from agentops.core.errors import Interrupted, NotApproved
from agentops.core.homographs import marked
from agentops.core.plan import ChangePlan, PlanStep
from agentops.core.risk import Reversal, Risk
from agentops.core.text import one_line, plural

_TRIES = 2
_AS_IT_WAS = "Above is the plan as it was before; nothing was changed."
_TOLD_CHARS = 180
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})  # as Crockford's base 32 reads them


class _Said(StrEnum):
    APPROVE = "approve"
    SKIP = "skip"
    WHY = "why"
    FULL = "full"
    EDIT = "edit"
    TELL = "tell"
    STOP = "stop"


def no_evidence(_incident: str, names: tuple[str, ...]) -> list[Block]:
    """Say that there is nothing to show but the names."""
    return [Paragraph(f"evidence: {', '.join(names)}", Tone.QUIET)] if names else []


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalApprover:
    """Asks whoever sits at the terminal.

    Arguments:
        screen: stderr; the plan is shown there.
        actor: who sits there: ``human:ana``.
        nonce: returns a fresh random text, one per approval.
        cannot_ask: why nobody can be asked (see ``prompting.cannot_ask``); empty when somebody can.
        instead: returns the exact command that a person can run when nobody can be asked here.
        show_evidence: returns the blocks of an incident's evidence of these ids.
        whole: the plan is taken or left as it is: no step can be left out and no argument edited.
        side_by_side: diffs in two columns where there is room.
        undisturbed: a context in which nothing else draws on the terminal.
    """

    prompts: Prompts
    screen: TextIO
    actor: str
    clock: Clock
    nonce: Callable[[], str]
    instead: Callable[[ChangePlan], str]
    cannot_ask: str = ""
    show_evidence: Callable[[str, tuple[str, ...]], list[Block]] = no_evidence
    whole: bool = False
    side_by_side: bool = False
    undisturbed: Callable[[], AbstractContextManager[object]] = field(default=nullcontext)

    def ask(self, request: ApprovalRequest) -> Decision:
        """Show the plan and return the answer.

        Raises:
            NotApproved: nobody can be asked here, or the plan expired while they thought about it.
            Interrupted: they pressed Ctrl-C.
        """
        if self.cannot_ask:
            raise NotApproved(
                f"plan {request.plan.code} needs a person to approve it, and {self.cannot_ask}",
                hint=self.instead(request.plan),
            )
        with self.undisturbed():
            try:
                return _Dialogue(self, request).run()
            except KeyboardInterrupt:
                left = "signed" if self.whole else "changed"
                raise Interrupted(f"interrupted at the question: nothing was {left}") from None


class _Dialogue:
    """One plan and one person; what was shown is kept for the record."""

    def __init__(self, approver: TerminalApprover, request: ApprovalRequest) -> None:
        self._its = approver
        self._plan = request.plan
        self._can_tell = request.can_tell
        self._trouble = request.trouble
        grave = self._plan.risk.rank >= Risk.HIGH.rank or self._plan.reversal is Reversal.NONE
        self._typed = request.typed or (self._plan.code if grave else "")
        self._shown: list[str] = []

    def run(self) -> Decision:
        # Whoever signs somebody else's plan, or lets commands run, reads all of it before the screen to decide on.
        if self._its.whole or needs_whole_page(self._plan):
            self._show(plan_blocks(self._plan, side_by_side=self._its.side_by_side, saved=self._its.whole))
        self._show(summary_blocks(self._plan))
        if self._trouble:
            self._show(
                [Paragraph(f"What you asked for cannot be done: {self._trouble}", Tone.BAD), Paragraph(_AS_IT_WAS)]
            )
        while True:
            said = self._its.prompts.choose(self._question(), self._choices(), _Said.STOP)
            decision = self._act(_Said(said) if said else None)
            if decision is not None:
                return decision

    def _question(self) -> str:
        """Name the plan, its object and where it is: the last line before the answer."""
        plan = self._plan
        first = marked(plan.steps[0].change.target.short)
        more = f" and {len(plan.steps) - 1} more" if len(plan.steps) > 1 else ""
        verb = "roll it back" if plan.rolls_back else "apply it"
        verb = "sign an approval of it" if self._its.whole else verb
        risk = "" if self._its.whole else f", risk {plan.risk.value.upper()}"
        # The object last: a long name may run into the next line, and the question itself stays in one piece.
        return f"Plan {plan.code}{risk}: {verb}? ({first}{more})"

    def _choices(self) -> list[Choice]:
        choices = [Choice(_Said.APPROVE, "approve: this plan, once, as shown", "a", grave=True)]
        if len(self._plan.steps) > 1 and not self._its.whole:
            choices.append(Choice(_Said.SKIP, "skip: leave steps out (makes a new plan)", "s"))
        choices.append(Choice(_Said.WHY, "why: show the reasons and the evidence", "w"))
        folded = folded_lines(self._plan)
        more = f", with the {plural(folded, 'folded line')}" if folded else ""
        choices.append(Choice(_Said.FULL, f"details: show the whole plan{more}", "d"))
        if not self._its.whole:
            choices.append(Choice(_Said.EDIT, "edit: change the arguments (makes a new plan)", "e"))
        if self._can_tell and not self._its.whole:
            choices.append(Choice(_Said.TELL, "tell: no, and tell the model why (it goes on, at its price)", "t"))
        return [*choices, Choice(_Said.STOP, "stop: sign nothing" if self._its.whole else "stop: apply nothing", "q")]

    def _act(self, said: _Said | None) -> Decision | None:
        """Return the decision, or None to ask again."""
        if said is _Said.APPROVE:
            return self._approve()
        if said is _Said.SKIP:
            return self._skip()
        if said is _Said.EDIT:
            return self._edit()
        if said is _Said.TELL:
            return self._tell()
        if said is _Said.WHY:
            self._show(self._why())
            return None
        if said is _Said.FULL:
            self._show(plan_blocks(self._plan, side_by_side=self._its.side_by_side, saved=self._its.whole, full=True))
            return None
        return self._stop("stopped at the terminal" if said else "no answer at the terminal")

    def _stop(self, why: str) -> Decision:
        return Decision(answer=Answer.STOP, why=f"{why} by {self._its.actor}")

    def _tell(self) -> Decision | None:
        """Return a no with what the model is to hear; None where nothing was typed."""
        typed = self._its.prompts.line("What should the model know?")
        why = one_line(typed or "", _TOLD_CHARS)
        if not why:
            self._show([Paragraph("Nothing was typed: the model is told nothing.", Tone.WARN)])
            return None
        return Decision(answer=Answer.STOP, why=why, tell=True)

    def _approve(self) -> Decision:
        refused = self._confirm_high_steps() or self._confirm_code()
        return self._stop(refused) if refused else self._approved()

    def _confirm_high_steps(self) -> str:
        """Ask for each dangerous step of a mixed plan on its own; return why not, empty when all are confirmed."""
        steps = self._plan.steps
        if len({step.risk for step in steps}) < 2:
            return ""
        for number, step in enumerate(steps, 1):
            if step.risk.rank < Risk.HIGH.rank:
                continue
            message = (
                f"Step {number} has {step.risk.value.upper()} risk: {marked(change_words(step.change))}. Apply it?"
            )
            choices = [
                Choice("yes", "yes: apply this step too", "y", grave=True),
                Choice("no", "no: apply nothing", "n"),
            ]
            if self._its.prompts.choose(message, choices, "no") != "yes":
                return f"step {number} was not confirmed"
        return ""

    def _confirm_code(self) -> str:
        """Have the code typed back; return why not, empty when it was or need not be."""
        final = " This cannot be undone." if self._plan.reversal is Reversal.NONE else ""
        asked = f"Risk {self._plan.risk.value.upper()}.{final} Type {self._typed} to approve:"
        for left in reversed(range(_TRIES if self._typed else 0)):
            typed = self._its.prompts.line(asked)
            if typed is None:
                return "no answer at the terminal"
            if is_typed(typed, self._typed):
                return ""
            if left:
                self._show([Paragraph(f"That is not {self._typed}. Try again.", Tone.WARN)])
        return f"the typed text was not {self._typed}" if self._typed else ""

    def _approved(self) -> Decision:
        plan, now = self._plan, self._its.clock()
        if now >= plan.expires_at:
            raise NotApproved(
                f"plan {plan.code} expired at {plan.expires_at:%H:%M:%S} UTC, before it was approved",
                hint="Make a new plan; it takes later changes into account.",
            )
        approval = SignedApproval(
            plan_digest=plan.digest,
            by=self._its.actor,
            method="terminal",
            at=now,
            expires_at=min(plan.expires_at, now + timedelta(seconds=plan.obligation.ttl_s)),
            nonce=self._its.nonce(),
            shown_digest=digest_bytes("".join(self._shown).encode()),
        )
        return Decision(answer=Answer.APPROVE, approvals=(approval,), why=f"approved at the terminal by {approval.by}")

    def _skip(self) -> Decision | None:
        steps = self._plan.steps
        picked = self._its.prompts.pick("Which steps should be left out?", [_title(n, s) for n, s in _numbered(steps)])
        if picked is None:
            return self._stop("no answer at the terminal")
        if len(picked) == len(steps):
            return self._stop("every step was left out")
        return (
            Decision(answer=Answer.SKIP, skipped=picked, why=f"steps left out by {self._its.actor}") if picked else None
        )

    def _edit(self) -> Decision | None:
        from agentops.cli.editing import edited

        steps = self._plan.steps
        index: str | None = "0"
        if len(steps) > 1:
            choices = [Choice(str(n - 1), _title(n, step)) for n, step in _numbered(steps)]
            index = self._its.prompts.choose("Which step?", [*choices, Choice("back", "back")], "back")
        if index is None or index == "back":
            return None
        arguments: Mapping[str, Any] | None = edited(
            steps[int(index)].change.arguments, self._its.prompts, lambda text: self._show([Paragraph(text, Tone.WARN)])
        )
        if arguments is None:
            return None
        why = f"arguments of step {int(index) + 1} edited by {self._its.actor}"
        return Decision(answer=Answer.EDIT, arguments={int(index): arguments}, why=why)

    def _why(self) -> list[Block]:
        plan = self._plan
        intent = plan.intent
        names = tuple(dict.fromkeys((*intent.evidence, *(e for step in plan.steps for e in step.change.evidence))))
        items = [Item(step.change.reason or "no reason given", label=f"{n}.") for n, step in _numbered(plan.steps)]
        blocks: list[Block] = [Heading(words_title(intent))]
        blocks += [Quote(f"“{intent.words.strip()}”")] if intent.words.strip() else []
        blocks += [Bullets(tuple(items)), Heading("Evidence")]
        return [
            *blocks,
            *(self._its.show_evidence(intent.incident, names) or [Paragraph("No evidence is cited.", Tone.WARN)]),
        ]

    def _show(self, blocks: list[Block]) -> None:
        from agentops.cli.render import page

        screen = self._its.screen
        self._shown.append(page(tuple(blocks), screen, plain=True) + "\n")
        screen.write(page(tuple(blocks), screen) + "\n")
        screen.flush()


def _numbered(steps: tuple[PlanStep, ...]) -> list[tuple[int, PlanStep]]:
    return list(enumerate(steps, 1))


def _title(number: int, step: PlanStep) -> str:
    return one_line(f"{number}. {marked(change_words(step.change))} ({step.risk.value} risk)", 100)


def is_typed(typed: str, wanted: str) -> bool:
    """Return whether ``typed`` is ``wanted``; for a code, case and letters that look like digits do not matter."""
    typed = typed.strip()
    return typed == wanted or (wanted.isupper() and typed.upper().translate(_READ_AS) == wanted)
