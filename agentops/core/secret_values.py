"""Values that show themselves to be a secret: a URL with a password, a private key, a well-known token.

Comes in: a text. Goes out: whether it holds such a value. Pure. A few unmistakable forms for rooms that must not quote
a secret; the redactor of the run knows many more, and everything that is stored or shown passes it as well.
"""

from __future__ import annotations

import re

_LOGIN = r"://[^/\s@]*:[^/\s@]+@"
# A private key; a JSON Web Token; keys and tokens by the prefixes that AWS, GitHub, Slack and model vendors publish.
_TOKENS = (
    r"-----BEGIN|\beyJ[\w-]{8,}\.|\bA(?:KIA|SIA)[0-9A-Z]{12,}|\bgh[pousr]_\w{20,}|\bgithub_pat_\w{20,}|\bxox[abprs]-|"
    r"\bsk-[\w-]{16,}|\bBearer\s+\S{8,}"
)
_TOKEN = re.compile(_TOKENS)
_SECRET = re.compile(f"{_LOGIN}|{_TOKENS}")


def holds_token(text: str) -> bool:
    """Return whether a text holds a key or a token that its form gives away."""
    return _TOKEN.search(text) is not None


def holds_secret(text: str) -> bool:
    """Return whether a text holds such a key or token, or a URL with a password in it."""
    return _SECRET.search(text) is not None
