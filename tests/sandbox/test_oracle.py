"""The oracle on every scenario: it is unwell at first, the right fix passes, each named wrong one fails."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from agentops.sandbox.oracle import Judgement, judge, try_fix
from agentops.sandbox.scenario import all_scenarios, load
from agentops.sandbox.simulation import Simulation

pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
NAMES = [one.name for one in all_scenarios()]
WRONG = [(name, fix.name) for name in NAMES for fix in load(name).wrong_fixes]


@pytest.mark.parametrize("name", NAMES)
def test_something_is_unwell_at_first(name: str) -> None:
    """A scenario with a cause is not healed when it is handed over; one without a cause is."""
    scenario = load(name)
    simulation = Simulation(scenario, now=NOW)
    simulation.play()

    judgement = judge(simulation, simulation.store.dump(), repaired_at=NOW - timedelta(minutes=30))

    assert judgement.healed is (scenario.verdict == "recovered")


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
