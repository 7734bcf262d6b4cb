"""A server's own words about its tools, made fit to be shown to a model: plain, short, and marked as the server's.

Comes in: descriptions and schemas that a server wrote. Goes out: a description without hidden characters, capped; of a
schema what is hidden in it. What a description says is never an instruction; it is untrusted like any result. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from agentops.core.text import clip, one_line, visible

DESCRIPTION_CHARS = 1_000
"""The longest description of a tool that a model is shown."""
_MOST_DEPTH = 24
# How an emoji is drawn; often in descriptions, and nothing that a reader misses.
_DRAWN = str.maketrans({"\ufe0e": None, "\ufe0f": None})
_GAPS = re.compile(r"[ \t]+")
_BLANK = re.compile(r"\n\s*\n\s*(?:\n\s*)+")
# What would look like the fence or the frame that agentops puts around foreign text.
_FRAME = re.compile(r"</?\s*[A-Za-z_][\w-]*(?:\s[^<>]{0,200})?>")
# Only these say something about a value beside its form.
_SAID = ("description", "title", "$comment", "markdownDescription")


def normalised(text: str) -> str:
    """Return a text in one Unicode form, with hidden characters written out and tags taken apart, capped."""
    plain = visible(unicodedata.normalize("NFC", text.translate(_DRAWN)))
    plain = _FRAME.sub(lambda found: found.group().replace("<", "‹").replace(">", "›"), plain)
    return clip(_BLANK.sub("\n\n", _GAPS.sub(" ", plain)).strip(), DESCRIPTION_CHARS)


def described(server: str, description: str) -> str:
    """Return what a model is told of a tool: whose words they are comes first."""
    words = normalised(description)
    return f"MCP server {server} says of it (untrusted): {words or 'nothing'}"


def hidden_in(value: Any, depth: int = 0) -> str:
    """Return a name or value in a schema that holds hidden characters, made visible; empty where none does.

    The texts for people are left out: they are shown with such characters written out.
    """
    if depth > _MOST_DEPTH:
        return "(nested too deep)"
    if isinstance(value, str):
        return "" if visible(value.translate(_DRAWN)) == value.translate(_DRAWN) else one_line(value, 80)
    if isinstance(value, Mapping):
        for key, item in value.items():
            if visible(str(key)) != str(key) or "\n" in str(key):
                return one_line(str(key), 80)
            if not (key in _SAID and isinstance(item, str)) and (found := hidden_in(item, depth + 1)):
                return found
    items = value if isinstance(value, list | tuple) else ()
    return next((found for item in items if (found := hidden_in(item, depth + 1))), "")
