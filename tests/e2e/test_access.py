"""Identities that may do little: the product says what they may not, before anybody is asked, and does not try."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e import kubeconfigs
from tests.e2e import manifests as m
from tests.e2e.change_cases import draft
from tests.e2e.client import MERGE, Client, Obj
from tests.e2e.product import CONTEXT, Product
from tests.e2e.stages import Stage

_BLUE = draft("edit_configmap", "/ConfigMap/settings", set={"color": "blue"})


def _identity(stage: Stage, folder: Path, *roles: Obj) -> Product:
    """Return the product as a service account that has these Roles, over HTTPS with its own token."""
    stage.make(m.account("limited"))
    for one in roles:
        name = one["metadata"]["name"]
        stage.make(one, m.binding(stage.namespace, "limited", name))
    path = stage.client.path("ServiceAccount", "limited", stage.namespace) + "/token"
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}}
    token = stage.client.call("POST", path, body).object["status"]["token"]
    file = kubeconfigs.of_cluster(
        stage.where.kubeconfig, stage.where.context, folder / "limited.kubeconfig", token=token
    )
    return Product.new(folder / "limited", file, stage.namespace, home=stage.ana.trusting)


def test_read_only_identity_is_refused_before_anybody_is_asked(stage: Stage, tmp_path: Path) -> None:
    """It may look and so it finds, but no plan is made of what it may not do; the message names the permission."""
    stage.make(m.config({"color": "red"}))
    product = _identity(stage, tmp_path, m.role("get", "list", "watch", resources=("*",)))
    before = stage.settled()
    done, plan = product.plan(f"k8s:{stage.namespace}/ConfigMap/settings", [_BLUE])
    told = product("show", "--timeline").out + done.out
    assert (done.code != 0, plan.exists(), stage.changed(before)) == (True, False, [])
    assert "patch" in told
    assert "configmaps" in told


def test_identity_that_may_do_just_this_does_it(stage: Stage, tmp_path: Path) -> None:
    """Reading, and patching ConfigMaps, is all that a change of a ConfigMap takes, there and back."""
    stage.make(m.config({"color": "red"}))
    reader = m.role("get", "list", "watch", resources=("*",))
    product = _identity(stage, tmp_path, reader, m.role("patch", name="patcher", resources=("configmaps",)))
    before = stage.settled()
    made, plan = product.plan(f"k8s:{stage.namespace}/ConfigMap/settings", [_BLUE])
    assert made.ending == (0, "dry-run"), made.why
    ran = product(*stage.approved(plan))
    live = stage.get("ConfigMap", "settings")
    assert (ran.ending, live and live["data"]) == ((0, "applied"), {"color": "blue"}), ran.why
    back = product("rollback", ran.document["outcome"]["change"], "--yes")
    assert (back.ending, stage.not_restored(before)) == ((0, "applied"), []), back.why


def test_identity_that_may_read_little_says_what_it_could_not_look_at(stage: Stage, tmp_path: Path) -> None:
    """Triage with pods alone still works, and names what it may not read."""
    product = _identity(stage, tmp_path, m.role("get", "list", resources=("pods", "events")))
    done = product("triage", "--namespace", stage.namespace)
    said = " ".join(done.document["finding"]["not_checked"]).lower()
    assert (done.code, "deployment" in said, "configmap" in said) == (0, True, True), said


def test_identity_that_may_nothing_is_told_so(stage: Stage, tmp_path: Path) -> None:
    """Where nothing may be read there is no verdict that all is well."""
    product = _identity(stage, tmp_path)
    done = product("triage", "--namespace", stage.namespace)
    verdict = done.document.get("finding", {}).get("verdict", "")
    assert verdict not in ("no-problem", "recovered"), done.out


def test_server_itself_refuses_what_no_approved_plan_names(stage: Stage, tmp_path: Path) -> None:
    """With what agentops access prints, the account reads, tries out, and writes what is approved and nothing else."""
    if not stage.where.cluster_scope:
        pytest.skip("AGENTOPS_E2E_CLUSTER_SCOPE=1 lets it make an admission policy and ClusterRoles")
    stage.make(m.config({"color": "red"}))
    home = stage.run.namespace()
    words = ("--mode", "fix", "--namespace", stage.namespace, "--account-namespace", home)
    for one in stage.product("access", "kubernetes", *words).document["manifests"]:
        if one["kind"] != "Namespace":
            stage.run.apply(one, stage.namespace)
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 600}}
    path = stage.client.path("ServiceAccount", "agentops-fix", home) + "/token"
    token = stage.client.call("POST", path, body).object["status"]["token"]
    where = stage.where
    file = kubeconfigs.of_cluster(where.kubeconfig, where.context, tmp_path / "fix.kubeconfig", token=token)
    account = Client(str(file), CONTEXT)
    target = stage.client.path("ConfigMap", "settings", stage.namespace)

    def write(query: str = "") -> tuple[int, str]:
        answer = account.call("PATCH", target + query, {"data": {"color": "blue"}}, content_type=MERGE)
        return answer.status, str(answer.body.get("message", ""))

    # A server needs a moment to see a new policy, and a new approval.
    stage.until("the policy refuses", lambda: write()[0] == 403)
    line = f"UPDATE configmaps {stage.namespace}/settings"
    assert f"agentops may not {line}: no approved plan says so" in write()[1]
    assert write("?dryRun=All")[0] == 200
    assert account.call("GET", stage.client.path("Secret", "", stage.namespace)).status == 403
    assert account.call("GET", stage.client.path("ConfigMap", "", home)).status == 403
    stage.client.patch("ConfigMap", "agentops-approved-plans", home, {"data": {"0" * 64: f"{line}\n"}})
    stage.until("the approved write passes", lambda: write()[0] == 200)
    stage.client.patch("ConfigMap", "agentops-approved-plans", home, {"data": {"0" * 64: None}})
    stage.until("the policy refuses again", lambda: write()[0] == 403)


@pytest.mark.parametrize("command", [("doctor",), ("triage",)])
def test_token_that_nobody_knows_is_an_error_in_one_sentence(
    stage: Stage, tmp_path: Path, command: tuple[str, ...]
) -> None:
    """A wrong token ends with an error that says so, not with a verdict and not with a traceback."""
    file = kubeconfigs.of_cluster(
        stage.where.kubeconfig, stage.where.context, tmp_path / "nobody.kubeconfig", token="not-a-token"
    )
    product = Product.new(tmp_path / "nobody", file, stage.namespace)
    done = product(*command)
    assert (done.code, "unauthorized" in done.out.lower() or "401" in done.out) == (1, True), done.out
