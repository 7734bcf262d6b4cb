"""The use case ``mcp doctor``: whether servers can be started and asked, and what of them may be used.

Comes in: settings and names of servers. Goes out: one result a check. All servers are started at the same time, each
within its own limits; one that fails never hides another. Only ``initialize`` and ``tools/list`` are asked, no tool.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from agentops.app.audit_run import record
from agentops.app.mcp_servers import mcp_pins, mcp_server, mcp_servers
from agentops.app.mcp_sessions import ServerLook, looked_at, server_session
from agentops.core.commands import command_line
from agentops.core.errors import AgentopsError
from agentops.core.provider import CheckResult
from agentops.core.text import one_line, plural
from agentops.core.threads import Job, run_in_order

if TYPE_CHECKING:
    from agentops.config import Settings
    from agentops.providers.mcp.objects.server import ServerConfig
    from agentops.providers.mcp.pins.pin import ServerPin
    from agentops.providers.mcp.settings.references import SecretReference

_THREADS = 8
_SLOW_S = 5.0


def check_servers(settings: Settings, names: Sequence[str] = ()) -> tuple[CheckResult, ...]:
    """Return what was found of servers, all of them without names; each name begins with the server's.

    Raises:
        UsageError: no server is called so.
        ConfigError: the file of servers or of pins cannot be believed.
        AuditError: it could not be recorded; nothing is started.
    """
    from agentops.redaction.redactor import SecretRedactor

    servers = tuple(mcp_server(settings, name) for name in names) or mcp_servers(settings).servers
    pins = mcp_pins(settings)
    started = [one for one in servers if one.enabled]
    for server in started:
        payload = {"server": server.name, "identity": server.identity, "transport": server.transport.value}
        record(settings, "mcp_server_started", SecretRedactor().value({**payload, "why": "doctor"}))
    jobs = [Job(key=server.name, work=partial(_checked, settings, server, pins.get(server.name))) for server in started]
    found: dict[str, tuple[CheckResult, ...]] = {}
    for done in run_in_order(jobs, threads=_THREADS):
        said = done.value or (_result(done.key, "start", "bad", one_line(str(done.error))),)
        found[done.key] = said
    off = "it is switched off in mcp.json"
    return tuple(
        check
        for server in servers
        for check in found.get(server.name, (_result(server.name, "start", "untried", off),))
    )


def _checked(settings: Settings, server: ServerConfig, pin: ServerPin | None) -> tuple[CheckResult, ...]:
    return tuple(_checks(settings, server, pin))


def _checks(settings: Settings, server: ServerConfig, pin: ServerPin | None) -> Iterator[CheckResult]:
    from agentops.redaction.redactor import SecretRedactor

    yield from _program(server)
    yield from _secrets(server)
    yield from _sign_in(settings, server)
    yield from _confinement(server)
    redactor = SecretRedactor()
    session = server_session(settings, server, learn=redactor.learn, redact=redactor.text)
    try:
        look = looked_at(server, pin, session, redactor.value)
        noise = session.report().noise
    except AgentopsError as error:
        words = "; ".join(one_line(redactor.text(line), 160) for line in session.report().last_words[-3:])
        said = f"{error.message}{f' (it said: {words})' if words and words not in error.message else ''}"
        yield _result(server.name, "start", "bad", said, error.hint)
        return
    finally:
        session.close()
    yield _started(look)
    if noise:
        said = f"{plural(noise, 'line')} on its output that belong on standard error; they were passed over"
        yield _result(server.name, "output", "warn", said)
    yield _trusted(look)
    yield from _classified(look)


def _program(server: ServerConfig) -> Iterator[CheckResult]:
    if not server.command:
        return
    found = shutil.which(server.command)
    if found is None:
        hint = "Give the whole path of the program, or put it on PATH."
        yield _result(server.name, "program", "bad", f"{server.command} is not there", hint)
    else:
        yield _result(server.name, "program", "ok", found)


def _secrets(server: ServerConfig) -> Iterator[CheckResult]:
    from agentops.providers.mcp.settings.references import references_in
    from agentops.providers.mcp.settings.secrets import resolver

    values = (*server.args, *server.env.values(), server.url, *server.headers.values())
    references: tuple[SecretReference, ...] = tuple(
        dict.fromkeys(one for value in values for one in references_in(value))
    )
    resolve = resolver(os.environ)
    missing = 0
    for one in references:
        try:
            resolve(str(one))
        except AgentopsError as error:
            missing += 1
            yield _result(server.name, "secrets", "bad", error.message, error.hint)
    if references and not missing:
        said = f"{', '.join(map(str, references))}: there"
        yield _result(server.name, "secrets", "ok", said)


def _sign_in(settings: Settings, server: ServerConfig) -> Iterator[CheckResult]:
    from agentops.providers.mcp.client.oauth import sign_in_file

    if server.oauth:
        kept = sign_in_file(settings.folders.data, server.name).is_file()
        hint = "" if kept else f"Run: {command_line('mcp', 'login', server.name)}"
        said = "a sign-in is kept" if kept else "nobody has signed in"
        yield _result(server.name, "sign-in", "ok" if kept else "bad", said, hint)


def _confinement(server: ServerConfig) -> Iterator[CheckResult]:
    from agentops.providers.mcp.client.confine import confinement_offered
    from agentops.providers.mcp.objects.server import Confinement

    if not server.command:
        return
    offered = confinement_offered()
    wanted = server.confinement
    if wanted is Confinement.NONE:
        can = (
            f"this machine could confine it {offered.why}" if offered.offered else f"here nothing could: {offered.why}"
        )
        yield _result(server.name, "confinement", "warn", f"none: it may use the network and your files; {can}")
    elif offered.offered:
        yield _result(server.name, "confinement", "ok", f"{wanted.value}, {offered.why}")
    else:
        hint = "Install bubblewrap, or set confinement to none."
        yield _result(server.name, "confinement", "bad", f"{wanted.value} is not to be had: {offered.why}", hint)


def _started(look: ServerLook) -> CheckResult:
    facts = look.facts
    said = f"{one_line(facts.name, 60)} {one_line(facts.version, 30)}".strip() or "it does not say what it is"
    text = f"{said}, protocol {one_line(facts.protocol, 20)}: {plural(len(look.tools), 'tool')} in {look.seconds:.1f} s"
    slow = look.seconds > _SLOW_S
    hint = "A run waits so long before the first call of it." if slow else ""
    return _result(look.server.name, "start", "warn" if slow else "ok", text, hint)


def _trusted(look: ServerLook) -> CheckResult:
    held = [one for one in look.tools if one.pin is not None]
    refused = [one for one in look.tools if one.state == "refused"]
    offered = sum(one.state == "offered" for one in look.tools)
    text = f"{plural(offered, 'tool')} offered"
    text += f"; {len(held)} held back" if held else ""
    text += f"; {len(refused)} refused: {one_line(refused[0].name, 40)}: {refused[0].why}" if refused else ""
    text += f"; {look.judged.server_changed}" if look.judged.server_changed else ""
    hint = f"Run: {command_line('mcp', 'trust', look.server.name)}" if held else ""
    changed = look.judged.server_changed or any(one.state == "changed" for one in held)
    return _result(look.server.name, "pins", "bad" if changed else "warn" if held or refused else "ok", text, hint)


def _classified(look: ServerLook) -> Iterator[CheckResult]:
    unknown = [one.name for one in look.tools if not one.is_classified and one.state != "refused"]
    if unknown:
        names = one_line(", ".join(unknown), 120)
        text = f"{plural(len(unknown), 'tool')} not classified, each counts as a change: {names}"
        # With several, the name is left to the reader.
        tool = unknown[0] if len(unknown) == 1 else "TOOL"
        command = command_line("mcp", "classify", look.server.name, tool, "--effect", "read")
        hint = f"Where one only reads: {command}"
        yield _result(look.server.name, "classified", "warn", text, hint)
    else:
        yield _result(look.server.name, "classified", "ok", "every tool")


def _result(server: str, check: str, state: str, text: str, hint: str = "") -> CheckResult:
    return CheckResult(name=f"{server} {check}", state=state, text=text, hint=hint)
