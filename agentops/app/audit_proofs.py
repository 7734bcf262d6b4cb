"""The use cases ``audit prove`` and ``check-proof``: what convinces a third party that has neither the log nor trust.

Comes in: settings and a record's number or two checkpoints; or the file of a proof and public keys. Goes out: the
proof, or what it proves.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agentops.core.errors import StoreError, UsageError
from agentops.core.foreign_documents import read_json
from agentops.core.foreign_files import read_foreign
from agentops.store.results import write_result

if TYPE_CHECKING:
    from agentops.audit.proofs.note import Checkpoint, PublicKey
    from agentops.config import Settings
    from agentops.core.audit import AuditRecord

_MAX_PROOF_BYTES = 4 * 1024 * 1024 + 65_536
_MAX_KEY_BYTES = 64 * 1024
_MAX_NOTE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A proof: what it is of, in words, and the document that a third party checks."""

    of: str
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvedRecord:
    """The record that a proof shows to be in the log that the key signed."""

    record: AuditRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvedGrowth:
    """Two checkpoints of which a proof shows that the newer log continues the older one."""

    old: Checkpoint
    new: Checkpoint


def prove(settings: Settings, what: str, growth: str = "", *, to: Path | None = None) -> Proof:
    """Prove that a record is in the signed log, or that the log only grew.

    Arguments:
        what: a record's number; with ``growth``, file or size of the newer checkpoint, empty for the latest.
        growth: file or size of the older checkpoint.
        to: the file to write the proof to.

    Raises:
        UsageError: a number or a checkpoint is missing or cannot be read, or the file holds something else or
            cannot be written.
        AuditError: the log does not prove it.
    """
    from agentops.audit.proofs.proof import prove_growth, prove_record

    folder = settings.folders.audit
    if growth:
        newer = _checkpoint(folder, what) if what else ""
        proof = Proof(of="growth", document=prove_growth(folder, _checkpoint(folder, growth), newer))
    elif what.isdecimal():
        proof = Proof(of=f"record {what}", document=prove_record(folder, int(what)))
    else:
        raise UsageError("a record's number is missing", hint="Write: agentops audit prove SEQ, or --growth FROM.")
    if to is not None:
        try:
            write_result(to, proof.document, "a proof of this kind")
        except StoreError as error:
            raise UsageError(error.message, hint=error.hint) from error
    return proof


def check_proof(path: Path, keys: Sequence[str]) -> ProvedRecord | ProvedGrowth:
    """Return what a proof of either kind proves, with the public keys alone.

    Raises:
        UsageError: the file is no proof, or a key is none.
        AuditError: it proves nothing.
    """
    from agentops.audit.proofs.proof import GROWTH_SCHEMA, check_growth, check_record

    document, trusted = _read_proof(path), [parsed_key(text) for text in keys]
    if document.get("schema") == GROWTH_SCHEMA:
        old, new = check_growth(document, *trusted)
        return ProvedGrowth(old=old, new=new)
    return ProvedRecord(record=check_record(document, *trusted))


def parsed_key(text: str) -> PublicKey:
    """Return the verifier key that ``text`` is, or that the file of that name holds.

    Raises:
        UsageError: it is neither.
    """
    from agentops.audit.proofs.note import BadNote, parse_key

    try:
        path = Path(text)
        if "+" not in text and path.exists():
            text = read_foreign(path, "a public key", _MAX_KEY_BYTES).decode("ascii", "replace")
        return parse_key(text)
    except (BadNote, OSError, ValueError) as error:
        hint = "Give the key as 'agentops audit keys' prints it, or a file that holds it."
        raise UsageError(f"--key: {error}", hint=hint) from error


def _checkpoint(folder: Path, text: str) -> str:
    """Return the note that ``text`` names: by its size, or by the file that holds it."""
    from agentops.audit.proofs.signed_records import checkpoint_at

    if text.isdecimal():
        return checkpoint_at(folder, int(text))
    return read_foreign(Path(text), "a checkpoint", _MAX_NOTE_BYTES).decode("utf-8", "replace")


def _read_proof(path: Path) -> dict[str, Any]:
    data = read_foreign(path, "a proof", _MAX_PROOF_BYTES)
    try:
        found = read_json(data)
    except json.JSONDecodeError as error:
        raise UsageError(f"{path} is not a proof: it is not JSON") from error
    except ValueError as error:
        raise UsageError(f"{path} is not a proof: {error}") from error
    if not isinstance(found, dict):
        raise UsageError(f"{path} is not a proof: it is not a JSON object")
    return found
