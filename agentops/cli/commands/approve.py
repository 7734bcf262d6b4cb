"""``agentops approve``: a person looks at a saved plan and signs an approval of exactly that."""

from __future__ import annotations

import re
import secrets
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agentops.cli.commands.approvers import Acting, acting
from agentops.cli.options import Common, with_common
from agentops.cli.report import Block, Code, Heading, Pairs, Paragraph, Tone
from agentops.cli.result import Result
from agentops.core.errors import NotApproved, PolicyRefused, UsageError
from agentops.core.text import one_line

if TYPE_CHECKING:
    from agentops.approvals.keys import ApproverKey
    from agentops.core.approval import Decision, SignedApproval
    from agentops.core.plan import ChangePlan

EPILOG = """\b
Examples:
  agentops approve plan.json
  agentops approve plan.json --ttl 5m --out ana.json
  agentops fix --plan plan.json --approval ana.json

It shows the whole plan and asks you to type its code. It needs a terminal; the answer cannot be given in advance.

\b
Exit codes: 0 signed, 2 not a plan, 4 refused by policy, 5 not approved
(declined, expired, stale, or no terminal).
"""
_UNITS = {"s": 1, "m": 60, "h": 3600}


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("approve", help="Review a saved plan and sign an approval of exactly that plan.", epilog=EPILOG)(
        with_common(approve)
    )


def approve(
    options: Common,
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="File of the saved plan.", show_default=False)],
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
    """Show the plan, ask, sign, write."""
    from agentops.store.plans import load_plan, save_approval

    wanted_s = None if ttl is None else duration_s(ttl)
    found = load_plan(plan)
    me = acting(options)
    _check(found, me)
    decision = _ask(found, plan, me, options, side_by_side=side_by_side)
    if not decision.approvals:
        me.record("approval_declined", {"digest": found.digest, "code": found.code, "why": decision.why})
        raise NotApproved(f"plan {found.code} was not approved: {decision.why}", code="declined")
    key = me.key()
    _check_not_own(found, f"human:{key.name}")
    (shown,) = decision.approvals
    approval = _signed(found, shown, key, wanted_s)
    target = out or plan.with_name(f"{plan.stem}.{key.name}.approval.json")
    me.record("approval_signed", _recorded(found, approval, target))
    save_approval(target, approval)
    return _result(found, plan, approval, key, target, trusted=me.trusts(key))


def duration_s(text: str, option: str = "--ttl") -> int:
    """Return ``90s``, ``15m`` or ``2h`` in seconds; ``option`` is what it was given with.

    Raises:
        UsageError: it is none of these, or nothing.
    """
    match = re.fullmatch(r"([1-9][0-9]{0,5})([smh])", text)
    if match is None:
        raise UsageError(f"{option} {one_line(text, 40)!r} is not a time", hint="Write 90s, 15m or 2h.")
    return int(match[1]) * _UNITS[match[2]]


def _check(plan: ChangePlan, me: Acting) -> None:
    """Raise unless an approval of ``plan`` could be used."""
    if me.now() >= plan.expires_at:
        raise NotApproved(
            f"plan {plan.code} expired at {plan.expires_at:%Y-%m-%d %H:%M:%S} UTC",
            hint="Make a new plan: agentops fix --dry-run --out FILE",
            code="expired",
        )
    for number, step in enumerate(plan.steps, 1):
        if not step.ruling.allowed:
            raise PolicyRefused(f"policy refuses step {number} of plan {plan.code}: {step.ruling.why}")
    _check_not_own(plan, me.actor)


def _check_not_own(plan: ChangePlan, who: str) -> None:
    from agentops.core.plan import Approval

    if plan.obligation.approval is Approval.TWO_PERSON and plan.requester == who:
        raise NotApproved(
            f"plan {plan.code} needs the approval of two people other than {plan.requester}, who asked for it",
            hint="Two others run: agentops approve PLAN",
            code="own-plan",
        )


def _ask(plan: ChangePlan, path: Path, me: Acting, options: Common, *, side_by_side: bool) -> Decision:
    from agentops.cli.asking import TerminalApprover
    from agentops.cli.prompting import Prompts, cannot_ask
    from agentops.core.approval import ApprovalRequest

    approver = TerminalApprover(
        prompts=Prompts(),
        screen=sys.stderr,
        actor=me.actor,
        clock=me.now,
        nonce=lambda: secrets.token_hex(16),
        cannot_ask=cannot_ask(no_input=options.no_input),
        instead=lambda _plan: f"Run this at a terminal: agentops approve {path}",
        side_by_side=side_by_side,
        whole=True,
    )
    return approver.ask(ApprovalRequest(plan=plan, typed=plan.code))


def _signed(plan: ChangePlan, shown: SignedApproval, key: ApproverKey, wanted_s: int | None) -> SignedApproval:
    """Return the signed form of what was said; neither plan nor policy lets it last longer than they say."""
    from agentops.approvals.approvals import sign

    ends = shown.expires_at if wanted_s is None else min(shown.expires_at, shown.at + timedelta(seconds=wanted_s))
    return sign(
        key,
        plan_digest=plan.digest,
        at=shown.at,
        expires_at=ends,
        nonce=shown.nonce,
        shown_digest=shown.shown_digest,
    )


def _recorded(plan: ChangePlan, approval: SignedApproval, target: Path) -> dict[str, object]:
    from agentops.core.jsonable import to_json

    return {"digest": plan.digest, "code": plan.code, "approval": to_json(approval), "file": str(target)}


def _result(
    plan: ChangePlan, path: Path, approval: SignedApproval, key: ApproverKey, target: Path, *, trusted: bool
) -> Result:
    from agentops.core.jsonable import to_json
    from agentops.core.plan import Approval

    more = 1 if plan.obligation.approval is Approval.TWO_PERSON else 0
    rows = (
        ("approval", str(target)),
        ("by", f"{approval.by}, key {approval.key_id}"),
        ("plan", plan.digest),
        ("valid", f"once, until {approval.expires_at:%Y-%m-%d %H:%M:%S} UTC"),
    )
    blocks: list[Block] = [Heading(f"Plan {plan.code} is approved by {approval.by}", Tone.GOOD), Pairs(rows)]
    if more:
        who = f"neither {key.name} nor {plan.requester.removeprefix('human:')}"
        blocks.append(Paragraph(f"One more approval is needed, by another person: {who}.", Tone.WARN))
    else:
        blocks.append(Code(f"agentops fix --plan {path} --approval {target}"))
    if not trusted:
        blocks += [
            Paragraph(
                "This machine does not trust your key. Run this once on the machine that runs the plan:", Tone.QUIET
            ),
            Code(f"agentops approvers add '{key.public}'"),
        ]
    return Result(
        command="approve",
        status="approved",
        document={
            "approval": to_json(approval) | {"file": str(target)},
            "plan": {"digest": plan.digest, "code": plan.code},
            "approvals_missing": more,
            "public_key": str(key.public),
        },
        report=tuple(blocks),
    )
