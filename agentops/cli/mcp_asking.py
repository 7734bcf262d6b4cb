"""Asks at the terminal whether a server may be connected or its tools trusted. No terminal, no answer: no."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from agentops.cli.options import Common
from agentops.cli.report import Block
from agentops.core.errors import Declined, NotApproved


def require_somebody(options: Common, instead: str) -> None:
    """Raise unless somebody can be asked at this terminal.

    Raises:
        NotApproved: nobody can; ``instead`` says what to do.
    """
    from agentops.cli.prompting import cannot_ask

    trouble = cannot_ask(no_input=options.no_input)
    if trouble:
        raise NotApproved(f"nobody can be asked: {trouble}", hint=instead)


def require_agreement(shown: Sequence[Block], question: str, yes: str, full: Sequence[Block] = ()) -> None:
    """Show what is asked for on stderr, and raise unless a person at this terminal agrees.

    Arguments:
        yes: what agreeing does: ``trust these 3 tools``.
        full: what is shown to whoever asks for the details; none where all is shown already.

    Raises:
        Declined: the answer was no, or none.
    """
    from agentops.cli.prompting import Choice, Prompts

    details = [Choice("details", "details: show the whole of each", "d")] if full else []
    choices = [Choice("yes", f"yes: {yes}", "y", grave=True), *details, Choice("no", "no: leave all as it is", "n")]
    _show(shown)
    while (said := Prompts().choose(question, choices, "no")) == "details":
        _show(full)
    if said != "yes":
        raise Declined("declined at the terminal: nothing was changed")


def _show(blocks: Sequence[Block]) -> None:
    from agentops.cli.render import page

    sys.stderr.write(page(tuple(blocks), sys.stderr) + "\n")
    sys.stderr.flush()
