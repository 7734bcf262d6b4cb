"""Files that decide or sign, in the hands of others: each command that rests on one says which, and what to type."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]
FIX = ("fix", "--sandbox=bad-image-tag", "--no-model", "--dry-run", "-o", "json")
OTHER = 12345


def _open_up(path: Path, how: str) -> str:
    """Put a file, or its folder, into the hands of others; return what to type."""
    if how == "its folder":
        path.parent.chmod(0o777)
        return f"chmod go-w {path.parent}"
    if how == "another user":
        os.chown(path, OTHER, OTHER)
        return f"chown {os.geteuid()} {path}"
    path.chmod(path.stat().st_mode | 0o020)
    return f"chmod {'go-rwx' if path.name in ('audit.key', 'audit.hmac', 'approver') else 'go-w'} {path}"


HOWS = ["a group", "its folder"] + (["another user"] if os.geteuid() == 0 else [])


def _told(done: Any) -> str:
    """Return what was said, in one line, without the marks of folded lines."""
    return " ".join((done.out + done.err).replace("\u2502", " ").split())


@pytest.fixture
def used(cli: Cli, home: Path) -> Path:
    """A home in which everything that decides or signs was made."""
    assert cli("policy", "init").code == 0
    (home / "config.toml").write_text("[limits]\nmax_usd = 2\n")
    assert cli("approvers", "me").code == 0
    assert cli("approvers", "add", _line(home)).code == 0
    return home


def _line(home: Path) -> str:
    return (home / "keys/approver").read_text().splitlines()[0]


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize(
    ("name", "words", "code"),
    [
        ("config.toml", ("history",), 2),
        ("policy.cedar", ("policy", "show"), 2),
        ("policy.cedar", FIX, 4),
        ("approvers.toml", ("approvers", "list"), 2),
        ("keys/approver", ("approvers", "me"), 2),
        ("audit/audit.key", FIX, 8),
        ("audit/audit.hmac", FIX, 8),
        ("changes/.", FIX, 2),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_others_may_change_is_not_believed(
    name: str, words: tuple[str, ...], code: int, how: str, cli: Cli, used: Path
) -> None:
    """Refused with the path and the command that mends it; nothing is changed, and nothing is mended by itself."""
    if name.startswith("audit/"):
        assert cli(*FIX).code == 0
    (used / "changes").mkdir(exist_ok=True)
    typed = _open_up(used / name, how)
    if (name, how) == ("policy.cedar", "its folder"):
        # The settings stand in that folder, too, and are read first.
        code = 2
    if code == 4:
        # Reads go on while policy cannot be loaded; what is wrong with it is one command away.
        typed = "agentops policy validate"
    done = cli(*words)
    assert (done.code, typed in _told(done)) == (code, True), done.out + done.err


@pytest.mark.parametrize("words", [("investigate", "--sandbox=bad-image-tag", "--no-model"), FIX, ("audit", "rotate")])
def test_nothing_is_made_where_a_run_is_refused(
    words: tuple[str, ...], cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of several people: all are named at once, nothing is made, and ``doctor`` says the same."""
    several, data = home.parent / "several", home.parent / "several/data"
    data.mkdir(parents=True)
    for folder in (several, data):
        folder.chmod(0o775)
    monkeypatch.setenv("AGENTOPS_HOME", str(data / "agentops"))
    done = cli(*words)
    typed = f"chmod go-w {several} {data}"
    assert (done.code in (2, 8), typed in _told(done), list(data.iterdir())) == (True, True, []), done.out + done.err
    row = next(one for one in cli("doctor", "-o", "json").document["checks"] if one["name"] in ("folder", "settings"))
    assert (row["state"], row["hint"]) == ("bad", f"Run: {typed}")


def test_the_doctor_does_not_call_a_folder_ready_in_which_every_run_is_refused(
    cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What others may write to, or a key that they may read, is a row of its own words and what to type."""

    def folder() -> tuple[str, str]:
        done = cli("doctor", "-o", "json")
        (row,) = (one for one in done.document["checks"] if one["name"] == "folder")
        return row["state"], row["hint"]

    several = home.parent / "several"
    several.mkdir()
    monkeypatch.setenv("AGENTOPS_HOME", str(several / "data/agentops"))
    assert folder()[0] == "untried"
    assert cli("audit", "rotate").code == 0
    key = several / "data/agentops/audit/audit.key"
    key.chmod(0o640)
    assert folder() == ("bad", f"Run: chmod go-rwx {key}")


def test_all_that_is_wrong_is_named_in_one_message(cli: Cli, used: Path) -> None:
    """Three names on the way to settings, policy and records: one message and one command for all of them."""
    wrong = (used, used / "config.toml", used / "policy.cedar")
    for path in wrong:
        path.chmod(path.stat().st_mode | 0o020)
    typed = f"Run: chmod go-w {' '.join(map(str, wrong))}"
    refused = cli("triage", "--sandbox=bad-image-tag", "-o", "json")
    assert (refused.code, [one["hint"] for one in refused.document["errors"]]) == (2, [typed])
    for path in wrong:
        path.chmod(path.stat().st_mode & ~0o022)
    assert cli("triage", "--sandbox=bad-image-tag").code == 0


@pytest.mark.parametrize("words", [("doctor",), ("doctor", "--try")])
def test_the_doctor_shows_settings_that_are_not_trusted(words: tuple[str, ...], cli: Cli, used: Path) -> None:
    """As a row, with the checks of this machine beside it; nothing is asked with settings that are left out."""
    (used / "config.toml").chmod(0o664)
    done = cli(*words, "-o", "json")
    rows = {one["name"]: one for one in done.document["checks"]}
    assert (done.code, list(rows)) == (1, ["python", "folder", "audit", "settings", "changes"])
    assert (rows["settings"]["state"], rows["settings"]["hint"]) == ("bad", f"Run: chmod go-w {used / 'config.toml'}")


def test_config_show_says_which_settings_are_not_trusted(cli: Cli, used: Path) -> None:
    """The rest is shown, without what the file says; the exit code is the one of every other command."""
    (used / "config.toml").chmod(0o664)
    done = cli("config", "show", "-o", "json")
    shown = {one["key"]: one["origin"] for one in done.document["settings"]}
    errors = [(one["code"], one["hint"]) for one in done.document["errors"]]
    typed = f"Run: chmod go-w {used / 'config.toml'}"
    assert (done.code, shown["limits.max_usd"], errors) == (2, "default", [("not-own", typed)])
    assert "Every run is refused" in cli("config", "show").out
