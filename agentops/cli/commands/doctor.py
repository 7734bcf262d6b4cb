"""``agentops doctor``: is everything there that an investigation needs, and what to do where it is not."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import typer

from agentops.cli.options import Common, with_common
from agentops.cli.report import Bullets, Heading, Item, Tone
from agentops.cli.result import Result
from agentops.core.errors import AgentopsError, ExitCode
from agentops.core.provider import CheckResult
from agentops.core.text import plural

if TYPE_CHECKING:
    from agentops.config import Settings

EPILOG = """\b
Examples:
  agentops doctor
  agentops doctor --context prod-eu --output json

\b
Exit codes: 0 ready to investigate, 1 a check failed.
"""


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("doctor", help="Check folders, cluster, permissions, model and audit log.", epilog=EPILOG)(
        with_common(doctor)
    )


def doctor(options: Common) -> Result:
    """Run every check; one that fails never hides another."""
    checks = list(_checks(options.settings()))
    bad = [check for check in checks if check.state == "bad"]
    tones = {"ok": Tone.PLAIN, "warn": Tone.WARN, "bad": Tone.BAD}
    marks = {"ok": "ok", "warn": "warn", "bad": "bad"}
    items = tuple(
        Item(f"{check.name}: {check.text}", label=marks[check.state], note=check.hint, tone=tones[check.state])
        for check in checks
    )
    title = f"{plural(len(bad), 'check')} of {len(checks)} failed" if bad else "Ready"
    return Result(
        command="doctor",
        status="bad" if bad else "done",
        exit_code=ExitCode.ERROR if bad else ExitCode.DONE,
        document={"checks": [{"name": c.name, "state": c.state, "text": c.text, "hint": c.hint} for c in checks]},
        report=(Bullets(items), Heading(title, Tone.BAD if bad else Tone.GOOD)),
    )


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
    from agentops.app.policy_loading import policy_in_force
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
    from agentops.app.changes import open_words
    from agentops.core.clock import utc_now

    words = open_words(settings, utc_now)
    if words:
        hint = "See what was changed and close it: agentops recover"
        return CheckResult(name="changes", state="bad", text=words, hint=hint)
    return CheckResult(name="changes", state="ok", text="none is open")


def _model(settings: Settings) -> CheckResult:
    from agentops.app.models import model_trouble

    why = model_trouble(settings)
    if why:
        hint = "Set ANTHROPIC_API_KEY, or use triage only (--no-model)."
        return CheckResult(name="model", state="warn", text=f"none: {why}", hint=hint)
    source = settings.provenance["model"]
    return CheckResult(name="model", state="ok", text=f"{settings.model} through {settings.provider} ({source})")


def _providers(settings: Settings) -> Iterator[CheckResult]:
    from agentops.app.connecting import provider_context
    from agentops.app.providers import PROVIDERS

    for provider in PROVIDERS:
        yield from provider.check_up(provider_context(settings))


def _guarded(name: str, look: Callable[[], CheckResult]) -> CheckResult:
    try:
        return look()
    except AgentopsError as error:
        return CheckResult(name=name, state="bad", text=error.message, hint=error.hint)
