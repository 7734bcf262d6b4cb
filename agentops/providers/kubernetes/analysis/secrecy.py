"""What may be quoted: values that look like credentials are named, never shown.

Redaction proper happens where readings are stored; this is the belt to those braces: a ``Fact`` is built from objects
directly, so it must not carry a password that somebody wrote into a plain environment variable.
"""

from __future__ import annotations

import re
from functools import lru_cache

from agentops.core.text import one_line

HIDDEN = "(hidden)"

_NAMES = re.compile(
    r"(?i)(passw(or)?d|passphrase|\bpwd\b|_pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential"
    r"|auth[_-]?(header|key|secret)|authorization|cookie|session[_-]?(id|key)|signature|salt|\bpin\b|_pin$|dsn|connection[_-]?string|(^|_)key$)"
)
_URL_LOGIN = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]{0,30}://)[^/\s@]*@")
_VALUES = re.compile(
    r"(-----BEGIN|\beyJ[\w-]{8,}\.[\w-]{8,}|\bAKIA[0-9A-Z]{12,}|\bgh[pousr]_\w{20,}|\bxox[abpr]-|\bsk-[\w-]{16,}|\bBearer\s+\S{8,})"
)
_ASSIGNED = re.compile(
    r"(?i)\b([\w.-]*(?:passw(?:or)?d|secret|token|api[_-]?key|credential)[\w.-]*[\"']?\s*[=:]\s*[\"']?)"
    r"(?!(?<=token: )[a-z]+ [a-z])([^\s\"',;&]{3,})"  # "token: unexpected status" is prose
)


def is_secret_name(name: str) -> bool:
    """Return whether a variable, argument or key of this name usually holds a credential."""
    return _NAMES.search(name) is not None


def shown(name: str, value: str, limit: int = 120) -> str:
    """Return ``value`` of the variable ``name`` on one line, hidden when either looks like a credential."""
    if value and is_secret_name(name) and not value.isdigit():
        return HIDDEN
    return quoted(value, limit)


@lru_cache(maxsize=8192)
def quoted(line: str, limit: int = 200) -> str:
    """Return a line of foreign text fit for a summary or a fact: one line, cut, credentials hidden."""
    safe = _URL_LOGIN.sub(rf"\g<1>{HIDDEN}@", line[:4000])
    safe = _ASSIGNED.sub(rf"\g<1>{HIDDEN}", safe)
    return one_line(HIDDEN if _VALUES.search(safe) else safe, limit)
