"""Proofs for third parties: this record is in the signed log; this log continues that one.

Comes in: the audit folder, or a proof and a public key. Goes out: a small JSON document, or what it proves. Checking
needs neither the log nor any trust in who sent the proof. Paths are those of RFC 6962 over the records' links.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from agentops.audit.chain import MalformedRecord, decode, link
from agentops.audit.merkle import consistency_spans, inclusion_spans, is_consistent, root_from_inclusion, roots_of
from agentops.audit.proofs.note import BadNote, Checkpoint, PublicKey, open_note, parse_checkpoint
from agentops.audit.proofs.signed_records import disagreement, latest_checkpoint, signed_lines
from agentops.core.audit import AuditRecord
from agentops.core.errors import AuditError, UsageError
from agentops.core.text import one_line

RECORD_SCHEMA = "agentops/audit-proof/v1"
GROWTH_SCHEMA = "agentops/audit-growth/v1"


def prove_record(folder: Path, seq: int) -> dict[str, Any]:
    """Return the proof that record ``seq`` is in the chain that the latest checkpoint signed.

    Raises:
        UsageError: there is no such record, or it is not signed yet.
        AuditError: the log cannot be read, or does not agree with its checkpoint.
    """
    note, found = latest_checkpoint(folder)
    if not 0 <= seq < found.size:
        raise UsageError(
            f"record {seq} is not under the latest checkpoint, which signs records 0 to {found.size - 1}",
            hint="Later records are signed when their run ends.",
        )
    record = ""

    def leaves(lines: Iterator[bytes], first: int) -> Iterator[bytes]:
        nonlocal record
        for at, line in enumerate(lines, start=first):
            if at == seq:
                record = line.decode("ascii", "replace")
            yield _leaf(line)

    with signed_lines(folder, found) as (origin, lines):
        if seq < origin.first:
            raise _dropped(origin.first)
        wanted = (*inclusion_spans(seq, found.size), (0, found.size))
        *path, root = roots_of(wanted, leaves(lines, origin.first), origin.tree)
    if root != found.root:
        raise disagreement(folder)
    return {"schema": RECORD_SCHEMA, "record": record, "checkpoint": note, "path": [step.hex() for step in path]}


def check_record(proof: Mapping[str, Any], *keys: PublicKey) -> AuditRecord:
    """Return the record that a proof proves to be in the log of one of ``keys``.

    Raises:
        AuditError: it proves nothing; the message says why.
    """
    line, note, path = _texts(proof, RECORD_SCHEMA, ("record", "checkpoint"))
    try:
        record = decode(line.encode("utf-8", "replace"))
        found = _trusted(note, *keys)
    except (MalformedRecord, BadNote) as error:
        raise _invalid(str(error)) from error
    leaf = bytes.fromhex(link(line.encode("utf-8", "replace")))
    if root_from_inclusion(leaf, record.seq, found.size, path) != found.root:
        raise _invalid(f"record {record.seq} does not lead to the signed root")
    return record


def prove_growth(folder: Path, older: str, newer: str = "") -> dict[str, Any]:
    """Return the proof that one checkpoint's chain continues what an ``older`` checkpoint signed.

    Arguments:
        older: a signed checkpoint of this log.
        newer: a later one; the latest when empty.

    Raises:
        UsageError: one of them is no checkpoint of this log, or the older signs more than the newer.
        AuditError: the log cannot be read, or does not agree with them.
    """
    note, latest = latest_checkpoint(folder)
    old = _parsed("older", older, latest)
    new = _parsed("newer", newer, latest) if newer else latest
    if old.size > new.size:
        raise UsageError(f"the older checkpoint signs {old.size} records, the newer only {new.size}")
    wanted = (*consistency_spans(old.size, new.size), (0, new.size), (0, old.size))
    with signed_lines(folder, new) as (origin, lines):
        try:
            *path, new_root, old_root = roots_of(wanted, map(_leaf, lines), origin.tree)
        except ValueError as error:
            raise _dropped(origin.first) from error
    if (new_root, old_root) != (new.root, old.root):
        raise disagreement(folder)
    steps = [step.hex() for step in path]
    return {"schema": GROWTH_SCHEMA, "older": older, "newer": newer or note, "path": steps}


def check_growth(proof: Mapping[str, Any], *keys: PublicKey) -> tuple[Checkpoint, Checkpoint]:
    """Return the two checkpoints of which the newer is proved to continue the older.

    Arguments:
        keys: of the log; more than one where it was rotated between the two.

    Raises:
        AuditError: it proves nothing; the message says why.
    """
    older, newer, path = _texts(proof, GROWTH_SCHEMA, ("older", "newer"))
    try:
        old, new = _trusted(older, *keys), _trusted(newer, *keys)
    except BadNote as error:
        raise _invalid(str(error)) from error
    if old.origin != new.origin:
        raise _invalid(f"the checkpoints are of two logs, {old.origin} and {new.origin}")
    if not is_consistent(old.size, old.root, new.size, new.root, path):
        raise _invalid(f"the log of {new.size} records does not continue the one of {old.size}")
    return old, new


def _leaf(line: bytes) -> bytes:
    return bytes.fromhex(link(line))


def _dropped(first: int) -> UsageError:
    return UsageError(
        f"the records before record {first} were dropped, and the proof needs them",
        hint="An export of the log from before still has them.",
    )


def _parsed(which: str, note: str, latest: Checkpoint) -> Checkpoint:
    try:
        found = parse_checkpoint(note)
    except BadNote as error:
        raise UsageError(f"the {which} checkpoint is {error}") from error
    if found.origin != latest.origin:
        raise UsageError(f"the {which} checkpoint is of another log, {one_line(found.origin)}")
    if found.size > latest.size:
        raise UsageError(f"the {which} checkpoint signs {found.size} records, the latest only {latest.size}")
    return found


def _trusted(note: str, *keys: PublicKey) -> Checkpoint:
    open_note(note, keys)
    found = parse_checkpoint(note)
    if found.origin not in {key.name for key in keys}:
        raise BadNote(f"the checkpoint is of another log, {found.origin}")
    return found


def _texts(proof: Mapping[str, Any], schema: str, names: Sequence[str]) -> tuple[str, str, tuple[bytes, ...]]:
    path = proof.get("path")
    if proof.get("schema") != schema or not isinstance(path, list) or len(path) > 64:
        raise _invalid(f"it is not a document of the form {schema}")
    first, second = (proof.get(name) for name in names)
    if not isinstance(first, str) or not isinstance(second, str):
        raise _invalid(f"it is not a document of the form {schema}")
    try:
        steps = tuple(bytes.fromhex(step) for step in path)
    except (TypeError, ValueError) as error:
        raise _invalid("its path is malformed") from error
    return first, second, steps


def _invalid(why: str) -> AuditError:
    return AuditError(f"the proof is not valid: {why}", code="proof")
