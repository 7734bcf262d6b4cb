"""Kubeconfigs that the suite writes for the product: one cluster, one user, one context of a known name.

Comes in: the kubeconfig of the cluster, the address of the tap, or a token. Goes out: a file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.product import CONTEXT

_FILES = ("certificate-authority", "client-certificate", "client-key", "tokenFile")


def of_cluster(listed: str, context: str, to: Path, *, token: str = "") -> Path:
    """Write a kubeconfig that leads to ``context`` of ``listed``; with ``token`` as another user."""
    clusters, users, contexts = (_entries(listed, kind) for kind in ("clusters", "users", "contexts"))
    chosen = contexts[context]["context"]
    user = {"token": token} if token else users[chosen["user"]]["user"]
    return _write(to, clusters[chosen["cluster"]]["cluster"], user)


def of_tap(url: str, to: Path) -> Path:
    """Write a kubeconfig that leads to the tap, which adds the credentials."""
    return _write(to, {"server": url}, {})


def _entries(listed: str, kind: str) -> dict[str, Any]:
    """Return the entries of all files by name, the first of a name as kubectl takes it, paths made absolute."""
    found: dict[str, Any] = {}
    for path in filter(Path.is_file, map(Path, listed.split(os.pathsep))):
        document = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        for entry in document.get(kind) or ():
            value = {name: _absolute(name, one, path.parent) for name, one in entry[kind[:-1]].items()}
            found.setdefault(entry["name"], {kind[:-1]: value})
    return found


def _absolute(name: str, value: Any, folder: Path) -> Any:
    return str(folder / value) if name in _FILES else value


def _write(to: Path, cluster: Mapping[str, Any], user: Mapping[str, Any]) -> Path:
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": CONTEXT, "cluster": dict(cluster)}],
        "users": [{"name": CONTEXT, "user": dict(user)}],
        "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": CONTEXT}}],
        "current-context": CONTEXT,
    }
    to.touch(mode=0o600)
    to.write_text(yaml.safe_dump(document), encoding="utf-8")
    return to
