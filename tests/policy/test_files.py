"""Policy files: which are read, and which cannot be trusted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agentops.core.errors import ConfigError
from agentops.policy import LayerKind, PolicyLayer, read_layers
from agentops.policy.files import read_policy_file

TEXT = '@id("a") forbid (principal, action, resource);'


def _write(path: Path, text: str = TEXT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o644)
    return path


def _layers(tmp_path: Path, environ: dict[str, str] | None = None) -> list[tuple[str, LayerKind, str]]:
    found = read_layers(
        tmp_path / "config", environ=environ or {}, directory=tmp_path / "work", system=tmp_path / "etc"
    )
    return [(layer.name, layer.kind, layer.origin) for layer in found]


def test_without_files_there_are_no_layers(tmp_path: Path) -> None:
    """Nothing is there, nothing is read, nothing is wrong."""
    assert _layers(tmp_path) == []


def test_every_place_is_read(tmp_path: Path) -> None:
    """The system's organisation file counts beside the one that the environment names."""
    system, named = _write(tmp_path / "etc/policy.cedar"), _write(tmp_path / "org.cedar")
    user, project = _write(tmp_path / "config/policy.cedar"), _write(tmp_path / "work/.agentops/policy.cedar")
    assert _layers(tmp_path, {"AGENTOPS_ORG_POLICY": str(named)}) == [
        ("organisation", LayerKind.ORGANISATION, str(system)),
        ("organisation", LayerKind.NAMED, str(named)),
        ("user", LayerKind.BASE, str(user)),
        ("project", LayerKind.PROJECT, str(project)),
    ]


def test_naming_the_systems_file_reads_it_once(tmp_path: Path) -> None:
    """Its ids would be taken otherwise."""
    system = _write(tmp_path / "etc/policy.cedar")
    found = _layers(tmp_path, {"AGENTOPS_ORG_POLICY": str(system)})
    assert found == [("organisation", LayerKind.ORGANISATION, str(system))]


def test_a_layer_holds_the_text(tmp_path: Path) -> None:
    """As it stands in the file."""
    path = _write(tmp_path / "config/policy.cedar")
    (found,) = read_layers(tmp_path / "config", environ={}, directory=tmp_path, system=tmp_path / "none")
    assert found == PolicyLayer(name="user", origin=str(path), text=TEXT, kind=LayerKind.BASE)


def test_an_organisation_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    """Whoever names a policy wants it to hold."""
    with pytest.raises(ConfigError, match="it is not there"):
        _layers(tmp_path, {"AGENTOPS_ORG_POLICY": str(tmp_path / "gone.cedar")})


def test_a_file_that_everybody_may_write_is_an_error(tmp_path: Path) -> None:
    """Anybody on the machine could open it up; the hint is the command that closes it."""
    path = _write(tmp_path / "config/policy.cedar")
    path.chmod(0o646)
    with pytest.raises(ConfigError) as caught:
        _layers(tmp_path)
    assert (
        caught.value.message == f"the policy file {path} cannot be used: it can be changed by other users (mode 0646)"
    )
    assert caught.value.hint == f"Run: chmod go-w {path}"


def test_a_file_in_a_folder_that_others_may_write_to_is_an_error(tmp_path: Path) -> None:
    """Whoever may write to the folder may put another file there."""
    path = _write(tmp_path / "config/policy.cedar")
    path.parent.chmod(0o777)
    with pytest.raises(ConfigError, match=f"the folder {path.parent} can be changed by other users") as caught:
        _layers(tmp_path)
    assert caught.value.code == "bad-policy"


@pytest.mark.parametrize(("mode", "said"), [(0o664, ""), (0o646, "everybody may write to it")])
def test_a_projects_file_may_be_anybodys_but_everybodys(mode: int, said: str, tmp_path: Path) -> None:
    """A checkout belongs to whoever checked it out; it may only forbid."""
    path = _write(tmp_path / "work/.agentops/policy.cedar")
    path.chmod(mode)
    if os.geteuid() == 0:
        os.chown(path, 12345, 12345)
    if not said:
        assert [row[0] for row in _layers(tmp_path)] == ["project"]
        return
    with pytest.raises(ConfigError, match=said) as caught:
        _layers(tmp_path)
    assert caught.value.hint == f"Run: chmod o-w {path}"


def test_what_is_no_plain_file_is_an_error(tmp_path: Path) -> None:
    """A folder, a pipe: never skipped, and never waited for."""
    (tmp_path / "config/policy.cedar").mkdir(parents=True)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    messages = []
    for path in (tmp_path / "config/policy.cedar", pipe):
        with pytest.raises(ConfigError) as caught:
            read_policy_file(path)
        messages.append(caught.value.message.rpartition(": ")[2])
    assert messages == ["not a regular file"] * 2


def test_an_unreadable_file_is_an_error(tmp_path: Path) -> None:
    """A loop of links cannot be opened, by root either."""
    loop = tmp_path / "loop.cedar"
    loop.symlink_to(loop)
    with pytest.raises(ConfigError, match="too many levels"):
        read_policy_file(loop)


@pytest.mark.parametrize(("data", "said"), [(b"\xff\xfe", "not UTF-8"), (b" " * 600_000, "larger than")])
def test_a_file_that_is_no_text_is_an_error(data: bytes, said: str, tmp_path: Path) -> None:
    """Neither bytes nor a flood of text is a policy."""
    path = tmp_path / "policy.cedar"
    path.write_bytes(data)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match=said):
        read_policy_file(path)


def test_a_link_to_a_file_is_read(tmp_path: Path) -> None:
    """As a mounted ConfigMap has it."""
    target = _write(tmp_path / "data/policy.cedar")
    link = tmp_path / "policy.cedar"
    link.symlink_to(target)
    assert read_policy_file(link) == TEXT
