"""A triage scan as a page and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from agentops.app.services import Scan
from agentops.cli.report import Block, Heading, Pairs, Paragraph, Table, Tone
from agentops.cli.views.finding import note_lines, problem_items
from agentops.core.clock import age
from agentops.core.conditions import CHANGED
from agentops.core.finding import Problem, Verdict
from agentops.core.jsonable import to_json
from agentops.core.text import plural

_KINDS_SHOWN = 5


_CUT = ("object", "condition", "what")
_WORTH_SHOWING = 1


def scan_blocks(scan: Scan, most: int, now: datetime, *, whole: bool = False) -> tuple[Block, ...]:
    """Return the scan with at most ``most`` problems, one line each, and the best explanation in full.

    Arguments:
        now: ages are counted up to it.
        whole: every problem in full, with advice and what owners wrote.
    """
    where = ", ".join(scan.namespaces) or "all namespaces"
    blocks: list[Block] = [Pairs((("context", scan.context), ("scope", where), ("read", counts_line(scan.counts))))]
    # That something was rolled out is no trouble: it is what trouble may come from.
    changed = [one for one in scan.problems if one.condition == CHANGED]
    problems = [one for one in scan.problems if one.condition != CHANGED]
    if problems:
        blocks += _problem_blocks(problems, most, now, whole=whole)
    elif scan.finding.verdict is Verdict.UNDETERMINED:
        blocks.append(Heading("Undetermined", Tone.WARN))
        blocks.append(Paragraph(scan.finding.conclusion))
    else:
        blocks.append(Heading("No problem found", Tone.GOOD))
    if changed:
        rows = tuple((_age(one, now), one.resource.short, _changed(one)) for one in changed[:most])
        blocks += [Heading("Recent changes"), Table(("age", "object", "what"), rows, () if whole else _CUT)]
    if scan.gaps:
        blocks.append(Heading("Not read", Tone.WARN))
        blocks.append(Pairs(scan.gaps))
    blocks.append(Paragraph(f"No model was used. {scan.wall_s:.1f} s.", Tone.QUIET))
    return tuple(blocks)


def _problem_blocks(problems: Sequence[Problem], most: int, now: datetime, *, whole: bool) -> list[Block]:
    heading = Heading(plural(len(problems), "problem"), Tone.BAD)
    if whole:
        blocks: list[Block] = [heading, problem_items(problems, most)]
    else:
        rows = tuple((_age(one, now), one.resource.short, one.condition, one.severity.value) for one in problems[:most])
        best: list[Block] = [Heading("Best explanation"), problem_items(problems, _WORTH_SHOWING)]
        blocks = [heading, Table(("age", "object", "condition", "severity"), rows, _CUT), *best]
        # What owners wrote may speak against acting, so none of it waits for -v.
        told = set(problems[0].notes)
        notes = dict.fromkeys(note for one in problems[:most] for note in one.notes if note not in told)
        blocks += [Paragraph(line, Tone.QUIET) for line in note_lines(notes)]
        if len(problems) > _WORTH_SHOWING:
            blocks.append(Paragraph("Each of them in full: -v", Tone.QUIET))
    if len(problems) > most:
        blocks.append(Paragraph(f"{len(problems) - most} more; show them with --all", Tone.QUIET))
    return blocks


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
    return {
        "context": scan.context,
        "namespaces": list(scan.namespaces),
        "finding": to_json(scan.finding),
        "problems": to_json(scan.problems),
        "read": dict(scan.counts),
        "not_read": [{"what": what, "reason": reason} for what, reason in scan.gaps],
        "usage": {"turns": 0, "wall_s": round(scan.wall_s, 3)},
        "audit": dict(audit),
    }
