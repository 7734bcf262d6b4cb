"""What looks like a credential: names of variables and keys, and values that show themselves.

Comes in: a name or a value. Goes out: yes or no. A guess on the careful side, and no redactor: what is recorded and
shown passes the redactor of the run as well.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_NAME = re.compile(
    r"(passw(or)?d|passphrase|(^|[_-])pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential|"
    r"auth[_-]?(key|header)|cookie|(^|[_-])key$|(^|[_-])pass$|(^|[_-])dsn$|connection[_-]?string)",
    re.IGNORECASE,
)
# DB_PASSWORD_FILE and TOKEN_TTL name a file and a time.
_HARMLESS_NAME = re.compile(
    r"(file|path|dir|name|ttl|timeout|expiry|expires?(_in)?|length|size|count|limit|enabled|header|issuer|url|ref|"
    r"rotation|prefix|refresh)$",
    re.IGNORECASE,
)
_REFERENCES = frozenset({"secretKeyRef", "configMapKeyRef", "fieldRef", "secretRef", "secretName", "imagePullSecrets"})
_VALUE = re.compile(
    r"://[^/\s@]*:[^/\s@]+@|-----BEGIN|\beyJ[\w-]{8,}\.|\bAKIA[0-9A-Z]{12,}|\bgh[pousr]_\w{20,}|\bsk-[\w-]{16,}"
)


def names_credential(name: str) -> bool:
    """Return whether a variable or key of this name would hold a credential."""
    return bool(_NAME.search(name)) and not _HARMLESS_NAME.search(name)


def holds_credential(steps: Sequence[str]) -> bool:
    """Return whether the field at a path would hold a credential; one that only says where it is kept does not.

    ``env[DB_PASSWORD].valueFrom.secretKeyRef.name`` is the name of a Secret, and that is no secret.
    """
    return any(map(names_credential, steps)) and not _REFERENCES.intersection(steps)


def is_credential(value: str) -> bool:
    """Return whether a value shows itself to be a credential: a URL with a password, a key, a well-known token."""
    return bool(_VALUE.search(value))
