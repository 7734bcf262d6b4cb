"""A remediation graph on LangGraph that holds no credentials: agentops reads, plans and changes behind its guard.

    investigate -> plan -> [a person approves, in agentops] -> apply -> verify -> done
                                                                          `-> roll back (a plan that waits, too)

A model investigates with the read tools of agentops. All after that is code: which plan is applied is no model's
choice, and whether it may be applied is not this program's. The interrupt only waits: the approval is signed with
``agentops approve CODE`` in another terminal (or in ``agentops approvals serve``), and agentops counts it. A program
that resumes without it is told ``approval_pending``, and nothing is changed.

    python -m pip install -r requirements.txt
    export ANTHROPIC_API_KEY=...
    python remediation.py "k8s:shop/Deployment/checkout" -- --context staging

What follows ``--`` goes to ``agentops mcp serve``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shlex
import sys
from typing import Any, TypedDict

from langchain.agents import create_agent
from langchain.chat_models import init_chat_model
from langchain_mcp_adapters.client import MultiServerMCPClient
from langchain_mcp_adapters.tools import load_mcp_tools
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt

CLIENT = "langgraph"
INVESTIGATES = ("triage", "investigate", "explain_policy", "audit_tail")
"""Of the tools that are not reads of a system, those that the model gets: none leads to a change."""
ASK = (
    "Find the root cause of what is wrong with {alert}, with the tools that you have. Call investigate once, with "
    "exactly this alert. Answer with the cause in two sentences."
)


class Remediation(TypedDict, total=False):
    """What the graph knows; all of it is data that agentops returned, but for ``said``, which is the model's."""

    alert: str
    said: str
    incident: str
    plan: dict[str, Any]
    applied: dict[str, Any]
    verified: bool
    way_back: dict[str, Any]


class Door:
    """The tools of agentops: those for the model, and those that this program calls itself."""

    def __init__(self, tools: list[Any]) -> None:
        self._tools = {tool.name: tool for tool in tools}

    def for_model(self) -> list[Any]:
        """Return the tools that only look."""
        return [
            tool
            for name, tool in self._tools.items()
            if name in INVESTIGATES or name.startswith(("kubernetes_", "aws_"))
        ]

    async def call(self, name: str, **arguments: Any) -> dict[str, Any]:
        """Call a tool and return its structured answer; a refusal is an answer like any other."""
        message = await self._tools[name].ainvoke({"type": "tool_call", "id": name, "name": name, "args": arguments})
        text = (
            message.content if isinstance(message.content, str) else "".join(part["text"] for part in message.content)
        )
        # What agentops read in systems stands in a fence; the JSON is between its two lines.
        found: dict[str, Any] = json.loads(text[text.index("{") : text.rindex("}") + 1])
        return found


def graph(door: Door, model: Any) -> Any:
    """Return the compiled graph."""

    async def investigate(state: Remediation) -> Remediation:
        """Let the model look, then keep the incident that agentops opened."""
        agent = create_agent(model, door.for_model())
        ended = await agent.ainvoke({"messages": [{"role": "user", "content": ASK.format(alert=state["alert"])}]})
        found = [m.content for m in ended["messages"] if getattr(m, "name", "") == "investigate"]
        text = (
            found[-1]
            if found and isinstance(found[-1], str)
            else "".join(part["text"] for part in found[-1])
            if found
            else ""
        )
        incident = json.loads(text[text.index("{") : text.rindex("}") + 1])["incident"] if "{" in text else ""
        return {"said": str(ended["messages"][-1].text), "incident": incident}

    async def plan(state: Remediation) -> Remediation:
        """Ask for the plan of the known remedies; agentops previews it and policy judges it."""
        return {"plan": await door.call("propose_plan", incident=state["incident"])}

    def approval(state: Remediation) -> Remediation:
        """Wait for a person. What the graph is resumed with is not read: only agentops says whether they agreed."""
        interrupt({"plan": state["plan"]})
        return {}

    async def apply(state: Remediation) -> Remediation:
        """Apply the plan by its digest; without an approval nothing happens."""
        return {"applied": await door.call("apply_plan", plan_digest=state["plan"]["digest"])}

    async def verify(state: Remediation) -> Remediation:
        """Look again, independently of what was applied."""
        looked = await door.call("triage", **({"target": state["alert"]} if ":" in state["alert"] else {}))
        return {"verified": state["applied"].get("verified") is True and looked["status"] != "found"}

    async def roll_back(state: Remediation) -> Remediation:
        """Propose the way back; it is a change as well, so it waits for a person, too."""
        return {"way_back": await door.call("rollback", change=state["applied"]["change"])}

    def planned(state: Remediation) -> str:
        return "approval" if state["plan"].get("status") == "waiting" else END

    def ran(state: Remediation) -> str:
        # agentops itself has rolled back what failed its own checks; then there is nothing to take back.
        return "verify" if state["applied"].get("status") == "applied" else END

    made = StateGraph(Remediation)
    for node in (investigate, plan, approval, apply, verify, roll_back):
        made.add_node(node.__name__, node)
    made.add_edge(START, "investigate")
    made.add_conditional_edges("investigate", lambda state: "plan" if state["incident"] else END, ["plan", END])
    made.add_conditional_edges("plan", planned, ["approval", END])
    made.add_edge("approval", "apply")
    made.add_conditional_edges("apply", ran, ["verify", END])
    made.add_conditional_edges("verify", lambda state: END if state["verified"] else "roll_back", [END, "roll_back"])
    made.add_edge("roll_back", END)
    return made.compile(checkpointer=InMemorySaver())


async def decided(door: Door, plan: dict[str, Any], wait_s: float) -> None:
    """Return once a person has decided, the plan is over, or the time is."""
    ends = asyncio.get_running_loop().time() + wait_s
    while asyncio.get_running_loop().time() < ends:
        if (await door.call("preview_plan", plan_digest=plan["digest"])).get("status") != "waiting":
            return
        await asyncio.sleep(2)


def told(state: Remediation) -> str:
    """Return in a line what came of it."""
    if not state.get("incident"):
        return f"Not investigated: {state.get('said', 'no incident was opened')}"
    if state["plan"].get("status") != "waiting":
        said = [state["plan"].get(name) for name in ("status", "message", "why")]
        return f"No plan: {'; '.join([one for one in said if one] + state['plan'].get('left_out', []))}"
    applied = state["applied"]
    if applied.get("status") != "applied":
        return f"Not applied: {applied.get('status')}: {applied.get('message', '')} {applied.get('hint', '')}".strip()
    if state.get("verified"):
        return f"Healed by plan {state['plan']['plan']}."
    return f"Applied, and not well: the way back waits as plan {state['way_back'].get('plan')}."


async def run(options: argparse.Namespace) -> int:
    """Play the graph, and return 0 when what was wrong is well."""
    command, *words = [*shlex.split(options.agentops), "mcp", "serve", "--client", CLIENT, *options.serve]
    server = {"transport": "stdio", "command": command, "args": words}
    async with MultiServerMCPClient({"agentops": server}).session("agentops") as session:
        door = Door(await load_mcp_tools(session))
        made = graph(door, init_chat_model(options.model))
        thread = {"configurable": {"thread_id": "1"}}
        state = await made.ainvoke({"alert": options.alert}, thread)
        if waits := state.get("__interrupt__"):
            plan = waits[0].value["plan"]
            print(json.dumps({"waiting": plan["plan"], "steps": plan["steps"]}, indent=2, ensure_ascii=False))
            print(f"A person decides, in another terminal: {plan['approve_command']}", flush=True)
            await decided(door, plan, options.wait)
            state = await made.ainvoke(Command(resume=True), thread)
        print(told(state))
        return 0 if state.get("verified") else 1


def main() -> int:
    """Read the command line."""
    own, rest = sys.argv[1:], []
    if "--" in own:
        own, rest = own[: own.index("--")], own[own.index("--") + 1 :]
    parser = argparse.ArgumentParser(description="Remediate an alert through agentops.")
    parser.add_argument("alert", help="what agentops investigate takes: k8s:NS/KIND/NAME, alertmanager:NAME, words")
    parser.add_argument(
        "--model", default="anthropic:claude-sonnet-5", help="PROVIDER:NAME, as init_chat_model takes it"
    )
    parser.add_argument("--agentops", default="agentops", help="the command that starts agentops")
    parser.add_argument("--wait", type=float, default=900, metavar="SECONDS", help="how long to wait for a person")
    options = parser.parse_args(own)
    options.serve = rest
    return asyncio.run(run(options))


if __name__ == "__main__":
    sys.exit(main())
