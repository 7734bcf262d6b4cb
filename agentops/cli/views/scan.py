"""A triage scan as a page and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from agentops.app.services import KnownProblem, Scan
from agentops.cli.report import Block, Bullets, Code, Heading, Item, Pairs, Paragraph, Table, Tone
from agentops.cli.views.finding import note_lines, problem_items
from agentops.cli.views.shorter import said_once
from agentops.core.clock import age
from agentops.core.commands import command_line
from agentops.core.conditions import CHANGES
from agentops.core.finding import Problem, Verdict
from agentops.core.jsonable import to_json
from agentops.core.text import plural

_KINDS_SHOWN = 5
_GONE_SHOWN = 10
_GAPS_SHOWN = 6
_CLOSING_CHARS = 300
_ADVICE_CHARS = 150

_CUT = ("object", "condition", "what")


def scan_blocks(
    scan: Scan, most: int, now: datetime, *, whole: bool = False, flags: str | None = None
) -> tuple[Block, ...]:
    """Return the scan with at most ``most`` problems, one line each, and at its end the best explanation.

    Arguments:
        now: ages are counted up to it.
        whole: every problem in full, with advice and what owners wrote.
        flags: the options that lead another run to the same place, each with a space before it; None where no run can
            look there.
    """
    where = ", ".join(scan.namespaces) or scan.everything
    blocks: list[Block] = [Pairs((("context", scan.context), ("scope", where), ("read", counts_line(scan.counts))))]
    # That something was rolled out is no trouble: it is what trouble may come from.
    changed = [one for one in scan.problems if one.condition in CHANGES]
    problems = [one for one in scan.problems if one.condition not in CHANGES]
    if problems:
        blocks += _problem_blocks(problems, most, now, whole=whole)
    if changed:
        rows = tuple((_age(one, now), one.resource.short, _changed(one)) for one in changed[:most])
        blocks += [Heading("Recent changes"), Table(("age", "object", "what"), rows, () if whole else _CUT)]
    if gone := [one for one in scan.gone if one.condition not in CHANGES]:
        blocks += [Heading("In the baseline, and gone", Tone.GOOD), Bullets(tuple(_gone(gone)))]
    if scan.gaps:
        blocks.append(Heading("Not read", Tone.WARN))
        blocks.append(Pairs(scan.gaps) if whole else Bullets(tuple(_by_reason(scan.gaps))))
    blocks.append(Paragraph(_foot(scan), Tone.QUIET))
    return (*blocks, *_closing(scan, problems, flags))


def _problem_blocks(problems: Sequence[Problem], most: int, now: datetime, *, whole: bool) -> list[Block]:
    heading = Heading(plural(len(problems), "problem"), Tone.BAD)
    if whole:
        blocks: list[Block] = [heading, problem_items(problems, most)]
    else:
        rows = tuple((_age(one, now), one.resource.short, one.condition, one.severity.value) for one in problems[:most])
        # What owners wrote may speak against acting, so none of it waits for -v.
        notes = dict.fromkeys(note for one in problems[:most] for note in one.notes)
        told = [Paragraph(line, Tone.QUIET) for line in note_lines(notes)]
        more = Paragraph("Each of them in full, with what it rests on: -v", Tone.QUIET)
        blocks = [heading, Table(("age", "object", "condition", "severity"), rows, _CUT), *told, more]
    if len(problems) > most:
        blocks.append(Paragraph(f"{len(problems) - most} more; show them with --all", Tone.QUIET))
    return blocks


def _gone(known: Sequence[KnownProblem]) -> Iterable[Item]:
    yield from (Item(f"{one.resource}: {one.condition}") for one in known[:_GONE_SHOWN])
    if len(known) > _GONE_SHOWN:
        yield Item(f"and {len(known) - _GONE_SHOWN} more")


def _by_reason(gaps: Sequence[tuple[str, str]]) -> Iterable[Item]:
    """Yield a line for each reason, with all that was not read for it."""
    grouped: dict[str, list[str]] = {}
    for what, reason in gaps:
        grouped.setdefault(reason, []).append(what)
    for reason, gaps_of in grouped.items():
        kinds = dict.fromkeys(one.partition(" in ")[0] for one in gaps_of)
        named = gaps_of if len(gaps_of) <= _GAPS_SHOWN else list(kinds)
        yield Item(f"{reason}: {', '.join(named)}")


def _foot(scan: Scan) -> str:
    changes = sum(one.condition in CHANGES for one in scan.known)
    known = len(scan.known) - changes
    left_out = [
        f"{plural(known, 'problem')} of the baseline" if known else "",
        f"{plural(changes, 'recent change')} of the baseline" if changes else "",
        f"{scan.hidden} by the filters" if scan.hidden else "",
    ]
    said = " and ".join(filter(None, left_out))
    return f"No model was used. {scan.wall_s:.1f} s." + (f" Left out: {said}." if said else "")


def _closing(scan: Scan, problems: Sequence[Problem], flags: str | None) -> list[Block]:
    """Return the last lines, at most six at 80 columns: what is wrong first of all, and what to type next."""
    if problems:
        first = problems[0]
        said: list[Block] = [Heading(said_once(first.summary, _CLOSING_CHARS), Tone.BAD)]
        if first.advice:
            said.append(Paragraph(said_once(first.advice, _ADVICE_CHARS)))
        if flags is not None and not first.resource.is_foreign:
            again = command_line("investigate", f"{first.resource.scheme}:{first.resource.short}")
            said.append(Code(f"Next: {again}{flags}"))
        return said
    unasked = [Paragraph(said_once(one, _CLOSING_CHARS), Tone.WARN) for one in scan.unasked]
    if scan.finding.verdict is Verdict.UNDETERMINED:
        return [Heading("Undetermined", Tone.WARN), Paragraph(scan.finding.conclusion), *unasked]
    if any(one.condition not in CHANGES for one in scan.known):
        return [Heading("No new problem", Tone.GOOD), *unasked]
    return [Heading("No such problem" if scan.hidden else "No problem found", Tone.GOOD), *unasked]


def _changed(one: Problem) -> str:
    return one.summary.removeprefix(f"{one.resource.subject}: ")


def _age(problem: Problem, now: datetime) -> str:
    return "-" if problem.since is None else age(problem.since, now)


def counts_line(counts: Mapping[str, int]) -> str:
    """Return ``3 nodes, 41 pods, 12 deployments ...``: the kinds that the provider counts first."""
    shown = list(counts.items())[:_KINDS_SHOWN]
    return ", ".join(plural(number, kind.lower()) for kind, number in shown) or "nothing"


def scan_document(scan: Scan, audit: Mapping[str, Any]) -> dict[str, Any]:
    """Return the envelope's parts of a scan."""
    known = {
        "known": [
            {"resource": str(one.resource), "condition": one.condition, "severity": one.severity.value}
            for one in scan.known
        ],
        "gone": to_json(scan.gone),
    }
    return {
        "context": scan.context,
        "namespaces": list(scan.namespaces),
        "observed_at": to_json(scan.observed_at),
        "finding": to_json(scan.finding),
        "problems": to_json(scan.problems),
        "baseline": known if scan.known or scan.gone else None,
        "filtered_out": scan.hidden or None,
        "read": dict(scan.counts),
        "not_read": [{"what": what, "reason": reason} for what, reason in scan.gaps],
        "usage": {"turns": 0, "wall_s": round(scan.wall_s, 3)},
        "audit": dict(audit),
    }
