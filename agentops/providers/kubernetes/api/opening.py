"""From what a run hands to providers to the clients of one cluster, within the boundary that was chosen.

Comes in: a ``ProviderContext``. Goes out: ``Clients`` that have sent nothing yet. There is no other way from the
settings to a client, so that nobody opens one without the boundary.
"""

from __future__ import annotations

from agentops.core.provider import ProviderContext
from agentops.providers.kubernetes.api.boundary import boundary_of
from agentops.providers.kubernetes.api.writer import Clients, connect_clients


def open_clients(context: ProviderContext) -> Clients:
    """Return the clients of the cluster that the settings name.

    Raises:
        UsageError: the kubeconfig, the context or the boundary cannot be used.
        ClusterError: no cluster is configured, or the credential plugin failed.
    """
    options = context.options
    return connect_clients(
        kubeconfig=options.get("kubeconfig"),
        context=options.get("context"),
        namespace=options.get("namespace"),
        cache_dir=context.cache / "kubernetes",
        learn=context.learn,
        boundary=boundary_of(options.get("namespaces") or (), options.get("cluster_kinds") or ()),
    )
