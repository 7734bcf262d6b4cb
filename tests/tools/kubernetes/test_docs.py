"""docs/tools.md says what the tools declare."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from agentops.core.tool import ToolSpec
from agentops.tools.kubernetes.kinds import builtin
from agentops.tools.kubernetes.registry import SPECS
from agentops.tools.kubernetes.sweep import CLUSTER_SCOPED, NAMESPACED

PAGE = (Path(__file__).parents[3] / "docs" / "tools.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_every_argument_is_documented(spec: ToolSpec) -> None:
    """Each tool has a section, and each argument is in it."""
    section = PAGE.partition(f"### {spec.name}\n")[2].partition("\n### ")[0]
    assert [name for name in spec.schema["properties"] if f"`{name}`" not in section] == []


def test_the_role_covers_the_sweep() -> None:
    """The ClusterRole in the page lets the sweep read every kind but Secrets."""
    role = yaml.safe_load(PAGE.partition("```yaml\n")[2].partition("```")[0])
    granted = {
        (group, resource) for rule in role["rules"] for group in rule["apiGroups"] for resource in rule["resources"]
    }
    wanted = {(builtin(kind).group, builtin(kind).plural) for kind in (*NAMESPACED, *CLUSTER_SCOPED)}
    assert wanted - granted == {("", "secrets")}
    assert {verb for rule in role["rules"] for verb in rule["verbs"]} == {"get", "list"}


def test_the_swept_kinds_are_documented() -> None:
    """The page lists every kind that the sweep reads."""
    section = PAGE.partition("## The triage sweep")[2].partition("\n## ")[0]
    assert [kind for kind in (*NAMESPACED, *CLUSTER_SCOPED) if kind not in section] == []
