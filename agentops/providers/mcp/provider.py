"""``McpProvider``: one configured MCP server as a provider, ``mcp:NAME``. Everything that the other rooms ask of it.

Made without any I/O and without the SDK: what its tools are is known from what a person trusted (the pin), and how they
are used from their classification. A server is started when the first call needs it, and ended with the run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeAlias

from agentops.core.alert import AlertGroup
from agentops.core.commands import quoted
from agentops.core.place_identity import PlaceIdentity
from agentops.core.plan import Change, ObjectChange
from agentops.core.policy import ObjectFacts
from agentops.core.provider import CheckResult, Claim, Connection, ProviderContext
from agentops.core.resource import ResourceRef
from agentops.core.scope import Scope
from agentops.core.text import plural
from agentops.core.tool import ToolSpec
from agentops.providers.mcp.objects.server import ServerConfig
from agentops.providers.mcp.objects.session import McpSession
from agentops.providers.mcp.offered.offer import SCHEME, Offer, offers_of
from agentops.providers.mcp.pins.pin import ServerPin, started_as

Open: TypeAlias = Callable[[ServerConfig, ProviderContext], McpSession]
"""Makes the session with a server; nothing is started by that."""


class McpProvider:
    """See ``core.provider.Provider``.

    Arguments:
        pin: what a person trusted of it; None where nobody has looked, and then nothing of it is offered.
        open_session: makes a session, when the first call needs one.
    """

    scheme = SCHEME
    target_form = "mcp://SERVER/TOOL"
    is_witness = True
    stands_alone = True

    def __init__(self, config: ServerConfig, pin: ServerPin | None, open_session: Open) -> None:
        self.name = self.origin = f"mcp:{config.name}"
        self.title = f"MCP server {config.name}"
        self._config = config
        self._pin = pin
        self._open = open_session

    @cached_property
    def _offers(self) -> Mapping[str, Offer]:
        return offers_of(self._config, self._pin)

    def is_configured(self, options: Mapping[str, Any]) -> bool:  # noqa: ARG002
        """Return whether anything of it may be called."""
        return bool(self._offers)

    def pinned(self, scope: Scope) -> str:
        """Return the server and how it is started."""
        return f"{self.title}: {scope.server}"

    def read_specs(self) -> Sequence[ToolSpec]:
        """Return what its read tools declare, as far as they were trusted and classified."""
        return tuple(offer.spec for offer in self._offers.values() if offer.reads)

    def change_specs(self) -> Sequence[ToolSpec]:
        """Return what its change tools declare: those that the settings allow by name."""
        return tuple(offer.spec for offer in self._offers.values() if not offer.reads)

    def claim(self, group: AlertGroup) -> Claim | None:  # noqa: ARG002
        """Return that it may tell of any alert: what a server knows, nobody can say before it is asked."""
        return Claim(exact=False, reason="a connected MCP server may tell of it")

    def connect(self, context: ProviderContext) -> Connection:
        """Open it; nothing is asked before the first look or the first call."""
        from agentops.providers.mcp.change.changer import McpChanger
        from agentops.providers.mcp.offered.calling import ServerTools
        from agentops.providers.mcp.reader import McpReader

        tools = ServerTools(self._config, self._pin, self._offers, lambda: self._open(self._config, context))
        scope = Scope(provider=self.name, place=self._config.name, server=started_as(self._config))
        return Connection(
            provider=self,
            reader=McpReader(tools, scope, context),
            changer=McpChanger(tools, context),
            close=tools.close,
        )

    def identify(self, options: Mapping[str, Any], place: str) -> PlaceIdentity | None:  # noqa: ARG002
        """Return None: nothing proves which place a server acts on, so all of them count as production."""
        return None

    def no_remedy(self, changes: Sequence[Change], result: ObjectChange) -> Iterator[str]:  # noqa: ARG002
        """Yield that a call cures nothing, unless its classification says that it may."""
        offer = self._of(result.ref)
        if offer is None or not offer.classification.cures:
            yield f"nothing says that a call of {result.ref.name} cures anything; a person may ask for it: agentops do"

    def object_facts(self, ref: ResourceRef, item: ObjectChange | None) -> ObjectFacts:  # noqa: ARG002
        """Return the worst: what a call writes nobody knows."""
        return ObjectFacts(writes_secrets=None if item is None else True)

    def describe(self, change: Change) -> str | None:
        """Return the call in words."""
        offer = self._of(change.target)
        said = f" ({offer.classification.says})" if offer is not None and offer.classification.says else ""
        return f"call {change.target.name} of MCP server {self._config.name}{said}"

    def check_up(self, context: ProviderContext) -> Iterator[CheckResult]:  # noqa: ARG002
        """Yield what is configured; ``agentops mcp doctor`` asks the server."""
        reads, changes = len(self.read_specs()), len(self.change_specs())
        if not self._offers:
            yield CheckResult(
                name=self.name,
                state="warn",
                text="none of its tools is offered: nobody has trusted them, or none is classified as a read",
                hint=f"Look at it: agentops mcp trust {quoted(self._config.name)}",
            )
            return
        yield CheckResult(
            name=self.name, state="untried", text=f"{plural(reads, 'read')} and {plural(changes, 'change')} offered"
        )

    def _of(self, ref: ResourceRef) -> Offer | None:
        return next((one for one in self._offers.values() if one.ref == ref), None)
