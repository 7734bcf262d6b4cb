"""Errors that a person reads: one line, and nothing in it that a terminal obeys."""

from __future__ import annotations

import pytest

from agentops.core.errors import UsageError


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("an unknown key: rea\tsoning", "an unknown key: rea soning"),
        ("the file a\nb cannot be read", "the file a b cannot be read"),
        ("the name x\x1b[2J is not known", "the name x\\u{1b}[2J is not known"),
        ("  two  spaces stay as they are", "  two  spaces stay as they are"),
    ],
)
def test_a_message_is_one_plain_line(message: str, shown: str) -> None:
    """Whatever gets into a message, it is shown on one line and moves no cursor."""
    error = UsageError(message)
    assert (error.message, str(error)) == (shown, shown)
