"""Quotes foreign values in problems: values that look like credentials are named, never shown.

Redaction proper happens where readings are stored; this is the belt to those braces: a ``Fact`` is built from objects
directly, so it must not carry a password that somebody wrote into a plain environment variable.
"""

from __future__ import annotations

import re
from functools import lru_cache

from agentops.core.secret_names import is_secret_pair
from agentops.core.secret_values import holds_token
from agentops.core.text import one_line

HIDDEN = "(hidden)"

_URL_LOGIN = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]{0,30}://)[^/\s@]*@")
_ASSIGNED = re.compile(
    r"(?i)\b([\w.-]*(?:passw(?:or)?d|secret|token|api[_-]?key|credential)[\w.-]*[\"']?\s*[=:]\s*[\"']?)"
    r"(?!(?<=token: )[a-z]+ [a-z])([^\s\"',;&]{3,})"  # "token: unexpected status" is prose
)


def shown(name: str, value: str, limit: int = 120) -> str:
    """Return ``value`` of the variable ``name`` on one line, hidden when either looks like a credential."""
    if value and is_secret_pair(name, value):
        return HIDDEN
    return quoted(value, limit)


@lru_cache(maxsize=8192)
def quoted(line: str, limit: int = 200) -> str:
    """Return a line of foreign text fit for a summary or a fact: one line, cut, credentials hidden."""
    safe = _URL_LOGIN.sub(rf"\g<1>{HIDDEN}@", line[:4000])
    safe = _ASSIGNED.sub(rf"\g<1>{HIDDEN}", safe)
    return one_line(HIDDEN if holds_token(safe) else safe, limit)
