"""A program that asks to hear of progress is answered as any other: Claude Code does, with each call."""

from __future__ import annotations

from typing import Any

import pytest
from mcp import Client

from tests.support.mcp_door import ERAS, Place, proposed


@pytest.mark.parametrize("mode", ERAS)
def test_a_refusal_is_told_as_such_to_who_hears_of_progress(place: Place, mode: str) -> None:
    """An approval that is missing, a change that policy forbids, an incident that nobody knows: none is a defect."""

    async def heard(_progress: float, _total: float | None, _message: str | None) -> None:
        """Take the progress."""

    async def work(client: Client) -> list[Any]:
        plan = await proposed(client)
        target = {"tool": "kubernetes_scale", "target": "k8s:shop/Deployment/checkout", "arguments": {"replicas": 0}}
        calls = (
            ("apply_plan", {"plan_digest": plan["plan"]}),
            ("propose_plan", {"reason": "x", "changes": [{**target, "reason": "x"}]}),
            ("propose_plan", {"incident": "0000"}),
        )
        said = [await client.call_tool(name, given, progress_callback=heard) for name, given in calls]
        return [one.structured_content for one in said]

    waits, forbidden, unknown = place.with_client(work, mode)
    assert (waits["status"], forbidden["status"], unknown["status"]) == ("approval_pending", "refused", "error")
    assert "scale-to-zero" in forbidden["message"]
    assert unknown["code"] != "defect"
