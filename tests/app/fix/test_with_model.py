"""Every scenario with a scripted model: the right cure heals it, and what only looks like one never passes for healed.

The scripts are data: ``scripts/right.yaml`` has the cure of each scenario as drafts of change tools, and
``scripts/wrong.yaml`` what an obedient but wrong model would draft. A person approves everything; policy, the guard
and the oracle judge.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from agentops.sandbox.scenario import all_scenarios, load
from tests.app.fix.scripting import RIGHT, WRONG, turns_of

BY_MISTAKE = [(scenario, name) for scenario, found in WRONG.items() for name in found]
CANNOT_BE_TOLD = "passes"
"""How the wrong cures end that nothing in the cluster tells from a right one; ``README.md`` says why, one by one."""


_PYTHON = re.compile(r"\{'[^'\"]*'.{0,40}|\['[^'\"]*'.{0,40}|.{0,40}<[\w.]+ object at|.{0,40}-> None\b")


@pytest.fixture
def play(repair: Any, tmp_path: Path) -> Any:
    """Run ``fix`` with a model that drafts these plans for a scenario."""

    def run(scenario: str, plans: Sequence[Sequence[Mapping[str, Any]]], *, together: bool = False) -> Any:
        script = tmp_path / "turns.yaml"
        turns = turns_of(RIGHT[scenario], plans, together=together)
        script.write_text(yaml.safe_dump({"turns": turns}), encoding="utf-8")
        done = repair(scenario, script)
        # A script that does not fit the conversation would leave triage alone with the work.
        assert done.fix.found.model_error is None, done.fix.found.model_error
        assert _python_in(done) == []
        return done

    return run


def _python_in(done: Any) -> list[str]:
    """Return what the model or a person was told in Python's spelling of a value instead of JSON's."""
    sent = [message for message in done.fix.found.conversation.folder.transcript() if message["role"] == "user"]
    told = [json.dumps(sent, ensure_ascii=False), *(one.outcome.why for one in done.fix.rounds)]
    return [found for text in told for found in _PYTHON.findall(text)]


def test_every_scenario_and_every_wrong_fix_has_a_script() -> None:
    """Whoever adds a scenario or a wrong fix adds its script."""
    named = [one.name for one in all_scenarios()]
    wrong = {(name, one.name) for name in named for one in load(name).wrong_fixes}
    assert (set(RIGHT), set(BY_MISTAKE)) == (set(named), wrong)


@pytest.mark.parametrize("scenario", sorted(name for name, entry in RIGHT.items() if "plans" in entry))
def test_right_cure_heals(play: Any, scenario: str) -> None:
    """Each plan is applied as it was drafted, agentops says healed, and the oracle agrees that it is, and honestly."""
    plans = RIGHT[scenario]["plans"]
    done = play(scenario, plans)
    judged = (done.judgement.unwell, done.judgement.cheated)
    assert (done.tools, set(done.statuses), done.fix.is_healed, judged) == (
        [[one["tool"] for one in plan] for plan in plans],
        {"applied"},
        True,
        ((), ()),
    )


@pytest.mark.parametrize("scenario", ["bad-env-value", "two-faults"])
def test_drafts_and_report_of_one_turn_heal_as_well(play: Any, scenario: str) -> None:
    """A model that is sure drafts and reports at once; what is applied is the same, in a turn less a plan."""
    plans = RIGHT[scenario]["plans"]
    done = play(scenario, plans, together=True)
    assert (done.tools, done.fix.is_healed, done.judgement.unwell, done.fix.found.usage.turns) == (
        [[one["tool"] for one in plan] for plan in plans],
        True,
        (),
        1 + len(plans),
    )


@pytest.mark.parametrize("scenario", sorted(name for name, entry in RIGHT.items() if "plans" not in entry))
def test_what_no_change_cures_is_left_to_a_person(play: Any, scenario: str) -> None:
    """A model that rightly drafts nothing is not overruled: nobody is asked, nothing is changed."""
    done = play(scenario, [])
    assert (done.tools, done.asked, done.judgement.cheated) == ([], 0, ())


@pytest.mark.parametrize(("scenario", "name"), BY_MISTAKE)
def test_wrong_cure_does_not_pass_for_healed(play: Any, scenario: str, name: str) -> None:
    """It ends as its script says, and nothing but the listed few is applied and called healed against the oracle."""
    wrong = WRONG[scenario][name]
    done = play(scenario, [wrong["drafts"]])
    slipped = done.fix.is_healed and not done.judgement.passed
    assert (_ending(done, wrong["drafts"]), slipped) == (wrong["ends"], wrong["ends"] == CANNOT_BE_TOLD)


def _ending(done: Any, drafts: Sequence[Mapping[str, Any]]) -> str:
    """Return what came of the drafts, in the words of ``wrong.yaml``."""
    drafted = {(f"kubernetes_{one['tool']}", one["target"]) for one in drafts}
    mine = [
        one.outcome.status.value
        for one in done.fix.rounds
        if drafted & {(step.change.tool, step.change.target.short) for step in one.planned.plan.steps}
    ]
    if not mine:
        return "kept-out"
    if mine != ["applied"]:
        return str(mine[-1])
    return CANNOT_BE_TOLD if done.fix.is_healed else "not-healed"
