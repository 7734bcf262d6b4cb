"""``PublicKey``: an Ed25519 public key with a name, as one line of text.

The form is C2SP's verifier key (c2sp.org/signed-note): ``NAME+ID+KEY``. Comes in: that text, or the 32 raw bytes. Goes
out: the other. Nothing is verified here; that is for whoever has the signature library.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from hashlib import sha256

_ED25519 = b"\x01"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """A verifier key: ``name``, and the 32 bytes of an Ed25519 public key. Its text is the C2SP form."""

    name: str
    raw: bytes

    def __str__(self) -> str:
        encoded = base64.b64encode(_ED25519 + self.raw).decode()
        return f"{self.name}+{self.id.hex()}+{encoded}"

    @property
    def id(self) -> bytes:
        """The four bytes that a signature names its key by."""
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.raw).digest()[:4]


def parse_public_key(text: str) -> PublicKey:
    """Parse ``NAME+ID+KEY``.

    Raises:
        ValueError: it is no such key, or the id is not that of the key.
    """
    parts = text.strip().split("+", 2)
    try:
        name, claimed, raw = parts[0], bytes.fromhex(parts[1]), base64.b64decode(parts[2], validate=True)
    except (IndexError, ValueError) as error:
        raise ValueError("not a verifier key of the form NAME+ID+KEY") from error
    if not name or any(map(str.isspace, name)) or len(raw) != 33 or raw[:1] != _ED25519:
        raise ValueError("not an Ed25519 verifier key")
    key = PublicKey(name=name, raw=raw[1:])
    if key.id != claimed:
        raise ValueError("the verifier key's id is not that of the key")
    return key
