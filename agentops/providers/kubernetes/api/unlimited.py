"""Whether an identity may do everything in a cluster: ``cluster-admin``, or what comes to the same.

Comes in: a cluster as somebody sees it. Goes out: yes or no. One SelfSubjectAccessReview about every verb on every
resource of every group: it is right also where other authorizers than RBAC decide, and where rules are listed in part.
"""

from __future__ import annotations

from agentops.providers.kubernetes.api.client import Cluster

_EVERYTHING = {"verb": "*", "group": "*", "version": "*", "resource": "*"}
_SIMULATED = "+agentops-sandbox"
"""Ends the version of a simulated API server, which nobody can lose anything in."""


def is_unlimited(cluster: Cluster) -> bool:
    """Return whether this identity may do everything.

    Raises:
        ClusterError: the API server cannot be asked.
    """
    status = cluster.review("SelfSubjectAccessReview", {"resourceAttributes": _EVERYTHING})
    return status.get("allowed") is True and not status.get("denied")


def is_simulated(cluster: Cluster) -> bool:
    """Return whether this is the simulated API server of a sandbox.

    Raises:
        ClusterError: the API server cannot be asked.
    """
    return cluster.version().endswith(_SIMULATED)
