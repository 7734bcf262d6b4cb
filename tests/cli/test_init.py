"""``agentops init``: a few questions at a terminal, and the config file that follows."""

from __future__ import annotations

import json
import stat
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from agentops.app.configuration import config_text
from agentops.cli.commands.init import _identify
from agentops.cli.prompting import Prompts
from agentops.cli.setup_questions import answers
from agentops.config import load
from agentops.core.errors import ConfigError

Cli = Callable[..., Any]
ENTER, ESCAPE, DOWN, CTRL_U = "\r", "\x1b", "\x1b[B", "\x15"
_KUBECONFIG = """
clusters:
- {name: a, cluster: {server: "https://10.0.0.1:6443"}}
- {name: b, cluster: {server: "https://LAB.example"}}
- {name: c, cluster: {server: "http://10.0.0.3"}}
contexts:
- {name: prod-eu, context: {cluster: a, user: a}}
- {name: "lab[1]", context: {cluster: b, user: b}}
- {name: nothing-proves-it, context: {cluster: c, user: a}}
users:
- {name: a, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: /must/not/be/run}}}
- {name: b, user: {token: t}}
"""
LAB = "https://lab.example:443 public"
# Context, namespace, provider, model, read only, development clusters.
_TYPED = (
    ("Which context?", DOWN + ENTER),
    ("Namespace to look at", "shop" + ENTER),
    ("Which model provider?", ENTER),
    ("Model id", ENTER),
    ("Read only?", "n" + ENTER),
    ("Which clusters are development?", DOWN + " " + ENTER),
)
_ANSWERED = {
    "kubernetes": {"context": "prod-eu", "namespace": "shop"},
    "model": {"provider": "anthropic", "id": "claude-opus-5-5"},
    "safety": {"read_only": False},
}


@pytest.fixture
def environ(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of the questions: a kubeconfig with two contexts."""
    (tmp_path / "kubeconfig").write_text(_KUBECONFIG)
    found = {"AGENTOPS_HOME": str(home), "KUBECONFIG": str(tmp_path / "kubeconfig"), "HOME": str(tmp_path)}
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    return found


def _asked(keys: Sequence[str], now: dict[str, Any]) -> dict[str, Any] | None:
    with create_pipe_input() as source:
        source.send_text("".join(keys))
        return answers(Prompts(source, DummyOutput()), now, _identify)


def test_the_answers_become_a_file_that_says_them(environ: dict[str, str], home: Path) -> None:
    """Context, namespace, model, read only; a cluster is development by what proves it."""
    found = _asked([keys for _, keys in _TYPED], {})
    assert found is not None
    text = config_text(found, home / "config.toml")
    document = tomllib.loads(text)
    assert (document.pop("environments"), document) == ({LAB: "development"}, _ANSWERED)


def test_enter_alone_is_safe(environ: dict[str, str]) -> None:
    """Whoever only presses Enter gets a read-only agentops that treats every context as production."""
    found = _asked([ENTER] * 6, {})
    assert found is not None
    said = {name: value for name, value in found.items() if value is not None}
    assert said == {"provider": "anthropic", "model": "claude-opus-5-5", "read_only": True}


def test_what_the_file_says_already_stays(environ: dict[str, str]) -> None:
    """The answers begin with what is there; what is not asked about is kept."""
    now = {
        "context": "old",
        "namespace": "pay",
        "read_only": False,
        "max_usd": 2.0,
        "provider": "bedrock",
        "region": "eu",
    }
    found = _asked([ENTER] * 7, now)
    assert found is not None
    assert {name: value for name, value in found.items() if value is not None} == {**now, "model": "claude-opus-5-5"}


@pytest.mark.parametrize("answered", range(6))
def test_escape_at_any_question_ends_it(environ: dict[str, str], answered: int) -> None:
    """A question that is not answered is a wish to stop: no file follows."""
    assert _asked([*(keys for _, keys in _TYPED[:answered]), "\x04"], {}) is None


def test_vertex_is_asked_for_region_and_project(environ: dict[str, str], tmp_path: Path) -> None:
    """What a cloud needs beside its own credentials; without a kubeconfig the context is typed."""
    (tmp_path / "kubeconfig").unlink()
    keys = ["ctx" + ENTER, ENTER, DOWN + DOWN + ENTER, ENTER, "europe-west4" + ENTER, "acme" + ENTER, ENTER]
    found = _asked(keys, {})
    assert found is not None
    assert [found[name] for name in ("context", "provider", "region", "project")] == [
        "ctx", "vertex", "europe-west4", "acme",
    ]  # fmt: skip


def test_no_provider_leaves_the_model_out(environ: dict[str, str]) -> None:
    """Triage needs no model: nothing is said about one."""
    found = _asked([ENTER, ENTER, DOWN * 3 + ENTER, ENTER, ENTER], {})
    assert found is not None
    assert {"model", "provider"} & set(found) == set()


def test_at_a_terminal_it_is_shown_then_written(environ: dict[str, str], terminal: ModuleType, home: Path) -> None:
    """The file is on the screen before the last question; it is for its owner's eyes, and is in force."""
    said = terminal.at_terminal(["init", "-o", "json"], [*_TYPED, ("Write it?", ENTER)], environ)
    path = home / "config.toml"
    assert (said.code, json.loads(said.out)["file"]) == (0, str(path))
    assert 'context = "prod-eu"' in said.screen.partition("Write it?")[0]
    assert (stat.S_IMODE(path.stat().st_mode), load({}, environ).namespace) == (0o600, "shop")


def test_a_file_that_is_there_is_not_replaced_without_a_word(
    environ: dict[str, str], terminal: ModuleType, home: Path
) -> None:
    """Enter alone leaves it; a yes keeps the old one beside it, and what was not asked about in it."""
    home.mkdir(mode=0o700)
    path, before = home / "config.toml", "[limits]\nmax_usd = 2.0\n"
    path.write_text(before)
    left = terminal.at_terminal(["init"], [*_TYPED, ("exists. Replace it", ENTER)], environ)
    assert (left.code, path.read_text(), "nothing was written" in left.screen) == (1, before, True)
    done = terminal.at_terminal(["init"], [*_TYPED, ("exists. Replace it", "y" + ENTER)], environ)
    assert "triage only: no model key is configured (ANTHROPIC_API_KEY)" in done.out
    assert (done.code, (home / "config.toml.old").read_text()) == (0, before)
    settings = load({}, environ)
    assert (settings.max_usd, settings.context, settings.environments) == (2.0, "prod-eu", {LAB: "development"})


def test_print_prints_the_file_alone(environ: dict[str, str], terminal: ModuleType, home: Path) -> None:
    """Questions go to the screen, the file to standard output, nothing to the disk."""
    said = terminal.at_terminal(["init", "--print"], list(_TYPED), environ)
    assert (said.code, tomllib.loads(said.out)["kubernetes"], home.exists()) == (0, _ANSWERED["kubernetes"], False)


def test_without_a_terminal_it_says_what_to_do_instead(cli: Cli, home: Path) -> None:
    """Nobody can be asked: nothing is written, and the hint is a command that can be run."""
    for words in (("init",), ("init", "--no-input")):
        done = cli(*words)
        hint = f"mkdir -p {home} && agentops init --print --no-input > {home / 'config.toml'}"
        assert (done.code, done.out, hint in done.err.replace("\n  ", "\n"), home.exists()) == (2, "", True, False)
    home.mkdir()
    (home / "config.toml").write_text("")
    assert f"Edit {home / 'config.toml'}" in cli("init").err


def test_print_without_questions_names_every_setting(cli: Cli, home: Path) -> None:
    """A file to edit: what is set, and the rest as comments with their defaults; taken in, all of it is valid."""
    home.mkdir(mode=0o700)
    (home / "config.toml").write_text('[kubernetes]\ncontext = "prod"\n')
    text = cli("init", "--print").out
    assert (tomllib.loads(text)["kubernetes"], "# max_usd = 5.0" in text) == ({"context": "prod"}, True)
    bare = "\n".join(
        line.removeprefix("# ") if " = " in line and "key" not in line else line for line in text.splitlines()
    )
    sections = tomllib.loads(bare.replace("read_only = true: no", "# read_only: no"))
    assert sum(map(len, sections.values())) == len(load({}, {"AGENTOPS_HOME": str(home)}).provenance)
    assert cli("init", "--print", "-o", "json").document["text"] == text


def test_an_impossible_answer_is_refused_before_anything_is_written(home: Path) -> None:
    """The text is read as the file would be."""
    with pytest.raises(ConfigError, match="is not one of"):
        config_text({"provider": "openai"}, home / "config.toml")
