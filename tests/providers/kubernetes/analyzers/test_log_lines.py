"""Each form of a log line is held to lines that it must read, and to near misses that it must not."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from agentops.providers.kubernetes.analysis.log_clues import apply_form
from agentops.providers.kubernetes.analysis.log_patterns import FORMS

LINES = yaml.safe_load(Path(__file__).with_name("log_lines.yaml").read_text(encoding="utf-8"))
LEAST_READ, LEAST_NEAR = 5, 10


def _wanted(entry):
    """Return ``(line, subject, port)``; a subject of None marks a line that the form leaves to another one."""
    if isinstance(entry, str):
        return entry, "", 0
    return entry[0], entry[1], entry[2] if len(entry) > 2 else 0


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_each_form_reads_its_lines_and_no_near_miss(form):
    """A form reads at least five lines with the name in them, and none of at least ten that resemble them."""
    mine = LINES["forms"][form.name]
    wanted = [_wanted(entry) for entry in mine["yes"]]
    read = {line: (apply_form(form, line), subject, port) for line, subject, port in wanted}
    wrong = {
        line: found
        for line, (found, subject, port) in read.items()
        if (None if found is None else (found.subject, found.port)) != (None if subject is None else (subject, port))
    }
    near = (*LINES["near"][mine["family"]], *mine["no"])
    caught = [line for line in near if apply_form(form, line) is not None]
    counted = sum(subject is not None for _, subject, _ in wanted), len(set(near))
    assert (wrong, caught) == ({}, [])
    assert counted >= (LEAST_READ, LEAST_NEAR), counted
    assert counted[1] >= LEAST_NEAR


def test_no_form_is_without_lines_and_no_lines_are_without_a_form():
    """The table and the forms name one another."""
    assert sorted(LINES["forms"]) == sorted(form.name for form in FORMS)
