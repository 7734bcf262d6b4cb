"""Identities that may do little: the product says what they may not, before anybody is asked, and does not try."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e import kubeconfigs
from tests.e2e import manifests as m
from tests.e2e.change_cases import draft
from tests.e2e.client import Obj
from tests.e2e.product import Product
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
