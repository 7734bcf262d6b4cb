"""Annotations of policies: ids, obligations on permits, reasons; and the strictest of several obligations.

Comes in: a policy as Cedar's JSON. Goes out: its id and what it asks for. Whatever is not known by name and value is an
error when the file is loaded: a misspelt obligation that was ignored would be a permission.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from agentops.core.plan import Approval, Obligation
from agentops.core.text import one_line

MAX_TTL_S = 86_400
MAX_VERIFY_S = 3_600
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_PERMIT = ("id", "approval", "requireApproval", "ttl", "verify", "why")
_FORBID = ("id", "why")
_MAX_WHY = 200


class AnnotationError(ValueError):
    """An annotation is unknown, missing or has a value that means nothing; the message names it."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What one permit asks for; None where it says nothing."""

    approval: Approval = Approval.ONE
    ttl_s: int | None = None
    verify_s: int | None = None


@dataclass(frozen=True, slots=True)
class Labels:
    """The annotations of one policy, checked: ``demand`` of a permit; ``why`` it forbids, or asks for its approval."""

    id: str
    demand: Demand
    why: str


def read_labels(policy: Mapping[str, Any]) -> Labels:
    """Return the checked annotations of ``policy``.

    Raises:
        AnnotationError: one is missing, unknown or meaningless.
    """
    notes = {name: value or "" for name, value in policy.get("annotations", {}).items()}
    permits = policy["effect"] == "permit"
    known = _PERMIT if permits else _FORBID
    for name in notes:
        if name not in known:
            raise AnnotationError(f"@{one_line(name, 40)} is not an annotation of a {policy['effect']}")
    if not _ID.fullmatch(notes.get("id", "")):
        raise AnnotationError('@id must name every policy: small letters, digits and dashes, @id("my-rule")')
    why = notes.get("why", "")
    if len(why) > _MAX_WHY or one_line(why, _MAX_WHY) != why:
        raise AnnotationError(f"@why must be one plain line of at most {_MAX_WHY} characters")
    return Labels(notes["id"], _demand(notes) if permits else Demand(), why)


def _demand(notes: Mapping[str, str]) -> Demand:
    return Demand(_approval(notes), _seconds(notes, "ttl", MAX_TTL_S), _seconds(notes, "verify", MAX_VERIFY_S))


def _approval(notes: Mapping[str, str]) -> Approval:
    if "requireApproval" in notes:
        # Docker's spelling of "somebody must agree"; it takes no value there.
        if notes["requireApproval"]:
            raise AnnotationError("@requireApproval takes no value")
        if "approval" in notes:
            raise AnnotationError("@requireApproval and @approval say the same thing twice")
        return Approval.ONE
    value = notes.get("approval", Approval.ONE.value)
    try:
        return Approval(value)
    except ValueError:
        words = ", ".join(word.value for word in Approval)
        raise AnnotationError(f"@approval({one_line(value, 40)!r}) is not one of {words}") from None


def _seconds(notes: Mapping[str, str], name: str, most: int) -> int | None:
    if name not in notes:
        return None
    value = notes[name]
    if not (value.isascii() and value.isdigit() and 1 <= int(value[:9]) <= most and len(value) < 9):
        raise AnnotationError(f"@{name}({one_line(value, 40)!r}) is not a number of seconds from 1 to {most}")
    return int(value)


def strictest_demand(demands: Iterable[Demand]) -> Obligation:
    """Return what all of ``demands`` together ask for: most approval, least time; what none says is the default."""
    every = tuple(demands)
    default = Obligation()
    return Obligation(
        approval=max((demand.approval for demand in every), key=lambda word: word.rank, default=default.approval),
        ttl_s=min((demand.ttl_s for demand in every if demand.ttl_s is not None), default=default.ttl_s),
        verify_s=min((demand.verify_s for demand in every if demand.verify_s is not None), default=default.verify_s),
    )
