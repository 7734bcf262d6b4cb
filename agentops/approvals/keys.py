"""The approver's own key: made once, kept in one file that nobody else may read.

Comes in: a folder, a name, perhaps a passphrase. Goes out: an ``ApproverKey`` that signs bytes. The file's first line
is the public key, for people; the rest is the private key as PKCS #8 PEM, encrypted when there is a passphrase. A file
that others may read is refused, not repaired: whoever could read it has it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from agentops.approvals.files import read_small, write_new
from agentops.core.errors import ConfigError, UsageError
from agentops.core.publickey import PublicKey, parse_public_key
from agentops.core.resource import check_name

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEY_FILE = "approver"
_NAME_CHARS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproverKey:
    """A private key with its owner's name; ``repr`` and ``str`` do not show it."""

    name: str
    seed: bytes = field(repr=False)

    @property
    def public(self) -> PublicKey:
        """The key that checks what this one signs."""
        return PublicKey(name=self.name, raw=_private(self.seed).public_key().public_bytes_raw())

    def sign(self, data: bytes) -> bytes:
        """Return the 64 bytes of the Ed25519 signature over ``data``."""
        return _private(self.seed).sign(data)


def key_path(folder: Path) -> Path:
    """Return where the key lies in the folder of keys."""
    return folder / KEY_FILE


def new_key(name: str, random: Callable[[int], bytes]) -> ApproverKey:
    """Return a new key, written nowhere yet.

    Arguments:
        name: the owner's, as approvals and the trust file will say it.
        random: returns so many random bytes (``os.urandom``).

    Raises:
        UsageError: the name cannot be a key's name.
    """
    return ApproverKey(name=checked_name(name), seed=random(32))


def save_key(folder: Path, key: ApproverKey, passphrase: str = "") -> None:
    """Write the key's file; one that is there already is never replaced.

    Raises:
        ConfigError: there is a key already, or the file cannot be written.
    """
    from cryptography.hazmat.primitives import serialization

    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        encryption = serialization.BestAvailableEncryption(passphrase.encode())
    pem = _private(key.seed).private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    write_new(key_path(folder), f"{key.public}\n".encode() + pem)


def load_key(folder: Path, passphrase: Callable[[], str | None]) -> ApproverKey | None:
    """Return the key of ``folder``, None when there is none.

    Arguments:
        passphrase: asks for it; called only when the key is encrypted; None for no answer.

    Raises:
        ConfigError: it is damaged, others may read it, or the passphrase is not its own.
    """
    path = key_path(folder)
    data = read_small(path, private=True)
    if data is None:
        return None
    public, pem = _parts(path, data)
    seed = _seed(path, pem, (passphrase() or "").encode() if _is_encrypted(pem) else None)
    key = ApproverKey(name=public.name, seed=seed)
    if key.public != public:
        raise ConfigError(f"{path} is damaged: its first line is not the public key of the rest", hint=_hint(path))
    return key


def needs_passphrase(folder: Path) -> bool:
    """Return whether the key of ``folder`` is encrypted; False where there is none.

    Raises:
        ConfigError: it is damaged, or others may read it.
    """
    path = key_path(folder)
    data = read_small(path, private=True)
    return data is not None and _is_encrypted(_parts(path, data)[1])


def checked_name(name: str) -> str:
    """Return ``name`` when it can be a key's name.

    Raises:
        UsageError: it cannot.
    """

    check_name(name, "approver's name")
    if len(name) > _NAME_CHARS or "+" in name or any(map(str.isspace, name)):
        raise UsageError(
            f"the approver's name {name[:_NAME_CHARS]!r} cannot be a key's name",
            hint=f"At most {_NAME_CHARS} characters, no blank and no '+'.",
        )
    return name


def _parts(path: Path, data: bytes) -> tuple[PublicKey, bytes]:
    first, _, pem = data.partition(b"\n")
    try:
        return parse_public_key(first.decode()), pem
    except ValueError as error:
        raise ConfigError(f"{path} is no approver's key: {error}", hint=_hint(path)) from error


def _is_encrypted(pem: bytes) -> bool:
    return b"ENCRYPTED" in pem.split(b"\n", 1)[0]


def _seed(path: Path, pem: bytes, passphrase: bytes | None) -> bytes:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        found = load_pem_private_key(pem, passphrase or None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        if passphrase is not None:
            raise ConfigError(f"the passphrase of {path} is not right", hint="Try again.") from error
        raise ConfigError(f"{path} is damaged", hint=_hint(path)) from error
    if not isinstance(found, Ed25519PrivateKey):
        raise ConfigError(f"{path} holds no Ed25519 key", hint=_hint(path))
    return found.private_bytes_raw()


def _hint(path: Path) -> str:
    return f"Move {path} away and make a new key: agentops approvers me"


def _private(seed: bytes) -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(seed)
