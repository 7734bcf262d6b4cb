"""Places at their edges: what is there already, what others do meanwhile, what cannot be read."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from agentops.audit.destinations.anchors import fetch, name_of
from agentops.audit.destinations.destination import DestinationError
from agentops.audit.destinations.export import _pieces
from agentops.audit.destinations.git import BRANCH, GitDestination
from agentops.audit.destinations.local import FileDestination, FolderDestination
from agentops.audit.log import open_log
from agentops.audit.proofs.checkpoints import read_public_keys
from agentops.audit.proofs.note import SigningKey
from agentops.audit.proofs.proof import check_growth, prove_growth
from agentops.audit.proofs.signed_records import checkpoint_at, first_kept, latest_checkpoint, signed_lines
from agentops.core.errors import AuditError

Clock = Callable[[], datetime]


@pytest.fixture
def folder(tmp_path: Path, ticking: Clock) -> Path:
    """A signed chain."""
    with open_log(tmp_path / "audit", run="r1", actor="human:ana", clock=ticking) as log:
        log.append_all([("note", {"n": n}) for n in range(9)])
    return tmp_path / "audit"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """An empty bare repository."""
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path / "repo")], check=True)
    return tmp_path / "repo"


def _meddling(tmp_path: Path, repo: Path, times: int) -> str:
    """A folder with a git program that moves the branch under so many updates of it."""
    real = shutil.which("git")
    for n in range(times):
        (tmp_path / f"meddle-{n}").touch()
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text(
        "#!/bin/sh\n"
        'case " $* " in *" update-ref "*)\n'
        f"  flag=$(ls {tmp_path}/meddle-* 2>/dev/null | head -1)\n"
        '  if [ -n "$flag" ]; then\n'
        '    rm "$flag"\n'
        f"    tree=$({real} -C {repo} mktree </dev/null)\n"
        f'    commit=$({real} -C {repo} commit-tree "$tree" -m "$flag")\n'
        f'    {real} -C {repo} update-ref {BRANCH} "$commit"\n'
        "  fi;;\n"
        "esac\n"
        f'exec {real} "$@"\n',
        encoding="utf-8",
    )
    program.chmod(0o755)
    return f"{program.parent}:/usr/bin:/bin"


def test_two_that_commit_at_once_both_get_their_commit(
    tmp_path: Path, repo: Path, ticking: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the branch moved meanwhile, the commit is made anew on top of it."""
    monkeypatch.setenv("PATH", _meddling(tmp_path, repo, 2))
    place = GitDestination(f"git:{repo}", repo, ticking)
    place.put("a/one", b"1")
    commits = subprocess.run(["git", "-C", str(repo), "rev-list", "--count", BRANCH], capture_output=True, check=True)
    assert (place.names(), place.read("a/one"), commits.stdout.strip()) == (("a/one",), b"1", b"2")


def test_a_branch_that_never_stands_still_is_given_up(
    tmp_path: Path, repo: Path, ticking: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a few tries it is said that others write there all the time."""
    monkeypatch.setenv("PATH", _meddling(tmp_path, repo, 9))
    with pytest.raises(DestinationError, match="written by others all the time"):
        GitDestination(f"git:{repo}", repo, ticking).put("a/one", b"1")


def test_a_branch_that_cannot_be_moved_is_an_error(repo: Path, ticking: Clock) -> None:
    """Where the branch's name is in the way of git itself, git's own words are passed on."""
    place = GitDestination(f"git:{repo}", repo, ticking)
    (repo / f"{BRANCH}.lock").touch()
    with pytest.raises(DestinationError, match="update-ref"):
        place.put("a/one", b"1")


def test_a_git_that_cannot_be_started_is_an_error(
    tmp_path: Path, repo: Path, ticking: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is no program is told apart from none."""
    (tmp_path / "git").touch()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DestinationError, match="cannot be used"):
        GitDestination(f"git:{repo}", repo, ticking)


def test_git_keeps_what_was_first(repo: Path, ticking: Clock) -> None:
    """Other bytes under a name are refused, the same are no new commit, and what is not there cannot be read."""
    place = GitDestination(f"git:{repo}", repo, ticking)
    place.put("a/one", b"1")
    place.put("a/one", b"1")
    with pytest.raises(AuditError, match="holds other bytes"):
        place.put("a/one", b"2")
    with pytest.raises(DestinationError, match="holds no"):
        place.read("a/two")
    assert (place.holds("a/one", b"1"), place.holds("a/one", b"2"), place.holds("a/two", b"")) == (True, False, None)


def test_folders_and_files_keep_what_was_first(tmp_path: Path) -> None:
    """A folder never writes over; a file does, which is what it is for."""
    folder, file = FolderDestination(f"{tmp_path}/place/"), FileDestination(str(tmp_path / "file"))
    folder.put("a", b"1")
    with pytest.raises(AuditError, match="holds other bytes"):
        folder.put("a", b"2")
    assert (file.names(), file.holds("x", b"1")) == ((), None)
    for data in (b"1", b"2"):
        file.put("x", data)
    assert (folder.read("a"), file.read("x"), file.holds("x", b"2"), file.names()) == (b"1", b"2", True, ("file",))


def test_a_log_with_a_strange_name_has_no_place() -> None:
    """A name that would lead out of the place is refused."""
    for origin in ("../up", "a//b", "a b", "", "a/.."):
        with pytest.raises(AuditError, match="cannot be the name of a log"):
            name_of(origin, 1)


def test_a_place_with_no_anchors_has_none(tmp_path: Path) -> None:
    """Neither of this log nor of another."""
    (tmp_path / "readme").touch()
    assert fetch(FolderDestination(f"{tmp_path}/"), ("x",)) == ()


def test_what_is_not_what_was_signed_is_not_copied(folder: Path) -> None:
    """A log that changed after it was verified does not end with the signed head."""
    _note, says = latest_checkpoint(folder)
    with pytest.raises(AuditError, match="does not agree"):
        list(_pieces(folder, replace(says, head="0" * 64), {}, 10**6))


def test_a_log_that_is_gone_or_short_gives_no_lines(folder: Path) -> None:
    """Fewer records than were signed, or none at all, are said; the first kept record of nothing is 0."""
    _note, says = latest_checkpoint(folder)
    path = folder / "audit.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    with pytest.raises(AuditError, match="does not agree"), signed_lines(folder, says) as (_origin, lines):
        list(lines)
    path.unlink()
    with pytest.raises(AuditError, match="does not agree"), signed_lines(folder, says):
        pass
    assert first_kept(folder) == 0


def test_a_log_that_does_not_begin_as_one_is_left_to_verification(folder: Path) -> None:
    """A first line that is no record: proofs say that it cannot be read, and nothing is taken for dropped."""
    _note, says = latest_checkpoint(folder)
    (folder / "audit.jsonl").write_bytes(b"nonsense\n")
    with pytest.raises(AuditError, match="cannot be read"), signed_lines(folder, says):
        pass
    assert first_kept(folder) == 0


def test_the_latest_checkpoint_is_found_by_its_size(folder: Path) -> None:
    """It stands beside the log and not in it."""
    note, says = latest_checkpoint(folder)
    assert checkpoint_at(folder, says.size) == note


def test_growth_is_of_one_log(folder: Path, ticking: Clock) -> None:
    """Two checkpoints of two logs prove nothing, though both keys are known; nor does one that a key signed for another
    log's name."""
    (key,) = read_public_keys(folder)
    note, says = latest_checkpoint(folder)
    proof = prove_growth(folder, note)
    other = SigningKey(name="agentops-audit/other", seed=bytes(32))
    foreign = other.sign(replace(says, origin=other.name).text)
    with pytest.raises(AuditError, match="are of two logs"):
        check_growth({**proof, "older": foreign}, key, other.public)
    with pytest.raises(AuditError, match="is of another log"):
        check_growth({**proof, "older": other.sign(says.text.replace(key.name, "x"))}, key, other.public)
