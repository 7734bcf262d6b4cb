"""Whether the audit log knows a change that the journal holds: policy is milder with what rolls a change back.

Comes in: a change as the journal keeps it. Goes out: nothing, or ``NotApproved``. It must never let a file of the
journal alone decide what counts as a rollback.
"""

from __future__ import annotations

from pathlib import Path

from agentops.core.errors import NotApproved


def require_recorded(audit: Path, plan_digest: str, change_id: str) -> None:
    """Raise unless the log has the intent of exactly this plan, under this id.

    Arguments:
        audit: the folder of the log.
        plan_digest: of the plan as it was run.

    Raises:
        NotApproved: it has not (code ``not-recorded``).
        AuditError: the log cannot be read.
    """
    from agentops.audit.read import Query, read_records

    said = {"change": change_id, "digest": plan_digest}
    for record in read_records(audit, Query(event="intent", text=plan_digest)):
        if {name: record.payload.get(name) for name in said} == said:
            return
    raise NotApproved(
        f"the journal holds change {change_id}, and the audit log has no intent of that plan",
        hint="Nothing was changed. It was not run from here, or its part of the log was dropped: roll it back by hand.",
        code="not-recorded",
    )
