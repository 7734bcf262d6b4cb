"""Text from outside: nothing that moves a cursor, hides or reorders survives."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agentops.core.text import clip, is_plain, one_line, plural, visible


@given(st.text())
def test_visible_text_holds_only_characters_that_show_themselves(text: str) -> None:
    """Whatever comes in, what goes out has no control, bidi or zero-width character but newline and tab."""
    assert all(map(is_plain, visible(text)))


@given(st.text())
def test_visible_is_idempotent(text: str) -> None:
    """What is visible already stays as it is."""
    assert visible(visible(text)) == visible(text)


def test_visible_writes_out_terminal_sequences() -> None:
    """Escape sequences, C1 controls, bidi overrides and zero-width spaces are written as code points."""
    assert visible("a\x1b[2Jb\x9bc\u202ed\u200be\r") == ("a\\u{1b}[2Jb\\u{9b}c\\u{202e}d\\u{200b}e\\u{d}")


def test_visible_keeps_ordinary_text_of_any_script() -> None:
    """Letters of other scripts, newline and tab are no danger."""
    assert visible("naïve Проба 漢字\n\tx") == "naïve Проба 漢字\n\tx"


def test_one_line_folds_white_space_and_cuts() -> None:
    """A multi-line text becomes one line of at most the limit."""
    assert one_line("a\n  b\tc" + "d" * 10, 8) == "a b cdd…"


@given(st.text(), st.integers(min_value=1, max_value=50))
def test_clip_never_exceeds_its_limit(text: str, limit: int) -> None:
    """A clipped text is at most as long as was asked."""
    assert len(clip(text, limit)) <= limit


def test_plural_counts() -> None:
    """One is singular, the rest plural, thousands are grouped."""
    assert [plural(n, "pod") for n in (0, 1, 2, 12345)] == ["0 pods", "1 pod", "2 pods", "12,345 pods"]
