"""Fingerprints: was this exact argument used? Records hold arguments redacted; a fingerprint is of the whole.

Comes in: a JSON value. Goes out: its HMAC-SHA256 under a key that this installation made for the purpose. Two values
have the same fingerprint when they are equal as JSON. Without the key a fingerprint says nothing of its value; with it,
anyone can try values out, so the key stays in the audit folder (mode 0600) and is never printed, logged or exported.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from agentops.audit.segments.files import explained, make_folder, read_key_file
from agentops.core.durable_files import create_file
from agentops.core.errors import AuditError

KEY = "audit.hmac"
_KEY_BYTES = 32
_KEY_ID = b"agentops fingerprint key id\n"


def fingerprint(key: bytes, value: Any) -> str:
    """Return ``hmac-sha256:KEYID:HEX`` of a JSON value; KEYID tells keys apart and gives nothing of them away.

    What is hashed is JSON with sorted keys, without spaces, in ASCII.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    key_id = hashlib.sha256(_KEY_ID + key).hexdigest()[:8]
    return f"hmac-sha256:{key_id}:{hmac.new(key, text.encode('ascii'), hashlib.sha256).hexdigest()}"


def fingerprinter(folder: Path) -> Callable[[Any], str]:
    """Return ``fingerprint`` under the key of the audit folder, which is made when it is first needed.

    The function raises ``AuditError`` when the key cannot be made or read.
    """

    @cache
    def key() -> bytes:
        found = read_key(folder)
        return found if found is not None else _new_key(folder)

    return lambda value: fingerprint(key(), value)


def read_key(folder: Path) -> bytes | None:
    """Return the folder's key, None when none was made yet.

    Raises:
        AuditError: it cannot be read, or is damaged; the message does not show it.
    """
    path = folder / KEY
    text = read_key_file(path).strip()
    if not text:
        if not path.exists():
            return None
        # Another process may have made it between the two looks; it appears whole.
        text = read_key_file(path).strip()
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise AuditError(
            f"{path} is not a fingerprint key", hint="Restore it from a copy, or move it away for a new one."
        )
    return key


def _new_key(folder: Path) -> bytes:
    path = folder / KEY
    make_folder(folder)
    # Another process may have been first; its key is the one.
    with explained(path, "write"), suppress(FileExistsError):
        create_file(path, f"{secrets.token_hex(_KEY_BYTES)}\n".encode())
    return read_key(folder) or _new_key(folder)
