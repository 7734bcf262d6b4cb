"""A target that a person names is that object or none: a typing error never leads to another one."""

from __future__ import annotations

from pathlib import Path
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


@pytest.mark.parametrize("command", ["investigate", "fix", "triage"])
def test_the_object_and_the_option_must_not_name_two_namespaces(cli: Any, home: Path, command: str) -> None:
    """A sweep of the one would find nothing wrong in the other; nothing is begun."""
    done = cli(command, "k8s:shop/deploy/checkout", "--namespace", "kube-system", "--sandbox=bad-image-tag")
    said = "Error: --namespace kube-system and k8s:shop/deploy/checkout name two namespaces"
    assert (done.code, said in done.err, done.out, (home / "audit").exists()) == (2, True, "", False)


@pytest.mark.parametrize(
    ("target", "namespace"), [("k8s:shop/deploy/checkout", "shop"), ("k8s:deploy/checkout", "shop"), ("k8s:node/x", "")]
)
def test_one_namespace_may_be_said_twice(cli: Any, target: str, namespace: str) -> None:
    """The same one, or the only one; an object of no namespace is outside of each."""
    done = cli("triage", target, "--namespace", namespace or "kube-system", "--sandbox=bad-image-tag", "-o", "json")
    if namespace:
        assert (done.code, done.document["finding"]["cause"]["condition"]) == (0, "ImageNotFound")
    else:
        assert (done.code, done.document["errors"][0]["code"]) == (1, "outside-namespaces")


def test_a_namespace_of_the_settings_yields_to_the_named_object(cli: Any, home: Path) -> None:
    """What the settings choose is for all that names no place itself."""
    home.mkdir(mode=0o700)
    (home / "config.toml").write_text('[kubernetes]\nnamespace = "kube-system"\n')
    done = cli("investigate", "K8S:shop/Deployment/checkout", *AT, "-o", "json")
    assert (done.code, done.document["finding"]["cause"]["condition"]) == (0, "ImageNotFound")


@pytest.mark.parametrize("command", ["investigate", "fix"])
@pytest.mark.parametrize("argument", ["k8s:", "k8s:/", "K8S:", "prom:", "alertmanager:", "http://"])
def test_a_scheme_alone_names_nothing(cli: Any, command: str, argument: str) -> None:
    """It is a command that was not finished, and no alert in words."""
    done = cli(command, argument, *AT)
    assert (done.code, "The form is k8s:NAMESPACE/KIND/NAME" in done.err, done.out) == (2, True, "")
    assert cli("history").out.startswith("  No incidents yet")


@pytest.mark.parametrize(
    "words", [("show", ""), ("show", "", "--timeline"), ("show", "", "--evidence", "E1"), ("rollback", ""), ("fix", "")]
)
def test_an_empty_name_is_not_the_last_one(cli: Any, words: tuple[str, ...]) -> None:
    """A script's empty variable asks for nothing that is there."""
    cli("investigate", *AT)
    done = cli(*words)
    assert (done.code, done.out) == (2, "")


def test_a_healthy_target_is_said_to_be_so_first(cli: Any) -> None:
    """What else is wrong is also seen, with the way to look at it; it is no cause of what was asked about."""
    done = cli("investigate", "k8s:shop/deploy/web", *AT, "-o", "json")
    finding = done.document["finding"]
    assert (done.code, finding["verdict"], finding["cause"], finding["proposed"]) == (0, "no-problem", None, [])
    assert finding["conclusion"].startswith("Deployment shop/web is healthy. Also seen: Deployment shop/checkout")
    assert finding["next_steps"] == ["Look at that: agentops investigate k8s:shop/Deployment/checkout"]
    page = cli("show").out
    assert (page.splitlines()[0], "firing" in page) == ("  shop/Deployment/web, as asked: it is healthy", False)


def test_a_healthy_target_has_no_plan_for_something_else(cli: Any) -> None:
    """``fix`` of what is healthy plans nothing."""
    done = cli("fix", "k8s:shop/Deployment/web", *AT, "--dry-run", "-o", "json")
    assert (done.code, done.document["finding"]["verdict"], done.document.get("plan")) == (0, "no-problem", None)


def test_where_no_alert_was_given_none_is_to_be_closed(cli: Any) -> None:
    """A target that recovered is said to be healthy; only what an alert began ends with the alert."""
    place = ("--sandbox=stale-alert", "--no-model", "-o", "json")
    found = [
        cli("investigate", *words, *place).document["finding"] for words in (("k8s:shop/Deployment/checkout",), ())
    ]
    assert [(one["verdict"], "close the alert" in " ".join(one["next_steps"])) for one in found] == [
        ("recovered", False),
        ("recovered", True),
    ]


def test_an_unwell_target_is_the_root_cause(cli: Any) -> None:
    """The named object itself is explained as before."""
    done = cli("investigate", "k8s:shop/Deployment/checkout", *AT, "-o", "json")
    finding = done.document["finding"]
    assert (finding["verdict"], finding["cause"]["condition"], finding["guess"]) == ("root-cause", "ImageNotFound", "")
    assert cli("show").out.splitlines()[0] == "  shop/Deployment/checkout, as asked"


def test_a_guess_is_said_first_with_its_reason(cli: Any) -> None:
    """Words name nothing exactly: what they were taken to mean stands before the finding."""
    done = cli("investigate", "checkout is down in shop", *AT)
    said = done.out.splitlines()
    assert said[0].startswith("  A guess: the alert is taken to be about Deployment shop/checkout")
    assert "  │ “checkout is down in shop”" in said
    assert "firing" not in done.out


def test_an_incident_of_the_sandbox_is_found_again(cli: Any) -> None:
    """Its short id, or ``last``, is enough: the scenario that it was begun in is remembered."""
    begun = cli("investigate", *AT)
    short = begun.out.split("Next: agentops fix ")[1].strip()
    seen = [cli("fix", name, "--no-model", "--dry-run", "-o", "json") for name in (short, "last")]
    assert [(one.code, one.document["plan"]["cluster"]) for one in seen] == [(0, "sandbox:bad-image-tag")] * 2
    assert cli("show", short[:3]).out.splitlines()[-1].strip() == f"Next: agentops fix {short}"


def test_in_another_place_the_command_is_the_one_that_was_typed(cli: Any) -> None:
    """``fix`` of an incident of one sandbox in another one is said to be ``fix`` in the right one."""
    short = cli("investigate", *AT).out.split("Next: agentops fix ")[1].strip()
    done = cli("fix", short, "--sandbox=quota-exceeded", "--no-model")
    assert (done.code, f"The command is: agentops fix {short} --sandbox=bad-image-tag" in done.err) == (2, True)


def test_a_fix_that_was_not_agreed_to_is_taken_up_by_its_id(cli: Any) -> None:
    """What was named is what the next command names; the scenario's own alert needs no name."""
    short = cli("investigate", *AT).out.split("Next: agentops fix ")[1].strip()
    for words in ((short,), (short, "--dry-run"), ("k8s:shop/Deployment/checkout", AT[0])):
        done = cli("fix", *words, "--no-model", "--no-input")
        last = done.out.splitlines()[-1].strip()
        newest = cli("history", "-o", "json").document["incidents"][0]["short_id"]
        assert last == f"Next: agentops fix {newest if words[0] != short else short}", done.out
    assert cli("fix", *AT, "--dry-run").out.splitlines()[-1].strip() == f"Next: agentops fix {AT[0]}"


def test_a_policy_that_cannot_be_loaded_is_to_be_checked(cli: Any, home: Path) -> None:
    """There is nothing to explain where no policy is in force."""
    home.mkdir(mode=0o700)
    (home / "policy.cedar").write_text("permit(")
    (home / "policy.cedar").chmod(0o600)
    done = cli("fix", "k8s:shop/Deployment/checkout", *AT)
    assert (done.code, done.out.splitlines()[-1].strip()) == (4, "Next: agentops policy validate"), done.out
    assert "the policy cannot be loaded" in " ".join(done.out.replace("│ ", "").split())


def test_fix_without_an_argument_names_the_last_incident(cli: Any) -> None:
    """Nobody can be asked here, so nothing is taken for granted; the command is said."""
    nothing = cli("fix", "--no-model")
    cli("investigate", *AT)
    last = cli("fix", "--no-model", "--no-input")
    short = cli("history", "-o", "json").document["incidents"][0]["id"].rpartition("-")[2]
    assert (nothing.code, "agentops history" in nothing.err) == (2, True)
    assert (last.code, f"agentops fix {short}" in last.err) == (2, True)
