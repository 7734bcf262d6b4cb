"""Proofs for third parties: this record is in the signed log; this log continues that one.

Comes in: the audit folder, or a proof and a public key. Goes out: a small JSON document, or what it proves. Checking
needs neither the log nor any trust in who sent the proof. Paths are those of RFC 6962 over the records' links.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from agentops.audit.chain import MAX_LINE_BYTES, Malformed, decode, link
from agentops.audit.checkpoints import LATEST
from agentops.audit.files import LOG, explained
from agentops.audit.merkle import consistency_path, inclusion_path, is_consistent, root_from_inclusion, root_of
from agentops.audit.note import BadNote, Checkpoint, PublicKey, open_note, parse_checkpoint
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
    leaves: list[bytes] = []
    record = ""
    for line in signed_lines(folder, found):
        if len(leaves) == seq:
            record = line.decode("ascii", "replace")
        leaves.append(_leaf(line))
    _require_root(folder, leaves, found)
    path = inclusion_path(leaves, seq)
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
    except (Malformed, BadNote) as error:
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
    leaves = [_leaf(line) for line in signed_lines(folder, new)]
    _require_root(folder, leaves, new)
    _require_root(folder, leaves[: old.size], old)
    path = [step.hex() for step in consistency_path(leaves, old.size)]
    return {"schema": GROWTH_SCHEMA, "older": older, "newer": newer or note, "path": path}


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


def latest_checkpoint(folder: Path) -> tuple[str, Checkpoint]:
    """Return the latest signed checkpoint, as its note and as what it says; the signature is not looked at.

    Raises:
        UsageError: nothing is signed yet.
        AuditError: it cannot be read, or is none.
    """
    path = folder / LATEST
    with explained(path, "read"):
        if not path.exists():
            raise UsageError(f"nothing is signed in {folder} yet", hint="A run signs when it ends.")
        note = path.read_text("utf-8", "replace")
    try:
        return note, parse_checkpoint(note)
    except BadNote as error:
        raise AuditError(f"{path} is {error}", hint="Run 'agentops audit verify'.") from error


def signed_lines(folder: Path, says: Checkpoint) -> Iterator[bytes]:
    """Yield the raw lines, without their newlines, of the records that a checkpoint signs; what they say is unchecked.

    Raises:
        AuditError: the log cannot be read, or has fewer records.
    """
    path = folder / LOG
    left = says.size
    with explained(path, "read"), path.open("rb") as file:
        while left and (line := file.readline(MAX_LINE_BYTES + 2)).endswith(b"\n"):
            yield line[:-1]
            left -= 1
    if left:
        raise _disagrees(folder)


def checkpoint_at(folder: Path, size: int) -> str:
    """Return the note that signs exactly the first ``size`` records, from the record in which the log keeps it.

    Raises:
        UsageError: the log holds none of that size; the hint names the nearest.
        AuditError: the log cannot be read.
    """
    note, latest = latest_checkpoint(folder)
    if latest.size == size:
        return note
    sizes: list[int] = []
    for seq, line in enumerate(signed_lines(folder, latest)):
        if b'"event":"checkpoint"' in line and decode(line).event == "checkpoint":
            if seq == size:
                return str(decode(line).payload.get("note"))
            sizes.append(seq)
    near = sorted([*sizes, latest.size], key=lambda known: abs(known - size))[:3]
    known = ", ".join(map(str, sorted(near)))
    raise UsageError(f"no checkpoint signs exactly {size} records", hint=f"The nearest are at {known}.")


def _leaf(line: bytes) -> bytes:
    return bytes.fromhex(link(line))


def _require_root(folder: Path, leaves: Sequence[bytes], says: Checkpoint) -> None:
    if root_of(leaves) != says.root:
        raise _disagrees(folder)


def _disagrees(folder: Path) -> AuditError:
    return AuditError(f"the log in {folder} does not agree with its checkpoint", hint="Run 'agentops audit verify'.")


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
