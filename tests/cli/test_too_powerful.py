"""An identity that may do everything: said loudly, and no change is made with it where production is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agentops.providers.kubernetes.access.manifests import AccessRequest, access_of
from agentops.providers.kubernetes.api.kubeconfig import identity_of
from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.data import data
from agentops.sandbox.scenario import load
from tests.cli.test_fix_endings import ALERT, signed
from tests.providers.kubernetes.access.conftest import add_context, apply_all
from tests.support.clusters import declared

Cli = Callable[..., Any]
_SAID = "the identity of 'sandbox' may do everything there; changes are not made with it"


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A broken rollout in a cluster that does not say that it is simulated."""
    monkeypatch.setitem(data("served.yaml")["version"], "gitVersion", "v1.32.0")
    with Sandbox(load("bad-image-tag")) as sandbox:
        yield sandbox


def proof(cluster: Sandbox) -> str:
    """Return what proves the cluster, as settings name it."""
    return identity_of(cluster.kubeconfig, cluster.context).key


def at(cluster: Sandbox, context: str = "sandbox") -> tuple[str, ...]:
    """Return the options that lead there as somebody."""
    return ("--kubeconfig", str(cluster.kubeconfig), "--context", context)


def settle(home: Path, text: str) -> None:
    """Write the config file."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "config.toml").write_text(text, encoding="utf-8")


def plan(cli: Cli, cluster: Sandbox, context: str = "sandbox") -> Any:
    """Make the plan that would cure the rollout."""
    return cli("fix", ALERT, "--no-model", "--dry-run", "-o", "json", *at(cluster, context))


def test_no_change_is_made_as_cluster_admin_where_production_is(cli: Cli, cluster: Sandbox) -> None:
    """Refused before a single dry run is sent; the hint says what to type for this context."""
    tried: list[str] = []
    cluster.server.api.rbac.heard = lambda _user, attempt, _allowed: tried.append(attempt.verb)
    done = plan(cli, cluster)
    assert (done.code, _SAID in done.out) == (4, True)
    assert json.dumps(proof(cluster)) in done.document["errors"][0]["hint"]
    assert set(tried) <= {"get", "list", "create"}
    assert "patch" not in tried


@pytest.mark.parametrize("is_allowed", [True, False])
def test_it_is_allowed_by_proof_or_where_nobodys_production_is(
    cli: Cli, cluster: Sandbox, home: Path, is_allowed: bool
) -> None:
    """The config file allows it for a cluster, and a development cluster needs no allowance."""
    allowed = f"[safety]\nallow_cluster_admin = [{json.dumps(proof(cluster))}]\n"
    settle(home, allowed if is_allowed else declared(cluster.kubeconfig, cluster.context))
    assert plan(cli, cluster).code == 0


@pytest.mark.parametrize("name", ["sandbox", "*", "https://127.0.0.1"])
def test_no_name_allows_it(cli: Cli, cluster: Sandbox, home: Path, name: str) -> None:
    """What a context is called proves nothing: whoever writes a kubeconfig chooses it."""
    settle(home, f"[safety]\nallow_cluster_admin = [{json.dumps(name)}]\n")
    assert plan(cli, cluster).code == 4


def test_no_variable_allows_it(cli: Cli, cluster: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job's environment is not the config file."""
    monkeypatch.setenv("AGENTOPS_ALLOW_CLUSTER_ADMIN", '["sandbox"]')
    assert plan(cli, cluster).code == 4


def test_an_operator_is_not_meant(cli: Cli, cluster: Sandbox) -> None:
    """Who may edit in some namespaces may change things there."""
    assert plan(cli, cluster, "operator").code == 0


def test_what_was_made_can_be_taken_back(cli: Cli, cluster: Sandbox, home: Path) -> None:
    """A rollback is never refused for that: what is broken must be mendable by whoever is there."""
    settle(home, declared(cluster.kubeconfig, cluster.context))
    saved = home / "plan.json"
    cli("fix", ALERT, "--no-model", "--dry-run", "--out", str(saved), *at(cluster))
    done = cli("fix", "--plan", str(saved), *signed(home, saved, "eve"), "-o", "json", *at(cluster))
    assert done.code == 0, done.out
    settle(home, "")
    back = cli("rollback", done.document["outcome"]["change"], "--dry-run", "-o", "json", *at(cluster))
    assert (_SAID in back.out, back.code) == (False, 0), back.out


def test_a_simulated_cluster_is_nobodys_production(cli: Cli) -> None:
    """The sandbox's own user may do everything, and a first run works."""
    assert cli("fix", "--sandbox=bad-image-tag", "--no-model", "--dry-run").code == 0
    with Sandbox(load("bad-image-tag")) as served:
        assert plan(cli, served).code == 0


def rows(cli: Cli, cluster: Sandbox, context: str) -> dict[str, tuple[str, str]]:
    """Return state and text of what doctor says of rights."""
    checks = cli("doctor", "-o", "json", *at(cluster, context)).document["checks"]
    return {one["name"]: (one["state"], one["text"]) for one in checks if one["name"].endswith("rights")}


def test_doctor_is_loud_about_cluster_admin(cli: Cli, cluster: Sandbox) -> None:
    """Everything is too much, and the row says what follows from it."""
    state, text = rows(cli, cluster, "sandbox")["rights"]
    assert (state, text.startswith("CLUSTER-ADMIN: this identity may do everything in this cluster")) == ("warn", True)


def test_doctor_names_what_is_too_much(cli: Cli, cluster: Sandbox) -> None:
    """Secrets, shells, other people's rights first; the rest is counted."""
    state, text = rows(cli, cluster, "operator")["rights"]
    grave = text.partition("it may ")[2].partition(";")[0]
    assert (state, text.startswith("more than agentops needs: it may ")) == ("warn", True)
    assert any(word in grave for word in ("secrets", "exec", "impersonate"))
    assert "rights to what is less grave" in text


@pytest.mark.parametrize(("may_change", "mode"), [(False, "read"), (True, "fix")])
def test_doctor_is_content_with_what_was_applied(
    cli: Cli, cluster: Sandbox, home: Path, may_change: bool, mode: str
) -> None:
    """An identity with exactly the printed rights has nothing too much."""
    request = AccessRequest(may_change=may_change)
    apply_all(cluster, access_of(request).manifests)
    add_context(cluster, request.account)
    settle(home, "" if may_change else "[safety]\nread_only = true\n")
    assert rows(cli, cluster, "account")["rights"] == ("ok", f"no more than agentops needs to {mode} in shop")


def test_doctor_looks_at_both_identities(cli: Cli, cluster: Sandbox, home: Path) -> None:
    """Where changes have an identity of their own, reading needs no right to change."""
    request = AccessRequest(may_change=True)
    apply_all(cluster, access_of(request).manifests)
    add_context(cluster, request.account)
    settle(home, '[kubernetes]\nchange_context = "account"\n')
    found = rows(cli, cluster, "account")
    assert found["change rights"] == ("ok", "no more than agentops needs to fix in shop")
    assert (found["rights"][0], "more than agentops needs" in found["rights"][1]) == ("warn", True)


def test_doctor_says_what_the_server_could_not(cli: Cli, cluster: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A simulated cluster's own admin is no warning, and its row says why."""
    monkeypatch.setitem(data("served.yaml")["version"], "gitVersion", "v1.32.0+agentops-sandbox")
    assert rows(cli, cluster, "sandbox")["rights"] == ("ok", "everything, in a simulated cluster")
    assert json.loads(cluster.kubeconfig.read_text())["current-context"] == "sandbox"
