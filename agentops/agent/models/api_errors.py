"""What an endpoint's refusal means: from HTTP status, error type and message to one of our failures.

Comes in: what any Anthropic-compatible endpoint answers, also in the middle of a stream. Goes out: a ``ModelFailure``
that says what happened and what to do next. Foreign text is cut and made safe, and never holds a key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from agentops.agent.model import (
    ContextOverflow,
    ModelFailure,
    Overloaded,
    PaymentRequired,
    RateLimited,
    RequestRejected,
    Unauthenticated,
    UnknownModel,
)
from agentops.agent.models.retry import retry_after_s
from agentops.core.text import one_line

_KEY = re.compile(r"\b(sk|key|eyJ)[-_A-Za-z0-9.]{12,}")
_TOO_LONG = re.compile(
    r"prompt is too long|too many tokens|maximum context|context[ _](window|length|limit|size)|exceeds? .{0,40}context",
    re.IGNORECASE,
)
# Reasoning is signed over model, system prompt, tools and history; a resumed run may meet another of them.
_NOT_OURS = re.compile(r"different conversation|invalid.{0,20}signature", re.IGNORECASE)
# https://platform.claude.com/docs/en/api/errors; an error inside a stream has status 200 and only a type.
_STATUS_OF_TYPE = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
_RETRYABLE_REJECTIONS = (408, 409, 425)
_FAILURES: Mapping[int, tuple[type[ModelFailure], str, str]] = {
    401: (Unauthenticated, "does not accept the key", "Check ANTHROPIC_API_KEY, and ANTHROPIC_BASE_URL if it is set."),
    402: (PaymentRequired, "requires payment first", "Check the account's credit and billing."),
    403: (Unauthenticated, "does not let this key use the model", "Use another key or another --model."),
    404: (
        UnknownModel,
        "does not know the model or the address",
        "Check --model, and ANTHROPIC_BASE_URL if it is set.",
    ),
    413: (ContextOverflow, "finds the request too large", "Narrow the alert or lower excerpt_chars."),
    429: (RateLimited, "limits the rate", "Wait a minute, or use another key or --model."),
    529: (Overloaded, "is overloaded", "Try again later, with another --model, or with --no-model."),
}


def failure_of(
    *, status: int, kind: str, message: str, headers: Mapping[str, str], endpoint: str, request_id: str = ""
) -> ModelFailure:
    """Return the failure that a response means.

    Arguments:
        status: HTTP status; 200 for an error event inside a stream.
        kind: the error's ``type``; may be empty.
        message: the endpoint's own words.
        headers: of the response, with lower-case lookup.
        endpoint: what to call it: ``https://api.anthropic.com``, ``bedrock``.
        request_id: the endpoint's name for the request.
    """
    if status == 200:
        status = _STATUS_OF_TYPE.get(kind, 500)
    words = one_line(_KEY.sub("[key]", message), 300)
    tail = f": {words}" if words else ""
    where = f" (request {request_id})" if request_id else ""
    made, what, hint = _meaning(status, message)
    failure = made(f"{endpoint} {what}{tail}{where}", hint=hint, retry_after_s=retry_after_s(headers))
    failure.retryable = (made.retryable or status in _RETRYABLE_REJECTIONS) and headers.get("x-should-retry") != "false"
    return failure


def _meaning(status: int, message: str) -> tuple[type[ModelFailure], str, str]:
    if status in (400, 413, 422) and _TOO_LONG.search(message):
        return ContextOverflow, "finds the conversation too long", "Narrow the alert or lower excerpt_chars."
    if status in _FAILURES:
        return _FAILURES[status]
    if 300 <= status < 400:
        words = f"answers with a redirect (status {status}), which is not followed"
        return RequestRejected, words, "Set ANTHROPIC_BASE_URL to the address that answers itself."
    if status >= 500:
        return Overloaded, f"failed with status {status}", "Try again later, or run with --no-model."
    hint = 'For a local endpoint, try the settings thinking = false, caching = false, effort = "".'
    return RequestRejected, f"rejected the request with status {status}", hint
