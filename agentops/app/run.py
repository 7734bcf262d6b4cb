"""The composition root: settings in, a wired ``App`` out, and the record of its start and end.

An ``App`` is one run: it has a run id, its first audit record is written before anything else happens, and its last
one when it closes, whatever happened in between.
"""

from __future__ import annotations

import copy
import os
import secrets
import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agentops import __version__
from agentops.app.actor import current_actor, new_run, process_owner, user_name
from agentops.app.changes import journal_of, open_words
from agentops.app.client_log import ClientLog
from agentops.app.connecting import flags_again, provider_options
from agentops.app.connections import Connector
from agentops.app.mcp_providers import providers_of
from agentops.app.models import model_of
from agentops.app.providers import without_disabled
from agentops.app.read_policy import ReadPolicy
from agentops.app.run_clock import RunClock
from agentops.app.services import Services
from agentops.config import Settings
from agentops.core.clock import Clock, SimulatedTime, utc_now
from agentops.core.errors import AgentopsError, ExitCode, Interrupted, StoreError
from agentops.core.policy import Principal
from agentops.core.progress import Progress, Stage, Step
from agentops.core.provider import Provider, ProviderContext
from agentops.core.scope import Scope

if TYPE_CHECKING:
    from agentops.app.mcp_clients import Client
    from agentops.app.sandboxes import AnySandbox, AnyScenario
    from agentops.audit.log import ChainLog

DEFAULT_SCENARIO = "unbound-pvc-chain"
_OWN_SECRETS = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogHead:
    """Where the audit log stands: this run's id, and the link that the next record carries."""

    run: str
    head: str


class App:
    """One run, wired. Made by ``open_app``; use it inside that block only."""

    def __init__(
        self,
        settings: Settings,
        *,
        command: str,
        log: ChainLog | ClientLog,
        clock: Clock,
        progress: Progress,
        use_model: bool,
        scenario: str,
        providers: Sequence[Provider],
        simulated: SimulatedTime | None = None,
        client: Client | None = None,
    ) -> None:
        without_disabled((), settings.disabled_tools, providers)  # a name that there is not stops the run
        model, self.no_model_reason = model_of(settings, use_model)
        if model is not None:
            # The SDK takes seconds to import; let it, while everything else is set up and the cluster is read.
            model.prepare()
        from agentops.audit.proofs.fingerprint import fingerprinter
        from agentops.redaction.redactor import SecretRedactor
        from agentops.store.incidents import Incidents

        self.settings = settings
        self.log = log
        self.client = client
        self.sandbox: AnySandbox | None = None
        self.dump: Path | None = None
        self.pace = RunClock(clock, lambda: self.sandbox or simulated)
        self._redactor = SecretRedactor()
        self.learn: Callable[[str], None] = self._redactor.learn
        # The strongest net: what this process itself sends as a credential is hidden wherever it turns up.
        for name in _OWN_SECRETS:
            self._redactor.learn(os.environ.get(name, ""))
        self.status = ("done", ExitCode.DONE)
        self.user = user_name()
        self.undisturbed: Callable[[], AbstractContextManager[object]] = nullcontext
        self._scope_name = f"sandbox:{scenario}" if scenario else ""
        self.providers = tuple(providers)
        self._read_policy = ReadPolicy(settings, self.providers, self.user, self.pace.now)
        self.services = Services(
            audit=log,
            incidents=Incidents(settings.folders.incidents, clock),
            redactor=self._redactor,
            clock=self.pace.now,
            monotonic=self.pace.monotonic,
            progress=progress,
            limits=settings.limits,
            excerpt_chars=settings.excerpt_chars,
            connector=Connector(self.providers, self._provider_context, self._announce),
            resume_flags=flags_again(settings, scenario or None),
            nonce=secrets.token_hex(4),
            groups=(settings.namespace,) if settings.namespace else (),
            model=model,
            fingerprint=fingerprinter(settings.folders.audit),
            disabled_tools=settings.disabled_tools,
        )
        if not model and command == "investigate":
            progress(Step(stage=Stage.NOTICE, text=f"no model is used: {self.no_model_reason}"))

    def _provider_context(self) -> ProviderContext:
        """Return what providers are opened with; asked late, for a sandbox is started after the run."""
        return ProviderContext(
            options=provider_options(self.settings, self.sandbox, self.dump),
            cache=self.settings.folders.cache,
            clock=self.pace.now,
            learn=self._redactor.learn,
            progress=self.services.progress,
            scope_name=self._scope_name,
            redacted=self._redactor.text,
            refusal=self._read_policy.refusal,
        )

    def _announce(self, provider: Provider, scope: Scope | None) -> None:
        """Say that a provider is being opened; put its scope on record before anything is read from it."""
        if scope is None:
            text = f"connecting to {provider.title}"
            self.services.progress(Step(stage=Stage.NOTICE, text=text, key=f"connect-{provider.name}"))
            return
        self.services.progress(
            Step(stage=Stage.NOTICE, text=provider.pinned(scope), key=f"connect-{provider.name}", done=True)
        )
        pinned = {"context": scope.place, "namespace": scope.group, "server": scope.address or scope.server}
        self.log.append("cluster_pinned", {"provider": scope.provider, **pinned})

    @property
    def log_head(self) -> LogHead:
        """Where the audit log stands now."""
        return LogHead(run=self.log.run, head=self.log.head[1])

    @property
    def principal(self) -> Principal:
        """Who asks, for policy: agentops or the program that asks through it, on behalf of the user."""
        return Principal(kind="agent", name=self.client.agent if self.client else "agentops", on_behalf_of=self.user)

    def seen_by(self, client: Client, trace: str = "") -> App:
        """Return this run as one program works with it: each record says so; what is open is shared.

        Arguments:
            trace: the W3C trace context of its request.
        """
        if isinstance(self.log, ClientLog):
            raise TypeError("this run is one program's own")
        view = copy.copy(self)
        view.client = client
        view.log = ClientLog(self.log, client_said(client, trace))
        view.services = replace(self.services, audit=view.log)
        return view

    def finish(self, status: str, exit_code: ExitCode) -> None:
        """Set how the run is recorded to end: each use case says it; a door that exits with another code, after it."""
        self.status = (status, exit_code)


@contextmanager
def open_app(
    settings: Settings,
    *,
    command: str,
    sandbox: str | None,
    use_model: bool,
    progress: Progress,
    clock: Clock = utc_now,
    simulated: SimulatedTime | None = None,
    providers: Sequence[Provider] | None = None,
    client: Client | None = None,
    trace: str = "",
    inside: AnySandbox | None = None,
) -> Iterator[App]:
    """Wire a run and record its start and end.

    Arguments:
        command: what the user called.
        sandbox: a scenario's name, empty for the default one, None for a real cluster.
        use_model: False for a run that must not use one.
        simulated: a simulated cluster that somebody else serves in this process, and that the settings lead to: the run
            sends its time ahead instead of waiting.
        providers: the systems that the run can look at; those that ship and the connected MCP servers if not given.
        client: the program that asks through another door than the terminal; every record of the run says so.
        trace: the W3C trace context of its request.
        inside: a sandbox that this process keeps running, and that the run is in; then ``sandbox`` is None.

    Raises:
        AuditError: the chain cannot be written; nothing was done.
    """
    from agentops.audit.log import open_log
    from agentops.audit.segments.retention import Retention

    scenario = None
    if sandbox is not None:
        from agentops.app.sandboxes import load_scenario

        scenario = load_scenario(sandbox or DEFAULT_SCENARIO)
    retention = Retention(segment_bytes=settings.audit_segment_mib << 20, retention_days=settings.audit_keep_days)
    chain = open_log(
        settings.folders.audit, run=new_run(clock), actor=current_actor(), clock=clock, retention=retention
    )
    log = chain if client is None else ClientLog(chain, client_said(client, trace))
    playing = inside.scenario if inside is not None else scenario
    log.append("run_started", _start(settings, command, sandbox if playing is None else playing.name))
    status = ("done", ExitCode.DONE)
    app = None
    try:
        name = "" if scenario is None else sandbox or DEFAULT_SCENARIO
        name = name if inside is None else inside.scenario.name
        app = App(
            settings,
            command=command,
            log=log,
            clock=clock,
            progress=progress,
            use_model=use_model,
            scenario=name,
            providers=providers_of(settings) if providers is None else providers,
            simulated=simulated,
            client=client,
        )
        app.sandbox = inside
        _say_what_is_open(settings, command, clock, progress)
        if scenario is None:
            yield app
        else:
            with serving(scenario, progress) as app.sandbox:
                yield app
        status = app.status
    except BaseException as error:
        status = _ending(error)
        raise
    finally:
        if app is not None:
            app.services.connector.close()
        log.append("run_ended", {"status": status[0], "exit_code": int(status[1])})
        if settings.audit_forward_secure:
            # The key that signed this run is destroyed with it.
            chain.rotate_key()
        chain.close()


@contextmanager
def serving(scenario: AnyScenario, progress: Progress) -> Iterator[AnySandbox]:
    """Play a scenario in this process until the block ends."""
    from agentops.app.sandboxes import sandbox_of_scenario

    progress(Step(stage=Stage.NOTICE, text=f"starting the sandbox {scenario.name}", key="sandbox"))
    with sandbox_of_scenario(scenario) as sandbox:
        progress(Step(stage=Stage.NOTICE, text="", key="sandbox", done=True))
        yield sandbox


def _say_what_is_open(settings: Settings, command: str, clock: Clock, progress: Progress) -> None:
    """Tell of a change that a crash left open, and to who wants to change something of one that is under way."""
    try:
        words = "" if command == "recover" else open_words(settings, clock)
        holder = journal_of(settings, clock).holder() if command in ("fix", "do", "rollback") else ""
    except StoreError as error:
        # Reads go on; what would change something looks again, and stops.
        progress(
            Step(stage=Stage.NOTICE, text=f"ATTENTION: {error.message}. No change is possible until this is repaired")
        )
        return
    if words:
        progress(Step(stage=Stage.NOTICE, text=f"ATTENTION: {words}. Close it: agentops recover"))
    if holder:
        progress(Step(stage=Stage.NOTICE, text=f"another run is applying a change and goes first: {holder}"))


def _ending(error: BaseException) -> tuple[str, ExitCode]:
    """Return how a run ends that ``error`` ends."""
    if isinstance(error, AgentopsError):
        return error.code, error.exit_code
    if isinstance(error, KeyboardInterrupt):
        return Interrupted.default_code, ExitCode.INTERRUPTED
    return f"unexpected {type(error).__name__}", ExitCode.ERROR


def client_said(client: Client, trace: str) -> dict[str, Any]:
    """Return what each record says of the program that asks."""
    return {"client": client.on_record(), **({"trace": trace} if trace else {})}


def _start(settings: Settings, command: str, sandbox: str | None) -> Mapping[str, Any]:
    owner = process_owner()
    return {
        "command": command,
        "user": owner.name,
        **owner.on_record(),
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "version": __version__,
        "python": ".".join(map(str, sys.version_info[:3])),
        "context": settings.context or "",
        "namespace": settings.namespace or "",
        "sandbox": sandbox or "",
        "model": settings.model,
        "read_only": settings.read_only,
    }
