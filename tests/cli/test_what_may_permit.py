"""What a variable, a flag, a checkout or a name can lead to never permits more; and how a person says what is what."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load
from tests.support.account import user_database
from tests.support.clusters import declared

Cli = Callable[..., Any]
ALERT = "k8s:shop/Deployment/checkout"
PERMIT = '@id("all") @approval("none") permit (principal, action, resource);\n'
ALWAYS = 'freeze = ["2020-01-01T00:00:00Z/2099-01-01T00:00:00Z"]'
LOOSE = "[policy]\nmax_pods = 5000\nmax_percent = 100\nprotected_namespaces = []\nproduction_contexts = []\n"


@pytest.fixture(scope="module")
def served(slow: None) -> Iterator[Sandbox]:
    """The scenario of the bad image tag, which nobody says anything of; no test of this module changes it."""
    with Sandbox(load("bad-image-tag"), ticking=False) as sandbox:
        yield sandbox


@pytest.fixture
def own(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own config folder; the working folder is an empty one."""
    home.mkdir(mode=0o700)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    for name in ("AGENTOPS_ORG_POLICY", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    return home


@pytest.fixture
def at(served: Sandbox) -> tuple[str, ...]:
    """The options that lead to the cluster."""
    return ("--kubeconfig", str(served.kubeconfig), "--context", served.context)


def _lead(way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Set a variable that leads to another config folder, and return that folder."""
    if way == "AGENTOPS_HOME":
        folder = tmp_path / "elsewhere"
        monkeypatch.setenv(way, str(folder))
    else:
        folder = tmp_path / "elsewhere" / ("agentops" if way == "XDG_CONFIG_HOME" else ".config/agentops")
        monkeypatch.delenv("AGENTOPS_HOME")
        monkeypatch.setenv(way, str(tmp_path / "elsewhere"))
        monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    folder.mkdir(parents=True, mode=0o700)
    return folder


WAYS = ("AGENTOPS_HOME", "XDG_CONFIG_HOME", "HOME")


def _settings(cli: Cli) -> dict[str, Any]:
    return {one["key"]: one["value"] for one in cli("config", "show", "-o", "json").document["settings"]}


def _planned(cli: Cli, at: tuple[str, ...]) -> Any:
    return cli("fix", ALERT, "--no-model", "--dry-run", "-o", "json", *at)


def _judged(done: Any) -> set[str]:
    """Return the environments that policy was told in a run."""
    assert done.code == 0, done.out
    return set(re.findall(r'"environment": "(\w+)"', done.out))


def test_a_named_organisation_policy_that_permits_is_refused(
    cli: Cli, own: Path, at: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody's approval is no approval, whatever file a variable names; the error says which line, and where to put
    it."""
    path = tmp_path / "org.cedar"
    path.write_text(PERMIT)
    monkeypatch.setenv("AGENTOPS_ORG_POLICY", str(path))
    told = cli("policy", "validate", "-o", "json").document["errors"][0]
    done = cli("fix", ALERT, "--no-model", "--yes", "--no-input", "-o", "json", *at)
    assert (done.code, f"{path}:1:" in told["message"], "may only forbid" in told["message"]) == (4, True, True)
    assert "/etc/agentops/policy.cedar" in told["hint"]
    path.write_text(PERMIT.replace("permit", "forbid").replace('@approval("none") ', ""))
    assert cli("policy", "validate").code == 0
    assert _planned(cli, at).code == 4


@pytest.mark.parametrize("way", WAYS)
def test_a_policy_where_a_variable_leads_may_only_forbid(
    way: str, cli: Cli, own: Path, at: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A permit there is an error and no approval; a forbid there holds beside what the user's own policy says."""
    led = _lead(way, tmp_path, monkeypatch)
    (led / "policy.cedar").write_text(PERMIT)
    refused = cli("fix", ALERT, "--no-model", "--yes", "--no-input", "-o", "json", *at)
    assert (refused.code, "may only forbid" in refused.document["errors"][0]["message"]) == (4, True)
    (led / "policy.cedar").write_text("")
    (own / "policy.cedar").write_text('@id("no") forbid (principal, action in Ops::Action::"mutate", resource);')
    assert (_planned(cli, at).code, cli("policy", "init").code) == (4, 2)


@pytest.mark.parametrize("way", WAYS)
def test_settings_where_a_variable_leads_can_only_be_stricter(
    way: str,
    cli: Cli,
    own: Path,
    served: Sandbox,
    at: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What would permit more is not followed, and said; what permits less is; the budget of a model is anybody's."""
    before = _settings(cli)
    led = _lead(way, tmp_path, monkeypatch)
    text = "[limits]\nmax_usd = 9\n" + LOOSE + declared(served.kubeconfig, served.context)
    (led / "config.toml").write_text(text)
    after = _settings(cli)
    assert {key for key in before if before[key] != after[key]} == {"limits.max_usd"}
    notes = cli("config", "show", "-o", "json").document["not_followed"]
    assert [note.split(" is not followed")[0].rpartition(" ")[2] for note in notes] == [
        "policy.max_pods",
        "policy.max_percent",
        "environments",
    ]
    assert cli("config", "environment", *at, "-o", "json").document["environment"]["environment"] == "production"
    assert cli("config", "environment", "development", *at).code == 2
    (led / "config.toml").write_text(f'[policy]\nmax_pods = 2\n{ALWAYS}\nprotected_namespaces = ["pay"]\n')
    stricter = _settings(cli)
    assert (stricter["policy.max_pods"], "pay" in stricter["policy.protected_namespaces"]) == (2, True)
    assert "kube-system" in stricter["policy.protected_namespaces"]
    assert _planned(cli, at).code == 4


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("text", [f"[policy]\n{ALWAYS}\n", "[safety]\nread_only = true\n"], ids=["freeze", "read only"])
def test_ones_own_freeze_counts_wherever_a_variable_leads(
    way: str, text: str, cli: Cli, own: Path, at: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty folder does not take it away."""
    (own / "config.toml").write_text(text)
    _lead(way, tmp_path, monkeypatch)
    assert _planned(cli, at).code == 4


@pytest.mark.parametrize("way", WAYS)
def test_approvers_where_a_variable_leads_do_not_count(
    way: str, cli: Cli, own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose approvals count is said in the user's own folder, and added there alone."""
    led = _lead(way, tmp_path, monkeypatch)
    line = cli("approvers", "me", "-o", "json").document["approver"]["key"]
    (led / "approvers.toml").write_text(f'[approvers]\n"{line.split("+")[0]}" = "{line}"\n')
    listed = cli("approvers", "list", "-o", "json").document
    added = cli("approvers", "add", line, "-o", "json")
    assert (listed["approvers"], added.code, way in added.document["errors"][0]["message"]) == ([], 2, True)


def _renamed(served: Sandbox, tmp_path: Path, **cluster: str) -> tuple[str, ...]:
    """Return the options of a kubeconfig that calls the cluster of the sandbox ``kind-x``, with parts changed."""
    found = json.loads(served.kubeconfig.read_text())
    entry = next(one for one in found["contexts"] if one["name"] == served.context)
    found["contexts"].append({**entry, "name": "kind-x"})
    for one in found["clusters"]:
        one["cluster"] = {name: value for name, value in {**one["cluster"], **cluster}.items() if value}
    path = tmp_path / "renamed"
    path.write_text(json.dumps(found))
    return ("--kubeconfig", str(path), "--context", "kind-x")


def test_a_name_makes_nothing_of_a_cluster(cli: Cli, own: Path, served: Sandbox, tmp_path: Path) -> None:
    """What a kubeconfig calls ``kind-x`` is production still, and what was said of a cluster holds under any name."""
    at = _renamed(served, tmp_path)
    assert _judged(_planned(cli, at)) == {"production"}
    (own / "config.toml").write_text(declared(served.kubeconfig, served.context))
    assert _judged(_planned(cli, at)) == {"development"}


@pytest.fixture(scope="module")
def other(slow: None) -> Iterator[Sandbox]:
    """Another cluster."""
    with Sandbox(load("stale-alert"), ticking=False) as sandbox:
        yield sandbox


def _cluster(served: Sandbox) -> dict[str, str]:
    found = json.loads(served.kubeconfig.read_text())["clusters"][0]["cluster"]
    assert isinstance(found, dict)
    return found


FORGED: dict[str, Callable[[Sandbox], dict[str, str]]] = {
    "another server": lambda other: {"server": _cluster(other)["server"]},
    "other authorities": lambda other: {"certificate-authority-data": _cluster(other)["certificate-authority-data"]},
    "no authorities": lambda other: {"certificate-authority-data": ""},
    "another name in the certificate": lambda other: {"tls-server-name": "localhost"},
    "a path": lambda other: {"server": _cluster(other)["server"] + "/k8s/clusters/c-1"},
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_what_is_said_of_a_cluster_holds_for_that_server_and_its_authorities_alone(
    forge: Callable[[Sandbox], dict[str, str]], cli: Cli, own: Path, served: Sandbox, other: Sandbox, tmp_path: Path
) -> None:
    """A kubeconfig that leads elsewhere under the same name leads to production."""
    (own / "config.toml").write_text(declared(served.kubeconfig, served.context))
    at = _renamed(served, tmp_path)
    assert cli("config", "environment", *at, "-o", "json").document["environment"]["environment"] == "development"
    at = _renamed(served, tmp_path, **forge(other))
    assert cli("config", "environment", *at, "-o", "json").document["environment"]["environment"] == "production"


def test_nothing_proves_a_server_that_is_not_checked(cli: Cli, own: Path, served: Sandbox, tmp_path: Path) -> None:
    """Said and refused: what proves nothing cannot be named."""
    at = _renamed(served, tmp_path, **{"insecure-skip-tls-verify": "true", "certificate-authority-data": ""})
    found = json.loads((tmp_path / "renamed").read_text())
    found["clusters"][0]["cluster"]["insecure-skip-tls-verify"] = True
    (tmp_path / "renamed").write_text(json.dumps(found))
    shown = cli("config", "environment", *at, "-o", "json").document["environment"]
    said = cli("config", "environment", "development", *at, "-o", "json")
    assert (shown["environment"], shown["identity"], said.code) == ("production", "", 2)


def test_a_person_says_it_once_and_can_take_it_back(cli: Cli, own: Path, at: tuple[str, ...]) -> None:
    """In a file of one's own that is kept as it is otherwise; on record; doctor says how it was judged and why."""
    (own / "config.toml").write_text("# mine\n[limits]\nmax_usd = 2\n")
    before = cli("doctor", *at, "-o", "json").document["checks"]
    words = next(one for one in before if one["name"] == "environment")
    assert ("counts as production: nobody has said otherwise" in words["text"], "sha256:" in words["text"]) == (
        True,
        True,
    )
    assert "agentops config environment development --context sandbox" in words["hint"]
    done = cli("config", "environment", "development", *at, "-o", "json").document
    assert (done["environment"]["environment"], done["status"]) == ("development", "written")
    again = cli("config", "environment", "staging", *at, "-o", "json").document["environment"]
    assert (again["environment"], again["why"]) == ("staging", f"[environments] says it of {again['identity']}")
    assert (own / "config.toml").read_text().startswith("# mine\n[limits]\nmax_usd = 2\n")
    assert (own / "config.toml").read_text().count("sha256:") == 1
    back = cli("config", "environment", "production", *at, "-o", "json").document
    assert back["environment"]["environment"] == "production"
    events = [one["event"] for one in cli("audit", "log", "-o", "json").document["records"]]
    assert events.count("environment_set") == 3


def test_the_settings_that_named_contexts_are_not_followed_and_said(cli: Cli, own: Path, at: tuple[str, ...]) -> None:
    """An earlier file is no error; a name that it calls development is production, and the page says what to type."""
    (own / "config.toml").write_text('[policy]\ndevelopment_contexts = ["*"]\nstaging_contexts = ["*"]\n')
    shown = cli("config", "show", "-o", "json").document["not_followed"]
    assert [("development_contexts" in one, "agentops config environment" in one) for one in shown] == [
        (False, True),
        (True, True),
    ]
    assert cli("config", "environment", *at, "-o", "json").document["environment"]["environment"] == "production"
    told = [one for one in cli("doctor", *at, "-o", "json").document["checks"] if one["name"] == "settings"]
    assert [one["state"] for one in told] == ["warn", "warn"]


def test_the_sandbox_is_ours_and_asks_nothing(cli: Cli, own: Path) -> None:
    """The first run needs no settings: the embedded cluster is proved by the authority that was made for it."""
    done = cli("fix", "--sandbox=bad-image-tag", "--no-model", "--dry-run", "-o", "json")
    assert _judged(done) == {"sandbox"}


def test_a_user_without_a_home_has_no_folder_that_decides(
    cli: Cli, own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a container that runs as any uid, ``AGENTOPS_HOME`` is not taken for one's own."""

    def unknown(_uid: int) -> Any:
        raise KeyError

    (own / "config.toml").write_text("[policy]\nmax_pods = 5000\n")
    assert _settings(cli)["policy.max_pods"] == 5000
    monkeypatch.setattr("pwd.getpwuid", unknown)
    assert _settings(cli)["policy.max_pods"] == 20
    monkeypatch.setattr("pwd.getpwuid", user_database(own))
    assert _settings(cli)["policy.max_pods"] == 5000
