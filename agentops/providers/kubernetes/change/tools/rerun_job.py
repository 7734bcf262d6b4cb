"""``kubernetes_rerun_job``: runs a Job again, as a new Job of the old one's template under a name that follows from it.

Comes in: a change on an ended Job. Goes out: a preview that creates one object. A Job's selector and labels are
tied to its uid, so they are left out and made anew by the server. It must never touch the old Job.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from agentops.core.errors import NotFound, ToolError, ToolInputError
from agentops.core.plan import Change, Preview
from agentops.core.risk import Reversal, Risk
from agentops.providers.kubernetes.api.writing import create_call
from agentops.providers.kubernetes.change.change_tool import CheckedChange
from agentops.providers.kubernetes.change.declaration import change_tool
from agentops.providers.kubernetes.change.object_change import object_change
from agentops.providers.kubernetes.change.tool_context import ToolContext
from agentops.providers.kubernetes.objects.fields import Object, spec_of, status_of
from agentops.providers.kubernetes.objects.kinds import builtin
from agentops.providers.kubernetes.objects.normal_form import normalised
from agentops.providers.kubernetes.objects.revisions import OF_ONE_RUN

_MADE_BY_SERVER = ("selector", "manualSelector", "suspend")
# The pods carry the Job's name as a label, and label values end at 63 characters.
_NAME_LIMIT = 63
_RERUNS = 50
_SUFFIX = re.compile(r"-rerun-\d+$")


@change_tool(
    "kubernetes_rerun_job",
    "Run an ended Job again: a new Job of the same template under a new name. The old one stays.",
    {},
    kinds=("Job",),
    permissions=("get jobs.batch", "create jobs.batch", "delete jobs.batch"),
    reversal=Reversal.COMPENSATING,
    idempotent=False,
)
def rerun_job(context: ToolContext, change: CheckedChange) -> Preview:
    """Return the preview of a Job's rerun.

    Raises:
        ToolInputError: the Job has not ended.
        ToolError: the server refuses the new Job or cannot be asked.
    """
    kind, target = change.kind, change.target
    live = context.read(kind, target)
    if not _has_ended(live):
        raise ToolInputError(
            f"{target.short} has not ended yet", hint="Wait until it is complete or failed, or delete it first."
        )
    name = free_name(context, target.namespace, target.name)
    manifest = new_job(live, name)
    answer = context.server.dry_run(create_call(kind, target.namespace, manifest))
    made = context.cluster.ref("Job", name, target.namespace)
    return Preview(
        calls=(create_call(kind, target.namespace, manifest),),
        objects=(object_change(made, None, answer, manifest),),
        validated=True,
        risk=Risk.MEDIUM,
        reversal=Reversal.COMPENSATING,
        undo=(Change(tool="kubernetes_delete", target=made, reason="undoes the rerun"),),
        residue=("What the run does before it is deleted is not undone.",),
        warnings=answer.warnings,
    )


def _has_ended(job: Object) -> bool:
    conditions = status_of(job).get("conditions") or ()
    return any(one.get("type") in {"Complete", "Failed"} and one.get("status") == "True" for one in conditions)


def free_name(context: ToolContext, namespace: str, name: str) -> str:
    """Return the first ``NAME-rerun-N`` that is free, so that the same state gives the same name.

    Raises:
        ToolError: too many of them are there already, or the server cannot be asked.
    """
    stem = _SUFFIX.sub("", name)
    for number in range(1, _RERUNS + 1):
        suffix = f"-rerun-{number}"
        candidate = stem[: _NAME_LIMIT - len(suffix)].rstrip("-.") + suffix
        try:
            context.cluster.get_object(builtin("Job"), candidate, namespace)
        except NotFound:
            return candidate
    raise ToolError(f"{namespace}/Job/{stem} has been run again {_RERUNS} times", hint="Delete old reruns first.")


def new_job(live: Object, name: str) -> dict[str, Any]:
    """Return the manifest of a Job like ``live`` under a new name, with nothing in it that belongs to one run."""
    kept = normalised(live)
    metadata = {"name": name, "namespace": live["metadata"].get("namespace")}
    for field in ("labels", "annotations"):
        pairs = _lasting(kept["metadata"].get(field))
        if pairs:
            metadata[field] = pairs
    spec = {key: value for key, value in spec_of(kept).items() if key not in _MADE_BY_SERVER}
    template = dict(spec.get("template") or {})
    inner = dict(template.get("metadata") or {})
    inner["labels"] = _lasting(inner.get("labels"))
    template["metadata"] = {key: value for key, value in inner.items() if value}
    return {
        "apiVersion": kept["apiVersion"],
        "kind": kept["kind"],
        "metadata": metadata,
        "spec": {**spec, "template": template},
    }


def _lasting(pairs: Mapping[str, Any] | None) -> dict[str, Any]:
    return {key: value for key, value in (pairs or {}).items() if key not in OF_ONE_RUN}
