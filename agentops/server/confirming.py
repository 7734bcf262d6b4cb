"""Asks a person through the program that wants to apply a plan, where a setting lets that count.

Comes in: a pending plan, and what the program says its user answered. Goes out: an ``Approver`` for exactly that plan,
or a refusal. What a program relays proves nothing of a person: it may answer by itself. So nobody is asked unless
``confirm_in_band`` says so, the guard looks at that again, and the plan's code must come back: a program that says yes
to everything does not know it for having shown nothing.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import mcp_types as types

from agentops.core.approval import Answer, ApprovalRequest, Decision, SignedApproval
from agentops.core.clock import utc_now
from agentops.core.digest import digest_bytes
from agentops.core.errors import NotApproved
from agentops.core.text import clip, one_line
from agentops.server.documents import steps_document
from agentops.store.pending import PendingPlan

ASK_S = 300.0
_KEY = "confirm"
_MOST_OPEN = 256
_MESSAGE_CHARS = 6_000
_COUNTS_FOR = timedelta(seconds=60)


def declares_forms(capabilities: types.ClientCapabilities | None) -> bool:
    """Return whether a program says that it can show a form; the first form of the word, an empty object, says so."""
    found = capabilities.elicitation if capabilities is not None else None
    return found is not None and (found.form is not None or found.url is None)


def message_for(pending: PendingPlan) -> str:
    """Return what the person is shown."""
    plan = pending.plan
    about = f"risk {plan.risk.value}, undo {plan.reversal.value}"
    lines = [f"{pending.asked.client} wants to apply plan {plan.code}: {about}"]
    for number, step in enumerate(steps_document(plan), 1):
        lines += [f"{number}. {step['does']}", *(f"   {line}" for line in step["preview"])]
    lines.append(f"To agree, type the code of the plan: {plan.code}")
    return clip("\n".join(lines), _MESSAGE_CHARS)


FORM: types.ElicitRequestedSchema = {
    "type": "object",
    "properties": {"code": {"type": "string", "title": "Code of the plan", "maxLength": 20}},
    "required": ["code"],
}


def elicitation(pending: PendingPlan) -> types.ElicitRequest:
    """Return the question as a request to the program."""
    return types.ElicitRequest(
        params=types.ElicitRequestFormParams(message=message_for(pending), requested_schema=FORM)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Relayed:
    """An ``Approver`` that gives back what a program relayed, for one plan and once."""

    digest: str
    client: str
    shown: str
    clock: Callable[[], datetime] = utc_now

    def ask(self, request: ApprovalRequest) -> Decision:
        """Return the approval that the client relayed.

        Raises:
            NotApproved: it was another plan that was confirmed.
        """
        plan = request.plan
        if plan.digest != self.digest:
            raise NotApproved(f"what was confirmed is another plan than {plan.code}", code="other-plan")
        now = self.clock()
        approval = SignedApproval(
            plan_digest=plan.digest,
            by=f"client:{self.client}",
            method="client",
            at=now,
            expires_at=min(plan.expires_at, now + _COUNTS_FOR),
            nonce=secrets.token_hex(8),
            shown_digest=digest_bytes(self.shown.encode()),
        )
        return Decision(answer=Answer.APPROVE, approvals=(approval,), why=f"relayed by the client {self.client}")


def relayed(pending: PendingPlan, client: str, action: str, content: Mapping[str, Any] | None) -> Relayed:
    """Return what a program relayed as an approver.

    Raises:
        NotApproved: it is no yes, or the code is not this plan's.
    """
    plan = pending.plan
    if action == "decline":
        raise NotApproved(f"plan {plan.code} was declined", code="declined")
    if action != "accept":
        raise NotApproved(f"the question about plan {plan.code} was closed without an answer", code="cancelled")
    typed = str((content or {}).get("code", ""))
    if typed.strip().upper() != plan.code:
        raise NotApproved(
            f"{one_line(typed, 20)!r} is not the code of plan {plan.code}: nobody who saw it agreed",
            code="not-confirmed",
        )
    return Relayed(digest=plan.digest, client=client, shown=message_for(pending))


@dataclass(slots=True)
class OpenQuestions:
    """The questions of the stateless protocol that were asked and are not answered; each can be answered once.

    Arguments:
        monotonic: seconds.
    """

    monotonic: Callable[[], float]
    _open: OrderedDict[str, tuple[str, str, float]] = field(default_factory=OrderedDict, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def ask(self, pending: PendingPlan, client: str) -> types.InputRequiredResult:
        """Return the answer to the call that makes the program ask, and call again with what was said."""
        nonce = secrets.token_hex(16)
        with self._lock:
            self._open[nonce] = (pending.plan.digest, client, self.monotonic() + ASK_S)
            while len(self._open) > _MOST_OPEN:
                self._open.popitem(last=False)
        return types.InputRequiredResult(input_requests={_KEY: elicitation(pending)}, request_state=nonce)

    def answered(self, pending: PendingPlan, client: str, state: str, responses: Mapping[str, Any] | None) -> Relayed:
        """Return what the program brings back to a question of ours, and close the question.

        Raises:
            NotApproved: it was not asked here, is answered already or too late, or it is no yes.
        """
        with self._lock:
            digest, asked, until = self._open.pop(state, ("", "", 0.0))
        if (digest, asked) != (pending.plan.digest, client) or self.monotonic() >= until:
            raise NotApproved(
                f"plan {pending.plan.code} was not asked about like that, or it was answered already, or too late",
                code="not-asked",
            )
        found = (responses or {}).get(_KEY)
        action, content = getattr(found, "action", "cancel"), getattr(found, "content", None)
        return relayed(pending, client, action, content)
