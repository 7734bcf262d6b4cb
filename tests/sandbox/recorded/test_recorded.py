"""The simulator against a real API server: every recorded request is sent again, every difference is known."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import replay  # beside this file; it is no package


@pytest.mark.slow
def test_the_sandbox_answers_as_recorded_but_for_the_known_differences() -> None:
    """No answer differs that is not listed, and none is listed that has become equal: the list can only shrink."""
    assert replay.differences(replay.sandbox_answers()) == replay.known_differences()


def test_a_steady_value_stays_as_it_is() -> None:
    """Recorded answers are stored without what differs from run to run, so that nothing more is taken from them."""
    answers = [step["answer"] for step in replay.steps() if "name" in step]
    assert [replay.steady(answer) for answer in answers] == answers
