"""Plans and approvals as files: what is approved on one machine and run on another.

Comes in: a ``ChangePlan`` or a ``SignedApproval``, or a file's path. Goes out: a file of mode 0600, or the value whose
digest is the one that the file states. A file that was edited is refused as a whole: there is no way to run part of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from agentops.core.approval import SignedApproval
from agentops.core.errors import NotApproved, UsageError
from agentops.core.foreign_documents import read_json
from agentops.core.foreign_files import read_foreign
from agentops.core.jsonable import from_json, to_json
from agentops.core.plan import PLAN_VERSION, ChangePlan, code_of
from agentops.core.text import one_line
from agentops.store.results import APPROVAL_SCHEMA, MOST_BYTES, PLAN_SCHEMA, require_replaceable, write_result

_AGAIN = "Make the plan again: agentops fix --dry-run --out FILE"

T = TypeVar("T")


def plan_file(plan: ChangePlan) -> dict[str, Any]:
    """Return what the file of a plan says."""
    return {"schema": PLAN_SCHEMA, "digest": plan.digest, "code": plan.code, "plan": to_json(plan)}


def save_plan(path: Path, plan: ChangePlan) -> None:
    """Write a plan in one step, durably; of what is there, only an earlier plan is replaced.

    Raises:
        UsageError: something else is there.
        StoreError: it cannot be written.
    """
    write_result(path, plan_file(plan), "a plan")


def require_room_for_plan(path: Path | None) -> None:
    """Raise where a plan could not be saved for what is there; to be asked before the plan is made.

    Raises:
        UsageError: something else is there.
    """
    if path is not None:
        require_replaceable(path, PLAN_SCHEMA, "a plan")


def load_plan(path: Path) -> ChangePlan:
    """Return the plan of a file.

    Raises:
        UsageError: it cannot be read, or is no plan of this version.
        NotApproved: what it holds is not what its digest says: it was changed after it was made.
    """
    found = _read(path, PLAN_SCHEMA, "plan")
    raw = found.get("plan")
    version = raw.get("version") if isinstance(raw, dict) else None
    if version != PLAN_VERSION:
        raise UsageError(f"{path} holds a plan of version {version!r}; this agentops reads {PLAN_VERSION}", hint=_AGAIN)
    plan = _value(path, ChangePlan, raw, "plan")
    digest = plan.digest
    if to_json(plan) != raw or found.get("digest") != digest or found.get("code") != code_of(digest):
        raise NotApproved(
            f"{path} was changed after it was made: what it holds is not what its digest says",
            hint=_AGAIN + "; to change its arguments, answer 'edit' when agentops fix asks",
            code="plan-altered",
        )
    return plan


def save_approval(path: Path, approval: SignedApproval) -> None:
    """Write an approval in one step, durably; of what is there, only an earlier approval is replaced.

    Raises:
        UsageError: something else is there.
        StoreError: it cannot be written.
    """
    write_result(path, {"schema": APPROVAL_SCHEMA, "approval": to_json(approval)}, "an approval")


def load_approval(path: Path) -> SignedApproval:
    """Return the approval of a file; whether it counts is for whoever checks the signature.

    Raises:
        UsageError: it cannot be read, or is no approval.
        NotApproved: no key signed it. What is said at a terminal counts at that terminal: anybody can write a file.
    """
    raw = _read(path, APPROVAL_SCHEMA, "approval").get("approval")
    approval = _value(path, SignedApproval, raw, "approval")
    if to_json(approval) != raw:
        raise UsageError(f"{path} is not an approval of a known form: it has unknown fields")
    if approval.method != "key" or not approval.signature:
        hint = "Have the plan approved: agentops approve PLAN"
        raise NotApproved(f"{path} holds an approval that no key has signed", hint=hint, code="not-signed")
    return approval


def _read(path: Path, schema: str, noun: str) -> dict[str, Any]:
    data = read_foreign(path, f"{'an' if noun[0] == 'a' else 'a'} {noun}", MOST_BYTES)
    try:
        found = read_json(data)
    except ValueError as error:
        raise UsageError(f"{path} is no {noun}: {one_line(str(error), 120)}") from error
    if not isinstance(found, dict) or found.get("schema") != schema:
        raise UsageError(f'{path} is no {noun}: it does not say "schema": "{schema}"')
    return found


def _value(path: Path, kind: type[T], raw: Any, noun: str) -> T:
    try:
        return from_json(kind, raw)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is no {noun}: {one_line(str(error), 160)}") from error
