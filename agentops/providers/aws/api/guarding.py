"""Keeps a session from sending anything that is not on the list of reads: checked before the wire, for every client.

Comes in: a botocore session. Goes out: nothing. The check hangs on the session, so that every client made of it has it:
ours, those that the SDK makes to assume a role, and any that somebody makes by mistake.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agentops.core.errors import PreviewWouldWrite
from agentops.providers.aws.api.allowed import is_allowed

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


def _refuse_others(model: Any, **_more: Any) -> None:
    """Raise unless the operation is on the list.

    Raises:
        PreviewWouldWrite: it is not; nothing was sent.
    """
    service, operation = _service_of(model), str(model.name)
    if not is_allowed(service, operation):
        raise PreviewWouldWrite(
            f"{service}:{operation} is not on the list of reads; nothing was sent",
            hint="This is a defect of agentops: please report it.",
        )


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
