"""``agentops mcp serve`` in a process of its own, and the SDK's own client at the other end of its wire."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import mcp_types as types
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

from agentops.app.approvers import KeyDialogue, add_approver, show_own_key
from agentops.app.mcp_clients import FILE, new_token
from agentops.app.pending import approve_pending
from agentops.config import Settings, load
from agentops.core.approval import Answer, ApprovalRequest, Decision, SignedApproval
from agentops.core.clock import utc_now

T = TypeVar("T")


@asynccontextmanager
async def http_client(address: str, token: str, mode: str = "2026-07-28", **options: Any) -> AsyncIterator[Client]:
    """Yield a client that shows a token."""
    async with (
        create_mcp_http_client(headers={"Authorization": f"Bearer {token}"}) as wire,
        Client(streamable_http_client(address, http_client=wire), mode=mode, **options) as client,
    ):
        yield client


ERAS = ("legacy", "2026-07-28")
"""The handshake that older clients make, and the stateless protocol."""
SCENARIO = "bad-image-tag"
TARGET = "k8s:shop/Deployment/checkout"


@dataclass(frozen=True, kw_only=True)
class Place:
    """A home of agentops, and the server that is started in it."""

    home: Path
    log: Path
    words: tuple[str, ...] = (f"--sandbox={SCENARIO}",)
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        """The settings of this home."""
        return load({}, {"AGENTOPS_HOME": str(self.home)})

    @property
    def command(self) -> StdioServerParameters:
        """What a client's config has."""
        account = Path(__file__).with_name("account.py")
        return StdioServerParameters(
            command=sys.executable,
            args=[str(account), "mcp", "serve", *self.words],
            env={"PATH": os.environ["PATH"], "AGENTOPS_HOME": str(self.home), **self.environ},
        )

    def with_client(self, work: Callable[[Client], Awaitable[T]], mode: str = ERAS[1], **options: Any) -> T:
        """Start the server, let a client of an era work with it, and end both."""

        async def run() -> T:
            with self.log.open("a") as stderr:
                async with Client(stdio_client(self.command, errlog=stderr), mode=mode, **options) as client:
                    return await work(client)

        return asyncio.run(run())

    def token(self, name: str) -> str:
        """Make the token of a client."""
        return new_token(self.settings, name)

    def clients(self, text: str) -> None:
        """Write the file of the clients."""
        self.home.mkdir(exist_ok=True, mode=0o700)
        (self.home / FILE).write_text(text)

    @contextmanager
    def over_http(self, *words: str) -> Iterator[str]:
        """Serve over HTTP on a port of its own, and yield the address."""
        given = [*self.command.args, "--http", "--listen", "127.0.0.1:0", *words]
        with (
            self.log.open("a") as log,
            subprocess.Popen(
                [self.command.command, *given], env=self.command.env, stderr=subprocess.PIPE, stdout=log, text=True
            ) as process,
        ):
            assert process.stderr is not None
            try:
                line = process.stderr.readline()
                assert line.startswith("Serving on "), line
                yield line.split()[-1]
            finally:
                process.terminate()
                process.wait(timeout=60)

    def setting(self, text: str) -> None:
        """Write the config file."""
        self.home.mkdir(exist_ok=True, mode=0o700)
        (self.home / "config.toml").write_text(text)

    def agree(self, code: str) -> None:
        """Sign an approval as the person does who was shown the plan."""
        dialogue = KeyDialogue(ask=lambda _text: None, tell=lambda _text: None)
        key = show_own_key(self.settings, dialogue)
        if not key.is_trusted:
            add_approver(self.settings, str(key.public))
        approve_pending(self.settings, code, Person(), dialogue)


@dataclass(frozen=True)
class Person:
    """Somebody who agrees to what they are shown."""

    says: Answer = Answer.APPROVE

    def ask(self, request: ApprovalRequest) -> Decision:
        """Answer."""
        now = utc_now()
        shown = SignedApproval(
            plan_digest=request.plan.digest,
            by="human:ana",
            method="terminal",
            at=now,
            expires_at=now + timedelta(minutes=5),
            nonce="n",
            shown_digest="sha256:00",
        )
        return Decision(answer=self.says, approvals=(shown,) if self.says is Answer.APPROVE else (), why="as tested")


async def proposed(client: Client) -> dict[str, Any]:
    """Investigate the scenario's incident and propose what cures it; return the plan."""
    found = await client.call_tool("investigate", {"alert": TARGET})
    made = await client.call_tool("propose_plan", {"incident": found.structured_content["incident"]})
    assert made.structured_content["status"] == "waiting", made.structured_content
    return dict(made.structured_content)


async def applied(client: Client, plan: dict[str, Any], **more: Any) -> types.CallToolResult:
    """Try to apply a plan."""
    return await client.call_tool("apply_plan", {"plan_digest": plan["digest"], **more})


async def image(client: Client) -> str:
    """Return the tag that Deployment checkout asks for, as a read tool tells it."""
    found = await client.call_tool("kubernetes_get", {"kind": "Deployment", "name": "checkout", "namespace": "shop"})
    lines = [line for line in found.structured_content["text"].splitlines() if "checkout:v1" in line]
    return lines[0].rpartition(":")[2].strip(' "')


def named(name: str) -> types.Implementation:
    """Return what a client says of itself."""
    return types.Implementation(name=name, version="1.0")


def elsewhere(place: Place, *words: str) -> Place:
    """Return the same home with other words on the command line."""
    return replace(place, words=(*place.words, *words))
