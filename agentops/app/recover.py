"""The use case ``recover``: closes what a crash left open, after a look at the objects themselves.

Comes in: a run, who is asked, and what to do where the end is unclear. Goes out: what became of each open change and of
each dry run that had an effect. What is rolled back goes through the guard like any other change.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from agentops.app.changes import journal_of
from agentops.app.guard_wiring import ApprovalOptions, guard_for_change
from agentops.app.recorded import require_recorded
from agentops.app.recorded_changes import require_changes_recorded
from agentops.core.commands import command_line
from agentops.core.errors import ExitCode, Interrupted, PolicyRefused, ToolInputError
from agentops.core.jsonable import to_json
from agentops.core.outcome import Status
from agentops.core.text import one_line
from agentops.guard.pipeline import execute
from agentops.guard.recovery import Situation, look
from agentops.guard.rollback_plan import proposal_to_undo

if TYPE_CHECKING:
    from agentops.app.run import App
    from agentops.guard.pipeline_result import PipelineResult
    from agentops.guard.services import GuardServices
    from agentops.store.changes import ChangeRecord, Changes, Halt


class WhenUnclear(StrEnum):
    """What to do with a change whose end the objects do not tell."""

    LEAVE = "leave"
    """Leave it open: a person must decide."""
    ROLL_BACK = "roll-back"
    """Take it back, through the guard."""
    KEEP = "keep"
    """Close it and change nothing: a person has looked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveredChange:
    """What became of one open change.

    Arguments:
        ending: how it ended; None when a person must still decide.
        result: the plan that rolled it back, where one was run.
        kept: it is closed as it is, by decision of a person.
    """

    record: ChangeRecord
    situation: Situation
    ending: Status | None
    result: PipelineResult | None = None
    kept: bool = False

    @property
    def is_interrupted(self) -> bool:
        """Whether a person pressed Ctrl-C instead of an answer."""
        return self.result is not None and isinstance(self.result.error, Interrupted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """What became of everything that was open.

    Arguments:
        halts: the dry runs that had an effect and that no person had closed.
        halts_closed: they are closed now.
    """

    changes: tuple[RecoveredChange, ...]
    halts: tuple[Halt, ...] = ()
    halts_closed: bool = False

    @property
    def needs_person(self) -> bool:
        """Whether something stays open until a person decides."""
        return any(one.ending is None for one in self.changes) or (bool(self.halts) and not self.halts_closed)

    @property
    def is_interrupted(self) -> bool:
        """Whether a person pressed Ctrl-C at a question; the changes after that one were not looked at."""
        return any(one.is_interrupted for one in self.changes)

    @property
    def status(self) -> str:
        """How it ended, in one word for scripts."""
        if self.is_interrupted:
            return Interrupted.default_code
        return "needs-person" if self.needs_person else "done"

    @property
    def exit_code(self) -> ExitCode:
        """The exit code that says how it ended."""
        if self.is_interrupted:
            return ExitCode.INTERRUPTED
        return ExitCode.IN_DOUBT if self.needs_person else ExitCode.DONE


def recover(app: App, asking: ApprovalOptions, *, change_id: str | None, unclear: WhenUnclear) -> Recovered:
    """Look at every open change and close those whose end is plain.

    Arguments:
        change_id: only this one; None means all, and the dry runs that had an effect.

    Raises:
        Busy: another process is changing something now.
        UsageError: there is no such change, or it was made in another place.
        AuditError: nothing is open, and the journal does not keep what is on record.
    """
    journal = journal_of(app.settings, app.services.clock)
    halts = journal.halted() if change_id is None else ()
    if unclear is WhenUnclear.KEEP:
        _close_halts(app, journal, halts)
    found = []
    # Held from the look to the end: what another process has just begun would look like something left behind.
    with journal.alone():
        wanted = journal.open_ones() if change_id is None else (journal.find(change_id),)
        for record in (one for one in wanted if one.is_open):
            guard = replace(guard_for_change(app, record, asking), journal=journal)
            situation = look(guard, record.plan)
            seen = {"change": record.id, "states": to_json(situation.states), "words": situation.words}
            app.log.append("recovery", seen)
            found.append(_settled(app, guard, record, situation, unclear))
            if found[-1].is_interrupted:
                break
    if not found and change_id is None:
        # That nothing is open is said only by a journal that is whole.
        require_changes_recorded(app.settings)
    result = Recovered(changes=tuple(found), halts=halts, halts_closed=unclear is WhenUnclear.KEEP)
    app.finish(result.status, result.exit_code)
    return result


def _close_halts(app: App, journal: Changes, halts: tuple[Halt, ...]) -> None:
    """Close the reports of dry runs that had an effect: a person has looked at the objects."""
    for halt in halts:
        app.log.append("halt_closed", {"report": halt.path.name, "what": halt.report.get("what")})
        journal.resume(halt)


def _settled(
    app: App, guard: GuardServices, record: ChangeRecord, situation: Situation, unclear: WhenUnclear
) -> RecoveredChange:
    """Close a change whose end is plain, or as a person has decided; else leave it open."""
    ending, result, kept = situation.ending, None, False
    if ending is None and unclear is WhenUnclear.KEEP:
        ending, kept = Status.APPLIED, True
    elif ending is None and unclear is WhenUnclear.ROLL_BACK:
        # Policy is milder with a rollback: only what the audit log knows counts as one.
        require_recorded(app.settings.folders.audit, record.digest, record.id)
        try:
            result = execute(guard, proposal_to_undo(record.plan, record.id, situation.to_undo))
        except (ToolInputError, PolicyRefused) as error:
            name = record.short_id
            error.hint = (
                f"Change {name} stays open. To close it and change nothing: {command_line('recover', name, '--keep')}"
            )
            raise
        ending = Status.ROLLED_BACK if result.outcome.status is Status.APPLIED else None
    if ending is not None:
        why = ("kept as it is by a person; " if kept else "") + "recovered: " + "; ".join(situation.words)
        closing = {"change": record.id, "status": ending.value, "why": one_line(why, 500), "digest": record.digest}
        app.log.append("change_closed", closing)
        guard.journal.close(record.id, closing)
    return RecoveredChange(record=record, situation=situation, ending=ending, result=result, kept=kept)
