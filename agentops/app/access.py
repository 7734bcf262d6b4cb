"""``agentops access``: what an administrator applies so that agentops may do what its enabled tools need, no more.

Comes in: for whom, where, and the settings. Goes out: manifests, as values and as text; no cluster is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agentops.app.providers import without_disabled

if TYPE_CHECKING:
    from agentops.config import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessDocument:
    """What is to be applied, as text and as values; ``granted`` and ``left_out``: each right and what needs it."""

    text: str
    manifests: tuple[dict[str, Any], ...]
    granted: Sequence[Any]
    left_out: Sequence[Any]


def kubernetes_access(
    settings: Settings,
    *,
    may_change: bool,
    namespaces: tuple[str, ...],
    account_namespace: str,
    cluster_changes: bool,
    has_admission: bool,
    command: str,
) -> AccessDocument:
    """Return the RBAC objects, and for changes the admission policy, of the tools that the settings leave enabled.

    Arguments:
        may_change: for fixing, not only for reading.
        namespaces: those that it is for; empty for those that the settings allow, else all.
        account_namespace: where the service account is.
        cluster_changes: with ``namespaces``: also what changes cluster-scoped objects.
        has_admission: with ``may_change``: also the policy by which only approved writes are let through.
        command: what made it, for the text's first line.

    Raises:
        UsageError: a namespace's name is none.
        ConfigError: a tool is switched off that there is not.
    """
    without_disabled((), settings.disabled_tools)
    from agentops.providers.kubernetes.access.manifests import AccessRequest, access_of, reasons
    from agentops.providers.kubernetes.access.text import access_text

    access = access_of(
        AccessRequest(
            may_change=may_change,
            namespaces=tuple(dict.fromkeys(namespaces or settings.namespaces)),
            cluster_kinds=settings.cluster_kinds if settings.namespaces else None,
            account_namespace=account_namespace,
            cluster_changes=cluster_changes,
            has_admission=has_admission,
            disabled=settings.disabled_tools,
            lease_namespace=settings.cluster_lease if may_change else "",
        )
    )
    return AccessDocument(
        text=access_text(access, command),
        manifests=access.manifests,
        granted=reasons(access.granted),
        left_out=reasons(access.left_out),
    )
