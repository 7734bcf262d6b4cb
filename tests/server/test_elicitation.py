"""Who is asked through the client itself: eras of the protocol by what the client answers, and what each may cause."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import mcp_types as types
import pytest
from mcp import Client

from agentops.audit.read import Query, read_records
from tests.support.mcp_door import ERAS, Place, applied, image, proposed

ALLOWED = '[safety]\nconfirm_in_band = "one"\n'
STOP = "Do not try another route"
Callback = Callable[[Any, types.ElicitRequestParams], Awaitable[types.ElicitResult]]


def _answers(action: str, code: Callable[[str], str] | None = None) -> tuple[Callback, list[str]]:
    """Return a client's way to answer, and what it was shown."""
    shown: list[str] = []

    async def answer(_context: Any, params: types.ElicitRequestParams) -> types.ElicitResult:
        shown.append(params.message)
        typed = re.findall(r"[0-9A-Z]{8}", params.message)[-1]
        content = None if code is None else {"code": code(typed)}
        return types.ElicitResult(action=action, content=content)  # type: ignore[arg-type]

    return answer, shown


CELLS: dict[str, tuple[str | None, Callable[[str], str] | None, str, str]] = {
    # what the client answers, the code that it brings, the status and the code of the answer
    "ok": ("accept", lambda code: code.lower(), "applied", ""),
    "decline": ("decline", None, "refused", "declined"),
    "cancel": ("cancel", None, "refused", "cancelled"),
    "unsupported": (None, None, "approval_pending", "approval-pending"),
    "lying": ("accept", lambda _code: "yes", "refused", "not-confirmed"),
}


@pytest.mark.parametrize("mode", ERAS)
@pytest.mark.parametrize("cell", CELLS)
def test_only_a_person_who_saw_the_plan_agrees(place: Place, mode: str, cell: str) -> None:
    """Where a setting lets it count, the code of the plan must come back; all else changes nothing, and says so."""
    action, code, status, why = CELLS[cell]
    place.setting(ALLOWED)
    callback, shown = _answers(action or "", code)

    async def work(client: Client) -> Any:
        plan = await proposed(client)
        said = (await applied(client, plan)).structured_content
        return plan, said, (await applied(client, plan)).structured_content, await image(client)

    options = {"elicitation_callback": callback} if action else {}
    plan, said, again, now = place.with_client(work, mode, **options)
    assert (said["status"], said.get("code", "")) == (status, why), said
    assert now == ("v1.4.1" if cell == "ok" else "v1.4.3")
    assert all(plan["plan"] in text and "roll Deployment checkout back" in text for text in shown)
    assert len(shown) == {"unsupported": 0, "ok": 1, "decline": 1, "cancel": 2, "lying": 2}[cell]
    assert (STOP in said.get("stop", "")) is (status == "refused")
    # Once: what was applied or declined is over, whatever the client answers next.
    assert again.get("code") == {"ok": "over", "decline": "declined"}.get(cell, why)


@pytest.mark.parametrize("mode", ERAS)
@pytest.mark.parametrize("setting", ["", '[safety]\nconfirm_in_band = "none"\n'], ids=["default", "none"])
def test_a_client_that_says_yes_to_everything_is_not_asked(place: Place, mode: str, setting: str) -> None:
    """By default, and for what policy asks one person for where a setting only lets less count, nobody is asked."""
    place.setting(setting)
    callback, shown = _answers("accept", str)

    async def work(client: Client) -> Any:
        plan = await proposed(client)
        return (await applied(client, plan)).structured_content, await image(client)

    said, now = place.with_client(work, mode, elicitation_callback=callback)
    assert (said["status"], shown, now) == ("approval_pending", [], "v1.4.3")


@pytest.mark.parametrize(
    "more",
    [
        {"confirm": True},
        {"approved": True},
        {"approval": "human:ana"},
        {"plan_digest": "sha256:" + "0" * 64},
        {"yes": "yes", "force": True},
    ],
)
def test_what_a_model_says_of_an_approval_counts_for_nothing(place: Place, more: dict[str, Any]) -> None:
    """A field of the call is no approval; it does not even fit."""

    async def work(client: Client) -> Any:
        plan = await proposed(client)
        return (await applied(client, plan, **more)).structured_content, await image(client)

    said, now = place.with_client(work)
    assert (said["status"], now) == ("error", "v1.4.3"), said


def test_an_answer_counts_once_and_for_its_own_plan(place: Place) -> None:
    """In the stateless era the state of a question cannot be made up, altered, used twice, or for another plan."""
    place.setting(ALLOWED)
    callback, _shown = _answers("accept", str)

    async def work(client: Client) -> Any:
        plan = await proposed(client)
        asked = {"plan_digest": plan["digest"]}
        first = await client.session.call_tool("apply_plan", asked, allow_input_required=True)
        answer = {"confirm": types.ElicitResult(action="accept", content={"code": plan["plan"]})}
        wrong = {"confirm": types.ElicitResult(action="accept", content={"code": "00000000"})}

        async def with_state(state: str | None, arguments: dict[str, Any], said: Any = answer) -> str:
            try:
                found = await client.session.call_tool(
                    "apply_plan", arguments, input_responses=said, request_state=state, allow_input_required=True
                )
            except Exception as error:  # noqa: BLE001 - what the SDK makes of a refusal by the protocol
                return type(error).__name__
            if isinstance(found, types.InputRequiredResult):
                return "asked"
            return str(found.structured_content.get("code") or found.structured_content["status"])

        state = first.request_state
        seen = [
            await with_state(None, asked),
            await with_state("made-up", asked),
            await with_state(state[:-2] + "AA", asked),
            await with_state(state, {"plan_digest": plan["plan"]}),
            await with_state(state, asked, wrong),
            await with_state(state, asked),
        ]
        return seen, await image(client)

    seen, now = place.with_client(work, elicitation_callback=callback)
    assert (seen, now) == (
        ["asked", "MCPError", "MCPError", "MCPError", "not-confirmed", "not-asked"],
        "v1.4.3",
    )


def test_the_record_tells_a_relayed_approval_from_a_signed_one(place: Place) -> None:
    """What a client relayed is on record as that, under its name, and never as a person's signature."""
    place.setting(ALLOWED)
    callback, _shown = _answers("accept", str)

    async def work(client: Client) -> Any:
        return (await applied(client, await proposed(client))).structured_content["status"]

    assert place.with_client(work, elicitation_callback=callback) == "applied"
    (passed,) = [
        record.payload
        for record in read_records(place.home / "audit", Query(event="guard_stage"))
        if record.payload.get("stage") == "confirm" and record.payload.get("approvals")
    ]
    assert [(one["method"], one["by"]) for one in passed["approvals"]] == [("client", "client:mcp")]
