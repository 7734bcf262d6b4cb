"""TAB in a real bash, zsh and fish: what the shell makes of a line that agentops completes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.shells import INSTALL, Shell, shell

_ID = "20261122-155933-kubedeploymentrolloutstuck-4f2a"
_KUBECONFIG = """
contexts:
- {name: prod-eu, context: {cluster: a, user: a, namespace: shop}}
- {name: "arn:aws:eks:eu:1:cluster/prod", context: {cluster: b, user: b}}
- {name: staging, context: {cluster: c, user: c, namespace: pay}}
"""

pytestmark = pytest.mark.real


@pytest.fixture(params=["bash", "zsh", "fish"])
def at(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shell]:
    """Each shell that is there, in a folder with a few files, with an incident and three contexts."""
    if shutil.which(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    incident = tmp_path / "state/incidents" / _ID
    incident.mkdir(parents=True)
    alert = {"name": "KubeDeploymentRolloutStuck"}
    (incident / "incident.json").write_text(json.dumps({"group": {"alerts": [alert]}, "context": "prod-eu"}))
    (tmp_path / "kubeconfig").write_text(_KUBECONFIG)
    (tmp_path / "alert one.json").write_text("{}")
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "plan.json").write_text("{}")
    environ = {"AGENTOPS_HOME": str(tmp_path / "state"), "KUBECONFIG": str(tmp_path / "kubeconfig")}
    with shell(request.param, tmp_path, environ) as found:
        yield found


def test_there_is_one_install_line_for_each_shell() -> None:
    """The help has them, and the fixture runs them as they stand."""
    assert set(INSTALL) == {"bash", "zsh", "fish"}


def test_words_of_the_line_are_completed(at: Shell) -> None:
    """Commands, subcommands, options; ids, scenarios, contexts and files as values, also behind an equals sign."""
    assert at.completes("agentops inv", "estigate") == "investigate"
    assert at.completes("agentops audit ver", "ify") == "audit verify"
    assert at.completes("agentops triage --kube", "config") == "triage --kubeconfig"
    assert at.completes("agentops investigate --sandbox=bad-e", "nv-value") == "investigate --sandbox=bad-env-value"
    assert at.completes("agentops investigate --sandbox oom", "-lowered-limit") == (
        "investigate --sandbox oom-lowered-limit"
    )
    assert at.completes("agentops show 2", "rolloutstuck-4f2a") == f"show {_ID}"
    assert at.completes("agentops audit log --event=change_cl", "osed") == "audit log --event=change_closed"
    assert at.completes("agentops triage --context=arn:aws:eks:e", "/prod") == (
        "triage --context=arn:aws:eks:eu:1:cluster/prod"
    )
    assert at.completes("agentops triage --context stag", "ing") == "triage --context staging"
    assert at.completes("agentops policy explain --fact affectedPc", "t=") == "policy explain --fact affectedPct="
    assert at.completes("agentops approve plans/pl", "an.json") == "approve plans/plan.json"
    assert at.completes("agentops investigate --kubeconfig=kubec", "onfig") == "investigate --kubeconfig=kubeconfig"
    assert at.completes("agentops investigate alert", "one.json") == "investigate alert one.json"


def test_a_quoted_word_is_completed(at: Shell) -> None:
    """What is between quotes is completed as it is without them."""
    assert at.completes('agentops investigate "alert', "one.json") == "investigate alert one.json"
    assert at.completes("agentops show '2026", "4f2a") == f"show {_ID}"


def test_zsh_finds_the_script_in_a_folder_of_its_own(tmp_path: Path) -> None:
    """As a package of a system installs it: under share/zsh/site-functions, found by compinit."""
    if shutil.which("zsh") is None:
        pytest.skip("zsh is not installed")
    rc = "fpath=(~/fns $fpath)\nautoload -Uz compinit; compinit -u"
    install = f"mkdir -p ~/fns && agentops completion zsh > ~/fns/_agentops && echo '{rc}' > ~/.zshrc"
    with shell("zsh", tmp_path, {"AGENTOPS_HOME": str(tmp_path / "state")}, install=install) as found:
        assert found.completes("agentops audit ver", "ify") == "audit verify"
        assert found.completes("agentops investigate --sandbox=bad-e", "nv-value") == (
            "investigate --sandbox=bad-env-value"
        )


def test_what_may_follow_is_listed(at: Shell) -> None:
    """All that fits and nothing else; where nobody knows a name, nothing is offered."""
    drawn = at.offers("agentops investigate --sandbox=bad-", "bad-env-value", "bad-image-tag")
    assert "oom-lowered-limit" not in drawn
    drawn = at.offers("agentops triage --context ", "prod-eu", "staging", "cluster/prod")
    assert "kubeconfig" not in drawn
    assert "staging" not in at.offers("agentops audit ", "verify", "fingerprint", "rotate-key")
    at.offers("agentops triage -n ", "pay", "shop")
    at.offers("agentops policy explain --fact affectedP", "affectedPct", "affectedPods")
    assert "alert one" not in at.offers("agentops history --limit ")
