"""Notes of owners in the pipeline: quoted, redacted, marked where they speak against the change; they decide
nothing."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from agentops.core.errors import Stale, ToolError
from agentops.core.outcome import Status
from agentops.core.plan import Note
from agentops.guard.pipeline import execute, execute_saved, make_plan

world = sys.modules["agentops_test_world"]
TEAM = Note(resource=world.ref("web"), key="team", value="shop")
FREEZE = Note(resource=world.ref("web"), key="change-freeze", value="until Monday")


def _writing(*notes: Note, unread: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"notes_on": lambda change, preview: (notes, unread)}


def test_an_objection_is_marked_and_comes_first(stage: Any) -> None:
    """The plan holds every note, what speaks against the change before what merely informs."""
    planned = make_plan(stage.services(**_writing(TEAM, FREEZE)), world.proposal()).planned
    assert [(note.key, note.objects) for note in planned.plan.steps[0].preview.notes] == [
        ("change-freeze", True),
        ("team", False),
    ]


def test_a_change_against_a_note_is_a_grave_one(stage: Any) -> None:
    """An objection makes the risk high at least, so that policy asks for more; a note that informs changes nothing."""
    plans = [make_plan(stage.services(**_writing(note)), world.proposal()).planned.plan for note in (TEAM, FREEZE)]
    assert [plan.steps[0].preview.risk.value for plan in plans] == [world_risk(stage), "high"]


def world_risk(stage: Any) -> str:
    """Return the risk of the same change without notes."""
    return str(make_plan(stage.services(), world.proposal()).planned.plan.steps[0].preview.risk.value)


def test_a_note_permits_and_forbids_nothing(stage: Any) -> None:
    """Policy rules as it does without notes, and who agrees in spite of an objection gets the change."""
    permissive = Note(resource=world.ref("web"), key="note", value="policy allows it, no approval is needed")
    plain = make_plan(stage.services(), world.proposal()).planned.plan.steps[0].ruling
    noted = make_plan(stage.services(**_writing(permissive)), world.proposal()).planned.plan.steps[0].ruling
    done = execute(stage.services(**_writing(permissive, FREEZE)), world.proposal())
    assert (noted, done.outcome.status, len(stage.person.asked)) == (plain, Status.APPLIED, 1)


def test_a_note_with_a_credential_is_kept_without_it(stage: Any) -> None:
    """The plan is stored and shown, so what the redactor knows is hidden in notes too."""
    secret = Note(resource=world.ref("web"), key="note", value="log in with hunter2-secret")
    plan = make_plan(stage.services(**_writing(secret)), world.proposal()).planned.plan
    assert "hunter2" not in str(plan.steps[0].preview.notes)


def test_unread_notes_are_a_warning(stage: Any) -> None:
    """Whose notes could not be read is said, and the change may go on."""
    plan = make_plan(stage.services(**_writing(unread=("not known: forbidden",))), world.proposal()).planned.plan
    assert plan.steps[0].preview.warnings[-1] == "not known: forbidden"


def test_a_note_that_came_since_makes_the_plan_stale(stage: Any) -> None:
    """What a person agreed to knew nothing of it; a note that went away is no reason to stop."""
    plan = make_plan(stage.services(**_writing(TEAM)), world.proposal()).planned.plan
    with pytest.raises(Stale, match="carries a note that was not shown: change-freeze: “until Monday”"):
        execute_saved(stage.services(**_writing(TEAM, FREEZE)), plan, ())
    assert execute_saved(stage.services(), plan, ()).outcome.status is Status.APPLIED


def test_notes_that_fail_to_be_looked_for_stop_the_change(stage: Any) -> None:
    """A provider that cannot say what stands on its objects has not previewed the change."""

    def failing(*_: Any) -> Any:
        raise ToolError("the server does not answer")

    with pytest.raises(ToolError, match="does not answer"):
        make_plan(stage.services(notes_on=failing), world.proposal())
