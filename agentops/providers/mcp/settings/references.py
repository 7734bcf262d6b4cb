"""References to secrets in a server's settings: ``${env:NAME}`` and ``${keyring:NAME}``.

Comes in: a value as it is written. Goes out: the references in it, and whether it may stand there. Pure; what they
stand for is looked up when a server is started (``secrets.py``), and goes to that server alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from agentops.core.secret_names import is_secret_pair
from agentops.core.secret_values import holds_secret

ENV = "env"
_REFERENCE = re.compile(r"\$\{(env|keyring):([A-Za-z_][A-Za-z0-9_.-]{0,127})\}")
# How an Authorization header begins; RFC 9110, section 11.4.
_SCHEME = re.compile(r"\s*(?:Bearer|Basic|Token|ApiKey)\s*", re.IGNORECASE)
_ANY = re.compile(r"\$\{[^}]*\}?")


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretReference:
    """Where one secret is: ``kind`` is ``env`` or ``keyring``, ``name`` that of the variable or of the entry."""

    kind: str
    name: str

    def __str__(self) -> str:
        """Return it as it is written."""
        return f"${{{self.kind}:{self.name}}}"


def references_in(value: str) -> tuple[SecretReference, ...]:
    """Return the references in a value, in their order."""
    return tuple(SecretReference(kind=found[1], name=found[2]) for found in _REFERENCE.finditer(value))


def wrong_reference(value: str) -> str:
    """Return what in a value is written like a reference and is none; empty where nothing is."""
    left = _REFERENCE.sub("", value)
    found = _ANY.search(left)
    return found.group() if found else ""


def literal_secret(name: str, value: str) -> bool:
    """Return whether a value holds a secret by itself, or is one by the name that it stands under."""
    left = _REFERENCE.sub("", value)
    # What is left of "Bearer ${env:TOKEN}" is no secret.
    rest = _SCHEME.sub("", left).strip()
    return holds_secret(left) or (bool(rest) and is_secret_pair(name, rest))
