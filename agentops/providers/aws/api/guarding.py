"""Keeps a session from sending anything but what it is for: checked before the wire, for every client.

Comes in: a botocore session. Goes out: nothing. The check hangs on the session, so that every client made of it has it:
ours, those that the SDK makes to assume a role, and any that somebody makes by mistake. One kind of session reads, one
tries out (EC2's ``DryRun``, looked for in the bytes of the request), one writes what appliers send.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from agentops.core.errors import PreviewWouldWrite
from agentops.providers.aws.api.allowed import is_allowed
from agentops.providers.aws.api.changing import is_read_before, is_tried, is_write

_DEFECT = "This is a defect of agentops: please report it."

FOLDERS = {
    "elastic-load-balancing-v2": "elbv2",
    "auto-scaling": "autoscaling",
    "cloudwatch-logs": "logs",
    "route-53": "route53",
}
"""The services whose ids are written otherwise than their models' folders."""


def only_reads(session: Any) -> None:
    """Have a botocore session refuse, before anything is sent, whatever is not on the list.

    The first event of a call is used and the last one before it is signed: what a handler of somebody else's answers in
    between cannot get round both.
    """
    session.register("provide-client-params", _refuse_others)
    session.register("before-call", _refuse_others)


def only_trials(session: Any) -> None:
    """Have a session refuse whatever is not a dry run of EC2: no read, no other service, no call without ``DryRun``.

    What counts is what goes onto the wire, so the flag is looked for in the serialised request, last of all in the
    bytes of its body right before they are sent: a parameter that the SDK drops, renames or sends elsewhere is none.
    """
    session.register("provide-client-params", _refuse_untried)
    session.register("before-call", _refuse_unflagged)
    session.register("before-send", _refuse_unflagged_bytes)


def only_writes(session: Any) -> None:
    """Have a session refuse what no applier sends."""
    session.register("provide-client-params", _refuse_unlisted)
    session.register("before-call", _refuse_unlisted)


def _refuse_others(model: Any, **_more: Any) -> None:
    """Raise unless the operation is on the list.

    Raises:
        PreviewWouldWrite: it is not; nothing was sent.
    """
    _require(lambda *one: is_allowed(*one) or is_read_before(*one), model, "is not on the list of reads")


def _refuse_unlisted(model: Any, **_more: Any) -> None:
    _require(is_write, model, "is not on the list of what may be changed")


def _refuse_untried(model: Any, **_more: Any) -> None:
    _require(is_tried, model, "is not on the list of dry runs")


def _refuse_unflagged(model: Any, params: Mapping[str, Any], **_more: Any) -> None:
    """Raise unless the request, made ready, says that it is a dry run.

    Raises:
        PreviewWouldWrite: it does not; nothing was sent.
    """
    _refuse_untried(model)
    body = params.get("body")
    if not isinstance(body, Mapping) or body.get("DryRun") != "true":
        raise PreviewWouldWrite(f"ec2:{model.name} would go out without DryRun; nothing was sent", hint=_DEFECT)


def _refuse_unflagged_bytes(request: Any, **_more: Any) -> None:
    """Raise unless the bytes that are about to be sent are a dry run of an operation that is on the list.

    Raises:
        PreviewWouldWrite: they are not; nothing was sent.
    """
    body = request.body
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body if isinstance(body, str) else ""
    said = parse_qs(text, keep_blank_values=True)
    (action, *others) = said.get("Action") or [""]
    if others or not is_tried("ec2", action) or said.get("DryRun") != ["true"] or request.method != "POST":
        raise PreviewWouldWrite("what is about to be sent to EC2 is no dry run; nothing was sent", hint=_DEFECT)


def _require(check: Callable[[str, str], bool], model: Any, words: str) -> None:
    service, operation = _service_of(model), str(model.name)
    if not check(service, operation):
        raise PreviewWouldWrite(f"{service}:{operation} {words}; nothing was sent", hint=_DEFECT)


def _service_of(model: Any) -> str:
    """Return the name that a client is made by: of ``service_id``, as the folders of botocore's models are called."""
    service_id = str(model.service_model.service_id).lower().replace(" ", "-")
    return FOLDERS.get(service_id, service_id)


def learning(session: Any, learn: Callable[[str], None]) -> None:
    """Have every credential that a session signs with told to ``learn``, those that it fetches later included."""

    def told(request_signer: Any, **_more: Any) -> None:
        credentials = getattr(request_signer, "_credentials", None)
        if credentials is None:
            return
        frozen = credentials.get_frozen_credentials()
        for secret in (frozen.secret_key, frozen.token):
            if secret:
                learn(secret)

    session.register("before-sign", told)
