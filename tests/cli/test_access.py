"""``agentops access``: what an administrator applies, and tools that are switched off."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load

Cli = Callable[..., Any]
needs_kubectl = pytest.mark.skipif(not shutil.which("kubectl"), reason="kubectl is not installed")


def kinds_of(text: str) -> list[str]:
    """Return kind and name of each manifest in a text."""
    return [f"{one['kind']}/{one['metadata']['name']}" for one in yaml.safe_load_all(text)]


def settle(home: Path, text: str) -> None:
    """Write the config file."""
    home.mkdir(exist_ok=True)
    (home / "config.toml").write_text(text, encoding="utf-8")


def test_the_text_is_yaml_and_the_json_holds_the_same(cli: Cli) -> None:
    """What is piped to kubectl and what a script reads are the same manifests; each right says what needs it."""
    text = cli("access", "kubernetes", "--mode", "fix", "-n", "shop")
    document = cli("access", "kubernetes", "--mode", "fix", "-n", "shop", "-o", "json").document
    assert (text.code, text.err) == (0, "")
    assert list(yaml.safe_load_all(text.out)) == document["manifests"]
    assert {
        "verb": "patch",
        "group": "apps",
        "resource": "deployments/scale",
        "name": "",
        "for": ["kubernetes_scale"],
    } in (document["granted"])
    assert [one["resource"] for one in document["left_out"]] == ["nodes", "clusterrolebindings"]
    assert "# Left out, for it changes the whole cluster: patch nodes" in text.out


def test_each_mode_has_its_own_account(cli: Cli) -> None:
    """Reading takes a role and its binding; fixing also the list of approved plans, the policy, and who may approve."""
    read = kinds_of(cli("access", "kubernetes", "--mode", "read").out)
    fix = kinds_of(cli("access", "kubernetes", "--mode", "fix").out)
    bare = kinds_of(cli("access", "kubernetes", "--mode", "fix", "--no-admission").out)
    common = ["Namespace/agentops", "ServiceAccount/{0}", "ClusterRole/{0}", "ClusterRoleBinding/{0}"]
    plans = "agentops-approved-plans"
    assert read == [one.format("agentops-read") for one in common]
    assert bare == [one.format("agentops-fix") for one in common]
    assert fix == [
        *bare,
        f"ConfigMap/{plans}",
        f"ValidatingAdmissionPolicy/{plans}",
        f"ValidatingAdmissionPolicyBinding/{plans}",
        "Role/agentops-approver",
    ]


def test_a_namespace_each_has_a_role(cli: Cli) -> None:
    """With namespaces, each once, a Role and its binding in each; the account stands where it is asked for."""
    words = ("-n", "shop", "-n", "payments", "-n", "shop", "--account-namespace", "ops", "--cluster-changes")
    done = cli("access", "kubernetes", "--mode", "fix", "--no-admission", *words)
    manifests = list(yaml.safe_load_all(done.out))
    roles = [one["metadata"].get("namespace") for one in manifests if one["kind"] == "Role"]
    subjects = {one["subjects"][0]["namespace"] for one in manifests if "subjects" in one}
    outside = {one["metadata"]["name"] for one in manifests if one["metadata"].get("namespace") != "ops"}
    assert (roles, subjects, "Left out" in done.out) == (["shop", "payments"], {"ops"}, False)
    # Nothing outside its own namespace has a name that the account of another team has too.
    assert outside == {"ops", "agentops-fix-ops"}


def test_a_tool_that_is_switched_off_needs_nothing(cli: Cli, home: Path) -> None:
    """disabled_tools takes rights out of the roles, and tools out of the list."""
    settle(home, '[safety]\ndisabled_tools = ["kubernetes_scale", "kubernetes_metrics"]\n')
    granted = cli("access", "kubernetes", "--mode", "fix", "-o", "json").document["granted"]
    listed = cli("tools", "list", "-o", "json").document["tools"]
    assert [one for one in granted if one["resource"].endswith("/scale") or one["group"] == "metrics.k8s.io"] == []
    assert {one["name"] for one in listed} & {"kubernetes_scale", "kubernetes_metrics"} == set()
    assert "Switched off by disabled_tools: kubernetes_scale, kubernetes_metrics" in cli("tools", "list").out


@pytest.mark.parametrize(
    "words", [("tools", "list"), ("access", "kubernetes", "--mode", "read"), ("triage", "--sandbox")]
)
def test_a_mistyped_tool_is_no_tool_that_stays_on(cli: Cli, home: Path, words: tuple[str, ...]) -> None:
    """A name that there is not stops every command that would rest on it."""
    settle(home, '[safety]\ndisabled_tools = ["kubernetes_scael"]\n')
    done = cli(*words)
    said = "disabled_tools names a tool that there is not: kubernetes_scael"
    assert (done.code, said in done.err, "Did you mean kubernetes_scale?" in done.err) == (2, True, True)


def test_the_environment_switches_nothing_back_on(cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the config file says which tools are off."""
    settle(home, '[safety]\ndisabled_tools = ["kubernetes_scale"]\n')
    monkeypatch.setenv("AGENTOPS_DISABLED_TOOLS", "")
    assert "kubernetes_scale" not in {one["name"] for one in cli("tools", "list", "-o", "json").document["tools"]}


def test_the_guard_refuses_a_tool_that_is_switched_off(cli: Cli, home: Path) -> None:
    """The remedy that triage would take is refused by its name, and nothing is changed."""
    settle(home, '[safety]\ndisabled_tools = ["kubernetes_rollout_undo"]\n')
    done = cli("fix", "--sandbox=bad-image-tag", "--no-model", "--dry-run", "-o", "json")
    assert "kubernetes_rollout_undo is switched off here" in done.out
    assert done.code != 0


@pytest.mark.parametrize("name", ["Shop", "a'b", "-x", "", "shop\n", "x" * 64])
def test_what_is_no_namespace_is_refused(cli: Cli, name: str) -> None:
    """A name becomes part of an expression that the API server evaluates, so it is held to the API's own form."""
    for option in ("--namespace=", "--account-namespace="):
        done = cli("access", "kubernetes", "--mode", "fix", f"{option}{name}")
        assert (done.code, done.out) == (2, "")


@pytest.mark.real
@needs_kubectl
@pytest.mark.parametrize("mode", ["read", "fix"])
def test_kubectl_applies_what_is_printed(cli: Cli, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    """The text is what kubectl takes, the first time and again; what is approved meanwhile stays."""
    text = cli("access", "kubernetes", "--mode", mode, "-n", "shop").out
    with Sandbox(load("bad-image-tag")) as sandbox:
        monkeypatch.setenv("KUBECONFIG", str(sandbox.kubeconfig))

        def kubectl(*words: str, given: str | None = None) -> str:
            done = subprocess.run(["kubectl", *words], capture_output=True, text=True, input=given, timeout=120)
            assert done.returncode == 0, done.stderr
            return done.stdout

        kubectl("apply", "-f", "-", given=text)
        if mode == "fix":
            patch = '{"data":{"abc":"UPDATE nodes a\\n"}}'
            kubectl("-n", "agentops", "patch", "configmap", "agentops-approved-plans", "--type=merge", "-p", patch)
        again = kubectl("apply", "-f", "-", given=text).splitlines()
        kept = kubectl("-n", "agentops", "get", "configmap", "-o", "jsonpath={.items[*].data.abc}")
    assert all(line.endswith(" unchanged") for line in again)
    assert kept.strip() == ("UPDATE nodes a" if mode == "fix" else "")
