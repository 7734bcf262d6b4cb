"""``agentops triage`` on the sandbox, as a user types it."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

Cli = Callable[..., Any]


def test_triage_names_the_cause_with_exact_values(cli: Cli) -> None:
    """The bad image tag is found, named, and its rollout pointed at, on one page."""
    done = cli("triage", "--sandbox=bad-image-tag")
    text = " ".join(done.out.replace("│ ", "").split())
    assert (done.code, "ImageNotFound" in text, "checkout:v1.4.3" in text, "No model was used" in text) == (
        0,
        True,
        True,
        True,
    )


def test_triage_as_json_is_one_document(cli: Cli) -> None:
    """Problems come with resource, condition and quoted facts; the scope and what was read are said."""
    document = cli("triage", "--sandbox=bad-image-tag", "-n", "shop", "-o", "json").document
    assert (document["schema"], document["command"], document["status"]) == ("agentops/v1", "triage", "found")
    first = document["problems"][0]
    assert (first["resource"], first["condition"]) == ("k8s://sandbox/shop/Deployment/checkout", "ImageNotFound")
    assert first["facts"]
    assert document["read"]["Pod"] > 0
    assert document["namespaces"][0] == "shop"


def test_exit_code_tells_found_from_fine(cli: Cli) -> None:
    """With --exit-code a problem is 3; in a namespace without one it is 0."""
    assert cli("triage", "--sandbox=bad-image-tag", "--exit-code").code == 3
    assert cli("triage", "--sandbox=bad-image-tag", "--exit-code", "-n", "kube-system").code == 0


def test_a_target_that_is_no_resource_is_a_usage_error(cli: Cli) -> None:
    """Free text has no place here, and the message says what has."""
    done = cli("triage", "deployment/web", "--sandbox=bad-image-tag")
    assert (done.code, "k8s:NAMESPACE/KIND/NAME" in done.err) == (2, True)


def test_without_a_cluster_the_way_to_the_sandbox_is_shown(cli: Cli) -> None:
    """A missing kubeconfig is one line, not a traceback, and nothing else is printed."""
    done = cli("triage")
    assert (done.code in (1, 2), done.out, "Traceback" in done.err) == (True, "", False)


def test_an_unknown_scenario_names_its_neighbour(cli: Cli) -> None:
    """A typo in a scenario's name is answered with the name that was meant."""
    done = cli("triage", "--sandbox=bad-image-tg")
    assert (done.code, "bad-image-tag" in done.err) == (2, True)


def test_markdown_output_is_markdown(cli: Cli) -> None:
    """The same page for a chat or a ticket."""
    assert "## 2 problems\n" in cli("triage", "--sandbox=bad-image-tag", "-o", "markdown").out


def test_a_recent_change_is_no_problem(cli: Cli) -> None:
    """It stands below the problems and is not counted; JSON has it among them, as it always had."""
    page = cli("triage", "--sandbox=bad-image-tag").out
    problems, changes = page.split("Recent changes\n")
    changes = changes.partition("No model")[0]
    found = [one["condition"] for one in cli("triage", "--sandbox=bad-image-tag", "-o", "json").document["problems"]]
    assert ("2 problems\n" in problems, "revision 2" in problems) == (True, False)
    assert ("shop/Deployment/checkout  revision 2" in changes, found.count("RolloutChanged"), len(found)) == (
        True,
        1,
        3,
    )


def test_each_problem_is_a_line_and_the_best_explanation_is_told(cli: Cli) -> None:
    """Age, object, condition and severity; with -v each problem in full, with its advice."""
    short, full = (cli("triage", "--sandbox=bad-image-tag", *words).out for words in ((), ("-v",)))
    row = "shop/Deployment/checkout  ProgressDeadlineExceeded  high"
    advice = "Find out why the new pods do not become ready"
    assert (row in short, advice in short, row in full, advice in full) == (True, False, False, True), short


def test_a_namespace_that_does_not_exist_is_not_fine(cli: Cli) -> None:
    """Nothing is wrong in a namespace that is not there, but that is not the answer."""
    done = cli("triage", "--sandbox=bad-image-tag", "-n", "nosuch", "--exit-code")
    assert (done.code, "does not exist" in done.err) == (1, True)


def test_closed_and_full_outputs_end_without_a_traceback(cli: Cli, home: Path) -> None:
    """A full disk behind stdout is one line and exit 1."""
    for redirection in (">&-", ">/dev/full"):
        words = f"{shlex.quote(sys.executable)} -m agentops history {redirection}"
        done = subprocess.run(["bash", "-c", words], capture_output=True, text=True, check=False)
        assert (done.returncode, "Traceback" in done.stderr) == (1, False)
