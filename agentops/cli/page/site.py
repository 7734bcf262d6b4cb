"""The approval page: a request comes in, an answer goes out; no sockets.

Every request is checked first (``visit``), then it lists, shows a plan, or takes an answer to a plan that this page
showed. An answer counts once: its token was made for one showing of one plan and is spent whatever comes of it. What it
does is what ``agentops approve`` does: the same use case, the same signature, the same records. No answer means no.
"""

from __future__ import annotations

import re
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from agentops.app.approvers import KeyDialogue
from agentops.app.pending import approve_pending, decline_pending, list_pending, pending_plan
from agentops.cli.commands.approve import approved_blocks
from agentops.cli.page.approver import PageApprover
from agentops.cli.page.documents import (
    PageFrame,
    PlanForm,
    answer_document,
    entrance_document,
    grave_steps,
    list_document,
    plan_document,
)
from agentops.cli.page.visit import COOKIE, PageRequest, PageSecrets, has_cookie, opens, why_refused
from agentops.cli.report import Block, Heading, Paragraph, Tone
from agentops.cli.views.source import error_blocks
from agentops.core.clock import Clock
from agentops.core.digest import digest, digest_bytes
from agentops.core.errors import AgentopsError, ConfigError
from agentops.core.text import one_line
from agentops.store.pending import PendingPlan, PlanStanding

if TYPE_CHECKING:
    from agentops.config import Settings

_PLAN = re.compile(r"plan/([0-9a-f]{64})(?:/(approve|decline))?")
_MOST_SHOWN = 200
_TOLD_CHARS = 180


@dataclass(frozen=True, slots=True, kw_only=True)
class PageResponse:
    """An answer: its status, its body, and the headers that only it has."""

    status: int
    body: bytes
    kind: str = "text/html; charset=utf-8"
    nonce: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    def all_headers(self) -> tuple[tuple[str, str], ...]:
        """Return every header: nothing is kept, framed, guessed, or loaded from anywhere."""
        only = f"'nonce-{self.nonce}'" if self.nonce else "'none'"
        rules = (
            f"default-src 'none'; style-src {only}; script-src {only}; connect-src 'self'; form-action 'self'; "
            "base-uri 'none'; frame-ancestors 'none'"
        )
        return (
            ("Content-Type", self.kind),
            ("Content-Length", str(len(self.body))),
            ("Content-Security-Policy", rules),
            ("Cache-Control", "no-store"),
            # With no-referrer, a browser's form would say the Origin "null", like any other page's.
            ("Referrer-Policy", "same-origin"),
            ("X-Content-Type-Options", "nosniff"),
            ("X-Frame-Options", "DENY"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            *self.headers,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _ShownPlan:
    """A plan as one page showed it."""

    plan_digest: str
    shown_digest: str


@dataclass(slots=True, kw_only=True)
class ApprovalSite:
    """The page of one approver, from its start to its end.

    Arguments:
        known: what only the approver's browser knows.
        actor: who sits there: ``human:ana``.
        guarded: the approver's key needs its passphrase for each signature.
    """

    settings: Settings
    known: PageSecrets
    actor: str
    guarded: bool
    clock: Clock
    approved: int = 0
    declined: int = 0
    _is_open: bool = False
    _shown: OrderedDict[str, _ShownPlan] = field(default_factory=OrderedDict, repr=False)
    # One answer at a time: two that come together must not both find the plan undecided.
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def respond(self, request: PageRequest) -> PageResponse:
        """Return the answer to a request; nothing that was sent can make this raise an ``AgentopsError``."""
        if why := why_refused(request, self.known):
            return _refusal(403, f"Refused: {why}.")
        if opens(request, self.known):
            return self._entrance(request)
        if not has_cookie(request, self.known):
            return _refusal(403, "Refused: open the link that the terminal shows, in this browser.")
        with self._lock:
            try:
                return self._respond(request, request.path.removeprefix(self.known.root))
            except AgentopsError as error:
                return self._answer(409, error.message, error_blocks(error), alert=True)

    def _respond(self, request: PageRequest, below: str) -> PageResponse:
        found = _PLAN.fullmatch(below)
        if request.method == "GET" and below == "":
            return self._list()
        if request.method == "GET" and below == "state":
            return self._state()
        if found and request.method == "GET" and found[2] is None:
            return self._plan(found[1])
        if found and request.method == "POST" and found[2] is not None:
            return self._decide(found[1], found[2], request.fields())
        return self._answer(404, "There is no such page", [], alert=True)

    def _entrance(self, request: PageRequest) -> PageResponse:
        """Let in the first browser that has the link; a second one may be somebody else's."""
        with self._lock:
            if self._is_open and not has_cookie(request, self.known):
                words = "Refused: this link was used before, and works once. If it was not you, end the page (Ctrl-C)."
                return _refusal(403, words)
            self._is_open = True
        kept = f"{COOKIE}={self.known.cookie}; Path={self.known.root}; HttpOnly; SameSite=Strict"
        return self._page(200, entrance_document, (("Set-Cookie", kept),))

    def _list(self) -> PageResponse:
        found = list_pending(self.settings)
        return self._page(200, lambda frame: list_document(frame, found, self.clock(), self._version(found)))

    def _state(self) -> PageResponse:
        found = list_pending(self.settings)
        waiting = sum(one.standing(self.clock()) is PlanStanding.WAITING for one in found)
        body = f'{{"version": "{self._version(found)}", "waiting": {waiting}}}'
        return PageResponse(status=200, body=body.encode(), kind="application/json")

    def _version(self, found: Sequence[PendingPlan]) -> str:
        now = self.clock()
        return digest([[one.plan.digest, one.standing(now).value, len(one.approvals)] for one in found])

    def _plan(self, hexadecimal: str, *, trouble: str = "", status: int = 200) -> PageResponse:
        pending = pending_plan(self.settings, f"sha256:{hexadecimal}")
        now = self.clock()
        standing = pending.standing(now)
        token = secrets.token_urlsafe(16)
        form = None
        if standing in (PlanStanding.WAITING, PlanStanding.APPROVED):
            # A no counts after a yes, too, for as long as the plan has not run.
            can_approve = standing is PlanStanding.WAITING and not self._has_signed(pending)
            form = PlanForm(token=token, can_approve=can_approve, guarded=self.guarded, trouble=trouble)

        def document(frame: PageFrame) -> str:
            whole, shown = plan_document(frame, pending, now, form)
            if form is not None:
                said = _ShownPlan(plan_digest=pending.plan.digest, shown_digest=digest_bytes(shown.encode()))
                self._shown[token] = said
                while len(self._shown) > _MOST_SHOWN:
                    self._shown.popitem(last=False)
            return whole

        return self._page(status, document)

    def _has_signed(self, pending: PendingPlan) -> bool:
        return any(approval.by == self.actor for approval in pending.approvals)

    def _decide(self, hexadecimal: str, answer: str, fields: dict[str, str]) -> PageResponse:
        shown = self._shown.pop(fields.get("token", ""), None)
        if shown is None or shown.plan_digest != f"sha256:{hexadecimal}":
            blocks = [Paragraph("Each page takes one answer. Look at the plan again, and answer there.")]
            return self._answer(409, "This answer does not count: the page was answered before, or is too old", blocks)
        if answer == "decline":
            return self._decline(shown, fields.get("why", ""))
        return self._approve(shown, fields)

    def _decline(self, shown: _ShownPlan, told: str) -> PageResponse:
        why = one_line(told, _TOLD_CHARS) or f"refused on the page by {self.actor}"
        pending = decline_pending(self.settings, shown.plan_digest, why)
        self.declined += 1
        blocks = [Paragraph("It cannot be approved any more, and the agent that asked for it is told.")]
        return self._answer(200, f"Plan {pending.plan.code} is refused", blocks)

    def _approve(self, shown: _ShownPlan, fields: dict[str, str]) -> PageResponse:
        hexadecimal = shown.plan_digest.removeprefix("sha256:")
        plan = pending_plan(self.settings, shown.plan_digest).plan
        for number, _step in grave_steps(plan):
            if fields.get(f"step{number}") != "yes":
                return self._plan(
                    hexadecimal, trouble=f"Nothing was signed: step {number} was not agreed to.", status=422
                )
        approver = PageApprover(
            plan_digest=shown.plan_digest,
            shown_digest=shown.shown_digest,
            typed=fields.get("code", ""),
            actor=self.actor,
            nonce=secrets.token_hex(16),
            clock=self.clock,
        )
        # The passphrase is asked for on the page each time, so that a browser left open signs nothing.
        dialogue = KeyDialogue(ask=lambda _message: fields.get("passphrase") or None, tell=lambda _text: None)
        try:
            done = approve_pending(self.settings, shown.plan_digest, approver, dialogue)
        except AgentopsError as error:
            if isinstance(error, ConfigError) or error.code == "wrong-code":
                return self._plan(hexadecimal, trouble=f"Nothing was signed: {error.message}.", status=422)
            raise
        self.approved += 1
        head, *blocks = _heading_first(approved_blocks(done, Path(done.plan.code), pending=True))
        return self._answer(200, head, blocks)

    def _answer(self, status: int, heading: str, blocks: Sequence[Block], *, alert: bool = False) -> PageResponse:
        return self._page(status, lambda frame: answer_document(frame, heading, blocks, alert=alert))

    def _page(
        self, status: int, document: Callable[[PageFrame], str], headers: tuple[tuple[str, str], ...] = ()
    ) -> PageResponse:
        nonce = secrets.token_urlsafe(16)
        frame = PageFrame(actor=self.actor, root=self.known.root, nonce=nonce)
        return PageResponse(status=status, body=document(frame).encode(), nonce=nonce, headers=headers)


def _refusal(status: int, words: str) -> PageResponse:
    """Return a refusal as plain text: who is not let in learns nothing of the page."""
    return PageResponse(status=status, body=f"{words}\n".encode(), kind="text/plain; charset=utf-8")


def _heading_first(blocks: Sequence[Block]) -> tuple[str, *tuple[Block, ...]]:
    """Return the good heading's words, then everything else in its order."""
    head = next(one for one in blocks if isinstance(one, Heading) and one.tone is Tone.GOOD)
    return head.text, *(one for one in blocks if one is not head)
