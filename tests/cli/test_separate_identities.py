"""Reads and changes as identities of their own, and an approved plan with a token of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agentops.providers.kubernetes.access.manifests import AccessRequest, access_of
from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.data import data
from agentops.sandbox.scenario import load
from tests.cli.test_fix_endings import ALERT, signed
from tests.providers.kubernetes.access.conftest import apply_all, send
from tests.support.clusters import declared

Cli = Callable[..., Any]
_APPROVED = "/api/v1/namespaces/agentops/configmaps/agentops-approved-plans"
_READER, _FIXER = "system:serviceaccount:agentops:agentops-read", "system:serviceaccount:agentops:agentops-fix"
_ANA = "system:serviceaccount:agentops:ana"


@pytest.fixture
def cluster() -> Iterator[Sandbox]:
    """A broken rollout in a cluster whose administrator applied both accounts, and lets ana approve and read."""
    with Sandbox(load("bad-image-tag")) as sandbox:
        for request in (AccessRequest(), AccessRequest(may_change=True)):
            apply_all(sandbox, access_of(request).manifests)
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "ana", "namespace": "agentops"}}
        apply_all(sandbox, [account, _binding("RoleBinding", "Role", "agentops-approver")])
        apply_all(sandbox, [_binding("ClusterRoleBinding", "ClusterRole", "agentops-read", "ana-reads")])
        _contexts(sandbox, {"ana": "ana", "reader": "agentops-read", "fixer": "agentops-fix"})
        yield sandbox


def _binding(kind: str, role_kind: str, role: str, name: str = "ana") -> dict[str, Any]:
    place = {"namespace": "agentops"} if kind == "RoleBinding" else {}
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": kind,
        "metadata": {"name": name, **place},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": role_kind, "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": "ana", "namespace": "agentops"}],
    }


def _contexts(sandbox: Sandbox, accounts: dict[str, str]) -> None:
    config = json.loads(sandbox.kubeconfig.read_text())
    for name, account in accounts.items():
        path = f"/api/v1/namespaces/agentops/serviceaccounts/{account}/token"
        answer = send(sandbox, "POST", path, {"spec": {"expirationSeconds": 3600}})[1]
        config["users"].append({"name": name, "user": {"token": answer["status"]["token"]}})
        config["contexts"].append({"name": name, "context": {"cluster": "sandbox", "user": name, "namespace": "shop"}})
    sandbox.kubeconfig.write_text(json.dumps(config))


@pytest.fixture
def asked(cluster: Sandbox) -> list[tuple[str, str, str, bool]]:
    """Return who asks what of the cluster from now on: user, verb, resource, allowed."""
    found: list[tuple[str, str, str, bool]] = []

    def hear(user: Any, attempt: Any, allowed: bool) -> None:
        sub = f"/{attempt.subresource}" if attempt.subresource else ""
        found.append((user.name, attempt.verb, f"{attempt.resource}{sub}", allowed))

    cluster.server.api.rbac.heard = hear
    return found


def at(cluster: Sandbox, context: str) -> tuple[str, ...]:
    """Return the options that lead there as somebody."""
    return ("--kubeconfig", str(cluster.kubeconfig), "--context", context)


def settle(home: Path, text: str) -> None:
    """Write the Kubernetes part of the config file."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "config.toml").write_text(f"[kubernetes]\n{text}\n", encoding="utf-8")


def fixed(cli: Cli, cluster: Sandbox, home: Path, context: str) -> Any:
    """Plan, approve and run the fix of the broken rollout."""
    plan = home / "plan.json"
    made = cli("fix", ALERT, "--no-model", "--dry-run", "--out", str(plan), *at(cluster, context))
    said = (
        "While it runs, agentops also writes and holds its entry in ConfigMap agentops/agentops-approved-plans, and is"
    )
    assert said in " ".join(made.out.replace("│", " ").split()), made.out
    assert made.code == 0, made.out + made.err
    return cli("fix", "--plan", str(plan), *signed(home, plan, "eve"), "-o", "json", *at(cluster, context))


def image(cluster: Sandbox) -> str:
    """Return the tag that checkout runs."""
    found = cluster.simulation.store.list("Deployment", "shop", group="apps")
    (one,) = (item for item in found if item["metadata"]["name"] == "checkout")
    return str(one["spec"]["template"]["spec"]["containers"][0]["image"]).rpartition(":")[2]


def test_a_fix_by_three_identities(
    cli: Cli, cluster: Sandbox, home: Path, asked: list[tuple[str, str, str, bool]]
) -> None:
    """Ana reads and approves, one account previews, a token of ten minutes and more makes the change and no other."""
    settle(home, 'change_context = "fixer"\nchange_account = "agentops/agentops-fix"')
    done = fixed(cli, cluster, home, "ana")
    assert (done.code, image(cluster)) == (0, "v1.4.1"), done.out + done.err
    assert {user for user, *_ in asked} == {_ANA, _FIXER}
    of_ana = {(verb, resource) for user, verb, resource, allowed in asked if user == _ANA and allowed}
    assert {one for one in of_ana if one[0] not in ("get", "list")} == {
        ("create", "serviceaccounts/token"),
        ("patch", "configmaps"),
    }
    # What was approved is taken back with the end of the change, and the list is as it was.
    assert not send(cluster, "GET", _APPROVED)[1].get("data")


def test_the_log_says_whose_token_and_never_the_token(
    cli: Cli, cluster: Sandbox, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Account, id and end of the token are on record, and the writes it was for; the token is nowhere in the home."""
    settle(home, 'change_context = "fixer"\nchange_account = "agentops/agentops-fix"')
    given: list[str] = []
    issue = cluster.server.api.tokens.issue
    monkeypatch.setattr(cluster.server.api.tokens, "issue", lambda *asked: given.append(issue(*asked)) or given[-1])
    fixed(cli, cluster, home, "ana")
    records = cli("audit", "log", "-o", "json", "--event", "grant").document["records"]
    grant = next(one["payload"] for one in records if "token_id" in one["payload"])
    (entry,) = [one["value"] for one in grant["call"]["body"] if one["op"] == "add"]
    lines = next(iter(entry.values())).splitlines()
    assert grant["account"] == "ServiceAccount agentops/agentops-fix"
    assert lines == [f"by JTI={grant['token_id']}", "UPDATE deployments.apps shop/checkout"]
    assert len(given) == 1
    everything = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert given[0].encode() not in everything
    assert given[0].rpartition(".")[2].encode() not in everything


def test_another_token_of_the_account_changes_nothing_meanwhile(cli: Cli, cluster: Sandbox, home: Path) -> None:
    """Whoever stole the account's kubeconfig cannot make the approved writes, nor any other."""
    settle(home, 'change_context = "fixer"\nchange_account = "agentops/agentops-fix"')
    seen: list[int] = []

    def thief(user: Any, attempt: Any, _allowed: bool) -> None:
        if user.name == _ANA and (attempt.verb, attempt.resource) == ("get", "configmaps") and not seen:
            return
        if user.name == _FIXER and attempt.verb == "patch" and send(cluster, "GET", _APPROVED)[1].get("data"):
            cluster.server.api.rbac.heard = None
            path = "/apis/apps/v1/namespaces/shop/deployments/checkout"
            stolen = send(cluster, "PATCH", path, {"metadata": {"labels": {"stolen": "yes"}}}, context="fixer")
            seen.append(stolen[0])

    cluster.server.api.rbac.heard = thief
    done = fixed(cli, cluster, home, "ana")
    assert (done.code, seen) == (0, [403])


def test_without_the_right_to_ask_nothing_is_changed(cli: Cli, cluster: Sandbox, home: Path) -> None:
    """Who may not ask for the account's token gets a refusal that says what is missing, and the plan is not run."""
    settle(home, 'change_context = "fixer"\nchange_account = "agentops/agentops-fix"')
    done = fixed(cli, cluster, home, "reader")
    (error,) = done.document["errors"]
    assert (done.code, error["code"], image(cluster)) == (5, "no-grant", "v1.4.3")
    assert "ServiceAccount agentops/agentops-fix could not be used for this plan" in error["message"]


def test_an_account_that_may_not_do_it_is_found_out_before(cli: Cli, cluster: Sandbox, home: Path) -> None:
    """The account's own rights are asked about before anything is sent."""
    settle(home, 'change_account = "agentops/agentops-read"')
    done = fixed(cli, cluster, home, cluster.context)
    (error,) = done.document["errors"]
    said = "ServiceAccount agentops/agentops-read may not patch deployments.apps shop/checkout"
    assert (done.code, error["code"], said in error["message"], image(cluster)) == (5, "no-grant", True, "v1.4.3")


def test_an_account_without_limits_is_refused(
    cli: Cli, cluster: Sandbox, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An account that may do everything is no account for changes; nothing is sent with its token."""
    monkeypatch.setitem(data("served.yaml")["version"], "gitVersion", "v1.32.0")
    everything = _binding("ClusterRoleBinding", "ClusterRole", "cluster-admin", "too-much")
    everything["subjects"][0]["name"] = "agentops-fix"
    apply_all(cluster, [everything])
    settle(home, 'change_account = "agentops/agentops-fix"\nchange_context = "operator"')
    done = fixed(cli, cluster, home, "ana")
    (error,) = done.document["errors"]
    said = "ServiceAccount agentops/agentops-fix may do everything (cluster-admin)"
    assert (done.code, error["code"], said in error["message"]) == (5, "no-grant", True)


def test_without_a_list_of_approvals_the_token_is_enough(cli: Cli, cluster: Sandbox, home: Path) -> None:
    """Where RBAC alone was applied there is nothing to write an approval into."""
    for kind in ("validatingadmissionpolicybindings", "validatingadmissionpolicies"):
        send(cluster, "DELETE", f"/apis/admissionregistration.k8s.io/v1/{kind}/agentops-approved-plans")
    send(cluster, "DELETE", _APPROVED)
    settle(home, 'change_context = "fixer"\nchange_account = "agentops/agentops-fix"')
    assert (fixed(cli, cluster, home, "ana").code, image(cluster)) == (0, "v1.4.1")


def test_a_rollback_has_a_token_of_its_own(cli: Cli, cluster: Sandbox, home: Path) -> None:
    """Taking a change back is a plan like any other."""
    policy = "[policy]\nproduction_contexts = []\n" + declared(cluster.kubeconfig, "ana")
    settle(home, f'change_context = "fixer"\nchange_account = "agentops/agentops-fix"\n{policy}')
    done = fixed(cli, cluster, home, "ana")
    back = cli("rollback", done.document["outcome"]["change"], "--yes", "-o", "json", *at(cluster, "ana"))
    grants = [
        one["payload"]["token_id"]
        for one in cli("audit", "log", "-o", "json", "--event", "grant").document["records"]
        if "token_id" in one["payload"]
    ]
    assert (back.code, image(cluster), len(set(grants))) == (0, "v1.4.3", 2), back.out + back.err


@pytest.mark.parametrize("account", ["agentops-fix", "a/b/c", "Agentops/fix", "agentops/fix?x", ""])
def test_what_is_no_account_is_refused(cli: Cli, cluster: Sandbox, home: Path, account: str) -> None:
    """The setting is NAMESPACE/NAME; empty is off."""
    settle(home, f'change_account = "{account}"')
    done = cli("triage", "-n", "shop", *at(cluster, cluster.context))
    assert done.code == (0 if not account else 2)


def test_a_context_of_another_cluster_is_refused(cli: Cli, cluster: Sandbox, home: Path) -> None:
    """What is changed must be where it was read."""
    config = json.loads(cluster.kubeconfig.read_text())
    other = {**config["clusters"][0], "name": "other"}
    config["clusters"].append({**other, "cluster": {**other["cluster"], "server": "https://127.0.0.1:9"}})
    config["contexts"].append({"name": "elsewhere", "context": {"cluster": "other", "user": "admin"}})
    cluster.kubeconfig.write_text(json.dumps(config))
    settle(home, 'change_context = "elsewhere"')
    done = cli("triage", "-n", "shop", *at(cluster, cluster.context))
    assert (done.code, "leads to https://127.0.0.1:9" in done.err) == (2, True)


@pytest.mark.parametrize("name", ["CHANGE_CONTEXT", "CHANGE_ACCOUNT"])
def test_the_environment_names_no_identity(
    cli: Cli, cluster: Sandbox, home: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Only the config file says as whom things are changed."""
    monkeypatch.setenv(f"AGENTOPS_{name}", "nobody/at-all")
    settings = cli("config", "show", "-o", "json").document["settings"]
    (found,) = (one for one in settings if one["key"] == f"kubernetes.{name.lower()}")
    assert (found["value"], found["variable"]) == ("", "")
