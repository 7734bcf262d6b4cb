"""The signing key's next generation: derived from the present one, so that the present one can be destroyed.

Comes in: a private seed and fresh randomness; a key's file. Goes out: the next seed, from which the present one cannot
be computed; the file overwritten. Mixing in randomness costs nothing and gives more than derivation alone: who copied a
seed once does not know the later ones either.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path

from agentops.core.durable_files import sync, write_all

_INFO = b"agentops audit signing key v1"


def next_seed(seed: bytes, fresh: bytes) -> bytes:
    """Return the next seed, ``HKDF(ikm=seed, salt=fresh)``: 32 bytes that neither argument gives away alone."""
    return hkdf(seed, salt=fresh, info=_INFO)


def hkdf(secret: bytes, *, salt: bytes, info: bytes) -> bytes:
    """Return 32 bytes of HKDF-SHA256, RFC 5869."""
    extracted = hmac.new(salt, secret, hashlib.sha256).digest()
    return hmac.new(extracted, info + b"\x01", hashlib.sha256).digest()


def overwrite(path: Path) -> None:
    """Write zeros over a file's bytes, as far as the file system writes where the bytes are.

    A journal, a snapshot, a backup or a drive that writes elsewhere may keep the old ones.

    Raises:
        OSError: it cannot be written.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        write_all(descriptor, bytes(os.fstat(descriptor).st_size))
        sync(descriptor)
    finally:
        os.close(descriptor)
