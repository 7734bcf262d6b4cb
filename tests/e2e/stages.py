"""``Stage``: one test's namespace, the product that is to act there, and what is seen of both.

Comes in: what the fixtures of ``conftest.py`` open. Goes out: short words for what every test does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.client import Client, Obj
from tests.e2e.product import Approver, Product
from tests.e2e.runs import PLACE, Run
from tests.e2e.settings import Setting
from tests.e2e.snapshots import Seen, changed, look, not_restored, settled, until
from tests.e2e.wire import Tap


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One test's namespace, the product that is to act there, and what is seen of both."""

    run: Run
    client: Client
    where: Setting
    tap: Tap
    ana: Approver
    namespace: str
    product: Product

    @property
    def _label(self) -> str:
        return f"{PLACE}={self.namespace}"

    def make(self, *manifests: Obj) -> None:
        """Make objects in the namespace."""
        for one in manifests:
            self.client.create({**one, "metadata": {**one["metadata"], "namespace": self.namespace}})

    def make_global(self, manifest: Obj) -> str:
        """Make an object that belongs to no namespace, and return its name."""
        return self.run.make_global(manifest, self.namespace)

    def get(self, kind: str, name: str) -> Obj | None:
        """Return an object of the namespace."""
        home = self.namespace if self.client.kind(kind).namespaced else ""
        return self.client.get(kind, name, home)

    def until(self, what: str, fact: Callable[[], Any]) -> Any:
        """Wait for something that a controller or kubelet has to do."""
        return until(what, fact, self.where.patience_s)

    def settled(self) -> Seen:
        """Look when nothing moves any more."""
        return settled(self.client, self.namespace, self._label)

    def changed(self, before: Seen) -> list[str]:
        """Say what was written since."""
        return list(changed(before, look(self.client, self.namespace, self._label)))

    def not_restored(self, before: Seen) -> list[str]:
        """Say what is not as it was, once nothing moves any more."""
        return list(not_restored(before, self.settled()))

    def approved(self, plan: Path) -> tuple[str, ...]:
        """Have the plan signed, and return the words that run it."""
        return ("fix", "--plan", str(plan), "--approval", str(self.ana.sign(plan)))

    def is_ready(self, kind: str, name: str) -> bool:
        """Whether a workload has what it wants, for its present spec."""
        one = self.get(kind, name)
        if one is None:
            return False
        status, wanted = one.get("status", {}), one["spec"].get("replicas", 1)
        seen = status.get("observedGeneration") == one["metadata"]["generation"]
        counts = (status.get("readyReplicas", 0), status.get("updatedReplicas", 0), status.get("replicas", 0))
        return seen and counts == (wanted, wanted, wanted)

    def until_ready(self, kind: str, name: str) -> None:
        """Wait until a workload is ready."""
        self.until(f"{kind} {name} is ready", lambda: self.is_ready(kind, name))
