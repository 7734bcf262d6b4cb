"""What one run of the suite makes, by the label that all of it bears, and how it is removed.

Comes in: a client and the run's id. Goes out: namespaces and objects with names of their own. Whatever the end of the
run is, ``sweep`` finds what is left by the label alone.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.e2e.client import Client, Obj
from tests.e2e.snapshots import until

LABEL, PLACE = "e2e-run", "e2e-namespace"
GLOBAL = (
    "Node", "PersistentVolume", "StorageClass", "ClusterRole", "ClusterRoleBinding", "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
)  # fmt: skip
"""The kinds beside namespaces that a run may make and that belong to no namespace."""
_REMOVAL_S = 180.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run, in one of its processes; ``id`` is the run's, ``process`` tells the processes apart."""

    client: Client
    id: str
    process: str
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def namespace(self) -> str:
        """Make a namespace of its own and return its name, once it is furnished."""
        # Not `agentops-...`: what is called so is agentops' own, and its policy keeps everybody away from it.
        name = f"e2e-{self.id}-{self.process}-{next(self._numbers)}"
        metadata = {"name": name, "labels": {LABEL: self.id}}
        self.client.create({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
        # Before that the server refuses pods, and a look would see things being made.
        furniture = (("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt"))
        until(f"{name} is furnished", lambda: all(self.client.get(*one, name) for one in furniture), 60.0)
        return name

    def make_global(self, manifest: Obj, namespace: str) -> str:
        """Make an object that belongs to no namespace, for the test in ``namespace``; return its name, its own."""
        assert manifest["kind"] in GLOBAL
        name = f"{namespace}-{next(self._numbers)}"
        labels = {LABEL: self.id, PLACE: namespace}
        self.client.create({**manifest, "metadata": {"name": name, "labels": labels}})
        return name

    def apply(self, manifest: Obj, namespace: str) -> None:
        """Make an object under its own name, for the test in ``namespace``, so that it is removed with it."""
        metadata = manifest["metadata"]
        labels = {**metadata.get("labels", {}), LABEL: self.id, PLACE: namespace}
        self.client.create({**manifest, "metadata": {**metadata, "labels": labels}})

    def leave(self, namespace: str) -> None:
        """Remove a test's namespace and what it made beside it. The namespace is not awaited: ``sweep`` does that."""
        for kind in GLOBAL:
            for one in labelled(self.client, kind, f"{PLACE}={namespace}"):
                self.client.delete(kind, one, now=True)
        self.client.delete("Namespace", namespace)


def sweep(client: Client, run: str) -> list[str]:
    """Remove all that a run made, wait until it is gone, and return what is not."""
    ends = time.monotonic() + _REMOVAL_S
    left = _left(client, run)
    for kind, name in left:
        client.delete(kind, name, now=kind != "Namespace")
    while left and time.monotonic() < ends:
        time.sleep(0.5)
        left = _left(client, run)
    return [f"{kind}/{name}" for kind, name in left]


def _left(client: Client, run: str) -> list[tuple[str, str]]:
    return [(kind, name) for kind in ("Namespace", *GLOBAL) for name in labelled(client, kind, f"{LABEL}={run}")]


def labelled(client: Client, kind: str, selector: str) -> list[str]:
    """Return the names of what bears a label; a kind that may not be listed was not made either."""
    if not any(one.kind == kind for one in client.kinds):
        return []  # a server that is older than the kind
    answer = client.call("GET", client.path(kind), query={"labelSelector": selector})
    return [one["metadata"]["name"] for one in answer.body["items"]] if answer.status == 200 else []
