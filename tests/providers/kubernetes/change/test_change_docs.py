"""docs/change-tools.md says what the change tools declare."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentops.core.tool import ToolSpec
from agentops.providers.kubernetes.change.deletion import COMPENSATING_KINDS, EXACT_KINDS, LOST_KINDS
from agentops.providers.kubernetes.change.registry import CHANGE_SPECS

PAGE = (Path(__file__).parents[4] / "docs" / "change-tools.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("spec", CHANGE_SPECS, ids=lambda spec: spec.name)
def test_every_tool_and_argument_is_documented(spec: ToolSpec) -> None:
    """Each tool has a section, and each argument is in it."""
    section = PAGE.partition(f"### {spec.name}\n")[2].partition("\n### ")[0]
    assert (bool(section), [name for name in spec.schema["properties"] if f"`{name}`" not in section]) == (True, [])


def test_the_ways_back_from_a_deletion_are_documented() -> None:
    """The table lists every kind that the tool knows, in its row."""
    section = PAGE.partition("### kubernetes_delete\n")[2]
    rows = [line for line in section.splitlines() if line.startswith("| ")][1:4]
    wanted = [
        sorted(kind for kind in EXACT_KINDS if not kind.endswith("WebhookConfiguration")),
        sorted(COMPENSATING_KINDS),
        sorted(set(LOST_KINDS) - {"CustomResourceDefinition"}),
    ]
    assert [[kind for kind in kinds if kind not in row] for kinds, row in zip(wanted, rows, strict=True)] == [
        [],
        [],
        [],
    ]
