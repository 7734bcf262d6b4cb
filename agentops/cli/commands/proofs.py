"""``agentops audit prove|check-proof``: what convinces a third party that has neither the log nor trust in us."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agentops.cli.options import Common, with_common
from agentops.cli.report import Block, Code, Heading, Pairs, Paragraph, Tone
from agentops.cli.result import Result
from agentops.core.errors import UsageError
from agentops.core.text import plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agentops.audit.proofs.note import PublicKey
    from agentops.config import Settings

PROVE_EPILOG = """\b
Examples:
  agentops audit prove 41 --to proof.json                record 41 is in the signed log
  agentops audit prove --growth old.checkpoint           the log continues that one
  agentops audit prove --growth 120 500                  the same, between two sizes
  agentops audit check-proof proof.json --key 'NAME+ID+KEY'
"""
_MAX_PROOF_BYTES = 4 * 1024 * 1024 + 65_536


def register(group: typer.Typer) -> None:
    """Add the commands to the ``audit`` group."""
    prove_help = "Prove that a record is in the signed log, or that the log only grew."
    group.command("prove", help=prove_help, epilog=PROVE_EPILOG)(with_common(prove))
    check_help = "Check a proof of either kind with the public key alone."
    group.command("check-proof", help=check_help, epilog=PROVE_EPILOG)(with_common(check_proof))


def audit_settings(options: Common) -> Settings:
    """Return the settings of this configuration."""
    from agentops.config import load, process_environ

    return load(options.flags(), process_environ())


def audit_folder(options: Common) -> Path:
    """Return where this configuration keeps the chain."""
    return audit_settings(options).folders.audit


def parsed_key(text: str) -> PublicKey:
    """Return the verifier key that ``text`` is, or that the file of that name holds.

    Raises:
        UsageError: it is neither.
    """
    from agentops.audit.proofs.note import BadNote, parse_key

    try:
        path = Path(text)
        return parse_key(path.read_text("ascii", "replace") if "+" not in text and path.is_file() else text)
    except (BadNote, OSError) as error:
        hint = "Give the key as 'agentops audit keys' prints it, or a file that holds it."
        raise UsageError(f"--key: {error}", hint=hint) from error


def prove(
    options: Common,
    what: Annotated[
        str,
        typer.Argument(
            metavar="[SEQ|TO]",
            help="Number of the record; with --growth, file or size of the newer checkpoint (default: the latest).",
            show_default=False,
        ),
    ] = "",
    growth: Annotated[
        str,
        typer.Option("--growth", metavar="FROM", help="File or size of the older checkpoint.", show_default=False),
    ] = "",
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE", help="File to write; default: print it.", show_default=False)
    ] = None,
) -> Result:
    """Write a proof that a third party can check without the log."""
    from agentops.audit.proofs.proof import prove_growth, prove_record

    folder = audit_folder(options)
    if growth:
        proof = prove_growth(folder, _checkpoint(folder, growth), _checkpoint(folder, what) if what else "")
        told = "growth"
    elif what.isdecimal():
        proof = prove_record(folder, int(what))
        told = f"record {what}"
    else:
        raise UsageError("a record's number is missing", hint="Write: agentops audit prove SEQ, or --growth FROM.")
    text = json.dumps(proof, indent=1)
    if to is not None:
        try:
            to.write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{to} cannot be written: {error.strerror}") from error
    shown: Block = Code(text, "json") if to is None else Paragraph(f"The proof of {told} is in {to}.")
    return Result(command="audit prove", document={"proof": proof}, report=(shown,))


def check_proof(
    options: Common,
    proof: Annotated[Path, typer.Argument(metavar="PROOF", help="File of the proof.", show_default=False)],
    key: Annotated[
        list[str],
        typer.Option(
            "--key",
            metavar="KEY",
            help="The public key or its file; repeat it for keys rotated in between.",
            show_default=False,
        ),
    ],
) -> Result:
    """Check a proof; exit 8 when it proves nothing."""
    from agentops.audit.proofs.proof import GROWTH_SCHEMA

    document, keys = _proof(proof), [parsed_key(text) for text in key]
    return _grown(document, keys) if document.get("schema") == GROWTH_SCHEMA else _included(document, keys)


def _included(document: Mapping[str, Any], keys: Sequence[PublicKey]) -> Result:
    from agentops.audit.proofs.proof import check_record
    from agentops.core.jsonable import to_json

    record = check_record(document, *keys)
    rows = (("record", str(record.seq)), ("time", record.time), ("run", record.run), ("event", record.event))
    payload = Code(json.dumps(to_json(record.payload), indent=1), "json")
    title = Heading("Proved: this record is in the log that the key signed", Tone.GOOD)
    return Result(
        command="audit check-proof",
        document={"proved": "record", "record": to_json(record)},
        report=(title, Pairs(rows), payload),
    )


def _grown(document: Mapping[str, Any], keys: Sequence[PublicKey]) -> Result:
    from agentops.audit.proofs.proof import check_growth

    old, new = check_growth(document, *keys)
    title = Heading(
        f"Proved: the log of {plural(new.size, 'record')} continues the one of {plural(old.size, 'record')}", Tone.GOOD
    )
    points = {
        which: {"size": point.size, "root": point.root.hex(), "head": point.head}
        for which, point in (("older", old), ("newer", new))
    }
    rows = (("log", new.origin), ("older root", old.root.hex()), ("newer root", new.root.hex()))
    return Result(
        command="audit check-proof",
        document={"proved": "growth", "log": new.origin} | points,
        report=(title, Pairs(rows)),
    )


def _checkpoint(folder: Path, text: str) -> str:
    """Return the note that ``text`` names: by its size, or by the file that holds it."""
    from agentops.audit.proofs.signed_records import checkpoint_at

    if text.isdecimal():
        return checkpoint_at(folder, int(text))
    try:
        return Path(text).read_text("utf-8", "replace")
    except OSError as error:
        raise UsageError(f"the checkpoint {text} cannot be read: {error.strerror}") from error


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
