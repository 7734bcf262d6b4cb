"""Which model a run uses, and why none when it uses none. Makes it; the SDK is imported by the model itself, later."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path
from typing import TYPE_CHECKING

from agentops.config import Settings
from agentops.core.errors import UsageError

if TYPE_CHECKING:
    from agentops.agent.model import Model

_SCRIPTED = "scripted:"


def model_trouble(settings: Settings) -> str:
    """Return why a run with these settings would use no model; empty when it would."""
    from agentops.agent.models.credentials import are_configured

    if settings.model.startswith(_SCRIPTED) or are_configured(settings.provider, os.environ):
        return ""
    return "no model key is configured (ANTHROPIC_API_KEY)"


def model_of(settings: Settings, wanted: bool) -> tuple[Model | None, str]:
    """Return the model of this run, or None and why there is none."""
    if not wanted:
        return None, "--no-model was given"
    why = model_trouble(settings)
    if why and settings.provenance.get("model") == "flag":
        raise UsageError(f"--model {settings.model} cannot be used: {why}", hint="Set the key, or leave --model out.")
    if why:
        return None, why
    if settings.model.startswith(_SCRIPTED):
        from agentops.agent.models.scripted import load_script

        return load_script(Path(settings.model.removeprefix(_SCRIPTED))), ""
    from agentops.agent.models.claude import TURN_TIMEOUT_S, Claude, ClaudeSettings
    from agentops.agent.models.request_body import Features
    from agentops.agent.models.retry import Retries

    features = Features(effort=settings.effort, thinking=settings.thinking, caching=settings.caching)
    reached = ClaudeSettings(
        model=settings.model,
        provider=settings.provider,
        features=features,
        region=settings.region,
        project=settings.project,
        # No turn may take longer than the whole run.
        turn_timeout_s=min(settings.max_seconds, TURN_TIMEOUT_S),
    )
    retries = Retries(attempts=settings.attempts, longest_wait_s=60.0, sleep=time.sleep, jitter=random.random)
    return Claude(reached, retries=retries, environ=os.environ), ""
