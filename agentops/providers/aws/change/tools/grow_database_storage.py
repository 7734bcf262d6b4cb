"""``aws_grow_database_storage``: gives an RDS instance more storage, which it keeps for good.

AWS's rules are checked here because it has no dry run: at least a tenth more, never less, while it is available or its
storage is full. Source: Amazon RDS User Guide, "Increasing DB instance storage capacity"; API,
``ModifyDBInstance``.
"""

from __future__ import annotations

import math

from agentops.core.errors import ToolInputError
from agentops.core.risk import Reversal
from agentops.providers.aws.api.calls import call_of
from agentops.providers.aws.change.declaration import amount, aws_change
from agentops.providers.aws.change.wanted import AwsChange, WantedState
from agentops.providers.aws.impact.state.databases import AVAILABLE, STORAGE
from agentops.providers.aws.objects.place import DATABASE

_STATES = (AVAILABLE, "storage-full")


@aws_change(
    "aws_grow_database_storage",
    "Grow the storage of an RDS instance. It cannot be made smaller again.",
    {"gib": amount(65_536, 1, "all of it afterwards, in GiB")},
    required=("gib",),
    kinds=(DATABASE,),
    sends=(("rds", "ModifyDBInstance"),),
    reversal=Reversal.NONE,
)
def grow_database_storage(change: AwsChange) -> WantedState:
    """Return the database with more storage.

    Raises:
        ToolInputError: it is not a tenth more, or the database is not in a state for it.
    """
    name, status = change.state.name, str(change.state.data.get("DBInstanceStatus", ""))
    had, has = int(change.state.form[STORAGE]), int(change.arguments["gib"])
    arguments = {"DBInstanceIdentifier": name, STORAGE: has, "ApplyImmediately": True}
    call = call_of("rds", "ModifyDBInstance", arguments)
    if has == had:
        return WantedState(call=call)
    if str(change.state.data.get("Engine", "")).startswith("aurora"):
        raise ToolInputError(f"{name} is Aurora: its storage grows by itself")
    if status not in _STATES:
        raise ToolInputError(f"{name} is {status}: its storage grows only while it is available or full")
    if has < least(had):
        raise ToolInputError(
            f"{had} GiB can only grow, and by a tenth at least: to {least(had)} GiB",
            hint="AWS makes no storage smaller.",
        )
    pending = sorted(change.state.data.get("PendingModifiedValues") or {})
    if pending:
        # ApplyImmediately would carry out what waits for the maintenance window as well.
        raise ToolInputError(
            f"other changes of {name} wait for its maintenance window ({', '.join(pending)}): growing it now would "
            "carry them out too",
            hint="Let them be carried out first, or take them back.",
        )
    return WantedState(
        form={STORAGE: has},
        call=call,
        residue=(f"{name} keeps {has} GiB: AWS makes no storage smaller.",),
        warnings=("For six hours its storage cannot be changed again, and it is slower.",),
    )


def least(gib: int) -> int:
    """Return the least that storage can grow to."""
    return gib + max(1, math.ceil(gib / 10))
