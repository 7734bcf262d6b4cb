"""Which resources are served: the built-in table (data) plus every CustomResourceDefinition in the store.

Comes in: ``schema/kinds.json`` and the store's CRDs. Goes out: ``Resource`` values by path or by kind.

Must never: know anything about a kind but what its row says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from agentops.sandbox.data import data
from agentops.sandbox.store import Obj, ObjectStore

_EVERY_VERB = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One kind as it is served.

    ``columns`` are a CRD's additionalPrinterColumns; ``schema`` is its openAPIV3Schema; both are empty for built-ins.
    """

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool
    verbs: tuple[str, ...] = _EVERY_VERB
    short_names: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    custom: bool = False
    columns: tuple[Any, ...] = ()
    schema: Any = None

    @property
    def api_version(self) -> str:
        """The ``apiVersion`` of its objects."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """The plural with its group, as messages name it: ``deployments.apps``."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def singular(self) -> str:
        """The singular name."""
        return self.kind.lower()

    @property
    def stored_kind(self) -> tuple[str, str]:
        """Group and kind of the stored objects: both event APIs show the same ones."""
        return ("", "Event") if self.kind == "Event" else (self.group, self.kind)


@cache
def built_in() -> tuple[Resource, ...]:
    """Return the built-in resources, in the order in which groups are announced."""
    rows: list[dict[str, Any]] = [
        {field: tuple(one) if isinstance(one, list) else one for field, one in row.items()}
        for row in data("kinds.json")
    ]
    return tuple(Resource(**row) for row in rows)


def from_definition(definition: Obj) -> tuple[Resource, ...]:
    """Return the served versions of a CustomResourceDefinition, the storage version first."""
    spec = definition["spec"]
    names = spec["names"]
    served = [version for version in spec["versions"] if version.get("served")]
    return tuple(
        Resource(
            group=spec["group"],
            version=version["name"],
            kind=names["kind"],
            plural=names["plural"],
            namespaced=spec["scope"] == "Namespaced",
            short_names=tuple(names.get("shortNames", ())),
            subresources=tuple(sorted(version.get("subresources", {}))),
            categories=tuple(names.get("categories", ())),
            custom=True,
            columns=tuple(version.get("additionalPrinterColumns", ())),
            schema=version.get("schema", {}).get("openAPIV3Schema"),
        )
        for version in sorted(served, key=lambda version: not version.get("storage"))
    )


class Catalog:
    """The resources of one cluster, CRDs included, looked up by path or by kind.

    Arguments:
        store: where the CRDs are.
        extra: resources that are served from elsewhere, such as metrics.
    """

    def __init__(self, store: ObjectStore, extra: Sequence[Resource] = ()) -> None:
        self._store = store
        self._fixed = (*built_in(), *extra)
        self._definitions: list[Obj] = []
        self._all: tuple[Resource, ...] = self._fixed

    def all(self) -> tuple[Resource, ...]:
        """Return every resource that is served now."""
        definitions = self._store.list("CustomResourceDefinition")
        if len(definitions) != len(self._definitions) or any(
            new is not old for new, old in zip(definitions, self._definitions, strict=True)
        ):
            self._definitions = definitions
            self._all = (*self._fixed, *(r for one in definitions for r in from_definition(one)))
        return self._all

    def find(self, group: str, version: str, plural: str) -> Resource | None:
        """Return the resource at ``/apis/GROUP/VERSION/PLURAL``."""
        wanted = (plural, group, version)
        return next((r for r in self.all() if (r.plural, r.group, r.version) == wanted), None)

    def groups(self) -> dict[str, list[str]]:
        """Return each group with its versions, the preferred one first; core is the empty group."""
        found: dict[str, list[str]] = {}
        for resource in self.all():
            versions = found.setdefault(resource.group, [])
            if resource.version not in versions:
                versions.append(resource.version)
        return found
