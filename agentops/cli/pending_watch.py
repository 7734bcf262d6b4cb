"""``agentops approvals --watch``: says each plan that another agent asks for, and puts it before whoever sits there.

Comes in: what lists the plans and what decides one. Goes out: lines on stdout, questions on the terminal. One thread
looks and notifies, so that a plan is told of while a person is at the question of another one; it decides nothing.
"""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from types import TracebackType

from agentops.cli.notifying import Notify
from agentops.cli.views.pending import client_of, pending_line
from agentops.cli.views.plan import objects_of
from agentops.core.clock import Clock
from agentops.core.errors import AgentopsError
from agentops.core.text import visible
from agentops.store.pending import PendingPlan, PlanStanding

EVERY_S = 1.0
"""How often the folder is looked at; a person is not faster."""

Listing = Callable[[], tuple[PendingPlan, ...]]


class PendingNews:
    """What is new among the pending plans, in order; a context manager whose thread looks until it is left.

    Arguments:
        listing: returns the plans that wait or are approved.
        notify: told of each plan that begins to wait; None for nobody.
    """

    def __init__(self, listing: Listing, clock: Clock, notify: Notify | None, every_s: float = EVERY_S) -> None:
        self._listing = listing
        self._clock = clock
        self._notify = notify
        self._every_s = every_s
        self._found: queue.Queue[PendingPlan | AgentopsError] = queue.Queue()
        self._seen: dict[str, PlanStanding] = {}
        self._trouble = ""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look_on, name="pending-plans", daemon=True)

    def __enter__(self) -> PendingNews:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join(timeout=self._every_s + 10.0)

    def next(self, wait_s: float = 1.0) -> PendingPlan | AgentopsError | None:
        """Return the next plan that is new or stands otherwise than before, or why none could be read.

        Arguments:
            wait_s: how long to wait for one; None is returned then. A wait without an end could not be interrupted.
        """
        try:
            return self._found.get(timeout=wait_s)
        except queue.Empty:
            return None

    def _look_on(self) -> None:
        while not self._ended.is_set():
            try:
                self._look()
                self._trouble = ""
            except AgentopsError as error:
                # Once: the same trouble every second is no news.
                if error.message != self._trouble:
                    self._trouble = error.message
                    self._found.put(error)
            self._ended.wait(self._every_s)

    def _look(self) -> None:
        now = self._clock()
        plans = self._listing()
        for one in reversed(plans):
            standing = one.standing(now)
            if self._seen.get(one.plan.digest) is standing:
                continue
            if self._notify is not None and standing is PlanStanding.WAITING:
                self._notify(f"Plan {one.plan.code} waits for you", notice_of(one))
            self._seen[one.plan.digest] = standing
            self._found.put(one)


def notice_of(pending: PendingPlan) -> str:
    """Return what a desktop shows of a plan: as little as tells whether to go and look."""
    plan = pending.plan
    return f"{plan.risk.value.upper()} risk, {objects_of(plan)} in {plan.places}, asked by {client_of(pending)}"


def watch(news: PendingNews, clock: Clock, look_at: Callable[[PendingPlan], bool] | None) -> None:
    """Tell of each plan until Ctrl-C.

    Arguments:
        look_at: puts a plan that waits before a person, and returns whether to go on; None where nobody can be asked.
    """
    while True:
        found = news.next()
        if found is None:
            continue
        _say(news_line(found, clock()))
        if isinstance(found, AgentopsError) or look_at is None or found.standing(clock()) is not PlanStanding.WAITING:
            continue
        if not look_at(found):
            return


def news_line(found: PendingPlan | AgentopsError, now: datetime) -> str:
    """Return what is new on one line."""
    if isinstance(found, AgentopsError):
        return f"not read: {found.message}; trying again"
    return pending_line(found, now)


def _say(text: str) -> None:
    sys.stdout.write(visible(text) + "\n")
    sys.stdout.flush()
