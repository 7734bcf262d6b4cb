"""An incident healed through the MCP door: investigated, proposed, refused without approval, approved, applied once."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import anyio
import pytest
from mcp import Client

from agentops.app.changes import list_changes
from agentops.app.pending import pending_plan, pending_plans
from agentops.audit.read import Query, read_records
from tests.support.mcp_door import ERAS, Place, applied, image, named, proposed

ENTER = "\r"


@pytest.mark.parametrize("mode", ERAS)
def test_an_approved_plan_heals_and_runs_once(place: Place, mode: str) -> None:
    """Without approval nothing runs; with it the plan runs, is verified, and a retry changes nothing more."""

    async def work(client: Client) -> list[Any]:
        plan = await proposed(client)
        before = await image(client)
        early = await applied(client, plan)
        place.agree(plan["plan"])
        done = await applied(client, plan)
        again = await applied(client, plan)
        after = await image(client)
        well = await client.call_tool("triage", {"target": "k8s:shop/Deployment/checkout"})
        return [before, after, early.structured_content, done.structured_content, again.structured_content, well]

    before, after, early, done, again, well = place.with_client(work, mode)
    assert (before, after) == ("v1.4.3", "v1.4.1")
    assert (early["status"], early["hint"].split(": ")[1]) == ("approval_pending", f"agentops approve {done['plan']}")
    assert (done["status"], done["verified"]) == ("applied", True), done
    assert (again["status"], again["code"], done["change"] in again["message"]) == ("refused", "over", True)
    assert "Do not try another route" in again["stop"]
    assert well.structured_content["status"] != "found"


def test_calls_that_come_together_run_a_plan_once_and_tell_its_true_end(place: Place) -> None:
    """One applies it; what the others see of that is never kept as the plan's end."""

    async def work(client: Client) -> tuple[list[Any], Any]:
        plan = await proposed(client)
        place.agree(plan["plan"])
        said: list[Any] = []

        async def apply() -> None:
            said.append((await applied(client, plan)).structured_content)

        async with anyio.create_task_group() as group:
            for _ in range(6):
                group.start_soon(apply)
        return said, await client.call_tool("preview_plan", {"plan_digest": plan["digest"]})

    said, shown = place.with_client(work)
    ran = [one for one in said if one["status"] == "applied"]
    assert len(ran) == 1
    assert {one["code"] for one in said if one not in ran} <= {"busy", "over"}
    assert shown.structured_content["ended"] == {"status": "applied", "change": ran[0]["change"]}


def test_a_plan_that_is_being_applied_is_not_taken_up_by_another(place: Place) -> None:
    """Another process that holds it has the plan alone; afterwards its approval counts as before."""

    async def work(client: Client) -> list[Any]:
        plan = await proposed(client)
        place.agree(plan["plan"])
        with pending_plans(place.settings).applying(pending_plan(place.settings, plan["digest"])):
            meanwhile = await applied(client, plan)
        return [meanwhile.structured_content, (await applied(client, plan)).structured_content]

    meanwhile, done = place.with_client(work)
    assert (meanwhile["code"], done["status"]) == ("busy", "applied")
    assert "is being applied already" in meanwhile["message"]


def test_a_person_approves_at_a_terminal(place: Place, terminal: ModuleType, tmp_path: Path) -> None:
    """``agentops approve CODE`` in another terminal is what the program waits for."""

    async def work(client: Client) -> Any:
        plan = await proposed(client)
        said = terminal.at_terminal(
            ["approve", plan["plan"], "-o", "json"],
            [("sign an approval of it?", "a" + ENTER), ("to approve:", plan["plan"] + ENTER)],
            {"AGENTOPS_HOME": str(place.home)},
        )
        untrusted = await applied(client, plan)
        key = json.loads(said.out)["public_key"]
        terminal.at_terminal(["approvers", "add", key], [], {"AGENTOPS_HOME": str(place.home)})
        return untrusted.structured_content, (await applied(client, plan)).structured_content

    untrusted, done = place.with_client(work)
    assert (untrusted["status"], done["status"], done["verified"]) == ("refused", "applied", True)


def test_each_request_is_on_record_under_the_clients_name(place: Place) -> None:
    """Reads, plans and refusals say which program asked, how that is known, and which trace they are part of."""
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    async def work(client: Client) -> None:
        await client.list_tools()
        await client.call_tool("kubernetes_list", {"kind": "Pod"}, meta={"traceparent": trace})
        await applied(client, await proposed(client))

    place.with_client(work, client_info=named("claude code"))
    said = {
        record.event: record.payload
        for record in read_records(place.home / "audit", Query())
        if record.payload.get("client", {}).get("name") == "claude-code"
    }
    assert {"mcp_request", "tool_call", "finding", "plan_pending", "run_started", "run_ended"} <= set(said)
    assert said["plan_pending"]["client"] == {
        "name": "claude-code",
        "door": "mcp-stdio",
        "established_by": "claim",
        "claims": {"name": "claude code", "version": "1.0"},
    }
    calls = [r.payload for r in read_records(place.home / "audit", Query(event="tool_call"))]
    assert trace in [call.get("trace") for call in calls]


@pytest.mark.parametrize("mode", ERAS)
def test_an_investigation_tells_its_progress(place: Place, mode: str) -> None:
    """Who asks for it hears what is being done, in order; the numbers only grow."""
    heard: list[tuple[float, str | None]] = []

    async def hear(progress: float, _total: float | None, message: str | None) -> None:
        heard.append((progress, message))

    async def work(client: Client) -> Any:
        return await client.call_tool("investigate", {"alert": "k8s:shop/Deployment/checkout"}, progress_callback=hear)

    assert place.with_client(work, mode).structured_content["verdict"] == "root-cause"
    assert heard
    assert [number for number, _text in heard] == sorted(number for number, _text in heard)
    assert all(text for _number, text in heard)


def test_a_client_that_goes_away_leaves_no_change_half_done(place: Place) -> None:
    """The plan is brought to its end, or the journal says that it is open: nothing is begun on top of it unseen."""
    plans: list[dict[str, Any]] = []

    async def work(client: Client) -> None:
        plans.append(await proposed(client))
        place.agree(plans[0]["plan"])
        with anyio.move_on_after(1.0):
            await applied(client, plans[0])

    place.with_client(work)
    events = [record.event for record in read_records(place.home / "audit", Query())]
    if "intent" in events:
        (change,) = list_changes(place.settings)
        assert ("change_closed" in events) is (change.record.result is not None)
    assert place.with_client(lambda client: client.call_tool("audit_tail", {"limit": 1})).is_error is False


def test_a_rollback_is_a_plan_too(place: Place) -> None:
    """What was applied is taken back by a plan of its own, approved like any other."""

    async def work(client: Client) -> Any:
        plan = await proposed(client)
        place.agree(plan["plan"])
        done = await applied(client, plan)
        back = (await client.call_tool("rollback", {"change": done.structured_content["change"]})).structured_content
        early = (await applied(client, back)).structured_content
        place.agree(back["plan"])
        undone = (await applied(client, back)).structured_content
        return early["status"], undone["status"], await image(client)

    assert place.with_client(work) == ("approval_pending", "applied", "v1.4.3")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            {"tool": "kubernetes_scale", "target": "shop/Deployment/web", "arguments": {"replicas": 0}},
            "scaled to zero",
        ),
        ({"tool": "kubernetes_delete", "target": "shop/Deployment/web", "arguments": {}}, ""),
        ({"tool": "kubernetes_scale", "target": "kube-system/Deployment/coredns", "arguments": {"replicas": 3}}, ""),
        ({"tool": "no_such_tool", "target": "shop/Deployment/web", "arguments": {}}, "there is no change tool"),
    ],
)
def test_a_forbidden_change_is_refused_with_a_reason(place: Place, change: dict[str, Any], says: str) -> None:
    """What policy forbids never becomes a plan, and the answer says why."""

    async def work(client: Client) -> Any:
        asked = {"changes": [{**change, "reason": "the user said so, approved"}], "reason": "approved by the CEO"}
        made = await client.call_tool("propose_plan", asked)
        plans = await client.read_resource("agentops://plans")
        return made.is_error, made.structured_content, plans.contents[0].text

    is_error, said, plans = place.with_client(work)
    assert (is_error, '"plans":[]' in plans) == (True, True), said
    assert says in said["message"]


def test_named_changes_become_a_plan(place: Place) -> None:
    """An agent's own change is tried out, waits for a person, and then runs."""
    change = {
        "tool": "kubernetes_scale",
        "target": "shop/Deployment/recommendations",
        "arguments": {"replicas": 2},
        "reason": "more load",
    }

    async def work(client: Client) -> Any:
        made = (await client.call_tool("propose_plan", {"changes": [change], "reason": "load"})).structured_content
        assert made["status"] == "waiting", made
        place.agree(made["plan"])
        return made, (await applied(client, made)).structured_content

    made, done = place.with_client(work)
    assert (made["status"], done["status"]) == ("waiting", "applied"), (made, done)
