"""``kubernetes_get``: one object as YAML, without the noise that no investigation needs."""

from __future__ import annotations

from typing import Any

from agentops.core.clock import Clock
from agentops.core.errors import NotFound
from agentops.core.evidence import Reading
from agentops.tools.kubernetes.arguments import Arguments
from agentops.tools.kubernetes.client import Cluster
from agentops.tools.kubernetes.kinds import Kind
from agentops.tools.kubernetes.managers import written_by
from agentops.tools.kubernetes.nearby import with_near_names
from agentops.tools.kubernetes.noise import strip
from agentops.tools.kubernetes.table import yaml_text

_SHOWN_FIRST = ("apiVersion", "kind", "metadata", "spec", "data", "status")


def get_object(cluster: Cluster, clock: Clock, arguments: Arguments) -> Reading:
    """Return one object as YAML, and who wrote it; Secret values are sizes by the time they get here.

    Raises:
        ToolInputError: an argument cannot be used.
        NotFound: there is no such object; the hint names near ones.
        ClusterError: as ``Cluster.get_object``.
    """
    kind = cluster.kind(arguments.text("kind"))
    item = fetch(cluster, kind, arguments)
    writers = written_by(item, clock())
    item.get("metadata", {}).pop("managedFields", None)
    left_out = "" if arguments.flag("full") else strip(item)
    metadata = item.get("metadata") or {}
    ordered = {key: item[key] for key in (*_SHOWN_FIRST, *item) if key in item}
    footer = f"Left out: {left_out}; use full to see it." if left_out else ""
    if kind.kind == "Secret":
        footer = "Secret values are never read into a result; the sizes are of the decoded values."
    namespace = metadata.get("namespace") or ""
    return Reading(
        body=yaml_text(ordered) + "".join(f"# last written by {line}\n" for line in writers),
        summary=f"{kind.kind} {'/'.join(part for part in (namespace, metadata.get('name')) if part)}",
        footer=footer,
        resources=(cluster.ref(kind.kind, metadata.get("name") or "", namespace),),
    )


def fetch(cluster: Cluster, kind: Kind, arguments: Arguments) -> dict[str, Any]:
    """Return the object that ``name`` and ``namespace`` mean, with who wrote it; the error names near ones."""
    name = arguments.name("name")
    namespace = arguments.one_namespace(cluster.namespace) if kind.namespaced else ""
    try:
        return {"apiVersion": kind.api_version, "kind": kind.kind, **cluster.get_with_managers(kind, name, namespace)}
    except NotFound as error:
        raise with_near_names(cluster, kind, name, namespace, error) from error
