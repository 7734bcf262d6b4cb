"""``Analysis``: what one provider's analyzers say of one sweep, in words that every provider shares.

The ranking (``triage``) reads nothing else: problems, what depends on what, what the alert turned out to be about, what
is in order and what could not be seen. Resources are named by ``ResourceRef``, so an analysis of one provider can lead
to a resource of another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from agentops.core.conditions import Condition
from agentops.core.evidence import Reading
from agentops.core.finding import Problem
from agentops.core.resource import ResourceRef
from agentops.core.tool import ToolCall


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Something that the sweep wanted and did not get; ``what`` is ``Pod in shop`` or ``logs of shop/api-1``.

    ``chosen``: by right or by choice it may not be read, so that nobody expects it. ``broken``: what came cannot be
    right, and only what was left of it was looked at. ``provider``: how people call the one of which nothing at all was
    read. ``needed``: a setting asks for it, so nobody may say that all is well without it.
    """

    what: str
    reason: str
    chosen: bool = False
    broken: bool = False
    provider: str = ""
    needed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One step down the dependency graph: to ``ref``, by what ``relation`` (``is served by``, ``mounts``).

    ``dependency``: it leads to another application. ``witnessed``: a log, not only a configuration, names it.
    ``own``: both ends are parts of one thing, so that trouble at one is trouble of the other.
    """

    ref: ResourceRef
    relation: str
    dependency: bool = False
    witnessed: bool = False
    own: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedTarget:
    """What the alert is about, in terms of resources that exist.

    Arguments:
        refs: where to start; empty when nothing was found, or when everything is in question.
        how: how they were found, in words.
        exact: they are what the alert names, not what resembles it.
        whole: nothing was named, so everything is in question: of ``group`` (a namespace), where that is set.
        gone: the sentence about a target that was looked for and is not there.
    """

    refs: tuple[ResourceRef, ...]
    how: str
    exact: bool
    whole: bool = False
    group: str = ""
    gone: str = ""


def no_edges(_ref: ResourceRef) -> tuple[Edge, ...]:
    """Return nothing: a provider that does not know what depends on what."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """What one provider's sweep came to.

    Arguments:
        provider: how people call the provider: ``Kubernetes``.
        place: what was read: the kubeconfig context, the account.
        observed_at: when the sweep began.
        groups: the groups (namespaces) in scope; empty means all of them.
        target: what the alert turned out to be about.
        counts: how many objects of each kind were read, what tells people most first; a kind that is missing was not
            read.
        gaps: what could not be read, and why.
        problems: worst first.
        edges: what a resource depends on; asked on demand, and must be cheap to ask again.
        conditions: the provider's catalogue, by name.
        healthy: sentences about what was looked at and is in order.
        not_checked: sentences about what could not be seen.
        recovered: sentences that show that the target was unwell and is well again.
        blind: what tells whether something is unwell could not be read in part, so "all is well" is not certain.
        sighted: something that could be unwell was read at all; nothing may be said to be well otherwise.
        unread: what could not be read, or not in full, of that without which nobody may say that all is well.
        judged: the resources show whether the alert's own condition holds; else nobody may say that it does not.
        unsettled: sentences about what happened at the target in the last minutes that is no sign of health.
        readings: what was read that is evidence whatever comes of it, each with the call that would read it.
        everything: what a sweep looks at that nothing narrows down; empty for what only looks beside others.
    """

    provider: str
    place: str
    observed_at: datetime
    target: ResolvedTarget
    problems: tuple[Problem, ...]
    groups: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()
    edges: Callable[[ResourceRef], Iterable[Edge]] = field(default=no_edges, repr=False, compare=False)
    conditions: Mapping[str, Condition] = field(default_factory=dict, repr=False, compare=False)
    healthy: tuple[str, ...] = ()
    not_checked: tuple[str, ...] = ()
    recovered: tuple[str, ...] = ()
    blind: bool = False
    sighted: bool = True
    unread: tuple[str, ...] = ()
    judged: bool = True
    unsettled: tuple[str, ...] = ()
    readings: tuple[tuple[ToolCall, Reading], ...] = field(default=(), repr=False)
    everything: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepOutline:
    """What was read of all providers together, in figures: for the record, for people, for the model.

    Arguments:
        place: where was looked, in one text.
        observed_at: when the first sweep began.
        everything: what is looked at where ``groups`` is empty, in words.
    """

    place: str
    observed_at: datetime
    groups: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()
    everything: str = ""


def outline_of(analyses: Sequence[Analysis], gaps: Sequence[Gap] = ()) -> SweepOutline:
    """Return the outline of several analyses; ``gaps`` are providers that could not be opened."""
    return SweepOutline(
        place=", ".join(dict.fromkeys(one.place for one in analyses)),
        observed_at=min(one.observed_at for one in analyses),
        groups=tuple(dict.fromkeys(group for one in analyses for group in one.groups)),
        counts={kind: number for one in analyses for kind, number in one.counts.items()},
        gaps=(*gaps, *(gap for one in analyses for gap in one.gaps)),
        everything=", ".join(dict.fromkeys(one.everything for one in analyses if one.everything)),
    )
