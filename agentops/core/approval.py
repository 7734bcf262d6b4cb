"""Approvals: what a person is asked, the answer, and the digest that it is bound to.

``Approver`` is the one seam through which anybody is asked: a terminal, a file with a signature, an MCP client. What
it returns counts for exactly one plan digest, once, until it expires. Whatever cannot answer means no.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from agentops.core.plan import ChangePlan


class Answer(StrEnum):
    """What a person can say to a plan. WHY is answered by the approver itself and never leaves it."""

    APPROVE = "approve"
    SKIP = "skip"
    EDIT = "edit"
    STOP = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRequest:
    """What a person is asked to agree to.

    ``typed`` is what must be typed back for it to count (the plan's code, or the target's name); empty when a plain yes
    will do. ``shown_digest`` is over the text that is shown, so that the record says what was seen. ``can_tell`` says
    that a model is there to hear why a person says no. ``trouble`` is why no plan could be made of what they last asked
    for instead; this is the plan of before.
    """

    plan: ChangePlan
    typed: str = ""
    can_tell: bool = False
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedApproval:
    """An approval as a record: who, how, for which digest, until when.

    ``method`` is ``terminal`` or ``page`` (where a person was asked), ``key`` (Ed25519 ``signature`` by ``key_id`` over
    the other fields; see ``approvals/approvals.py``), ``policy`` (nobody was asked: policy asks for nobody) or
    ``client`` (an MCP client relayed it).
    """

    plan_digest: str
    by: str
    method: str
    at: datetime
    expires_at: datetime
    nonce: str
    shown_digest: str = ""
    key_id: str = ""
    signature: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """An approver's answer. ``skipped`` are the indexes left out (SKIP); ``arguments`` the new ones by step (EDIT).

    ``tell``, of a STOP: the model is to hear ``why`` and may go on, which costs what its turns cost.
    """

    answer: Answer
    approvals: tuple[SignedApproval, ...] = ()
    skipped: tuple[int, ...] = ()
    arguments: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    why: str = ""
    tell: bool = False


class Approver(Protocol):
    """Asks somebody. The guard checks every field of what comes back; an approver cannot approve by itself."""

    def ask(self, request: ApprovalRequest) -> Decision:
        """Show the plan and return the answer; the default, a time-out and a missing terminal are STOP.

        Raises:
            NotApproved: nobody can be asked; the hint is the command that a person can run instead.
            Interrupted: the person pressed Ctrl-C at the question.
        """
        ...


class ApprovalTrust(Protocol):
    """Says whose key signed an approval."""

    def signer(self, approval: SignedApproval) -> str:
        """Return the trusted approver's name (``human:ana``) whose key made the signature.

        Raises:
            NotApproved: the key is not trusted, or the signature is not over this approval.
        """
        ...
