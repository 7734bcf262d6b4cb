"""What providers that only tell of the resources of others have in common: they own none, and change none.

Comes in: where the server is. Goes out: the answers of ``core.provider`` that are the same for each of them. Nothing is
sent here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import urlsplit

from agentops.core.alert import Alert, AlertGroup, Target
from agentops.core.errors import ToolInputError, UsageError
from agentops.core.evidence import Reading
from agentops.core.finding import Problem
from agentops.core.provider import Claim
from agentops.core.resource import ResourceRef
from agentops.core.scope import Scope
from agentops.core.tool import ToolCall
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


class WitnessReader:
    """What ``core.provider.Reader`` asks about resources and whereabouts, of what has none.

    Arguments:
        name, title: of the provider.
        url: of the server.
    """

    def __init__(self, name: str, title: str, url: str) -> None:
        self._title = title
        self._scope = Scope(provider=name, place=urlsplit(url).netloc, server=url, address=url)

    @property
    def scope(self) -> Scope:
        """Return the server that it is pinned to."""
        return self._scope

    def object_text(self, snapshot: Any, ref: ResourceRef, redacted: Callable[[Any], Any]) -> str:  # noqa: ARG002
        """Return nothing: it holds no objects."""
        return ""

    def log_readings(self, snapshot: Any, problems: Sequence[Problem]) -> Sequence[tuple[ToolCall, Reading]]:  # noqa: ARG002
        """Return nothing: the logs of a problem's resource are those of the provider that has it."""
        return ()

    def named(self, target: Target) -> ResourceRef:
        """Refuse.

        Raises:
            UsageError: always; nothing here can be named.
        """
        raise UsageError(f"{target} is no resource of {self._title}", hint="Name what its labels are about.")

    def worded(self, alert: Alert, groups: tuple[str, ...]) -> Target:  # noqa: ARG002
        """Return what the alert claims: nothing here can be named in words."""
        return alert.target

    def canonical(self, ref: ResourceRef, group: str = "") -> ResourceRef:  # noqa: ARG002
        """Refuse.

        Raises:
            ToolInputError: always; it has no kinds.
        """
        raise ToolInputError(f"{ref.short} is no resource that can be looked at or changed")

    def whereabouts(self, ref: ResourceRef) -> str:  # noqa: ARG002
        """Return nothing."""
        return ""


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
