"""``ToolContext``: what every change tool makes its previews with; and a second try when the object moves meanwhile.

Comes in: one cluster to read, its server to try calls out on, the time. Goes out: kinds, live objects, autoscalers. It
must never hold anything that can write.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from agentops.core.clock import Clock
from agentops.core.errors import ClusterError, Stale, ToolError, ToolInputError
from agentops.core.plan import Preview
from agentops.core.resource import ResourceRef
from agentops.core.text import one_line
from agentops.providers.kubernetes.api.client import Cluster, Selection
from agentops.providers.kubernetes.api.dry_runner import PreviewServer
from agentops.providers.kubernetes.change.predictor import Predictor
from agentops.providers.kubernetes.objects.kinds import BUILTIN, Kind, builtin
from agentops.providers.kubernetes.objects.paths import check_part

_ATTEMPTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolContext:
    """What every change tool makes previews with: one cluster to read, its server to try calls out on, and the time.

    There is no writer here: nothing that a preview can reach is able to write. ``gone`` is what earlier steps of the
    plan will have deleted.
    """

    cluster: Cluster
    server: PreviewServer
    clock: Clock
    gone: frozenset[ResourceRef] = frozenset()

    def predicting(self) -> ToolContext:
        """Return a context on which dry runs are worked out from reads, and nothing is sent."""
        return replace(self, server=Predictor(self.server))

    def kind_of(self, target: ResourceRef, kinds: tuple[str, ...] = ()) -> Kind:
        """Return the kind of a change's target.

        Raises:
            ToolInputError: it is in another cluster, of a kind that the tool does not take, or not placed rightly.
            NotFound: the server has no such kind.
        """
        # A plan is bound to one cluster; a target elsewhere would be read from the wrong one.
        if target.scheme != "k8s" or target.context != self.cluster.context:
            raise ToolInputError(
                f"{one_line(str(target), 120)} is not in the cluster {self.cluster.context}",
                hint=f"Targets look like k8s://{self.cluster.context}/NAMESPACE/KIND/NAME",
            )
        kind = self.cluster.kind(target.kind)
        # Policy rules on the kind as it is written here, so each kind has one spelling and no other.
        spelled = kind.kind if kind in BUILTIN or self.cluster.kind(kind.kind) == kind else f"{kind.kind}.{kind.group}"
        if target.kind != spelled:
            raise ToolInputError(f"the kind {one_line(target.kind, 60)!r} is written {spelled} in a change")
        if kinds and (kind.kind not in kinds or kind not in BUILTIN):
            raise ToolInputError(
                f"this is for {', '.join(kinds)}, not for {one_line(target.kind, 60)}",
                hint="kubernetes_patch takes any kind.",
            )
        check_part(target.name, "name")
        if kind.namespaced is not bool(target.namespace):
            where = "needs a namespace" if kind.namespaced else "is cluster-scoped: write - for its namespace"
            raise ToolInputError(f"{kind.kind} {one_line(target.name, 80)} {where}")
        if kind.namespaced:
            check_part(target.namespace, "namespace")
        return kind

    def read(self, kind: Kind, target: ResourceRef) -> dict[str, Any]:
        """Return the live object, managedFields included.

        Raises:
            NotFound, Forbidden, Unreachable, ClusterError: the server refused, failed or did not answer.
        """
        return self.server.get(kind.path(namespace=target.namespace, name=target.name))

    def scalers(self, namespace: str) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
        """Return the autoscalers of a namespace, and a warning when they cannot be read."""
        if not namespace:
            return [], ()
        try:
            found, _ = self.cluster.list_objects(
                builtin("HorizontalPodAutoscaler"), Selection(namespace=namespace), limit=500
            )
        except ClusterError as error:
            return [], (f"Whether an autoscaler owns it is not known: {error.message}",)
        return found, ()


def retry_while_stale(target: ResourceRef, attempt: Callable[[], Preview]) -> Preview:
    """Return what ``attempt`` returns, trying again when the object moves between its being read and its dry run.

    Raises:
        ToolError: it moves each time; or what ``attempt`` raises.
    """
    words = ""
    for _ in range(_ATTEMPTS):
        try:
            return attempt()
        # Somebody else wrote it between the read and the trial: a status, often. Read again.
        except Stale as error:
            words = error.message
    raise ToolError(f"{target.short} keeps changing: {words}", hint="Try again in a moment.")
