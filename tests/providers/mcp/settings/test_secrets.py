"""References to secrets: what they stand for, and what is said where they stand for nothing."""

from __future__ import annotations

import sys
import time
from types import ModuleType

import pytest

from agentops.core.errors import ConfigError
from agentops.providers.mcp.settings.references import literal_secret, wrong_reference
from agentops.providers.mcp.settings.secrets import read_keyring, resolver

ENTRIES = {"git": "from-keyring"}


def test_a_variable_and_an_entry_are_resolved() -> None:
    """One is had from the environment, the other from the keyring."""
    resolve = resolver({"TOKEN": "from-env\n"}, ENTRIES.get)
    assert [resolve("${env:TOKEN}"), resolve("${keyring:git}")] == ["from-env", "from-keyring"]


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("${env:NONE}", "export NONE=..."),
        ("${env:EMPTY}", "export EMPTY=..."),
        ("${keyring:none}", "keyring set agentops none"),
    ],
)
def test_what_stands_for_nothing_is_said_with_what_to_do(written: str, hint: str) -> None:
    """An empty secret is none."""
    with pytest.raises(ConfigError) as caught:
        resolver({"EMPTY": ""}, ENTRIES.get)(written)
    assert (written in caught.value.message, hint in caught.value.hint) == (True, True)


@pytest.mark.parametrize("written", ["x", "${env:A}x", "${input:A}", "${env:A}${env:B}", ""])
def test_what_is_no_reference_stands_for_nothing(written: str) -> None:
    """Nothing but one whole reference is looked up."""
    with pytest.raises(ConfigError):
        resolver({"A": "a", "B": "b"}, ENTRIES.get)(written)


def test_a_secret_of_two_lines_is_refused_without_being_shown() -> None:
    """A line break would begin another header."""
    with pytest.raises(ConfigError) as caught:
        resolver({"A": "hunter2\nX-Admin: 1"})("${env:A}")
    assert "hunter2" not in str(caught.value)


def _keyring(monkeypatch: pytest.MonkeyPatch, get: object) -> None:
    module = ModuleType("keyring")
    module.get_password = get  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", module)


def test_the_entry_of_the_keyring_is_read_under_our_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """The service is agentops."""
    _keyring(monkeypatch, lambda service, name: f"{service}/{name}")
    assert read_keyring("git") == "agentops/git"


def test_without_the_package_it_is_said_how_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """An optional package; a variable does as well."""
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ConfigError) as caught:
        read_keyring("git")
    assert ("pip install keyring" in caught.value.hint, "${env:NAME}" in caught.value.hint) == (True, True)


def test_without_a_backend_it_is_said_how_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a server without a desktop session; what the backend says is not repeated."""

    def fails(_service: str, _name: str) -> str:
        raise RuntimeError("No recommended backend was available: hunter2")

    _keyring(monkeypatch, fails)
    with pytest.raises(ConfigError) as caught:
        read_keyring("git")
    assert ("${env:NAME}" in caught.value.hint, "hunter2" in str(caught.value)) == (True, False)


def test_a_keyring_that_hangs_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may wait for a password that nobody types."""
    _keyring(monkeypatch, lambda _service, _name: time.sleep(5))
    with pytest.raises(ConfigError) as caught:
        read_keyring("git", within_s=0.05)
    assert caught.value.code == "no-keyring"


@pytest.mark.parametrize(
    ("name", "value", "is_secret"),
    [
        ("GITHUB_TOKEN", "abcd1234", True),
        ("GITHUB_TOKEN", "${env:GITHUB_TOKEN}", False),
        ("Authorization", "Bearer ${env:T}", False),
        ("Authorization", "Bearer abcdefgh", True),
        ("DB_PASSWORD", "${env:A}hunter2", True),
        ("LOG_LEVEL", "debug", False),
        ("", "postgres://u:pw1@h/d", True),
        ("", "postgres://u:${env:PW}@h/d", False),
        ("", "ghp_abcdefghijklmnopqrstuvwxyz0123", True),
        ("API_KEY_FILE", "/run/secrets/key", False),
    ],
)
def test_a_literal_secret_is_told_from_a_reference(name: str, value: str, is_secret: bool) -> None:
    """By the name that it stands under, or by its own form; what is left beside a reference counts."""
    assert literal_secret(name, value) is is_secret


@pytest.mark.parametrize("value", ["${input:a}", "$${env:A", "${ENV:A}", "${env:}", "${env:a b}", "${A:-b}"])
def test_a_reference_of_another_kind_is_told(value: str) -> None:
    """It would reach the server as it stands."""
    assert wrong_reference(value)
