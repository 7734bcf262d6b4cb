"""Keys and trust files for the tests of signing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agentops.approvals.approvals import sign
from agentops.approvals.keys import ApproverKey
from agentops.approvals.trust import Trust
from agentops.core.approval import SignedApproval

NOW = datetime(2026, 11, 22, 22, 0, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    """The time of every clock here."""
    return NOW


@pytest.fixture
def key() -> Callable[[str], ApproverKey]:
    """Return a person's key, the same each time."""
    return lambda name: ApproverKey(name=name, seed=hashlib.sha256(name.encode()).digest())


@pytest.fixture
def signed(key: Callable[[str], ApproverKey]) -> Callable[..., SignedApproval]:
    """Return an approval by a person, valid for a quarter of an hour; keywords replace what is signed."""

    def make(name: str = "ana", **changes: Any) -> SignedApproval:
        says = {"plan_digest": "sha256:aa", "nonce": "n1", "shown_digest": "sha256:bb", "at": NOW}
        return sign(key(name), **({"expires_at": NOW + timedelta(minutes=15)} | says | changes))

    return make


@pytest.fixture
def trust(tmp_path: Path, key: Callable[[str], ApproverKey]) -> Trust:
    """A trust file that names ana and bob."""
    found = Trust(path=tmp_path / "config" / "approvers.toml", clock=lambda: NOW)
    for name in ("ana", "bob"):
        found.add(key(name).public)
    return found
