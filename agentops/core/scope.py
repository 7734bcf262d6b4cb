"""``Scope``: what a run is pinned to at one provider. It is shown, recorded, and bound into plans."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """One place of one provider.

    Arguments:
        provider: the provider's name: ``kubernetes``.
        place: how people name it: the kubeconfig context, the account.
        server: what tells two places of one name apart: the API server's address, or ``sandbox:SCENARIO``.
        group: the group (namespace) in which what names none is looked for; empty where there is none.
    """

    provider: str
    place: str
    server: str
    group: str = ""

    def __str__(self) -> str:
        return f"{self.provider} {self.place} on {self.server}"

    def is_same_place(self, other: Scope) -> bool:
        """Return whether both are one place, whatever group they begin in."""
        return (self.provider, self.place, self.server) == (other.provider, other.place, other.server)
