"""The outcome of a plan: receipts of what was sent, observations of the objects, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from agentops.core.errors import ExitCode
from agentops.core.resource import ResourceRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a change tool did: when, and the new identity of each object it wrote.

    ``objects`` maps the text of a ``ResourceRef`` to uid and resourceVersion after the write; a deleted object maps
    to two empty strings. ``notes`` are the provider's warnings and what happened on the way (``3 pods evicted``).
    """

    at: datetime
    objects: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The state of one workload (or other object that can be well or not).

    ``settled``: its controllers have nothing left to do for the current spec and it is as ready as it wants to be.
    ``failed`` is set when waiting cannot help (progress deadline exceeded, image not found), with the reason. ``idle``:
    it runs pods when asked to and is asked for none, so nothing shows whether it would be well.
    """

    ref: ResourceRef
    ready: int = 0
    wanted: int = 0
    settled: bool = True
    failed: str = ""
    detail: str = ""
    idle: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What a change tool sees of the live objects, before or after.

    ``objects`` maps the text of each touched ``ResourceRef`` to the object in the form of ``ObjectChange.before``, or
    None when there is none. ``targets`` are the workloads that the change acts on, ``dependents`` what waits for what
    is changed (claims of a class, workloads that a quota holds back), ``bystanders`` the other workloads of the
    namespaces that it touches. ``doubts`` say what of the change nothing shows.
    """

    at: datetime
    objects: Mapping[str, Mapping[str, Any] | None] = field(default_factory=dict)
    targets: tuple[Health, ...] = ()
    bystanders: tuple[Health, ...] = ()
    dependents: tuple[Health, ...] = ()
    doubts: tuple[str, ...] = ()


class Status(StrEnum):
    """How a plan ended."""

    DRY_RUN = "dry-run"
    NOTHING_TO_DO = "nothing-to-do"
    REFUSED = "refused"
    DECLINED = "declined"
    APPLIED = "applied"
    ROLLED_BACK = "rolled-back"
    ROLLBACK_FAILED = "rollback-failed"
    STOPPED = "stopped"

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of a run that ends so."""
        return {
            Status.REFUSED: ExitCode.REFUSED,
            Status.DECLINED: ExitCode.NOT_APPROVED,
            Status.ROLLED_BACK: ExitCode.ROLLED_BACK,
            Status.ROLLBACK_FAILED: ExitCode.IN_DOUBT,
            Status.STOPPED: ExitCode.IN_DOUBT,
        }.get(self, ExitCode.DONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRecord:
    """One stage of the guard's pipeline and how it went: ``passed`` or not, and the reason in one sentence."""

    stage: str
    passed: bool
    reason: str = ""
    step: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a plan ended, stage by stage. ``change_id`` names the record to roll back or recover; empty if none.

    ``doubts`` say why an applied plan does not count as verified, or what is still unwell after one was rolled back.
    """

    status: Status
    stages: tuple[StageRecord, ...] = ()
    change_id: str = ""
    receipts: tuple[Receipt, ...] = ()
    why: str = ""
    doubts: tuple[str, ...] = ()

    @property
    def verified(self) -> bool:
        """Whether it was applied, and all that it was to cure was seen unwell before and well after."""
        return self.status is Status.APPLIED and not self.doubts
