"""``Snapshot``: the neighbourhood of an alert at one moment, as plain objects; the analyzers' only input.

The sweep (``providers/kubernetes/sweep/sweep.py``) makes it; ``triage`` reads it. Objects are the API's own JSON as
dicts, pruned of what no analyzer reads (``managedFields``, ``last-applied-configuration``, Secret data). Objects are
shared, not copied: nobody may change them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from agentops.core.alert import Target
from agentops.core.analysis import Gap
from agentops.providers.kubernetes.objects.fields import Object

"""A Kubernetes object as plain JSON: ``kind`` and ``apiVersion`` are always set, lists included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogTail:
    """The last lines of one container; ``previous`` says it is the run before the last restart."""

    namespace: str
    pod: str
    container: str
    previous: bool
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything that one sweep read.

    Arguments:
        context: the kubeconfig context that was read.
        namespaces: the namespaces in scope; empty means all of them.
        observed_at: when the sweep began.
        target: what the alert is about; empty for a plain scan.
        objects: kind -> objects of that kind (``Event`` included). A kind that is missing was not read (see ``gaps``);
            an empty tuple means that it was read and there are none. Secrets appear with ``data`` mapped key -> ``""``.
        logs: tails of containers that looked unwell.
        gaps: what could not be read, and why.
        whole: kind -> objects with all their fields, of the kinds that a user's rules look at.
    """

    context: str
    observed_at: datetime
    namespaces: tuple[str, ...] = ()
    target: Target = Target()
    objects: Mapping[str, tuple[Object, ...]] = field(default_factory=dict)
    logs: tuple[LogTail, ...] = ()
    gaps: tuple[Gap, ...] = ()
    whole: Mapping[str, tuple[Object, ...]] = field(default_factory=dict)

    def of(self, kind: str) -> tuple[Object, ...]:
        """Return the objects of ``kind``; empty when there are none or it was not read."""
        return self.objects.get(kind, ())

    def was_read(self, kind: str) -> bool:
        """Tell 'there are none' from 'nobody looked'."""
        return kind in self.objects
