"""``Offer``: one tool of a server as agentops has it: what it may do, what policy is told, and how a call is checked.

Comes in: a configured server and what a person trusted of it. Goes out: an ``Offer`` for each tool that may be called
at all. No server is asked; whether it still lists the tool so is asked before each call (``calling.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from agentops.core.errors import ConfigError, ToolInputError
from agentops.core.json_schema import called_wrongly, checked_arguments, faults
from agentops.core.policy import FACETS
from agentops.core.resource import ResourceRef
from agentops.core.risk import Reversal
from agentops.core.text import one_line
from agentops.core.tool import Effect, ToolSpec
from agentops.providers.mcp.objects.classified import SECRET_IN_SCHEMA, Classification
from agentops.providers.mcp.objects.server import ServerConfig
from agentops.providers.mcp.objects.tool import ForeignTool, ServerFacts
from agentops.providers.mcp.offered.schemas import bounded_schema
from agentops.providers.mcp.pins.names import namespaced
from agentops.providers.mcp.pins.pin import ServerPin, ToolPin, launch_of
from agentops.providers.mcp.pins.words import described
from agentops.providers.mcp.reviewed.classify import classifications
from agentops.providers.mcp.reviewed.forms import FORMS

SCHEME = "mcp"
Refusal: TypeAlias = Callable[[ToolSpec, ResourceRef, Mapping[str, Any]], str]
"""Returns why policy refuses one call of a read; empty where it permits it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One tool. ``tool`` is its name at the server; ``constraints``: what a person says of its arguments."""

    server: str
    tool: str
    classification: Classification
    spec: ToolSpec
    constraints: Mapping[str, Mapping[str, object]]

    @property
    def ref(self) -> ResourceRef:
        """``mcp://SERVER/TOOL``: what policy and plans call it."""
        return tool_ref(self.server, self.tool)

    @property
    def reads(self) -> bool:
        """Whether it only reads."""
        return self.classification.effect is Effect.READ

    def checked(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of a call as they may be sent.

        Raises:
            ToolInputError: they do not fit the tool's schema, what a person says of them, or the form of a read.
        """
        given = checked_arguments(self.spec, arguments)
        wrong = tuple(self._unfit(given))
        if wrong:
            raise ToolInputError(called_wrongly(self.spec.name, wrong))
        return given

    def _unfit(self, given: Mapping[str, Any]) -> Iterator[str]:
        for name, schema in self.constraints.items():
            if name not in given:
                # What is left out is the server's to choose, and what it chooses is not constrained.
                yield f"`{name}` is missing: the settings of MCP server {self.server} constrain it"
            else:
                yield from faults(schema, given[name], name)
        for name, form in self.classification.forms.items():
            if not FORMS[form](given.get(name)):
                yield f"`{name}` is not of the form {form}, so the call may be more than a read"


def offers_of(config: ServerConfig, pin: ServerPin | None) -> Mapping[str, Offer]:
    """Return what of a server may be called, by the names under which it is called here.

    Nothing, where nobody has trusted the server, or it is started in another way than the one that was trusted. A
    change is offered only where the settings allow that very tool.

    Raises:
        ConfigError: a person's classification holds a word that means nothing.
    """
    if pin is None or not config.enabled or launch_of(config) != pin.launch:
        return {}
    tools = {name: _as_pinned(one) for name, one in pin.tools.items()}
    known = classifications(config, ServerFacts(name=pin.server_name), tools.values(), config.classifications)
    found = {}
    for name, tool in sorted(tools.items()):
        held = known[name] if tool.schema == pin.tools[name].fields.get("inputSchema") else SECRET_IN_SCHEMA
        if config.may_use(name, reads=held.effect is Effect.READ):
            offer = _offer(config, tool, held)
            found[offer.spec.name] = offer
    return found


def tool_ref(server: str, tool: str) -> ResourceRef:
    """Return the reference of a tool."""
    return ResourceRef(scheme=SCHEME, parts=(server, tool))


def _require_known(config: ServerConfig, tool: str, held: Classification) -> None:
    """Raise where a person's classification rests on a word that means nothing: what was meant would not hold."""
    odd = [
        *(one for one in held.facets if one not in FACETS),
        *(one for one in held.forms.values() if one not in FORMS),
    ]
    if odd:
        raise ConfigError(
            f"{config.source or 'mcp.json'}: the classification of {one_line(tool, 60)} at {config.name} says "
            f"{one_line(odd[0], 40)!r}, which means nothing",
            hint=f"Facets are {', '.join(FACETS)}; forms are {', '.join(FORMS)}.",
        )


def _offer(config: ServerConfig, tool: ForeignTool, held: Classification) -> Offer:
    _require_known(config, tool.name, held)
    what = "reads" if held.effect is Effect.READ else "changes something"
    spec = ToolSpec(
        name=namespaced(config.name, tool.name),
        description=held.says or f"{what.capitalize()} at MCP server {config.name}; nobody has said what.",
        schema=bounded_schema(tool.input_schema),
        effect=held.effect,
        risk=held.risk,
        permissions=(),
        idempotent=held.effect is Effect.READ,
        reversal=Reversal.NONE if held.inverse is None else Reversal.COMPENSATING,
        timeout_s=config.limits.start_s * 2 + config.limits.call_s + 20.0,
        facets=held.facets,
        target=str(tool_ref(config.name, tool.name)),
        deferred=True,
        foreign=described(config.name, tool.description or tool.title),
    )
    constraints = {one_line(name, 80): schema for name, schema in config.constraints.get(tool.name, {}).items()}
    return Offer(server=config.name, tool=tool.name, classification=held, spec=spec, constraints=constraints)


def _as_pinned(pin: ToolPin) -> ForeignTool:
    """Return a tool as it was shown when it was trusted: without secrets, which no declaration should hold."""
    said = pin.said
    return ForeignTool(
        name=pin.name,
        title=_text(said.get("title")),
        description=_text(said.get("description")),
        input_schema=_object(said.get("inputSchema")),
        output_schema=said["outputSchema"] if isinstance(said.get("outputSchema"), Mapping) else None,
        annotations=_object(said.get("annotations")),
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
