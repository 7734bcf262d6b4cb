"""A second provider, as small as one can be: a message broker with queues and the workers that empty them.

It is one JSON file, so that another process (after a crash) sees the same world. Two kinds, one analyzer, one read
tool, one change tool with preview, undo and observation. Nothing in agentops knows it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from agentops.core.alert import Alert, AlertGroup, Severity, Target
from agentops.core.analysis import Analysis, Edge, ResolvedTarget
from agentops.core.clock import Clock
from agentops.core.conditions import Condition, Weight
from agentops.core.digest import digest
from agentops.core.errors import Stale, ToolInputError, UsageError
from agentops.core.evidence import Reading
from agentops.core.finding import Fact, Problem
from agentops.core.outcome import Health, Observation, Receipt
from agentops.core.place_identity import PlaceIdentity
from agentops.core.plan import BlastRadius, Call, Change, Edit, Note, ObjectChange, Preview, Verb
from agentops.core.policy import ObjectFacts
from agentops.core.progress import Progress
from agentops.core.provider import CheckResult, Claim, Connection, HeldLease, PlanGrant, ProviderContext
from agentops.core.resource import ResourceRef, placed_ref
from agentops.core.risk import Reversal, Risk
from agentops.core.scope import Scope
from agentops.core.tool import Applier, ChangeTool, Effect, ReadTool, ToolCall, ToolSpec

PLACE = "broker-1"
LIST = ToolSpec(name="broker_list", description="Lists queues and workers.", schema={"type": "object"})
SET = ToolSpec(
    name="broker_set",
    description="Sets fields of a worker.",
    schema={"type": "object", "properties": {"running": {"type": "boolean"}}, "additionalProperties": False},
    effect=Effect.CHANGE,
    risk=Risk.LOW,
    reversal=Reversal.EXACT,
)
CONDITIONS = {
    one.name: one
    for one in (
        Condition(name="WorkerStopped", resource="Worker", when="it does not run", weight=Weight.EXACT),
        Condition(name="QueueBacklog", resource="Queue", when="messages wait", weight=Weight.SYMPTOM),
    )
}


def ref_of(kind: str, name: str) -> ResourceRef:
    """Return a reference to a thing of the broker."""
    return placed_ref("broker", PLACE, "main", kind, name)


@dataclass(slots=True)
class Broker:
    """The provider: a file of things by ``KIND/NAME``, each with a ``version``; see ``core.provider.Provider``."""

    path: Path
    before_write: Callable[[], None] = lambda: None
    after_write: Callable[[], None] = lambda: None
    name: str = "broker"
    scheme: str = "broker"
    title: str = "the broker"
    target_form: str = "broker:GROUP/KIND/NAME"
    is_witness: bool = False
    stands_alone: bool = True
    origin: str = "broker"

    def is_configured(self, options: Mapping[str, Any]) -> bool:
        return True

    def things(self) -> dict[str, dict[str, Any]]:
        """Return everything that is there."""
        return json.loads(self.path.read_text())

    def write(self, key: str, thing: Mapping[str, Any]) -> None:
        """Store one thing; queues whose worker runs are empty, others are not."""
        found = {**self.things(), key: {**thing, "version": self.things()[key]["version"] + 1}}
        for queue in (one for name, one in found.items() if name.startswith("Queue/")):
            queue["waiting"] = 0 if found[f"Worker/{queue['worker']}"]["running"] else 9000
        self.path.write_text(json.dumps(found))

    def pinned(self, scope: Scope) -> str:
        return f"broker {scope.place}"

    def read_specs(self) -> Sequence[ToolSpec]:
        return (LIST,)

    def change_specs(self) -> Sequence[ToolSpec]:
        return (SET,)

    def claim(self, group: AlertGroup) -> Claim | None:
        return Claim(exact=True, reason="it is named") if group.target.scheme == "broker" else None

    def connect(self, context: ProviderContext) -> Connection:
        return Connection(provider=self, reader=BrokerReader(self, context), changer=BrokerChanger(self, context.clock))

    def check_up(self, context: ProviderContext) -> Iterator[CheckResult]:
        yield CheckResult(name="broker", state="ok", text=f"{len(self.things())} things")

    def identify(self, options: Mapping[str, Any], place: str) -> PlaceIdentity | None:
        return None

    def no_remedy(self, changes: Sequence[Change], result: ObjectChange) -> Iterator[str]:
        if result.after is not None and result.after["running"] is False:
            yield f"it stops {result.ref.short}"

    def object_facts(self, ref: ResourceRef, item: ObjectChange | None) -> ObjectFacts:
        return ObjectFacts(group=ref.namespace)

    def describe(self, change: Change) -> str | None:
        return f"{'start' if change.arguments.get('running') else 'stop'} {change.target.subject}"


@dataclass(slots=True)
class BrokerReader:
    """See ``core.provider.Reader``."""

    broker: Broker
    context: ProviderContext

    @property
    def scope(self) -> Scope:
        return Scope(provider="broker", place=PLACE, server="file:broker")

    def named(self, target: Target) -> ResourceRef:
        if f"{target.kind}/{target.name}" not in self.broker.things():
            raise UsageError(f"there is no {target.kind} {target.name}")
        return placed_ref("broker", PLACE, None, target.kind, target.name)

    def worded(self, alert: Alert, groups: tuple[str, ...]) -> Target:
        return alert.target

    def sweep(self, target: Target, *, groups: tuple[str, ...], progress: Progress, settled: bool) -> Any:
        return {"target": target, "at": self.context.clock(), "things": self.broker.things()}

    def analyze(self, snapshot: Any, alert: Alert | None) -> Analysis:
        things, target = snapshot["things"], snapshot["target"]
        named = f"{target.kind}/{target.name}"
        known = (ref_of(target.kind, target.name),) if named in things else ()
        return Analysis(
            provider="the broker",
            place=PLACE,
            observed_at=snapshot["at"],
            target=ResolvedTarget(refs=known, how=named, exact=True, gone="" if known else f"there is no {named}"),
            problems=tuple(_problems(things)),
            counts={kind: sum(name.startswith(kind) for name in things) for kind in ("Queue", "Worker")},
            edges=lambda ref: _edges(things, ref),
            conditions=CONDITIONS,
        )

    def object_text(self, snapshot: Any, ref: ResourceRef, redacted: Callable[[Any], Any]) -> str:
        return json.dumps(redacted(snapshot["things"].get(f"{ref.kind}/{ref.name}", {})))

    def log_readings(self, snapshot: Any, problems: Sequence[Problem]) -> Sequence[tuple[ToolCall, Reading]]:
        return ()

    def alert_readings(self, alert: Alert) -> Sequence[tuple[ToolCall, Reading]]:
        return ()

    def read_tools(self) -> Sequence[ReadTool]:
        return (ListTool(self.broker),)

    def outline(self) -> Reading:
        things = self.broker.things()
        return Reading(body="\n".join(sorted(things)), summary=f"{len(things)} things")

    def canonical(self, ref: ResourceRef, group: str = "") -> ResourceRef:
        return ref

    def whereabouts(self, ref: ResourceRef) -> str:
        return "" if f"{ref.kind}/{ref.name}" in self.broker.things() else f"{ref.short} is gone"


def _problems(things: Mapping[str, Any]) -> Iterator[Problem]:
    """The one analyzer: a stopped worker is a cause, and a queue that nobody empties a symptom."""
    for key, thing in things.items():
        kind, _, name = key.partition("/")
        ref = ref_of(kind, name)
        if kind == "Worker" and not thing["running"]:
            yield Problem(
                resource=ref,
                condition="WorkerStopped",
                summary=f"{ref.subject} does not run",
                severity=Severity.CRITICAL,
                analyzer="workers",
                facts=(Fact(resource=ref, path="running", value="false"),),
                remedies=(Change(tool="broker_set", target=ref, arguments={"running": True}, reason="it is stopped"),),
            )
        if kind == "Queue" and thing["waiting"]:
            yield Problem(
                resource=ref,
                condition="QueueBacklog",
                summary=f"{thing['waiting']} messages wait in {ref.subject}",
                severity=Severity.HIGH,
                analyzer="queues",
                facts=(Fact(resource=ref, path="waiting", value=str(thing["waiting"])),),
                root=False,
            )


def _edges(things: Mapping[str, Any], ref: ResourceRef) -> Iterator[Edge]:
    if ref.scheme == "broker" and ref.kind == "Queue":
        yield Edge(ref=ref_of("Worker", things[f"Queue/{ref.name}"]["worker"]), relation="is emptied by", own=True)


@dataclass(slots=True)
class ListTool:
    """The one read tool."""

    broker: Broker
    spec: ToolSpec = LIST

    def read(self, arguments: Mapping[str, Any]) -> Reading:
        return Reading(body=json.dumps(self.broker.things()), summary="everything in the broker")


@dataclass(slots=True)
class BrokerChanger:
    """See ``core.provider.Changer``."""

    broker: Broker
    clock: Clock

    def change_tools(self) -> Mapping[str, ChangeTool]:
        return {"broker_set": SetTool(self.broker, self.clock)}

    def appliers(self) -> Mapping[str, Applier]:
        return {"broker_set": SetApplier(self.broker, self.clock)}

    def missing_permissions(self, preview: Preview) -> tuple[str, ...]:
        return ()

    def notes_on(self, change: Change, preview: Preview) -> tuple[tuple[Note, ...], tuple[str, ...]]:
        return (), ()

    def is_unlimited(self) -> bool:
        """Return that a broker's user never may do everything."""
        return False

    def grant(self) -> PlanGrant | None:
        """Return nothing: a broker has no accounts."""
        return None

    def lease(self, group: str, who: str) -> HeldLease | None:
        return None


@dataclass(slots=True)
class SetTool:
    """The one change tool: it knows what a change would do and cannot do it."""

    broker: Broker
    clock: Clock
    spec: ToolSpec = SET

    def predict(self, change: Change, earlier: Sequence[Preview] = ()) -> Preview:
        return replace(self.preview(change), validated=False)

    def preview(self, change: Change, earlier: Sequence[Preview] = ()) -> Preview:
        key = f"{change.target.kind}/{change.target.name}"
        if key not in self.broker.things():
            raise ToolInputError(f"there is no {key}")
        live = self.broker.things()[key]
        before = {name: value for name, value in live.items() if name != "version"}
        after = before | dict(change.arguments)
        edits = tuple(Edit(path=n, old=before[n], new=after[n]) for n in before if before[n] != after[n])
        one = ObjectChange(
            ref=change.target,
            verb=Verb.UPDATE,
            uid=key,
            resource_version=str(live["version"]),
            before=before,
            after=after,
            before_digest=digest(before),
            after_digest=digest(after),
            edits=edits,
        )
        undo = Change(tool="broker_set", target=change.target, arguments={n: before[n] for n in change.arguments})
        return Preview(
            calls=(Call(verb="set", method="PUT", path=f"/{key}", body={"old": before, "new": after}),),
            objects=(one,),
            validated=True,
            risk=Risk.LOW,
            reversal=Reversal.EXACT,
            undo=(undo,),
        )

    def blast_radius(self, preview: Preview) -> BlastRadius:
        return BlastRadius(objects=1, instances=1, instances_total=1, percent=0)

    def observe(self, preview: Preview) -> Observation:
        things = self.broker.things()
        seen = {}
        for one in preview.objects:
            live = things[f"{one.ref.kind}/{one.ref.name}"]
            seen[str(one.ref)] = {name: value for name, value in live.items() if name != "version"}
        health = tuple(
            Health(ref=one.ref, ready=int(seen[str(one.ref)]["running"]), wanted=1, settled=True)
            for one in preview.objects
        )
        return Observation(at=self.clock(), objects=seen, targets=health)


@dataclass(slots=True)
class SetApplier:
    """What carries out a preview of ``SetTool``."""

    broker: Broker
    clock: Clock

    def apply(self, preview: Preview) -> Receipt:
        (one,) = preview.objects
        key, body = one.uid, preview.calls[0].body
        self.broker.before_write()
        live = self.broker.things()[key]
        if {name: value for name, value in live.items() if name != "version"} != body["old"]:
            raise Stale(f"{key} is not what was previewed")
        self.broker.write(key, body["new"])
        self.broker.after_write()
        return Receipt(at=self.clock(), objects={str(one.ref): (key, str(self.broker.things()[key]["version"]))})
