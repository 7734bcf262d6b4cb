"""The blast radius as a tree: how many pods, which services stand behind them, and, loudly, what is not known."""

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
        *_named("service in front", "services in front", blast.services),
        *_named("ingress in front", "ingresses in front", blast.ingresses),
        *_lines("disruption budget", "disruption budgets", blast.budgets),
        *_named("autoscaler", "autoscalers", blast.scalers),
        *_named("dependent", "dependents", blast.dependents),
        *_reasons(blast),
    )
    return Tree(Branch(f"Affects {reach_line(blast)}", _tone(blast), branches))


def reach_line(blast: BlastRadius) -> str:
    """Return the size on one line: ``1 object; 3 of 4 pods; at worst 34 % of the ready capacity is lost``."""
    parts = [plural(blast.objects, "object")]
    if blast.pods is None:
        parts.append("NUMBER OF PODS NOT KNOWN")
    elif blast.pods_total is not None:
        parts.append(f"{blast.pods:,} of {plural(blast.pods_total, 'pod')}")
    else:
        parts.append(plural(blast.pods, "pod"))
    if blast.percent is None:
        parts.append("CAPACITY LOSS NOT KNOWN")
    else:
        parts.append(f"at worst {blast.percent} % of the ready capacity is lost")
    return "; ".join(parts)


def _tone(blast: BlastRadius) -> Tone:
    if blast.pods is None or blast.percent is None or blast.unknown or blast.data_loss:
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
        yield Branch("stateful: pods have an identity and volumes of their own", Tone.WARN)
    if len(blast.namespaces) > 1:
        yield Branch(f"{len(blast.namespaces)} namespaces: {', '.join(blast.namespaces)}", Tone.WARN)


def _named(one: str, many: str, refs: Sequence[ResourceRef]) -> Iterator[Branch]:
    yield from _lines(one, many, [ref.short for ref in refs])


def _lines(one: str, many: str, texts: Sequence[str]) -> Iterator[Branch]:
    if texts:
        yield Branch(plural(len(texts), one, many), Tone.PLAIN, tuple(Branch(text) for text in texts))


def _reasons(blast: BlastRadius) -> Iterator[Branch]:
    if blast.reasons:
        yield Branch("how this was computed", Tone.QUIET, tuple(Branch(text, Tone.QUIET) for text in blast.reasons))
