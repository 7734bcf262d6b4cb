"""The registry of providers: every system that agentops ships with is named here once, and nowhere else.

The MCP servers that a person connected are providers as well: ``app/mcp_providers``.

Making a provider does no I/O and imports no SDK, so the lists of tools are had from here without connecting to
anything.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentops.core.errors import ConfigError
from agentops.core.plan import Change, ObjectChange
from agentops.core.policy import ObjectFacts
from agentops.core.provider import Provider
from agentops.core.resource import ResourceRef
from agentops.core.suggestions import closest
from agentops.core.text import one_line
from agentops.core.tool import ToolSpec
from agentops.providers.aws.provider import AwsProvider
from agentops.providers.kubernetes.provider import KubernetesProvider
from agentops.providers.loki.provider import LokiProvider
from agentops.providers.prometheus.provider import PrometheusProvider

PROVIDERS: tuple[Provider, ...] = (KubernetesProvider(), AwsProvider(), PrometheusProvider(), LokiProvider())


def target_schemes(providers: Sequence[Provider] = PROVIDERS) -> tuple[str, ...]:
    """Return the schemes by which a person can name a resource; witnesses have none."""
    return tuple(one.scheme for one in providers if not one.is_witness)


def can_be_named(ref: ResourceRef, providers: Sequence[Provider] = PROVIDERS) -> bool:
    """Return whether a person can name a resource to look at it; what only a witness tells of has no name."""
    return not ref.is_foreign and all(one.scheme != ref.scheme for one in providers if one.is_witness)


def read_specs(providers: Sequence[Provider] = PROVIDERS) -> tuple[ToolSpec, ...]:
    """Return what every read tool declares, those that need no provider included; nothing is connected."""
    from agentops.agent.search import SPEC

    return (*(spec for provider in providers for spec in provider.read_specs()), SPEC)


def change_specs(providers: Sequence[Provider] = PROVIDERS) -> tuple[ToolSpec, ...]:
    """Return what every change tool declares; nothing is connected."""
    return tuple(spec for provider in providers for spec in provider.change_specs())


def without_disabled(
    specs: Sequence[ToolSpec], disabled: Sequence[str], providers: Sequence[Provider] | None = None
) -> tuple[ToolSpec, ...]:
    """Return the tools that no setting switches off.

    Arguments:
        providers: all that there are; where they are not known, the tool of an MCP server (``SERVER__TOOL``) may be.

    Raises:
        ConfigError: the setting names a tool that there is not; what was meant would stay on.
    """
    every = PROVIDERS if providers is None else providers
    known = [one.name for one in (*read_specs(every), *change_specs(every))]
    for name in disabled:
        # A server that is not trusted yet offers nothing, and its tools may be switched off all the same.
        if name not in known and "__" not in name:
            near = closest(name, known)
            said = f"disabled_tools names a tool that there is not: {one_line(name, 60)}"
            raise ConfigError(said, hint=f"Did you mean {near[0]}?" if near else "See: agentops tools list")
    return tuple(one for one in specs if one.name not in disabled)


def object_facts(ref: ResourceRef, item: ObjectChange | None, providers: Sequence[Provider] = PROVIDERS) -> ObjectFacts:
    """Return what its provider tells policy of a resource, and of what becomes of it.

    Without a provider of the scheme, what is not known is the worst: secrets may be written.
    """
    for provider in providers:
        if provider.origin == ref.origin:
            return provider.object_facts(ref, item)
    return ObjectFacts(writes_secrets=None if item is None else True)


def describe(change: Change, providers: Sequence[Provider] = PROVIDERS) -> str | None:
    """Return what a change does, in its provider's words; None where only its arguments say it."""
    for provider in providers:
        if provider.origin == change.target.origin:
            return provider.describe(change)
    return None
