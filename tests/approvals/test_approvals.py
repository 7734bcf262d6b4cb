"""What is signed: every field but the signature, in one exact form, under a name of its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from agentops.approvals.approvals import signed_bytes
from agentops.core.approval import SignedApproval
from agentops.store.plans import load_approval, save_approval

Signed = Callable[..., SignedApproval]


def test_the_signed_bytes_are_specified(signed: Signed) -> None:
    """docs/approvals.md gives this form; a change of it is a new version."""
    assert signed_bytes(signed()).decode() == (
        'agentops/approval/v1\n{"at":"2026-11-22T22:00:00.000Z","by":"human:ana",'
        '"expires_at":"2026-11-22T22:15:00.000Z","key_id":"730391ec","method":"key","nonce":"n1",'
        '"plan_digest":"sha256:aa","shown_digest":"sha256:bb"}'
    )


def test_an_approval_survives_its_file(signed: Signed, now: datetime, tmp_path: Path) -> None:
    """Times are kept to the millisecond, so what is loaded is what was signed."""
    approval = signed(at=now + timedelta(microseconds=123456))
    save_approval(tmp_path / "approval.json", approval)
    assert load_approval(tmp_path / "approval.json") == approval
