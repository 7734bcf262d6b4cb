"""A target that a person names is that object or none: a typing error never leads to another one."""

from __future__ import annotations

from typing import Any

import pytest

AT = ("--sandbox=bad-image-tag", "--no-model")


@pytest.mark.parametrize("command", ["investigate", "fix", "triage"])
@pytest.mark.parametrize(
    ("target", "why", "meant"),
    [
        ("k8s:shop/Deployment/webb", "there is no Deployment shop/webb", "Did you mean k8s:shop/Deployment/web?"),
        ("k8s:shop/Deploymnt/web", "the server has no kind 'Deploymnt'", "Did you mean Deployment?"),
        ("k8s:shop/web", "shop is a namespace: the kind is missing before web", "k8s:shop/Deployment/web"),
        ("k8s:shop/StatefulSet/web", "there is no StatefulSet shop/web", "Did you mean k8s:shop/Deployment/web"),
        ("k8s:shopp/Deployment/web", "there is no Deployment shopp/web", "no namespace shopp; did you mean shop?"),
        ("k8s:Node/worker-9", "there is no Node worker-9", "Did you mean k8s:Node/worker-"),
        ("k8s:shop/Pod/web-0", "there is no Pod shop/web-0", ""),
    ],
)
def test_what_is_not_there_is_never_taken_for_another(
    cli: Any, command: str, target: str, why: str, meant: str
) -> None:
    """Exit code 2, with what may have been meant as it is typed; no incident is made of it."""
    done = cli(command, target, *(AT[:1] if command == "triage" else AT))
    assert (done.code, f"Error: {why}" in done.err, meant in done.err) == (2, True, True)
    assert (done.out, cli("history").out.count("k8s")) == ("", 0)


def test_a_healthy_target_is_said_to_be_so_first(cli: Any) -> None:
    """What else is wrong is also seen, with the way to look at it; it is no cause of what was asked about."""
    done = cli("investigate", "k8s:shop/deploy/web", *AT, "-o", "json")
    finding = done.document["finding"]
    assert (done.code, finding["verdict"], finding["cause"], finding["proposed"]) == (0, "no-problem", None, [])
    assert finding["conclusion"].startswith("Deployment shop/web is healthy. Also seen: Deployment shop/checkout")
    assert finding["next_steps"] == ["Look at that: agentops investigate k8s:shop/Deployment/checkout"]


def test_a_healthy_target_has_no_plan_for_something_else(cli: Any) -> None:
    """``fix`` of what is healthy plans nothing."""
    done = cli("fix", "k8s:shop/Deployment/web", *AT, "--dry-run", "-o", "json")
    assert (done.code, done.document["finding"]["verdict"], done.document.get("plan")) == (0, "no-problem", None)


def test_an_unwell_target_is_the_root_cause(cli: Any) -> None:
    """The named object itself is explained as before."""
    done = cli("investigate", "k8s:shop/Deployment/checkout", *AT, "-o", "json")
    finding = done.document["finding"]
    assert (finding["verdict"], finding["cause"]["condition"], finding["guess"]) == ("root-cause", "ImageNotFound", "")


def test_a_guess_is_said_first_with_its_reason(cli: Any) -> None:
    """Words name nothing exactly: what they were taken to mean stands before the finding."""
    done = cli("investigate", "checkout is down in shop", *AT)
    assert "A guess: the alert is taken to be about Deployment shop/checkout" in " ".join(done.out.split())


def test_an_incident_of_the_sandbox_is_found_again(cli: Any) -> None:
    """Its short id, or ``last``, is enough: the scenario that it was begun in is remembered."""
    begun = cli("investigate", *AT)
    short = begun.out.split("Next: agentops fix ")[1].strip()
    seen = [cli("fix", name, "--no-model", "--dry-run", "-o", "json") for name in (short, "last")]
    assert [(one.code, one.document["plan"]["cluster"]) for one in seen] == [(0, "sandbox:bad-image-tag")] * 2
    assert cli("show", short[:3]).out.splitlines()[-1].strip() == f"Next: agentops fix {short}"


def test_fix_without_an_argument_names_the_last_incident(cli: Any) -> None:
    """Nobody can be asked here, so nothing is taken for granted; the command is said."""
    nothing = cli("fix", "--no-model")
    cli("investigate", *AT)
    last = cli("fix", "--no-model", "--no-input")
    short = cli("history", "-o", "json").document["incidents"][0]["id"].rpartition("-")[2]
    assert (nothing.code, "agentops history" in nothing.err) == (2, True)
    assert (last.code, f"agentops fix {short}" in last.err) == (2, True)
