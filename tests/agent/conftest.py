"""Parts that the agent's tests share: a store and an audit log in memory, small read tools, a box to run them in."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from agentops.agent.fence import Fence
from agentops.agent.finding_review import FindingReview
from agentops.agent.loop import investigate
from agentops.agent.models.claude import Claude, ClaudeSettings
from agentops.agent.models.retry import Retries
from agentops.agent.models.scripted import Scripted
from agentops.agent.request_prefix import wire_tools
from agentops.agent.result import LoopResult
from agentops.agent.toolbox import Toolbox
from agentops.core.audit import AuditRecord
from agentops.core.digest import canonical, digest_bytes
from agentops.core.errors import AuditError, NotFound
from agentops.core.evidence import Evidence, Reading
from agentops.core.progress import Step
from agentops.core.resource import Home
from agentops.core.tool import ToolSpec
from agentops.core.usage import Limits

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class MemoryStore:
    """Keeps evidence as the incident folder does, in memory."""

    def __init__(self) -> None:
        self._evidence: list[Evidence] = []
        self._bodies: dict[str, str] = {}

    def add(self, reading: Reading, *, tool: str, arguments: Mapping[str, Any], excerpt_chars: int) -> Evidence:
        evidence = Evidence(
            id=f"E{len(self._evidence) + 1}",
            tool=tool,
            arguments=dict(arguments),
            observed_at=NOON,
            digest=digest_bytes(reading.body.encode()),
            summary=reading.summary,
            excerpt=reading.body[:excerpt_chars],
            size_bytes=len(reading.body.encode()),
            truncated=len(reading.body) > excerpt_chars,
            footer=reading.footer,
            resources=reading.resources,
        )
        self._evidence.append(evidence)
        self._bodies[evidence.id] = reading.body
        return evidence

    def body(self, evidence_id: str) -> str:
        if evidence_id not in self._bodies:
            raise NotFound(evidence_id)
        return self._bodies[evidence_id]

    def all(self) -> tuple[Evidence, ...]:
        return tuple(self._evidence)


class MemoryAudit:
    """Appends to a list; refuses what the chain refuses; fails from the ``broken_at``-th record on."""

    run = "run-1"

    def __init__(self, broken_at: int | None = None) -> None:
        self.records: list[AuditRecord] = []
        self._broken_at = broken_at

    def append(self, event: str, payload: Mapping[str, Any]) -> AuditRecord:
        if self._broken_at is not None and len(self.records) >= self._broken_at:
            raise AuditError("the disk is full")
        assert not list(_floats(payload)), payload
        canonical(payload)
        record = AuditRecord(
            prev="0" * 64, seq=len(self.records), time="", run=self.run, actor="agent", event=event, payload=payload
        )
        self.records.append(record)
        return record

    def payloads(self, event: str) -> list[Mapping[str, Any]]:
        return [record.payload for record in self.records if record.event == event]


def _floats(value: Any) -> Iterator[float]:
    if isinstance(value, float):
        yield value
    for item in value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ():
        yield from _floats(item)


class HideSecrets:
    """Replaces the one secret that these tests know."""

    def text(self, text: str) -> str:
        return text.replace("hunter2", "[redacted]")

    def value(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {key: self.value(item) for key, item in value.items()}
        return [self.value(item) for item in value] if isinstance(value, list) else value


@dataclass
class FakeTool:
    """A read tool whose reading is computed by ``answer`` from its arguments."""

    spec: ToolSpec
    answer: Callable[[Mapping[str, Any]], Reading]
    calls: list[Mapping[str, Any]] = field(default_factory=list)

    def read(self, arguments: Mapping[str, Any]) -> Reading:
        self.calls.append(arguments)
        return self.answer(arguments)


def _look(arguments: Mapping[str, Any]) -> Reading:
    name = arguments["name"]
    return Reading(body=f"status of {name}: OOMKilled", summary=f"1 pod named {name}")


@pytest.fixture
def look() -> FakeTool:
    """A tool ``look`` that finds every pod OOMKilled."""
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "tail": {"type": "integer", "minimum": 1, "maximum": 100}},
        "required": ["name"],
        "additionalProperties": False,
    }
    return FakeTool(ToolSpec(name="look", description="Look at a pod.", schema=schema, timeout_s=5.0), _look)


@pytest.fixture
def make_tool() -> Callable[..., FakeTool]:
    """Makes a tool without arguments that answers as told."""

    def make(name: str, answer: Callable[[Mapping[str, Any]], Reading], timeout_s: float = 5.0) -> FakeTool:
        schema = {"type": "object", "properties": {}, "additionalProperties": True}
        return FakeTool(ToolSpec(name=name, description=name, schema=schema, timeout_s=timeout_s), answer)

    return make


@dataclass
class Bench:
    """A toolbox with everything round it within reach, and a loop to run scripts in."""

    store: MemoryStore
    audit: MemoryAudit
    steps: list[Step]
    toolbox: Toolbox
    kept: list[Mapping[str, Any]] = field(default_factory=list)

    def play(self, *turns: Mapping[str, Any], limits: Limits | None = None, **more: Any) -> LoopResult:
        """Run the loop with a scripted model, or with ``model`` when that is given."""
        return investigate(
            model=more.pop("model", None) or Scripted(turns),
            toolbox=self.toolbox,
            opening=more.pop("opening", "An alert fired."),
            home=Home("k8s", "test"),
            limits=limits or Limits(),
            progress=more.pop("progress", self.steps.append),
            monotonic=more.pop("monotonic", lambda: 0.0),
            keep=self.kept.extend,
            **more,
        )

    @property
    def prefix(self) -> tuple[str, tuple[Mapping[str, Any], ...]]:
        """What every request of an investigation begins with: the system prompt, and the tools on the wire."""
        review = FindingReview(home=Home("k8s", "test"), by="test", drafts=self.toolbox.drafting is not None)
        return review.system, wire_tools(self.toolbox, review.ending)

    def answers(self, result: LoopResult) -> list[str]:
        """Return what the model was told in tool results and texts, opening excluded."""
        blocks = [block for message in result.messages if message["role"] == "user" for block in message["content"]]
        return [block.get("content") or block["text"] for block in blocks][1:]


@pytest.fixture
def make_bench() -> Callable[..., Bench]:
    """Makes a bench from tools."""

    def make(*tools: FakeTool, broken_at: int | None = None, excerpt_chars: int = 6000, **more: Any) -> Bench:
        store, audit, steps, lock = MemoryStore(), MemoryAudit(broken_at), [], threading.Lock()

        def progress(step: Step) -> None:
            with lock:
                steps.append(step)

        box = Toolbox(
            tools,
            store=store,
            redactor=HideSecrets(),
            audit=audit,
            progress=progress,
            fence=Fence("n0nce"),
            monotonic=time.monotonic,
            excerpt_chars=excerpt_chars,
            **more,
        )
        return Bench(store, audit, steps, box)

    return make


@pytest.fixture
def bench(make_bench: Callable[..., Bench], look: FakeTool) -> Bench:
    """A bench with the tool ``look``."""
    return make_bench(look)


def _report(**changes: Any) -> dict[str, Any]:
    arguments = {
        "verdict": "root-cause",
        "conclusion": "api runs out of memory.",
        "confidence": "high",
        "cause": {"resource": "shop/Deployment/api", "condition": "OOMKilled"},
        "evidence": ["E1"],
        "ruled_out": [],
        "not_checked": [],
        "next_steps": ["Raise the limit."],
        **changes,
    }
    return {"tool": "report_finding", "arguments": {k: v for k, v in arguments.items() if v is not None}}


@pytest.fixture
def report() -> Callable[..., dict[str, Any]]:
    """Makes a scripted ``report_finding`` call; keyword arguments replace parts of a sound one."""
    return _report


@pytest.fixture
def looking() -> Callable[..., dict[str, Any]]:
    """Makes a scripted turn that looks at pods."""

    def make(*names: str) -> dict[str, Any]:
        return {"calls": [{"tool": "look", "arguments": {"name": name}} for name in names or ("api-1",)]}

    return make


@pytest.fixture
def make_claude(anthropic_server, monkeypatch, tmp_path):
    """Serves turns and returns a model that talks to them, the server, the waits it made, and the steps it told."""
    for name in [name for name in os.environ if name.startswith("ANTHROPIC_") or name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-test-0123456789abcdef")

    def make(*turns, attempts=3, **settings):
        server = anthropic_server(*turns)
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        waits: list[float] = []
        retries = Retries(attempts=attempts, longest_wait_s=30.0, sleep=waits.append, jitter=lambda: 1.0)
        return Claude(ClaudeSettings(**settings), retries=retries, environ=os.environ), server, waits

    return make
