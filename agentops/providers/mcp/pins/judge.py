"""``judge``: which of a server's tools may be offered, and which are held back and why.

Comes in: the server as it is configured, what it says of itself, what was pinned, and the tools that it lists. Goes
out: the tools to offer under their names here, and those in quarantine. A tool is offered only if every field of it is
as it was when a person trusted it, at the same server. Pure; it believes nothing that a server says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from agentops.core.digest import digest
from agentops.core.text import one_line
from agentops.providers.mcp.objects.server import ServerConfig
from agentops.providers.mcp.objects.tool import ForeignTool, ServerFacts
from agentops.providers.mcp.pins.names import likeness, namespaced, refused_name
from agentops.providers.mcp.pins.pin import ServerPin, ToolPin, launch_of
from agentops.providers.mcp.pins.words import hidden_in


class Held(StrEnum):
    """Why a tool is not offered. REFUSED cannot be trusted away; the others can, by a person who looks at it."""

    NEW = "new"
    CHANGED = "changed"
    SERVER_CHANGED = "server-changed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedTool:
    """A tool as it is offered.

    Arguments:
        name: under which it is called here.
        tool: as the server lists it; what a model is told of it is ``Offer.spec``, made of the pin.
    """

    name: str
    tool: ForeignTool


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldTool:
    """A tool in quarantine. ``changed``: the fields that are not as they were pinned."""

    name: str
    held: Held
    why: str
    tool: ForeignTool
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PinJudgement:
    """Every listed tool is in one of the two. ``gone``: what was pinned and is not listed any more."""

    offered: tuple[OfferedTool, ...]
    held: tuple[HeldTool, ...]
    gone: tuple[str, ...] = ()
    server_changed: str = ""


def judge(
    server: ServerConfig, facts: ServerFacts, pin: ServerPin | None, tools: Sequence[ForeignTool]
) -> PinJudgement:
    """Return which tools may be offered.

    Arguments:
        pin: what a person trusted of this server; None when nobody has looked at it.
        tools: all that it lists now.
    """
    server_changed = changed_server(server, facts, pin) if pin else ""
    pinned = {} if pin is None else pin.tools
    counted = Counter(tool.name for tool in tools)
    # A digest of 32 bits can be met on purpose, so the names that tools get here are compared as well.
    names = {*counted, *pinned}
    alike = Counter(likeness(name) for name in names) + Counter(namespaced(server.name, name) for name in names)
    offered, held = [], []
    for tool in sorted(tools, key=lambda one: one.name):
        has_twin = max(alike[likeness(tool.name)], alike[namespaced(server.name, tool.name)]) > 1
        refused = _refused(tool, counted, has_twin=has_twin and tool.name not in pinned)
        if refused:
            held.append(HeldTool(name=tool.name, held=Held.REFUSED, why=refused, tool=tool))
            continue
        if server_changed:
            held.append(HeldTool(name=tool.name, held=Held.SERVER_CHANGED, why=server_changed, tool=tool))
            continue
        known = pinned.get(tool.name)
        if known is None:
            why = "nobody has trusted it" if pin is None else "it was not there when the server was trusted"
            held.append(HeldTool(name=tool.name, held=Held.NEW, why=why, tool=tool))
        elif changed := changed_fields(tool, known):
            why = f"its {' and '.join(changed)} changed since it was trusted"
            held.append(HeldTool(name=tool.name, held=Held.CHANGED, why=why, changed=changed, tool=tool))
        else:
            offered.append(OfferedTool(name=namespaced(server.name, tool.name), tool=tool))
    gone = tuple(sorted(set(pinned) - set(counted)))
    return PinJudgement(offered=tuple(offered), held=tuple(held), gone=gone, server_changed=server_changed)


def changed_fields(tool: ForeignTool, pin: ToolPin) -> tuple[str, ...]:
    """Return the fields of a tool that are not as they were pinned; the order of keys is no difference."""
    changed = tuple(name for name, value in tool.fields.items() if digest(value) != pin.fields.get(name))
    # Digests of fields that fit, under a fingerprint that does not: somebody has edited the pin.
    return changed or (() if tool.fingerprint == pin.fingerprint else ("fingerprint",))


def changed_server(server: ServerConfig, facts: ServerFacts, pin: ServerPin) -> str:
    """Return how a server is another one than was trusted; empty where it is the same."""
    if launch_of(server) != pin.launch:
        what = "its address or headers" if server.url else "how it is started"
        same = server.identity == pin.identity
        return f"{what} changed since it was trusted" + ("" if same else f": it was {one_line(pin.identity, 120)}")
    if facts.name != pin.server_name:
        was, now = (one_line(name, 60) or "nothing" for name in (pin.server_name, facts.name))
        return f"it calls itself {now}, and called itself {was} when it was trusted"
    return ""


def _refused(tool: ForeignTool, counted: Mapping[str, int], *, has_twin: bool) -> str:
    """Return why a tool is offered to nobody, whoever trusts it; empty where it may be."""
    wrong = refused_name(tool.name)
    if wrong:
        return wrong
    if counted[tool.name] > 1:
        return f"the server lists {counted[tool.name]} tools of this name"
    if has_twin:
        return "its name can be taken for that of another tool of this server"
    hidden = hidden_in(tool.input_schema) or hidden_in(tool.output_schema or {})
    if hidden:
        return f"its schema holds hidden characters: {hidden}"
    if tool.input_schema.get("type", "object") != "object":
        return "its input schema is not of an object"
    try:
        digest(tool.fields)
    except (ValueError, TypeError, RecursionError):
        return "its declaration is no JSON that can be compared"
    return ""
