"""What a kubelet remembers about the pods on its node: containers, their runs, pulls and probes.

These are working records, changed in place by the kubelet alone; everything that others may see goes through the
pod's status. They hold what the API does not show: how a process was started, what it prints, when it is due to
die.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from agentops.sandbox.programs import Program


@dataclass(slots=True)
class Span:
    """A line that is printed again and again between two moments; ``ended_at`` None: still."""

    started_at: datetime
    line: str
    every_s: float
    ended_at: datetime | None = None


@dataclass(slots=True)
class ProbeState:
    """How one probe of a running container stands; ``next_at`` None: it passes, and only a change can alter that."""

    kind: str
    spec: dict[str, Any]
    next_at: datetime | None
    passing: bool | None = None
    streak: int = 0


@dataclass(slots=True)
class ContainerRun:
    """One run of a container's process, with the environment and files it was started with."""

    program: Program
    started_at: datetime
    env: dict[str, str]
    files: frozenset[str]
    container_id: str
    probes: dict[str, ProbeState] = field(default_factory=dict)
    # Dependency (host:port) to when it was first found unreachable, and what the connection said.
    down: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    # The state of the network (``Index.network``) at which its dependencies were last tried.
    tried_at: int = -1
    spans: dict[str, Span] = field(default_factory=dict)
    past_spans: list[Span] = field(default_factory=list)
    last_words: list[tuple[datetime, str]] = field(default_factory=list)
    finished_at: datetime | None = None
    exit_code: int = 0
    reason: str = ""


@dataclass(slots=True)
class Pull:
    """How pulling an image stands: failures in a row, what the last one said, when to try again."""

    failures: int = 0
    error: str = ""
    reason: str = ""
    failed_at: datetime | None = None
    retry_at: datetime | None = None
    done_at: datetime | None = None
    announced: bool = False
    # What is said once the image is there.
    message: str = ""


@dataclass(slots=True)
class Box:
    """One container of a pod on its node."""

    spec: dict[str, Any]
    init: bool
    run: ContainerRun | None = None
    previous: ContainerRun | None = None
    restarts: int = 0
    # Crashes in a row, for the back-off; a long good run clears it.
    crashes: int = 0
    retry_at: datetime | None = None
    pull: Pull = field(default_factory=Pull)
    waiting: tuple[str, str] = ("ContainerCreating", "")
    last_backoff_at: datetime | None = None
    succeeded: bool = False

    @property
    def name(self) -> str:
        """The container's name."""
        return str(self.spec["name"])

    @property
    def running(self) -> bool:
        """Whether its process runs."""
        return self.run is not None and self.run.finished_at is None

    @property
    def started(self) -> bool:
        """Whether it runs and its startup probe, if it has one, has passed."""
        if not self.running or self.run is None:
            return False
        startup = self.run.probes.get("startup")
        return startup is None or startup.passing is True

    @property
    def ready(self) -> bool:
        """Whether it counts as ready."""
        if self.init:
            return self.succeeded
        if not self.started or self.run is None:
            return False
        readiness = self.run.probes.get("readiness")
        return readiness is None or readiness.passing is True


@dataclass(slots=True)
class PodRecord:
    """A pod that a kubelet looks after."""

    uid: str
    boxes: list[Box]
    admitted_at: datetime
    ip: str = ""
    mounted: bool = False
    mount_failures: int = 0
    mount_retry_at: datetime | None = None
    stop_at: datetime | None = None
    failed: tuple[str, str] | None = None
    # What the status was last built from.
    shown: object = None

    @property
    def init_boxes(self) -> list[Box]:
        """The init containers, in order."""
        return [box for box in self.boxes if box.init]

    def picture(self) -> object:
        """Return everything that the pod's status is built from, to tell whether it has to be built again."""
        boxes = [(id(box.run), box.running, box.waiting, box.restarts, box.ready, box.started) for box in self.boxes]
        return self.ip, self.failed, boxes

    @property
    def app_boxes(self) -> list[Box]:
        """The app containers."""
        return [box for box in self.boxes if not box.init]
