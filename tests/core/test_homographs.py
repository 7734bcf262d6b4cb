"""Names that look like other names: marked, and called what they are."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentops.core.homographs import marked, odd_words, said_of, twin_of
from agentops.core.text import is_plain, visible


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("registry.sh\u043ep.example/web:1", "registry.sh⟨\u043e U+043E⟩p.example/web:1"),
        ("image v2 → v1", "image v2 → v1"),
        ("a “quoted” word …", "a “quoted” word …"),
        ("registry.sh—op", "registry.sh⟨— U+2014⟩op"),
        ("we…b", "we⟨… U+2026⟩b"),
        ("\u65e5\u672c\u8a9e\u30c6\u30ad", "⟨\u65e5\u672c\u8a9e\u30c6\u30ad U+65E5 U+672C U+8A9E U+30C6 +1⟩"),
        ("a⟨b", "a⟨⟨ U+27E8⟩b"),
        ("we\u3164b", "we\\u{3164}b"),
    ],
)
def test_what_is_beyond_ascii_is_marked(text: str, said: str) -> None:
    """With its code points; what our own pages are drawn with only where it stands inside a word."""
    assert marked(text) == said


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("registry.sh\u043ep", "registry.sh⟨\u043e U+043E⟩p is not registry.shop: it only looks like it"),
        ("\uff52egistry", "⟨\uff52 U+FF52⟩egistry is not registry: it only looks like it"),
        ("caf\u00e9", "caf⟨\u00e9 U+00E9⟩ is not cafe: it only looks like it"),
        ("xn--80ak6aa92e.com", "reads ⟨\u0430\u0440\u0440\u04cf\u0435 U+0430 U+0440 U+0440 U+04CF +1⟩.com"),
        ("\u65e5\u672c", "has letters that no such name needs"),
    ],
)
def test_an_odd_word_is_called_what_it_is(word: str, said: str) -> None:
    """What it looks like, or how it reads."""
    assert (odd_words(f"use {word}, now"), said in marked(said_of(word))) == ((word,), True)


@given(st.text())
def test_nothing_beyond_ascii_is_left_unmarked_inside_a_word(text: str) -> None:
    """Between two letters or digits of ASCII stands nothing else without a mark."""
    said = marked(f"a{text}b")
    if not text.isascii():
        assert "⟨" in said or "\\u{" in said or not any(c.isalnum() for c in text)


@given(st.text(alphabet=st.characters(max_codepoint=0x7E, min_codepoint=0x20)))
def test_ascii_stays_as_it_is(text: str) -> None:
    """A page without such names is the page of before."""
    assert (marked(text), twin_of(text)) == (text, "")


def test_whatever_is_drawn_as_nothing_is_written_out() -> None:
    """Default_Ignorable and unassigned code points, Hangul fillers, the empty Braille pattern, selectors and tags."""
    blank = [0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180E, 0x180F, 0x200B, 0x200D, 0x2060, 0x2065]
    blank += [0x2800, 0x3164, 0xFE00, 0xFE0F, 0xFEFF, 0xFFA0, 0xFFF0, 0x1BCA0, 0x1D159, 0x1D173, 0xE0001, 0xE0041]
    blank += [0xE0100, 0xE01EF, 0xE0FFF, 0x378, 0x10FFFF]
    assert [hex(code) for code in blank if is_plain(chr(code))] == []
    assert visible("".join(map(chr, blank))) == "".join(f"\\u{{{code:x}}}" for code in blank)


def test_every_unassigned_code_point_is_written_out() -> None:
    """All of them, in each plane."""
    unassigned = [code for code in range(0x110000) if unicodedata.category(chr(code)) == "Cn"]
    assert not any(is_plain(chr(code)) for code in unassigned)
