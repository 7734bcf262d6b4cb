"""Before anything is tried: what policy or a static rule refuses is never sent, and a trial that wrote stops
everything."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import pytest

from agentops.core.errors import AuditError, PolicyRefused, PreviewWrote, StoreError, ToolError, ToolInputError
from agentops.core.outcome import Status
from agentops.core.plan import Call, Change, Intent, Preview
from agentops.guard.pipeline import execute, execute_saved, make_plan
from agentops.guard.proposal import Proposal

world = sys.modules["agentops_test_world"]


def _watched(stage: Any) -> list[Change]:
    """Return the list to which every trial on the provider is added."""
    tried: list[Change] = []
    real = stage.tool.preview

    def preview(change: Change, *earlier: Any) -> Preview:
        tried.append(change)
        made: Preview = real(change, *earlier)
        return made

    stage.tool.preview = preview
    return tried


def test_what_policy_refuses_with_all_facts_is_never_tried(stage: Any) -> None:
    """The screening permits it, the facts of the prediction do not: the provider never hears of it."""
    tried = _watched(stage)
    stage.rules.deny = lambda asked: "" if asked.context["dryRun"] else "too many pods"
    with pytest.raises(PolicyRefused, match="too many pods"):
        make_plan(stage.services(), world.proposal())
    assert (tried, stage.log.events()) == ([], ["policy", "prediction!", "plan!"])


def test_a_way_back_that_policy_refuses_is_never_tried(stage: Any) -> None:
    """Nor is the change itself, which could not be rolled back."""
    tried = _watched(stage)
    stage.rules.deny = lambda asked: "no way back" if asked.context["rollback"] else ""
    with pytest.raises(PolicyRefused, match="no way back"):
        make_plan(stage.services(), world.proposal())
    assert tried == []


def test_one_refused_change_keeps_the_whole_plan_from_being_tried(stage: Any) -> None:
    """The first change would pass; the second does not, and neither is tried."""
    tried = _watched(stage)
    stage.rules.deny = lambda asked: "not db" if "db" in str(asked.resource) and not asked.context["dryRun"] else ""
    with pytest.raises(PolicyRefused, match="not db"):
        make_plan(stage.services(), world.proposal("web", "db"))
    assert tried == []


@pytest.mark.parametrize("why", ["policy", "no cure"])
def test_a_saved_plan_is_judged_whole_before_any_of_it_is_tried(stage: Any, why: str) -> None:
    """What is in the file is not trusted more than a draft: a later step is refused, and no step is tried."""
    fields = {"policy": {"image": "v3"}, "no cure": {"replicas": 0}}[why]
    changes = (
        Change(tool="set", target=world.ref("web"), arguments={"image": "v3"}),
        Change(tool="set", target=world.ref("db"), arguments=fields),
    )
    plan = make_plan(stage.services(), Proposal(changes=changes, intent=Intent(by="human:ana"))).planned.plan
    tried = _watched(stage)
    if why == "policy":
        stage.rules.deny = lambda asked: "not db" if "db" in str(asked.resource) and not asked.context["dryRun"] else ""
    with pytest.raises(PolicyRefused):
        execute_saved(stage.services(), plan, ())
    assert tried == []


@pytest.mark.parametrize("what", ["no cure", "no permission", "unreadable", "unmeasured"])
def test_static_rules_and_reads_come_first(stage: Any, what: str) -> None:
    """What is no cure, not permitted, unreadable or not to be measured is refused before a trial."""
    tried = _watched(stage)
    services = stage.services()
    proposal = world.proposal()
    if what == "no cure":
        change = Change(tool="set", target=world.ref("web"), arguments={"replicas": 0})
        proposal = replace(proposal, changes=(change,))
    elif what == "no permission":
        services = stage.services(missing_permissions=lambda change, preview: ("patch web",))
    elif what == "unreadable":
        stage.tool.predict = lambda change: (_ for _ in ()).throw(ToolInputError("cannot be read"))
    else:
        stage.tool.blast_radius = lambda preview: (_ for _ in ()).throw(ToolError("cannot be measured"))
    with pytest.raises((ToolError, PolicyRefused)):
        make_plan(services, proposal)
    assert tried == []


def test_a_defect_of_the_prediction_refuses(stage: Any) -> None:
    """Whatever the prediction depends on may raise: nothing is tried, nothing is changed."""
    tried = _watched(stage)
    stage.tool.predict = lambda change: (_ for _ in ()).throw(RuntimeError("a defect"))
    with pytest.raises(RuntimeError):
        execute(stage.services(), world.proposal())
    assert (tried, stage.world.writes) == ([], [])


def test_the_prediction_never_becomes_the_preview(stage: Any) -> None:
    """What the provider answers is what is shown and approved, also where the prediction saw something else."""
    stage.tool.predict = lambda change: replace(stage.tool.worked_out(change), warnings=("only predicted",))
    plan = make_plan(stage.services(), world.proposal()).planned.plan
    assert plan.steps[0].preview.warnings == ()


def _writing(stage: Any) -> None:
    call = Call(verb="patch", method="PATCH", path="/web")
    error = PreviewWrote("a dry run changed web", before={"spec": {"image": "v2"}}, call=call)
    stage.tool.preview = lambda change: (_ for _ in ()).throw(error)


def test_a_trial_that_wrote_is_recorded_and_stops_everything(stage: Any) -> None:
    """It is in the log and in the journal with the object as it was, and nobody is asked anything."""
    _writing(stage)
    with pytest.raises(PreviewWrote):
        execute(stage.services(), world.proposal())
    (report,) = stage.journal.halts
    assert (report["before"], report["what"]) == ({"spec": {"image": "v2"}}, "a dry run changed web")
    assert (stage.log.events()[-2:], stage.person.asked) == (["dry-run!", "preview_wrote"], [])


def test_a_trial_that_wrote_on_the_way_back_needs_a_person(stage: Any) -> None:
    """A rollback whose own trial wrote is in doubt, and is kept in the journal as well."""
    stage.world.after_write = lambda name: (stage.world.ready.update(web=0), _writing(stage))
    result = execute(stage.services(), world.proposal())
    assert (result.outcome.status.exit_code, len(stage.journal.halts)) == (7, 1)


def _writing_once(stage: Any, number: int) -> None:
    """Let the trial with that number from now, counted from 1, be one that wrote; all others are good."""
    real, seen = stage.tool.preview, [0]

    def preview(change: Change, *earlier: Any) -> Preview:
        seen[0] += 1
        if seen[0] == number:
            call = Call(verb="patch", method="PATCH", path="/web")
            raise PreviewWrote("a dry run changed web", before={"spec": {"image": "v2"}}, call=call)
        made: Preview = real(change, *earlier)
        return made

    stage.tool.preview = preview


def test_a_trial_that_wrote_between_two_steps_stops_where_it_is(stage: Any) -> None:
    """Nothing more is tried or sent, not even to roll back the first step: the change is open, and a person goes on."""
    first, second = ({"image": "v3"}, {"replicas": 4})
    changes = tuple(Change(tool="set", target=world.ref("web"), arguments=fields) for fields in (first, second))
    # Two trials make the plan and two check it again; the fifth is the second step's, once the first is applied.
    _writing_once(stage, 5)
    result = execute(stage.services(), Proposal(changes=changes, intent=Intent(by="human:ana")))
    assert (result.outcome.status, result.outcome.status.exit_code) == (Status.STOPPED, 7)
    assert (len(stage.world.writes), len(stage.journal.halts), "a dry run changed web" in result.outcome.why) == (
        1,
        1,
        True,
    )
    assert "change_closed" not in stage.log.events()


def test_a_trial_that_wrote_at_the_recheck_is_no_decline(stage: Any) -> None:
    """It is the same incident before and after a person agreed."""
    _writing_once(stage, 2)
    with pytest.raises(PreviewWrote):
        execute(stage.services(), world.proposal())
    assert (stage.world.writes, len(stage.journal.halts)) == ([], 1)


def test_a_trial_that_wrote_on_the_way_back_ends_the_way_back(stage: Any) -> None:
    """The steps before it are not tried on a server that carries trials out."""
    stage.world.after_write = lambda name: (stage.world.ready.update(db=0, web=0), _writing(stage))
    changes = tuple(Change(tool="set", target=world.ref(name), arguments={"image": "v3"}) for name in ("web", "db"))
    result = execute(stage.services(), Proposal(changes=changes, intent=Intent(by="human:ana")))
    assert (result.outcome.status.exit_code, len(stage.journal.halts)) == (7, 1)


@pytest.mark.parametrize("broken", ["log", "journal"])
def test_an_incident_that_cannot_be_kept_is_no_less_a_stop(stage: Any, broken: str) -> None:
    """Neither a full disk nor a broken log lets the run go on."""
    _writing(stage)
    if broken == "log":
        stage.log.fail_at = lambda event, count: event == "preview_wrote"
    else:
        stage.journal.halt = lambda report: (_ for _ in ()).throw(StoreError("the disk is full"))
    with pytest.raises((AuditError, StoreError)):
        execute(stage.services(), world.proposal())
    assert stage.world.writes == []
