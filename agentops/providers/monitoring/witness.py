"""What providers that only tell of the resources of others have in common: they own none, and change none.

Comes in: where the server is. Goes out: the answers of ``core.provider`` that are the same for each of them. Nothing is
sent here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit

from agentops.core.alert import AlertGroup
from agentops.core.errors import UsageError
from agentops.core.provider import Claim
from agentops.core.scope import Scope
from agentops.core.unchanging import UnchangingProvider


class Witness(UnchangingProvider):
    """What ``core.provider.Provider`` asks of each witness; ``tells``: what of it may tell of an alert."""

    name: str
    title: str
    tells: ClassVar[str]
    target_form = ""
    is_witness = True
    stands_alone = False
    scheme: str

    @property
    def origin(self) -> str:
        """Return the scheme: there is one place of it at most."""
        return self.scheme

    def is_configured(self, options: Mapping[str, Any]) -> bool:
        """Return whether a setting says where it is."""
        return bool(options.get(f"{self.name}_url"))

    def pinned(self, scope: Scope) -> str:
        """Return the server."""
        return f"{self.title} {scope.address}"

    def claim(self, group: AlertGroup) -> Claim | None:
        """Return that it may tell of any alert, unless a person named a resource of another kind of system."""
        if group.target.scheme not in ("", "k8s"):
            return None
        return Claim(exact=False, reason=f"{self.tells} may tell of it")


def server_scope(name: str, url: str) -> Scope:
    """Return what a provider is pinned to that is one server.

    Arguments:
        name: of the provider.
    """
    return Scope(provider=name, place=urlsplit(url).netloc, server=url, address=url)


def refuse_boundary(options: Mapping[str, Any], what: str) -> None:
    """Raise where only some namespaces may be read.

    No parser of ours could promise that the answer to an expression, a rule or an alert tells of these alone.

    Arguments:
        what: what is used when nothing is held to namespaces.

    Raises:
        UsageError: ``namespaces`` is set.
    """
    if options.get("namespaces"):
        allowed = ", ".join(options["namespaces"])
        raise UsageError(
            f"not asked: its answers cannot be kept inside the namespaces you allowed ({allowed})",
            hint=f"Leave out --namespace and kubernetes.namespaces to use {what}.",
        )
