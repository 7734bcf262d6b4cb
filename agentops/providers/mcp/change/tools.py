"""The change tools of one server: what a call of an offered tool would do. Nothing here can call one that changes.

A server offers no dry run, so a preview calls nothing but the read that verifies the change, shows the exact arguments,
and says that nothing was tried. How far a call reaches nobody can tell, so that counts as unknown and as the worst. It
can be undone only where its classification names the tool that does, and the arguments fit that tool.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agentops.core.clock import Clock
from agentops.core.digest import digest
from agentops.core.errors import ToolError, ToolInputError
from agentops.core.outcome import Observation
from agentops.core.plan import BlastRadius, Call, Change, Edit, ObjectChange, Preview, Verb
from agentops.core.risk import Reversal
from agentops.core.tool import ToolSpec
from agentops.providers.mcp.change.read_back import read_state, reads_back
from agentops.providers.mcp.offered.calling import ServerTools
from agentops.providers.mcp.offered.offer import Offer, Refusal, tool_ref
from agentops.providers.mcp.offered.templates import dug, filled

NOT_CALLED = {"effect": "not called"}
CALLED = {"effect": "called"}
_SEEN = "seen"
_NOT_SEEN = "none seen"


@dataclass(slots=True)
class SentCalls:
    """Which calls this run has sent, and previewed; what another run did is known by reading alone."""

    calls: set[str] = field(default_factory=set)
    previewed: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class ForeignChange:
    """See ``core.tool.ChangeTool``. ``refusal`` is policy's on the read that verifies it."""

    tools: ServerTools
    offer: Offer
    clock: Clock
    sent: SentCalls
    refusal: Refusal

    @property
    def spec(self) -> ToolSpec:
        """Its declaration."""
        return self.offer.spec

    def predict(self, change: Change, earlier: Sequence[Preview] = ()) -> Preview:
        """Return the preview: it is made of reads."""
        return self.preview(change, earlier)

    def preview(self, change: Change, earlier: Sequence[Preview] = ()) -> Preview:  # noqa: ARG002
        """Return the exact call, what is there before it as far as a read shows that, and how it is undone.

        Raises:
            ToolInputError: the target is not this tool, or the arguments do not fit.
            ToolError: the tool is held back, or what is there cannot be read.
        """
        if change.target != self.offer.ref:
            raise ToolInputError(f"the target of {self.spec.name} is {self.offer.ref}")
        arguments = self.offer.checked(change.arguments)
        self.tools.require_trusted(self.offer)
        call = Call(
            verb="call",
            method="tools/call",
            path=str(self.offer.ref),
            body={"tool": self.offer.tool, "arguments": arguments},
        )
        self.sent.previewed.add(digest(call.body))
        is_read_back = reads_back(self.tools, self.offer) is not None
        state = read_state(self.tools, self.offer, arguments, self.refusal) if is_read_back else None
        before = {"effect": _NOT_SEEN, "read_back": state} if is_read_back else NOT_CALLED
        after = {"effect": _SEEN} if is_read_back else CALLED
        undo, residue = self._undo(arguments, state)
        return Preview(
            calls=(call,),
            objects=(
                ObjectChange(
                    ref=self.offer.ref,
                    verb=Verb.UPDATE,
                    before=before,
                    after=after,
                    before_digest=digest(before),
                    after_digest=digest(after),
                    edits=_edits(arguments),
                    partial=True,
                ),
            ),
            validated=False,
            risk=self.spec.risk,
            reversal=Reversal.COMPENSATING if undo else Reversal.NONE,
            undo=undo,
            residue=residue,
            warnings=tuple(self._warnings(is_read_back)),
        )

    def blast_radius(self, preview: Preview) -> BlastRadius:
        """Return that it is not known what a call reaches; data may be lost unless a tool undoes the call."""
        what = f"what {self.offer.tool} reaches at MCP server {self.offer.server}"
        return BlastRadius(
            objects=1,
            stateful=True,
            data_loss=not preview.undo,
            risk=preview.risk,
            unknown=(what,),
            reasons=("a server does not say what a call of its tools reaches, so all of it counts as unknown",),
        )

    def observe(self, preview: Preview) -> Observation:
        """Return whether the call has taken effect, as far as the read shows that.

        Raises:
            ToolError: nothing shows it, and it was not this run that sent the call; or it cannot be read.
        """
        (one,) = preview.objects
        body = preview.calls[0].body
        if reads_back(self.tools, self.offer) is None:
            return self._unread(str(one.ref), digest(body))
        state = read_state(self.tools, self.offer, body["arguments"], self.refusal)
        same = digest({"effect": _NOT_SEEN, "read_back": state}) == one.before_digest
        live = {"effect": _NOT_SEEN if same else _SEEN, "read_back": state}
        return Observation(at=self.clock(), objects={str(one.ref): live})

    def _unread(self, ref: str, call: str) -> Observation:
        if call in self.sent.calls:
            doubt = f"nothing shows whether {self.spec.name} took effect; its server answered without an error"
            return Observation(at=self.clock(), objects={ref: CALLED}, doubts=(doubt,))
        if call in self.sent.previewed:
            return Observation(at=self.clock(), objects={ref: NOT_CALLED})
        raise ToolError(f"nothing shows whether {self.spec.name} was called: no read of the server verifies it")

    def _undo(self, arguments: Mapping[str, Any], state: Any) -> tuple[tuple[Change, ...], tuple[str, ...]]:
        """Return what undoes the call, and what it does not bring back."""
        use = self.offer.classification.inverse
        if use is None:
            return (), (f"no tool is known that undoes {self.offer.tool}",)

        def look_up(name: str) -> Any:
            kind, _, path = name.partition(":")
            if kind != "before":
                return arguments.get(name)
            # A field that was read by its path is kept under it.
            return state[path] if isinstance(state, Mapping) and path in state else dug(state, path)

        inverse = self.tools.by_tool(use.tool)
        given = filled(use.arguments, look_up)
        if inverse is None or inverse.reads:
            return (), (f"{use.tool}, which undoes it, is not offered by the settings of {self.offer.server}",)
        if given is None:
            return (), (f"{use.tool} undoes it, but what it needs for that is not known",)
        try:
            given = inverse.checked(given)
        except ToolInputError as error:
            return (), (f"{use.tool} undoes it, but does not take what it would be called with: {error.message}",)
        undo = Change(
            tool=inverse.spec.name,
            target=tool_ref(self.offer.server, inverse.tool),
            arguments=given,
            reason=f"undoes {self.spec.name}",
        )
        return (undo,), ("what the call set off at the server beyond what its undo names",)

    def _warnings(self, is_read_back: bool) -> list[str]:
        said = [
            f"MCP server {self.offer.server} offers no dry run: nothing was tried, and the call is sent as it is shown"
        ]
        if not is_read_back:
            said.append("no read of the server shows whether the call took effect, so it will not count as verified")
        if self.offer.classification.why:
            said.append(f"{self.offer.tool}: {self.offer.classification.why}")
        return said


def _edits(arguments: Mapping[str, Any]) -> tuple[Edit, ...]:
    if not arguments:
        return (Edit(path="call", new="without arguments"),)
    return tuple(Edit(path=f"arguments.{name}", new=value) for name, value in arguments.items())
