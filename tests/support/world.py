"""A small world for the guard's tests: objects in a dict, tools that preview and change them, a log and a journal in
memory. Everything that the guard is handed in production has its stand-in here, behind the same protocols.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from agentops.core.approval import Answer, ApprovalRequest, Decision, SignedApproval
from agentops.core.audit import AuditRecord
from agentops.core.digest import digest
from agentops.core.errors import AuditError, NotApproved, PolicyRefused, Stale, ToolInputError
from agentops.core.outcome import Health, Observation, Receipt
from agentops.core.plan import (
    BlastRadius,
    Call,
    Change,
    ChangePlan,
    Check,
    Intent,
    ObjectChange,
    Obligation,
    PolicyDecision,
    Preview,
    Verb,
)
from agentops.core.policy import PolicyRequest, Principal
from agentops.core.resource import ResourceRef, kubernetes_ref
from agentops.core.risk import Reversal, Risk
from agentops.core.scope import Scope
from agentops.core.tool import Effect, ToolSpec
from agentops.guard.diff import differences
from agentops.guard.proposal import Proposal
from agentops.guard.services import GuardServices, PolicyContext
from agentops.providers.kubernetes.change.policy_facts import object_facts
from agentops.providers.kubernetes.change.remediation_rules import reasons_against

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
SPEC = ToolSpec(
    name="set",
    description="Sets fields.",
    schema={"type": "object"},
    effect=Effect.CHANGE,
    risk=Risk.MEDIUM,
    reversal=Reversal.EXACT,
)


def ref(name: str, kind: str = "Deployment") -> ResourceRef:
    """Return the reference of an object of this world."""
    return kubernetes_ref("ctx", "shop", kind, name)


SCOPE = Scope(provider="kubernetes", place="ctx", server="https://cluster.test", options="--context ctx")


class Clock:
    """A clock that is set by hand; also the monotonic one."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        return (self.now - NOW).total_seconds()

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class World:
    """Objects by name, with uid and version; ``ready`` says how many pods of each are ready."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.objects: dict[str, dict[str, Any]] = {"web": {"spec": {"image": "v2", "replicas": 3}}}
        self.objects["db"] = {"spec": {"image": "v1", "replicas": 1}}
        self.uids = {"web": "u-web", "db": "u-db"}
        self.versions = {"web": 1, "db": 1}
        self.ready = {"web": 3, "db": 1}
        self.writes: list[tuple[str, dict[str, Any]]] = []
        self.on_write: Callable[[str], None] = lambda name: None
        self.after_write: Callable[[str], None] = lambda name: None

    def write(self, name: str, spec: Mapping[str, Any]) -> None:
        """Store a spec, as any client may."""
        self.objects[name] = {"spec": dict(spec)}
        self.versions[name] += 1


class SetTool:
    """A change tool: ``arguments`` are the fields of ``spec`` to set."""

    def __init__(self, world: World, spec: ToolSpec = SPEC) -> None:
        self.world = world
        self.spec = spec
        self.reversal = spec.reversal
        self.blast = BlastRadius(objects=1, instances=3, instances_total=3, percent=25, groups=("shop",))
        self.chosen: tuple[str, ...] = ()
        self.applied: list[Preview] = []

    def predict(self, change: Change, earlier: Sequence[Preview] = ()) -> Preview:
        return replace(self._upon(change, earlier), validated=False)

    def preview(self, change: Change, earlier: Sequence[Preview] = ()) -> Preview:
        return self._upon(change, earlier)

    def _upon(self, change: Change, earlier: Sequence[Preview]) -> Preview:
        mine = [
            (step, one.after)
            for step, preview in enumerate(earlier, 1)
            for one in preview.objects
            if one.ref == change.target
        ]
        if not mine:
            return self.worked_out(change)
        name, kept = change.target.name, self.world.objects[change.target.name]
        self.world.objects[name] = mine[-1][1]
        try:
            return replace(self.worked_out(change), rests_on=tuple(step for step, _ in mine))
        finally:
            self.world.objects[name] = kept

    def worked_out(self, change: Change) -> Preview:
        name = change.target.name
        if name not in self.world.objects:
            raise ToolInputError(f"there is no {name}")
        before = self.world.objects[name]
        after = {"spec": before["spec"] | dict(change.arguments)}
        body = {"uid": self.world.uids[name], "old": before["spec"], "new": after["spec"]}
        old = {key: before["spec"].get(key) for key in change.arguments}
        exact = self.reversal is not Reversal.NONE
        one = ObjectChange(
            ref=change.target,
            verb=Verb.UPDATE,
            uid=self.world.uids[name],
            resource_version=str(self.world.versions[name]),
            before=before,
            after=after,
            before_digest=digest(before),
            after_digest=digest(after),
            edits=differences(before, after),
            chosen=self.chosen,
        )
        return Preview(
            calls=(Call(verb="patch", method="PATCH", path=f"/{name}", body=body),),
            objects=(one,),
            validated=True,
            risk=self.spec.risk,
            reversal=self.reversal,
            undo=(Change(tool=self.spec.name, target=change.target, arguments=old),) if exact else (),
        )

    def blast_radius(self, preview: Preview) -> BlastRadius:
        return self.blast

    def apply(self, preview: Preview) -> Receipt:
        (one,) = preview.objects
        name, body = one.ref.name, preview.calls[0].body
        self.world.on_write(name)
        if self.world.uids[name] != body["uid"] or self.world.objects[name]["spec"] != body["old"]:
            raise Stale(f"{name} moved")
        self.world.writes.append((name, body["new"]))
        self.applied.append(preview)
        self.world.write(name, body["new"])
        self.world.after_write(name)
        return Receipt(at=self.world.clock(), objects={str(one.ref): (one.uid, str(self.world.versions[name]))})

    def observe(self, preview: Preview) -> Observation:
        names = {one.ref.name for one in preview.objects}
        seen = {str(one.ref): self.world.objects.get(one.ref.name) for one in preview.objects}
        health = {
            name: Health(
                ref=ref(name),
                ready=self.world.ready[name],
                wanted=found["spec"].get("replicas", 1),
                settled=self.world.ready[name] >= found["spec"].get("replicas", 1),
            )
            for name, found in self.world.objects.items()
        }
        return Observation(
            at=self.world.clock(),
            objects=seen,
            targets=tuple(one for name, one in health.items() if name in names),
            bystanders=tuple(one for name, one in health.items() if name not in names),
        )


class Rules:
    """A policy that is set by hand: ``answer`` is called with each request."""

    def __init__(self) -> None:
        self.digest = "sha256:policy"
        self.obligation = Obligation(ttl_s=600, verify_s=60)
        self.deny: Callable[[PolicyRequest], str] = lambda request: ""
        self.asked: list[PolicyRequest] = []

    def decide(self, request: PolicyRequest) -> PolicyDecision:
        self.asked.append(request)
        why = self.deny(request)
        return PolicyDecision(
            allowed=not why,
            policies=("test-forbid",) if why else ("test-permit",),
            why=why or "permitted by test-permit",
            obligation=self.obligation,
            policy_digest=self.digest,
            request={"action": request.action, "context": dict(request.context)},
        )

    def could_allow(self, spec: ToolSpec, principal: Principal, facts: Mapping[str, Any]) -> bool:
        return True


class Log:
    """An audit log in memory; ``fail_at`` makes the append of that event fail."""

    run = "test"

    def __init__(self) -> None:
        self.records: list[AuditRecord] = []
        self.fail_at: Callable[[str, int], bool] = lambda event, count: False

    def append(self, event: str, payload: Mapping[str, Any]) -> AuditRecord:
        if self.fail_at(event, len(self.records)):
            raise AuditError("the disk is full")
        record = AuditRecord(
            prev="0" * 64, seq=len(self.records), time="", run=self.run, actor="test", event=event, payload=payload
        )
        self.records.append(record)
        return record

    def events(self) -> list[str]:
        """Return what was recorded, stages by their name."""
        return [
            f"{one.payload['stage']}{'' if one.payload['passed'] else '!'}" if one.event == "guard_stage" else one.event
            for one in self.records
        ]


class Journal:
    """A journal of changes in memory."""

    def __init__(self) -> None:
        self.claimed: dict[str, tuple[str, ChangePlan]] = {}
        self.closed: dict[str, Mapping[str, Any]] = {}
        self.held: Callable[[], str] = lambda: ""
        self.halts: list[Mapping[str, Any]] = []

    def claim(self, plan: ChangePlan, change_id: str) -> None:
        if plan.digest in self.claimed:
            raise NotApproved("this plan was already run", code="spent")
        self.claimed[plan.digest] = (change_id, plan)

    def halt(self, report: Mapping[str, Any]) -> None:
        self.halts.append(report)

    def holder(self) -> str:
        return self.held()

    def close(self, change_id: str, result: Mapping[str, Any]) -> None:
        self.closed[change_id] = result


class Person:
    """An approver that answers as it is told; ``forge`` alters what it returns."""

    def __init__(self, clock: Clock, answers: list[Answer]) -> None:
        self.clock = clock
        self.answers = answers
        self.decisions: list[Decision] = []
        self.asked: list[ApprovalRequest] = []
        self.forge: Callable[[SignedApproval], SignedApproval] = lambda approval: approval
        self.before_answer: Callable[[], None] = lambda: None

    def ask(self, request: ApprovalRequest) -> Decision:
        self.asked.append(request)
        self.before_answer()
        if self.decisions:
            return self.decisions.pop(0)
        answer = self.answers.pop(0) if self.answers else Answer.STOP
        if answer is not Answer.APPROVE:
            return Decision(answer=answer)
        approval = self.forge(approve(request.plan, self.clock()))
        return Decision(answer=answer, approvals=(approval,))


def approve(plan: ChangePlan, now: datetime, **changes: Any) -> SignedApproval:
    """Return a terminal approval of a plan, with fields changed."""
    made = SignedApproval(
        plan_digest=plan.digest,
        by="human:ana",
        method="terminal",
        at=now,
        expires_at=now + timedelta(seconds=300),
        nonce="n",
    )
    return replace(made, **changes)


class Keys:
    """Trusts the keys ``k-NAME`` whose signature is ``signed``."""

    def signer(self, approval: SignedApproval) -> str:
        if not approval.key_id.startswith("k-") or approval.signature != "signed":
            raise NotApproved("the key is not trusted")
        return f"human:{approval.key_id.removeprefix('k-')}"


class Masking:
    """A redactor that hides ``hunter2``."""

    def text(self, text: str) -> str:
        return text.replace("hunter2", "[secret]")

    def value(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {key: self.value(item) for key, item in value.items()}
        return [self.value(item) for item in value] if isinstance(value, list | tuple) else value


@dataclass(slots=True)
class Stage:
    """Everything that a test of the guard needs, wired."""

    clock: Clock = field(default_factory=Clock)
    answers: list[Answer] = field(default_factory=lambda: [Answer.APPROVE])

    world: World = field(init=False)
    tool: SetTool = field(init=False)
    rules: Rules = field(init=False, default_factory=Rules)
    log: Log = field(init=False, default_factory=Log)
    journal: Journal = field(init=False, default_factory=Journal)
    person: Person = field(init=False)
    nonces: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.world = World(self.clock)
        self.tool = SetTool(self.world)
        self.person = Person(self.clock, self.answers)

    def nonce(self) -> str:
        self.nonces += 1
        return f"nonce-{self.nonces}"

    def services(self, **changes: Any) -> GuardServices:
        """Return the guard's services, with fields changed."""
        made = GuardServices(
            tools={"set": self.tool},
            appliers={"set": self.tool},
            policy=self.rules,
            principal=Principal(kind="agent", name="agentops", on_behalf_of="ana"),
            policy_context=PolicyContext(
                environment_of=lambda place: "test",
                is_protected=lambda namespace: False,
                is_frozen=lambda moment: False,
            ),
            audit=self.log,
            journal=self.journal,
            approver=self.person,
            trust=Keys(),
            redactor=Masking(),
            clock=self.clock,
            monotonic=self.clock.monotonic,
            pause=self.clock.sleep,
            nonce=self.nonce,
            progress=lambda step: None,
            scopes={"k8s": SCOPE},
            missing_permissions=lambda change, preview: (),
            object_facts=object_facts,
            no_remedy=reasons_against,
            check=lambda check: "",
            on_interrupt=lambda: True,
        )
        return replace(made, **changes)


def proposal(*names: str, image: str = "v1", checks: tuple[Check, ...] = (), **changes: Any) -> Proposal:
    """Return a proposal that sets the image of each named object."""
    found = tuple(
        Change(tool="set", target=ref(name), arguments={"image": image}, reason="it worked before")
        for name in names or ("web",)
    )
    made = Proposal(changes=found, intent=Intent(by="triage", words="roll back", incident="inc-1"), checks=checks)
    return replace(made, **changes)


__all__ = ["PolicyRefused", "Stage", "approve", "proposal", "ref"]
