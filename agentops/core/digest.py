"""Canonical JSON and its SHA-256: what evidence, plans and prompts are named by.

Records of the audit chain do not pass through here: they are hashed as the bytes that were written.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, TypeAlias

Json: TypeAlias = Any
# A JSON value; mypy cannot express the recursion without casts at every edge


def canonical(value: Json) -> bytes:
    """Return ``value`` as JSON bytes with sorted keys, no spaces and UTF-8 text.

    Raises:
        ValueError: NaN or infinity, which JSON does not have.
        TypeError: a value that is not JSON.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "surrogatepass")


def digest_bytes(data: bytes) -> str:
    """Return ``sha256:<64 hex>`` of ``data``."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def digest(value: Json) -> str:
    """Return ``sha256:<64 hex>`` of the canonical JSON of ``value``."""
    return digest_bytes(canonical(value))
