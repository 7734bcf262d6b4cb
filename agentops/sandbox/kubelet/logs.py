"""Container logs and resource usage, made from what the kubelet remembers of each run when somebody reads them.

Comes in: a run (its program, times, troubles and last words). Goes out: stamped lines in time order, always the
same for the same run; and cpu and memory numbers. Nothing is kept: an hour of logs costs nothing until it is read.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from agentops.core.clock import to_iso
from agentops.sandbox.kubelet.pods import Kubelet
from agentops.sandbox.kubelet.runs import Box, ContainerRun
from agentops.sandbox.store import Key
from agentops.sandbox.world import World

# A read goes back this far at most, as a log file that is rotated does.
_LONGEST = timedelta(hours=6)


class NodeReports:
    """What the kubelets answer when the API server asks them for logs and usage."""

    def __init__(self, world: World, kubelet: Kubelet) -> None:
        self._world = world
        self._kubelet = kubelet

    def logs(
        self, namespace: str, pod: str, container: str, previous: bool, since: datetime | None, tail: int | None
    ) -> str:
        """Return a container's lines, oldest first, each as ``RFC3339 time, space, text, newline``.

        Arguments:
            previous: the run before the present one; of a container that waits to be restarted, its last run.
            since: leave out lines before this.
            tail: only the last so many lines.

        Raises:
            LookupError: there is no such run.
        """
        with self._world.store.lock:
            box = self._box(namespace, pod, container)
            run = box.run if not previous or not box.running else box.previous
            if run is None:
                raise LookupError(container)
            found = sorted(_lines(run, run.finished_at or self._world.now, since), key=lambda line: line[0])
        if tail is not None:
            found = found[max(len(found) - tail, 0) :]
        return "".join(f"{to_iso(moment)[:-1]}000000Z {text}\n" for moment, text in found)

    def pod_usage(self, namespace: str, name: str) -> Mapping[str, Mapping[str, str]]:
        """Return cpu and memory of each running container; empty when none runs."""
        record = self._kubelet.records.get(Key("", "Pod", namespace, name))
        boxes = record.app_boxes if record else []
        return {box.name: _usage([box.run], self._world.now) for box in boxes if box.running and box.run}

    def node_usage(self, name: str) -> Mapping[str, str]:
        """Return cpu and memory of everything that runs on a node, the system's own share included."""
        if name in self._world.dead_nodes:
            return {}
        keys = [
            Key("", "Pod", one["metadata"]["namespace"], one["metadata"]["name"]) for one in self._world.pods_on(name)
        ]
        records = [self._kubelet.records[key] for key in keys if key in self._kubelet.records]
        runs = [box.run for record in records for box in record.boxes if box.running and box.run]
        return _usage(runs, self._world.now, cpu=0.11, memory=420 * 2.0**20)

    def _box(self, namespace: str, pod: str, container: str) -> Box:
        record = self._kubelet.records.get(Key("", "Pod", namespace, pod))
        for box in record.boxes if record else []:
            if box.name == container:
                return box
        raise LookupError(container)


def _usage(runs: list[ContainerRun], now: datetime, *, cpu: float = 0.0, memory: float = 0.0) -> dict[str, str]:
    cpu += sum(run.program.cpu for run in runs)
    memory += sum(run.program.memory.at((now - run.started_at).total_seconds()) for run in runs)
    return {"cpu": f"{round(cpu * 1000)}m", "memory": f"{round(memory / 1024)}Ki"}


def _lines(run: ContainerRun, end: datetime, since: datetime | None) -> Iterator[tuple[datetime, str]]:
    begin = max(since or run.started_at, end - _LONGEST)
    yield from (line for line in run.last_words if line[0] >= begin)
    for span in (*run.past_spans, *run.spans.values()):
        for _, moment in _beats(span.started_at, span.ended_at or end, span.every_s, begin):
            yield moment, span.line
    log, starts_in_s = run.program.log, run.program.starts_in_s
    for number, text in enumerate(log.start):
        moment = run.started_at + timedelta(seconds=starts_in_s * (number + 1) / (len(log.start) + 1))
        if begin <= moment <= end:
            yield moment, _filled(text, run, number, moment)
    first = run.started_at + timedelta(seconds=starts_in_s + log.every_s)
    for index, moment in _beats(first, end, log.every_s, begin) if log.lines else ():
        yield moment, _filled(log.lines[_chance(run, index) % len(log.lines)], run, index, moment)


def _beats(start: datetime, end: datetime, every_s: float, begin: datetime) -> Iterator[tuple[int, datetime]]:
    """Return (number, moment) of each beat of a steady rhythm that falls between ``begin`` and ``end``."""
    index = max(math.ceil((begin - start).total_seconds() / every_s), 0)
    while (moment := start + timedelta(seconds=every_s * index)) <= end:
        yield index, moment
        index += 1


def _chance(run: ContainerRun, index: int) -> int:
    digest = hashlib.blake2b(f"{run.container_id}/{index}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def _filled(text: str, run: ContainerRun, index: int, moment: datetime) -> str:
    if "{" not in text:
        return text
    chance = _chance(run, index)
    for name, value in (
        ("{n}", str(100 + chance % 900)),
        ("{ms}", str(3 + chance // 1000 % 90)),
        ("{id}", f"{chance & 0xFFFFFF:06x}"),
        ("{time}", to_iso(moment)),
    ):
        text = text.replace(name, value)
    return text
