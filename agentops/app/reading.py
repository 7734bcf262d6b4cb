"""The use case ``read``: one read tool, called by itself, without an incident.

Comes in: a run, a tool's name and its arguments, and what keeps the last readings of whoever asks. Goes out: what the
toolbox makes of it: redacted, numbered, recorded, cut and fenced. It reads, and changes nothing.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from agentops.app.toolboxes import toolbox_of
from agentops.core.clock import Clock, utc_now
from agentops.core.errors import NotFound
from agentops.core.evidence import Evidence, Reading
from agentops.core.text import one_line
from agentops.core.tool import ToolCall, ToolSpec
from agentops.store.readings import evidence_of

if TYPE_CHECKING:
    from agentops.agent.toolbox import Toolbox, ToolResult
    from agentops.app.run import App

MOST_READINGS = 16
MOST_BYTES = 8 * 1024 * 1024


@dataclass(slots=True)
class LastReadings:
    """An ``EvidenceStore`` in memory that keeps the newest readings of one program, and forgets the others.

    Arguments:
        most, most_bytes: how many are kept, and how much of them all together.
    """

    clock: Clock = utc_now
    most: int = MOST_READINGS
    most_bytes: int = MOST_BYTES
    _kept: OrderedDict[str, tuple[Evidence, str]] = field(default_factory=OrderedDict, init=False)
    _count: int = field(default=0, init=False)
    _size: int = field(default=0, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def add(self, reading: Reading, *, tool: str, arguments: Mapping[str, Any], excerpt_chars: int) -> Evidence:
        """Keep a redacted reading and number it; numbers go on, whatever was forgotten."""
        unnumbered, data = evidence_of(
            reading, tool=tool, arguments=arguments, at=self.clock(), excerpt_chars=excerpt_chars
        )
        with self._lock:
            self._count += 1
            evidence = replace(unnumbered, id=f"E{self._count}")
            # What is larger than all of the room together can be read once, and not searched.
            if len(data) <= self.most_bytes:
                self._kept[evidence.id] = (evidence, reading.body)
                self._size += len(data)
            while len(self._kept) > self.most or self._size > self.most_bytes:
                _id, (gone, _body) = self._kept.popitem(last=False)
                self._size -= gone.size_bytes
        return evidence

    def body(self, evidence_id: str) -> str:
        """Return the whole body of a reading.

        Raises:
            NotFound: there is none of that id any more.
        """
        with self._lock:
            found = self._kept.get(evidence_id)
        if found is None:
            raise NotFound(f"evidence {one_line(evidence_id, 40)!r} is not kept any more; read it again")
        return found[1]

    def all(self) -> tuple[Evidence, ...]:
        """Return what is kept, oldest first."""
        with self._lock:
            return tuple(evidence for evidence, _body in self._kept.values())


def read_tools(app: App) -> tuple[ToolSpec, ...]:
    """Return what the read tools declare that work in the places of this run, by name.

    Raises:
        UsageError, ToolError: nothing can be opened.
    """
    specs = _toolbox(app, LastReadings()).specs
    return tuple(sorted(specs, key=lambda one: one.name))


def read(app: App, name: str, arguments: Mapping[str, Any], readings: LastReadings, call_id: str = "r") -> ToolResult:
    """Call one read tool.

    Arguments:
        readings: the earlier readings of whoever asks, for ``evidence_search``; this one is added.
        call_id: names the call in the record.

    Raises:
        UsageError, ToolError: no place can be opened; what the tool itself refuses is in the result.
        AuditError: it could not be recorded.
    """
    toolbox = _toolbox(app, readings)
    (result,) = toolbox.run([ToolCall(id=call_id, name=name, arguments=arguments)])
    return result


def _toolbox(app: App, readings: LastReadings) -> Toolbox:
    return toolbox_of(app.services, app.services.connector.for_alert(None), readings)
