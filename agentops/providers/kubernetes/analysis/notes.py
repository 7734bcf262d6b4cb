"""Notes of owners beside the problems that triage finds, and the remedies that one of them speaks against.

Comes in: the graph and a problem. Goes out: the same problem with the notes of its resource, of what that is part
of, of its namespace, and of what its remedies would change; a remedy that a note speaks against is withheld with the
note as the reason. Notes are quoted, never obeyed: they can take a proposal away and add none.
"""

from __future__ import annotations

from dataclasses import replace

from agentops.core.finding import Problem, Withheld
from agentops.core.notes import forbids, notes_of, speaks_against
from agentops.core.plan import Change, Note
from agentops.core.resource import ResourceRef
from agentops.core.secret_names import is_secret_name
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.quoting import HIDDEN, quoted
from agentops.providers.kubernetes.analysis.report import subject
from agentops.providers.kubernetes.objects.fields import Key, mapping

MOST_SHOWN = 6


def with_notes(graph: Graph, problem: Problem) -> Problem:
    """Return the problem with the notes that belong to it, and without the remedies that they speak against."""
    judged = [(change, _objection(graph, change)) for change in problem.remedies]
    held = tuple(Withheld(change=change, why=_sentence(change, note)) for change, note in judged if note is not None)
    kept = tuple(change for change, note in judged if note is None)
    objections = [note for _, note in judged if note is not None]
    shown = tuple(dict.fromkeys((*objections, *notes_round(graph, problem.resource))))[:MOST_SHOWN]
    if not shown:
        return problem
    # What goes with a correction goes only with it.
    beside = tuple(change for change in problem.companions if kept and _objection(graph, change) is None)
    return replace(problem, notes=shown, remedies=kept, companions=beside, withheld=held)


def _objection(graph: Graph, change: Change) -> Note | None:
    return next((note for note in notes_round(graph, change.target) if speaks_against(note, change)), None)


def _sentence(change: Change, note: Note) -> str:
    target, holder = (subject((ref.kind, ref.namespace, ref.name)) for ref in (change.target, note.resource))
    return f"Not proposed: {change.tool} on {target}, for the owner of {holder} says {note.words}."


def notes_round(graph: Graph, ref: ResourceRef) -> tuple[Note, ...]:
    """Return the notes on an object and on what it is part of, and what its namespace's notes forbid."""
    key = (ref.kind, ref.namespace, ref.name)
    obj = graph.get(key)
    keys = dict.fromkeys((key, *((graph.top_of(obj),) if obj is not None else ())))
    # Whom to ask about a whole namespace would stand beside every problem in it, and tell nothing of this one.
    above = (note for note in _notes(graph, ("Namespace", "", ref.namespace)) if forbids(note))
    return tuple(dict.fromkeys((*(note for one in keys for note in _notes(graph, one)), *above)))


def _notes(graph: Graph, key: Key) -> tuple[Note, ...]:
    known: tuple[Note, ...] | None = graph.notes.get(key)
    if known is None:
        known = graph.notes[key] = tuple(map(_safe, _read(graph, key)))
    return known


def _read(graph: Graph, key: Key) -> tuple[Note, ...]:
    obj = graph.get(key)
    if obj is None:
        return ()
    own, template = (mapping(obj, *path) for path in (("metadata",), ("spec", "template", "metadata")))
    maps = (mapping(one, field) for one in (own, template) for field in ("annotations", "labels"))
    return notes_of(graph.ref_of(key), *maps)


def _safe(note: Note) -> Note:
    """Return the note with what looks like a credential hidden."""
    return replace(note, value=HIDDEN if is_secret_name(note.key) else quoted(note.value, len(note.value) + 20))
