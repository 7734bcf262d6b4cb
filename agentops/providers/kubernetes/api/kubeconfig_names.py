"""The names that stand in kubeconfig files: contexts and their namespaces; for completion, which may not wait.

Comes in: the file that was named, and the environment. Goes out: names, in the files' order; none where a file cannot
be read, for nobody is told of an error in the middle of a word. It connects to nothing, imports no SDK and keeps no
secret.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from agentops.core.errors import AgentopsError
from agentops.core.foreign_files import read_foreign_text
from agentops.core.foreign_yaml import read_yaml

MOST_BYTES = 4 * 1024 * 1024


def context_names(kubeconfig: Path | None, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the contexts of the files in force, each with its namespace; empty where it names none.

    Arguments:
        kubeconfig: the one file; None means ``$KUBECONFIG``, then ``~/.kube/config``.
    """
    listed = environ.get("KUBECONFIG", "").split(os.pathsep)
    files = [kubeconfig] if kubeconfig else [Path(one) for one in listed if one] or [Path("~/.kube/config")]
    found: dict[str, str] = {}
    for path in files:
        for name, namespace in _contexts(path):
            # Where two files have a context of one name, the first one counts, as with kubectl.
            found.setdefault(name, namespace)
    return found


def _contexts(path: Path) -> Iterator[tuple[str, str]]:
    try:
        text = read_foreign_text(path.expanduser(), "a kubeconfig", MOST_BYTES)
        document = read_yaml(text, aliases=True, unique_names=False)
    except (AgentopsError, RuntimeError, ValueError):
        return
    entries = document.get("contexts") if isinstance(document, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        name, context = (entry.get("name"), entry.get("context")) if isinstance(entry, dict) else ("", None)
        if isinstance(name, str) and name:
            yield name, _text(context, "namespace")


def _text(mapping: Any, key: str) -> str:
    value = mapping.get(key) if isinstance(mapping, dict) else None
    return value if isinstance(value, str) else ""
