"""How a fix ended: one word for scripts, an exit code, the last lines for people, and what to type next.

Comes in: a ``FixResult`` and where it was run. Goes out: an ``Ending``. Each way to end says what happened to what the
alert is about and what comes next; nothing that was drafted or refused ends as "nothing to fix".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from agentops.cli.report import Block, Bullets, Code, Heading, Item, Pairs, Paragraph, Tone
from agentops.cli.views.finding import CLOSING_CHARS, conclusion_block
from agentops.cli.views.fix import CLOSING_LINES, Quoted, closing_lines, outcome_blocks, outcome_words, then_lines
from agentops.cli.views.shorter import said_once
from agentops.cli.views.wording import change_words, named
from agentops.core.commands import command_line
from agentops.core.errors import AgentopsError, ExitCode, NotApproved, PolicyRefused
from agentops.core.finding import Verdict
from agentops.core.outcome import Status
from agentops.core.plan import Approval, ChangePlan
from agentops.core.text import one_line, plural
from agentops.store.changes import short_change

if TYPE_CHECKING:
    from agentops.app.fixing.result import FixResult
    from agentops.guard.pipeline_result import PipelineResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a fix was run.

    Arguments:
        flags: the options that lead another run to the same cluster, each with a space before it.
        embedded: the cluster ends with the run, so that nothing can be gone on with.
        out: where the plan was saved as asked.
        exit_code: a dry run that would change something ends with 3.
        named: what to fix was said; without, it is the sandbox scenario's own alert.
    """

    flags: str
    embedded: bool
    out: Path | None = None
    exit_code: bool = False
    named: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a fix ended.

    Arguments:
        blocks: the last lines of the report, at most six at 80 columns: the answer.
        above: what stands right above them.
        commands: what can be typed next, best first.
    """

    status: str
    code: ExitCode
    blocks: tuple[Block, ...]
    above: tuple[Block, ...] = ()
    errors: tuple[AgentopsError, ...] = ()
    commands: tuple[str, ...] = ()


def ending_of(fix: FixResult, place: Place) -> Ending:
    """Return how a fix ended."""
    return _after_plan(fix, fix.rounds[-1], place) if fix.rounds else _without_plan(fix, place)


def approval_steps(plan: ChangePlan, path: Path, flags: str) -> tuple[str, ...]:
    """Return the commands that have a saved plan approved and run, in order."""
    people = ("A", "B") if plan.obligation.approval is Approval.TWO_PERSON else ("A",)
    signed = [command_line("approve", path, "--out", f"{name}.approval.json") for name in people]
    given = [word for name in people for word in ("--approval", f"{name}.approval.json")]
    return (*signed, f"{command_line('fix', '--plan', path, *given)}{flags}")


def rollback_ending(result: PipelineResult, flags: str) -> list[Block]:
    """Return the last lines of a rollback's report; ``flags`` as of ``Place``."""
    outcome, plan = result.outcome, result.planned.plan
    first, then = plan.steps[0].change.target, then_lines(result)
    if plan.rolls_back and not then and outcome.status in (Status.DRY_RUN, Status.DECLINED):
        then = (f"Next: {command_line('rollback', short_change(plan.rolls_back))}{flags}",)
    elif outcome.status is Status.APPLIED and outcome.doubts and not first.is_foreign:
        then = (f"Next: {command_line('investigate', f'{first.scheme}:{first.short}')}{flags}", *then)
    return outcome_blocks(result, then=then)


def _without_plan(fix: FixResult, place: Place) -> Ending:
    """Return how a fix ended that came to no plan."""
    from agentops.app.fixing.result import NoPlan

    ways: Mapping[NoPlan, Callable[[FixResult], Ending]] = {
        NoPlan.HEALED: _well_now,
        NoPlan.REFUSED: _refused,
        NoPlan.STALE: partial(_moved_on, place=place),
        NoPlan.NOTHING_WRONG: _nothing_wrong,
        NoPlan.OUTSIDE: _outside,
        NoPlan.FORBIDDEN: _forbidden,
        NoPlan.CANNOT_BE_MADE: _cannot_be_made,
        NoPlan.UNKNOWN: _unknown,
    }
    return ways[fix.no_plan](fix)


def _well_now(fix: FixResult) -> Ending:
    parts = [(f"{text}.", Tone.WARN) for text in fix.vanished]
    seen = _seen_now(fix)
    parts += [seen] if seen is not None else []
    return _ended(Heading("There is nothing left to fix.", Tone.GOOD), parts, fix, known=False)


def _nothing_wrong(fix: FixResult) -> Ending:
    return _ended(Heading("There is nothing to fix.", Tone.GOOD), [_believed(fix)], fix, then=(_show(fix),))


def _outside(fix: FixResult) -> Ending:
    words = "The cause is outside the cluster: no change to the cluster fixes it."
    return _ended(Heading(words, Tone.WARN), [_believed(fix)], fix, then=(_show(fix),))


def _forbidden(fix: FixResult) -> Ending:
    refusal = PolicyRefused(fix.forbidden, hint="agentops doctor shows the policy and settings in force here.")
    head = Heading("Refused by policy: nothing was changed", Tone.BAD)
    parts = [(f"{fix.forbidden}.", Tone.BAD), _believed(fix)]
    return _ended(head, parts, fix, then=("Next: agentops doctor",), errors=(refusal, *fix.errors))


def _cannot_be_made(fix: FixResult) -> Ending:
    """Return the end of a fix that is known and cannot be made from here: forbidden, or the server refuses it."""
    head = Heading("No plan: the known fix cannot be made from here", Tone.WARN)
    parts = [(f"{_capital(change_words(one.change))}: {one.error.message}", Tone.WARN) for one in fix.refusals[:1]]
    parts += [(error.hint, Tone.PLAIN) for error in fix.errors[:1] if error.hint]
    return _ended(head, parts, fix, then=(_show(fix),), errors=fix.errors)


def _unknown(fix: FixResult) -> Ending:
    hint = "; ".join(fix.found.finding.next_steps[:2])
    error = AgentopsError("no change is known that would fix this", hint=hint, code="no-known-cure")
    head = Heading("No plan: no change is known that would fix this; a person must decide", Tone.WARN)
    return _ended(head, [_believed(fix)], fix, then=(_show(fix),), errors=(error,))


def _refused(fix: FixResult) -> Ending:
    refused = tuple(error for error in fix.errors if isinstance(error, PolicyRefused))
    asked = [one.change for one in fix.refusals if isinstance(one.error, PolicyRefused)]
    explain = command_line("policy", "explain", "--tool", asked[0].tool, "--target", asked[0].target)
    is_unusable = refused[0].code == "policy-unusable"
    # Of a policy that cannot be loaded, nothing can be explained.
    explain = "agentops policy validate" if is_unusable else explain
    more = f" (and {plural(len(refused) - 1, 'more refusal')})" if len(refused) > 1 else ""
    parts = [(f"{_capital(change_words(asked[0]))}: {refused[0].message}{more}", Tone.BAD)]
    parts += [(refused[0].hint, Tone.PLAIN)] if refused[0].hint and not is_unusable else []
    head = Heading(f"Refused by policy: nothing was changed — {one_line(asked[0].target.short, 60)}", Tone.BAD)
    return _ended(head, parts, fix, then=(f"Next: {explain}",), errors=refused, commands=(explain,))


def _moved_on(fix: FixResult, place: Place) -> Ending:
    """Return the end of a fix whose drafts do not fit the world any more."""
    why = "; ".join(fix.vanished) or fix.errors[0].message
    target = fix.found.incident.group.target
    scheme = target.scheme or fix.refusals[0].change.target.scheme
    again = f"{command_line('investigate', f'{scheme}:{target}')}{place.flags}"
    stale = NotApproved(
        f"the drafted change no longer fits the cluster: {why}", hint=f"Investigate again: {again}", code="stale"
    )
    head = Heading("Stale: the drafted change no longer fits the cluster; nothing was changed", Tone.WARN)
    seen = _seen_now(fix)
    parts = [(f"{why}.", Tone.WARN), *([seen] if seen is not None else [])]
    commands = (again,) if target.known and not place.embedded else ()
    return _ended(head, parts, fix, then=tuple(f"Next: {one}" for one in commands), errors=(stale,), commands=commands)


def _believed(fix: FixResult) -> tuple[str, Tone]:
    finding = fix.found.finding
    return finding.conclusion if finding.by == "triage" else Quoted(finding.conclusion), Tone.STRONG


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _show(fix: FixResult) -> str:
    return f"Next: {command_line('show', fix.found.incident.short_id)}"


def _after_plan(fix: FixResult, last: PipelineResult, place: Place) -> Ending:
    """Return how a fix ended whose last plan was carried out, or stopped before that."""
    status, error = last.outcome.status, last.error
    code = last.exit_code
    if status is Status.DRY_RUN and place.exit_code:
        code = ExitCode.FOUND
    commands = _next_commands(fix, last, place)
    above: list[Block] = [Paragraph(outcome_words(one), Tone.QUIET) for one in fix.rounds[:-1]]
    above += [Paragraph(f"{text}.", Tone.WARN) for text in fix.vanished]
    if fix.left:
        above.append(
            Heading("The model drafted more changes than one run applies; the rest is kept in the incident", Tone.WARN)
        )
        above.append(Bullets(tuple(Item(change_words(change), label="→") for change in fix.left)))
    looked = status in (Status.APPLIED, Status.ROLLED_BACK) or fix.after is not None
    then = tuple(_what_next(last, commands, place))
    if place.out is not None and not any(str(place.out) in line for line in then):
        above.append(Code(f"The plan is in {place.out}."))
    return Ending(
        status=last.status,
        code=code,
        above=tuple(above),
        blocks=tuple(outcome_blocks(last, seen=_seen_now(fix) if looked else None, then=then)),
        errors=() if error is None else (error,),
        commands=commands,
    )


def _next_commands(fix: FixResult, last: PipelineResult, place: Place) -> tuple[str, ...]:
    if place.embedded:
        is_open = last.outcome.status in (Status.DRY_RUN, Status.DECLINED)
        # The incident knows its own sandbox.
        again = command_line("fix", fix.found.incident.short_id) if place.named else f"agentops fix{place.flags}"
        return (again,) if is_open else ()
    plan, incident = last.planned.plan, fix.found.incident.short_id
    path = place.out or fix.kept
    is_stale = last.error is not None and last.error.code in ("stale", "expired")
    if last.outcome.status in (Status.DRY_RUN, Status.DECLINED) and not is_stale and path is not None:
        if plan.obligation.approval is Approval.TWO_PERSON:
            return approval_steps(plan, path, place.flags)
        return (f"{command_line('fix', incident)}{place.flags}", *approval_steps(plan, path, place.flags))
    again = f"{command_line('fix', incident)}{place.flags}"
    if fix.left:
        return (again,)
    if last.outcome.status is Status.ROLLED_BACK:
        return (command_line("show", incident, "--timeline"),)
    if last.outcome.status is Status.REFUSED and path is not None:
        return (command_line("policy", "explain", path),)
    return (again,) if is_stale else ()


def _what_next(last: PipelineResult, commands: tuple[str, ...], place: Place) -> Iterator[str]:
    """Return what can be typed next, a line each; what takes a change back stands before everything else."""
    outcome, plan = last.outcome, last.planned.plan
    yield from then_lines(last, hint=False)
    open_still = outcome.status in (Status.DRY_RUN, Status.DECLINED)
    if plan.obligation.approval is Approval.TWO_PERSON and open_still and len(commands) > 1:
        yield from steps_of_two(commands)
    elif open_still and len(commands) > 1 and place.out is not None:
        yield f"Next: {commands[0]}"
        yield f"Or have somebody else approve it: {commands[1]}"
    elif commands:
        yield f"Next: {commands[0]}"


def steps_of_two(commands: Sequence[str]) -> Iterator[str]:
    """Return commands that two people and the one who runs the plan type, one after the other."""
    *signing, run = commands
    for number, command in enumerate(signing, 1):
        yield f"Person {number}: {command}"
    yield f"Then: {run}"


def _seen_now(fix: FixResult) -> tuple[str, Tone] | None:
    """Return what triage says now of what the alert is about; None when nobody looked."""
    if fix.not_looked:
        return f"The result could not be checked: {fix.not_looked}. Check it: agentops triage", Tone.WARN
    if fix.after is None:
        return None
    about, finding = fix.after.about, fix.after.finding
    if fix.after.is_well:
        # What triage says besides explains an alert of before; said now, it would read as a cause that is left.
        said = finding.verdict is Verdict.RECOVERED and finding.conclusion
        return f"Triage no longer finds a problem with {about}." + (f" {said}" if said else ""), Tone.GOOD
    return f"Triage still finds a problem with {about}: {finding.conclusion}", Tone.WARN


def _known(fix: FixResult) -> Iterator[Block]:
    """Say how sure the finding is, what was not looked at, and what a person should do."""
    finding = fix.found.finding
    rows = [("confidence", finding.confidence.value)]
    if finding.not_checked:
        rows.append(("not checked", named(finding.not_checked)))
    yield Pairs(tuple(rows))
    if finding.next_steps:
        yield Paragraph("Next steps for a person:" if not fix.rounds else "Further steps from the finding:")
        yield Bullets(tuple(Item(step) for step in finding.next_steps))


def _ended(
    head: Heading,
    parts: Sequence[tuple[str, Tone]],
    fix: FixResult,
    *,
    then: Sequence[str] = (),
    errors: tuple[AgentopsError, ...] = (),
    commands: tuple[str, ...] = (),
    known: bool = True,
) -> Ending:
    """Return the end of a fix that came to no plan.

    Arguments:
        parts: the texts of its last lines, the most important first.
        then: what can be typed next, a line each.
        known: how sure the finding is and what it leaves to a person stands above.
    """
    above: list[Block] = []
    if _believed(fix) not in parts:
        above.append(
            conclusion_block(fix.found.finding, said_once(fix.found.finding.conclusion, CLOSING_CHARS), Tone.STRONG)
        )
    above += _known(fix) if known else ()
    return Ending(
        status=fix.status,
        code=fix.exit_code,
        above=tuple(above),
        blocks=(head, *closing_lines(parts, CLOSING_LINES - 1 - len(then)), *map(Code, then)),
        errors=errors,
        commands=commands,
    )
