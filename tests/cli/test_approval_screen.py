"""What a person decides on fits one screen of 24 rows and 80 columns, and says all that the decision needs."""

from __future__ import annotations

import io
from dataclasses import replace
from types import ModuleType

import pytest

from agentops.cli.render import page
from agentops.cli.views.plan import needs_whole_page, summary_blocks
from agentops.core.plan import ChangePlan, Edit

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
    """Action and object, what differs, reach, undo, checks, who agrees, owners, and who proposed it."""
    assert fact in " ".join(" ".join(rows(plans.plan())).split())


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
