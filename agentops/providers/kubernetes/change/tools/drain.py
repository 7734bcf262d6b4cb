"""``kubernetes_drain``: cordons a node, then evicts its pods one after another, as disruption budgets allow.

Comes in: a change on a Node. Goes out: a preview that lists every pod with its own call. It must never delete a pod
where eviction is refused, take a pod that came after the preview, or begin what a budget is known to stop.
Source: https://kubernetes.io/docs/tasks/administer-cluster/safely-drain-node/
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from agentops.core.clock import Clock
from agentops.core.errors import AgentopsError, ClusterError, NotFound, Stale, ToolError, ToolInputError
from agentops.core.outcome import Receipt
from agentops.core.plan import Call, Change, ObjectChange, Preview
from agentops.core.risk import Reversal, Risk
from agentops.core.text import plural
from agentops.providers.kubernetes.api.client import Selection
from agentops.providers.kubernetes.api.writer import ClusterWriter
from agentops.providers.kubernetes.api.writing import json_patch_call
from agentops.providers.kubernetes.change.change_tool import CheckedChange
from agentops.providers.kubernetes.change.declaration import FLAG, GRACE_PERIOD, change_tool
from agentops.providers.kubernetes.change.object_change import object_change
from agentops.providers.kubernetes.change.pod_removal import (
    MIRROR,
    budgets_text,
    eviction_of,
    irreversible_effects_of_pod,
    without_controller,
)
from agentops.providers.kubernetes.change.preconditions import preconditions
from agentops.providers.kubernetes.change.sender import send_all
from agentops.providers.kubernetes.change.tool_context import ToolContext
from agentops.providers.kubernetes.impact.impact_reader import ImpactReader
from agentops.providers.kubernetes.objects.fields import Object, name_of, namespace_of, spec_of
from agentops.providers.kubernetes.objects.kinds import builtin
from agentops.providers.kubernetes.objects.owners import controller_of
from agentops.providers.kubernetes.objects.pod_health import is_active
from agentops.providers.kubernetes.objects.pod_template import has_empty_dir

_POD_LIMIT = 1_000
_NAMED = 5
WAIT_S = 300.0
PAUSE_S = 2.0


def send_drain(
    writer: ClusterWriter,
    preview: Preview,
    clock: Clock,
    *,
    sleep: Callable[[float], None] = time.sleep,
    seconds: Callable[[], float] = time.monotonic,
    wait_s: float = WAIT_S,
) -> Receipt:
    """Send the calls of a drain's preview in order; an eviction that a budget refuses is tried again for a while.

    Arguments:
        sleep, seconds: the passing of time; parameters so that tests need not wait.
        wait_s: how long to wait for budgets in all.

    Raises:
        Stale: the node has changed since it was previewed; nothing was done.
        InDoubt: the answer to a call was lost.
        ToolError: a budget refused until the end, or the server refused; the message says how far it came.
    """
    deadline = seconds() + wait_s
    objects: dict[str, tuple[str, str]] = {}
    notes: list[str] = []
    evicted = 0
    for position, (call, touched) in enumerate(zip(preview.calls, preview.objects, strict=True)):
        # Each call by itself, for one refusal must not hide how far it came.
        part = replace(preview, calls=(call,), objects=(touched,))
        try:
            receipt = _send_patiently(writer, part, clock, lambda: seconds() < deadline and _slept(sleep))
        except (Stale, NotFound):
            if touched.ref.kind != "Pod":
                raise
            # The pod that was meant is not there any more, which is what was wanted.
            notes.append(f"{touched.ref.short} was gone already")
            objects[str(touched.ref)] = ("", "")
            continue
        except AgentopsError as error:
            error.message += f" (call {position + 1} of {len(preview.calls)}; those before it were applied)"
            raise
        evicted += touched.ref.kind == "Pod"
        objects |= receipt.objects
        notes += receipt.notes
    return Receipt(at=clock(), objects=objects, notes=(f"{plural(evicted, 'pod')} evicted", *dict.fromkeys(notes)))


def _send_patiently(writer: ClusterWriter, part: Preview, clock: Clock, may_wait: Callable[[], bool]) -> Receipt:
    """Send one call; ask ``may_wait``, which waits, as often as a disruption budget refuses it."""
    while True:
        try:
            return send_all(writer, part, clock)
        except ClusterError as error:
            if error.code != "disruption-budget" or not may_wait():
                raise


def _slept(sleep: Callable[[float], None]) -> bool:
    sleep(PAUSE_S)
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class _Load:
    """The pods of a node: those that go, those that stay, and why the drain may not begin."""

    going: tuple[dict[str, Any], ...]
    staying: tuple[str, ...]
    bare: tuple[str, ...]
    scratch: tuple[str, ...]


@change_tool(
    "kubernetes_drain",
    "Cordon a node and evict its pods within disruption budgets. DaemonSet and static pods stay; bare pods and "
    "emptyDir data are refused unless the arguments say so.",
    {
        "grace_period_s": GRACE_PERIOD,
        "delete_emptydir": {**FLAG, "description": "lose what is in emptyDir volumes"},
        "delete_bare_pods": {**FLAG, "description": "lose pods that no controller makes again"},
    },
    kinds=("Node",),
    permissions=("get nodes", "patch nodes", "list pods", "create pods/eviction", "list poddisruptionbudgets.policy"),
    risk=Risk.HIGH,
    reversal=Reversal.COMPENSATING,
    idempotent=False,
    timeout_s=600.0,
    send=send_drain,
)
def drain(context: ToolContext, change: CheckedChange) -> Preview:
    """Return the preview of a drain.

    Raises:
        ToolInputError: a pod without a controller or with emptyDir data is there and the arguments do not allow it.
        ToolError: a disruption budget refuses an eviction as things are now, or the server cannot be asked.
    """
    node = context.read(builtin("Node"), change.target)
    load = _load_of(context, change.target.name)
    _check(load, change)
    # The node first: what is evicted must not come back to it.
    calls, objects = _cordon(context, change, node)
    refused = []
    reader = ImpactReader(context.cluster)
    warnings: list[str] = []
    for pod in load.going:
        call = eviction_of(pod, change.arguments)
        try:
            warnings += context.server.dry_run(call, live=pod).warnings
        except ClusterError as error:
            if error.code != "disruption-budget":
                raise
            refused.append(f"{namespace_of(pod)}/{name_of(pod)} {budgets_text(reader, pod)}".rstrip())
        calls.append(call)
        objects.append(object_change(context.cluster.ref("Pod", name_of(pod), namespace_of(pod)), pod, None))
    if refused:
        raise ToolError(
            f"disruption budgets refuse the eviction of {'; '.join(refused)}",
            hint="Wait until more pods are ready, or change the budget; nothing was started.",
            code="disruption-budget",
        )
    return _described(change, node, load, calls, objects, tuple(dict.fromkeys(warnings)))


def _load_of(context: ToolContext, node: str) -> _Load:
    selection = Selection(fields=f"spec.nodeName={node}")
    pods, more = context.cluster.list_objects(builtin("Pod"), selection, limit=_POD_LIMIT)
    if more:
        raise ToolError(f"more than {_POD_LIMIT} pods are on the node {node}")
    going, staying, bare, scratch = [], [], [], []
    known: dict[str, str] = {}
    for pod in sorted(pods, key=lambda one: (namespace_of(one), name_of(one))):
        label = f"{namespace_of(pod)}/{name_of(pod)}"
        kind = (controller_of(pod) or {}).get("kind")
        if MIRROR in (pod["metadata"].get("annotations") or {}):
            staying.append(f"{label} (static)")
        elif pod["metadata"].get("deletionTimestamp"):
            staying.append(f"{label} (being deleted)")
        elif kind == "DaemonSet" and not without_controller(context, pod, known):
            staying.append(f"{label} (DaemonSet)")
        else:
            going.append(pod)
            # A pod that has ended takes nothing away that anybody waits for.
            if is_active(pod):
                bare += [label] if without_controller(context, pod, known) else []
                scratch += [label] if has_empty_dir(pod) else []
    return _Load(going=tuple(going), staying=tuple(staying), bare=tuple(bare), scratch=tuple(scratch))


def _check(load: _Load, change: CheckedChange) -> None:
    if load.bare and not change.arguments.get("delete_bare_pods"):
        raise ToolInputError(
            f"on {change.target.name}, no controller would make these pods again: {_few(load.bare)}",
            hint="Move them first, or give delete_bare_pods: true to lose them.",
        )
    if load.scratch and not change.arguments.get("delete_emptydir"):
        raise ToolInputError(
            f"on {change.target.name}, these pods would lose emptyDir data: {_few(load.scratch)}",
            hint="Give delete_emptydir: true when that data may go.",
        )


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _cordon(
    context: ToolContext, change: CheckedChange, node: Mapping[str, Any]
) -> tuple[list[Call], list[ObjectChange]]:
    if spec_of(node).get("unschedulable"):
        return [], []
    writes = [{"op": "add", "path": "/spec/unschedulable", "value": True}]
    call = json_patch_call(builtin("Node"), "", change.target.name, [*preconditions(node), *writes])
    return [call], [object_change(change.target, node, context.server.dry_run(call, live=node))]


def _described(
    change: CheckedChange,
    node: Object,
    load: _Load,
    calls: Sequence[Call],
    objects: Sequence[ObjectChange],
    said: tuple[str, ...],
) -> Preview:
    was_cordoned = bool(spec_of(node).get("unschedulable"))
    undo = Change(tool="kubernetes_uncordon", target=change.target, reason="undoes the drain")
    lost_with_pods = dict.fromkeys(line for pod in load.going for line in irreversible_effects_of_pod(pod))
    lost = (
        [f"{plural(len(load.bare), 'pod')} without a controller do not come back: {_few(load.bare)}"]
        if load.bare
        else []
    )
    warnings = [f"These stay on the node: {_few(load.staying)}"] if load.staying else []
    warnings += ["The node is cordoned already and stays so when this is undone."] if was_cordoned else []
    moved = (f"{plural(len(load.going), 'pod')} stay where they are placed next; uncordoning does not move them back.",)
    return Preview(
        calls=tuple(calls),
        objects=tuple(objects),
        validated=True,
        risk=Risk.HIGH,
        reversal=Reversal.NONE if load.bare else Reversal.COMPENSATING,
        undo=() if load.bare or was_cordoned else (undo,),
        residue=(*lost, *(moved if load.going else ()), *lost_with_pods),
        warnings=(*warnings, *said),
    )
