"""A change plan as a page that a person can decide on at three in the morning, and as the envelope's ``plan``.

Comes in: a ``ChangePlan``, made by code. Goes out: blocks, or plain JSON. The proposer's words stand at the end, marked
as such: everything above them was computed, and that is what a decision should rest on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from agentops.cli.report import Block, Bullets, Heading, Item, Pairs, Paragraph, Quote, Tone
from agentops.cli.views.blast import blast_tree, reach_line
from agentops.cli.views.diff import diff_block, edit_line, left_out
from agentops.cli.views.lookalikes import lookalike_blocks, marked_blocks
from agentops.cli.views.shorter import arrow, differing
from agentops.cli.views.wording import call_line, change_words, located, named
from agentops.core.clock import to_iso
from agentops.core.homographs import marked
from agentops.core.jsonable import arguments_line, in_words, to_json
from agentops.core.plan import (
    Approval,
    ChangePlan,
    Check,
    Edit,
    Intent,
    Note,
    Obligation,
    Ownership,
    PlanStep,
    PolicyDecision,
    Verb,
)
from agentops.core.resource import ResourceRef
from agentops.core.risk import Reversal, Risk
from agentops.core.text import one_line, plural
from agentops.store.changes import short_change

_RISK_TONE = {Risk.LOW: Tone.GOOD, Risk.MEDIUM: Tone.WARN, Risk.HIGH: Tone.BAD, Risk.CRITICAL: Tone.BAD}
_REVERSAL = {
    Reversal.EXACT: ("it can be undone exactly", Tone.GOOD),
    Reversal.COMPENSATING: ("it can be undone only in part", Tone.WARN),
    Reversal.NONE: ("IT CANNOT BE UNDONE", Tone.BAD),
}
TWO_PERSON_HOW = "Save the plan with --out plan.json; then each of them runs: agentops approve plan.json"
_EDIT_LINES = 12
_EDITS_SHOWN = 5
_CHECKS_SHOWN = 3
_VALUE_CHARS = 120
_COMMANDS = re.compile(r"(^|\.)(command|args|exec|lifecycle|postStart|preStop|data|stringData|binaryData)(\[|\.|$)")
"""Fields that hold what is run, or files that may."""
_NOTHING_WRONG = ("recovered", "no-problem")


def plan_blocks(
    plan: ChangePlan, *, side_by_side: bool = False, full: bool = False, saved: bool = False
) -> list[Block]:
    """Return the whole plan: what it is and who must agree, each step, and last the proposer's words.

    Arguments:
        side_by_side: diffs in two columns, where the terminal is wide enough.
        full: fold no long run of changed lines.
        saved: it is in a file already, so nobody is told to save it.
    """
    blocks = _head(plan, saved=saved)
    for number, step in enumerate(plan.steps, 1):
        blocks += _step_blocks(plan, number, step, side_by_side=side_by_side, full=full)
    return marked_blocks([*blocks, *_words(plan), *_foot(plan)])


def summary_blocks(plan: ChangePlan, *, more: str = "choose details") -> list[Block]:
    """Return the plan on one screen of 24 rows and 80 columns: what a person decides on, once each.

    It names action and object, the values that differ, reach, undo, checks, who must agree, owners' notes, and how sure
    the proposer is. Everything else is on the whole page, ``plan_blocks``.

    Arguments:
        more: how to get there.
    """
    tone = _RISK_TONE[plan.risk]
    blocks: list[Block] = []
    for number, step in enumerate(plan.steps, 1):
        which = f"{number}. " if len(plan.steps) > 1 else ""
        blocks.append(Heading(f"{which}{_sentence(step, back=bool(plan.rolls_back))}", tone))
        blocks += _step_summary(step, more)
    return marked_blocks([*blocks, *_decision_rows(plan)])


def deed_words(plan: ChangePlan) -> str:
    """Return what a plan does, in a line without its objects' places: ``roll Deployment web back: image v2 → v1``."""
    return marked("; ".join(step_words(step, back=bool(plan.rolls_back)) for step in plan.steps))


def objects_of(plan: ChangePlan) -> str:
    """Return the object that a plan is about, and how many more there are."""
    targets = list(dict.fromkeys(step.change.target.short for step in plan.steps))
    more = f" and {plural(len(targets) - 1, 'more object')}" if len(targets) > 1 else ""
    return marked(f"{targets[0]}{more}")


def step_words(step: PlanStep, *, back: bool) -> str:
    """Return what a step does, with the value that differs; ``back``: it takes an earlier change back."""
    edits = [edit for one in step.preview.objects for edit in one.edits]
    if not edits or not (back or edits[0].path.endswith(".image")):
        return change_words(step.change)
    words = f"roll {step.change.target.subject} back" if back else change_words(step.change)
    old, new = (one_line(_value_words(value), _VALUE_CHARS) for value in (edits[0].old, edits[0].new))
    more = f" and {plural(len(edits) - 1, 'more field')}" if len(edits) > 1 else ""
    return f"{words}: {edits[0].path.rpartition('.')[2]} {differing(old, new)}{more}"


def needs_whole_page(plan: ChangePlan) -> bool:
    """Return whether the screen would hide what must be read before a first approval: commands, scripts, long texts."""
    edits = [edit for step in plan.steps for one in step.preview.objects for edit in one.edits]
    values = [value for edit in edits for value in (edit.old, edit.new)]
    return (
        folded_lines(plan) > 0
        or any(_COMMANDS.search(edit.path) for edit in edits)
        or any("\n" in text.strip() or len(text) > _VALUE_CHARS for text in map(_value_words, values))
        or any(one.verb is not Verb.UPDATE or not one.edits for step in plan.steps for one in step.preview.objects)
    )


def _sentence(step: PlanStep, *, back: bool) -> str:
    """Return what is done to which object: ``Roll Deployment web back to revision 1 (shop/Deployment/web)``."""
    if back and any(one.edits for one in step.preview.objects):
        return f"Roll back {step.change.target.short}: {step_words(step, back=True).partition(': ')[2]}"
    words = change_words(step.change)
    return located(f"{words[:1].upper()}{words[1:]}", step.change.target)


def _step_summary(step: PlanStep, more: str) -> Iterator[Block]:
    preview = step.preview
    edits = [edit for one in preview.objects for edit in one.edits]
    items = [Item(f"{_last_names(edit.path)}: {_values(edit)}") for edit in edits[:_EDITS_SHOWN]]
    if len(edits) > _EDITS_SHOWN:
        items.append(Item(f"and {plural(len(edits) - _EDITS_SHOWN, 'more field')}: {more}", tone=Tone.WARN))
    bare = [one for one in preview.objects if not one.edits]
    items += [Item(f"{one.verb.value} {one.ref.short}", tone=Tone.WARN) for one in bare]
    yield Bullets(tuple(items))
    yield from _unvalidated(step)
    yield from (_owner(owner) for owner in preview.owners)
    for note in preview.notes:
        told = "The owner of {} objects: {}" if note.objects else "Note of the owner of {}: {}"
        yield Paragraph(told.format(note.resource.short, note.words), Tone.BAD if note.objects else Tone.QUIET)
    yield from (Paragraph(f"Warning: {text}", Tone.WARN) for text in preview.warnings)
    yield from _undo_refusal(step)


def _decision_rows(plan: ChangePlan) -> Iterator[Block]:
    """Say of the whole plan what it reaches, how it goes back, what is checked, who agrees, and who proposed it."""
    several = len(plan.steps) > 1
    rows: list[tuple[str, str]] = [("where", f"{plan.places}, {plan.servers}")]
    rows += [(f"affects {n}" if several else "affects", _reach(step)) for n, step in enumerate(plan.steps, 1)]
    rows += [(f"risk {n}" if several else "risk", _risk_words(step)) for n, step in enumerate(plan.steps, 1)]
    checks = [f"○ {line}" for line in _checks_once(plan)]
    rows += [("then" if not index else "", line) for index, line in enumerate(checks[:_CHECKS_SHOWN])]
    if len(checks) > _CHECKS_SHOWN:
        rows.append(("", f"and {plural(len(checks) - _CHECKS_SHOWN, 'more check')}"))
    who = _approval_words(plan.obligation).rstrip(".").replace("the requester", plan.requester)
    because = _because(plan)
    why = f": {one_line(because, 160)}" if because else ""
    rows.append(("approval", f"{who}{why}; the plan expires at {plan.expires_at:%H:%M:%S} UTC"))
    rows.append(_origin(plan))
    yield Pairs(tuple(rows))
    yield from _irreversible(plan)
    yield from _said_of_the_plan(plan)


def _origin(plan: ChangePlan) -> tuple[str, str]:
    """Say where a plan comes from: the change that it rolls back, or who proposed it and how sure that is."""
    if plan.rolls_back:
        return ("rolls back", f"change {short_change(plan.rolls_back)}")
    intent = plan.intent
    by = "triage, without a model" if intent.by == "triage" else f"{intent.by} (not verified)"
    sure = f", confidence {intent.confidence}" if intent.confidence else ""
    open_left = f", {plural(len(intent.not_checked), 'thing')} not checked" if intent.not_checked else ""
    return ("proposed", f"by {by}{sure}{open_left}")


def _checks_once(plan: ChangePlan) -> list[str]:
    """Return the checks of a plan in words; what triage is to find no longer on one object is one line."""
    found: dict[tuple[ResourceRef, bool], list[Check]] = {}
    lines = []
    for check in (check for step in plan.steps for check in step.checks):
        if check.kind in ("condition", "symptom"):
            found.setdefault((check.target, check.seen), []).append(check)
        else:
            lines.append(_check_line(check))
    return list(dict.fromkeys([*lines, *(_gone_line(checks) for checks in found.values())]))


def _irreversible(plan: ChangePlan) -> Iterator[Block]:
    """Say, once each, what nothing brings back."""
    final = (step for step in plan.steps if step.preview.reversal is Reversal.NONE)
    lasting = dict.fromkeys(text for step in final for text in step.preview.residue)
    yield from (Paragraph(f"Irreversible: {text}", Tone.BAD) for text in lasting)


def _said_of_the_plan(plan: ChangePlan) -> Iterator[Block]:
    """Say what holds for the plan as a whole, and must stand on every page of it."""
    yield from lookalike_blocks(plan)
    if plan.lease:
        yield Paragraph(f"While it runs, agentops also writes and holds {plan.lease}.", Tone.QUIET)
    if plan.intent.verdict in _NOTHING_WRONG:
        yield Paragraph("The finding says that NOTHING IS WRONG; this change was drafted anyway.", Tone.WARN)
    if plan.intent.is_requested:
        yield Paragraph(f"Asked for: “{one_line(plan.intent.alert, 400)}”")
    if plan.tainted:
        yield Paragraph("A model proposed this after reading untrusted text. Judge it by the diff.", Tone.WARN)


def _unvalidated(step: PlanStep) -> Iterator[Block]:
    """Say that no dry run has validated a step."""
    # What rests on an earlier step says so in its warning: it is checked then.
    if not step.preview.validated:
        later = bool(step.preview.rests_on)
        words = "The provider could NOT validate this with a dry run" + (" yet." if later else ".")
        yield Paragraph(words, Tone.WARN if later else Tone.BAD)


def _reach(step: PlanStep) -> str:
    blast = step.blast_radius
    fronts = f"; in front: {named([ref.short for ref in blast.fronts])}" if blast.fronts else ""
    unknown = f"; NOT KNOWN: {named(blast.unknown)}" if blast.unknown else ""
    grave = "; DATA IS LOST" if blast.data_loss else ""
    return f"{reach_line(blast)}{grave}{fronts}{unknown}"


def _risk_words(step: PlanStep) -> str:
    """Return how grave a step is, and how far it can be taken back."""
    preview = step.preview
    said = _REVERSAL[preview.reversal][0]
    # What nothing brings back has a line of its own below: ``_irreversible``.
    partly = preview.residue if preview.reversal is not Reversal.NONE else ()
    lasting = f"; not undone: {named(partly)}" if partly else ""
    return f"{step.risk.value.upper()}: {said}{lasting}"


def _last_names(path: str) -> str:
    """Return the end of a field's path, as much as tells it: ``containers[web].image``."""
    return ".".join(path.split(".")[-2:])


def _values(edit: Edit) -> str:
    old, new = (one_line(_value_words(value), _VALUE_CHARS) for value in (edit.old, edit.new))
    return arrow(old, new)


def _value_words(value: Any) -> str:
    """Return a value as it is read: a text without quotation marks, all else as JSON."""
    return value if isinstance(value, str) and value else in_words(value)


def folded_lines(plan: ChangePlan) -> int:
    """Return how many changed lines the page leaves out unless ``full`` is asked for."""
    return sum(left_out(change) for step in plan.steps for change in step.preview.objects)


def _head(plan: ChangePlan, *, saved: bool) -> list[Block]:
    title = f"Plan {plan.code}: {plural(len(plan.steps), 'change')} to {plan.places}"
    blocks: list[Block] = [Heading(title, Tone.WARN if plan.risk.rank < Risk.HIGH.rank else Tone.BAD)]
    blocks.append(Pairs((("context", plan.places), ("cluster", plan.servers), ("asked for by", plan.requester))))
    blocks.append(Paragraph(f"Risk {plan.risk.value.upper()}: {_REVERSAL[plan.reversal][0]}.", _RISK_TONE[plan.risk]))
    blocks += _irreversible(plan)
    if plan.rolls_back:
        blocks.append(Paragraph(f"This rolls back change {plan.rolls_back}."))
    if plan.obligation.approval is Approval.TWO_PERSON:
        how = "" if saved else f" {TWO_PERSON_HOW}"
        words = f"Two people other than {plan.requester} must approve this{_why_asked(plan)}.{how}"
        blocks.append(Paragraph(words, Tone.BAD))
    return [*blocks, *_said_of_the_plan(plan)]


def _why_asked(plan: ChangePlan) -> str:
    """Return why that approval is asked for, as the end of a sentence: the policy's own words, else its permits."""
    permits = dict.fromkeys(name for ruling in _asking(plan) for name in ruling.policies)
    told = _because(plan) or (f"policy asks for it ({', '.join(permits)})" if permits else "")
    return f": {told}" if told else ""


def _because(plan: ChangePlan) -> str:
    """Return the policy's own words for the approval that the plan needs; empty where it has none."""
    return "; ".join(dict.fromkeys(ruling.because for ruling in _asking(plan) if ruling.because))


def _asking(plan: ChangePlan) -> list[PolicyDecision]:
    """Return the decisions that ask for the approval of the plan: those of milder steps do not."""
    return [step.ruling for step in plan.steps if step.ruling.obligation.approval is plan.obligation.approval]


def agreement_document(plan: ChangePlan) -> dict[str, Any]:
    """Return who must agree, why, and what to type next, for a reader that is a program."""
    two = plan.obligation.approval is Approval.TWO_PERSON
    return {
        "approval": plan.obligation.approval.value,
        "words": _approval_words(plan.obligation),
        "why": _why_asked(plan).removeprefix(": "),
        "next": TWO_PERSON_HOW if two else "",
    }


def _step_blocks(plan: ChangePlan, number: int, step: PlanStep, *, side_by_side: bool, full: bool) -> list[Block]:
    title = f"Step {number} of {len(plan.steps)}: {change_words(step.change)}"
    preview = step.preview
    blocks: list[Block] = [Heading(title), _where(plan.places, step)]
    blocks += _unvalidated(step)
    blocks += _difference(step, side_by_side=side_by_side, full=full)
    blocks.append(blast_tree(step.blast_radius))
    blocks += [_owner(owner) for owner in preview.owners]
    blocks += _notes(preview.notes)
    blocks += [Paragraph(f"Warning: {text}", Tone.WARN) for text in preview.warnings]
    blocks += _ruling("Policy", step.ruling)
    blocks += _undo(step)
    return [*blocks, *_checks(step)]


def _checks(step: PlanStep) -> Iterator[Block]:
    """Say what will be looked at afterwards: what decides on a rollback, and what on the word verified."""
    held = [check for check in step.checks if check.kind != "symptom"]
    told = [check for check in step.checks if check.kind == "symptom"]
    if held:
        yield Paragraph("Checked after the change; if a check fails, it is rolled back:", Tone.QUIET)
        yield Bullets(tuple(Item(_check_line(check), label="○") for check in held))
    if told:
        yield Paragraph("Required to call it verified:", Tone.QUIET)
        yield Bullets(tuple(Item(_check_line(check), label="○") for check in told))


def _where(home: str, step: PlanStep) -> Pairs:
    target, arguments = step.change.target, arguments_line(step.change.arguments)
    rows = [("target", f"{target.short} in {target.place if target.is_placed else home}")]
    rows.append(("with", f"{step.change.tool}" + (f" ({arguments})" if arguments else "")))
    rows += [("sends", call_line(call)) for call in step.preview.calls]
    rows.append(("risk", step.risk.value))
    return Pairs(tuple(rows))


def _difference(step: PlanStep, *, side_by_side: bool, full: bool) -> list[Block]:
    blocks: list[Block] = []
    for change in step.preview.objects:
        shown = change.edits if full else change.edits[:_EDIT_LINES]
        items = [Item(edit_line(edit)) for edit in shown]
        if len(shown) < len(change.edits):
            items.append(Item(f"and {len(change.edits) - len(shown)} more fields, in the diff below", tone=Tone.WARN))
        title = f"{change.verb.value.capitalize()} {change.ref.short}:"
        blocks += [Paragraph(title, Tone.BAD if change.verb.value == "delete" else Tone.STRONG), Bullets(tuple(items))]
        blocks.append(diff_block(change, side_by_side=side_by_side, full=full))
        if not full and (hidden := left_out(change)):
            text = f"Folded: {plural(hidden, 'changed line')} of this diff. Show the full diff before you approve."
            blocks.append(Paragraph(text, Tone.WARN))
    return blocks or [Paragraph("There is no object to show before and after.", Tone.WARN)]


def _owner(owner: Ownership) -> Paragraph:
    text = f"{owner.by} owns {owner.what}"
    text += ": it WILL REVERT this change" if owner.reverts else ""
    text += f". Make it there instead: {owner.where}" if owner.where else ""
    return Paragraph(f"Warning: {text}.", Tone.BAD if owner.reverts else Tone.WARN)


def _notes(notes: tuple[Note, ...]) -> list[Block]:
    """Return what owners wrote on the objects, quoted: an objection is said first and loud, the rest is context."""
    against = [note for note in notes if note.objects]
    rest = [note for note in notes if not note.objects]
    blocks: list[Block] = [
        Paragraph(f"Warning: the owner of {note.resource.short} objects: {note.words}", Tone.BAD) for note in against
    ]
    if rest:
        lines = tuple(Item(note.words, label=note.resource.short, tone=Tone.QUIET) for note in rest)
        blocks += [Paragraph("Notes of owners on the changed objects (quoted, not verified):"), Bullets(lines)]
    return blocks


def _ruling(name: str, ruling: PolicyDecision) -> list[Block]:
    ids = f" [{', '.join(ruling.policies)}]" if ruling.policies else ""
    says = "allows it" if ruling.allowed else "REFUSES it"
    asks = f" {_approval_words(ruling.obligation)}" if ruling.allowed else ""
    # A plain allow's reason is the ids and the approval, which stand here anyway.
    said = "" if ruling.allowed and ruling.why.startswith("permitted by ") else ruling.why
    why = f": {said}" if said else "."
    text = f"{name} {says}{ids}{why}" + ("" if why.endswith((".", "!")) else ".") + asks
    errors = [Paragraph(f"Policy could not decide: {error}", Tone.BAD) for error in ruling.errors]
    return [Paragraph(text, Tone.GOOD if ruling.allowed else Tone.BAD), *errors]


def _approval_words(obligation: Obligation) -> str:
    return {
        Approval.NONE: "No approval is required.",
        Approval.ONE: "One person must approve.",
        Approval.TWO_PERSON: "Two people other than the requester must approve.",
    }[obligation.approval]


def _undo(step: PlanStep) -> list[Block]:
    preview = step.preview
    said, tone = _REVERSAL[preview.reversal]
    if not preview.undo:
        blocks: list[Block] = [
            Paragraph(f"Undo: {said if preview.reversal is Reversal.NONE else 'none is known'}.", tone)
        ]
    else:
        items = tuple(Item(change_words(change), label="↩", note=change.target.short) for change in preview.undo)
        blocks = [Paragraph(f"Undo: {said}, by:", tone), Bullets(items)]
    words = "Irreversible" if preview.reversal is Reversal.NONE else "Not undone"
    blocks += [Paragraph(f"{words}: {text}", Tone.WARN) for text in preview.residue]
    return [*blocks, *_undo_refusal(step)]


def _undo_refusal(step: PlanStep) -> list[Block]:
    """Say that policy would refuse the undo, where it would."""
    if step.undo_ruling is None or step.undo_ruling.allowed:
        return []
    return _ruling("For the undo, policy", step.undo_ruling)


def _check_line(check: Check) -> str:
    if check.kind == "healthy":
        return f"{check.target.short} is as asked for and ready, and what depends on it is healthy"
    if check.kind in ("condition", "symptom"):
        return _gone_line([check])
    return f"{check.path} of {check.target.short} is {to_json(check.value)!r}"


def _gone_line(checks: Sequence[Check]) -> str:
    """Say what triage is to find no longer on the one object of these checks."""
    first = checks[0]
    unseen = "" if first.seen else " (it did not find it before the change either: this verifies nothing)"
    values = dict.fromkeys(str(check.value) for check in checks)
    return f"triage no longer finds {' or '.join(values)} on {first.target.short}{unseen}"


def _words(plan: ChangePlan) -> list[Block]:
    intent = plan.intent
    reasons = [(n, step.change.reason) for n, step in enumerate(plan.steps, 1) if step.change.reason]
    if not intent.words and not reasons:
        return []
    blocks: list[Block] = [Heading(words_title(intent), Tone.QUIET)]
    if words := intent.words.strip():
        blocks.append(Quote(f"“{words}”", Tone.QUIET))
    blocks += [Quote(f"“{text}”", Tone.QUIET, lead=f"step {n}: ") for n, text in reasons if text != intent.words]
    if intent.evidence:
        blocks.append(Paragraph(f"cited evidence: {', '.join(intent.evidence)}", Tone.QUIET))
    rows = (
        ("confidence", intent.confidence),
        ("not checked", named(intent.not_checked)),
        ("next steps", named(intent.next_steps)),
    )
    shown = tuple(row for row in rows if row[1])
    return [*blocks, Pairs(shown)] if shown else blocks


def words_title(intent: Intent) -> str:
    """Return whose words follow, and what they are worth."""
    if intent.by == "triage":
        return "Proposed by triage, without a model:"
    return f"Proposed by {intent.by} (quoted, not verified):"


def _foot(plan: ChangePlan) -> list[Block]:
    # The page is longer than a screen, so the lines right above the question repeat what it is about.
    steps = [
        (f"step {n}", f"{located(change_words(step.change), step.change.target)}: {reach_line(step.blast_radius)}")
        for n, step in enumerate(plan.steps, 1)
    ]
    rows = (
        ("cluster", f"{plan.places}, {plan.servers}"),
        *steps,
        *(
            ("objection", f"the owner of {note.resource.short}: {note.words}")
            for note in dict.fromkeys(note for step in plan.steps for note in step.preview.notes if note.objects)
        ),
        ("risk", f"{plan.risk.value.upper()}: {_REVERSAL[plan.reversal][0]}"),
        ("code", plan.code),
        ("digest", plan.digest),
        ("expires", f"{plan.expires_at:%Y-%m-%d %H:%M:%S} UTC"),
        ("approval", _approval_words(plan.obligation)),
        ("policy", plan.policy_digest),
    )
    return [Heading("Scope of the approval"), Pairs(tuple(row for row in rows if row[1]))]


def plan_document(plan: ChangePlan) -> dict[str, Any]:
    """Return the envelope's ``plan``: one entry per step in each of its lists, in order."""
    steps = plan.steps
    return {
        "digest": plan.digest,
        "code": plan.code,
        "context": plan.places,
        "cluster": plan.servers,
        "requester": plan.requester,
        "created_at": to_iso(plan.created_at),
        "expires_at": to_iso(plan.expires_at),
        "obligation": to_json(plan.obligation),
        "agreement": agreement_document(plan),
        "policy_digest": plan.policy_digest,
        "risk": plan.risk.value,
        "reversal": plan.reversal.value,
        "tainted": plan.tainted,
        "rolls_back": plan.rolls_back,
        "lease": plan.lease,
        "intent": to_json(plan.intent),
        "changes": [to_json(step.change) | {"words": change_words(step.change)} for step in steps],
        "calls": [to_json(step.preview.calls) for step in steps],
        "diffs": [to_json(step.preview.objects) for step in steps],
        "blast_radius": [to_json(step.blast_radius) for step in steps],
        "ruling": [to_json(step.ruling) for step in steps],
        "undo": [_undo_document(step) for step in steps],
        "checks": [to_json(step.checks) for step in steps],
        "owners": [to_json(step.preview.owners) for step in steps],
        "notes": [to_json(step.preview.notes) for step in steps],
        "warnings": [to_json(step.preview.warnings) for step in steps],
    }


def _undo_document(step: PlanStep) -> dict[str, Any]:
    preview = step.preview
    return {
        "reversal": preview.reversal.value,
        "changes": to_json(preview.undo),
        "residue": to_json(preview.residue),
        "ruling": to_json(step.undo_ruling),
    }
