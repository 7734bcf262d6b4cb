"""A change in plain words: ``roll Deployment checkout back to revision 3``.

Comes in: a ``Change``. Goes out: one line that says what a person would have typed. Arguments are quoted, never
interpreted; a tool that its provider has no words for is named with its arguments, so that nothing is hidden.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentops.app.providers import describe
from agentops.core.jsonable import arguments_line
from agentops.core.plan import Call, Change
from agentops.core.resource import ResourceRef
from agentops.core.text import one_line

_LINE_CHARS = 240
_MOST_NAMED = 3
_NAMED_CHARS = 100


def change_words(change: Change) -> str:
    """Return what ``change`` does, in words, without where it does it: its provider's words, else its arguments."""
    said = describe(change)
    if said is None:
        given = arguments_line(change.arguments)
        said = f"{change.tool.replace('_', ' ')} {change.target.subject}" + (f": {given}" if given else "")
    return one_line(said, _LINE_CHARS)


def located(words: str, ref: ResourceRef) -> str:
    """Return ``words`` with the resource after them in the form that can be typed, unless they say it whole already.

    The name of a placed one (a Deployment) leaves out where it stands; one of AWS has no such part.
    """
    return words if not ref.is_placed and ref.subject in words else f"{words} ({ref.short})"


def named(texts: Sequence[str]) -> str:
    """Return the first few of these texts on one line, each cut short, and how many more there are."""
    more = len(texts) - _MOST_NAMED
    said = "; ".join(one_line(text, _NAMED_CHARS) for text in texts[:_MOST_NAMED])
    return said + (f"; and {more} more" if more > 0 else "")


def call_line(call: Call) -> str:
    """Return an API call as one line: ``PATCH /apis/apps/v1/...``; of its query, what is not in every call of ours."""
    query = "&".join(f"{name}={value}" for name, value in call.query if (name, value) not in _ALWAYS)
    return one_line(f"{call.method.upper()} {call.path}" + (f"?{query}" if query else ""), _LINE_CHARS)


_ALWAYS = (("fieldManager", "agentops"), ("fieldValidation", "Strict"))
