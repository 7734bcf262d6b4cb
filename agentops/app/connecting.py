"""Which cluster a run looks at: the one of its settings, or the sandbox's own; and the options that lead back to it."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from agentops.config import Settings

if TYPE_CHECKING:
    from agentops.providers.kubernetes.api.client import Cluster
    from agentops.providers.kubernetes.api.writer import Clients
    from agentops.sandbox.cluster import Sandbox


def connect(settings: Settings, sandbox: Sandbox | None, *, learn: Callable[[str], None] | None = None) -> Cluster:
    """Return the cluster of these settings, or the sandbox's; ``learn`` is told its credentials."""
    return clients_of(settings, sandbox, learn=learn).cluster


def clients_of(settings: Settings, sandbox: Sandbox | None, *, learn: Callable[[str], None] | None) -> Clients:
    """Return the ways to read, to try out and to write to one cluster, made of one opened connection.

    Raises:
        UsageError, ClusterError: there is no cluster to be had from these settings.
    """
    from agentops.providers.kubernetes.api.writer import connect_clients

    if sandbox is None:
        place = (settings.kubeconfig, settings.context, settings.namespace)
    else:
        chosen = settings.context if settings.provenance.get("context") == "flag" else None
        place = (sandbox.kubeconfig, chosen or sandbox.context, settings.namespace)
    kubeconfig, context, namespace = place
    return connect_clients(
        kubeconfig=kubeconfig,
        context=context,
        namespace=namespace,
        cache_dir=settings.folders.cache / "kubernetes",
        learn=learn,
    )


def flags_to(context: str | None, namespace: str | None, kubeconfig: Path | None, scenario: str | None) -> str:
    """Return the options that lead a later run to the same cluster, each with a space before it.

    Arguments:
        scenario: the sandbox's; None for a real cluster.
    """
    if scenario is not None:
        return f" --sandbox={shlex.quote(scenario)}"
    given = {"context": context, "namespace": namespace, "kubeconfig": kubeconfig}
    return "".join(f" --{name} {shlex.quote(str(value))}" for name, value in given.items() if value)
