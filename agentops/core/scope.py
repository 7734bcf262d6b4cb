"""``Scope``: what a run is pinned to at one provider. It is shown, recorded, and bound into plans."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from agentops.core.commands import quoted, requoted

SANDBOX = "sandbox"
"""What the server of a sandbox begins with, and the context that it leads to where none is chosen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """One place of one provider.

    Arguments:
        provider: the provider's name: ``kubernetes``.
        place: how people name it: the kubeconfig context, the account.
        server: what tells two places of one name apart: the API server's address, or ``sandbox:SCENARIO``.
        options: the command-line options that lead a later run to it: ``--context prod``.
        group: the group (namespace) in which what names none is looked for; empty where there is none.
        address: where the server is right now, for people; a sandbox has another one in each run.
    """

    provider: str
    place: str
    server: str
    options: str = ""
    group: str = ""
    address: str = ""

    @property
    def identity(self) -> Scope:
        """The place alone, as plans and incidents keep it: without the group and the address of one run."""
        return Scope(provider=self.provider, place=self.place, server=self.server, options=self.options)

    def __str__(self) -> str:
        return f"{self.provider} {self.place} on {self.server}"

    def is_same_place(self, other: Scope) -> bool:
        """Return whether both are one place, whatever group they begin in."""
        ours, theirs = ((one.provider, one.place, one.server) for one in (self, other))
        return ours == theirs


def options_to(scopes: Iterable[Scope]) -> str:
    """Return the command-line options that lead a later run to these places: ``--context prod``, ``--sandbox=NAME``."""
    return " ".join(dict.fromkeys(filter(None, map(_options, scopes))))


def sandbox_begun_in(scopes: Iterable[Scope]) -> tuple[str, str | None]:
    """Return the scenario of the sandbox that these places are in, and the context that was chosen in it.

    Returns:
        an empty scenario where they are real places; None for the context that a sandbox leads to by itself.
    """
    for scope in scopes:
        kind, _, scenario = scope.server.partition(":")
        if kind == SANDBOX:
            return scenario, scope.place if _chosen(scope) else None
    return "", None


def _options(scope: Scope) -> str:
    kind, _, scenario = scope.server.partition(":")
    if kind == SANDBOX:
        return " ".join(filter(None, (quoted(f"--sandbox={scenario}"), _chosen(scope))))
    # A scope may come out of somebody else's plan: what it says is to be typed names a place, or is nothing.
    return requoted(scope.options, ("--context", "--namespace", "--aws-profile", "--aws-region"))


def _chosen(scope: Scope) -> str:
    """Return the option for the context of a sandbox; nothing for the one of its own name, where it leads by itself."""
    return "" if scope.place == SANDBOX else requoted(scope.options, ("--context",))
