"""The model's part in a fix: what it may draft, and what it is told of its plans.

Comes in: a way to the guard's dry run. Goes out: a ``Drafting`` for the toolbox; after a plan, the conversation as it
went on. The model holds no tool that changes anything: what it drafts is tried out by the guard and appended to a list.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from agentops.app.services import Conversation, RefusedChange, Services
from agentops.core.errors import Declined, PolicyRefused
from agentops.core.finding import Finding
from agentops.core.jsonable import in_words
from agentops.core.outcome import Status
from agentops.core.plan import Change, Intent, PlanStep
from agentops.core.progress import Step
from agentops.core.request import REQUESTED
from agentops.core.resource import ResourceRef
from agentops.core.text import one_line
from agentops.core.tool import ToolSpec
from agentops.core.usage import Usage
from agentops.guard.blast_radius import summary
from agentops.guard.pipeline import make_plan
from agentops.guard.pipeline_result import PipelineResult
from agentops.guard.proposal import Proposal
from agentops.guard.services import GuardServices
from agentops.policy.offers import never_allowed

if TYPE_CHECKING:
    from agentops.agent.drafting import Drafting
    from agentops.agent.plan_feedback import PlanFeedback
    from agentops.app.connections import Connections

_EDITS_TOLD = 12
_TELLABLE = (Status.APPLIED, Status.ROLLED_BACK, Status.REFUSED)


def drafting_for(
    specs: Sequence[ToolSpec],
    guard_for: Callable[[Connections], GuardServices],
    refused_changes: list[RefusedChange],
    *,
    requested: bool = False,
) -> Callable[[Connections], Drafting | None]:
    """Return what makes a run's ``Drafting`` once the providers are open; None when policy lets nothing be changed.

    Arguments:
        refused_changes: what policy refuses is appended to it.
        requested: a person asked for a change in words: it need cure nothing, and a name without a group (namespace)
            stands in the pinned one.
    """

    def propose(guard: GuardServices, change: Change, earlier: Sequence[Change]) -> str:
        try:
            return try_out(guard, change, earlier, requested=requested)
        except PolicyRefused as error:
            refused_changes.append(RefusedChange(change=change, error=error))
            raise

    def make(connections: Connections) -> Drafting | None:
        from agentops.agent.drafting import Drafting

        guard = guard_for(connections)
        offered = offered_by(guard, specs)
        if not offered:
            return None
        drafting = Drafting(
            offered,
            connections.opened[0].home,
            lambda change: propose(guard, change, drafting.changes_before(change)),
            canonical=lambda target: _canonical(connections, target, in_pinned=requested),
        )
        return drafting

    return make


def _canonical(connections: Connections, target: ResourceRef, *, in_pinned: bool) -> ResourceRef:
    reader = connections.of(target).reader
    return reader.canonical(target, reader.scope.group if in_pinned else "")


def offered_by(guard: GuardServices, specs: Sequence[ToolSpec]) -> tuple[ToolSpec, ...]:
    """Return the change tools that a model may draft with: those that policy has not refused whatever comes of them."""
    place = guard.policy_context
    environments = {place.environment_of(scope.place) for scope in guard.scopes.values()}
    never = never_allowed(
        guard.policy,
        specs,
        guard.principal,
        environment=environments.pop() if len(environments) == 1 else None,
        frozen=place.is_frozen(guard.clock()),
        tainted=True,
    )
    return tuple(spec for spec in specs if spec.name not in never)


def standing_refusal(guard: GuardServices) -> str:
    """Return why policy lets a model change nothing in this run, whatever it drafts; empty when it may draft."""
    specs = [tool.spec for tool in guard.tools.values()]
    if not specs:
        return "there is no change tool for the places of this run: they are only read"
    if offered_by(guard, specs):
        return ""
    if guard.read_only:
        return "agentops is read-only here: nothing may be changed"
    if guard.policy_context.is_frozen(guard.clock()):
        return "changes are frozen now: policy lets nothing be changed"
    return "policy permits none of the change tools in this run"


def try_out(guard: GuardServices, change: Change, earlier: Sequence[Change] = (), *, requested: bool = False) -> str:
    """Return what the guard's dry run says of one change upon those drafted before it, for the model.

    What is to be made again by the next step is no cure by itself; the plan as a whole is held to being one.

    Raises:
        ToolError, PolicyRefused: a stage of the guard stopped it; the message is fit for the model.
    """
    incident = "" if change.arguments.get("recreate") is True else "being drafted"
    verdict = REQUESTED if requested else ""
    intent = Intent(by="the model", words=change.reason, incident=incident, evidence=change.evidence, verdict=verdict)
    known = {f"step-{number}" for number in range(1, len(earlier) + 1)}

    def progress(step: Step) -> None:
        # The steps before were shown when they were drafted.
        if step.key not in known:
            guard.progress(step)

    proposal = Proposal(changes=(*earlier, change), intent=intent, tainted=True)
    ended = make_plan(replace(guard, progress=progress), proposal)
    step = ended.planned.plan.steps[-1]
    return "\n".join(told(step))


def told(step: PlanStep) -> list[str]:
    """Return what the guard found out about a step, line by line; it quotes the system."""
    lines = []
    for one in step.preview.objects:
        lines.append(f"{one.verb.value} {one.ref.short}")
        lines += [f"  {edit.path}: {in_words(edit.old)} -> {in_words(edit.new)}" for edit in one.edits[:_EDITS_TOLD]]
        if len(one.edits) > _EDITS_TOLD:
            lines.append(f"  and {len(one.edits) - _EDITS_TOLD} more fields")
    lines.append(f"blast radius: {summary(step.blast_radius)}")
    lines.append(f"risk {step.risk.value}, undo {step.preview.reversal.value}")
    lines += [
        f"owner: {one.by} owns {one.what}{'; it will revert this' if one.reverts else ''}"
        for one in step.preview.owners
    ]
    lines += [
        f"note on {note.resource.short}{' SPEAKS AGAINST THIS' if note.objects else ''}: {note.words}"
        for note in step.preview.notes
    ]
    lines += [f"warning: {one_line(text)}" for text in step.preview.warnings]
    lines.append(f"policy: {step.ruling.why}")
    return lines


def tell(
    services: Services, conversation: Conversation | None, ended: PipelineResult, after: Finding | None
) -> tuple[Conversation, Finding | None] | None:
    """Tell the model what came of its plan and let it go on; None when it is not to be told, or fails.

    Its turns are paid for, so that a person who says no says as well whether it is to hear why. A plan that nobody was
    asked about yet is no decline: then the run ends, and a person goes on with the plan.

    Raises:
        KeyboardInterrupt: the user stopped it.
        AuditError, StoreError: what must be recorded cannot be.
    """
    from agentops.agent.budget import left, together
    from agentops.agent.plan_feedback import continue_after
    from agentops.agent.result import Stop

    if conversation is None or services.model is None or not _may_be_told(ended):
        return None
    spent = conversation.folder.usage() or Usage()
    result = continue_after(
        _feedback(conversation, ended, after),
        messages=conversation.messages,
        model=services.model,
        toolbox=conversation.toolbox,
        home=conversation.home,
        limits=left(services.limits, spent),
        progress=services.progress,
        monotonic=services.monotonic,
        keep=conversation.folder.append_messages,
    )
    conversation.folder.save_usage(together(spent, result.usage))
    if result.error is not None:
        failed = {"code": result.error.code, "message": one_line(result.error.message, 300)}
        services.audit.append("model_failed", failed)
        return None
    if result.stop is Stop.INTERRUPTED:
        raise KeyboardInterrupt
    finding = result.report if result.report is not None and result.report.supported else None
    return replace(conversation, messages=result.messages, drafted=result.drafted), finding


def _may_be_told(ended: PipelineResult) -> bool:
    """Return whether a plan came to an end that a model is to learn from; a no is told where the person wants that."""
    is_to_hear = isinstance(ended.error, Declined) and ended.error.tell
    return is_to_hear or ended.outcome.status in _TELLABLE


def _feedback(conversation: Conversation, ended: PipelineResult, after: Finding | None) -> PlanFeedback:
    from agentops.agent.plan_feedback import PlanFeedback

    changes = tuple(step.change for step in ended.planned.plan.steps)
    kept = {(one.tool, one.target) for one in changes}
    return PlanFeedback(
        status=ended.outcome.status,
        changes=changes,
        # What a person took out of the plan before it ran was declined, whatever came of the rest.
        skipped=tuple(one for one in conversation.drafted if (one.tool, one.target) not in kept),
        why=ended.outcome.why,
        seen=after.conclusion if after is not None else "",
    )
