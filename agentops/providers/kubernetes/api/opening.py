"""From what a run hands to providers to the clients of one cluster, within the boundary that was chosen.

Comes in: a ``ProviderContext``. Goes out: ``Clients`` that have sent nothing yet. There is no other way from the
settings to a client, so that nobody opens one without the boundary.
"""

from __future__ import annotations

from agentops.core.errors import UsageError
from agentops.core.provider import ProviderContext
from agentops.core.text import one_line
from agentops.providers.kubernetes.api.boundary import boundary_of
from agentops.providers.kubernetes.api.reading_limits import ReadingLimits
from agentops.providers.kubernetes.api.writer import Clients, connect_clients


def open_clients(context: ProviderContext) -> Clients:
    """Return the clients of the cluster that the settings name.

    Raises:
        UsageError: the kubeconfig, the context or the boundary cannot be used.
        ClusterError: no cluster is configured, or the credential plugin failed.
    """
    options = context.options
    defaults = ReadingLimits()
    limits = ReadingLimits(
        run_mib=options.get("max_read_mib") or defaults.run_mib,
        memory_mib=options.get("max_memory_mib") or defaults.memory_mib,
    )
    return connect_clients(
        kubeconfig=options.get("kubeconfig"),
        context=options.get("context"),
        namespace=options.get("namespace"),
        cache_dir=context.cache / "kubernetes",
        learn=context.learn,
        boundary=boundary_of(options.get("namespaces") or (), options.get("cluster_kinds") or ()),
        limits=limits,
    )


def open_for_changes(context: ProviderContext, reading: Clients) -> Clients:
    """Return the clients with which changes are previewed: those that read, or those of a context of their own.

    Arguments:
        reading: the clients of the run, of the same cluster.

    Raises:
        UsageError: the context leads to another cluster.
    """
    options = context.options
    name = options.get("change_context")
    if not name:
        return reading
    changing = connect_clients(
        kubeconfig=options.get("kubeconfig"),
        context=name,
        namespace=reading.cluster.namespace,
        cache_dir=context.cache / "kubernetes",
        learn=context.learn,
        boundary=reading.cluster.boundary,
        seen_as=reading.cluster.context,
    )
    same_server = changing.cluster.server == reading.cluster.server
    if not same_server or changing.identity.key != reading.identity.key:
        raise UsageError(
            f"kubernetes.change_context {one_line(name, 80)!r} leads to {changing.cluster.server}, and the context "
            f"that is read, {one_line(reading.cluster.context, 80)!r}, to {reading.cluster.server}",
            hint="Both must be of one cluster: correct config.toml, or --context.",
        )
    return changing
