"""``aws_reboot_database``: restarts the engine of an RDS instance, or lets its standby take over.

Source: Amazon RDS API, ``RebootDBInstance``: only while it is available; a failover only with a standby.
"""

from __future__ import annotations

from agentops.core.errors import ToolInputError
from agentops.core.risk import Reversal, Risk
from agentops.providers.aws.api.calls import call_of
from agentops.providers.aws.change.declaration import FLAG, aws_change
from agentops.providers.aws.change.wanted import AwsChange, WantedState
from agentops.providers.aws.impact.state.databases import AVAILABLE
from agentops.providers.aws.objects.place import DATABASE


@aws_change(
    "aws_reboot_database",
    "Restart an RDS instance; it answers nobody meanwhile. failover: let the standby of a Multi-AZ instance take over.",
    {"failover": FLAG},
    kinds=(DATABASE,),
    sends=(("rds", "RebootDBInstance"),),
    risk=Risk.HIGH,
    reversal=Reversal.COMPENSATING,
    idempotent=False,
)
def reboot_database(change: AwsChange) -> WantedState:
    """Return the database with a reboot asked for.

    Raises:
        ToolInputError: it is not available, or has no standby to fail over to.
    """
    name, status = change.state.name, str(change.state.data.get("DBInstanceStatus", ""))
    if status != AVAILABLE:
        raise ToolInputError(f"{name} is {status}: AWS reboots only what is available")
    failover = bool(change.arguments.get("failover"))
    if failover and not change.state.data.get("MultiAZ"):
        raise ToolInputError(f"{name} has no standby in another zone: there is nothing to fail over to")
    waiting = [
        str(one.get("DBParameterGroupName"))
        for one in change.state.data.get("DBParameterGroups") or ()
        if one.get("ParameterApplyStatus") == "pending-reboot"
    ]
    arguments = {"DBInstanceIdentifier": name, **({"ForceFailover": True} if failover else {})}
    return WantedState(
        requested="reboot",
        call=call_of("rds", "RebootDBInstance", arguments),
        residue=(
            "Connections are cut and open transactions rolled back; nothing needs to be taken back.",
            # Not a mere warning: a plan that was approved before somebody changed a parameter is stale.
            *((f"Changed parameters of {', '.join(waiting)} take effect with it.",) if waiting else ()),
        ),
        warnings=("It answers nobody while it restarts; recovery after a crash takes as long as its log is.",),
    )
