"""``audit anchor`` and ``audit verify --anchor``: files, folders and git repositories."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentops.audit.log import open_log
from agentops.core.clock import utc_now

Cli = Callable[..., Any]


@pytest.fixture
def folder(home: Path) -> Path:
    """The audit folder with one run in it."""
    _run(home / "audit")
    return home / "audit"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A git repository with a work tree, a commit on its own branch, and hooks and settings that tell on us."""
    path = tmp_path / "repo"
    _git(tmp_path, "init", "-q", "-b", "main", str(path))
    (path / "README").write_text("theirs", encoding="utf-8")
    _git(path, "add", "README")
    _git(path, "-c", "user.name=x", "-c", "user.email=x@x", "commit", "-q", "-m", "theirs")
    for hook in ("pre-commit", "commit-msg", "post-commit", "reference-transaction", "post-index-change"):
        script = path / ".git" / "hooks" / hook
        script.write_text(f"#!/bin/sh\ntouch {tmp_path}/a-hook-ran\n", encoding="utf-8")
        script.chmod(0o755)
    (path / ".git" / "info" / "attributes").write_text("* filter=spy\n", encoding="utf-8")
    _git(path, "config", "filter.spy.clean", f"touch {tmp_path}/a-filter-ran; cat")
    _git(path, "config", "core.fsmonitor", f"touch {tmp_path}/a-monitor-ran")
    _git(path, "config", "commit.gpgSign", "true")
    return path


def _git(where: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=where, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def _run(audit: Path, notes: int = 3, sign_every: int = 1000) -> None:
    with open_log(audit, run="r1", actor="human:ana", clock=utc_now, sign_every=sign_every) as log:
        log.append_all([("note", {"n": n}) for n in range(notes)])


def _verdict(cli: Cli, place: str) -> tuple[int, str]:
    done = cli("audit", "verify", "--anchor", place, "-o", "json")
    return done.code, done.document["status"]


def test_a_file_holds_the_newest_anchor(cli: Cli, folder: Path, tmp_path: Path) -> None:
    """Each anchoring writes the file anew, and the chain agrees with it."""
    place = str(tmp_path / "anchor")
    sizes = [cli("audit", "anchor", "--to", place, "-o", "json").document["anchor"]["size"] for _ in range(2)]
    document = cli("audit", "verify", "--anchor", place, "-o", "json").document["verification"]
    assert (sizes, document["anchors"], document["anchored_records"]) == ([7, 9], 1, 9)
    assert "1, to record 9" in cli("audit", "verify", "--anchor", place).out


def test_a_folder_keeps_every_anchor_and_none_can_be_written_over(cli: Cli, folder: Path, tmp_path: Path) -> None:
    """Two anchorings leave two read-only files, and all of them are asked."""
    place = f"{tmp_path}/anchors/"
    names = [cli("audit", "anchor", "--to", place, "-o", "json").document["anchor"]["name"] for _ in range(2)]
    modes = [(tmp_path / "anchors" / name).stat().st_mode & 0o777 for name in names]
    found = cli("audit", "verify", "--anchor", place, "-o", "json").document["verification"]
    assert (modes, found["anchors"], sorted(path.name for path in (tmp_path / "anchors").rglob(".*"))) == (
        [0o444] * 2,
        2,
        [],
    )


def test_anchoring_is_on_record(cli: Cli, folder: Path, tmp_path: Path) -> None:
    """The log says where its checkpoint was about to be kept, under the checkpoint itself."""
    cli("audit", "anchor", "--to", str(tmp_path / "anchor"))
    records = cli("audit", "log", "--event", "anchor", "-o", "json").document["records"]
    assert [record["payload"] for record in records] == [{"to": str(tmp_path / "anchor")}]


def test_a_git_repository_gets_a_branch_and_nothing_else(cli: Cli, folder: Path, repo: Path, tmp_path: Path) -> None:
    """Two anchors are two commits on their own branch; no hook, filter or monitor ran, their files untouched."""
    before = _git(repo, "rev-parse", "main")
    for _ in range(2):
        assert cli("audit", "anchor", "--to", f"git:{repo}").code == 0
    told = sorted(path.name for path in tmp_path.glob("a-*-ran"))
    assert (told, _git(repo, "rev-parse", "main"), _verdict(cli, f"git:{repo}")) == ([], before, (0, "ok"))
    _git(repo, "config", "--unset", "core.fsmonitor")
    subjects = _git(repo, "log", "--format=%an %s", "agentops-audit").splitlines()
    assert ([text.split("/")[0] for text in subjects], _git(repo, "status", "--porcelain")) == (
        ["agentops Keep agentops-audit"] * 2,
        "",
    )


def test_a_folder_inside_a_repository_is_none(cli: Cli, folder: Path, repo: Path) -> None:
    """The repository round a folder is not written to because the folder was named."""
    (repo / "sub").mkdir()
    done = cli("audit", "anchor", "--to", f"git:{repo}/sub")
    assert (done.code, _git(repo, "branch", "--list", "agentops-audit")) == (2, "")


def test_the_callers_own_git_environment_leads_nowhere(
    cli: Cli, folder: Path, repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``GIT_DIR`` and an index of the caller's are not used."""
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    assert (cli("audit", "anchor", "--to", f"git:{repo}").code, (tmp_path / "index").exists()) == (0, False)


def test_what_a_later_commit_does_to_an_anchor_hides_nothing(cli: Cli, folder: Path, repo: Path) -> None:
    """An anchor is read as it was first committed: changed, changed back and deleted later, it still speaks."""
    name = cli("audit", "anchor", "--to", f"git:{repo}", "-o", "json").document["anchor"]["name"]
    for name_now in ("core.fsmonitor", "commit.gpgSign", "filter.spy.clean"):
        _git(repo, "config", "--unset", name_now)
    for hook in (repo / ".git" / "hooks").iterdir():
        hook.unlink()
    _git(repo, "checkout", "-q", "agentops-audit")
    genuine = (repo / name).read_text()
    for text in ("forged\n", genuine, "forged again\n"):
        (repo / name).write_text(text, encoding="utf-8")
        _git(repo, "-c", "user.name=x", "-c", "user.email=x@x", "commit", "-q", "-am", "changed")
    _git(repo, "rm", "-q", name)
    _git(repo, "-c", "user.name=x", "-c", "user.email=x@x", "commit", "-q", "-m", "gone")
    kept = _verdict(cli, f"git:{repo}")
    (folder / "audit.jsonl").write_bytes(b"".join((folder / "audit.jsonl").read_bytes().splitlines(keepends=True)[:2]))
    (folder / "audit.checkpoint").unlink()
    assert (kept, _verdict(cli, f"git:{repo}")) == ((0, "ok"), (8, "tampered"))


def test_a_log_that_does_not_continue_its_anchor_gets_no_new_one(cli: Cli, folder: Path, tmp_path: Path) -> None:
    """After a rollback, anchoring refuses, so that the newest anchor stays as evidence."""
    copy = {path: path.read_bytes() for path in folder.iterdir()}
    places = (str(tmp_path / "file"), f"{tmp_path}/folder/")
    for place in places:
        cli("audit", "anchor", "--to", place)
    evidence = (tmp_path / "file").read_text()
    for path, data in copy.items():
        path.write_bytes(data)
    done = [cli("audit", "anchor", "--to", place, "-o", "json") for place in places]
    codes = [(one.code, one.document["errors"][0]["code"]) for one in done]
    assert (codes, (tmp_path / "file").read_text()) == ([(8, "audit-tampered")] * 2, evidence)


def test_a_shared_folder_keeps_logs_apart(cli: Cli, folder: Path, tmp_path: Path) -> None:
    """Anchors of another log do not disturb; a log that has none there is not vouched for."""
    place = f"{tmp_path}/anchors/"
    cli("audit", "anchor", "--to", place)
    folder.rename(tmp_path / "first")
    _run(folder)
    alone = _verdict(cli, place)
    cli("audit", "anchor", "--to", place)
    assert (alone, _verdict(cli, place)) == ((8, "unanchored"), (0, "ok"))


def test_a_place_without_anchors_is_no_proof_of_anything(cli: Cli, folder: Path, repo: Path, tmp_path: Path) -> None:
    """An empty folder and a repository without the branch end with 8."""
    (tmp_path / "empty").mkdir()
    for place in (str(tmp_path / "empty"), f"git:{repo}"):
        done = cli("audit", "verify", "--anchor", place, "-o", "json")
        assert (done.code, done.document["errors"][0]["code"]) == (8, "unanchored")


def test_a_file_that_is_something_else_is_not_written_over(cli: Cli, folder: Path, tmp_path: Path) -> None:
    """A slip of the keyboard costs nobody a file, and an anchor of another log stays."""
    theirs = tmp_path / "notes.txt"
    theirs.write_text("mine", encoding="utf-8")
    other = tmp_path / "other"
    cli("audit", "anchor", "--to", str(other))
    folder.rename(tmp_path / "first")
    _run(folder)
    kept = other.read_text()
    codes = [cli("audit", "anchor", "--to", str(path)).code for path in (theirs, other)]
    assert (codes, theirs.read_text(), other.read_text()) == ([2, 2], "mine", kept)


def test_an_anchor_that_is_not_one_is_unanchored(cli: Cli, folder: Path, tmp_path: Path) -> None:
    """Text that is no checkpoint vouches for nothing."""
    (tmp_path / "x.checkpoint").write_text("nonsense", encoding="utf-8")
    assert _verdict(cli, str(tmp_path / "x.checkpoint")) == (8, "unanchored")


def test_two_histories_of_one_log_do_not_both_find_room(cli: Cli, folder: Path, tmp_path: Path) -> None:
    """A copy of the folder that went on by itself cannot be anchored beside the other."""
    fork = tmp_path / "fork"
    fork.mkdir()
    for path in folder.iterdir():
        (fork / path.name).write_bytes(path.read_bytes())
    place = f"{tmp_path}/anchors/"
    assert cli("audit", "anchor", "--to", place).code == 0
    folder.rename(tmp_path / "first")
    fork.rename(folder)
    done = cli("audit", "anchor", "--to", place, "-o", "json")
    assert (done.code, done.document["errors"][0]["code"]) == (8, "audit-tampered")


@pytest.mark.slow
def test_a_place_that_cannot_be_written_is_an_error_of_the_world(cli: Cli, folder: Path, tmp_path: Path) -> None:
    """A folder that is not there, or a repository that is none, ends with 1 and one line."""
    (tmp_path / "plain").mkdir()
    for place in ("/no/such/folder/x", f"git:{tmp_path}/plain"):
        done = cli("audit", "anchor", "--to", place)
        assert (done.code, done.err.startswith("Error: "), "Traceback" in done.err) == (1, True, False)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_folder_that_cannot_be_read_is_an_error_of_the_world(cli: Cli, folder: Path, tmp_path: Path) -> None:
    """What cannot be looked at is not taken for empty."""
    place = tmp_path / "anchors"
    cli("audit", "anchor", "--to", f"{place}/")
    next(place.rglob("*.checkpoint")).chmod(0)
    assert cli("audit", "verify", "--anchor", str(place)).code == 1


def test_without_git_the_rest_works(
    cli: Cli, folder: Path, repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is no git program, that is said."""
    monkeypatch.setenv("PATH", str(tmp_path))
    done = cli("audit", "anchor", "--to", f"git:{repo}")
    assert (done.code, "no git program" in done.err) == (1, True)
