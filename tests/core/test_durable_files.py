"""Durable files: whole or not at all, one first writer of several, torn lines taken away."""

from __future__ import annotations

import errno
import os
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentops.core.durable_files import (
    advice,
    append,
    create_file,
    last_line,
    locked_folder,
    locked_for_appending,
    make_folder,
    reason,
    replace_file,
)


def _tree(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Return each file with its bytes and its mode; a draft that was left over is among them."""
    return {path.name: (path.read_bytes(), path.stat().st_mode & 0o777) for path in folder.iterdir()}


def test_a_replaced_file_is_the_new_one_and_private(tmp_path: Path) -> None:
    """Only this user reads it, unless a mode is given, and nothing else is left in the folder."""
    for data in (b"1", b"22"):
        replace_file(tmp_path / "file", data)
        replace_file(tmp_path / "open", data, mode=0o644)
    assert _tree(tmp_path) == {"file": (b"22", 0o600), "open": (b"22", 0o644)}


def test_a_file_that_cannot_be_replaced_stays(tmp_path: Path) -> None:
    """What was there is unchanged when the last step fails, and the draft is gone."""
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="directory"):
        replace_file(tmp_path / "folder", b"1")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_threads_that_replace_one_file_leave_one_of_theirs(tmp_path: Path) -> None:
    """No two of them share a draft, so the file is whole whoever comes last."""
    wanted = [bytes([65 + number]) * 100_000 for number in range(8)]
    threads = [threading.Thread(target=replace_file, args=(tmp_path / "file", data)) for data in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ((tmp_path / "file").read_bytes() in wanted, len(list(tmp_path.iterdir()))) == (True, 1)


def _refuse(monkeypatch: pytest.MonkeyPatch, trouble: int) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise OSError(trouble, "no")

    if trouble:
        monkeypatch.setattr(Path, "hardlink_to", refuse)


@pytest.mark.parametrize("trouble", [0, errno.EPERM, errno.EOPNOTSUPP])
def test_only_the_first_creates_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: int) -> None:
    """Also on a disk without hard links; the others are told, and what is there stays as it is."""
    _refuse(monkeypatch, trouble)
    create_file(tmp_path / "file", b"1", mode=0o444)
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("file", "link"):
        with pytest.raises(FileExistsError):
            create_file(tmp_path / name, b"2")
    (tmp_path / "link").unlink()
    assert _tree(tmp_path) == {"file": (b"1", 0o444)}


def test_a_file_that_cannot_be_created_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the disk is raised as it is."""
    _refuse(monkeypatch, errno.EIO)
    with pytest.raises(OSError, match="no"):
        create_file(tmp_path / "file", b"1")
    assert _tree(tmp_path) == {}


def test_a_new_folder_is_private_with_those_above_it(tmp_path: Path) -> None:
    """One that is there keeps its mode; a file of that name is an error."""
    tmp_path.chmod(0o755)
    for _ in range(2):
        make_folder(tmp_path / "a" / "b")
    modes = [path.stat().st_mode & 0o777 for path in (tmp_path, tmp_path / "a", tmp_path / "a" / "b")]
    assert modes == [0o755, 0o700, 0o700]
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        make_folder(tmp_path / "file")


def test_an_append_takes_a_torn_line_away(tmp_path: Path) -> None:
    """Lines are written after the last whole one, and the offset of their end is returned."""
    path = tmp_path / "lines"
    ends = []
    for lines in (b"a\n", b"b\nc\n", b"d\n"):
        with locked_for_appending(path) as descriptor:
            ends.append(append(descriptor, lines))
        if lines == b"b\nc\n":
            with path.open("ab") as file:
                file.write(b'{"torn":')
    assert (path.read_bytes(), ends) == (b"a\nb\nc\nd\n", [2, 6, 8])


@given(st.lists(st.sampled_from([b"\n", b"a" * 7, b"b" * 40_000]), max_size=9).map(b"".join))
def test_the_last_whole_line_is_found_in_any_file(data: bytes) -> None:
    """As if the file were read whole and split, however long the line is and whatever follows it."""
    whole, newline, _torn = data.rpartition(b"\n")
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        found = last_line(file.fileno(), len(data))
    assert found == ((whole.rpartition(b"\n")[2], len(whole) + 1) if newline else (b"", 0))


def test_a_locked_folder_is_held_by_one(tmp_path: Path) -> None:
    """Another one waits until the block ends."""
    order: list[str] = []

    def other() -> None:
        with locked_folder(tmp_path):
            order.append("other")

    with locked_folder(tmp_path):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(0.05)
        order.append("first")
    thread.join()
    assert order == ["first", "other"]


@pytest.mark.parametrize(
    ("number", "said", "advised"),
    [
        (
            errno.ENOSPC,
            "cannot write x: no space left on device",
            "Free some space, or set AGENTOPS_HOME to a folder on another disk.",
        ),
        (
            errno.EACCES,
            "cannot write x: permission denied",
            "Check who owns the folder, or set AGENTOPS_HOME to one that you may write.",
        ),
        (errno.EIO, "cannot write x: input/output error", ""),
    ],
)
def test_an_error_says_what_could_not_be_done_and_what_to_do(number: int, said: str, advised: str) -> None:
    """The words that each room puts into its own error."""
    error = OSError(number, os.strerror(number))
    assert (reason("write", "x", error), advice(error)) == (said, advised)
