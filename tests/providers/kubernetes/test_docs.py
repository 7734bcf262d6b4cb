"""docs/tools.md says what the tools declare."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from agentops.providers.kubernetes.objects.kinds import builtin
from agentops.providers.kubernetes.read.registry import READ_TOOLS
from agentops.providers.kubernetes.sweep.sweep import CLUSTER_SCOPED, NAMESPACED

PAGE = (Path(__file__).parents[3] / "docs" / "tools.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", re.findall(r"^### (kubernetes_\w+)$", PAGE, re.MULTILINE))
def test_every_section_is_of_a_tool_and_has_its_arguments(name: str) -> None:
    """What the page says more about a tool names all of its arguments; the table of all tools is generated."""
    section = PAGE.partition(f"### {name}\n")[2].partition("\n### ")[0]
    (spec,) = (tool.spec for tool in READ_TOOLS if tool.spec.name == name)
    assert [argument for argument in spec.schema["properties"] if f"`{argument}`" not in section] == []


def test_the_role_covers_the_sweep() -> None:
    """The ClusterRole in the page on least privilege lets the sweep read every kind but Secrets."""
    page = (Path(__file__).parents[3] / "docs" / "least-privilege.md").read_text(encoding="utf-8")
    block = page.partition("<!-- read access: made by scripts/generate.py -->")[2].partition("<!-- end of")[0]
    documents = yaml.safe_load_all(block.partition("```yaml\n")[2].partition("```")[0])
    (role,) = (one for one in documents if one["kind"] == "ClusterRole")
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
