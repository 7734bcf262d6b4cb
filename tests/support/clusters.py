"""What a config file says of a cluster: which environment it is, by what proves it."""

from __future__ import annotations

import json
from pathlib import Path

from agentops.providers.kubernetes.api.kubeconfig import identity_of


def declared(kubeconfig: Path, context: str, environment: str = "development") -> str:
    """Return the part of a config file that says which environment the cluster of a context is."""
    return f"[environments]\n{json.dumps(identity_of(kubeconfig, context).key)} = {json.dumps(environment)}\n"
