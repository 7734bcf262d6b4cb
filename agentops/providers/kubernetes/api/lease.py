"""``Lease``: one object in the cluster by which runs with separate homes see that one of them is changing something.

Comes in: a namespace, who runs this, the cluster. Goes out: who holds it, and the calls that take it and let go of it.
It reads freely; it writes only what ``taking`` and ``releasing`` returned, when the guard, which has recorded that
call, hands it back. A holder that died holds it until it expires. Source:
https://kubernetes.io/docs/concepts/architecture/leases/
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from agentops.core.clock import Clock, from_iso
from agentops.core.errors import NotFound
from agentops.core.plan import Call
from agentops.core.text import one_line
from agentops.providers.kubernetes.api.writing import create_call, json_patch_call
from agentops.providers.kubernetes.objects.kinds import builtin

if TYPE_CHECKING:
    from agentops.providers.kubernetes.api.client import Cluster
    from agentops.providers.kubernetes.api.writer import ClusterWriter

NAME = "agentops"
_MICRO = "%Y-%m-%dT%H:%M:%S.%fZ"
"""The form of a lease's times (``MicroTime``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The lease of one namespace.

    Arguments:
        namespace: where it is; it must exist.
        who: whoever runs this, with host and process: what others read.
        clock: the time by which a lease has expired.
    """

    cluster: Cluster
    writer: ClusterWriter
    namespace: str
    who: str
    clock: Clock

    @property
    def place(self) -> str:
        """Where it is, in words."""
        return f"Lease {self.namespace}/{NAME}"

    def holder(self, own: str = "") -> str:
        """Return who holds it, in words; empty when nobody does, or the change ``own``.

        Raises:
            ClusterError: it cannot be read.
        """
        spec = (self._read() or {}).get("spec") or {}
        held = str(spec.get("holderIdentity") or "")
        # A holder that died lets go when its time is over; our own change is no obstacle to us.
        if not held or (own and held.endswith(f" change {own}")) or self._has_expired(spec):
            return ""
        return f"{one_line(held, 200)}, since {one_line(str(spec.get('acquireTime')), 40)} ({self.place})"

    def taking(self, change_id: str, seconds: int) -> Call:
        """Return the call that takes it for a change; another run's taking in between makes it fail.

        Arguments:
            seconds: how long it is held at most, should this run die.

        Raises:
            ClusterError: it cannot be read.
        """
        now = self.clock().strftime(_MICRO)
        spec = {
            "holderIdentity": f"{self.who} change {change_id}",
            "leaseDurationSeconds": seconds,
            "acquireTime": now,
            "renewTime": now,
        }
        found = self._read()
        if found is None:
            manifest = {
                "apiVersion": "coordination.k8s.io/v1",
                "kind": "Lease",
                "metadata": {"name": NAME, "namespace": self.namespace},
                "spec": spec,
            }
            return create_call(builtin("Lease"), self.namespace, manifest)
        return self._patch(found, spec)

    def releasing(self) -> Call | None:
        """Return the call that lets go of it; None when it is not there any more.

        Raises:
            ClusterError: it cannot be read.
        """
        found = self._read()
        return None if found is None else self._patch(found, {"leaseDurationSeconds": 1})

    def send(self, call: Call) -> None:
        """Send a call that ``taking`` or ``releasing`` returned; the guard has recorded it.

        Raises:
            Stale, ClusterError, InDoubt: as ``ClusterWriter.send``.
        """
        self.writer.send(call)

    def _patch(self, found: dict[str, Any], spec: dict[str, Any]) -> Call:
        version = found["metadata"]["resourceVersion"]
        operations = [
            {"op": "test", "path": "/metadata/resourceVersion", "value": version},
            {"op": "add", "path": "/spec", "value": spec},
        ]
        return json_patch_call(builtin("Lease"), self.namespace, NAME, operations)

    def _read(self) -> dict[str, Any] | None:
        try:
            return self.cluster.get_object(builtin("Lease"), NAME, self.namespace)
        except NotFound:
            return None

    def _has_expired(self, spec: dict[str, Any]) -> bool:
        """A lease without a time or a length never expires by itself: that is not ours to judge."""
        renewed, length = spec.get("renewTime"), spec.get("leaseDurationSeconds")
        if not isinstance(renewed, str) or not isinstance(length, int):
            return False
        return self.clock() >= from_iso(renewed) + timedelta(seconds=length)
