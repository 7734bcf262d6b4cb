"""docs/change-tools.md says what the change tools declare."""

from __future__ import annotations

import re
from pathlib import Path

from agentops.providers.kubernetes.change.registry import CHANGE_SPECS
from agentops.providers.kubernetes.change.tools.delete import COMPENSATING_KINDS, EXACT_KINDS, LOST_KINDS

PAGE = (Path(__file__).parents[4] / "docs" / "change-tools.md").read_text(encoding="utf-8")


def test_every_section_is_of_a_registered_tool() -> None:
    """The table is made from the registry; the sections below it, written by hand, keep to its tools."""
    sections = re.findall(r"^### (kubernetes_\w+)$", PAGE, re.MULTILINE)
    assert set(sections) - {spec.name for spec in CHANGE_SPECS} == set()


def test_what_undoes_a_deletion_is_documented() -> None:
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
