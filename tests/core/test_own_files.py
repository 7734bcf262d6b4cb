"""What decides or signs must be in the hands of this user or root, with every folder above it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from agentops.core.errors import ConfigError
from agentops.core.own_files import NotOwn, read_own, require_own

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file to another user")
OTHER = 12345


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of this user, two folders down."""
    (tmp_path / "home/config").mkdir(parents=True, mode=0o700)
    path = tmp_path / "home/config/config.toml"
    path.write_text("mine")
    path.chmod(0o644)
    return path


def test_what_is_mine_is_read(path: Path) -> None:
    """Others may read it; nobody else may write it."""
    assert (read_own(path, 100), read_own(path.with_name("none"), 100), read_own(path / "x", 100)) == (
        b"mine",
        None,
        None,
    )


WRONG: list[tuple[str, Callable[[Path], object], str, str]] = [
    ("all may write it", lambda p: p.chmod(0o646), "it can be changed by other users (mode 0646)", "chmod go-w {path}"),
    ("a group may", lambda p: p.chmod(0o664), "it can be changed by other users (mode 0664)", "chmod go-w {path}"),
    (
        "all may write to its folder",
        lambda p: p.parent.chmod(0o777),
        "the folder {folder} can be changed by other users (mode 0777)",
        "chmod go-w {folder}",
    ),
    (
        "a group may write to a folder further up",
        lambda p: p.parent.parent.chmod(0o775),
        "the folder {above} can be changed by other users (mode 0775)",
        "chmod go-w {above}",
    ),
]
GIVEN_AWAY: list[tuple[str, Callable[[Path], object], str, str]] = [
    ("it is another's", lambda p: os.chown(p, OTHER, OTHER), "it belongs to uid 12345", "chown 0 {path}"),
    ("its folder is", lambda p: os.chown(p.parent, OTHER, 0), "the folder {folder} belongs to uid", "chown 0 {folder}"),
]


def _said(pattern: str, path: Path) -> str:
    return pattern.format(path=path, folder=path.parent, above=path.parent.parent)


@pytest.mark.parametrize(("break_it", "message", "hint"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_what_others_may_change_is_not_believed(
    break_it: Callable[[Path], object], message: str, hint: str, path: Path
) -> None:
    """The message says which path and what is wrong with it, the hint what to type."""
    break_it(path)
    with pytest.raises(NotOwn) as caught:
        read_own(path, 100)
    assert caught.value.message == f"{path} is not trusted: {_said(message, path)}"
    assert caught.value.hint == f"Run: {_said(hint, path)}"


@needs_root
@pytest.mark.parametrize(
    ("break_it", "message", "hint"), [row[1:] for row in GIVEN_AWAY], ids=[row[0] for row in GIVEN_AWAY]
)
def test_what_is_another_users_is_not_believed(
    break_it: Callable[[Path], object], message: str, hint: str, path: Path
) -> None:
    """Root believes root alone; the hint says what that means in a container."""
    break_it(path)
    with pytest.raises(NotOwn) as caught:
        read_own(path, 100)
    assert (_said(message, path) in caught.value.message, _said(hint, path) in caught.value.hint) == (True, True)
    assert "--user 12345" in caught.value.hint


def test_a_key_is_for_its_owners_eyes(path: Path) -> None:
    """What signs may not be read by others either."""
    with pytest.raises(NotOwn, match=r"can be read or changed by other users \(mode 0644\)") as caught:
        read_own(path, 100, private=True)
    path.chmod(0o600)
    assert (caught.value.hint, read_own(path, 100, private=True)) == (f"Run: chmod go-rwx {path}", b"mine")


def test_a_sticky_folder_may_stand_on_the_way(path: Path) -> None:
    """As in /tmp: everybody may add names there, and nobody may take another's away."""
    path.parent.parent.chmod(0o1777)
    assert read_own(path, 100) == b"mine"


def test_a_folder_on_a_read_only_mount_may_have_any_mode(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ConfigMap's folder has mode 0777 and cannot be written by anybody in the pod."""
    path.parent.chmod(0o777)
    real = os.statvfs(path)
    flags = [*real]
    flags[8] |= os.ST_RDONLY
    monkeypatch.setattr(os, "statvfs", lambda _place: os.statvfs_result(flags))
    assert read_own(path, 100) == b"mine"


def test_a_sticky_folder_is_no_folder_of_ones_own(path: Path) -> None:
    """Asked for a folder itself, that everybody may add to it counts."""
    path.parent.chmod(0o1777)
    with pytest.raises(NotOwn, match="it can be changed by other users"):
        require_own(path.parent)


def test_a_link_is_followed_through_folders_that_are_looked_at_too(path: Path, tmp_path: Path) -> None:
    """A link of one's own to a file of one's own is read; one through a folder that all may write to is not."""
    link = tmp_path / "link"
    link.symlink_to(Path("home/../home/config"))
    assert read_own(link / path.name, 100) == b"mine"
    open_folder = tmp_path / "open"
    open_folder.mkdir()
    open_folder.chmod(0o777)
    (open_folder / "there").symlink_to(path)
    (tmp_path / "config.toml").symlink_to(open_folder / "there")
    with pytest.raises(NotOwn, match=f"the folder {open_folder} can be changed"):
        read_own(tmp_path / "config.toml", 100)


@needs_root
def test_a_link_of_another_user_is_not_followed(path: Path, tmp_path: Path) -> None:
    """In a sticky folder anybody may lay a link under a name that we read."""
    link = tmp_path / "config.toml"
    link.symlink_to(path)
    os.lchown(link, OTHER, OTHER)
    with pytest.raises(NotOwn) as caught:
        read_own(link, 100)
    assert (f"belongs to uid {OTHER}" in caught.value.message, "chown -h 0" in caught.value.hint) == (True, True)


def test_links_in_a_circle_are_an_error(tmp_path: Path) -> None:
    """As the system says it, and not an endless walk."""
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(ConfigError, match="too many levels of symbolic links"):
        read_own(tmp_path / "a", 100)
    with pytest.raises(NotOwn, match="more than 40 links"):
        require_own(tmp_path / "a")


@pytest.mark.parametrize("kind", ["folder", "pipe", "large"])
def test_what_is_no_small_file_is_an_error(kind: str, tmp_path: Path) -> None:
    """A pipe is not waited for."""
    path = tmp_path / "x"
    {"folder": path.mkdir, "pipe": lambda: os.mkfifo(path), "large": lambda: path.write_text("x" * 101)}[kind]()
    with pytest.raises(ConfigError, match="larger than 100" if kind == "large" else "not a regular file"):
        read_own(path, 100)


def test_a_file_that_is_replaced_while_it_is_read_is_an_error(path: Path) -> None:
    """The file that was opened must be the one that was looked at."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        path.with_name("new").write_text("theirs")
        path.with_name("new").replace(path)
        with pytest.raises(NotOwn, match="was replaced while it was read"):
            require_own(path, descriptor=descriptor)
    finally:
        os.close(descriptor)


def test_what_only_root_may_write(path: Path) -> None:
    """Root's own files pass for root, and those of any other user do not."""
    if os.geteuid() == 0:
        assert read_own(path, 100, root_only=True) == b"mine"
    else:
        with pytest.raises(NotOwn, match=f"belongs to uid {os.geteuid()}, not to root"):
            read_own(path, 100, root_only=True)
