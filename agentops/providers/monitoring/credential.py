"""How a monitoring server is told who asks, without the secret ever standing in a setting.

Comes in: a setting such as ``bearer env:PROMETHEUS_TOKEN`` or ``basic file:/run/secrets/prometheus``. Goes out: what is
sent as the header ``Authorization``. The setting names where the secret is; the secret itself is read when a
connection is opened, taught to the redactor, and kept in memory only.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from pathlib import Path

from agentops.core.errors import UsageError
from agentops.core.foreign_files import read_foreign

_MAX_BYTES = 64 * 1024


def authorization(setting: str, name: str, environ: Mapping[str, str], learn: Callable[[str], None]) -> str:
    """Return the value of the header ``Authorization``; empty where the setting is.

    Arguments:
        setting: ``bearer env:NAME``, ``bearer file:PATH``, or ``basic`` with the same, whose text is ``USER:PASSWORD``.
        name: of the setting, for messages.
        learn: told the secret, and what is sent of it.

    Raises:
        UsageError: there is no such variable or file, or it holds nothing that can be sent.
    """
    if not setting:
        return ""
    scheme, _, place = setting.partition(" ")
    secret = _secret(place, name, environ)
    if not secret.isprintable() or not secret.isascii():
        raise UsageError(f"{name}: {place} holds more than one line, or characters that a header cannot carry")
    learn(secret)
    if scheme == "bearer":
        return f"Bearer {secret}"
    user, colon, password = secret.partition(":")
    if not (user and colon):
        raise UsageError(f"{name}: {place} does not hold USER:PASSWORD", hint="Or say: bearer …, for a token.")
    learn(password)
    encoded = base64.b64encode(secret.encode()).decode()
    learn(encoded)
    return f"Basic {encoded}"


def _secret(place: str, name: str, environ: Mapping[str, str]) -> str:
    kind, _, where = place.partition(":")
    if kind == "env":
        found = environ.get(where, "").strip()
        if not found:
            raise UsageError(
                f"{name}: the environment variable {where} is not set", hint="Export it, and run it again."
            )
        return found
    path = Path(where).expanduser()
    try:
        found = read_foreign(path, "a credential", _MAX_BYTES).decode("utf-8").strip()
    except UsageError as error:
        raise UsageError(f"{name}: {error.message}", hint=error.hint) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{name}: {path} is not text") from error
    if not found:
        raise UsageError(f"{name}: {path} is empty")
    return found
