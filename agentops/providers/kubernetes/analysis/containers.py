"""``ContainerView``: a container's spec and status side by side, with the words and paths that problems need.

Source: Kubernetes ``PodStatus``: init, app and ephemeral container statuses; states waiting, running, terminated.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agentops.providers.kubernetes.objects.fields import Key, flag, items, key_of, mapping, moment, number, text

_LISTS = (
    ("initContainerStatuses", "initContainers", "init container"),
    ("containerStatuses", "containers", "container"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerView:
    """One container of one pod.

    ``path`` is where its status stands (``status.containerStatuses[web]``), ``spec_path`` where its spec does.
    ``label`` is how people name it: ``container web``, ``init container migrate``.
    """

    pod_key: Key
    name: str
    label: str
    is_init: bool
    container: dict[str, Any]
    status: dict[str, Any]
    path: str
    spec_path: str

    @property
    def waiting(self) -> dict[str, Any]:
        """``state.waiting``, or empty."""
        return mapping(self.status, "state", "waiting")

    @property
    def reason(self) -> str:
        """Why it waits, or empty when it does not."""
        return text(self.waiting, "reason")

    @property
    def running(self) -> bool:
        """Whether it runs now."""
        return isinstance(self.status.get("state"), dict) and "running" in self.status["state"]

    @property
    def ready(self) -> bool:
        """Whether the kubelet calls it ready."""
        return flag(self.status, "ready")

    @property
    def restarts(self) -> int:
        """How often it was started again."""
        return number(self.status, "restartCount")

    @property
    def last_end(self) -> dict[str, Any]:
        """How its last finished run ended: the current state when it is terminated, else ``lastState``."""
        return mapping(self.status, "state", "terminated") or mapping(self.status, "lastState", "terminated")

    @property
    def end_path(self) -> str:
        """Where ``last_end`` stands."""
        state = "state" if mapping(self.status, "state", "terminated") else "lastState"
        return f"{self.path}.{state}.terminated"

    @property
    def ended_at(self) -> datetime | None:
        """When its last finished run ended."""
        return moment(self.last_end, "finishedAt")


def container_views(pod: dict[str, Any]) -> Iterator[ContainerView]:
    """Yield the pod's init and app containers that have a status, in the order in which they run."""
    key = key_of(pod)
    for statuses, specs, label in _LISTS:
        by_name = {text(container, "name"): container for container in items(pod, "spec", specs)}
        for status in items(pod, "status", statuses):
            name = text(status, "name")
            container = by_name.get(name, {})
            sidecar = specs == "initContainers" and text(container, "restartPolicy") == "Always"
            yield ContainerView(
                pod_key=key,
                name=name,
                label=f"{'sidecar' if sidecar else label} {name}",
                is_init=specs == "initContainers" and not sidecar,
                container=container,
                status=status,
                path=f"status.{statuses}[{name}]",
                spec_path=f"spec.{specs}[{name}]",
            )
