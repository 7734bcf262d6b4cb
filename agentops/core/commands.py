"""The commands that agentops prints for a person to paste: built in one place, each word quoted for a shell.

Comes in: words, of which any may be foreign (a path, a context, a plan's target). Goes out: one line that a POSIX shell
reads back as exactly these words, and that a terminal shows as it is: no word is a second command, an option of another
name, or a line of its own. tests/test_printed_commands.py holds that no module puts a command together by hand.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from agentops.core.text import is_plain

_LETTERS = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\\": "\\\\", "'": "\\'"}


def command_line(*words: object) -> str:
    """Return ``agentops`` with these words: ``agentops fix --plan 'my plan.json'``.

    Arguments:
        words: each is one word, whatever is in it; a ``Path`` that begins with a dash is written ``./-x``.
    """
    return " ".join(["agentops", *map(_word, words)])


def options_line(options: Mapping[str, object]) -> str:
    """Return options that have a value, each with a space before it: `` --context prod``."""
    return "".join(f" --{name} {_word(value)}" for name, value in options.items() if value)


def quoted(text: str) -> str:
    """Return a text as one word of a shell; a character that cannot be seen as an escape, in the form ``$'..'``.

    Source: POSIX.1-2024, Shell Command Language, 2.2.4 (dollar-single-quotes); bash, zsh and ksh have long had it.
    """
    if all(is_plain(character) and character not in "\n\t" for character in text):
        return shlex.quote(text)
    return "$'" + "".join(map(_escaped, text)) + "'"


def requoted(text: str, allowed: tuple[str, ...]) -> str:
    """Return options that stand in a foreign text, quoted anew; empty unless they are ``--name value`` of these names.

    Arguments:
        allowed: names with their dashes; a plan that somebody sent must not have one more option typed.
    """
    try:
        words = shlex.split(text)
    except ValueError:
        return ""
    pairs = list(zip(words[::2], words[1::2], strict=False))
    if len(words) % 2 or any(name not in allowed or value.startswith("-") for name, value in pairs):
        return ""
    return " ".join(f"{name} {quoted(value)}" for name, value in pairs)


def _word(value: object) -> str:
    text = str(value)
    if isinstance(value, Path) and text.startswith("-"):
        text = f"./{text}"
    return quoted(text)


def _escaped(character: str) -> str:
    if character in _LETTERS:
        return _LETTERS[character]
    if is_plain(character):
        return character
    code = ord(character)
    if 0xD800 <= code <= 0xDFFF:
        # Half of a pair, or a byte of a name that is no UTF-8 (PEP 383): as the byte that it stands for.
        return f"\\x{code & 0xFF:02x}"
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
