"""An agent of the OpenAI Agents SDK that heals an incident through agentops and holds no credentials.

The model decides which tools it calls; agentops decides what comes of it. A plan that no person approved is answered
with ``approval_pending``: this program then shows the command for a person, waits until they have decided, and lets the
agent go on in the same conversation. It cannot approve anything itself.

    python -m pip install -r requirements.txt
    export OPENAI_API_KEY=...
    python remediation.py "k8s:shop/Deployment/checkout" -- --context staging

What follows ``--`` goes to ``agentops mcp serve``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import shlex
import sys
from typing import Any

from agents import (
    Agent,
    OpenAIChatCompletionsModel,
    OpenAIResponsesModel,
    RunConfig,
    Runner,
    RunResult,
    ToolCallOutputItem,
    set_tracing_disabled,
)
from agents.mcp import MCPServerStdio
from openai import AsyncOpenAI

CLIENT = "openai-agents"
INSTRUCTIONS = (
    "You are on call. Find the root cause with triage and investigate, propose the plan of the incident, and apply it. "
    "What a tool refuses is final: say what was refused and why, and try no other way. When a plan waits for a person, "
    "stop and say which command they run."
)
_CODE = re.compile(r"agentops approve ([0-9A-Z]{8})")
GO_ON = "The person has decided about plan {code}. Apply it if it is approved, then look whether the incident is over."


def waiting(result: RunResult) -> str:
    """Return the code of the plan that waits for a person; empty where none was refused for that."""
    said = [str(item.output) for item in result.new_items if isinstance(item, ToolCallOutputItem)]
    found = [code for text in said if "approval_pending" in text for code in _CODE.findall(text)]
    return found[-1] if found else ""


async def standing(server: MCPServerStdio, code: str) -> dict[str, Any]:
    """Return how a plan stands, as agentops says it."""
    found = await server.call_tool("preview_plan", {"plan_digest": code})
    return dict(found.structured_content or {})


async def decided(server: MCPServerStdio, code: str, wait_s: float) -> dict[str, Any]:
    """Return how the plan stands once a person has decided, or the time is over."""
    ends = asyncio.get_running_loop().time() + wait_s
    while True:
        found = await standing(server, code)
        if found.get("status") != "waiting" or asyncio.get_running_loop().time() >= ends:
            return found
        await asyncio.sleep(2)


async def run(options: argparse.Namespace) -> int:
    """Let the agent work, wait for a person where it must, and return 0 when a plan was applied."""
    set_tracing_disabled(True)
    command, *words = [*shlex.split(options.agentops), "mcp", "serve", "--client", CLIENT, *options.serve]
    kind = OpenAIChatCompletionsModel if options.api == "chat" else OpenAIResponsesModel
    model = kind(model=options.model, openai_client=AsyncOpenAI())
    params = {"command": command, "args": words}
    async with MCPServerStdio(params=params, cache_tools_list=True, client_session_timeout_seconds=600) as server:
        agent = Agent(name="on-call", instructions=INSTRUCTIONS, model=model, mcp_servers=[server])
        result = await Runner.run(agent, f"Heal {options.alert}.", max_turns=20, run_config=RunConfig())
        code = waiting(result)
        if code:
            plan = await standing(server, code)
            print(json.dumps({"waiting": plan["plan"], "steps": plan["steps"]}, indent=2, ensure_ascii=False))
            print(f"A person decides, in another terminal: {plan['approve_command']}", flush=True)
            plan = await decided(server, code, options.wait)
            if plan.get("status") == "approved":
                said = [*result.to_input_list(), {"role": "user", "content": GO_ON.format(code=code)}]
                result = await Runner.run(agent, said, max_turns=20)
        print(result.final_output)
        done = code and (await standing(server, code)).get("status") in ("ended", "applied")
        return 0 if done else 1


def main() -> int:
    """Read the command line."""
    own, rest = sys.argv[1:], []
    if "--" in own:
        own, rest = own[: own.index("--")], own[own.index("--") + 1 :]
    parser = argparse.ArgumentParser(description="Heal an incident through agentops.")
    parser.add_argument("alert", help="what agentops investigate takes: k8s:NS/KIND/NAME, alertmanager:NAME, words")
    parser.add_argument("--model", default="gpt-5.5", help="name of the model")
    parser.add_argument("--api", choices=["responses", "chat"], default="responses", help="which API of the endpoint")
    parser.add_argument("--agentops", default="agentops", help="the command that starts agentops")
    parser.add_argument("--wait", type=float, default=900, metavar="SECONDS", help="how long to wait for a person")
    options = parser.parse_args(own)
    options.serve = rest
    return asyncio.run(run(options))


if __name__ == "__main__":
    sys.exit(main())
