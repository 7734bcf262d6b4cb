"""``DependencyGraph``: what a resource depends on, so that a symptom can be followed down to what brings it about.

Comes in: the edges that each provider knows, and the problems. Goes out: the resources below a resource, and the best
way to each of them. It knows no provider: edges may lead from one to another.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from agentops.core.analysis import Edge
from agentops.core.finding import Problem
from agentops.core.resource import ResourceRef

MOST_STEPS = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How a resource is reached from the target: the resources on the way, and how many edges are dependencies.

    ``broken``: each application on the way is unwell, or a log names the dependency.
    """

    path: tuple[ResourceRef, ...]
    dependencies: int
    broken: bool


class DependencyGraph:
    """Dependencies between resources, found on demand.

    Arguments:
        sources: each returns the edges that one provider knows down from a resource.
        problems: what suffers from what, as analyzers say it, is an edge too.
    """

    def __init__(self, sources: Sequence[Callable[[ResourceRef], Iterable[Edge]]], problems: Sequence[Problem]) -> None:
        self._sources = tuple(sources)
        self._affecting: dict[ResourceRef, list[Problem]] = {}
        self._known: dict[ResourceRef, list[Edge]] = {}
        self._reaches: dict[tuple[tuple[ResourceRef, ...], frozenset[ResourceRef]], dict[ResourceRef, Route]] = {}
        for problem in problems:
            for ref in problem.affects:
                self._affecting.setdefault(ref, []).append(problem)

    def below(self, ref: ResourceRef) -> list[Edge]:
        """Return the edges down from ``ref``, each resource once; one that a log names is kept before others."""
        found = self._known.get(ref)
        if found is None:
            unique: dict[ResourceRef, Edge] = {}
            for edge in self._edges(ref):
                known = unique.get(edge.ref)
                if edge.ref != ref and (known is None or (edge.witnessed and not known.witnessed)):
                    unique[edge.ref] = edge
            found = self._known[ref] = list(unique.values())
        return found

    def _edges(self, ref: ResourceRef) -> Iterator[Edge]:
        for source in self._sources:
            yield from source(ref)
        for problem in self._affecting.get(ref, ()):
            yield Edge(ref=problem.resource, relation="suffers from")

    def own(self, refs: Sequence[ResourceRef]) -> frozenset[ResourceRef]:
        """Return ``refs`` and what is part of them: owners, the workload of pods, what serves them."""
        own, queue = set(refs), list(refs)
        while queue:
            for edge in self.below(queue.pop()):
                if edge.own and edge.ref not in own:
                    own.add(edge.ref)
                    queue.append(edge.ref)
        return frozenset(own)

    def reach(self, starts: Sequence[ResourceRef], unwell: frozenset[ResourceRef]) -> dict[ResourceRef, Route]:
        """Return every resource below ``starts`` with the best way to it: fewest dependencies, then fewest edges.

        ``unwell`` are the resources with a problem: a way is broken when each application on it is one of them.
        """
        question = (tuple(starts), unwell)
        known = self._reaches.get(question)
        if known is None:
            known = self._reaches[question] = self._walk(starts, unwell)
        return known

    def _walk(self, starts: Sequence[ResourceRef], unwell: frozenset[ResourceRef]) -> dict[ResourceRef, Route]:
        found = {ref: Route(path=(ref,), dependencies=0, broken=True) for ref in starts}
        queue: deque[ResourceRef] = deque(starts)
        steps = 0
        while queue and steps < MOST_STEPS:
            here = found[ref := queue.popleft()]
            steps += 1
            for edge in self.below(ref):
                if edge.ref in here.path:
                    continue
                route = Route(
                    path=(*here.path, edge.ref),
                    dependencies=here.dependencies + edge.dependency,
                    broken=here.broken and (not edge.dependency or edge.witnessed or edge.ref in unwell),
                )
                known = found.get(edge.ref)
                if known is None or _better(route, known):
                    found[edge.ref] = route
                    queue.append(edge.ref)
        return found


def _better(left: Route, right: Route) -> bool:
    return _cost(left) < _cost(right)


def _cost(route: Route) -> tuple[bool, int, int]:
    return not route.broken, route.dependencies, len(route.path)
