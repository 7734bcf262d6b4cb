"""The sandbox's users as agentops and kubectl meet them: who may not, whose token is wrong, whose time is up."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load

Cli = Callable[..., Any]
needs_kubectl = pytest.mark.skipif(not shutil.which("kubectl"), reason="kubectl is not installed")


@pytest.fixture
def sandbox(home: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A broken rollout, with KUBECONFIG pointing at it."""
    with Sandbox(load("bad-image-tag")) as running:
        monkeypatch.setenv("KUBECONFIG", str(running.kubeconfig))
        yield running


def kubectl(*words: str) -> tuple[int, str]:
    done = subprocess.run(["kubectl", *words], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    return done.returncode, (done.stdout + done.stderr).strip()


def test_a_viewer_finds_the_cause_without_reading_nodes(cli: Cli, sandbox: Sandbox) -> None:
    """The view role is enough to find the cause; doctor says what it leaves out."""
    found = cli("triage", "--context", "viewer", "-n", "shop", "-o", "json")
    checks = cli("doctor", "--context", "viewer", "-o", "json").document["checks"]
    assert found.document["problems"][0]["condition"] == "ImageNotFound"
    assert [(one["state"], one["text"]) for one in checks if one["name"] == "permissions"] == [
        ("warn", "may not list nodes")
    ]


@pytest.mark.parametrize("scenario", ["bad-image-tag", "cordoned-nodes", "oom-lowered-limit", "selector-typo"])
def test_the_login_agentops_has_what_it_needs_and_no_more(cli: Cli, scenario: str) -> None:
    """As the sandbox's own agentops a cure is planned that passes the server; doctor has nothing to say."""
    plan = cli("fix", f"--sandbox={scenario}", "--context", "agentops", "--no-model", "--dry-run", "-o", "json")
    assert (plan.code, plan.document["status"], bool(plan.document["plan"]["calls"])) == (0, "dry-run", True), plan.out


def test_what_comes_next_is_typed_with_the_login_that_was_chosen(cli: Cli) -> None:
    """A fix of the incident goes on as that login; what is printed after a dry run and a triage names it."""
    as_login = ("--sandbox=bad-image-tag", "--context", "agentops")
    cli("investigate", *as_login, "--no-model")
    again = cli("fix", "last", "--no-model", "--dry-run", "-o", "json")
    assert (again.code, again.document["plan"]["context"]) == (0, "agentops"), again.out
    elsewhere = cli("fix", "last", "--sandbox=bad-image-tag", "--no-model", "--dry-run", "-o", "json")
    assert (elsewhere.code, elsewhere.document["errors"][0]["hint"].partition(" --")[2]) == (
        2,
        "sandbox=bad-image-tag --context agentops",
    )
    ends = [
        cli(*words, *as_login).out.rstrip().rpartition("Next: ")[2]
        for words in (("fix", "--no-model", "--dry-run"), ("triage", "-n", "shop"))
    ]
    assert ends == [
        "agentops fix --sandbox=bad-image-tag --context agentops",
        "agentops investigate k8s:shop/Deployment/checkout --sandbox=bad-image-tag --context agentops --namespace shop",
    ]


@pytest.mark.parametrize("scenario", ["network-policy-blocking", "slow-liveness-timeout", "missing-secret"])
def test_the_cause_is_found_without_reading_secrets(cli: Cli, scenario: str) -> None:
    """A cause in a namespace that the failing one talks to, and a Secret that is not there, are found all the same."""
    found = [
        cli("investigate", f"--sandbox={scenario}", "--context", name, "--no-model", "-o", "json").document["finding"]
        for name in ("sandbox", "agentops")
    ]
    causes = [(one["cause"]["resource"].rpartition("/")[2], one["cause"]["condition"]) for one in found]
    assert causes[0] == causes[1]


def test_doctor_is_content_with_the_login_agentops(cli: Cli, sandbox: Sandbox) -> None:
    """Its role is the one that agentops access prints, made fresh by scripts/generate.py."""
    checks = cli("doctor", "--context", "agentops", "-n", "shop", "-o", "json").document["checks"]
    (found,) = (one for one in checks if one["name"] == "rights")
    assert (found["state"], found["text"]) == ("ok", "no more than agentops needs to fix in shop")


@pytest.mark.parametrize("how", ["wrong", "expired"])
def test_a_token_that_is_not_good_is_unauthorized(cli: Cli, sandbox: Sandbox, how: str) -> None:
    """A token that the server never gave out, and one whose time is up: exit 1, and whose fault it is."""
    if how == "expired":
        sandbox.server.expire_tokens()
    else:
        config = json.loads(sandbox.kubeconfig.read_text())
        config["users"][0]["user"]["token"] = "not-one-of-ours"
        sandbox.kubeconfig.write_text(json.dumps(config))
    done = cli("triage", "-o", "json")
    assert (done.code, [(one["code"], one["hint"]) for one in done.document["errors"]]) == (
        1,
        [
            (
                "unauthorized",
                "The API server does not accept the credentials: log in again, or check this context's user.",
            )
        ],
    )
    # A certificate does not expire with the tokens.
    assert cli("triage", "--context", "certificate", "-n", "shop").code == 0


@pytest.mark.real
@needs_kubectl
def test_kubectl_is_refused_in_the_real_words(sandbox: Sandbox) -> None:
    """A viewer may not delete or see Secrets, a stranger and a late-comer must log in, a certificate still works."""
    may_not = 'Error from server (Forbidden): {} is forbidden: User "sandbox-viewer" cannot {} in the namespace "shop"'
    seen = [
        kubectl("--context", "viewer", "delete", "deployment", "cart"),
        kubectl("--context", "viewer", "get", "secrets"),
        kubectl("--token", "not-one-of-ours", "get", "pods"),
    ]
    sandbox.server.expire_tokens()
    seen += [
        kubectl("get", "pods"),
        kubectl("--context", "certificate", "get", "deployment", "cart", "-o", "name"),
    ]
    assert seen == [
        (1, may_not.format('deployments.apps "cart"', 'delete resource "deployments" in API group "apps"')),
        (1, may_not.format("secrets", 'list resource "secrets" in API group ""')),
        (1, "error: You must be logged in to the server (Unauthorized)"),
        (1, "error: You must be logged in to the server (Unauthorized)"),
        (0, "deployment.apps/cart"),
    ]


@pytest.mark.slow
def test_sandbox_up_serves_every_context_until_interrupted(home: Any) -> None:
    """It says where its kubeconfig is and which contexts are in it, and Ctrl-C ends it and removes the file."""
    command = [sys.executable, "-m", "agentops", "sandbox", "up", "bad-image-tag", "-o", "json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, stderr=subprocess.PIPE) as serving:
        assert serving.stdout is not None
        lines = []
        for line in serving.stdout:
            lines.append(line)
            if line.startswith("}"):
                break
        document = json.loads("".join(lines))
        place = Path(document["kubeconfig"])
        config = json.loads(place.read_text(encoding="utf-8"))
        serving.send_signal(signal.SIGINT)
        serving.wait(timeout=30)
    assert document["contexts"] == ["sandbox", "admin", "operator", "viewer", "agentops", "certificate"]
    assert [one["name"] for one in config["contexts"]] == document["contexts"]
    assert (document["url"].partition(":")[0], serving.returncode) == ("https", 0)
    assert not place.parent.exists()
