"""A finding as a page that a person can act on in half a minute: what supports it, what to do, and last the answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from agentops.cli.report import Block, Bullets, Code, Heading, Item, Paragraph, Quote, Tone
from agentops.cli.views.shorter import said_once, shorter
from agentops.core.alert import Alert, AlertGroup, Severity
from agentops.core.evidence import Evidence
from agentops.core.finding import Finding, Problem, Verdict
from agentops.core.plan import Change, Note
from agentops.core.text import one_line, plural
from agentops.core.usage import Usage

_TITLE = {
    Verdict.ROOT_CAUSE: ("Root cause", Tone.BAD),
    Verdict.RECOVERED: ("Recovered", Tone.GOOD),
    Verdict.NO_PROBLEM: ("No problem found", Tone.GOOD),
    Verdict.OUTSIDE: ("Cause outside the cluster", Tone.WARN),
    Verdict.UNDETERMINED: ("Undetermined", Tone.WARN),
}
CLOSING_CHARS = 222
"""Three lines of a terminal of 80 columns."""
_NOT_FIRING = ("no data", "paused", "pending")
"""States of an alert of which it cannot be said that it fires."""
_WORDS = "text"
_MOST_EVIDENCE = 12
_FIRST_EVIDENCE = 4
_EVIDENCE_CHARS = 140
_QUOTED_LINES = 2
_QUOTED_CHARS = 160


def finding_blocks(finding: Finding, evidence: Sequence[Evidence], *, details: bool = True) -> list[Block]:
    """Return what stands above the closing lines: warnings, what to do, evidence, what is unknown.

    Arguments:
        details: with quotations, what was ruled out and what was not checked; without, a line for each piece of
            evidence, and how much there is besides.
    """
    blocks: list[Block] = []
    # What triage concludes is its evidence, put together; of a model's words none may be lost.
    if len(shorter(finding.conclusion)) > CLOSING_CHARS and (details or finding.by != "triage"):
        blocks.append(conclusion_block(finding, shorter(finding.conclusion)))
    blocks += [Paragraph(line, Tone.QUIET) for line in note_lines(finding.notes)]
    blocks += [Paragraph(f"Warning: {warning}", Tone.WARN) for warning in finding.warnings]
    blocks += _evidence_blocks(finding, {item.id: item for item in evidence}, details=details)
    if not details:
        return [*blocks, *_action_blocks(finding)]
    if finding.ruled_out:
        blocks.append(Heading("Ruled out, or checked and healthy"))
        blocks.append(Bullets(tuple(_ruled_out(entry.statement, entry.contradicted_by) for entry in finding.ruled_out)))
    if finding.not_checked:
        blocks.append(Heading("Not checked"))
        blocks.append(Bullets(tuple(Item(text, tone=Tone.QUIET) for text in finding.not_checked)))
    return [*blocks, *_action_blocks(finding)]


def closing_blocks(finding: Finding, next_command: str) -> list[Block]:
    """Return the last lines of a report, at most six at 80 columns: verdict, why, the object, and what to type next."""
    title, tone = _TITLE[finding.verdict]
    blocks: list[Block] = [Heading(f"{title} — confidence {finding.confidence.value}", tone)]
    if not finding.supported:
        # Nobody may act on it, so it is the headline.
        blocks = [Heading(f"{title}, NOT supported by evidence that was observed: do not act on it", Tone.BAD)]
    blocks.append(conclusion_block(finding, said_once(finding.conclusion, CLOSING_CHARS), Tone.STRONG))
    if finding.cause is not None:
        blocks.append(Paragraph(f"{finding.cause.resource.short}: {finding.cause.condition}", Tone.QUIET))
    if next_command:
        blocks.append(Code(f"Next: {next_command}"))
    elif finding.next_steps and finding.verdict not in (Verdict.RECOVERED, Verdict.NO_PROBLEM):
        blocks.append(Paragraph("No fix is proposed: a person must decide what to do.", Tone.WARN))
    return blocks


def conclusion_block(finding: Finding, text: str, tone: Tone = Tone.PLAIN) -> Block:
    """Return what a finding concludes, whole or shortened: a quotation where the words are a model's."""
    return Paragraph(text, tone) if finding.by == "triage" else Quote(text, tone)


def _ruled_out(statement: str, against: Sequence[str]) -> Item:
    return Item(statement + (f"  [{', '.join(against)}]" if against else ""))


def _evidence_blocks(finding: Finding, known: Mapping[str, Evidence], *, details: bool) -> list[Block]:
    cited = [known[name] for name in finding.evidence if name in known]
    if not cited:
        return []
    if details:
        items = tuple(_evidence_item(entry, finding.conclusion) for entry in cited[:_MOST_EVIDENCE])
    else:
        items = tuple(_evidence_line(entry, finding.conclusion) for entry in cited[:_FIRST_EVIDENCE])
    more = len(cited) - len(items)
    rest = [Paragraph(f"and {more} more: agentops show", Tone.QUIET)] if more else []
    return [Heading("Evidence"), Bullets(items), *rest]


def _evidence_item(entry: Evidence, conclusion: str) -> Item:
    if entry.summary and entry.summary in conclusion:
        # The conclusion has just said it; the quotation is what is new.
        return Item(_quotation(entry) or entry.summary, label=entry.id)
    return Item(entry.summary, label=entry.id, note=_quotation(entry))


def _evidence_line(entry: Evidence, conclusion: str) -> Item:
    """Return a piece of evidence on a line or two; what the conclusion says already is not said again."""
    told = entry.summary in conclusion and _quotation(entry).splitlines()
    return Item(said_once(told[-1].strip() if told else entry.summary, _EVIDENCE_CHARS), label=entry.id)


def _quotation(entry: Evidence) -> str:
    """Return the first lines of what was read, each on one line; enough to believe it or to go and look."""
    # Evidence of triage begins with its facts; advice and the whole object follow after a blank line.
    facts = entry.excerpt.split("\n\n")[0] if entry.tool == "triage" else entry.excerpt
    lines = [line for line in facts.splitlines() if line.strip()]
    return "\n".join(one_line(line, _QUOTED_CHARS) for line in lines[:_QUOTED_LINES])


def _action_blocks(finding: Finding) -> list[Block]:
    if not finding.next_steps and not finding.proposed:
        return []
    steps = tuple(Item(step, label=f"{n}.") for n, step in enumerate(finding.next_steps, 1))
    changes = tuple(Item(change_line(change), label="→", note=shorter(change.reason)) for change in finding.proposed)
    blocks: list[Block] = [Heading("What to do"), Bullets(steps)]
    if changes:
        blocks += [Paragraph("Proposed, not applied:", Tone.QUIET), Bullets(changes)]
    return blocks


def change_line(change: Change) -> str:
    """Return a proposed change on one line."""
    arguments = ", ".join(f"{name}={one_line(str(value), 80)}" for name, value in change.arguments.items())
    return f"{change.tool} {change.target.short}" + (f" ({arguments})" if arguments else "")


def alert_blocks(group: AlertGroup, finding: Finding | None = None) -> list[Block]:
    """Return what was asked: the alert, its target, and which alerts of the payload were left out.

    Arguments:
        finding: what it came to; the guess is said, and that the named object is healthy.
    """
    guess = finding.guess if finding is not None else ""
    if group.lead.is_named:
        well = finding is not None and finding.verdict in (Verdict.NO_PROBLEM, Verdict.RECOVERED)
        said = f"{group.target}, as asked{': it is healthy' if well else ''}"
    else:
        said = alert_line(group.lead) + ("" if guess else f", about {group.target}")
    blocks: list[Block] = [Paragraph(said) if group.lead.is_named else Quote(said)]
    if guess:
        # Of words it stands first; of an alert, how it stands does.
        at = 0 if group.lead.source == _WORDS else 1
        blocks.insert(at, Paragraph(f"A guess: the alert is taken to be about {guess}.", Tone.WARN))
    others = len(group.alerts) - 1
    if others:
        blocks.append(Paragraph(f"with {plural(others, 'more alert')} of the same payload", Tone.QUIET))
    for alert, reason in group.left_out:
        blocks.append(Paragraph(f"left out: {alert_line(alert)}: {reason}", Tone.WARN))
    blocks += [Paragraph(note, Tone.QUIET) for note in group.notes]
    return blocks


def alert_line(alert: Alert) -> str:
    """Return an alert on one line."""
    moment = alert.ended_at if alert.status == "resolved" and alert.ended_at else alert.started_at
    since = f" since {moment:%Y-%m-%d %H:%M} UTC" if moment else ""
    summary = f": {one_line(alert.summary, 160)}" if alert.summary and alert.summary != alert.name else ""
    # What is neither firing nor over is said at once: nobody is to be woken for an alert without data.
    said = alert.state if alert.state not in ("", "unknown") else ""
    standing = f"{said}{since}" if said in _NOT_FIRING and alert.status == "firing" else f"{alert.status}{since}"
    more = f", {said}" if said and not standing.startswith(said) else ""
    if alert.source == _WORDS and alert.severity is Severity.UNKNOWN and standing == "firing" and not more:
        # A person's words: nothing fires, and nobody has said how grave it is.
        return f"“{alert.name}”{summary}"
    return f"{alert.name} ({alert.severity.value}, {standing}{more}){summary}"


def problem_items(problems: Sequence[Problem], most: int, *, advice: bool = True) -> Bullets:
    """Return problems as bullets, best explanation first as ranked."""
    items, shown = [], set[Note]()
    for problem in problems[:most]:
        tone = Tone.BAD if problem.severity.rank == 0 else Tone.PLAIN
        said = [problem.advice, *(one.why for one in problem.withheld)] if advice else []
        # Each note once: several problems of one object carry the same ones.
        fresh = [one for one in problem.notes if one not in shown]
        shown.update(fresh)
        note = "\n".join([*filter(None, said), *note_lines(fresh)])
        items.append(Item(problem.summary, label=problem.condition, note=note, tone=tone))
    return Bullets(tuple(items))


def note_lines(notes: Iterable[Note]) -> list[str]:
    """Return what owners wrote, quoted, one line for each object."""
    found: dict[str, list[str]] = {}
    for note in notes:
        found.setdefault(note.resource.short, []).append(note.words)
    return [f"Note of the owner of {name}: {'; '.join(words)}" for name, words in found.items()]


def usage_line(usage: Usage, model: str) -> str:
    """Return what the run cost on one line; ``model`` is empty when none was used."""
    if not model:
        return f"No model was used. {usage.wall_s:.1f} s."
    cost = "price unknown" if usage.cost_usd is None else f"${usage.cost_usd:.4f}"
    cached = f", {usage.cache_read_tokens:,} from cache" if usage.cache_read_tokens else ""
    return (
        f"{model}: {plural(usage.turns, 'turn')}, {plural(usage.tool_calls, 'tool call')}, "
        f"{usage.input_tokens:,} tokens in{cached}, {usage.output_tokens:,} out, {cost}, {usage.wall_s:.1f} s."
    )
