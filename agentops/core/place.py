"""The command-line option that leads back to a cluster, from the names that incidents and plans keep of it."""

from __future__ import annotations


def place_of(context: str, cluster: str) -> str:
    """Return the option that leads to a cluster.

    Arguments:
        context: the kubeconfig context.
        cluster: the API server's address, or ``sandbox:SCENARIO``.
    """
    kind, _, scenario = cluster.partition(":")
    return f"--sandbox={scenario}" if kind == "sandbox" else f"--context {context}"
