"""Settings: where each value comes from, and what is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agentops.config import Settings, folders, load
from agentops.core.errors import ConfigError
from tests.support.account import user_database


def _with_file(home: Path, text: str) -> dict[str, str]:
    (home / "config.toml").write_text(text, encoding="utf-8")
    return {"AGENTOPS_HOME": str(home)}


def test_a_flag_beats_the_environment_beats_the_file_beats_the_default(tmp_path: Path) -> None:
    """The strongest source of a value wins, and the settings say which it was."""
    environ = _with_file(tmp_path, '[model]\nid = "from-file"\neffort = "low"\n[kubernetes]\ncontext = "from-file"\n')
    environ |= {"AGENTOPS_CONTEXT": "from-env", "AGENTOPS_EFFORT": "high", "AGENTOPS_NAMESPACE": "env-ns"}
    settings = load({"context": "from-flag", "namespace": None}, environ)
    assert (settings.context, settings.effort, settings.model, settings.namespace) == (
        "from-flag",
        "high",
        "from-file",
        "env-ns",
    )
    shown = {name: settings.provenance[name] for name in ("context", "effort", "model", "max_steps")}
    assert shown == {
        "context": "flag",
        "effort": "env AGENTOPS_EFFORT",
        "model": f"file {tmp_path / 'config.toml'}:2",
        "max_steps": "default",
    }


def test_without_anything_the_defaults_hold(tmp_path: Path) -> None:
    """An empty home is a working configuration."""
    settings = load({}, {"AGENTOPS_HOME": str(tmp_path)})
    assert settings == Settings(folders=folders({"AGENTOPS_HOME": str(tmp_path)}), provenance=settings.provenance)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[model", "config.toml:1:7: not valid TOML"),
        ("[modell]\nid = 'x'", "unknown section [modell]"),
        ("[model]\ntemperature = 1", "unknown key model.temperature"),
        ("[model]\nprovider = 'openai'", "is not one of anthropic, bedrock, vertex"),
        ("[limits]\nmax_usd = 'lots'", "is not a number"),
        ("[limits]\nmax_usd = nan", "nan is no number that can be used"),
        ("[audit]\naudit_retention_days = -1", "must be from 0 to 36500"),
        ("[audit]\naudit_forward_secure = 'perhaps'", "is not true or false"),
        ("[limits]\nmax_steps = 0", "must be more than zero"),
        ("[limits]\nmax_steps = true", "is not a number"),
        ("[model]\nid = 3", "is not text"),
        ("[model]\nthinking = 'perhaps'", "is not true or false"),
        ("model = 'x'", "unknown section [model]"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(tmp_path: Path, text: str, named: str) -> None:
    """A mistake in the file is one line that names the key, never a silent default."""
    with pytest.raises(ConfigError) as caught:
        load({}, _with_file(tmp_path, text))
    assert named in caught.value.message


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("true", True), ("0", False), ("perhaps", True)])
def test_a_wish_to_only_read_is_taken_when_in_doubt(tmp_path: Path, value: str, expected: bool) -> None:
    """An unreadable AGENTOPS_READ_ONLY counts as yes."""
    assert load({}, {"AGENTOPS_HOME": str(tmp_path), "AGENTOPS_READ_ONLY": value}).read_only is expected


def test_no_source_lifts_read_only(tmp_path: Path) -> None:
    """Whoever asks for read-only gets it, whatever a stronger source says."""
    environ = _with_file(tmp_path, "[safety]\nread_only = true\n") | {"AGENTOPS_READ_ONLY": "0"}
    assert load({"read_only": False}, environ).read_only is True


def test_a_file_in_the_working_directory_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkout cannot bring settings along."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "config.toml").write_text("[kubernetes]\ncontext = 'evil'\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path / "work")
    assert load({}, {"AGENTOPS_HOME": str(tmp_path / "home")}).context is None


def test_without_a_home_the_platform_decides() -> None:
    """Config, data and cache have folders of their own."""
    places = folders({})
    assert places.config_file.name == "config.toml"
    assert {places.incidents.name, places.audit.name} == {"incidents", "audit"}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('# [model]\n[model]\n\n  id = "x"', ":4"),
        ('model.id = "x"', ":1"),
        ('["model"]\n"id" = "x"', ":2"),
        ('[limits]\nmax_steps = 3\n[ model ]\nid = "x"', ":4"),
        ('model = {id = "x"}', ""),
    ],
)
def test_the_line_of_a_setting_is_known(tmp_path: Path, text: str, line: str) -> None:
    """Whoever asks where a value comes from is shown the line; where the form hides it, the file alone."""
    settings = load({}, _with_file(tmp_path, text))
    assert (settings.model, settings.provenance["model"]) == ("x", f"file {tmp_path / 'config.toml'}{line}")


_MONITORED = "[monitoring]\nprometheus_url = 'https://prom.example'\nprometheus_auth = 'bearer env:TOKEN'\n"


def test_an_address_and_its_credential_come_from_one_source(tmp_path: Path) -> None:
    """A variable does not lead the credential that the file names to another server; both variables, or both lines."""
    environ = _with_file(tmp_path, _MONITORED)
    assert load({}, environ).prometheus_url == "https://prom.example"
    with pytest.raises(ConfigError, match="is not sent to prometheus_url of another source"):
        load({}, environ | {"AGENTOPS_PROMETHEUS_URL": "https://elsewhere.example"})
    alone = {"AGENTOPS_HOME": str(tmp_path / "other"), "AGENTOPS_PROMETHEUS_URL": "https://elsewhere.example"}
    settings = load({}, alone | {"AGENTOPS_PROMETHEUS_AUTH": "basic file:~/login"})
    assert (settings.prometheus_auth, settings.provenance["prometheus_url"]) == (
        "basic file:~/login",
        "env AGENTOPS_PROMETHEUS_URL",
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("prometheus_url = 'prom.example'", "is not an address such as"),
        ("prometheus_url = 'ftp://prom.example'", "is not an address such as"),
        ("prometheus_url = 'http://prom.example:99999'", "is no address"),
        ("alertmanager_url = 'http://am.example/?x=1'", "has a query or a fragment"),
        ("alertmanager_url = 'http://ops:hunter2@am.example'", "holds a user or a password"),
        ("prometheus_auth = 'hunter2'", "does not say where a credential is"),
        ("prometheus_auth = 'bearer file:token'", "does not say where a credential is"),
    ],
)
def test_an_address_is_checked_and_a_secret_never_repeated(tmp_path: Path, line: str, said: str) -> None:
    """What cannot be asked is refused; what may be a password is not shown."""
    with pytest.raises(ConfigError) as caught:
        load({}, _with_file(tmp_path, f"[monitoring]\n{line}\n"))
    assert (said in caught.value.message, "hunter2" in caught.value.message + caught.value.hint) == (True, False)


def _organisation(tmp_path: Path, text: str) -> Path:
    system = tmp_path / "etc"
    system.mkdir(mode=0o755)
    (system / "config.toml").write_text(text)
    return system


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own config folder, and no other."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    monkeypatch.setattr("pwd.getpwuid", user_database(home))
    return home


LAB, STAGE = "https://10.0.0.1:443 public", "https://10.0.0.2:443 public"


@pytest.mark.skipif(os.geteuid() != 0, reason="what stands in /etc/agentops must be root's")
def test_the_organisations_settings_win(own: Path, tmp_path: Path) -> None:
    """Over the user's file and the environment, which may only be stricter; what they say besides is said to be
    lost."""
    text = f"""
[model]
provider = "bedrock"
[policy]
max_pods = 10
max_percent = 30
freeze = ["fri 16:00-mon 08:00 UTC"]
protected_namespaces = ["pay"]
[environments]
"{LAB}" = "development"
"{STAGE}" = "staging"
"""
    system = _organisation(tmp_path, text)
    (own / "config.toml").write_text(
        f"""
[model]
provider = "vertex"
[policy]
max_pods = 50
max_percent = 20
freeze = []
protected_namespaces = ["shop"]
[environments]
"{LAB}" = "production"
"{STAGE}" = "development"
"https://10.0.0.3:443 public" = "development"
"""
    )
    found = load({}, {"AGENTOPS_HOME": str(own)}, system=system)
    assert (found.provider, found.max_pods, found.max_percent) == ("bedrock", 10, 20)
    assert (found.freeze, found.protected_namespaces) == (("fri 16:00-mon 08:00 UTC",), ("pay", "shop"))
    assert found.environments == {LAB: "production", STAGE: "staging"}
    lost = [note.partition(": ")[2].partition(" is not")[0] for note in found.notes]
    assert lost == ["model.provider", "policy.max_pods", "environments"]


@pytest.mark.skipif(os.geteuid() != 0, reason="what stands in /etc/agentops must be root's")
def test_a_flag_against_the_organisation_is_an_error(own: Path, tmp_path: Path) -> None:
    """Somebody typed it: it is not passed over without a word."""
    system = _organisation(tmp_path, "[limits]\nmax_usd = 1\n")
    environ = {"AGENTOPS_HOME": str(own), "AGENTOPS_MAX_USD": "9"}
    assert load({}, environ, system=system).max_usd == 1
    with pytest.raises(ConfigError, match=r"--max-usd says otherwise than .*/etc/config.toml:2, which is your organis"):
        load({"max_usd": 9.0}, environ, system=system)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file away")
def test_the_organisations_file_must_be_roots(own: Path, tmp_path: Path) -> None:
    """Whoever may write it says what everybody may change."""
    system = _organisation(tmp_path, "[limits]\nmax_usd = 1\n")
    os.chown(system / "config.toml", 12345, 0)
    with pytest.raises(ConfigError, match="belongs to uid 12345, not to root"):
        load({}, {"AGENTOPS_HOME": str(own)}, system=system)


def test_who_draws_the_boundary_says_what_is_beside_it(own: Path, tmp_path: Path) -> None:
    """A variable that leads elsewhere adds no kinds to the namespaces that the user's own file allows."""
    (own / "config.toml").write_text('[kubernetes]\nnamespaces = ["shop"]\n')
    led = tmp_path / "led"
    led.mkdir(mode=0o700)
    (led / "config.toml").write_text('[kubernetes]\nnamespaces = ["pay"]\ncluster_kinds = ["nodes"]\n')
    found = load({}, {"AGENTOPS_HOME": str(led)}, system=tmp_path)
    assert (found.namespaces, found.cluster_kinds, found.folders.led_by) == (("shop",), (), "AGENTOPS_HOME")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f'[environments]\n"{LAB}" = "dev"\n', "which is none of development, staging, production"),
        ("environments = 3\n", "unknown section"),
        (f'[environments]\n"{LAB}" = 3\n', "says '3' of"),
    ],
)
def test_an_environment_that_is_none_is_an_error(text: str, said: str, own: Path, tmp_path: Path) -> None:
    """A word that nobody knows is not passed over."""
    (own / "config.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load({}, {"AGENTOPS_HOME": str(own)}, system=tmp_path)
    assert said in caught.value.message
