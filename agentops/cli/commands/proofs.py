"""``agentops audit anchor|prove|check-proof|keys``: what a third party needs to believe the record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agentops.cli.options import Common, with_common
from agentops.cli.report import Block, Code, Heading, Pairs, Paragraph, Tone
from agentops.cli.result import Result
from agentops.core.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from agentops.audit.note import PublicKey

ANCHOR_EPILOG = """\b
Examples:
  agentops audit anchor --to /mnt/elsewhere/agentops.checkpoint
  agentops audit verify --anchor /mnt/elsewhere/agentops.checkpoint

Keep the anchor where whoever can write the log cannot: it is what shows a cut tail or a rewritten log.
"""
PROVE_EPILOG = """\b
Examples:
  agentops audit prove 41 --to proof.json
  agentops audit check-proof proof.json --key 'NAME+ID+KEY'
"""
_MAX_PROOF_BYTES = 4 * 1024 * 1024


def register(group: typer.Typer) -> None:
    """Add the commands to the ``audit`` group."""
    anchor_help = "Sign what the record is now, and write the checkpoint to a file kept elsewhere."
    group.command("anchor", help=anchor_help, epilog=ANCHOR_EPILOG)(with_common(anchor))
    group.command("keys", help="Show the public keys that sign the record.")(with_common(keys))
    group.command("prove", help="Prove that a record is in the signed log.", epilog=PROVE_EPILOG)(with_common(prove))
    group.command("check-proof", help="Check a proof with the public key alone.", epilog=PROVE_EPILOG)(
        with_common(check_proof)
    )


def audit_folder(options: Common) -> Path:
    """Return where this configuration keeps the chain."""
    from agentops.config import load, process_environ

    return load(options.flags(), process_environ()).folders.audit


def parsed_key(text: str) -> PublicKey:
    """Return the verifier key that ``text`` is, or that the file of that name holds.

    Raises:
        UsageError: it is neither.
    """
    from agentops.audit.note import BadNote, parse_key

    try:
        path = Path(text)
        return parse_key(path.read_text("ascii", "replace") if "+" not in text and path.is_file() else text)
    except (BadNote, OSError) as error:
        hint = "Give the key as 'agentops audit keys' prints it, or a file that holds it."
        raise UsageError(f"--key: {error}", hint=hint) from error


def anchor(
    options: Common,
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="Where to write it.", show_default=False)],
) -> Result:
    """Sign the chain's head and write the note out."""
    from agentops.audit.log import open_log
    from agentops.audit.note import parse_checkpoint
    from agentops.core.clock import utc_now
    from agentops.wiring import current_actor, new_run

    with open_log(audit_folder(options), run=new_run(utc_now), actor=current_actor(), clock=utc_now) as log:
        log.append("anchored", {"to": str(to)})
        note = log.checkpoint()
    try:
        to.write_text(note, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{to} cannot be written: {error.strerror}") from error
    says = parse_checkpoint(note)
    return Result(
        command="audit anchor",
        document={"anchor": {"file": str(to), "size": says.size, "root": says.root.hex(), "note": note}},
        report=(Heading(f"Anchored {says.size:,} records in {to}", Tone.GOOD), Code(note)),
    )


def keys(options: Common) -> Result:
    """Show the keys that the folder lists."""
    from agentops.audit.checkpoints import read_public_keys

    found = [str(key) for key in read_public_keys(audit_folder(options))]
    blocks: tuple[Block, ...] = tuple(Code(key) for key in found) or (Paragraph("Nothing was signed yet.", Tone.QUIET),)
    return Result(command="audit keys", document={"keys": found}, report=blocks)


def prove(
    options: Common,
    seq: Annotated[int, typer.Argument(metavar="SEQ", min=0, help="The record's number.", show_default=False)],
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE", help="Write it here; else print it.", show_default=False)
    ] = None,
) -> Result:
    """Write a proof that a third party can check without the log."""
    from agentops.audit.proof import prove_record

    proof = prove_record(audit_folder(options), seq)
    text = json.dumps(proof, indent=1)
    if to is not None:
        try:
            to.write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{to} cannot be written: {error.strerror}") from error
    shown: Block = Code(text, "json") if to is None else Paragraph(f"The proof of record {seq} is in {to}.")
    return Result(command="audit prove", document={"proof": proof}, report=(shown,))


def check_proof(
    options: Common,
    proof: Annotated[Path, typer.Argument(metavar="PROOF", help="The proof's file.", show_default=False)],
    key: Annotated[str, typer.Option("--key", metavar="KEY", help="The public key, or its file.", show_default=False)],
) -> Result:
    """Check a proof; exit 8 when it proves nothing."""
    from agentops.audit.proof import check_record
    from agentops.core.jsonable import to_json

    record = check_record(_proof(proof), parsed_key(key))
    rows = (("record", str(record.seq)), ("time", record.time), ("run", record.run), ("event", record.event))
    payload = Code(json.dumps(to_json(record.payload), indent=1), "json")
    title = Heading("Proved: this record is in the log that the key signed", Tone.GOOD)
    return Result(
        command="audit check-proof",
        exit_code=ExitCode.DONE,
        document={"record": to_json(record)},
        report=(title, Pairs(rows), payload),
    )


def _proof(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(_MAX_PROOF_BYTES))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not a proof: it is not JSON") from error
    if not isinstance(found, dict):
        raise UsageError(f"{path} is not a proof: it is not a JSON object")
    return found
