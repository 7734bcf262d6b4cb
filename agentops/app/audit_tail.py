"""The use case ``audit tail`` of a program: the newest records of its own requests, and of nobody else's.

Comes in: settings and the program's name. Goes out: records. It reads, and whether the chain was altered is for
``audit verify`` to say.
"""

from __future__ import annotations

import json
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agentops.config import Settings
    from agentops.core.audit import AuditRecord


def audit_tail(settings: Settings, client: str, limit: int) -> tuple[AuditRecord, ...]:
    """Return the newest records that say that this program asked, oldest first.

    Raises:
        AuditError: the log cannot be read.
    """
    from agentops.audit.read import Query, read_records

    wanted = Query(text=json.dumps(client))
    found = deque(
        (one for one in read_records(settings.folders.audit, wanted) if _name_in(one) == client), maxlen=limit
    )
    return tuple(found)


def _name_in(record: AuditRecord) -> object:
    client = record.payload.get("client")
    return client.get("name") if isinstance(client, dict) else None
