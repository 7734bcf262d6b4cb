"""What an alert's words name, held against the names of the cluster: nothing that does not exist is named.

Comes in: an alert whose target was read out of words, or that has none. Goes out: a ``Target`` of which every part
exists, or less. Reads names only. Where reading is forbidden the words are believed: the sweep says what it could not
read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from agentops.core.alert import Alert, Target
from agentops.core.errors import ClusterError
from agentops.providers.kubernetes.api.client import Cluster, Selection
from agentops.providers.kubernetes.objects.suggestions import only_nearest

_WORD = re.compile(r"(?<![\w-])[a-z0-9](?:[a-z0-9.-]{1,61}[a-z0-9])(?![\w-])")
# A word of a language has neither; an address or a time is all digits.
_LOOKS_LIKE_A_NAME = re.compile(r"(?=.*[a-z])(?=.*[-\d])")
_RUNS = ("Deployment", "StatefulSet", "DaemonSet", "Pod", "Job", "CronJob")
_SERVES = ("Service",)
_NAMING_LABELS = ("host", "hostname", "entity", "entities", "instance", "node", "source", "component", "resource")
_MOST_WORDS = 8
_MOST_FOUND = 5
# Namespaces whose names are words that alerts use in passing.
_IN_PASSING = frozenset({"default", "monitoring", "kube-system", "kube-public", "logging", "prometheus", "grafana"})


def worded_target(cluster: Cluster, alert: Alert, groups: tuple[str, ...]) -> Target:
    """Return what the alert's words name, as far as it exists.

    Arguments:
        groups: the namespaces that the user chose; empty means all.
    """
    claim, names = alert.target, _Names(cluster)
    routed = _routed(alert, names)
    if routed is not None:
        return routed
    kinds = _RUNS + _SERVES
    text = "\n".join((alert.name, alert.summary, *alert.annotations.values()))[:20_000]
    words = list(dict.fromkeys(_WORD.findall(text.lower())))
    namespace = _namespace(claim.namespace, words, names)
    places = (namespace,) if namespace else groups or ("",)
    if claim.known:
        alike = tuple(dict.fromkeys((claim.kind, *(kinds if claim.kind in kinds else ()))))
        found = _only(names.of_name(alike, claim.name, places))
        if found is not None:
            return replace(found, container=claim.container)
        # What looks like a name and is gone was there: a pod that its owner replaced. So was what is merely misspelt.
        was_there = _LOOKS_LIKE_A_NAME.match(claim.name) or only_nearest(claim.name, names.within(alike, places))
        if names.were_refused or was_there:
            return replace(claim, namespace=namespace or claim.namespace)
    labelled = [value for key in _NAMING_LABELS if _WORD.fullmatch(value := alert.labels.get(key, "").lower())]
    telling = [word for word in dict.fromkeys((*labelled, *words)) if _LOOKS_LIKE_A_NAME.match(word)]
    for word in telling[:_MOST_WORDS]:
        if word in names.of("Node"):
            return Target(kind="Node", name=word)
        found = _only(names.of_name(kinds, word, places))
        if found is not None:
            return found
    return Target(namespace=namespace)


def _routed(alert: Alert, names: _Names) -> Target | None:
    """Return the Service of Traefik's label ``shop-web-80@kubernetes``: its name tells where the namespace ends."""
    for key in ("exported_service", "service"):
        stem, at, provider = alert.labels.get(key, "").partition("@")
        if not at or not provider.startswith("kubernetes"):
            continue
        parts = stem.split("-")[:12]
        for n in range(1, len(parts)):
            namespace = "-".join(parts[:n])
            # What follows the name is the port, by number or by name.
            for name in ("-".join(parts[n:-1]), "-".join(parts[n:])):
                found = (
                    names.of_name(_SERVES, name, (namespace,)) if name and namespace in names.of("Namespace") else ()
                )
                if next(iter(found), None) is not None:
                    return Target(namespace=namespace, kind="Service", name=name)
    return None


def _namespace(claimed: str, words: Iterable[str], names: _Names) -> str:
    """Return the namespace that the words name: the one that they claim, or the only one that stands among them."""
    known = names.of("Namespace")
    if not known:
        return claimed
    if claimed in known:
        return claimed
    said = [word for word in words if word in known and word not in _IN_PASSING]
    return said[0] if len(said) == 1 else ""


def _only(found: Iterator[Target]) -> Target | None:
    """Return the first that was found, when no other namespace has one of that name and kind."""
    first = next(found, None)
    if first is None:
        return None
    return None if any(one.kind == first.kind and one.namespace != first.namespace for one in found) else first


class _Names:
    """The names of one cluster, asked for once and only as far as needed."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._known: dict[str, frozenset[str]] = {}
        self.were_refused = False

    def of(self, kind: str) -> frozenset[str]:
        """Return all names of a kind that has no namespaces."""
        if kind not in self._known:
            self._known[kind] = frozenset(name for _namespace, name in self._listed(kind, Selection()))
        return self._known[kind]

    def within(self, kinds: Iterable[str], places: Iterable[str]) -> set[str]:
        """Return the names of these kinds in these namespaces."""
        return {
            name
            for kind in kinds
            for place in places
            for _place, name in self._listed(kind, Selection(namespace=place))
        }

    def of_name(self, kinds: Iterable[str], name: str, places: Iterable[str]) -> Iterator[Target]:
        """Yield the objects of a name, kind by kind."""
        for kind in kinds:
            for place in ("",) if kind == "Node" else places:
                selection = Selection(namespace=place, fields=f"metadata.name={name}")
                for namespace, found in self._listed(kind, selection):
                    yield Target(namespace=namespace, kind=kind, name=found)

    def _listed(self, kind: str, selection: Selection) -> list[tuple[str, str]]:
        limit = _MOST_FOUND if selection.fields else 5000
        try:
            found, _more = self._cluster.list_objects(self._cluster.kind(kind), selection, limit=limit)
        except ClusterError:
            self.were_refused = True
            return []
        pairs = ((one["metadata"].get("namespace") or "", str(one["metadata"].get("name") or "")) for one in found)
        return [(str(namespace), name) for namespace, name in pairs if name]
