"""What a change does, in the words that a person would say: ``roll Deployment checkout back to revision 3``.

Comes in: a ``Change`` and a provider's words for its tools. Goes out: one phrase. A phrase says the whole call or is
not used: then every argument stands behind the verb, so nothing is ever hidden.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from agentops.core.jsonable import arguments_line
from agentops.core.plan import Change

Phrase: TypeAlias = Callable[[str, Mapping[str, Any]], str | None]
"""Told the target (``Deployment checkout``) and the arguments; None when it cannot say all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeWords:
    """The words of one provider.

    Arguments:
        prefix: what its tools' names begin with: ``aws_``.
        phrases: by tool; each says the whole call.
        verbs: by tool, with braces for the target: ``reboot {}``; the arguments follow it.
    """

    prefix: str
    phrases: Mapping[str, Phrase]
    verbs: Mapping[str, str]

    def describe(self, change: Change) -> str:
        """Return what ``change`` does, without where it does it; a tool without words is said by its name."""
        what = f"{change.target.kind} {change.target.name}"
        phrase = self.phrases.get(change.tool)
        said = phrase(what, change.arguments) if phrase else None
        if said is None:
            words = change.tool.removeprefix(self.prefix).replace("_", " ") + " {}"
            said = self.verbs.get(change.tool, words).format(what)
            given = arguments_line(change.arguments)
            said += f": {given}" if given else ""
        return said
