"""Tries a step that rests on earlier ones once more, right before it is sent and after those were applied.

Comes in: a step as it was approved. Goes out: nothing, or ``Stale``: the provider refuses it, or would make something
else of it than what was shown. It must never let a step pass that was shown on a world that did not come about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from agentops.core.errors import NotFound, PreviewWrote, Stale, ToolError
from agentops.core.plan import Preview
from agentops.core.text import plural
from agentops.guard.diff import deviations
from agentops.guard.dry_run import try_out
from agentops.guard.services import GuardServices
from agentops.guard.stage_log import StageLog
from agentops.guard.states import Decided

NOT_YET = "not-yet"
"""The code of a provider's refusal that waiting ends: an object is still being deleted, a namespace still emptied."""
_PAUSE_S = 2.0
_TRIES = 4
_Answer = TypeVar("_Answer")


def recheck_step(services: GuardServices, log: StageLog, step: Decided, *, number: int, wait_s: float) -> None:
    """Raise unless a step that rests on earlier ones would do now what was shown.

    Arguments:
        number: the step's, from 1.
        wait_s: how long what an earlier step began may take to end.

    Raises:
        Stale: it would not; the message says what differs, or what the provider says.
        PreviewWrote: the trial had an effect; everything stops.
        AuditError: it could not be recorded.
    """
    shown = step.preview
    if not shown.rests_on:
        return
    what = f"step {number} ({step.change.target.short})"
    log.say(f"trying {what} again, after the steps that are applied now", key=f"apply-{number - 1}")
    try:
        fresh = patiently(
            services, lambda: try_out(services, log, step.change, step=number), wait_s=wait_s, tries=_TRIES
        )
    except PreviewWrote:
        raise
    except NotFound as error:
        if any(one.after is not None for one in shown.objects):
            raise Stale(f"{what} is refused, now that it can be tried: {error.message}", hint=error.hint) from error
        # What is to be deleted is gone; the provider says so again when it is sent, and that is judged there.
        return
    except ToolError as error:
        raise Stale(f"{what} is refused, now that it can be tried: {error.message}", hint=error.hint) from error
    differing = list(_differing(shown, fresh))
    if differing:
        raise Stale(f"{what} has changed since it was shown, now that it can be tried: {'; '.join(differing[:3])}")
    after = f"after {plural(len(shown.rests_on), 'earlier step')}"
    log.passed("once-more", f"{after} it is what was shown", step=number, validated=fresh.validated)


def patiently(services: GuardServices, attempt: Callable[[], _Answer], *, wait_s: float, tries: int = 1) -> _Answer:
    """Return what ``attempt`` returns, trying again while the provider says that it is too early.

    Arguments:
        wait_s: for how long that may go on.
        tries: how often another refusal is asked about; what was just made may not be seen everywhere at once.

    Raises:
        ToolError: the last refusal.
    """
    deadline = services.monotonic() + wait_s
    while True:
        tries -= 1
        try:
            return attempt()
        except PreviewWrote:
            raise
        except ToolError as error:
            is_early = error.code == NOT_YET
            if services.monotonic() >= deadline or (not is_early and tries <= 0):
                raise
        services.pause(_PAUSE_S)


def _differing(shown: Preview, fresh: Preview) -> Iterator[str]:
    if fresh.risk.rank > shown.risk.rank:
        yield f"its risk is {fresh.risk.value}, not {shown.risk.value}"
    expected, found = ([(one.ref, one.verb) for one in preview.objects] for preview in (shown, fresh))
    if expected != found:
        yield f"it would act on {len(found)} objects, not on the {len(expected)} that were shown"
        return
    for was, now in zip(shown.objects, fresh.objects, strict=True):
        for edit in (*deviations(was, was.before, now.before), *deviations(was, was.after, now.after)):
            yield f"{edit.path} should be {edit.old!r}, is {edit.new!r}"
