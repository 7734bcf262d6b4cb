"""Who acts is who the kernel says runs the process: nothing in the environment makes two people of one."""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from agentops.app.actor import name_of, outer_uid
from agentops.core.plan import Approval, Obligation
from agentops.store.plans import load_plan, save_plan

ME = pwd.getpwuid(os.getuid()).pw_name
NAMES = ("LOGNAME", "USER", "LNAME", "USERNAME", "SUDO_USER")
Cli = Callable[..., Any]


@pytest.fixture
def as_svc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every variable by which a program may be told who somebody is says ``svc``."""
    for name in NAMES:
        monkeypatch.setenv(name, "svc")
    monkeypatch.setenv("SUDO_UID", "4711")


@pytest.mark.usefixtures("as_svc")
def test_the_environment_names_nobody(cli: Cli, tmp_path: Path) -> None:
    """A plan asked for under LOGNAME=svc is asked for by who ran the process, in the plan and in the audit log."""
    plan = tmp_path / "plan.json"
    done = cli(
        "fix", "k8s:shop/Deployment/checkout", "--sandbox=bad-image-tag", "--no-model", "--dry-run", "--out", str(plan)
    )
    assert (done.code, load_plan(plan).requester) == (0, f"human:{ME}")
    records = cli("audit", "log", "--limit", "0", "-o", "json").document["records"]
    started = next(one["payload"] for one in records if one["event"] == "run_started")
    assert {one["actor"] for one in records} == {f"human:{ME}"}
    assert {name: started[name] for name in ("user", "uid", "established_by", "claims")} == {
        "user": ME,
        "uid": os.getuid(),
        "established_by": "uid",
        "claims": {"sudo_uid": "4711"},
    }


@pytest.mark.usefixtures("as_svc")
def test_who_asked_for_a_plan_is_no_second_person_under_another_name(
    plans: ModuleType, tmp_path: Path, cli: Cli
) -> None:
    """LOGNAME=svc does not let the requester be one of the two: refused before anything is shown."""
    now = datetime.now(UTC).replace(microsecond=0)
    both = {"created_at": now, "expires_at": now + timedelta(hours=1)}
    made = plans.plan(obligation=Obligation(approval=Approval.TWO_PERSON), requester=f"human:{ME}", **both)
    save_plan(tmp_path / "plan.json", made)
    done = cli("approve", str(tmp_path / "plan.json"), "-o", "json")
    assert (done.code, done.document["errors"][0]["code"]) == (5, "own-plan")


@pytest.mark.usefixtures("as_svc")
def test_an_approver_key_is_named_after_who_made_it(cli: Cli) -> None:
    """The name of a key is that of the uid; the record says how it was established."""
    done = cli("approvers", "me", "-o", "json")
    (made,) = (
        one["payload"]
        for one in cli("audit", "log", "-o", "json").document["records"]
        if one["event"] == "approver_key_made"
    )
    assert (done.document["approver"]["name"], made["identity"]["uid"], made["identity"]["established_by"]) == (
        ME,
        os.getuid(),
        "uid",
    )


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become a user id that nobody has")
def test_a_user_id_without_a_name_acts_as_its_number(tmp_path: Path) -> None:
    """A container that runs as any id: human:uid:54321."""
    program = (
        "import json, os; from agentops.app.actor import current_actor, process_owner; process_owner(); "
        "os.setuid(54321); print(json.dumps([current_actor(), process_owner().on_record()]))"
    )
    environ = {"PATH": "/usr/bin:/bin", "LOGNAME": "ana", "USER": "root", "AGENTOPS_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == ["human:uid:54321", {"uid": 54321, "established_by": "uid", "claims": {}}]


def test_root_of_a_user_namespace_is_who_made_it() -> None:
    """``unshare --map-root-user`` makes anybody root to getuid(2); the map says who it is outside."""
    assert (outer_uid(0, "0 1000 1"), outer_uid(5, "0 1000 1"), outer_uid(7, "0 1000 1\n1 100000 65536\n")) == (
        1000,
        None,
        100006,
    )
    assert name_of(2**31 - 7) == f"uid:{2**31 - 7}"
