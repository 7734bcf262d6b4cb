"""Which cluster the end-to-end suite runs on, and what it may touch there.

Comes in: the environment and whether ``--e2e`` was given. Goes out: a ``Setting``, or the reason why there is none. A
cluster is used only when it is asked for by name of the variable ``AGENTOPS_E2E``: that ``KUBECONFIG`` is set in
somebody's shell is no wish to have a test suite write there.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

SIMULATOR = "AGENTOPS_E2E_SIMULATOR"
"""Set by the suite itself for its worker processes: the kubeconfig of the simulator that it started."""
_LIVE = ("*prod*", "*prd*", "*live*")
_PAUSE = "registry.k8s.io/pause"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The cluster and what the suite may do there.

    Arguments:
        kubeconfig: the file, or the files as ``KUBECONFIG`` lists them.
        context: the context in it.
        image, other_image: two images whose container does nothing and stays; the second is what updates go to.
        cluster_scope: whether objects that belong to no namespace may be made (with a name of their own).
        simulated: the suite started the cluster itself.
        patience_s: how long anything may take that a controller or a kubelet has to do.
    """

    kubeconfig: str
    context: str
    image: str = f"{_PAUSE}:3.10"
    other_image: str = f"{_PAUSE}:3.9"
    cluster_scope: bool = False
    simulated: bool = False
    patience_s: float = 90.0


class NotAllowed(Exception):
    """The suite must not run; the text says why."""


def setting(environ: Mapping[str, str], *, wanted: bool) -> Setting:
    """Return where to run.

    Arguments:
        wanted: ``--e2e`` was given, which is enough for the simulator and for nothing else.

    Raises:
        NotAllowed: nobody asked for it, or the cluster looks like one that others live on.
    """
    images = {
        name: environ[variable]
        for name, variable in (("image", "AGENTOPS_E2E_IMAGE"), ("other_image", "AGENTOPS_E2E_OTHER_IMAGE"))
        if environ.get(variable)
    }
    patience = float(environ.get("AGENTOPS_E2E_PATIENCE", "90"))
    if environ.get("AGENTOPS_E2E") == "1":
        listed = environ.get("KUBECONFIG", "")
        if not listed:
            raise NotAllowed("AGENTOPS_E2E=1 wants KUBECONFIG: the kubeconfig of a cluster that may be written to")
        context = environ.get("AGENTOPS_E2E_CONTEXT") or _current(listed)
        _require_harmless(context, environ)
        scope = environ.get("AGENTOPS_E2E_CLUSTER_SCOPE") == "1"
        return Setting(kubeconfig=listed, context=context, cluster_scope=scope, patience_s=patience, **images)
    if not wanted:
        raise NotAllowed("end-to-end tests: make e2e (docs/e2e.md)")
    if not environ.get(SIMULATOR):
        raise NotAllowed("the simulator is started for `pytest tests/e2e --e2e`, where tests/e2e is named")
    return Setting(
        kubeconfig=environ[SIMULATOR],
        context="admin",
        cluster_scope=True,
        simulated=True,
        patience_s=patience,
        **images,
    )


def _require_harmless(context: str, environ: Mapping[str, str]) -> None:
    looks_live = any(fnmatchcase(context.lower(), pattern) for pattern in _LIVE)
    if looks_live and environ.get("AGENTOPS_E2E_PRODUCTION") != context:
        raise NotAllowed(f"the context {context!r} looks like production; AGENTOPS_E2E_PRODUCTION={context} insists")


def _current(listed: str) -> str:
    for path in map(Path, listed.split(os.pathsep)):
        if path.is_file():
            document: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
            if document and document.get("current-context"):
                return str(document["current-context"])
    raise NotAllowed(f"KUBECONFIG={listed} has no current context; name one with AGENTOPS_E2E_CONTEXT")
