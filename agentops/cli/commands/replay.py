"""``agentops audit replay``: evaluates recorded policy decisions under today's policy. Reads no cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agentops.cli.commands.proofs import audit_folder
from agentops.cli.options import Common, with_common
from agentops.cli.report import Block, Bullets, Heading, Item, Paragraph, Tone
from agentops.cli.result import Result
from agentops.core.errors import ExitCode, UsageError
from agentops.core.text import plural

if TYPE_CHECKING:
    from agentops.core.plan import PolicyDecision
    from agentops.core.policy import Policy

EPILOG = """\b
Examples:
  agentops audit replay                            every recorded decision
  agentops audit replay 20261122T0312              of one run, or of runs whose id begins so
  agentops audit replay --exit-code --output json  in CI: would a policy edit change a past decision?

A decision is recorded with all its inputs; this evaluates them again under today's policy.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One recorded ruling, and today's answer to the same question; ``now`` is None when it cannot be asked."""

    seq: int
    run: str
    stage: str
    then: Mapping[str, Any]
    now: PolicyDecision | None
    trouble: str = ""

    @property
    def differs(self) -> bool:
        """Whether today's answer is another one: allowed or not, or other obligations."""
        if self.now is None:
            return True
        obligation = self.now.obligation
        asked = self.then.get("obligation") or {}
        return self.now.allowed != self.then.get("allowed") or (
            self.now.allowed
            and (obligation.approval.value, obligation.ttl_s, obligation.verify_s)
            != (asked.get("approval"), asked.get("ttl_s"), asked.get("verify_s"))
        )


def register(group: typer.Typer) -> None:
    """Add the command to the ``audit`` group."""
    text = "Evaluate recorded decisions under today's policy and show which differ."
    group.command("replay", help=text, epilog=EPILOG)(with_common(replay))


def replay(
    options: Common,
    run: Annotated[
        str | None, typer.Argument(metavar="RUN", help="A run's id or its beginning.", show_default=False)
    ] = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit 3 if a decision differs.")] = False,
) -> Result:
    """Evaluate the recorded decisions again."""
    from agentops.app.policy_loading import policy_in_force
    from agentops.config import load, process_environ

    policy = policy_in_force(load(options.flags(), process_environ()))
    found = list(_replayed(options, policy, run or ""))
    if not found and run:
        raise UsageError(f"no policy decision is recorded for run {run!r}", hint="agentops audit log lists the runs.")
    differing = [one for one in found if one.differs]
    status = "differs" if differing else "done"
    code = ExitCode.FOUND if differing and exit_code else ExitCode.DONE
    document = {
        "policy_digest": policy.digest,
        "rulings": len(found),
        "differing": [_document(one) for one in differing],
        "other_policy": sum(one.then.get("policy_digest") != policy.digest for one in found),
    }
    return Result(
        command="audit replay",
        status=status,
        exit_code=code,
        document=document,
        report=tuple(_blocks(found, differing)),
    )


def _replayed(options: Common, policy: Policy, run: str) -> Iterator[Replayed]:
    from agentops.audit.read import Query, read_records
    from agentops.policy import replay as ask_again

    for record in read_records(audit_folder(options), Query(run=run, event="guard_stage")):
        ruling = record.payload.get("ruling")
        if not isinstance(ruling, dict) or not isinstance(ruling.get("request"), dict):
            continue
        now, trouble = None, ""
        try:
            now = ask_again(policy, ruling["request"])
        except UsageError as error:
            trouble = error.message
        stage = str(record.payload.get("stage"))
        yield Replayed(seq=record.seq, run=record.run, stage=stage, then=ruling, now=now, trouble=trouble)


def _words(one: Replayed) -> str:
    then = f"{'allowed' if one.then.get('allowed') else 'denied'} ({one.then.get('why')})"
    if one.now is None:
        return f"then {then}; cannot be evaluated again: {one.trouble}"
    return f"then {then}; today {'allowed' if one.now.allowed else 'denied'} ({one.now.why})"


def _blocks(found: list[Replayed], differing: list[Replayed]) -> list[Block]:
    if not found:
        return [Paragraph("No policy decision is recorded yet.")]
    head = plural(len(found), "decision") + " replayed, "
    if not differing:
        return [Heading(head + "none differs under today's policy", Tone.GOOD)]
    items = tuple(Item(_words(one), label=f"{one.seq}", note=f"{one.stage}, run {one.run}") for one in differing)
    return [Heading(head + f"{len(differing)} would differ under today's policy", Tone.WARN), Bullets(items)]


def _document(one: Replayed) -> dict[str, Any]:
    from agentops.core.jsonable import to_json

    then = {name: one.then.get(name) for name in ("allowed", "policies", "why", "obligation", "policy_digest")}
    now = (
        None
        if one.now is None
        else {key: to_json(getattr(one.now, key)) for key in ("allowed", "policies", "why", "obligation")}
    )
    return {"seq": one.seq, "run": one.run, "stage": one.stage, "then": then, "now": now, "trouble": one.trouble}
