"""The use cases of ``mcp`` that start a server: look at its tools, trust them.

Comes in: settings and a server's name. Goes out: what it lists, judged against what was trusted, with what each tool is
classified as. That a server is started is recorded first, and so is every act of trust, with the fingerprints.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import TYPE_CHECKING, Any

from agentops.app.actor import user_name
from agentops.app.audit_run import record
from agentops.app.mcp_servers import mcp_pins, mcp_server, pin_file
from agentops.core.clock import to_iso, utc_now
from agentops.core.commands import command_line
from agentops.core.errors import Stale, UsageError
from agentops.core.suggestions import closest
from agentops.core.text import one_line
from agentops.core.tool import Effect

if TYPE_CHECKING:
    from agentops.config import Settings
    from agentops.providers.mcp.client.session import ServerSession
    from agentops.providers.mcp.objects.classified import Classification
    from agentops.providers.mcp.objects.server import ServerConfig
    from agentops.providers.mcp.objects.tool import ForeignTool, ServerFacts
    from agentops.providers.mcp.pins.judge import HeldTool, PinJudgement
    from agentops.providers.mcp.pins.pin import ServerPin, ToolPin
    from agentops.redaction.redactor import SecretRedactor

OFFERED = "offered"
NOT_ALLOWED = "not-allowed"


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedAtTool:
    """One tool of a server.

    Arguments:
        state: ``offered``; ``not-allowed``: trusted, and outside of what the server may be used for; or why it is held
            back: ``new``, ``changed``, ``server-changed``, ``refused``.
        called: the name under which a model may call it; empty where none may.
        description: what the server says of it: normalised, short, without secrets.
        arguments: the names of its arguments, as the server lists them.
        schema: the digest of its input schema.
        warned: the server's own hints say that it changes something.
        now, before: what changed, field by field, without secrets.
        pin: what trusting it would pin; None where it cannot be trusted.
    """

    name: str
    called: str
    state: str
    why: str
    classification: Classification
    description: str
    schema: str
    arguments: tuple[str, ...] = ()
    warned: bool = False
    now: Mapping[str, Any] = field(default_factory=dict)
    before: Mapping[str, Any] = field(default_factory=dict)
    pin: ToolPin | None = None

    @property
    def is_classified(self) -> bool:
        """Whether anybody has found out what it does; what has no classification counts as the worst."""
        return is_classified(self.classification)


def is_classified(known: Classification) -> bool:
    """Return whether a classification says more than the worst."""
    from agentops.providers.mcp.objects.classified import Classification

    return replace(known, why="", schema="") != Classification()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerLook:
    """What a server was, when somebody looked at it. ``seconds``: to start it and have its tools listed."""

    server: ServerConfig
    facts: ServerFacts
    pin: ServerPin | None
    judged: PinJudgement
    tools: tuple[LookedAtTool, ...]
    seconds: float


def server_session(
    settings: Settings,
    server: ServerConfig,
    *,
    learn: Callable[[str], None],
    redact: Callable[[str], str],
    show: Callable[[str], None] | None = None,
) -> ServerSession:
    """Return a session with a server; it is started by what is asked of it first.

    What its references stand for is looked up then, handed to it alone, and hidden wherever it turns up.

    Arguments:
        learn: told every secret that the server is given, so that ``redact`` hides it.
        show: shows a person where to sign in; None: nobody is there.
    """
    from agentops.providers.mcp.client.session import open_session
    from agentops.providers.mcp.settings.secrets import resolver

    look_up = resolver(os.environ)

    def resolve(reference: str) -> str:
        value = look_up(reference)
        learn(value)
        return value

    return open_session(server, resolve=resolve, home=settings.folders.data, redact=redact, show=show)


@contextmanager
def opened(settings: Settings, server: ServerConfig, why: str) -> Iterator[tuple[ServerSession, SecretRedactor]]:
    """Yield a session with a server, and the redactor that knows its secrets; it is ended with the block.

    Raises:
        UsageError: the server is switched off.
        AuditError: it could not be recorded; nothing is started.
    """
    from agentops.redaction.redactor import SecretRedactor

    if not server.enabled:
        raise UsageError(f"MCP server {server.name} is switched off", hint='Set "enabled" to true in mcp.json.')
    redactor = SecretRedactor()
    payload = {"server": server.name, "identity": server.identity, "transport": server.transport.value, "why": why}
    record(settings, "mcp_server_started", redactor.value(payload))
    session = server_session(settings, server, learn=redactor.learn, redact=redactor.text)
    try:
        yield session, redactor
    finally:
        session.close()


def look_at(settings: Settings, name: str, why: str) -> ServerLook:
    """Start a server, have it list its tools, and judge them; it is ended again.

    Raises:
        UsageError: no server is called so, or it is switched off.
        ToolError: it cannot be started, or does not list its tools in time.
        AuditError: as ``opened``.
    """
    server, pin = mcp_server(settings, name), mcp_pins(settings).get(name)
    with opened(settings, server, why) as (session, redactor):
        return looked_at(server, pin, session, redactor.value)


def looked_at(
    server: ServerConfig, pin: ServerPin | None, session: ServerSession, redact: Callable[[Any], Any]
) -> ServerLook:
    """Return what an open session lists, judged."""
    from agentops.providers.mcp.objects.classified import SECRET_IN_SCHEMA
    from agentops.providers.mcp.pins.judge import judge
    from agentops.providers.mcp.reviewed.classify import classifications

    begun = perf_counter()
    facts, tools = session.facts(), session.tools()
    seconds = perf_counter() - begun
    judged = judge(server, facts, pin, tools)
    said = classifications(server, facts, tools, server.classifications)
    # As ``offers_of`` has it, which sees a schema only as it was kept.
    secret = {tool.name for tool in tools if redact(tool.input_schema) != tool.input_schema}
    known = {name: SECRET_IN_SCHEMA if name in secret else one for name, one in said.items()}
    found = [_offered(server, one.name, one.tool, known[one.tool.name], redact) for one in judged.offered]
    found += [_held(one, known[one.name], pin, redact) for one in judged.held]
    return ServerLook(
        server=server,
        facts=facts,
        pin=pin,
        judged=judged,
        tools=tuple(sorted(found, key=lambda one: one.name)),
        seconds=seconds,
    )


def tool_named(look: ServerLook, name: str) -> LookedAtTool:
    """Return one tool of a server.

    Raises:
        UsageError: the server has none of this name; the hint names the nearest.
    """
    by_name = {one.name: one for one in look.tools}
    if name in by_name:
        return by_name[name]
    near = closest(name, by_name)
    hint = f"Did you mean {near[0]}?" if near else f"See: {command_line('mcp', 'tools', look.server.name)}"
    raise UsageError(f"{look.server.name} has no tool {one_line(name, 80)!r}", hint=hint)


def trustable(look: ServerLook, names: Collection[str]) -> tuple[LookedAtTool, ...]:
    """Return the tools that trusting these names would trust; without names, all that are held back and can be.

    Raises:
        UsageError: the server has no tool of a name, or one that cannot be trusted.
    """
    for found in (tool_named(look, name) for name in names):
        if found.state == "refused":
            raise UsageError(f"{one_line(found.name, 80)} cannot be trusted: {found.why}")
    return tuple(one for one in look.tools if one.pin is not None and (not names or one.name in names))


def trust(settings: Settings, look: ServerLook, chosen: Collection[LookedAtTool]) -> None:
    """Pin tools as they were looked at, at the server as it was looked at.

    Of a server that is another one than was trusted, nothing stays trusted but what is chosen now.

    Raises:
        Stale: the server's settings or pins were changed since it was looked at.
        ConfigError: the file cannot be believed or written.
        AuditError: it could not be recorded; nothing is trusted.
    """
    from agentops.providers.mcp.pins.pin import ServerPin, launch_of
    from agentops.redaction.redactor import SecretRedactor

    server = look.server
    if mcp_server(settings, server.name) != server or mcp_pins(settings).get(server.name) != look.pin:
        raise Stale(f"{server.name} was configured or trusted anew meanwhile", hint="Look at it again.")
    kept: Mapping[str, ToolPin] = {} if look.pin is None or look.judged.server_changed else look.pin.tools
    new = {one.name: one.pin for one in chosen if one.pin is not None}
    payload = {
        "server": server.name,
        "identity": server.identity,
        "launch": launch_of(server),
        "server_name": look.facts.name,
        "tools": {name: pin.fingerprint for name, pin in new.items()},
        "forgotten": sorted(set(look.pin.tools if look.pin else ()) - {*kept, *new}),
    }
    record(settings, "mcp_tools_trusted", SecretRedactor().value(payload))
    pin = ServerPin(
        identity=server.identity,
        launch=launch_of(server),
        server_name=look.facts.name,
        tools={**kept, **new},
        at=to_iso(utc_now()),
        by=f"human:{user_name()}",
    )
    pin_file(settings).put(server.name, pin, instead_of=look.pin)


def _offered(
    server: ServerConfig, called: str, tool: ForeignTool, known: Classification, redact: Callable[[Any], Any]
) -> LookedAtTool:
    may = server.may_use(tool.name, reads=known.effect is Effect.READ)
    named = "it is not among the allowed tools" if server.allowed else "no change is allowed by name"
    if not server.allowed and not is_classified(known):
        # Why it is no read is what a person wonders who expected one: "its input schema is not one that was reviewed".
        named = known.why or named
    why = "" if may else "the server may only be read" if server.reads_only and tool.name in server.allowed else named
    return LookedAtTool(
        name=tool.name,
        called=called if may else "",
        state=OFFERED if may else NOT_ALLOWED,
        why=why,
        classification=known,
        description=_described(tool, redact),
        schema=tool.schema,
        arguments=_arguments(tool),
        warned=tool.says_it_changes,
    )


def _held(held: HeldTool, known: Classification, pin: ServerPin | None, redact: Callable[[Any], Any]) -> LookedAtTool:
    from agentops.providers.mcp.pins.pin import pin_of

    tool = held.tool
    is_refused = held.held.value == "refused"
    new = None if is_refused else pin_of(tool, redact)
    before = pin.tools[tool.name].said if pin and held.changed and tool.name in pin.tools else {}
    changed = [name for name in held.changed if name in tool.fields]
    return LookedAtTool(
        name=tool.name,
        called="",
        state=held.held.value,
        why=held.why,
        classification=known,
        description=_described(tool, redact),
        schema="" if is_refused else tool.schema,
        arguments=_arguments(tool),
        warned=tool.says_it_changes,
        now={name: new.said[name] for name in changed} if new else {},
        before={name: before.get(name) for name in changed},
        pin=new,
    )


def _described(tool: ForeignTool, redact: Callable[[Any], Any]) -> str:
    from agentops.providers.mcp.pins.words import normalised

    return normalised(redact(tool.description or tool.title))


def _arguments(tool: ForeignTool) -> tuple[str, ...]:
    found = tool.input_schema.get("properties")
    return tuple(map(str, found)) if isinstance(found, Mapping) else ()
