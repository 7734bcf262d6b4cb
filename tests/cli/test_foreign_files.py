"""Every option, argument and setting that names a file, given what is no such file: refused at once, in one line.

Each of these hung, filled the memory or ended in an unexpected error before there was one opener for all of them.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]
pytestmark = pytest.mark.timeout(60)

_DEEP = 100_000
_SPARSE_BYTES = 2**40
_FIX = ("fix", "--no-input", "--sandbox=bad-image-tag")

_NAMED = {
    "plan": (*_FIX, "--plan", "FILE"),
    "approve": ("approve", "FILE"),
    "explained plan": ("policy", "explain", "FILE"),
    "policy tests": ("policy", "test", "FILE"),
    "policy": ("policy", "validate", "FILE"),
    "proof": ("audit", "check-proof", "FILE", "--key", "k+00000000+AAAA"),
    "growth": ("audit", "prove", "--growth", "FILE"),
    "dump": ("triage", "--from", "FILE"),
    "baseline": ("triage", "--sandbox=bad-image-tag", "--baseline", "FILE"),
    "kubeconfig": ("triage", "--kubeconfig", "FILE"),
    "alert": ("investigate", "FILE", "--sandbox=bad-image-tag", "--no-model"),
    "script": ("investigate", "x", "--sandbox=bad-image-tag", "--model", "scripted:FILE"),
    "scenario": ("triage", "--sandbox=FILE"),
}
"""What names a file; ``FILE`` stands for it."""
_OF_HOME = {
    "config": ("config.toml", ("triage", "--sandbox=bad-image-tag")),
    "approvers": ("approvers.toml", ("approvers", "list")),
}
"""Files of the home that decide something: their name, and a command that reads them."""
_INVALID = {"policy": 1}
"""What ``policy validate`` says of a policy that cannot be loaded; of everything else it is the usage that is wrong."""
_IS_WAITED_FOR = {"alert"}
"""``<(command)`` of a shell is a pipe; see tests/alerts/test_source.py."""


def _fifo(path: Path) -> Path:
    os.mkfifo(path)
    return path


def _socket(path: Path) -> Path:
    with socket.socket(socket.AF_UNIX) as made:
        # A path may be longer than the address of a socket.
        here = Path.cwd()
        os.chdir(path.parent)
        try:
            made.bind(path.name)
        finally:
            os.chdir(here)
    return path


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def _endless(path: Path) -> Path:
    path.symlink_to("/dev/zero")
    return path


def _sparse(path: Path) -> Path:
    with path.open("wb") as file:
        file.truncate(_SPARSE_BYTES)
    return path


_NO_FILES = {"pipe": _fifo, "socket": _socket, "folder": _folder, "device": _endless, "terabyte": _sparse}


def _call(cli: Cli, words: tuple[str, ...], path: Path) -> Any:
    return cli(*(word.replace("FILE", str(path)) for word in words))


@pytest.mark.parametrize("kind", _NO_FILES)
@pytest.mark.parametrize("name", _NAMED)
def test_what_is_no_such_file_is_refused_at_once(cli: Cli, tmp_path: Path, name: str, kind: str) -> None:
    """A pipe, a socket, a folder, a device and a file of a terabyte: one line and exit 2, whatever names it."""
    if kind == "pipe" and name in _IS_WAITED_FOR:
        pytest.skip("a pipe is waited for")
    done = _call(cli, _NAMED[name], _NO_FILES[kind](tmp_path / "odd.file"))
    assert (done.code, "unexpected" in done.err) == (_INVALID.get(name, 2), False)


@pytest.mark.parametrize("kind", _NO_FILES)
@pytest.mark.parametrize("name", _OF_HOME)
def test_a_file_of_the_home_that_is_none_is_refused(cli: Cli, home: Path, name: str, kind: str) -> None:
    """What decides is never waited for, and never left out because it cannot be read."""
    home.mkdir(mode=0o700)
    file, words = _OF_HOME[name]
    _NO_FILES[kind](home / file)
    done = cli(*words)
    assert (done.code, "unexpected" in done.err) == (2, False)


_DOCUMENTS = {
    "infinite": '{"schema": 1e999, "turns": 1e999, "rules": 1e999, "contexts": 1e999, "alerts": 1e999}',
    "not a number": '{"schema": NaN, "turns": NaN}',
    "deep list": "[" * _DEEP + "]" * _DEEP,
    "deep object": '{"a":' * _DEEP + "1" + "}" * _DEEP,
    "deep YAML": "- " * _DEEP + "x",
    "open list": "[" * _DEEP,
    "huge number": '{"schema": ' + "9" * 10_000 + "}",
    "large number": '{"schema": ' + "9" * 400 + ', "problems": [], "command": "triage"}',
    "a name twice": '{"schema": "agentops/plan/v1", "schema": "agentops/approval/v1"}',
    "bytes": "\x00\x01\x02",
    "nothing": "",
}


@pytest.mark.parametrize("kind", _DOCUMENTS)
@pytest.mark.parametrize("name", _NAMED)
def test_a_document_that_cannot_be_used_is_refused(cli: Cli, tmp_path: Path, name: str, kind: str) -> None:
    """Infinite numbers, a depth of 100,000, numbers of 10,000 digits: exit 2 and no unexpected error anywhere."""
    if (name, kind) == ("policy", "nothing"):
        pytest.skip("an empty policy is one: it permits nothing")
    path = tmp_path / ("odd.yaml" if name == "scenario" else "odd.file")
    path.write_text(_DOCUMENTS[kind])
    done = _call(cli, _NAMED[name], path)
    assert (done.code, "unexpected" in done.err) == (_INVALID.get(name, 2), False)


_TOML = {
    "deep": "[kubernetes]\ncontext = " + "[" * _DEEP + "]" * _DEEP,
    "dotted": "a." * 5_000 + "b = 1",
    "huge": "[limits]\nmax_steps = " + "9" * 10_000,
    "large": "[limits]\nmax_steps = 0x" + "f" * 5_000,
    "infinite": "[limits]\nmax_usd = 1e999",
    "twice": "[limits]\nmax_usd = 1\nmax_usd = 2",
}


@pytest.mark.parametrize("kind", _TOML)
@pytest.mark.parametrize("name", _OF_HOME)
def test_a_toml_file_that_cannot_be_used_is_refused(cli: Cli, home: Path, name: str, kind: str) -> None:
    """Deep TOML ended in an unexpected error; so did numbers beyond what Python converts."""
    home.mkdir(mode=0o700)
    file, words = _OF_HOME[name]
    (home / file).write_text(_TOML[kind])
    done = cli(*words)
    assert (done.code, "unexpected" in done.err) == (2, False)


@pytest.mark.parametrize("kind", _NO_FILES)
def test_rules_that_are_no_file_are_refused(cli: Cli, home: Path, tmp_path: Path, kind: str) -> None:
    """The setting that names files of rules leads to the same opener."""
    home.mkdir(mode=0o700)
    path = _NO_FILES[kind](tmp_path / "odd.yaml")
    (home / "config.toml").write_text(f'[kubernetes]\nrules = ["{path}"]\n')
    done = cli("triage", "--sandbox=bad-image-tag")
    assert (done.code, "unexpected" in done.err) == (2, False)


def test_an_approval_that_is_no_file_is_refused(cli: Cli, tmp_path: Path) -> None:
    """With a plan that is one: the approval beside it is opened by the same rules."""
    plan = tmp_path / "plan.json"
    made = cli(
        "fix", "k8s:shop/Deployment/checkout", "--sandbox=bad-image-tag", "--no-model", "--dry-run", "--out", str(plan)
    )
    assert (made.code, plan.is_file()) == (0, True)
    codes = {}
    for kind, make in _NO_FILES.items():
        path = make(tmp_path / f"odd-{kind}")
        done = cli(*_FIX, "--plan", str(plan), "--approval", str(path))
        codes[kind] = (done.code, "unexpected" in done.err)
    for kind, text in _DOCUMENTS.items():
        path = tmp_path / f"odd-{kind}"
        path.write_text(text)
        done = cli(*_FIX, "--plan", str(plan), "--approval", str(path))
        codes[kind] = (done.code, "unexpected" in done.err)
    assert codes == dict.fromkeys([*_NO_FILES, *_DOCUMENTS], (2, False))


def test_an_anchor_that_is_no_file_is_refused(cli: Cli, tmp_path: Path) -> None:
    """An anchor says what the log must agree with: what cannot be read is an error, and never agreement."""
    assert cli("triage", "--sandbox=bad-image-tag").code == 0
    codes = {}
    for kind in ("pipe", "socket", "device", "terabyte"):
        path = _NO_FILES[kind](tmp_path / f"odd-{kind}")
        done = cli("audit", "verify", "--anchor", str(path))
        codes[kind] = (done.code in (1, 2), "unexpected" in done.err)
    assert codes == dict.fromkeys(codes, (True, False))


@pytest.mark.parametrize("words", [("investigate", "-", "--no-model"), ("audit", "fingerprint"), ("ask", "-")])
def test_standard_input_without_an_end_is_cut_off(cli: Cli, words: tuple[str, ...]) -> None:
    """Standard input has a cap for each purpose; beyond it is one line and exit 2."""
    done = cli(*words, stdin=b"9" * (17 * 1024 * 1024))
    assert (done.code, "standard input is larger than" in done.err) == (2, True)


@pytest.mark.parametrize("kind", ["infinite", "not a number", "deep list", "deep object", "huge number"])
def test_arguments_on_standard_input_that_cannot_be_used_are_refused(cli: Cli, kind: str) -> None:
    """A fingerprint is of one JSON value that every reader reads alike."""
    done = cli("audit", "fingerprint", stdin=_DOCUMENTS[kind].encode())
    assert (done.code, "unexpected" in done.err) == (2, False)


@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_a_word_is_completed_whatever_lies_in_the_home(home: Path, kind: str) -> None:
    """Somebody waits in the middle of a word: what cannot be read is left out, at once."""
    home.mkdir(mode=0o700)
    for name in ("config.toml", "approvers.toml"):
        _NO_FILES[kind](home / name)
    words = [sys.executable, "-m", "agentops", "__complete", "triage", "--context", ""]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("how", ["option", "shell", "variable", "beside a file"])
def test_a_kubeconfig_that_comes_through_a_pipe_is_called_one(
    how: str, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read more than once: the message says so much, nothing waits, and no other file is used in its place."""
    pipe = _fifo(tmp_path / "kc.pipe")
    (tmp_path / "other").write_text("{}")
    reading, writing = os.pipe()
    given = {"shell": f"/dev/fd/{reading}", "beside a file": f"{tmp_path / 'other'}:{pipe}"}.get(how, str(pipe))
    if how in ("option", "shell"):
        done = cli("triage", "--kubeconfig", given, "-o", "json")
    else:
        monkeypatch.setenv("KUBECONFIG", given)
        done = cli("triage", "-o", "json")
    for descriptor in (reading, writing):
        os.close(descriptor)
    (error,) = done.document["errors"]
    told = (done.code, "is a pipe, not a file" in error["message"], error["hint"])
    assert told == (2, True, "Save what comes through it to a file, and give that.")
