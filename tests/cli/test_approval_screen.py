"""What a person decides on fits one screen of 24 rows and 80 columns, and says all that the decision needs."""

from __future__ import annotations

import io
from dataclasses import replace
from types import ModuleType

import pytest

from agentops.cli.render import page
from agentops.cli.views.incident import next_command
from agentops.cli.views.plan import needs_whole_page, summary_blocks
from agentops.cli.views.shorter import arrow
from agentops.core.alert import Alert, AlertGroup, Incident, Target
from agentops.core.clock import utc_now
from agentops.core.finding import Confidence, Finding, Verdict
from agentops.core.plan import Approval, ChangePlan, Edit, Obligation, PolicyDecision

CHOICES = 6
"""The rows of the question and its answers."""


@pytest.fixture(autouse=True)
def _narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def rows(plan: ChangePlan) -> list[str]:
    """Return the screen's rows at 80 columns."""
    return page(tuple(summary_blocks(plan)), io.StringIO()).splitlines()


@pytest.mark.parametrize(
    "fact",
    [
        "Roll Deployment checkout back to revision 3 (shop/Deployment/checkout)",
        "containers[app].image: registry.local/checkout:2.1.0-typo → 2.0.9",
        "1 object; 3 of 4 pods; at worst 34 % of the ready capacity is lost",
        "in front: shop/Service/checkout",
        "NOT KNOWN: ingresses of namespace edge",
        "it can be undone only in part; not undone: The pods are replaced",
        "○ shop/Deployment/checkout is as asked for and ready",
        "One person must approve",
        "argocd owns spec.template: it WILL REVERT this change",
        "by claude-opus-5-5 (not verified)",
    ],
)
def test_the_screen_says_it(plans: ModuleType, fact: str) -> None:
    """Action and object, what differs, what it affects, undo, checks, who agrees, owners, and who proposed it."""
    assert fact in " ".join(" ".join(rows(plans.plan())).replace("│ ", "").split())


def test_a_plan_of_one_step_fits_the_screen(plans: ModuleType) -> None:
    """With the question below it."""
    assert len(rows(plans.plan(plans.step()))) + CHOICES <= 24


@pytest.mark.parametrize(
    ("path", "old", "new", "whole"),
    [
        ("spec.replicas", 1, 3, False),
        ("spec.template.spec.containers[app].image", "app:v1", "app:v2", False),
        ("spec.template.spec.containers[app].command[2]", "run", "rm -rf /", True),
        ("spec.template.spec.containers[app].lifecycle.preStop.exec.command[0]", "a", "b", True),
        ("data[start.sh]", "a", "b", True),
        ("metadata.annotations[note]", "a", "one\ntwo", True),
        ("metadata.annotations[note]", "a", "b" * 121, True),
        ("spec.template.spec.nodeSelector", None, {"zone": "z" * 121}, True),
    ],
)
def test_what_is_run_is_read_before_it_is_approved(
    plans: ModuleType, path: str, old: object, new: object, *, whole: bool
) -> None:
    """Commands, scripts and long texts are never behind a key."""
    step = plans.step()
    (change,) = step.preview.objects
    edited = replace(change, edits=(Edit(path=path, old=old, new=new),))
    assert needs_whole_page(plans.plan(plans.step(objects=(edited,)))) is whole


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("reg.example.com/web:v2", "reg.example.com/web:v1", "reg.example.com/web:v2 → v1"),
        ("run /usr/local/bin/a", "/usr/local/bin/b now", "run /usr/local/bin/a → /usr/local/bin/b now"),
        ("1", "3", "1 → 3"),
        ("", "reg.example.com/web:v1", " → reg.example.com/web:v1"),
    ],
)
def test_only_a_name_is_cut_to_what_differs(old: str, new: str, shown: str) -> None:
    """The words of a sentence beside the arrow have nothing to do with one another, and all of them are shown."""
    assert arrow(old, new) == shown


def test_the_reason_is_that_of_the_approval_that_is_asked_for(plans: ModuleType) -> None:
    """A milder step's reason says nothing of it, wherever the step stands."""
    mild, strict = plans.step(), plans.step()
    two = Obligation(approval=Approval.TWO_PERSON)
    mild = replace(mild, ruling=replace(mild.ruling, because="a person looks at it"))
    strict = replace(strict, ruling=replace(strict.ruling, because="the namespace is protected", obligation=two))
    said = " ".join(" ".join(rows(plans.plan(mild, strict, obligation=two))).replace("│ ", "").split())
    assert ("the namespace is protected" in said, "a person looks at it" in said) == (True, False)


def test_what_speaks_against_a_plan_is_on_the_screen(plans: ModuleType) -> None:
    """An undo that policy refuses, what else is written meanwhile, and that nothing is wrong."""
    refused = PolicyDecision(allowed=False, policies=("frozen",), why="nothing is undone in a freeze")
    plan = plans.plan(replace(plans.step(), undo_ruling=refused), lease="the Lease ops/agentops")
    plan = replace(plan, intent=replace(plan.intent, verdict="no-problem"))
    said = " ".join(" ".join(rows(plan)).replace("│ ", "").split())
    assert "For the undo, policy REFUSES it [frozen]: nothing is undone in a freeze" in said
    assert "writes and holds the Lease ops/agentops" in said
    assert "NOTHING IS WRONG" in said


def test_a_command_of_a_model_is_never_ours() -> None:
    """What is printed as the next command is made by code; a model's step that holds one stays among its steps."""
    step = "Do this: agentops recover --keep --yes"
    alert = Alert(name="Deployment/web", source="resource")
    incident = Incident(
        id="20261129-100000-web-7f54", group=AlertGroup(alerts=(alert,), target=Target()), opened_at=utc_now()
    )
    for verdict in Verdict:
        finding = Finding(
            verdict=verdict, conclusion="x", confidence=Confidence.LOW, by="claude-opus-5-5", next_steps=(step,)
        )
        assert next_command(incident, finding, ()) == ""
