"""Reads the neighbourhood of an alarm or a resource: in waves, each in parallel, under one deadline.

Comes in: a client and where to begin. Goes out: an ``AwsSnapshot``. The first wave reads what was named (or all alarms
that fire) and CloudTrail, each further one what the one before led to. Reads only. A reader that fails is a gap, and
what AWS does not have is known to be absent; nothing is taken for healthy because it was not read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from agentops.core.alert import Target
from agentops.core.analysis import Edge, Gap
from agentops.core.clock import Clock
from agentops.core.errors import ToolError
from agentops.core.progress import Progress, Stage, Step
from agentops.core.resource import ResourceRef
from agentops.core.text import one_line, plural
from agentops.core.threads import Done, Job, run_in_order
from agentops.providers.aws.api.client import AwsClient
from agentops.providers.aws.api.errors import ABSENT, CHANGED
from agentops.providers.aws.objects.place import KINDS
from agentops.providers.aws.objects.snapshot import AwsSnapshot, Data
from agentops.providers.aws.sweep.clusters import joints
from agentops.providers.aws.sweep.registry import FIRING, READERS, TRAIL, read_thing
from agentops.providers.aws.sweep.scout import Found, KindAndId, Scout

_THREADS, _WAVES, _MOST = 8, 5, 150
_READ_S, _ALL_S = 45.0, 90.0


class _Sweep:
    """What one sweep has brought together so far."""

    def __init__(self, scout: Scout) -> None:
        self.scout = scout
        self.things: dict[KindAndId, Data] = {}
        self.edges: dict[ResourceRef, dict[ResourceRef, Edge]] = {}
        self.absent: set[ResourceRef] = set()
        self.unread: set[ResourceRef] = set()
        self.changes: tuple[Data, ...] = ()
        self.asked: set[KindAndId] = set()

    def wave(self, names: Sequence[KindAndId], seconds: float) -> list[KindAndId]:
        """Read some things in parallel and return what they lead to."""
        self.asked.update(names)
        jobs: list[Job[KindAndId, Found]] = [
            Job(key=one, work=partial(read_thing, self.scout, *one), timeout_s=min(_READ_S, seconds)) for one in names
        ]
        follow: list[KindAndId] = []
        for done in run_in_order(jobs, threads=_THREADS):
            follow += self._take(done)
        return [one for one in dict.fromkeys(follow) if one not in self.asked and one[0] in READERS]

    def _take(self, done: Done[KindAndId, Found]) -> list[KindAndId]:
        if done.value is None:
            self._failed(done.key, done.error)
            return []
        self.things.update(done.value.things)
        self.changes += done.value.changes
        for link in done.value.links:
            upper, lower = self.scout.place.ref(*link.upper), self.scout.place.ref(*link.lower)
            edge = Edge(ref=lower, relation=link.relation, own=link.own, dependency=link.dependency)
            self.edges.setdefault(upper, {}).setdefault(lower, edge)
        return done.value.follow

    def _failed(self, name: KindAndId, error: BaseException | None) -> None:
        kind, what = name
        if isinstance(error, ToolError) and error.code == CHANGED:
            raise error
        if isinstance(error, ToolError) and kind in KINDS and error.code == ABSENT:
            self.absent.add(self.scout.place.ref(kind, what))
            return
        if not isinstance(error, ToolError | TimeoutError):
            raise error or RuntimeError(f"nothing came of reading {kind}")
        reason = error.message if isinstance(error, ToolError) else str(error)
        if kind in KINDS:
            self.unread.add(self.scout.place.ref(kind, what))
        self.scout.miss(f"{kind} {what}".strip() if kind in KINDS else kind, one_line(reason, 300))


def sweep(
    client: AwsClient,
    *,
    target: Target,
    starts: Sequence[KindAndId],
    clock: Clock,
    progress: Progress,
    settled: bool,
    redacted: Callable[[str], str] = str,
    contexts: Mapping[str, str] | None = None,
) -> AwsSnapshot:
    """Return what was read round ``starts``.

    Arguments:
        starts: kinds and ids; none means all alarms that fire.
        redacted: hides the secrets of a log line, before it is cut to a length.
        settled: after a change: CloudTrail is left out, and metrics and log lines of the time before.
        contexts: the contexts of the kubeconfig by the address of their API server.

    Raises:
        ToolError: nothing could be read at all.
    """
    now, begun = clock(), time.monotonic()
    scout = Scout(client, now, redacted, settled=settled, contexts=contexts)
    found = _Sweep(scout)
    progress(Step(stage=Stage.SWEEP, text=f"reading AWS {scout.place.account} {scout.place.region}", key="sweep-aws"))
    wave = [*(starts or [FIRING]), *([] if settled else [TRAIL])]
    for number in range(_WAVES):
        left_s = _ALL_S - (time.monotonic() - begun)
        room = _MOST - len(found.asked)
        if not wave or left_s <= 0 or room <= 0:
            _say_left_out(scout, wave)
            break
        follow = found.wave(wave[:room], left_s)
        _say_left_out(scout, wave[room:])
        if number == 0 and not starts:
            _require_alarms(scout.gaps)
        wave = follow
    for upper, edge in joints(scout.place, found.things):
        found.edges.setdefault(upper, {}).setdefault(edge.ref, edge)
    text = f"read {plural(len(found.things), 'resource')} of AWS ({time.monotonic() - begun:.1f} s)"
    progress(Step(stage=Stage.SWEEP, text=text, key="sweep-aws", done=True))
    return AwsSnapshot(
        place=scout.place,
        at=now,
        target=target,
        starts=_starts(scout, found, starts),
        things={scout.place.ref(*name): data for name, data in found.things.items()},
        edges={ref: tuple(edges.values()) for ref, edges in found.edges.items()},
        absent=frozenset(found.absent),
        unread=frozenset(found.unread),
        changes=found.changes,
        gaps=tuple(scout.gaps),
        whole=not starts,
    )


def _starts(scout: Scout, found: _Sweep, starts: Sequence[KindAndId]) -> tuple[ResourceRef, ...]:
    if starts:
        return tuple(scout.place.ref(*one) for one in starts)
    return tuple(scout.place.ref(*name) for name in found.things if name[0] == "cloudwatch/alarm")


def _require_alarms(gaps: Iterable[Gap]) -> None:
    """Raise where a sweep that begins at what fires could not learn what does: it would be about nothing."""
    for gap in gaps:
        if gap.what == FIRING[0] and not gap.reason.startswith("only "):
            raise ToolError(gap.reason, hint="Which permissions a sweep needs: docs/aws.md", code="aws-unread")


def _say_left_out(scout: Scout, names: Sequence[KindAndId]) -> None:
    for kind in sorted({kind for kind, _ in names}):
        scout.miss(kind, f"not all were read: a sweep reads {_MOST} things at most")
