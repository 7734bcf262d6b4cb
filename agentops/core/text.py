"""Text from outside, made safe to show and short enough to read.

Comes in: any string that a log, an event, an alert, a model or a server may have written. Goes out: a string that
cannot move the cursor, hide a word or reorder a line. Nothing here decides what is secret; see ``redaction/``.
"""

from __future__ import annotations

import unicodedata

_KEPT = frozenset("\n\t")
# Cf holds bidi controls and zero-width characters, Cc the C0/C1 controls, Cs lone surrogates,
# Zl/Zp the separators that some terminals treat as a line break.
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def is_plain(character: str) -> bool:
    """Return whether a terminal shows this one character as itself and nothing else happens."""
    return character in _KEPT or unicodedata.category(character) not in _UNSAFE_CATEGORIES


def visible(text: str) -> str:
    """Return ``text`` with every control, bidi and zero-width character written out as ``\\u{..}``.

    Newline and tab are kept. Pure ASCII text without controls comes back as the same object.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if is_plain(c) else f"\\u{{{ord(c):x}}}" for c in text)


def one_line(text: str, limit: int = 200) -> str:
    """Return ``text`` on one line, safe to show, cut to ``limit`` characters with an ellipsis."""
    return clip(visible(" ".join(text.split())), limit)


def clip(text: str, limit: int) -> str:
    """Return at most ``limit`` characters of ``text``; the last one is ``…`` when something was cut."""
    return text if len(text) <= limit else text[: max(limit - 1, 0)] + "…"


def plural(count: int, noun: str, many: str = "") -> str:
    """Return ``1 pod`` or ``3 pods``; ``many`` overrides the plain plural."""
    return f"{count:,} {noun if count == 1 else (many or noun + 's')}"
