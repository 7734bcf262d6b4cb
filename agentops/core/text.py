"""Text from outside, made safe to show and short enough to read.

Comes in: any string that a log, an event, an alert, a model or a server may have written. Goes out: a string that
cannot move the cursor, hide a word or reorder a line. Nothing here decides what is secret; see ``redaction/``.
"""

from __future__ import annotations

import re
import unicodedata

_KEPT = frozenset("\n\t")
# Cf holds bidi controls and zero-width characters, Cc the C0/C1 controls, Cs lone surrogates, Co and Cn what no font
# shows alike (a newer Unicode may have given it a meaning), Zl/Zp the separators that some terminals treat as a line
# break.
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Default_Ignorable_Code_Point, which the standard library does not tell: letters and marks by category that are drawn
# as nothing. Source: https://www.unicode.org/Public/14.0.0/ucd/DerivedCoreProperties.txt; what it reserves is Cn.
_IGNORABLE = (
    (0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x3164, 0x3164), (0xFE00, 0xFE0F),
    (0xFFA0, 0xFFA0), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
)  # fmt: skip
# Not in that list, and drawn as nothing all the same: the empty pattern of Braille, a note without a head.
_BLANK = frozenset({0x2800, 0x1D159})
_ORDINARY = re.compile(r"[\n\t\x20-\x7e]*")
_MOST_KNOWN = 20_000


class _Shown(dict[int, int | str]):
    """What each character becomes, as ``str.translate`` asks for it; found out once each."""

    def __missing__(self, code: int) -> int | str:
        found: int | str = code if is_plain(chr(code)) else f"\\u{{{code:x}}}"
        if len(self) < _MOST_KNOWN:
            self[code] = found
        return found


_shown = _Shown()


def is_plain(character: str) -> bool:
    """Return whether a terminal shows this one character as itself and nothing else happens."""
    if character in _KEPT or "\x20" <= character <= "\x7e":
        return True
    code = ord(character)
    return (
        unicodedata.category(character) not in _UNSAFE_CATEGORIES
        and code not in _BLANK
        and not any(first <= code <= last for first, last in _IGNORABLE)
    )


def visible(text: str) -> str:
    """Return ``text`` with every control, bidi, unassigned and invisible character written out as ``\\u{..}``.

    Newline and tab are kept. ASCII text without other controls comes back as the same object.
    """
    return text if _ORDINARY.fullmatch(text) else text.translate(_shown)


def one_line(text: str, limit: int = 200) -> str:
    """Return ``text`` on one line, safe to show, cut to ``limit`` characters with an ellipsis."""
    return clip(visible(" ".join(text.split())), limit)


def clip(text: str, limit: int) -> str:
    """Return at most ``limit`` characters of ``text``; the last one is ``…`` when something was cut."""
    return text if len(text) <= limit else text[: max(limit - 1, 0)] + "…"


def plural(count: int, noun: str, many: str = "") -> str:
    """Return ``1 pod`` or ``3 pods``; ``many`` overrides the plain plural."""
    return f"{count:,} {noun if count == 1 else (many or noun + 's')}"
