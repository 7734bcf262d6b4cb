"""A plan in a file is the plan that was made, or it is refused as a whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from agentops.core.approval import SignedApproval
from agentops.core.errors import NotApproved, StoreError, UsageError
from agentops.store.plans import MOST_BYTES, load_approval, load_plan, save_approval, save_plan


@pytest.fixture
def saved(tmp_path: Path, plans: ModuleType) -> Path:
    """A saved plan."""
    path = tmp_path / "plan.json"
    save_plan(path, plans.plan())
    return path


def test_a_plan_survives_its_file(saved: Path, plans: ModuleType) -> None:
    """What is loaded is equal to what was saved, digest and code included; nobody else may read it."""
    plan = load_plan(saved)
    assert (plan, plan.digest, saved.stat().st_mode & 0o777) == (plans.plan(), plans.plan().digest, 0o600)


def _with(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def edit(document: dict[str, Any]) -> None:
        *way, last = path.split(".")
        place: Any = document
        for part in way:
            place = place[int(part)] if part.isdigit() else place[part]
        place[last] = value

    return edit


@pytest.mark.parametrize(
    "edit",
    [
        _with("digest", "sha256:00"),
        _with("digest", None),
        _with("code", "AAAAAAAA"),
        _with("plan.nonce", "other"),
        _with("plan.expires_at", "2099-01-01T00:00:00.000Z"),
        _with("plan.requester", "human:eve"),
        _with("plan.obligation.approval", "none"),
        _with("plan.steps.0.preview.calls.0.path", "/api/v1/namespaces/shop"),
        _with("plan.steps.0.preview.calls.0.body", None),
        _with("plan.steps.0.preview.objects.0.after.spec.replicas", 0),
        _with("plan.steps.0.blast_radius.percent", 1),
        _with("plan.steps.0.ruling.why", "trust me"),
        _with("plan.intent.words", "all is well"),
        _with("plan.hidden", True),
        _with("plan.steps.0.change.extra", 1),
    ],
)
def test_an_edited_plan_is_refused(saved: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    """Whatever was changed by hand, even a word of the proposer's or a field of no meaning, it is another plan."""
    document = json.loads(saved.read_text("utf-8"))
    edit(document)
    saved.write_text(json.dumps(document), "utf-8")
    with pytest.raises(NotApproved, match="was changed after it was made"):
        load_plan(saved)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is no plan"),
        ("[1]", "is no plan"),
        ("{}", 'does not say "schema"'),
        ('{"schema": "agentops/approval/v1"}', 'does not say "schema"'),
        ('{"schema": "agentops/plan/v2", "plan": {}}', 'does not say "schema"'),
        ('{"schema": "agentops/plan/v1"}', "a plan of version None; this agentops reads 3"),
        ('{"schema": "agentops/plan/v1", "plan": {"version": 1}}', "a plan of version 1"),
        ('{"schema": "agentops/plan/v1", "plan": {"version": 3}}', "ChangePlan.nonce: missing"),
        ('{"schema": "agentops/plan/v1", "schema": "agentops/plan/v1"}', "the same key twice"),
        ('{"schema": NaN}', "NaN is not JSON"),
        ("[" * 100_000, "is no plan"),
        ("\x1b[2J", "is no plan"),
    ],
)
def test_what_is_no_plan_is_told_why(tmp_path: Path, text: str, why: str) -> None:
    """Each thing that a file can be instead of a plan has its own sentence, with the file's name in it."""
    path = tmp_path / "plan.json"
    path.write_text(text, "utf-8")
    with pytest.raises(UsageError) as caught:
        load_plan(path)
    assert (why in caught.value.message, str(path) in caught.value.message, "\x1b" in caught.value.message) == (
        True,
        True,
        False,
    )


def test_a_huge_file_is_not_read_whole(tmp_path: Path) -> None:
    """A file beyond the cap is refused by its size."""
    path = tmp_path / "plan.json"
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(UsageError, match="larger than"):
        load_plan(path)


def test_files_that_are_not_there(tmp_path: Path, plans: ModuleType) -> None:
    """Reading nothing is the caller's mistake; not being able to write is the world's."""
    with pytest.raises(UsageError, match="no such file"):
        load_plan(tmp_path / "none.json")
    with pytest.raises(UsageError, match="no such file"):
        load_approval(tmp_path / "none.json")
    with pytest.raises(StoreError, match="cannot write"):
        save_plan(tmp_path / "no" / "plan.json", plans.plan())


@pytest.mark.parametrize("method", ["terminal", "policy", "client", "key"])
def test_a_file_approves_nothing_without_a_signature(tmp_path: Path, plans: ModuleType, method: str) -> None:
    """Anybody can write a file that says 'terminal'; only a signed one is an approval from elsewhere."""
    approval = SignedApproval(
        plan_digest="sha256:aa", by="human:ana", method=method, at=plans.NOW, expires_at=plans.NOW, nonce="n"
    )
    save_approval(tmp_path / "approval.json", approval)
    with pytest.raises(NotApproved, match="that no key has signed"):
        load_approval(tmp_path / "approval.json")
