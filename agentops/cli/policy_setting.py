"""Where the commands of ``agentops policy`` find what decides: the settings, the layers of files, the tools."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agentops.cli.options import Common
    from agentops.config import Settings
    from agentops.core.tool import ToolSpec
    from agentops.policy import CedarPolicy, PolicyLayer, PolicySettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Where policy is decided here: settings, the layers of files, the tools."""

    settings: Settings
    rules: PolicySettings
    layers: tuple[PolicyLayer, ...]
    tools: tuple[ToolSpec, ...]


def here(options: Common) -> Setting:
    """Return what decides in this folder with these options.

    Raises:
        ConfigError: the settings or a policy file cannot be used.
    """
    from agentops.app.providers import change_specs, read_specs
    from agentops.config import load
    from agentops.policy import read_layers, settings_of

    settings = load(options.flags(), os.environ)
    return Setting(
        settings=settings,
        rules=settings_of(settings.policy, read_only=settings.read_only),
        layers=read_layers(settings.folders.config, environ=os.environ, directory=Path.cwd()),
        tools=(*read_specs(), *change_specs()),
    )


def policy_of(setting: Setting, layers: Iterable[PolicyLayer] | None = None) -> CedarPolicy:
    """Return the policy in force, or with other layers.

    Raises:
        ConfigError: it cannot be loaded.
    """
    from agentops.policy import load_policy

    chosen = setting.layers if layers is None else layers
    return load_policy(chosen, tools=setting.tools, settings=setting.rules)
