"""What an API server's refusal of a write means: moved on, owned by another, forbidden, or not known to be refused.

Comes in: an HTTP status with its ``Status`` body. Goes out: one error, in the server's words, cut and escaped. A
conflict of server-side apply names the owner and the fields; a failed expectation becomes ``Stale`` with what moved.
Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from agentops.core.errors import AgentopsError, ClusterError, Forbidden, NotFound, Stale
from agentops.core.plan import Call
from agentops.core.text import one_line
from agentops.providers.kubernetes.api.failures import refusal, server_message

_BODY_LIMIT = 200_000
_MESSAGE_LIMIT = 600
_VALUE_LIMIT = 80
_SHOWN = 5
# A patch that does not fit is answered with the whole patched object as a quoted text: long, and not for every eye.
_QUOTED_OBJECT = re.compile(r'"\{(?:[^"\\]|\\.){100,}"')
_MISSING = object()


def refused(status: int, body: bytes, what: str) -> AgentopsError:
    """Return the error for a write that the server did not carry out.

    Arguments:
        status: the HTTP status code.
        body: the answer's body, a ``Status`` object in most cases.
        what: what was asked for, e.g. ``PATCH /apis/apps/v1/namespaces/shop/deployments/web``.
    """
    text = f"{what}: {_message(body) or f'HTTP {status}'}"
    if status == 403:
        return Forbidden(text, hint="This identity may not do that, or admission refuses it: see kubernetes_can_i.")
    if status == 404:
        return NotFound(text, hint="Check the name, the namespace and the kind; list the objects to see what exists.")
    if status == 409:
        return _conflict(body, text)
    if status == 422:
        return ClusterError(text, hint="Correct the fields that the API server names.", code="invalid")
    if status == 429 and evicts_too_much(body):
        return ClusterError(
            text, hint="Wait until the pods of the budget are ready again, or scale up first.", code="disruption-budget"
        )
    if _has_two_budgets(body):
        return ClusterError(
            text,
            hint="Leave one PodDisruptionBudget that selects the pod; evictions then work.",
            code="disruption-budget",
        )
    return refusal(status, body, what)


def _has_two_budgets(body: bytes) -> bool:
    """Return whether a 500 is the API server's refusal to evict a pod that several budgets cover; nothing was done."""
    return "more than one PodDisruptionBudget" in str(_status(body).get("message"))


def _message(body: bytes) -> str:
    message = _status(body).get("message")
    if not isinstance(message, str):
        return server_message(body)
    return one_line(_QUOTED_OBJECT.sub("(the object)", message), _MESSAGE_LIMIT)


def _conflict(body: bytes, text: str) -> AgentopsError:
    status = _status(body)
    owned = [
        f"{one_line(_owner(str(cause.get('message'))), 80)} owns {one_line(str(cause.get('field')), 120)}"
        for cause in _causes(status)
        if cause.get("reason") == "FieldManagerConflict"
    ]
    if owned:
        more = f" and {len(owned) - _SHOWN} more" if len(owned) > _SHOWN else ""
        return ClusterError(
            f"{text.partition(': ')[0]}: another manager owns what would change: {'; '.join(owned[:_SHOWN])}{more}",
            hint="Make the change where that owner takes it from, or leave those fields out.",
            code="field-conflict",
        )
    return Stale(text, hint="Make the plan again.")


def _owner(message: str) -> str:
    return message.removeprefix("conflict with ").replace('"', "")


def evicts_too_much(body: bytes) -> bool:
    """Return whether a 429 is the answer of a disruption budget and not of a busy server."""
    status = _status(body)
    return any(cause.get("reason") == "DisruptionBudget" for cause in _causes(status)) or (
        "disruption budget" in str(status.get("message"))
    )


def may_have_happened(status: int, body: bytes) -> bool:
    """Return whether a write with this answer may have been carried out all the same.

    A gateway's answer and a time-out say nothing of the effect. A webhook fails before anything is stored.
    """
    if status in {408, 502, 503, 504}:
        return True
    if status < 500 or status == 501 or _has_two_budgets(body):
        return False
    return "failed calling webhook" not in str(_status(body).get("message"))


def is_failed_test(error: AgentopsError, call: Call) -> bool:
    """Return whether a refused JSON patch failed for one of its ``test`` operations.

    The API server says 'the server rejected our request due to an error in our request' and nothing more, for a test
    that fails as for an operation that cannot be applied; all of ours can be applied while the tests hold.
    """
    if error.code != "invalid" or not isinstance(call.body, list):
        return False
    return "is invalid" not in error.message and any(one.get("op") == "test" for one in call.body)


def stale(call: Call, live: Mapping[str, Any] | None) -> Stale:
    """Return the error that says which expectation of a JSON patch does not hold any more.

    Arguments:
        call: the patch.
        live: the object now; None when it cannot be read.
    """
    moved = []
    for one in call.body if live is not None else ():
        if one.get("op") == "test":
            now = _look_up(live, str(one["path"]))
            if now is _MISSING or now != one.get("value"):
                shown = "absent" if now is _MISSING else _shown(now)
                moved.append(f"{one['path']} was {_shown(one.get('value'))}, is {shown}")
    text = "; ".join(moved[:_SHOWN]) or "an expected value is no longer there"
    return Stale(f"{call.method} {call.path}: the object has changed: {text}", hint="Make the plan again.")


def _look_up(value: Any, pointer: str) -> Any:
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        elif isinstance(value, Mapping) and key in value:
            value = value[key]
        else:
            return _MISSING
    return value


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return one_line(text, _VALUE_LIMIT) or '""'


def _status(body: bytes) -> dict[str, Any]:
    try:
        status = json.loads(body[:_BODY_LIMIT])
    except ValueError:
        return {}
    return status if isinstance(status, dict) else {}


def _causes(status: Mapping[str, Any]) -> list[dict[str, Any]]:
    details = status.get("details")
    causes = details.get("causes") if isinstance(details, dict) else None
    return [cause for cause in causes if isinstance(cause, dict)] if isinstance(causes, list) else []
