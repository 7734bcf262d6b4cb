"""Replicas, restarts and rollbacks of workloads.

Comes in: a live workload and the tool's arguments. Goes out: the workload as it should be. Sources:
https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-back-a-deployment
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.errors import ToolInputError
from agentops.core.risk import Risk
from agentops.providers.kubernetes.api.relatives import revisions
from agentops.providers.kubernetes.change.edit_tool import Edited, ToolContext
from agentops.providers.kubernetes.objects.difference import same
from agentops.providers.kubernetes.objects.field_paths import put
from agentops.providers.kubernetes.objects.revisions import Revision, plain_template

RESTART_ANNOTATION = "agentops.dev/restart"


def scale(_: ToolContext, live: Mapping[str, Any], arguments: Mapping[str, Any]) -> Edited:
    """Return the workload with another number of replicas; zero is of high risk.

    Raises:
        ToolInputError: never; the schema bounds the number.
    """
    replicas = int(arguments["replicas"])
    had = (live.get("spec") or {}).get("replicas", 1)
    warnings = ("Nothing serves any more when the last pod is gone.",) if had and not replicas else ()
    return Edited(
        obj=put(live, ("spec", "replicas"), replicas),
        risk=Risk.HIGH if had and not replicas else Risk.LOW,
        warnings=warnings,
        scale=True,
    )


def restart(_: ToolContext, live: Mapping[str, Any], __: Mapping[str, Any]) -> Edited:
    """Return the workload with a mark in its pod template that makes the controller replace every pod.

    The mark is made of the object's generation and not of the time, so that the same preview can be made twice.

    Raises:
        ToolInputError: its controller would not replace the pods.
    """
    spec = live.get("spec") or {}
    if live["kind"] == "Deployment" and spec.get("paused"):
        raise ToolInputError("the rollout is paused, so a restart would do nothing", hint="Set spec.paused to false.")
    if (spec.get("updateStrategy") or {}).get("type") == "OnDelete":
        raise ToolInputError("its update strategy is OnDelete: pods are replaced only when they are deleted")
    metadata = live["metadata"]
    mark = f"generation-{metadata.get('generation') or metadata['resourceVersion']}"
    path = ("spec", "template", "metadata", "annotations", RESTART_ANNOTATION)
    return Edited(obj=put(live, path, mark))


def undo_rollout(context: ToolContext, live: Mapping[str, Any], arguments: Mapping[str, Any]) -> Edited:
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
