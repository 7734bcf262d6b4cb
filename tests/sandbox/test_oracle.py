"""The oracle on every scenario: the right fix passes, each named wrong one fails, and doing nothing fails."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agentops.sandbox.oracle import Judgement, try_fix
from agentops.sandbox.scenario import Fix, all_scenarios, load

NOW = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
NAMES = [one.name for one in all_scenarios()]
WRONG = [(name, fix.name) for name in NAMES for fix in load(name).wrong_fixes]


@pytest.mark.parametrize("name", NAMES)
def test_the_right_fix_passes(name: str) -> None:
    """What the scenario calls the right fix heals the cluster and does nothing else."""
    scenario = load(name)

    assert scenario.right_fix is not None
    assert try_fix(scenario, scenario.right_fix, now=NOW) == Judgement()


@pytest.mark.parametrize(("name", "fix"), WRONG)
def test_a_wrong_fix_fails(name: str, fix: str) -> None:
    """What the scenario calls a wrong fix leaves something unwell, or does something that it should not."""
    scenario = load(name)

    judgement = try_fix(scenario, next(one for one in scenario.wrong_fixes if one.name == fix), now=NOW)

    assert not judgement.passed


@pytest.mark.parametrize("name", [name for name in NAMES if load(name).verdict == "root_cause"])
def test_doing_nothing_fails(name: str) -> None:
    """A scenario with a cause does not heal by itself while it is being looked at."""
    assert not try_fix(load(name), Fix(name="nothing", steps=()), now=NOW).healed
