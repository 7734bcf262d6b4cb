"""A request or a question with its reply, as a page whose last lines are the answer, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from agentops.app.stored_incident import continue_command
from agentops.cli.report import Block, Bullets, Code, Heading, Item, Pairs, Paragraph, Quote, Tone
from agentops.cli.views.finding import CLOSING_CHARS, usage_line
from agentops.cli.views.incident import draft_blocks, evidence_blocks, evidence_documents, usage_document
from agentops.cli.views.shorter import said_once
from agentops.core.alert import Incident
from agentops.core.clock import to_iso
from agentops.core.commands import command_line
from agentops.core.evidence import Evidence
from agentops.core.request import DONE, ReplyVerdict, Request, RequestReply
from agentops.core.text import one_line, plural
from agentops.core.usage import Usage

if TYPE_CHECKING:
    from agentops.app.history import StoredIncident

_MOST_EVIDENCE = 6
_EVIDENCE_CHARS = 140
_WORDS_CHARS = 300
_LINE_CHARS = CLOSING_CHARS // 3
_BECAUSE_CHARS = 100


def asked_blocks(incident: Incident, *, whole: bool = False) -> list[Block]:
    """Return what was asked, and where."""
    request = _request(incident)
    words = request.words if whole else one_line(request.words, _WORDS_CHARS)
    where = f" in {incident.namespace}" if incident.namespace else ""
    return [Paragraph(f"{request.kind.capitalize()}{where} ({incident.context}): “{words}”")]


def above_blocks(reply: RequestReply, evidence: Sequence[Evidence]) -> list[Block]:
    """Return what stands above the answer: warnings, the evidence that it cites, what was not checked."""
    blocks: list[Block] = [Paragraph(f"Warning: {warning}", Tone.WARN) for warning in reply.warnings]
    known = {one.id: one for one in evidence}
    cited = [known[name] for name in reply.evidence if name in known]
    if cited:
        items = tuple(Item(one_line(one.summary, _EVIDENCE_CHARS), label=one.id) for one in cited[:_MOST_EVIDENCE])
        blocks += [Heading("Evidence"), Bullets(items)]
    if reply.not_checked:
        blocks.append(Heading("Not checked"))
        blocks.append(Bullets(tuple(Item(text, tone=Tone.QUIET) for text in reply.not_checked)))
    return blocks


def whole_blocks(reply: RequestReply) -> list[Block]:
    """Return what the closing lines of a request cut: of a model's words none may be lost."""
    said = ((reply.text, CLOSING_CHARS - _LINE_CHARS), (reply.because, _BECAUSE_CHARS))
    return [block for text, most in said if len(text) > most for block in _lines(text)]


def answer_blocks(incident: Incident, reply: RequestReply) -> list[Block]:
    """Return the last lines of an answer: the answer itself, whole, what it rests on, and what to type next."""
    if not reply.supported:
        head = Heading("Not answered: what the model says is NOT supported by evidence that was observed", Tone.BAD)
        return [head, *_lines(reply.text), _next(incident)]
    if reply.verdict is ReplyVerdict.NOT_POSSIBLE:
        return [*_lines(reply.text), _not_possible(reply.because), *_cited(reply), _next(incident)]
    return [Heading("Answered", Tone.GOOD), *_lines(reply.text), *_cited(reply), _next(incident, reply)]


def closing_blocks(incident: Incident, reply: RequestReply, next_command: str) -> list[Block]:
    """Return the last lines of a request, at most six at 80 columns: the verdict, why, evidence, what to type next."""
    head, tone = said_of(reply)
    room = CLOSING_CHARS - (_LINE_CHARS if len(head) > _LINE_CHARS else 0)
    blocks: list[Block] = [Heading(head, tone), Quote(said_once(reply.text, room)), *_cited(reply)]
    return [*blocks, Code(f"Next: {next_command}")] if next_command else [*blocks, _next(incident)]


def said_of(reply: RequestReply) -> tuple[str, Tone]:
    """Return how a request stands, in one phrase."""
    if not reply.supported:
        return "Not possible, because the model's report is NOT supported by what was read or drafted", Tone.BAD
    if reply.verdict is ReplyVerdict.NOT_POSSIBLE:
        return f"Not possible, because {said_once(_clause(reply.because), _BECAUSE_CHARS)}", Tone.WARN
    if reply.verdict is ReplyVerdict.ALREADY_SO:
        return "Already as asked: nothing was changed", Tone.GOOD
    if reply.outcome == DONE:
        return "Done as asked", Tone.GOOD
    return _PLANNED.get(reply.outcome, ("Planned, not carried out", Tone.WARN))


_PLANNED = {
    "dry-run": ("Planned: a dry run, nothing was changed", Tone.GOOD),
    "declined": ("Not done: nobody agreed, nothing was changed", Tone.WARN),
    "refused": ("Not done: refused, nothing was changed", Tone.BAD),
    "rolled-back": ("Not done: it was rolled back", Tone.WARN),
    "rollback-failed": ("Not done, and NOT everything could be rolled back: a person is needed", Tone.BAD),
    "stopped": ("Stopped before the end: a person is needed", Tone.BAD),
    "partly-done": ("Done in part: a step was left out, or refused", Tone.WARN),
    "not-planned": ("Not possible, because no plan could be made of it", Tone.WARN),
    "not-verified": ("Done as asked, but NOT verified", Tone.WARN),
}


def interrupted_blocks(found: StoredIncident) -> list[Block]:
    """Return what a request had come to when it was interrupted: what was asked, drafted and read."""
    return [*asked_blocks(found.incident), *draft_blocks(found), *evidence_blocks(found.evidence)]


def stored_request_blocks(found: StoredIncident) -> list[Block]:
    """Return the page of a request from the store; its evidence and drafts stand above the answer."""
    incident, reply = found.incident, found.reply
    blocks = asked_blocks(incident, whole=True)
    if reply is not None:
        blocks += above_blocks(reply, found.evidence)
    blocks += [*draft_blocks(found), *evidence_blocks(found.evidence)]
    rows = (("opened", to_iso(incident.opened_at)), (incident.kind, incident.id), ("context", incident.context))
    blocks.append(Pairs(tuple(row for row in rows if row[1])))
    if found.usage is not None:
        blocks.append(Paragraph(usage_line(found.usage, reply.by if reply else "the model"), Tone.QUIET))
    if reply is None:
        return [*blocks, Heading("No reply yet", Tone.WARN), Code(f"Resume it: {continue_command(incident)}")]
    if not _request(incident).wants_change:
        return [*blocks, *answer_blocks(incident, reply)]
    again = continue_command(incident) if found.drafts else ""
    return [*blocks, *whole_blocks(reply), *closing_blocks(incident, reply, again)]


def request_document(
    incident: Incident, reply: RequestReply | None, evidence: Sequence[Evidence], usage: Usage | None
) -> dict[str, Any]:
    """Return the envelope's parts of a request: the words, and the reply with what it cites."""
    request = _request(incident)
    found: dict[str, Any] = {
        "id": incident.id,
        "kind": request.kind,
        "words": request.words,
        "context": incident.context,
        "namespace": incident.namespace,
        "opened_at": to_iso(incident.opened_at),
        "verdict": "open" if reply is None else reply.standing,
    }
    if reply is not None:
        found["reply"] = {
            "verdict": reply.verdict.value,
            "text": reply.text,
            "by": reply.by,
            "because": reply.because,
            "evidence": evidence_documents(reply.evidence, evidence),
            "not_checked": list(reply.not_checked),
            "supported": reply.supported,
            "warnings": list(reply.warnings),
            "outcome": reply.outcome,
        }
    return {"request": found, "usage": None if usage is None else usage_document(usage)}


def _request(incident: Incident) -> Request:
    assert incident.request is not None  # noqa: S101 - whoever shows a request has looked
    return incident.request


def _lines(text: str) -> list[Block]:
    return [Quote("\n".join(line for line in text.splitlines() if line.strip()))]


def _not_possible(because: str) -> Heading:
    return Heading(f"Not possible, because {_clause(because)}", Tone.WARN)


def _clause(sentence: str) -> str:
    """Return a sentence as it stands after "because": without its last full stop."""
    return sentence.strip().rstrip(".")


def _cited(reply: RequestReply) -> list[Block]:
    parts = [f"evidence {', '.join(reply.evidence)}"] if reply.evidence else []
    parts += [f"{plural(len(reply.not_checked), 'thing')} not checked"] if reply.not_checked else []
    return [Paragraph(f"By {reply.by}, {'; '.join(parts) or 'without evidence'}.", Tone.QUIET)]


def _next(incident: Incident, reply: RequestReply | None = None) -> Code:
    shown = ("--evidence", reply.evidence[0]) if reply is not None and reply.evidence else ()
    return Code(f"Next: {command_line('show', incident.short_id, *shown)}")
