"""Signed checkpoints: what the chain was, in a text that anyone can check with the public key alone.

Comes in: a chain's size, root and head; a key. Goes out: a C2SP signed note (c2sp.org/signed-note,
c2sp.org/tlog-checkpoint) and back. Pure but for the import of the signature library, which waits until a signature is
made or checked.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agentops.core.publickey import PublicKey as PublicKey
from agentops.core.publickey import parse_public_key
from agentops.core.text import one_line

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_ED25519 = b"\x01"
_DASH = "\u2014 "
_MAX_CHARS = 16_384
_FOREIGN = re.compile("[\x00-\x09\x0b-\x1f\x7f\ud800-\udfff]")


class BadNote(ValueError):
    """The text is not a note of the kind expected; one line says why, perhaps in its words."""

    def __init__(self, why: str) -> None:
        super().__init__(one_line(why, 300))


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What a checkpoint says.

    Arguments:
        origin: the log's name, which is its key's name too.
        size: how many records it covers.
        root: the RFC 6962 root over their links.
        head: the link of the last of them (64 zeros for none).
        offset: the byte at which they end in their file.
    """

    origin: str
    size: int
    root: bytes
    head: str
    offset: int

    @property
    def text(self) -> str:
        """The text that is signed; head and offset are extension lines."""
        root = base64.b64encode(self.root).decode()
        return f"{self.origin}\n{self.size}\n{root}\nhead {self.head}\noffset {self.offset}\n"


def parse_key(text: str) -> PublicKey:
    """Parse ``NAME+ID+KEY``.

    Raises:
        BadNote: it is no such key, or the id is not that of the key.
    """
    try:
        return parse_public_key(text)
    except ValueError as error:
        raise BadNote(str(error)) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A private key with its name; ``repr`` and ``str`` do not show it."""

    name: str
    seed: bytes = field(repr=False)

    @property
    def public(self) -> PublicKey:
        """The key that checks what this one signs."""
        return PublicKey(name=self.name, raw=self._key().public_key().public_bytes_raw())

    def sign(self, text: str) -> str:
        """Return the note of ``text``, which ends with a newline."""
        signature = base64.b64encode(self.public.id + self._key().sign(text.encode())).decode()
        return f"{text}\n{_DASH}{self.name} {signature}\n"

    def encoded(self) -> str:
        """Return the C2SP form of the private key, for its file."""
        encoded = base64.b64encode(_ED25519 + self.seed).decode()
        return f"PRIVATE+KEY+{self.name}+{self.public.id.hex()}+{encoded}"

    def _key(self) -> Ed25519PrivateKey:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(self.seed)


def parse_signing_key(text: str) -> SigningKey:
    """Parse ``PRIVATE+KEY+NAME+ID+KEY``.

    Raises:
        BadNote: it is no such key, or the id is not that of the key; the message does not show it.
    """
    parts = text.strip().split("+", 4)
    try:
        raw = base64.b64decode(parts[4], validate=True)
        key = SigningKey(name=parts[2], seed=raw[1:])
    except (IndexError, ValueError) as error:
        raise BadNote("not a signing key of the form PRIVATE+KEY+NAME+ID+KEY") from error
    if parts[:2] != ["PRIVATE", "KEY"] or len(raw) != 33 or raw[:1] != _ED25519 or key.public.id.hex() != parts[3]:
        raise BadNote("not an Ed25519 signing key")
    return key


def open_note(note: str, keys: tuple[PublicKey, ...]) -> str:
    """Return the text of ``note`` when one of ``keys`` signed it; signatures of unknown keys are passed over.

    Raises:
        BadNote: it has no such form, no known key signed it, or a known key's signature is false.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    text, signatures = _parts(note)
    signed = False
    for name, raw in signatures:
        for key in keys:
            if (key.name, key.id) != (name, raw[:4]):
                continue
            try:
                Ed25519PublicKey.from_public_bytes(key.raw).verify(raw[4:], text.encode())
            except InvalidSignature as error:
                raise BadNote(f"the signature by {name} is false") from error
            signed = True
    if not signed:
        raise BadNote("no known key has signed it")
    return text


def parse_checkpoint(note: str) -> Checkpoint:
    """Return what a checkpoint says, whoever signed it; ``open_note`` checks that.

    Raises:
        BadNote: it is no checkpoint of an agentops chain.
    """
    text, _signatures = _parts(note)
    lines = text.split("\n")
    try:
        extensions = dict(line.split(" ", 1) for line in lines[3:-1])
        found = Checkpoint(
            origin=lines[0],
            size=int(lines[1]),
            root=base64.b64decode(lines[2], validate=True),
            head=extensions["head"],
            offset=int(extensions["offset"]),
        )
    except (IndexError, KeyError, ValueError) as error:
        raise BadNote("not a checkpoint of an agentops chain") from error
    if found.text != text or len(found.root) != 32:
        raise BadNote("not a checkpoint in its one exact form")
    return found


def _parts(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    if len(note) > _MAX_CHARS:
        raise BadNote("too long for a signed note")
    # c2sp.org/signed-note: UTF-8, and no control character but the newline.
    if _FOREIGN.search(note):
        raise BadNote("not a signed note: it holds a character that no note holds")
    head, separator, tail = note.rpartition("\n\n")
    if not separator or not tail.endswith("\n"):
        raise BadNote("not a signed note")
    signatures = []
    for line in tail[:-1].split("\n"):
        name, _, encoded = line.removeprefix(_DASH).rpartition(" ")
        try:
            raw = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError) as error:
            raise BadNote("a signature line is malformed") from error
        if not line.startswith(_DASH) or not name or len(raw) < 5:
            raise BadNote("a signature line is malformed")
        signatures.append((name, raw))
    return head + "\n", signatures
