"""``agentops approve``: a person looks at a saved plan and signs an approval of exactly that."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agentops.cli.commands.approvers import untrusted_blocks
from agentops.cli.options import Common, with_common
from agentops.cli.report import Block, Code, Heading, Paragraph, Tone
from agentops.cli.result import Result
from agentops.cli.times import duration_s
from agentops.cli.views.fix import closing_lines
from agentops.cli.views.plan import deed_words, objects_of
from agentops.core.commands import command_line
from agentops.core.errors import UsageError
from agentops.core.jsonable import to_json
from agentops.core.text import one_line

if TYPE_CHECKING:
    from agentops.app.approve import ApprovedPlan

EPILOG = """\b
Examples:
  agentops approve plan.json
  agentops approve plan.json --ttl 5m --out ana.json
  agentops fix --plan plan.json --approval ana.json
  agentops approve 7Q4M0ZKD

It shows the whole plan and asks you to type its code. It needs a terminal; the answer cannot be given in advance.

\b
Exit codes: 0 signed, 2 not a plan, 4 refused by policy, 5 not approved
(declined, expired, stale, or no terminal).
"""


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("approve", help="Review a saved plan and sign an approval of exactly it.", epilog=EPILOG)(
        with_common(approve)
    )


def approve(
    options: Common,
    plan: Annotated[
        Path,
        typer.Argument(
            metavar="PLAN", help="File of the saved plan, or the code of a pending one.", show_default=False
        ),
    ],
    ttl: Annotated[
        str | None,
        typer.Option("--ttl", metavar="TIME", help="How long the approval is valid: 90s, 15m.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", help="File to write (default: PLAN.NAME.approval.json).", show_default=False
        ),
    ] = None,
    side_by_side: Annotated[bool, typer.Option("--side-by-side", help="Show diffs in two columns.")] = False,
) -> Result:
    """Call the use case and say what was signed."""
    from agentops.app.approve import approve as approve_plan
    from agentops.app.pending import approve_pending, is_code
    from agentops.cli.guarding import key_dialogue, plan_reader

    ttl_s = None if ttl is None else duration_s(ttl)
    settings, keys = options.settings(), key_dialogue(options)
    reader = plan_reader(
        options, instead=f"Run this at a terminal: {command_line('approve', plan)}", side_by_side=side_by_side
    )
    pending = is_code(str(plan)) and not plan.exists()
    if pending and out is not None:
        raise UsageError("--out is for a plan in a file; the approval of a pending plan is kept beside it")
    if pending:
        done = approve_pending(settings, str(plan), reader, keys, ttl_s=ttl_s)
    else:
        done = approve_plan(settings, plan, reader, keys, ttl_s=ttl_s, save_to=out)
    return Result(
        command="approve",
        status="approved",
        document={
            "approval": to_json(done.approval) | {"file": str(done.file)},
            "plan": {"digest": done.plan.digest, "code": done.plan.code},
            "approvals_missing": done.approvals_missing,
            "public_key": str(done.key),
        },
        report=tuple(approved_blocks(done, plan, pending=pending)),
    )


def approved_blocks(done: ApprovedPlan, path: Path, *, pending: bool) -> list[Block]:
    """Return what was signed, and in the last lines what comes next.

    Arguments:
        path: the plan's file, or its code, as it is typed.
        pending: another agent asked for it, and waits.
    """
    plan, approval = done.plan, done.approval
    until = f"{approval.expires_at:%Y-%m-%d %H:%M:%S} UTC"
    head = Heading(f"Plan {plan.code} is approved by {approval.by} — {one_line(objects_of(plan), 60)}", Tone.GOOD)
    blocks: list[Block] = [] if done.is_trusted else untrusted_blocks(done.key)
    blocks += [head, *closing_lines([(_capital(deed_words(plan)), Tone.PLAIN)], 2)]
    blocks.append(Paragraph(f"It counts once, for exactly this plan, until {until}."))
    if done.approvals_missing:
        who = f"neither {done.key.name} nor {plan.requester.removeprefix('human:')}"
        blocks.append(Paragraph(f"One more approval is needed, by another person: {who}.", Tone.WARN))
        return [*blocks, Code(f"The approval is in {done.file}\nNext: {command_line('approve', path)}")]
    if pending:
        return [*blocks, Paragraph("The agent that asked for it can apply it now; nothing runs by itself.")]
    return [*blocks, Code(f"Next: {command_line('fix', '--plan', path, '--approval', done.file)}")]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
