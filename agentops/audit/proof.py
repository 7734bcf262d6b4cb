"""Proofs for third parties: this record is in the signed log; this log continues that one.

Comes in: the audit folder, or a proof and a public key. Goes out: a small JSON document, or what it proves. Checking
needs neither the log nor any trust in who sent the proof. Paths are those of RFC 6962 over the records' links.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from agentops.audit.chain import Malformed, decode, link
from agentops.audit.checkpoints import LATEST
from agentops.audit.files import LOG, explained
from agentops.audit.merkle import consistency_path, inclusion_path, is_consistent, root_from_inclusion, root_of
from agentops.audit.note import BadNote, Checkpoint, PublicKey, open_note, parse_checkpoint
from agentops.core.audit import AuditRecord
from agentops.core.errors import AuditError, UsageError

RECORD_SCHEMA = "agentops/audit-proof/v1"
GROWTH_SCHEMA = "agentops/audit-growth/v1"


def prove_record(folder: Path, seq: int) -> dict[str, Any]:
    """Return the proof that record ``seq`` is in the chain that the latest checkpoint signed.

    Raises:
        UsageError: there is no such record, or it is not signed yet.
        AuditError: the log cannot be read, or does not agree with its checkpoint.
    """
    note, found = _latest(folder)
    if not 0 <= seq < found.size:
        raise UsageError(
            f"record {seq} is not under the latest checkpoint, which signs records 0 to {found.size - 1}",
            hint="Later records are signed when their run ends.",
        )
    lines = _lines(folder, found)
    path = inclusion_path([bytes.fromhex(link(line)) for line in lines], seq)
    record = lines[seq].decode("ascii", "replace")
    return {"schema": RECORD_SCHEMA, "record": record, "checkpoint": note, "path": [step.hex() for step in path]}


def check_record(proof: Mapping[str, Any], key: PublicKey) -> AuditRecord:
    """Return the record that a proof proves to be in the log of ``key``.

    Raises:
        AuditError: it proves nothing; the message says why.
    """
    line, note, path = _texts(proof, RECORD_SCHEMA, ("record", "checkpoint"))
    try:
        record = decode(line.encode("utf-8", "replace"))
        found = _trusted(note, key)
    except (Malformed, BadNote) as error:
        raise _invalid(str(error)) from error
    leaf = bytes.fromhex(link(line.encode("utf-8", "replace")))
    if root_from_inclusion(leaf, record.seq, found.size, path) != found.root:
        raise _invalid(f"record {record.seq} does not lead to the signed root")
    return record


def prove_growth(folder: Path, older: str) -> dict[str, Any]:
    """Return the proof that the chain continues what the ``older`` checkpoint signed.

    Raises:
        UsageError: ``older`` is no checkpoint, or signs more than there is.
        AuditError: the log cannot be read, or does not agree with its checkpoint.
    """
    note, found = _latest(folder)
    try:
        old = parse_checkpoint(older)
    except BadNote as error:
        raise UsageError(f"the older checkpoint is {error}") from error
    if old.size > found.size:
        raise UsageError(f"the older checkpoint signs {old.size} records, the latest only {found.size}")
    path = consistency_path([bytes.fromhex(link(line)) for line in _lines(folder, found)], old.size)
    return {"schema": GROWTH_SCHEMA, "older": older, "newer": note, "path": [step.hex() for step in path]}


def check_growth(proof: Mapping[str, Any], key: PublicKey) -> tuple[Checkpoint, Checkpoint]:
    """Return the two checkpoints of which the newer is proved to continue the older.

    Raises:
        AuditError: it proves nothing; the message says why.
    """
    older, newer, path = _texts(proof, GROWTH_SCHEMA, ("older", "newer"))
    try:
        old, new = _trusted(older, key), _trusted(newer, key)
    except BadNote as error:
        raise _invalid(str(error)) from error
    if not is_consistent(old.size, old.root, new.size, new.root, path):
        raise _invalid(f"the log of {new.size} records does not continue the one of {old.size}")
    return old, new


def _latest(folder: Path) -> tuple[str, Checkpoint]:
    path = folder / LATEST
    with explained(path, "read"):
        if not path.exists():
            raise UsageError(f"nothing is signed in {folder} yet", hint="A run signs when it ends.")
        note = path.read_text("utf-8", "replace")
    try:
        return note, parse_checkpoint(note)
    except BadNote as error:
        raise AuditError(f"{path} is {error}", hint="Run 'agentops audit verify'.") from error


def _lines(folder: Path, found: Checkpoint) -> list[bytes]:
    path = folder / LOG
    with explained(path, "read"), path.open("rb") as file:
        lines = file.read(found.offset).split(b"\n")[:-1]
    if len(lines) != found.size or root_of([bytes.fromhex(link(line)) for line in lines]) != found.root:
        raise AuditError(f"{path} does not agree with its checkpoint", hint="Run 'agentops audit verify'.")
    return lines


def _trusted(note: str, key: PublicKey) -> Checkpoint:
    open_note(note, (key,))
    found = parse_checkpoint(note)
    if found.origin != key.name:
        raise BadNote(f"the checkpoint is of another log, {found.origin}")
    return found


def _texts(proof: Mapping[str, Any], schema: str, names: Sequence[str]) -> tuple[str, str, tuple[bytes, ...]]:
    path = proof.get("path")
    if proof.get("schema") != schema or not isinstance(path, list) or len(path) > 64:
        raise _invalid(f"it is no document of the form {schema}")
    first, second = (proof.get(name) for name in names)
    if not isinstance(first, str) or not isinstance(second, str):
        raise _invalid(f"it is no document of the form {schema}")
    try:
        steps = tuple(bytes.fromhex(step) for step in path)
    except (TypeError, ValueError) as error:
        raise _invalid("its path is malformed") from error
    return first, second, steps


def _invalid(why: str) -> AuditError:
    return AuditError(f"the proof does not hold: {why}", code="proof")
