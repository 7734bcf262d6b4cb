"""Which contexts of the kubeconfig lead to which API servers, so that an EKS cluster is known by its endpoint.

Comes in: the settings and the environment. Goes out: addresses and names; of the credentials in these files nothing is
kept. What cannot be read is left out: then a cluster has no context here, and nothing is joined.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from agentops.core.errors import AgentopsError
from agentops.core.foreign_files import read_foreign_text
from agentops.core.foreign_yaml import read_yaml

_MOST_BYTES = 4 * 1024 * 1024


def kube_contexts(options: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, str]:
    """Return the context of each API server, by its address; the chosen one, where several lead to one server."""
    chosen = options.get("kubeconfig")
    listed = environ.get("KUBECONFIG", "").split(os.pathsep)
    files = [Path(chosen)] if chosen else [Path(one) for one in listed if one] or [Path("~/.kube/config")]
    wanted, found = str(options.get("context") or ""), dict[str, str]()
    for path in files:
        for name, server in _servers(path):
            if name == wanted:
                found[server] = name
            found.setdefault(server, name)
    return found


def _servers(path: Path) -> Iterator[tuple[str, str]]:
    try:
        document = read_yaml(
            read_foreign_text(path.expanduser(), "a kubeconfig", _MOST_BYTES), aliases=True, unique_names=False
        )
    except (AgentopsError, RuntimeError, ValueError):
        return
    clusters = {name: str(one.get("server") or "") for name, one in _named(document, "clusters", "cluster")}
    for name, context in _named(document, "contexts", "context"):
        server = clusters.get(str(context.get("cluster")), "")
        if server:
            yield name, server


def _named(document: Any, listed: str, inside: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    entries = document.get(listed) if isinstance(document, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("name"), str) and isinstance(entry.get(inside), dict):
            yield entry["name"], entry[inside]
