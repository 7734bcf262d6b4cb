"""``Model``: the interface between the loop and a language model, and the turns that go over it.

A ``ModelRequest`` goes in, a ``Turn`` comes out, and while it is being made its text is told to ``Progress``. Messages
are plain dicts in the shape of the wire, so what is saved is what the model saw. Nothing here runs a tool, and nothing
here knows a vendor; see ``models/`` for the two that ship.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from agentops.core.errors import ModelError
from agentops.core.progress import Progress
from agentops.core.tool import ToolCall
from agentops.core.usage import Usage

Message: TypeAlias = Mapping[str, Any]
"""One message as it goes over the wire: ``{"role": "user" | "assistant", "content": str | [block, ...]}``."""

ContentBlock: TypeAlias = Mapping[str, Any]
"""One content block as it goes over the wire: ``{"type": "text" | "thinking" | "tool_use" | ..., ...}``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRequest:
    """What one turn is asked with.

    ``system`` and ``tools`` (``name``, ``description``, ``input_schema``) are the stable prefix: byte for byte the same
    in every request of a run. ``messages`` only ever grows.
    """

    system: str
    tools: tuple[Mapping[str, Any], ...]
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What the model answered.

    Arguments:
        content: the blocks, ready to be sent back unchanged in the next request.
        stop_reason: why it stopped, in the endpoint's own word (``end_turn``, ``tool_use``, ``max_tokens`` ...).
        usage: what this turn cost.
        request_id: the endpoint's name for the request; empty when it gave none.
        malformed: id of a tool call -> what is wrong with its arguments, which were not JSON. Such a call has an
            empty ``input`` and must not run.
        detail: the endpoint's explanation of a refusal; untrusted; empty when there is none.
    """

    content: tuple[ContentBlock, ...]
    stop_reason: str
    usage: Usage
    request_id: str = ""
    malformed: Mapping[str, str] = field(default_factory=dict)
    detail: str = ""

    @property
    def text(self) -> str:
        """The answer's text blocks, joined by blank lines."""
        return "\n\n".join(b["text"] for b in self.content if b.get("type") == "text" and b.get("text"))

    @property
    def reasoning(self) -> str:
        """The visible reasoning, joined by blank lines; empty when the endpoint keeps it to itself."""
        return "\n\n".join(b["thinking"] for b in self.content if b.get("type") == "thinking" and b.get("thinking"))

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """The tool calls in the order in which the model made them."""
        return tuple(
            ToolCall(id=str(b["id"]), name=str(b["name"]), arguments=b.get("input") or {})
            for b in self.content
            if b.get("type") == "tool_use"
        )


class Model(Protocol):
    """Something that can take the next turn of an investigation."""

    @property
    def name(self) -> str:
        """What findings and the audit chain call it: ``claude-opus-5-5``, ``scripted:oom.yaml``."""
        ...

    def prepare(self) -> None:
        """Start whatever takes long (importing an SDK) in the background; harmless to call twice, never raises."""
        ...

    def turn(self, request: ModelRequest, progress: Progress) -> Turn:
        """Take one turn, telling ``progress`` fragments of reasoning and answer as they arrive, and every retry.

        Raises:
            ModelError: the endpoint refused, failed, or answered with something that cannot be used.
            KeyboardInterrupt: the user stopped it; the connection is closed and nothing of the turn counts.
        """
        ...


class ModelFailure(ModelError):
    """A turn that did not come about.

    ``retryable`` says that the same request may succeed later; ``retry_after_s`` is the endpoint's own wish, if any.
    """

    default_code = "model-failed"
    retryable = False

    def __init__(self, message: str, *, hint: str = "", code: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(message, hint=hint, code=code)
        self.retry_after_s = retry_after_s


class NoCredentials(ModelFailure):
    """No key, token or profile is configured; nothing was sent."""

    default_code = "model-no-credentials"


class Unauthenticated(ModelFailure):
    """The endpoint does not accept the key, or the key may not use this model."""

    default_code = "model-unauthenticated"


class PaymentRequired(ModelFailure):
    """The account has no credit left or its billing is blocked."""

    default_code = "model-payment-required"


class UnknownModel(ModelFailure):
    """The endpoint does not have this model, or the address is not a messages endpoint."""

    default_code = "model-unknown"


class RequestRejected(ModelFailure):
    """The endpoint finds the request invalid; sending it again would not help."""

    default_code = "model-request-rejected"


class ContextOverflow(ModelFailure):
    """The conversation does not fit into the model's context window."""

    default_code = "model-context-overflow"


class RateLimited(ModelFailure):
    """The account's rate limit is reached."""

    default_code = "model-rate-limited"
    retryable = True


class Overloaded(ModelFailure):
    """The endpoint is overloaded or failed inside."""

    default_code = "model-overloaded"
    retryable = True


class ModelUnreachable(ModelFailure):
    """No answer: connection refused, DNS, TLS, proxy or time-out."""

    default_code = "model-unreachable"
    retryable = True


class StreamCut(ModelFailure):
    """The answer broke off before its end; what had arrived was thrown away."""

    default_code = "model-stream-cut"
    retryable = True


class EndlessAnswer(ModelFailure):
    """The endpoint sends more, or takes longer, than any answer does; what had arrived was thrown away."""

    default_code = "model-endless-answer"


class BadAnswer(ModelFailure):
    """The endpoint answered with something that is not a message."""

    default_code = "model-bad-answer"


class Refused(ModelFailure):
    """The model declined to go on."""

    default_code = "model-refused"
