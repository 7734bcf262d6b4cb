"""Loads the policy that is in force here: from its layers of files, with the settings and the tools that it knows.

Comes in: settings and the providers. Goes out: a policy that can be asked, or for a run one that refuses every change
and says why: reads go on without a policy, changes do not.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from agentops.app.mcp_providers import providers_of
from agentops.app.providers import change_specs, read_specs
from agentops.core.errors import ConfigError

if TYPE_CHECKING:
    from agentops.config import Settings
    from agentops.core.provider import Provider
    from agentops.core.tool import ToolSpec
    from agentops.policy import CedarPolicy, PolicyLayer, PolicySettings, UnavailablePolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySources:
    """What a policy is made of here: the settings of policy, the layers of files, the tools."""

    rules: PolicySettings
    layers: tuple[PolicyLayer, ...]
    tools: tuple[ToolSpec, ...]

    def policy(self, layers: Iterable[PolicyLayer] | None = None) -> CedarPolicy:
        """Return the policy in force, or with other layers.

        Raises:
            ConfigError: it cannot be loaded.
        """
        from agentops.policy import load_policy

        return load_policy(self.layers if layers is None else layers, tools=self.tools, settings=self.rules)


def policy_sources(
    settings: Settings,
    providers: Sequence[Provider] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> PolicySources:
    """Return what decides with these settings.

    Arguments:
        providers: None for those that ship and the connected MCP servers.
        environ: None for that of this process.
        directory: whose project file counts; None for the working directory.

    Raises:
        ConfigError: the settings of policy or a policy file cannot be used.
    """
    from agentops.policy import read_layers

    known = providers_of(settings) if providers is None else providers
    return PolicySources(
        rules=_rules(settings),
        layers=read_layers(
            settings.folders.deciding,
            led=settings.folders.config if settings.folders.led_by else None,
            system=settings.folders.system,
            environ=os.environ if environ is None else environ,
            directory=Path.cwd() if directory is None else directory,
        ),
        tools=(*read_specs(known), *change_specs(known)),
    )


def _rules(settings: Settings) -> PolicySettings:
    from agentops.config import setting_place
    from agentops.policy import settings_of
    from agentops.policy.settings import PolicySettingError

    try:
        return settings_of(settings.policy, read_only=settings.read_only)
    except PolicySettingError as error:
        place = setting_place(settings, error.setting)
        where = f"{place}: " if place else ""
        raise ConfigError(f"{where}{error.message}", hint=error.hint, place=place) from error


def policy_of(sources: PolicySources) -> CedarPolicy | UnavailablePolicy:
    """Return the policy of these sources, or one that refuses every change and says why."""
    from agentops.policy import policy_or_refusal

    return policy_or_refusal(sources.layers, tools=sources.tools, settings=sources.rules)


def policy_in_force(settings: Settings, providers: Sequence[Provider] | None = None) -> CedarPolicy | UnavailablePolicy:
    """Return the policy of these settings, or one that refuses every change and says why."""
    from agentops.policy import UnavailablePolicy

    try:
        return policy_of(policy_sources(settings, providers))
    except ConfigError as error:
        return UnavailablePolicy(error)
