"""Scenario files: headers, names, mistakes, and a new one from the scaffold."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from agentops.core.errors import UsageError
from agentops.sandbox.oracle import Judgement, try_fix
from agentops.sandbox.scaffold import new_scenario
from agentops.sandbox.scenario import all_scenarios, load, read

NOW = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)


def test_there_are_enough_of_each_difficulty() -> None:
    """At least 24 scenarios come with the package, several of each difficulty, easy ones first."""
    levels = [one.difficulty for one in all_scenarios()]

    assert len(levels) >= 24
    assert min(levels.count(level) for level in ("easy", "medium", "hard")) >= 5
    assert levels == sorted(levels, key=["easy", "medium", "hard"].index)


@pytest.mark.parametrize("name", [one.name for one in all_scenarios()])
def test_every_scenario_says_what_it_must(name: str) -> None:
    """Each has a story, an alert, a right fix, two wrong ones with their reason, and a cause unless it recovered."""
    scenario = load(name)

    assert scenario.story
    assert scenario.alert["summary"]
    assert scenario.right_fix is not None
    assert len([fix for fix in scenario.wrong_fixes if fix.why]) >= 2
    assert bool(scenario.causes) is (scenario.verdict == "root_cause")


def test_a_name_nearly_right_is_answered_with_the_right_one() -> None:
    """A name that is nearly a scenario's is answered with that name."""
    with pytest.raises(UsageError) as caught:
        load("bad-image-tags")

    assert (caught.value.code, caught.value.hint) == ("no-scenario", "Did you mean bad-image-tag?")


@pytest.mark.slow
def test_a_new_scenario_works_at_once(tmp_path: Path) -> None:
    """The scaffold's file loads, its right fix passes and its wrong fix fails."""
    scenario = read(new_scenario("slow-disk", tmp_path))

    assert scenario.right_fix is not None
    assert scenario.name == "slow-disk"
    assert try_fix(scenario, scenario.right_fix, now=NOW) == Judgement()
    assert not try_fix(scenario, scenario.wrong_fixes[0], now=NOW).passed


def test_the_scaffold_overwrites_nothing(tmp_path: Path) -> None:
    """A second scenario of the same name is refused."""
    new_scenario("slow-disk", tmp_path)

    with pytest.raises(UsageError, match="exists already"):
        new_scenario("slow-disk", tmp_path)


@pytest.mark.parametrize("text", ["", "a: [", "title: x\n", "title: x\ndifficulty: easy\n---\nnamespace: shop\n"])
def test_a_file_that_is_no_scenario_is_refused(text: str, tmp_path: Path) -> None:
    """Not YAML, no header or a required field missing is the caller's mistake, said in one line."""
    path = tmp_path / "odd.yaml"
    path.write_text(text)

    with pytest.raises(UsageError):
        load(str(path))
