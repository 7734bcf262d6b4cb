"""How a fix ended: one word for scripts, an exit code, the last lines for people, and what to type next.

Comes in: a ``FixResult`` and where it was run. Goes out: an ``Ending``. Each way to end says what happened to what the
alert is about and what comes next; nothing that was drafted or refused ends as "nothing to fix".
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from agentops.cli.report import Block, Bullets, Code, Heading, Item, Pairs, Paragraph, Tone
from agentops.cli.views.wording import change_words, named
from agentops.core.errors import AgentopsError, ExitCode, NotApproved, PolicyRefused
from agentops.core.finding import Verdict
from agentops.core.outcome import Status
from agentops.core.plan import Approval, ChangePlan

if TYPE_CHECKING:
    from agentops.app.fixing.result import FixResult
    from agentops.guard.pipeline_result import PipelineResult

_MOST_NAMED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a fix was run.

    Arguments:
        flags: the options that lead another run to the same cluster, each with a space before it.
        embedded: the cluster ends with the run, so that nothing can be gone on with.
        out: where the plan was saved as asked.
        exit_code: a dry run that would change something ends with 3.
    """

    flags: str
    embedded: bool
    out: Path | None = None
    exit_code: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a fix ended; ``commands`` are what can be typed next, best first."""

    status: str
    code: ExitCode
    blocks: tuple[Block, ...]
    errors: tuple[AgentopsError, ...] = ()
    commands: tuple[str, ...] = ()


def ending_of(fix: FixResult, place: Place) -> Ending:
    """Return how a fix ended."""
    return _after_plan(fix, fix.rounds[-1], place) if fix.rounds else _without_plan(fix, place)


def approval_steps(plan: ChangePlan, path: Path, flags: str) -> tuple[str, ...]:
    """Return the commands that have a saved plan approved and run, in order."""
    people = ("A", "B") if plan.obligation.approval is Approval.TWO_PERSON else ("A",)
    file = shlex.quote(str(path))
    signed = [f"agentops approve {file} --out {name}.approval.json" for name in people]
    given = " ".join(f"--approval {name}.approval.json" for name in people)
    return (*signed, f"agentops fix --plan {file} {given}{flags}")


def two_people(plan: ChangePlan) -> str:
    """Return who must agree to a plan that two people must agree to."""
    return f"Two people other than {plan.requester.removeprefix('human:')} must approve."


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
    blocks: list[Block] = [Paragraph(f"{text}.", Tone.WARN) for text in fix.vanished]
    blocks += [*_target_words(fix), Paragraph("There is nothing left to fix.", Tone.GOOD)]
    return Ending(status=fix.status, code=fix.exit_code, blocks=tuple(blocks))


def _nothing_wrong(fix: FixResult) -> Ending:
    return _ended([Paragraph("There is nothing to fix.", Tone.GOOD)], fix)


def _outside(fix: FixResult) -> Ending:
    words = "The cause is outside the cluster: no change to the cluster fixes it."
    return _ended([Heading(words, Tone.WARN)], fix)


def _forbidden(fix: FixResult) -> Ending:
    refusal = PolicyRefused(fix.forbidden, hint="agentops doctor shows the policy and settings in force here.")
    head = Heading("Refused by policy: nothing was changed", Tone.BAD)
    return _ended([head, Paragraph(f"{fix.forbidden}.", Tone.BAD), Code(refusal.hint)], fix, (refusal, *fix.errors))


def _cannot_be_made(fix: FixResult) -> Ending:
    """Return the end of a fix that is known and cannot be made from here: forbidden, or the server refuses it."""
    hints = [Code(error.hint) for error in fix.errors if error.hint]
    head = Heading("No plan: the known fix cannot be made from here", Tone.WARN)
    return _ended([head, *hints], fix, fix.errors)


def _unknown(fix: FixResult) -> Ending:
    hint = "; ".join(fix.found.finding.next_steps[:2])
    error = AgentopsError("no change is known that would fix this", hint=hint, code="no-known-cure")
    head = Heading("No plan: no change is known that would fix this; a person must decide", Tone.WARN)
    return _ended([head], fix, (error,))


def _refused(fix: FixResult) -> Ending:
    refused = tuple(error for error in fix.errors if isinstance(error, PolicyRefused))
    asked = [one.change for one in fix.refusals if isinstance(one.error, PolicyRefused)]
    explain = f"agentops policy explain --tool {asked[0].tool} --target {asked[0].target}"
    blocks: list[Block] = [Heading("Refused by policy: nothing was changed", Tone.BAD)]
    blocks += [Paragraph(error.message, Tone.BAD) for error in refused[:_MOST_NAMED]]
    blocks += [Code(error.hint) for error in refused[:1] if error.hint]
    blocks.append(Code(f"See which clause decides: {explain}"))
    return _ended(blocks, fix, refused, (explain,))


def _moved_on(fix: FixResult, place: Place) -> Ending:
    """Return the end of a fix whose drafts do not fit the world any more."""
    why = "; ".join(fix.vanished) or fix.errors[0].message
    again = f"agentops investigate k8s:{fix.found.incident.group.target}{place.flags}"
    stale = NotApproved(
        f"the drafted change no longer fits the cluster: {why}", hint=f"Investigate again: {again}", code="stale"
    )
    blocks: list[Block] = [
        Heading("Stale: the drafted change no longer fits the cluster; nothing was changed", Tone.WARN)
    ]
    blocks += [Paragraph(f"{why}.", Tone.WARN), *_target_words(fix)]
    known = fix.found.incident.group.target.known and not place.embedded
    if known:
        blocks.append(Code(f"Investigate again: {again}"))
    return _ended(blocks, fix, (stale,), (again,) if known else ())


def _after_plan(fix: FixResult, last: PipelineResult, place: Place) -> Ending:
    """Return how a fix ended whose last plan was carried out, or stopped before that."""
    status, error = last.outcome.status, last.error
    code = last.exit_code
    if status is Status.DRY_RUN and place.exit_code:
        code = ExitCode.FOUND
    commands = _next_commands(fix, last, place)
    blocks: list[Block] = []
    if fix.vanished:
        blocks += [Paragraph(f"{text}.", Tone.WARN) for text in fix.vanished]
    if status in (Status.APPLIED, Status.ROLLED_BACK) or fix.after is not None:
        blocks += _target_words(fix)
    if fix.left:
        blocks.append(
            Heading("The model drafted more changes than one run applies; the rest is kept in the incident", Tone.WARN)
        )
        blocks.append(Bullets(tuple(Item(change_words(change), label="→") for change in fix.left)))
    blocks += _what_next(last, commands, place)
    return Ending(
        status=status.value,
        code=code,
        blocks=tuple(blocks),
        errors=() if error is None else (error,),
        commands=commands,
    )


def _next_commands(fix: FixResult, last: PipelineResult, place: Place) -> tuple[str, ...]:
    if place.embedded:
        return (f"agentops fix{place.flags}",) if last.outcome.status is Status.DRY_RUN else ()
    plan, incident = last.planned.plan, fix.found.incident.short_id
    path = place.out or fix.kept
    is_stale = last.error is not None and last.error.code in ("stale", "expired")
    if last.outcome.status in (Status.DRY_RUN, Status.DECLINED) and not is_stale and path is not None:
        if plan.obligation.approval is Approval.TWO_PERSON:
            return approval_steps(plan, path, place.flags)
        return (f"agentops fix {incident}{place.flags}", *approval_steps(plan, path, place.flags))
    if fix.left:
        return (f"agentops fix {incident}{place.flags}",)
    if last.outcome.status is Status.ROLLED_BACK:
        return (f"agentops show {incident} --timeline",)
    if last.outcome.status is Status.REFUSED and path is not None:
        return (f"agentops policy explain {shlex.quote(str(path))}",)
    return (f"agentops fix {incident}{place.flags}",) if is_stale else ()


def _what_next(last: PipelineResult, commands: tuple[str, ...], place: Place) -> Iterator[Block]:
    plan = last.planned.plan
    if place.out is not None:
        yield Code(f"The plan is in {place.out}.")
    wants_two = plan.obligation.approval is Approval.TWO_PERSON
    open_still = last.outcome.status in (Status.DRY_RUN, Status.DECLINED)
    if wants_two and open_still:
        yield Heading(f"{two_people(plan)} The plan is saved.", Tone.WARN)
    if not commands:
        return
    if wants_two and open_still:
        yield Paragraph("Each approver runs one of the approve commands; the last command runs the plan:")
        yield Code("\n".join(commands))
    elif open_still and len(commands) > 1:
        code = f"plan {plan.code}"
        yield Code(f"Resume it: {commands[0]}")
        yield Code(f"Or have somebody else approve {code}: {commands[1]}")
        yield Code(f"and then run it: {commands[2]}")
    else:
        yield Code(f"Next: {commands[0]}")


def _target_words(fix: FixResult) -> Iterator[Block]:
    """Say how what the alert is about is now."""
    if fix.not_looked:
        yield Paragraph(f"The result could not be checked: {fix.not_looked}. Check it: agentops triage", Tone.WARN)
    if fix.after is None:
        return
    about, finding = fix.after.about, fix.after.finding
    if fix.after.is_well:
        # What triage says besides explains an alert of before; said now, it would read as a cause that is left.
        said = finding.verdict is Verdict.RECOVERED and finding.conclusion
        yield Paragraph(f"Triage no longer finds a problem with {about}." + (f" {said}" if said else ""), Tone.GOOD)
        return
    yield Heading(f"Triage still finds a problem with {about}", Tone.WARN)
    yield Paragraph(finding.conclusion, Tone.WARN)


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
    blocks: list[Block],
    fix: FixResult,
    errors: tuple[AgentopsError, ...] = (),
    commands: tuple[str, ...] = (),
) -> Ending:
    return Ending(
        status=fix.status, code=fix.exit_code, blocks=(*_known(fix), *blocks), errors=errors, commands=commands
    )
