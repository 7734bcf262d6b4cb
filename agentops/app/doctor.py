"""The use case ``doctor``: whether everything is there that an investigation needs, and what to do where it is not.

Comes in: settings. Goes out: one result a check; ``ok`` only for what was really tried. It reads this machine and asks
the cluster; with ``trying`` it also writes a file, asks the model one question, and asks AWS and the anchors' place.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from agentops.app.changes import open_words, require_own_journal
from agentops.app.connecting import provider_context
from agentops.app.mcp_providers import providers_of
from agentops.app.models import model_of, model_trouble
from agentops.app.policy_loading import policy_in_force
from agentops.app.providers import PROVIDERS
from agentops.app.recorded_changes import require_changes_recorded
from agentops.core.clock import utc_now
from agentops.core.commands import command_line, options_line
from agentops.core.errors import AgentopsError
from agentops.core.progress import no_progress
from agentops.core.provider import CheckResult
from agentops.core.text import plural

if TYPE_CHECKING:
    from agentops.config import Settings
    from agentops.core.own_files import NotOwn

_TRY = "Try it: agentops doctor --try"
_QUESTION = "This is a test of the connection. Answer with the one word: ok"
_AWS_VARIABLES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)


def check_everything(
    settings: Settings, untrusted: Sequence[NotOwn] = (), *, trying: bool = False
) -> tuple[CheckResult, ...]:
    """Run every check; one that fails never hides another.

    Arguments:
        untrusted: why files of settings were left out. Then only this machine is looked at: what they say of clusters,
            namespaces and models is not known, so nothing is asked.
        trying: also try what writes or costs something: a file in the folder, one request to the model, AWS, anchors.
    """
    return tuple(_untrusted_checks(settings, untrusted) if untrusted else _checks(settings, trying))


def _untrusted_checks(settings: Settings, untrusted: Sequence[NotOwn]) -> Iterator[CheckResult]:
    yield _python()
    yield _folder(settings, trying=False)
    yield _guarded("audit", lambda: _audit(settings))
    for error in untrusted:
        text = f"every run is refused: {error.message}"
        yield CheckResult(name="settings", state="bad", text=text, hint=error.hint)
    yield _guarded("changes", lambda: _changes(settings))


def _checks(settings: Settings, trying: bool) -> Iterator[CheckResult]:
    yield _python()
    yield _folder(settings, trying)
    yield _guarded("audit", lambda: _audit(settings))
    yield from _anchors(settings, trying)
    yield _policy(settings)
    yield from _settings(settings)
    yield from _environment(settings)
    yield _guarded("changes", lambda: _changes(settings))
    yield _guarded("model", lambda: _model(settings, trying))
    yield from _aws(trying)
    yield from _providers(settings)


def _python() -> CheckResult:
    return CheckResult(name="python", state="ok", text=".".join(map(str, sys.version_info[:3])))


def _folder(settings: Settings, trying: bool) -> CheckResult:
    """Say whether a run may keep its records in the folder: with ``trying`` by writing to it, else by its modes."""
    from agentops.audit.segments.files import require_own_log

    folder = settings.folders.data
    hint = "Set AGENTOPS_HOME to a folder that you can write to."
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    if not os.access(existing, os.W_OK | os.X_OK):
        return CheckResult(name="folder", state="bad", text=f"{folder} cannot be written", hint=hint)
    try:
        require_own_log(settings.folders.audit)
        require_own_journal(folder)
    except AgentopsError as error:
        return CheckResult(name="folder", state="bad", text=f"every run is refused: {error.message}", hint=error.hint)
    if not trying:
        text = str(folder) if folder.exists() else f"{folder} does not exist yet; the first run creates it"
        return CheckResult(name="folder", state="untried", text=text, hint=_TRY)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as file:
            file.write(b"agentops doctor --try")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return CheckResult(name="folder", state="bad", text=f"{folder} cannot be written: {error.strerror}", hint=hint)
    return CheckResult(name="folder", state="ok", text=f"{folder}: a file was written and removed")


def _audit(settings: Settings) -> CheckResult:
    from agentops.audit.verify.full_check import verify
    from agentops.audit.verify.verdict import ChainVerdict

    found = verify(settings.folders.audit)
    if found.verdict is ChainVerdict.ABSENT:
        return CheckResult(name="audit", state="untried", text="no audit log yet; the first run creates it")
    if found.intact:
        return CheckResult(name="audit", state="ok", text=f"{plural(found.records, 'record')}, all intact")
    hint = "See: agentops audit verify"
    return CheckResult(name="audit", state="bad", text=f"{found.verdict.value}: {found.why}", hint=hint)


def _anchors(settings: Settings, trying: bool) -> Iterator[CheckResult]:
    """Yield what is known of the place that the log was last anchored in; nothing where it never was."""
    from agentops.audit.read import Query, read_records

    try:
        found = deque(read_records(settings.folders.audit, Query(event="anchor")), maxlen=1)
    except AgentopsError:
        # The check of the log itself says what is wrong with it.
        return
    if not found:
        return
    place, day = str(found[0].payload.get("to", "")), found[0].time[:10]
    if trying:
        yield _guarded("anchors", lambda: _anchor_place(settings, place))
        return
    hint = f"{_TRY}, or compare the log with it: {command_line('audit', 'verify', '--anchor', place)}"
    yield CheckResult(name="anchors", state="untried", text=f"newest on {day} in {place}", hint=hint)


def _anchor_place(settings: Settings, place: str) -> CheckResult:
    from agentops.app.audit_verify import verify_log

    found = verify_log(settings, anchors=(place,))
    if found.is_good:
        text = f"{plural(found.anchors, 'anchor')} in {place}; the log agrees"
        return CheckResult(name="anchors", state="ok", text=text)
    hint = f"See: {command_line('audit', 'verify', '--anchor', place)}"
    return CheckResult(name="anchors", state="bad", text=f"{place}: {found.verification.why}", hint=hint)


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


def _settings(settings: Settings) -> Iterator[CheckResult]:
    """Yield what somebody set and is not followed; nothing where all of it is."""
    for note in settings.notes:
        yield CheckResult(name="settings", state="warn", text=note, hint="See: agentops config show --origin")


def _environment(settings: Settings) -> Iterator[CheckResult]:
    """Yield which environment the cluster counts as, why, and what proves it; nothing where no cluster is named."""
    from agentops.app.environments import judged

    try:
        found = judged(settings)
    except AgentopsError:
        # What is wrong with the kubeconfig or the settings is said by the checks of those.
        return
    text, hint = f"{found.place} counts as {found.environment}: {found.why}", ""
    if found.environment == "production" and found.identity:
        text += f" ({found.identity})"
        typed = command_line("config", "environment", "development", "--context", found.place)
        typed += options_line({"kubeconfig": settings.kubeconfig})
        hint = f"If it is not production: {_without_variables(settings)}{typed}"
    yield CheckResult(name="environment", state="ok", text=text, hint=hint)


def _without_variables(settings: Settings) -> str:
    """Return what a command begins with so that a word about an environment counts: no variable may lead elsewhere."""
    led = settings.folders.led_by
    names = [led, "XDG_CONFIG_HOME"] if led == "AGENTOPS_HOME" and os.environ.get("XDG_CONFIG_HOME") else [led]
    return f"env {' '.join(f'-u {name}' for name in names)} " if led else ""


def _changes(settings: Settings) -> CheckResult:
    """Say whether a crash left a change open, or the journal and the audit log do not fit together."""
    require_changes_recorded(settings)
    words = open_words(settings, utc_now)
    if words:
        hint = "See what was changed and close it: agentops recover"
        return CheckResult(name="changes", state="bad", text=words, hint=hint)
    return CheckResult(name="changes", state="ok", text="none is open")


def _model(settings: Settings, trying: bool) -> CheckResult:
    """Say whether there is a model; with ``trying`` it has answered a question that holds nothing of a cluster."""
    why = model_trouble(settings)
    if why:
        hint = "Set ANTHROPIC_API_KEY, or use triage only (--no-model)."
        return CheckResult(name="model", state="warn", text=f"none: {why}", hint=hint)
    named = f"{settings.model} through {settings.provider} ({settings.provenance['model']})"
    if not trying:
        return CheckResult(name="model", state="untried", text=named, hint=_TRY)
    from agentops.agent.model import ModelRequest

    model, _ = model_of(replace(settings, attempts=1), wanted=True)
    asked = ({"role": "user", "content": [{"type": "text", "text": _QUESTION}]},)
    begun = perf_counter()
    if model is not None:
        request = ModelRequest(system="You are asked whether you answer.", tools=(), messages=asked)
        used = model.turn(request, no_progress).usage
        tokens = plural(used.input_tokens + used.output_tokens, "token")
        named += f": answered in {perf_counter() - begun:.1f} s, {tokens}"
    return CheckResult(name="model", state="ok", text=named)


def _aws(trying: bool) -> Iterator[CheckResult]:
    """Yield what is known of AWS, which S3 and Bedrock need; nothing where no credentials are configured."""
    named = next((name for name in _AWS_VARIABLES if os.environ.get(name)), "")
    shared = Path(os.environ.get("AWS_SHARED_CREDENTIALS_FILE") or Path.home() / ".aws" / "credentials")
    if not named and not shared.is_file():
        return
    source = f"credentials from {named or shared}"
    if trying:
        yield _guarded("aws", lambda: CheckResult(name="aws", state="ok", text=f"{source}: {_caller()}"))
    else:
        yield CheckResult(name="aws", state="untried", text=source, hint=_TRY)


def _caller() -> str:
    from agentops.audit.destinations.s3 import caller_identity

    return f"AWS knows them as {caller_identity()}"


def _providers(settings: Settings) -> Iterator[CheckResult]:
    try:
        providers = providers_of(settings)
    except AgentopsError as error:
        text = f"every run is refused: {error.message}"
        yield CheckResult(name="mcp", state="bad", text=text, hint=error.hint)
        providers = PROVIDERS
    for provider in providers:
        yield from provider.check_up(provider_context(settings))


def _guarded(name: str, look: Callable[[], CheckResult]) -> CheckResult:
    try:
        return look()
    except AgentopsError as error:
        return CheckResult(name=name, state="bad", text=error.message, hint=error.hint)
