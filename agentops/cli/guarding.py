"""What the commands share that ask somebody: who is asked at this terminal, and what Ctrl-C means meanwhile."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from agentops.cli.options import Common
from agentops.cli.report import Block, Code, Heading, Paragraph, Quote, Tone
from agentops.cli.result import Result, error_document
from agentops.core.errors import Declined, NotApproved
from agentops.core.plan import ChangePlan

if TYPE_CHECKING:
    from agentops.app.approvers import KeyDialogue
    from agentops.app.guard_wiring import ApprovalOptions
    from agentops.app.run import App
    from agentops.cli.asking import TerminalApprover


def asking(
    app: App,
    options: Common,
    *,
    yes: bool,
    wait_s: float = 0.0,
    side_by_side: bool = False,
    instead: Callable[[ChangePlan], str],
    with_evidence: bool = False,
) -> ApprovalOptions:
    """Return who is asked in this process.

    Arguments:
        wait_s: how long another run that is changing something is waited for.
        instead: the command that a person can run when nobody can be asked here.
        with_evidence: the incident that the plan is about is kept here, and its evidence can be shown.
    """
    from agentops.app.guard_wiring import ApprovalOptions
    from agentops.cli.asking import TerminalApprover
    from agentops.cli.prompting import Prompts, cannot_ask

    prompts, trouble = Prompts(), cannot_ask(no_input=options.no_input)
    approver = TerminalApprover(
        prompts=prompts,
        screen=sys.stderr,
        actor=f"human:{app.user}",
        clock=app.services.clock,
        nonce=lambda: secrets.token_hex(8),
        instead=instead,
        cannot_ask=trouble,
        show_evidence=lambda incident, names: _evidence(app, incident if with_evidence else "", names),
        side_by_side=side_by_side,
        undisturbed=app.undisturbed,
    )

    def on_interrupt() -> bool:
        """Roll back, unless a person says that it is to stop where it is."""
        if trouble:
            return True
        from agentops.cli.prompting import Choice

        with app.undisturbed():
            choices = [
                Choice("back", "roll back what was done", "r", grave=True),
                Choice("stop", "stop here, change nothing more", "s"),
            ]
            try:
                return prompts.choose("Interrupted during a change. What should happen now?", choices, "back") != "stop"
            except KeyboardInterrupt:
                # Whoever presses it once more has not chosen to leave the change where it is.
                return True

    return ApprovalOptions(approver=approver, on_interrupt=on_interrupt, yes=yes, wait_s=wait_s)


def plan_reader(options: Common, *, instead: str, side_by_side: bool) -> TerminalApprover:
    """Return who reads a saved plan at this terminal, and takes or leaves it as it is.

    Arguments:
        instead: the command that a person can run when nobody can be asked here.
    """
    from agentops.app.actor import current_actor
    from agentops.cli.asking import TerminalApprover
    from agentops.cli.prompting import Prompts, cannot_ask
    from agentops.core.clock import utc_now

    return TerminalApprover(
        prompts=Prompts(),
        screen=sys.stderr,
        actor=current_actor(),
        clock=utc_now,
        nonce=lambda: secrets.token_hex(16),
        cannot_ask=cannot_ask(no_input=options.no_input),
        instead=lambda _plan: instead,
        side_by_side=side_by_side,
        whole=True,
    )


def key_dialogue(options: Common) -> KeyDialogue:
    """Return how the owner of an approver key is asked and told at this terminal."""
    from agentops.app.approvers import KeyDialogue
    from agentops.cli.prompting import Prompts, cannot_ask

    def ask(message: str) -> str | None:
        why = cannot_ask(no_input=options.no_input)
        if why:
            raise NotApproved(f"your approver key needs its passphrase, and {why}", hint="Run it at a terminal.")
        return Prompts().secret(message)

    return KeyDialogue(ask=ask, tell=_say)


def is_taken(question: str) -> bool:
    """Return whether a person at this terminal takes what they did not name themselves; no is the default."""
    from agentops.cli.prompting import Choice, Prompts

    return Prompts().choose(question, [Choice("no", "no", "n"), Choice("yes", "yes", "y", grave=True)], "no") == "yes"


def not_wanted(command: str, hint: str) -> Result:
    """Return the result of a command whose offer was not taken: a no like any other, and no mistake."""
    error = Declined("nothing was changed: what was offered was not taken", hint=hint)
    return Result(
        command=command,
        status="declined",
        exit_code=error.exit_code,
        document={"errors": [error_document(error)]},
        report=(Heading("Nothing was changed.", Tone.WARN), Code(hint)),
    )


def place(options: Common) -> str:
    """Return the options that lead another run to the same cluster."""
    from agentops.app.connecting import flags_to

    aws = {"aws-profile": options.aws_profile, "aws-region": options.aws_region}
    return flags_to(options.context, options.namespace, options.kubeconfig, options.sandbox, aws)


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


def _evidence(app: App, incident: str, names: tuple[str, ...]) -> list[Block]:
    if not incident:
        return [Paragraph("No evidence but the plan itself.", Tone.QUIET)]
    found = {one.id: one for one in app.services.incidents.open(incident).all()}
    blocks: list[Block] = []
    for name in names:
        entry = found.get(name)
        if entry is None:
            blocks.append(Paragraph(f"{name}: not observed", Tone.WARN))
        else:
            # What the analyzer quotes, not the whole object behind it: that is in `agentops show --evidence`.
            quoted = entry.excerpt.split("\n\n")[0] if entry.tool == "triage" else entry.excerpt
            blocks += [Paragraph(f"{name} {entry.summary}", Tone.STRONG), Quote(quoted)]
    return blocks
