"""Reports: which words name which resource, and what is taken from a report that is odd."""

from __future__ import annotations

import pytest

from agentops.agent.report import read_report, read_target
from agentops.core.errors import UsageError
from agentops.core.finding import Confidence, Verdict
from agentops.core.resource import Home, kubernetes_ref

FULL = "k8s://prod/shop/Deployment/api"


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("shop/Deployment/api", kubernetes_ref("prod", "shop", "Deployment", "api")),
        ("k8s:shop/Deployment/api", kubernetes_ref("prod", "shop", "Deployment", "api")),
        (" k8s:Node/worker-1", kubernetes_ref("prod", None, "Node", "worker-1")),
        (" shop / Deployment / api ", kubernetes_ref("prod", "shop", "Deployment", "api")),
        ("Node/worker-1", kubernetes_ref("prod", None, "Node", "worker-1")),
        ("-/Node/worker-1", kubernetes_ref("prod", None, "Node", "worker-1")),
        ("/Node/worker-1", kubernetes_ref("prod", None, "Node", "worker-1")),
        (FULL, kubernetes_ref("prod", "shop", "Deployment", "api")),
    ],
)
def test_targets(text, ref):
    """Namespaced, cluster-scoped and full names are understood."""
    assert read_target(text, Home("k8s", "prod")) == ref


@pytest.mark.parametrize("text", ["ecs/service/shop/web", "aws:ecs/service/shop/web", " ecs / service / shop/web "])
def test_a_resource_of_aws_is_meant_by_service_type_and_id(text):
    """Its id may hold slashes; the account and the region are those of the run."""
    home = Home("aws", "123456789012", region="eu-west-1")
    assert str(read_target(text, home)) == "aws://123456789012/eu-west-1/ecs/service/shop%2Fweb"
    for half in ("ecs/service", "ecs//web", "web", "ecs/service/-x"):
        with pytest.raises(UsageError):
            read_target(half, home)


@pytest.mark.parametrize(
    "text", ["api", "", "a/b/c/d", "shop//api", "shop/Deployment/--all", "shop/Pod/a\u202eb", "k8s://x"]
)
def test_what_names_nothing(text):
    """Half names, flags and hidden characters are refused."""
    with pytest.raises(UsageError):
        read_target(text, Home("k8s", "prod"))


def _read(**arguments):
    return read_report(arguments, home=Home("k8s", "prod"), by="m")


def test_without_a_conclusion_there_is_no_finding():
    """The heart of a report cannot be missing."""
    report = _read(verdict="no-problem")
    assert (report.finding, "`conclusion` is missing (a string)" in report.wrong) == (None, True)


def test_odd_types_are_left_out():
    """A report with wrong types is understood as far as it goes, with a complaint for each."""
    report = _read(verdict="maybe", conclusion="c", evidence="E1", ruled_out=["x"], proposed_changes=[{"target": FULL}])
    found = report.finding
    assert (found.verdict, found.confidence, found.evidence, found.ruled_out) == (
        Verdict.UNDETERMINED,
        Confidence.LOW,
        (),
        (),
    )
    assert (found.proposed[0].target.name, found.proposed[0].arguments) == ("api", {})
    assert len(report.wrong) >= 8


def test_a_root_cause_needs_a_cause():
    """The verdict root-cause without an object is incomplete."""
    rest = {"confidence": "low", "evidence": [], "ruled_out": [], "not_checked": [], "next_steps": []}
    assert _read(verdict="root-cause", conclusion="c", **rest).wrong == (
        "`cause` is missing, and the verdict is root-cause",
    )


def test_a_proposal_without_a_target_is_left_out():
    """What nobody can aim at is not proposed."""
    change = {"tool": "t", "target": "nowhere", "arguments": {}, "reason": "", "evidence": []}
    rest = {"confidence": "low", "evidence": [], "ruled_out": [], "not_checked": [], "next_steps": []}
    report = _read(verdict="no-problem", conclusion="c", proposed_changes=[change], **rest)
    assert (report.finding.proposed, report.wrong) == (
        (),
        ("`proposed_changes[0].target`: 'nowhere' is not NAMESPACE/KIND/NAME",),
    )
