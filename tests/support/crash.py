"""Runs one change through the real guard and dies by SIGKILL at a chosen record of the audit log.

    python crash.py KUBECONFIG CONTEXT CHANGE_JSON AT

AT is the number of the record, counted from 0, before which the process dies; -1 never. Everything is the product's
own but for the pace (a pause is short, and counts as the seconds that were asked for) and the person, who agrees.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from agentops.app.guard_wiring import ApprovalOptions, guard_services
from agentops.app.providers import PROVIDERS
from agentops.app.run import App
from agentops.app.run_clock import RunClock
from agentops.audit.log import open_log
from agentops.config import load
from agentops.core.approval import Answer, ApprovalRequest, Decision, SignedApproval
from agentops.core.audit import AuditRecord
from agentops.core.clock import utc_now
from agentops.core.jsonable import from_json
from agentops.core.plan import Change, Intent
from agentops.guard.pipeline import execute
from agentops.guard.proposal import Proposal


class Dying:
    """The audit log of a process that is killed before it writes record ``at``."""

    def __init__(self, log: Any, at: int) -> None:
        self._log, self._at, self._count = log, at, 0
        self.run = log.run

    def append(self, event: str, payload: Mapping[str, Any]) -> AuditRecord:
        if self._count == self._at:
            os.kill(os.getpid(), signal.SIGKILL)
        self._count += 1
        return self._log.append(event, payload)


class Quick(RunClock):
    """A pause lasts a moment; the sandbox in the other process is fast forwarded meanwhile."""

    def pause(self, seconds: float) -> None:
        time.sleep(0.03)
        self._ahead_s += seconds


class Agrees:
    """The person."""

    def ask(self, request: ApprovalRequest) -> Decision:
        now = utc_now()
        approval = SignedApproval(
            plan_digest=request.plan.digest,
            by="human:ana",
            method="terminal",
            at=now,
            expires_at=now + timedelta(minutes=5),
            nonce="n",
        )
        return Decision(answer=Answer.APPROVE, approvals=(approval,))


def main(kubeconfig: str, context: str, change: str, at: str) -> None:
    """Carry out the change, or die."""
    settings = load({"kubeconfig": kubeconfig, "context": context}, os.environ)
    log = Dying(open_log(settings.folders.audit, run="crash", actor="human:ana", clock=utc_now), int(at))
    app = App(
        settings,
        command="fix",
        log=log,
        clock=utc_now,
        progress=lambda step: None,
        use_model=False,
        scenario="",
        providers=PROVIDERS,
    )
    app.pace = Quick(utc_now, lambda: None)
    asking = ApprovalOptions(approver=Agrees(), on_interrupt=lambda: True)
    guard = guard_services(app, app.services.connector.for_alert(None), None, asking)
    proposal = Proposal(changes=(from_json(Change, json.loads(change)),), intent=Intent(by="human:ana"))
    sys.stdout.write(execute(guard, proposal).outcome.status.value)


if __name__ == "__main__":
    main(*sys.argv[1:])
