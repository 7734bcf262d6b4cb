"""What decides is written anew while the person is at the question: nothing is changed, and the end says what."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load

ALERT = "k8s:shop/Deployment/checkout"
FORBID = '@id("stop") @why("stop all work") forbid (principal, action in Ops::Action::"mutate", resource);\n'
ALWAYS = 'freeze = ["2020-01-01T00:00:00Z/2099-01-01T00:00:00Z"]'
Cli = Callable[..., Any]


@pytest.fixture
def cluster() -> Iterator[Sandbox]:
    """The scenario of the bad image tag, served to whoever has its kubeconfig."""
    with Sandbox(load("bad-image-tag")) as sandbox:
        yield sandbox


@pytest.fixture
def at(cluster: Sandbox, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """The options that lead to it, from an empty working folder; it is production, where a person must agree."""
    home.mkdir(mode=0o700)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return ("--kubeconfig", str(cluster.kubeconfig), "--context", cluster.context)


def _image(cluster: Sandbox) -> str:
    found = cluster.simulation.store.list("Deployment", "shop")
    checkout = next(one for one in found if one["metadata"]["name"] == "checkout")
    return str(checkout["spec"]["template"]["spec"]["containers"][0]["image"]).rpartition(":")[2]


ATTACKS: dict[str, tuple[str, str, int, str]] = {
    "the user's policy": ("home/policy.cedar", FORBID, 4, "home/policy.cedar is new"),
    "a project's policy": ("work/.agentops/policy.cedar", FORBID, 4, "work/.agentops/policy.cedar is new"),
    "a named policy": ("org.cedar", FORBID, 4, "org.cedar is another text now"),
    "a policy that cannot be read": ("home/policy.cedar", "nonsense", 4, "the policy cannot be loaded"),
    "read only": ("home/config.toml", "[safety]\nread_only = true\n", 4, "safety.read_only is true now"),
    "a freeze": ("home/config.toml", f"[policy]\n{ALWAYS}\n", 4, "policy.freeze is 2020-01-01"),
    "a limit": ("home/config.toml", "[policy]\nmax_pods = 19\n", 5, "policy.max_pods is 19 now"),
    "a lease": ("home/config.toml", '[safety]\ncluster_lease = "shop"\n', 5, "safety.cluster_lease is shop now"),
    "settings that cannot be read": ("home/config.toml", "[policy", 4, "not valid TOML"),
    "a comment in a policy": ("org.cedar", "// hurry\n", 5, "org.cedar is another text now"),
}


@pytest.mark.parametrize(("name", "text", "code", "said"), ATTACKS.values(), ids=ATTACKS)
def test_what_decides_is_read_anew_after_the_question(
    name: str,
    text: str,
    code: int,
    said: str,
    cli: Cli,
    cluster: Sandbox,
    at: tuple[str, ...],
    home: Path,
    tmp_path: Path,
    terminal: ModuleType,
) -> None:
    """The file is written at the question and the answer is yes; nothing is sent, and nothing is left open."""
    (tmp_path / "org.cedar").write_text("// nothing yet\n")
    path = tmp_path / name

    def agree() -> str:
        path.parent.mkdir(exist_ok=True, mode=0o700)
        path.write_text(text)
        return "a\r"

    environ = {"AGENTOPS_HOME": str(home), "COLUMNS": "80", "AGENTOPS_ORG_POLICY": str(tmp_path / "org.cedar")}
    words = ["fix", ALERT, "--no-model", "-o", "json", *at]
    done = terminal.at_terminal(words, [("apply it?", agree)], environ)
    (error,) = json.loads(done.out)["errors"]
    told = error["message"].replace(f"{tmp_path}/", "")
    assert (done.code, said in told, _image(cluster)) == (code, True, "v1.4.3"), told
    assert told.startswith("since the plan was shown, ")
    path.unlink()
    (tmp_path / "org.cedar").write_text("// nothing yet\n")
    assert cli("changes", "-o", "json").document["changes"] == []


def test_what_decides_nothing_may_change(
    cluster: Sandbox, at: tuple[str, ...], home: Path, terminal: ModuleType
) -> None:
    """A budget of the model that is written at the question holds nothing up."""

    def agree() -> str:
        (home / "config.toml").write_text("[limits]\nmax_usd = 3\n")
        return "a\r"

    environ = {"AGENTOPS_HOME": str(home), "COLUMNS": "80"}
    done = terminal.at_terminal(["fix", ALERT, "--no-model", *at], [("apply it?", agree)], environ)
    assert (done.code, _image(cluster)) == (0, "v1.4.1"), done.screen
