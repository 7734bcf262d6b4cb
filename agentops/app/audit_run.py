"""Opens the audit log for what is done without a wired run: one record or a few, under a run id of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from agentops.app.actor import current_actor, new_run, process_owner
from agentops.core.clock import utc_now

if TYPE_CHECKING:
    from agentops.audit.log import ChainLog
    from agentops.config import Settings


def audit_run(settings: Settings) -> ChainLog:
    """Return the audit log, opened for one run; use it in a ``with`` block.

    Raises:
        AuditError: it was tampered with, or cannot be written.
    """
    from agentops.audit.log import open_log
    from agentops.audit.segments.retention import Retention

    retention = Retention(segment_bytes=settings.audit_segment_mib << 20, retention_days=settings.audit_keep_days)
    return open_log(
        settings.folders.audit, run=new_run(utc_now), actor=current_actor(), clock=utc_now, retention=retention
    )


def record(settings: Settings, event: str, payload: Mapping[str, Any]) -> None:
    """Append one record to the audit log, with how it was established who acts.

    Raises:
        AuditError: it could not be written; do not go on.
    """
    with audit_run(settings) as log:
        log.append(event, {**payload, "identity": process_owner().on_record()})
