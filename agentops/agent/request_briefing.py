"""The opening message of a run for a request: an outline of the place as data, and last the person's words, whole.

Comes in: a request, redacted; where it is about; the outlines that were admitted as evidence. Goes out: text. The words
stand outside of every fence, at the end, and nothing follows them: what they are is said right before.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from agentops.agent.fence import neutral
from agentops.agent.prompt import filled
from agentops.core.analysis import Gap
from agentops.core.clock import to_iso
from agentops.core.request import Request
from agentops.core.text import one_line

_ASK = "in the words of the person who runs this command. From here to the end of this message is your task:"


def request_briefing(
    request: Request, *, place: str, group: str, now: datetime, outlines: Sequence[str], gaps: Sequence[Gap] = ()
) -> str:
    """Return the opening message.

    Arguments:
        request: redacted.
        place: the context that the run is pinned to.
        group: the namespace where names stand that have none; empty where there is none.
        outlines: what is there: evidence, as the toolbox shows it.
        gaps: places that could not be opened, and why.
    """
    return filled(
        "request",
        context=neutral(place),
        namespace=f"{neutral(group)} (a name without a namespace means this one)" if group else "none",
        time=to_iso(now),
        outline="\n".join([*outlines, *map(_unread, gaps)]) or "Nothing could be read.",
        ask=f"The {request.kind}, {_ASK}",
        words=neutral(request.words),
    )


def _unread(gap: Gap) -> str:
    return f"Not read: {neutral(one_line(gap.what, 80))}: {neutral(one_line(gap.reason, 200))}"
