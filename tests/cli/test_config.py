"""``agentops config show``: each setting with its value and who says so; never a secret."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from agentops.config import Settings

Cli = Callable[..., Any]
_KEY = "sk-ant-api03-" + "Zq7" * 20


def _shown(cli: Cli, *words: str) -> dict[str, tuple[Any, str]]:
    document = cli("config", "show", "-o", "json", *words).document
    return {one["key"]: (one["value"], one["origin"]) for one in document["settings"]}


@pytest.fixture
def file(home: Path) -> Path:
    """A config file with a few settings."""
    home.mkdir(mode=0o700)
    path = home / "config.toml"
    path.write_text(
        '# mine\n[limits]\nmax_usd = 2\n\n[policy]\nfreeze = ["fri 16:00-mon 08:00 UTC"]\n[model]\nid = "m"\n'
    )
    return path


def test_each_setting_says_where_it_comes_from(cli: Cli, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Option over variable over file over default; the file with its line."""
    monkeypatch.setenv("AGENTOPS_EFFORT", "high")
    monkeypatch.setenv("AGENTOPS_MODEL", "from-env")
    monkeypatch.setenv("AGENTOPS_NAMESPACE", "from-env")
    found = _shown(cli, "--context", "prod", "-n", "shop")
    assert {key: found[key] for key in (
        "kubernetes.context", "kubernetes.namespace", "model.id", "model.effort", "limits.max_usd",
        "policy.freeze", "limits.max_steps",
    )} == {
        "kubernetes.context": ("prod", "option --context"),
        "kubernetes.namespace": ("shop", "option --namespace"),
        "model.id": ("from-env", "env AGENTOPS_MODEL"),
        "model.effort": ("high", "env AGENTOPS_EFFORT"),
        "limits.max_usd": (2.0, f"file {file}:3"),
        "policy.freeze": (["fri 16:00-mon 08:00 UTC"], f"file {file}:6"),
        "limits.max_steps": (30, "default"),
    }  # fmt: skip


def test_no_setting_is_missing(cli: Cli) -> None:
    """What a run depends on is in the list, by the name that the file gives it."""
    names = {one.name for one in fields(Settings)} - {"folders", "provenance", "again", "notes"}
    shown = {key.rpartition(".")[2] for key in _shown(cli)}
    assert shown - {"id"} | {"model"} == names


def test_the_page_has_origins_where_they_are_asked_for(cli: Cli, file: Path) -> None:
    """Without --origin the values alone; in both the file, and whether there is a key."""
    brief, full = cli("config", "show").out, cli("config", "show", "--origin").out
    place = f"config.toml:{3}"
    assert (place in brief, place in full.replace("\n", "").replace(" ", "")) == (False, True)
    assert all("model key: not set in the environment" in page for page in (brief, full))


def test_a_secret_is_never_shown(cli: Cli, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key of the model is said to be there; one that was put into a setting by mistake is hidden."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", _KEY)
    monkeypatch.setenv("AGENTOPS_PROJECT", _KEY)
    monkeypatch.setenv("AGENTOPS_REGION", "sk-ant-api03-" + "Xw9" * 20)
    done = cli("config", "show", "-o", "json")
    page = cli("config", "show", "--origin").out
    assert done.document["credentials"] == ["ANTHROPIC_API_KEY"]
    assert [text in found for text in (_KEY, "Xw9Xw9") for found in (done.out, page)] == [False] * 4
    assert "in ANTHROPIC_API_KEY, not shown" in page


def test_a_setting_that_cannot_be_used_is_named_with_its_line(cli: Cli, file: Path) -> None:
    """The message has file and line, so that it can be mended."""
    file.write_text("[limits]\n\nmax_usd = 'lots'\n")
    done = cli("config", "show")
    assert (done.code, f"{file}:3" in done.err) == (2, True)


def test_read_only_is_said_by_whoever_says_yes(cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that says no does not take back what the file says."""
    home.mkdir(mode=0o700)
    (home / "config.toml").write_text("[safety]\nread_only = true\n")
    monkeypatch.setenv("AGENTOPS_READ_ONLY", "false")
    assert _shown(cli)["safety.read_only"] == (True, f"file {home / 'config.toml'}:2")
