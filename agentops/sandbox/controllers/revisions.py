"""ControllerRevisions: the history of a StatefulSet's or DaemonSet's template, as ``kubectl rollout`` reads it.

Comes in: a workload. Goes out: the ControllerRevision of its present template, made or renumbered. Must never keep
more old ones than the history limit.
"""

from __future__ import annotations

from agentops.sandbox.objects import labels_of, name_of, namespace_of, own, template_hash
from agentops.sandbox.store import Obj, copy_json, key_of
from agentops.sandbox.world import World


def current_revision(world: World, live: Obj) -> Obj:
    """Return the ControllerRevision of the workload's template, as the newest one."""
    template = copy_json(live["spec"]["template"])
    data = {"spec": {"template": {**template, "$patch": "replace"}}}
    held = sorted(world.owned(live, "ControllerRevision"), key=lambda one: int(one["revision"]))
    same = next((one for one in held if one["data"] == data), None)
    newest = int(held[-1]["revision"]) if held else 0
    if same is not None:
        if int(same["revision"]) < newest:
            same = world.edit(key_of(same), lambda one: one.update({"revision": newest + 1})) or same
        return same
    mark = template_hash({"template": template, "after": newest})
    made = world.store.create(
        {
            "apiVersion": "apps/v1",
            "kind": "ControllerRevision",
            "metadata": {
                "name": f"{name_of(live)}-{mark}",
                "namespace": namespace_of(live),
                "labels": {**labels_of(template), "controller-revision-hash": mark},
                "ownerReferences": own(live),
            },
            "data": data,
            "revision": newest + 1,
        }
    )
    for old in held[: max(len(held) - live["spec"].get("revisionHistoryLimit", 10), 0)]:
        world.delete(old)
    return made


def template_of(revision: Obj) -> Obj:
    """Return the pod template that a ControllerRevision holds."""
    template = copy_json(revision["data"]["spec"]["template"])
    template.pop("$patch", None)
    return template  # type: ignore[no-any-return]


def mark_of(revision: Obj) -> str:
    """Return the value of the ``controller-revision-hash`` label that pods of this revision carry."""
    return labels_of(revision)["controller-revision-hash"]
