"""Loads the policy that is in force here, or one that refuses every change and says why.

Comes in: settings and the providers whose tools policy knows. Goes out: a policy that can be asked. Reads go on without
a policy; changes do not.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from agentops.app.providers import PROVIDERS, change_specs, read_specs
from agentops.core.errors import ConfigError

if TYPE_CHECKING:
    from agentops.config import Settings
    from agentops.core.provider import Provider
    from agentops.policy import CedarPolicy, UnavailablePolicy


def policy_in_force(settings: Settings, providers: Sequence[Provider] = PROVIDERS) -> CedarPolicy | UnavailablePolicy:
    """Return the policy of this run, or one that refuses every change and says why."""
    from agentops.policy import UnavailablePolicy, policy_or_refusal, read_layers, settings_of

    try:
        rules = settings_of(settings.policy, read_only=settings.read_only)
        layers = read_layers(settings.folders.config, environ=os.environ, directory=Path.cwd())
    except ConfigError as error:
        return UnavailablePolicy(error)
    return policy_or_refusal(layers, tools=(*read_specs(providers), *change_specs(providers)), settings=rules)
