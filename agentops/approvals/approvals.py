"""Signs an approval, and checks its signature.

Comes in: a plan's digest and a key, or a ``SignedApproval`` and a public key. Goes out: the signed value, or an
error. What is signed is the line ``agentops/approval/v1`` and the canonical JSON of every field but the signature
itself, so no field can be altered and no other kind of signature can pass for an approval.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import datetime

from agentops.approvals.keys import ApproverKey
from agentops.core.approval import SignedApproval
from agentops.core.digest import canonical
from agentops.core.errors import NotApproved
from agentops.core.jsonable import to_json
from agentops.core.publickey import PublicKey
from agentops.core.text import one_line

METHOD = "key"
_CONTEXT = b"agentops/approval/v1\n"


def sign(
    key: ApproverKey, *, plan_digest: str, at: datetime, expires_at: datetime, nonce: str, shown_digest: str
) -> SignedApproval:
    """Return an approval of exactly this plan by the owner of ``key``; times are kept to the millisecond."""
    approval = SignedApproval(
        plan_digest=plan_digest,
        by=f"human:{key.name}",
        method=METHOD,
        at=_to_milliseconds(at),
        expires_at=_to_milliseconds(expires_at),
        nonce=nonce,
        shown_digest=shown_digest,
        key_id=key.public.id.hex(),
    )
    signature = base64.b64encode(key.sign(signed_bytes(approval))).decode()
    return replace(approval, signature=signature)


def signed_bytes(approval: SignedApproval) -> bytes:
    """Return what the signature is over."""
    return _CONTEXT + canonical({name: value for name, value in to_json(approval).items() if name != "signature"})


def check_signature(approval: SignedApproval, key: PublicKey) -> None:
    """Return when ``key`` made the signature over this very approval.

    Raises:
        NotApproved: it did not.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        signature = base64.b64decode(approval.signature, validate=True)
        Ed25519PublicKey.from_public_bytes(key.raw).verify(signature, signed_bytes(approval))
    except (InvalidSignature, ValueError, TypeError) as error:
        raise NotApproved(
            f"the signature on the approval by {one_line(approval.by, 60)} is false: it was altered",
            hint="Have the plan approved again: agentops approve PLAN",
            code="bad-signature",
        ) from error


def _to_milliseconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
