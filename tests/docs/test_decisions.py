"""The records of decisions: each has a number of its own, and says the same number in its title."""

from __future__ import annotations

import re
from pathlib import Path

RECORDS = sorted((Path(__file__).parents[2] / "docs" / "adr").glob("[0-9]*.md"))


def test_numbers_run_without_gaps_and_stand_in_the_titles() -> None:
    """Two branches may take the same number; a reader who is sent to ADR 18 must find one."""
    titled = [int(re.match(r"# (?:ADR )?([0-9]+)", path.read_text("utf-8"))[1]) for path in RECORDS]
    assert (titled, [int(path.name[:4]) for path in RECORDS]) == ([*range(1, len(RECORDS) + 1)],) * 2
