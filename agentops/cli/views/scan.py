"""A triage scan as a page and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.app.services import Scan
from agentops.cli.report import Block, Heading, Pairs, Paragraph, Tone
from agentops.cli.views.finding import problem_items
from agentops.core.finding import Verdict
from agentops.core.jsonable import to_json
from agentops.core.text import plural

_KINDS_SHOWN = 5


def scan_blocks(scan: Scan, most: int) -> tuple[Block, ...]:
    """Return the scan with at most ``most`` problems."""
    where = ", ".join(scan.namespaces) or "all namespaces"
    blocks: list[Block] = [Pairs((("context", scan.context), ("scope", where), ("read", counts_line(scan.counts))))]
    if scan.problems:
        blocks.append(Heading(plural(len(scan.problems), "problem"), Tone.BAD))
        blocks.append(problem_items(scan.problems, most))
        if len(scan.problems) > most:
            blocks.append(Paragraph(f"{len(scan.problems) - most} more; show them with --all", Tone.QUIET))
    elif scan.finding.verdict is Verdict.UNDETERMINED:
        blocks.append(Heading("Undetermined", Tone.WARN))
        blocks.append(Paragraph(scan.finding.conclusion))
    else:
        blocks.append(Heading("No problem found", Tone.GOOD))
    if scan.gaps:
        blocks.append(Heading("Not read", Tone.WARN))
        blocks.append(Pairs(scan.gaps))
    blocks.append(Paragraph(f"No model was used. {scan.wall_s:.1f} s.", Tone.QUIET))
    return tuple(blocks)


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
