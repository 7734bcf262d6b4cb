"""The registry of providers: every system that agentops can look at is named here once, and nowhere else.

Making a provider does no I/O and imports no SDK, so the lists of tools are had from here without connecting to
anything.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentops.core.plan import Change
from agentops.core.provider import Provider
from agentops.core.tool import ToolSpec
from agentops.providers.kubernetes.provider import KubernetesProvider

PROVIDERS: tuple[Provider, ...] = (KubernetesProvider(),)


def read_specs(providers: Sequence[Provider] = PROVIDERS) -> tuple[ToolSpec, ...]:
    """Return what every read tool declares, those that need no provider included; nothing is connected."""
    from agentops.agent.search import SPEC

    return (*(spec for provider in providers for spec in provider.read_specs()), SPEC)


def change_specs(providers: Sequence[Provider] = PROVIDERS) -> tuple[ToolSpec, ...]:
    """Return what every change tool declares; nothing is connected."""
    return tuple(spec for provider in providers for spec in provider.change_specs())


def describe(change: Change, providers: Sequence[Provider] = PROVIDERS) -> str | None:
    """Return what a change does, in its provider's words; None where only its arguments say it."""
    for provider in providers:
        if provider.scheme == change.target.scheme:
            return provider.describe(change)
    return None
