"""The use case ``doctor``: whether everything is there that an investigation needs, and what to do where it is not.

Comes in: settings. Goes out: one result a check. Reads only.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from agentops.app.changes import open_words
from agentops.app.connecting import provider_context
from agentops.app.models import model_trouble
from agentops.app.policy_loading import policy_in_force
from agentops.app.providers import PROVIDERS
from agentops.core.clock import utc_now
from agentops.core.errors import AgentopsError
from agentops.core.provider import CheckResult

if TYPE_CHECKING:
    from agentops.config import Settings


def check_everything(settings: Settings) -> tuple[CheckResult, ...]:
    """Run every check; one that fails never hides another."""
    return tuple(_checks(settings))


def _checks(settings: Settings) -> Iterator[CheckResult]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield CheckResult(name="python", state="ok", text=version)
    yield _folder(settings)
    yield _audit(settings)
    yield _policy(settings)
    yield _guarded("changes", lambda: _changes(settings))
    yield _model(settings)
    yield from _providers(settings)


def _folder(settings: Settings) -> CheckResult:
    folder = settings.folders.data
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    if os.access(existing, os.W_OK | os.X_OK):
        return CheckResult(name="folder", state="ok", text=str(folder))
    hint = "Set AGENTOPS_HOME to a folder that you can write to."
    return CheckResult(name="folder", state="bad", text=f"{folder} cannot be written", hint=hint)


def _audit(settings: Settings) -> CheckResult:
    from agentops.audit.verify.full_check import verify
    from agentops.audit.verify.verdict import ChainVerdict

    def look() -> CheckResult:
        found = verify(settings.folders.audit)
        if found.verdict is ChainVerdict.ABSENT:
            return CheckResult(name="audit", state="ok", text="no audit log yet; the first run creates it")
        if found.intact:
            return CheckResult(name="audit", state="ok", text=f"{found.records:,} records, all intact")
        hint = "See: agentops audit verify"
        return CheckResult(name="audit", state="bad", text=f"{found.verdict.value}: {found.why}", hint=hint)

    return _guarded("audit", look)


def _policy(settings: Settings) -> CheckResult:
    """Say whether changes can be ruled on; without a policy they are all refused."""
    from agentops.policy import UnavailablePolicy

    policy = policy_in_force(settings)
    if isinstance(policy, UnavailablePolicy):
        hint = policy.error.hint or "See: agentops policy validate"
        return CheckResult(
            name="policy", state="bad", text=f"every change is refused: {policy.error.message}", hint=hint
        )
    layers = ", ".join(layer.name for layer in policy.loaded.layers)
    read_only = "; read-only: every change is refused" if settings.read_only else ""
    return CheckResult(name="policy", state="ok", text=f"layers {layers}{read_only}")


def _changes(settings: Settings) -> CheckResult:
    """Say whether a crash left a change open."""
    words = open_words(settings, utc_now)
    if words:
        hint = "See what was changed and close it: agentops recover"
        return CheckResult(name="changes", state="bad", text=words, hint=hint)
    return CheckResult(name="changes", state="ok", text="none is open")


def _model(settings: Settings) -> CheckResult:
    why = model_trouble(settings)
    if why:
        hint = "Set ANTHROPIC_API_KEY, or use triage only (--no-model)."
        return CheckResult(name="model", state="warn", text=f"none: {why}", hint=hint)
    source = settings.provenance["model"]
    return CheckResult(name="model", state="ok", text=f"{settings.model} through {settings.provider} ({source})")


def _providers(settings: Settings) -> Iterator[CheckResult]:

    for provider in PROVIDERS:
        yield from provider.check_up(provider_context(settings))


def _guarded(name: str, look: Callable[[], CheckResult]) -> CheckResult:
    try:
        return look()
    except AgentopsError as error:
        return CheckResult(name=name, state="bad", text=error.message, hint=error.hint)
