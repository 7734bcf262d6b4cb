"""``agentops audit replay``: evaluates recorded policy decisions under today's policy. Reads no cluster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agentops.cli.options import Common, with_common
from agentops.cli.report import Block, Bullets, Heading, Item, Paragraph, Tone
from agentops.cli.result import Result
from agentops.core.errors import ExitCode
from agentops.core.text import plural

if TYPE_CHECKING:
    from agentops.app.replay import ReplayedDecision

EPILOG = """\b
Examples:
  agentops audit replay                            every recorded decision
  agentops audit replay 20261122T0312              of one run, or of runs whose id begins so
  agentops audit replay --exit-code --output json  in CI: would a policy edit change a past decision?

A decision is recorded with all its inputs; this evaluates them again under today's policy.
"""


def register(group: typer.Typer) -> None:
    """Add the command to the ``audit`` group."""
    text = "Show which recorded decisions differ under today's policy."
    group.command("replay", help=text, epilog=EPILOG)(with_common(replay))


def replay(
    options: Common,
    run: Annotated[
        str | None, typer.Argument(metavar="RUN", help="A run's id or its beginning.", show_default=False)
    ] = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit 3 if a decision differs.")] = False,
) -> Result:
    """Evaluate the recorded decisions again."""
    from agentops.app.replay import replay_decisions

    found = replay_decisions(options.settings(), run or "")
    document = {
        "policy_digest": found.policy_digest,
        "rulings": len(found.decisions),
        "differing": [_document(one) for one in found.differing],
        "other_policy": found.of_other_policy,
    }
    return Result(
        command="audit replay",
        status="differs" if found.differing else "done",
        exit_code=ExitCode.FOUND if found.differing and exit_code else ExitCode.DONE,
        document=document,
        report=tuple(_blocks(found.decisions, found.differing)),
    )


def _words(one: ReplayedDecision) -> str:
    then = f"{'allowed' if one.then.get('allowed') else 'denied'} ({one.then.get('why')})"
    if one.now is None:
        return f"then {then}; cannot be evaluated again: {one.trouble}"
    return f"then {then}; today {'allowed' if one.now.allowed else 'denied'} ({one.now.why})"


def _blocks(found: Sequence[ReplayedDecision], differing: Sequence[ReplayedDecision]) -> list[Block]:
    if not found:
        return [Paragraph("No policy decision is recorded yet.")]
    head = plural(len(found), "decision") + " replayed, "
    if not differing:
        return [Heading(head + "none differs under today's policy", Tone.GOOD)]
    items = tuple(Item(_words(one), label=f"{one.seq}", note=f"{one.stage}, run {one.run}") for one in differing)
    return [Heading(head + f"{len(differing)} would differ under today's policy", Tone.WARN), Bullets(items)]


def _document(one: ReplayedDecision) -> dict[str, Any]:
    from agentops.core.jsonable import to_json

    then = {name: one.then.get(name) for name in ("allowed", "policies", "why", "obligation", "policy_digest")}
    now = (
        None
        if one.now is None
        else {key: to_json(getattr(one.now, key)) for key in ("allowed", "policies", "why", "obligation")}
    )
    return {"seq": one.seq, "run": one.run, "stage": one.stage, "then": then, "now": now, "trouble": one.trouble}
