"""``agentops audit prove|check-proof``: what convinces a third party that has neither the log nor trust in us."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agentops.cli.options import Common, with_common
from agentops.cli.report import Block, Code, Heading, Pairs, Paragraph, Tone
from agentops.cli.result import Result
from agentops.core.jsonable import to_json
from agentops.core.text import plural

if TYPE_CHECKING:
    from agentops.app.audit_proofs import ProvedGrowth
    from agentops.core.audit import AuditRecord

PROVE_EPILOG = """\b
Examples:
  agentops audit prove 41 --to proof.json                record 41 is in the signed log
  agentops audit prove --growth old.checkpoint           the log continues that one
  agentops audit prove --growth 120 500                  the same, between two sizes
  agentops audit check-proof proof.json --key 'NAME+ID+KEY'
"""


def register(group: typer.Typer) -> None:
    """Add the commands to the ``audit`` group."""
    prove_help = "Prove that a record is in the log, or that the log grew."
    group.command("prove", help=prove_help, epilog=PROVE_EPILOG)(with_common(prove))
    check_help = "Check a proof with the public key alone."
    group.command("check-proof", help=check_help, epilog=PROVE_EPILOG)(with_common(check_proof))


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
    from agentops.app.audit_proofs import prove as prove_it

    proof = prove_it(options.settings(), what, growth, to=to)
    shown: Block = Paragraph(f"The proof of {proof.of} is in {to}.")
    if to is None:
        shown = Code(json.dumps(proof.document, indent=1), "json")
    return Result(command="audit prove", document={"proof": proof.document}, report=(shown,))


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
    from agentops.app.audit_proofs import ProvedGrowth
    from agentops.app.audit_proofs import check_proof as check

    proved = check(proof, key)
    return _grown(proved) if isinstance(proved, ProvedGrowth) else _included(proved.record)


def _included(record: AuditRecord) -> Result:
    rows = (("record", str(record.seq)), ("time", record.time), ("run", record.run), ("event", record.event))
    payload = Code(json.dumps(to_json(record.payload), indent=1), "json")
    title = Heading("Proved: this record is in the log that the key signed", Tone.GOOD)
    return Result(
        command="audit check-proof",
        document={"proved": "record", "record": to_json(record)},
        report=(title, Pairs(rows), payload),
    )


def _grown(proved: ProvedGrowth) -> Result:
    old, new = proved.old, proved.new
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
