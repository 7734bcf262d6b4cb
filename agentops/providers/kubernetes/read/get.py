"""``kubernetes_get``: one object as YAML, without the noise that no investigation needs."""

from __future__ import annotations

from agentops.core.clock import Clock
from agentops.core.evidence import Reading
from agentops.providers.kubernetes.api.client import Cluster
from agentops.providers.kubernetes.objects.managers import written_by
from agentops.providers.kubernetes.objects.noise import strip
from agentops.providers.kubernetes.read.arguments import Arguments
from agentops.providers.kubernetes.read.declaration import FLAG, NAME, read_tool
from agentops.providers.kubernetes.read.lookup import object_meant
from agentops.providers.kubernetes.read.yaml_text import yaml_text

_SHOWN_FIRST = ("apiVersion", "kind", "metadata", "spec", "data", "status")


@read_tool(
    "kubernetes_get",
    "One object as YAML, noise removed. Secret values are never shown, only their keys and sizes.",
    {
        "kind": NAME,
        "name": NAME,
        "namespace": NAME,
        "full": {**FLAG, "description": "keep noisy status fields"},
    },
    required=("kind", "name"),
    permissions=("get KIND",),
)
def get(cluster: Cluster, clock: Clock, arguments: Arguments) -> Reading:
    """Return one object as YAML, and who wrote it; Secret values are sizes by the time they get here.

    Raises:
        ToolInputError: an argument cannot be used.
        NotFound: there is no such object; the hint names near ones.
        ClusterError: as ``Cluster.get_object``.
    """
    kind = cluster.kind(arguments.text("kind"))
    item = object_meant(cluster, kind, arguments)
    # Who wrote what is told in a line each; the bookkeeping itself is long and says no more.
    writers = written_by(item, clock())
    item.get("metadata", {}).pop("managedFields", None)
    left_out = "" if arguments.flag("full") else strip(item)
    metadata = item.get("metadata") or {}
    ordered = {key: item[key] for key in (*_SHOWN_FIRST, *item) if key in item}
    footer = f"Left out: {left_out}; use full to see it." if left_out else ""
    if kind.kind == "Secret":
        footer = "Secret values are never read into a result; the sizes are of the decoded values."
    ref = cluster.ref(kind.kind, metadata.get("name") or "", metadata.get("namespace") or "")
    return Reading(
        body=yaml_text(ordered) + "".join(f"# last written by {line}\n" for line in writers),
        summary=ref.subject,
        footer=footer,
        resources=(ref,),
    )
