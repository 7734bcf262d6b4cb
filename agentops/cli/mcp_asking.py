"""Asks at the terminal whether a server may be connected or its tools trusted. No terminal, no answer: no."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from agentops.cli.options import Common
from agentops.cli.report import Block
from agentops.core.errors import Declined, NotApproved


def require_agreement(options: Common, shown: Sequence[Block], question: str, yes: str, instead: str) -> None:
    """Show what is asked for on stderr, and raise unless a person at this terminal agrees.

    Arguments:
        yes: what agreeing does: ``trust these 3 tools``.
        instead: what to do where nobody can be asked.

    Raises:
        NotApproved: nobody can be asked.
        Declined: the answer was no, or none.
    """
    from agentops.cli.prompting import Choice, Prompts, cannot_ask
    from agentops.cli.render import page

    trouble = cannot_ask(no_input=options.no_input)
    if trouble:
        raise NotApproved(f"nobody can be asked: {trouble}", hint=instead)
    sys.stderr.write(page(tuple(shown), sys.stderr) + "\n")
    sys.stderr.flush()
    choices = [Choice("yes", f"yes: {yes}", "y", grave=True), Choice("no", "no: leave all as it is", "n")]
    if Prompts().choose(question, choices, "no") != "yes":
        raise Declined("declined at the terminal: nothing was changed")
