"""Tools that are switched off, and identities that may do everything: refused first, but for the way back."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from agentops.core.errors import PolicyRefused, ToolError
from agentops.guard.pipeline import execute

world = sys.modules["agentops_test_world"]


def refusal(stage: Any, **services: Any) -> tuple[str, list[Any], list[Any]]:
    """Return the code with which a proposal is refused, who was asked, and what was written."""
    with pytest.raises((PolicyRefused, ToolError)) as caught:
        execute(stage.services(**services), world.proposal())
    return caught.value.code, stage.person.asked, stage.world.writes


def test_a_tool_that_is_switched_off_is_refused(stage: Any) -> None:
    """Before policy is asked, and before anything is tried."""
    assert refusal(stage, disabled_tools=("set",)) == ("tool-disabled", [], [])


def test_an_identity_without_limits_is_refused(stage: Any) -> None:
    """The place says why; nothing is tried."""
    assert refusal(stage, too_powerful=lambda scheme: (f"{scheme}: everything", "Ask.")) == ("too-powerful", [], [])


def test_what_cannot_be_asked_is_no_permission(stage: Any) -> None:
    """A provider that cannot say what the identity may do: nothing is tried."""

    def fail(_scheme: str) -> str:
        raise ToolError("no answer", code="unreachable")

    assert refusal(stage, too_powerful=fail) == ("unreachable", [], [])


@pytest.mark.parametrize(
    "limit", [{"disabled_tools": ("set",)}, {"too_powerful": lambda _scheme: ("everything", "Ask.")}]
)
def test_a_change_can_be_taken_back_all_the_same(stage: Any, limit: dict[str, Any]) -> None:
    """What was made before the limit was set does not stay because of it."""
    result = execute(stage.services(**limit), world.proposal(rolls_back="change-1"))
    assert result.outcome.status.value == "applied"
