"""``Boundary``: the namespaces that a run may read and write in, whoever asks.

Comes in: the namespaces and the cluster-wide kinds that a flag or a setting allows. Goes out: nothing, or a refusal
before a byte is sent. ``Transport`` asks it right before the wire, so that no tool, sweep or preview can forget it.
What is not known to be inside is outside: a list over all namespaces is, and so is a kind without a namespace that
nobody allowed. The server's own description (discovery, version) and the question "may I?" say nothing of anybody's
objects.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from agentops.core.errors import Forbidden, UsageError
from agentops.core.resource import check_name
from agentops.core.text import one_line
from agentops.providers.kubernetes.objects.kinds import BUILTIN, Kind, resolve

OUTSIDE = "outside-namespaces"
_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubject"


class OutsideNamespaces(Forbidden):
    """A request that leaves the namespaces that a person allowed; nothing was sent."""

    default_code = OUTSIDE


@dataclass(frozen=True, slots=True)
class Boundary:
    """Which requests stay inside.

    Arguments:
        namespaces: the ones that are allowed; empty means that there is no boundary.
        cluster_kinds: resources without a namespace that are allowed besides: ``nodes``, ``storageclasses``, and
            ``PLURAL.GROUP`` for a custom one.
    """

    namespaces: tuple[str, ...] = ()
    cluster_kinds: frozenset[str] = frozenset()

    def require(self, path: str, body: Any = None) -> None:
        """Let a request pass only when it stays inside.

        Raises:
            OutsideNamespaces: it does not.
        """
        if not self.namespaces or path.startswith(_REVIEWS):
            return self._require_review(path, body)
        parts = [unquote(part) for part in path.split("/")[1:]]
        prefix = {"api": 2, "apis": 3}.get(parts[0])
        rest = parts[prefix:] if prefix is not None else []
        if not rest:
            return None
        if rest[0] == "namespaces" and len(rest) > 1:
            return self.require_namespace(rest[1])
        group = parts[1] if parts[0] == "apis" else ""
        if not self._allows(rest[0], group):
            raise self._refusal(_said_of(rest[0], group))
        return None

    def _require_review(self, path: str, body: Any) -> None:
        """A review of all that one may do in a namespace tells of that namespace's roles."""
        spec = body.get("spec") if isinstance(body, Mapping) else None
        namespace = spec.get("namespace") if isinstance(spec, Mapping) else None
        if self.namespaces and path.startswith(f"{_REVIEWS}rulesreviews") and isinstance(namespace, str):
            self.require_namespace(namespace)

    def require_namespace(self, namespace: str) -> None:
        """Raise unless a namespace is inside.

        Raises:
            OutsideNamespaces: it is not.
        """
        if self.namespaces and namespace not in self.namespaces:
            raise self._refusal(f"namespace {one_line(namespace, 63)} is")

    def has(self, namespace: str) -> bool:
        """Return whether a namespace is inside."""
        return not self.namespaces or namespace in self.namespaces

    def choice(self, asked: Collection[str], about: str) -> tuple[str, ...]:
        """Return the namespaces to read when these are asked for and an alert is about one; empty means all.

        Raises:
            OutsideNamespaces: one that is asked for is outside.
        """
        for name in asked:
            self.require_namespace(name)
        if asked or not self.namespaces:
            return tuple(asked)
        return (about,) if about in self.namespaces else self.namespaces

    def allows(self, kind: Kind) -> bool:
        """Return whether objects of a kind may be read at all."""
        return not self.namespaces or kind.namespaced or self._allows(kind.plural, kind.group)

    def _allows(self, plural: str, group: str) -> bool:
        return (plural in self.cluster_kinds and not group) or f"{plural}.{group}" in self.cluster_kinds

    def _refusal(self, what: str) -> OutsideNamespaces:
        return OutsideNamespaces(
            f"{what} {self.words}",
            hint="Leave out --namespace, or name more in kubernetes.namespaces or kubernetes.cluster_kinds.",
        )

    @property
    def words(self) -> str:
        """What a refusal says of the boundary."""
        return f"outside the namespaces you allowed ({one_line(', '.join(self.namespaces), 200)})"


EVERYWHERE = Boundary()
"""No boundary: whatever the identity may read."""


def boundary_of(namespaces: Collection[str], cluster_kinds: Collection[str]) -> Boundary:
    """Return the boundary that a flag or the settings describe.

    Arguments:
        namespaces: names; none means that there is no boundary.
        cluster_kinds: kinds without a namespace, by any of their names; a custom one as ``PLURAL.GROUP``.

    Raises:
        UsageError: a name cannot be one, or a kind has namespaces.
    """
    for name in namespaces:
        check_name(name, "namespace of kubernetes.namespaces")
    plurals = set()
    for name in cluster_kinds:
        known = resolve(name, BUILTIN)
        if known is not None and known.namespaced:
            raise UsageError(
                f"kubernetes.cluster_kinds: {known.kind} belongs to namespaces",
                hint="Only kinds without a namespace stand there, such as nodes or storageclasses.",
            )
        plurals.add(f"{known.plural}.{known.group}".rstrip(".") if known is not None else name.lower())
    return Boundary(tuple(dict.fromkeys(namespaces)), frozenset(plurals))


def _said_of(plural: str, group: str) -> str:
    known = next((one for one in BUILTIN if (one.plural, one.group) == (plural, group)), None)
    if known is not None and known.namespaced:
        return f"{known.plural} of all namespaces are"
    return f"{one_line(plural, 60)} have no namespace: they are"
