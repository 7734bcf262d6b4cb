"""The blast radius as a tree: how much of it serves, what stands in front of it, and, loudly, what is not known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agentops.cli.report import Branch, Tone, Tree
from agentops.core.plan import BlastRadius
from agentops.core.resource import ResourceRef
from agentops.core.text import plural

_HALF = 50


def blast_tree(blast: BlastRadius) -> Tree:
    """Return what a change reaches, as computed from the cluster."""
    branches = (
        *_unknown(blast),
        *_harm(blast),
        *_by_kind(blast.fronts, " in front"),
        *(branch for title, texts in blast.detail.items() for branch in _lines(title, f"{title}s", texts)),
        *_by_kind(blast.controllers),
        *_lines("dependent", "dependents", [ref.short for ref in blast.dependents]),
        *_reasons(blast),
    )
    return Tree(Branch(f"Affects {reach_line(blast)}", _tone(blast), branches))


def reach_line(blast: BlastRadius) -> str:
    """Return the size on one line: ``1 object; 3 of 4 pods; at worst 34 % of the ready capacity is lost``."""
    parts = [plural(blast.objects, "object")]
    if blast.instances is None:
        parts.append(f"NUMBER OF {blast.unit.upper()}S NOT KNOWN")
    elif blast.instances_total is not None:
        parts.append(f"{blast.instances:,} of {plural(blast.instances_total, blast.unit)}")
    else:
        parts.append(plural(blast.instances, blast.unit))
    if blast.percent is None:
        parts.append("CAPACITY LOSS NOT KNOWN")
    elif blast.percent == 0:
        parts.append("no ready capacity is lost")
    else:
        parts.append(f"at worst {blast.percent} % of the ready capacity is lost")
    return "; ".join(parts)


def _tone(blast: BlastRadius) -> Tone:
    if blast.instances is None or blast.percent is None or blast.unknown or blast.data_loss:
        return Tone.BAD
    return Tone.WARN if blast.percent >= _HALF or blast.stateful else Tone.STRONG


def _unknown(blast: BlastRadius) -> Iterator[Branch]:
    if blast.unknown:
        lines = tuple(Branch(text, Tone.BAD) for text in blast.unknown)
        yield Branch("NOT KNOWN, so it may affect more than shown here:", Tone.BAD, lines)


def _harm(blast: BlastRadius) -> Iterator[Branch]:
    if blast.data_loss:
        yield Branch("DATA IS LOST", Tone.BAD)
    if blast.stateful:
        yield Branch(f"stateful: each {blast.unit} has an identity and data of its own", Tone.WARN)
    if len(blast.groups) > 1:
        yield Branch(f"{plural(len(blast.groups), blast.group_unit)}: {', '.join(blast.groups)}", Tone.WARN)


def _by_kind(refs: Sequence[ResourceRef], where: str = "") -> Iterator[Branch]:
    """Yield one branch for each kind: ``1 Service in front``, ``2 Ingresses in front``."""
    for kind in dict.fromkeys(ref.kind for ref in refs):
        several = f"{kind}es" if kind.endswith("s") else f"{kind}s"
        found = [ref.short for ref in refs if ref.kind == kind]
        yield from _lines(f"{kind}{where}", f"{several}{where}", found)


def _lines(one: str, many: str, texts: Sequence[str]) -> Iterator[Branch]:
    if texts:
        yield Branch(plural(len(texts), one, many), Tone.PLAIN, tuple(Branch(text) for text in texts))


def _reasons(blast: BlastRadius) -> Iterator[Branch]:
    if blast.reasons:
        yield Branch("how this was computed", Tone.QUIET, tuple(Branch(text, Tone.QUIET) for text in blast.reasons))
