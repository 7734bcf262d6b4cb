"""Declares an alert format right above its code: ``@alert_format(...)`` makes one value of declaration and function.

Comes in: whose format it is, what people call it, and how to tell it. Goes out: an ``AlertFormat``, which the registry
names. A format is told by the content of a decoded document alone, never by a file's name, and no two tell the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from agentops.alerts.grouping import Payload

Recognise: TypeAlias = Callable[[Any], bool]
Parse: TypeAlias = Callable[[Any], Payload]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFormat:
    """One form in which alerts come.

    Arguments:
        name: of the format and of its file.
        sender: who sends it, for people; empty when anybody may.
        form: what is sent, for the table in ``docs/alerts.md``.
        recognises: asked with any decoded document; must be cheap and never raise.
        recognises_yaml: the same for text that YAML can read, which may be plain words that hold a colon.
        parse: asked only with a document that was recognised; raises ``AlertError`` when it holds no alert after all.
    """

    name: str
    sender: str
    form: str
    recognises: Recognise
    recognises_yaml: Recognise
    parse: Parse


def alert_format(
    sender: str, form: str, *, recognises: Recognise, recognises_yaml: Recognise | None = None
) -> Callable[[Parse], AlertFormat]:
    """Return a decorator that joins the function that reads a format to what tells it; see ``AlertFormat``.

    Arguments:
        recognises_yaml: left out where ``recognises`` is exact enough for text that may be plain words.
    """
    return lambda parse: AlertFormat(
        name=parse.__name__,
        sender=sender,
        form=form,
        recognises=recognises,
        recognises_yaml=recognises_yaml or recognises,
        parse=parse,
    )
