"""The use case ``mcp call``: one read of one server, by a person, without a model.

Comes in: a server, one of its tools, arguments. Goes out: what the server answered, redacted. Only a tool that is
trusted, allowed and classified as a read is called; whatever changes something goes through a plan. The call is
recorded before it is sent, its answer by digest.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

from agentops.app.actor import user_name
from agentops.app.audit_run import record
from agentops.app.mcp_servers import mcp_pins, mcp_server
from agentops.app.mcp_sessions import LookedAtTool, ServerLook, looked_at, opened, tool_named
from agentops.core.clock import utc_now
from agentops.core.commands import command_line
from agentops.core.digest import digest_bytes
from agentops.core.errors import InDoubt, NotApproved, PolicyRefused, ToolError
from agentops.core.text import one_line
from agentops.core.tool import Effect

if TYPE_CHECKING:
    from agentops.config import Settings
    from agentops.providers.mcp.objects.server import ServerConfig
    from agentops.providers.mcp.objects.tool import ForeignResult
    from agentops.providers.mcp.offered.offer import Offer
    from agentops.redaction.redactor import SecretRedactor


@dataclass(frozen=True, slots=True, kw_only=True)
class McpAnswer:
    """What a server answered.

    Arguments:
        text: redacted; of what is no text its kind, size and digest.
        structured: redacted; None where there is none.
        is_error: the server says that it failed.
        cut: bytes that were left out.
        digest: of the text as it is here.
    """

    server: str
    tool: str
    text: str
    structured: Any
    is_error: bool
    cut: int
    digest: str
    seconds: float


def call_read(
    settings: Settings, name: str, tool: str, arguments: Mapping[str, Any] | None, words: Mapping[str, str]
) -> McpAnswer:
    """Call a tool that only reads.

    Arguments:
        arguments: as JSON; None where they are given as words.
        words: values by argument, as they were typed; their types are those of the tool's schema.

    Raises:
        UsageError: there is no such server or tool.
        NotApproved: the tool is held back until somebody has looked at it.
        PolicyRefused: it is not allowed, is not classified as a read, or policy refuses this call.
        ToolInputError: the arguments do not fit; nothing was sent.
        ToolError: the server cannot be asked, or refused the call.
        AuditError: it could not be recorded; nothing was sent.
    """
    from agentops.providers.mcp.offered.offer import offers_of

    server, pin = mcp_server(settings, name), mcp_pins(settings).get(name)
    with opened(settings, server, "call") as (session, redactor):
        look = looked_at(server, pin, session, redactor.value)
        found = _callable(look, tool)
        offer = next((one for one in offers_of(server, pin).values() if one.tool == tool and one.reads), None)
        if offer is None:
            raise PolicyRefused(f"{one_line(tool, 80)} is not offered as a read", code="mcp-no-read")
        given = offer.checked(typed(offer.spec.schema, words) if arguments is None else arguments)
        _require_permitted(settings, offer, given)
        record(settings, "mcp_call", {**_named(server, found), **_arguments(settings, given, redactor)})
        begun = perf_counter()
        try:
            result = session.call(tool, given)
        except InDoubt as error:
            # A read that is lost has changed nothing.
            raise ToolError(error.message, code="mcp-no-answer") from error
        answer = _answer(offer, result, redactor, perf_counter() - begun)
        seen = {"digest": answer.digest, "is_error": answer.is_error, "cut_bytes": answer.cut}
        record(settings, "mcp_answer", {**_named(server, found), **seen})
    return answer


def typed(schema: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, Any]:
    """Return arguments as their schema has them: a text where one is wanted, else JSON where the word is some."""
    properties = schema.get("properties", {})
    found: dict[str, Any] = {}
    for name, word in words.items():
        wanted = properties.get(name, {}) if isinstance(properties, Mapping) else {}
        kind = wanted.get("type") if isinstance(wanted, Mapping) else None
        found[name] = word if kind == "string" else _json_or_text(word)
    return found


def _callable(look: ServerLook, name: str) -> LookedAtTool:
    from agentops.providers.mcp.objects.classified import SECRET_IN_SCHEMA

    found, server = tool_named(look, name), look.server
    if found.state not in ("offered", "not-allowed"):
        hint = f"Look at it: {command_line('mcp', 'trust', server.name, name)}"
        raise NotApproved(f"{one_line(name, 80)} is held back: {found.why}", hint=hint, code="mcp-quarantined")
    if found.classification.effect is not Effect.READ:
        said = found.classification.why if not found.is_classified else "it changes something"
        hint = (
            "A change is made by a plan that is shown, approved and recorded:\n"
            f"Run: {command_line('do', 'your request')}"
        )
        if not found.is_classified and found.classification != SECRET_IN_SCHEMA:
            hint += f"\nIf it only reads: {command_line('mcp', 'classify', server.name, name, '--effect', 'read')}"
        raise PolicyRefused(f"{one_line(name, 80)} is no read: {said}", hint=hint, code="mcp-no-read")
    if found.state == "not-allowed":
        hint = f"Allow it: {command_line('mcp', 'allow', server.name, name)}"
        raise PolicyRefused(f"{one_line(name, 80)} is not allowed: {found.why}", hint=hint, code="mcp-not-allowed")
    return found


def _require_permitted(settings: Settings, offer: Offer, given: Mapping[str, Any]) -> None:
    """Raise where a setting switches the tool off, or policy refuses this call, as it would refuse a model's."""
    from agentops.app.mcp_providers import providers_of
    from agentops.app.read_policy import ReadPolicy

    if offer.spec.name in settings.disabled_tools:
        raise PolicyRefused(f"{offer.spec.name} is switched off by disabled_tools", hint="See: agentops config show")
    policy = ReadPolicy(settings, providers_of(settings), user_name(), utc_now)
    why = policy.refusal(offer.spec, offer.ref, given)
    if why:
        hint = "See what is in force: agentops policy show"
        raise PolicyRefused(f"policy refuses this call of {offer.spec.name}: {why}", hint=hint)


def _json_or_text(word: str) -> Any:
    from agentops.core.foreign_documents import read_json

    try:
        return read_json(word)
    except ValueError:
        return word


def _named(server: ServerConfig, tool: LookedAtTool) -> dict[str, Any]:
    return {"server": server.name, "tool": one_line(tool.name, 128), "schema": tool.schema}


def _arguments(settings: Settings, given: Mapping[str, Any], redactor: SecretRedactor) -> dict[str, Any]:
    from agentops.audit.proofs.fingerprint import fingerprinter

    hmac = fingerprinter(settings.folders.audit)(dict(given))
    # No floats in the chain: arguments as the JSON text that they are.
    shown = json.dumps(redactor.value(dict(given)), ensure_ascii=False)
    return {"arguments": shown, "arguments_hmac": hmac}


def _answer(offer: Offer, result: ForeignResult, redactor: SecretRedactor, seconds: float) -> McpAnswer:
    from agentops.providers.mcp.offered.results import reading_of

    text = redactor.text(reading_of(offer, result).body)
    return McpAnswer(
        server=offer.server,
        tool=offer.tool,
        text=text,
        structured=None if result.structured is None else redactor.value(result.structured),
        is_error=result.is_error,
        cut=result.cut,
        digest=digest_bytes(text.encode("utf-8", "surrogatepass")),
        seconds=seconds,
    )
