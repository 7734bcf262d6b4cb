"""``kubernetes_rollout_undo``: gives a workload the pod template of an earlier revision.

Comes in: a live workload and a revision's number. Goes out: the workload with that template; nothing else of it
changes. Source: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-back-a-deployment
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from agentops.core.errors import ToolInputError
from agentops.core.risk import Reversal
from agentops.providers.kubernetes.api.relatives import revisions
from agentops.providers.kubernetes.change.declaration import NUMBER, change_tool, get_and_patch
from agentops.providers.kubernetes.change.edit import Edited
from agentops.providers.kubernetes.change.edit_tool import edits_object
from agentops.providers.kubernetes.objects.difference import same
from agentops.providers.kubernetes.objects.field_paths import put
from agentops.providers.kubernetes.objects.revisions import Revision, plain_template
from agentops.providers.kubernetes.objects.workloads import ROLLED_KINDS

if TYPE_CHECKING:
    from agentops.providers.kubernetes.change.tool_context import ToolContext


@change_tool(
    "kubernetes_rollout_undo",
    "Give a workload the pod template of an earlier revision: the first choice when a rollout broke it.",
    {"to_revision": {**NUMBER, "maximum": 10**9, "description": "default: the one before"}},
    kinds=ROLLED_KINDS,
    permissions=(
        *get_and_patch("deployments.apps", "statefulsets.apps", "daemonsets.apps"),
        "list replicasets.apps",
        "list controllerrevisions.apps",
    ),
    reversal=Reversal.COMPENSATING,
)
@edits_object
def rollout_undo(context: ToolContext, live: Mapping[str, Any], arguments: Mapping[str, Any]) -> Edited:
    """Return the workload with the pod template of an earlier revision; nothing else of it changes.

    Raises:
        ToolInputError: there is no such revision, or the rollout is paused.
        ClusterError: the revisions cannot be read.
    """
    if (live.get("spec") or {}).get("paused"):
        raise ToolInputError("a paused rollout cannot be undone", hint="Set spec.paused to false first.")
    found = revisions(context.cluster, live)
    chosen = _revision(found, live, int(arguments.get("to_revision", 0)))
    if not chosen.template.get("spec"):
        raise ToolInputError(f"revision {chosen.number} has no pod template that could be read")
    wanted = _template(live["spec"]["template"], chosen.template)
    return Edited(
        obj=put(live, ("spec", "template"), wanted),
        earlier=True,
        warnings=(f"The pod template becomes that of revision {chosen.number} ({chosen.name}).",),
    )


def _revision(found: list[Revision], live: Mapping[str, Any], number: int) -> Revision:
    kept = ", ".join(str(one.number) for one in found) or "none"
    if number:
        chosen = next((one for one in found if one.number == number or number in one.earlier), None)
        if chosen is None:
            raise ToolInputError(f"there is no revision {number} any more", hint=f"Kept are: {kept}")
        return chosen
    # Without a number: the newest revision that differs, for the present one is among those that are kept.
    current = plain_template(live["spec"]["template"])
    older = [one for one in found if not same(_comparable(one.template), _comparable(current))]
    if not older:
        raise ToolInputError("there is no earlier revision to go back to", hint=f"Kept are: {kept}")
    return older[0]


def _comparable(template: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {key: value for key, value in (template.get("metadata") or {}).items() if value}
    return {"metadata": metadata, "spec": template.get("spec")}


def _template(live: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return the revision's template; server-written nulls and empty maps of the live one stay, lest they be edits."""
    metadata = {key: value for key, value in (wanted.get("metadata") or {}).items() if value}
    empty = {key: value for key, value in (live.get("metadata") or {}).items() if not value and key not in metadata}
    return {
        **{key: value for key, value in live.items() if key != "spec"},
        "metadata": {**empty, **metadata},
        "spec": wanted["spec"],
    }
