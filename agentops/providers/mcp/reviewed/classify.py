"""Which classification holds for each tool of a server: a person's own, a reviewed one, or none, which is the worst.

Comes in: a server's configuration, what it says of itself, its tools. Goes out: a ``Classification`` by tool. A review
counts only for the server that was reviewed (its own name and how it is started, or its host) and for the very input
schema that was reviewed. What a server says of its tools only makes a classification stricter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from agentops.core.risk import Risk, highest_risk
from agentops.core.tool import Effect
from agentops.providers.mcp.objects.classified import UNCLASSIFIED, Classification
from agentops.providers.mcp.objects.server import ServerConfig, ServerTransport
from agentops.providers.mcp.objects.tool import ForeignTool, ServerFacts
from agentops.providers.mcp.reviewed.files import ReviewedServer, shipped_servers


def classifications(
    config: ServerConfig,
    facts: ServerFacts,
    tools: Iterable[ForeignTool],
    own: Mapping[str, Classification] | None = None,
    servers: Iterable[ReviewedServer] | None = None,
) -> Mapping[str, Classification]:
    """Return what is known of each tool, by its name.

    Arguments:
        own: a person's own classifications; one of another schema than the tool has now does not count.
        servers: what was reviewed; what ships with agentops where it is not given.
    """
    reviewed = reviewed_as(config, facts, shipped_servers() if servers is None else servers)
    return {tool.name: tightened(_of(tool, own or {}, reviewed), tool) for tool in tools}


def reviewed_as(config: ServerConfig, facts: ServerFacts, servers: Iterable[ReviewedServer]) -> ReviewedServer | None:
    """Return the review of this server; None where nobody has reviewed it."""
    if config.transport is ServerTransport.HTTP:
        host = urlsplit(config.url).hostname or ""
        return next((one for one in servers if host in one.hosts), None)
    started = frozenset(_named_by(config))
    return next((one for one in servers if facts.name in one.names and one.packages & started), None)


def tightened(found: Classification, tool: ForeignTool) -> Classification:
    """Return a classification that is no milder than the server's own hints: a read that it calls a change is one."""
    if found.effect is not Effect.READ or not tool.says_it_changes:
        return found
    return replace(
        found,
        effect=Effect.CHANGE,
        risk=highest_risk(found.risk, Risk.HIGH),
        sweep=None,
        forms={},
        why="it is classified as a read, and its server says now that it changes something",
    )


def _of(tool: ForeignTool, own: Mapping[str, Classification], reviewed: ReviewedServer | None) -> Classification:
    mine = own.get(tool.name)
    if mine is not None and mine.schema in ("", tool.schema):
        return replace(mine, schema=tool.schema)
    found = reviewed.tools.get(tool.name) if reviewed is not None else None
    if found is None:
        return UNCLASSIFIED
    if tool.schema not in found.schemas:
        return replace(UNCLASSIFIED, why="its input schema is not one that was reviewed")
    return replace(found.classification, schema=tool.schema)


def _named_by(config: ServerConfig) -> Iterable[str]:
    """Yield how a command line may name what it starts: each word, without its version, and its last path segment."""
    for word in (config.command, *config.args):
        for name in (word, PurePosixPath(word).name):
            yield name
            head, at, _version = name.rpartition("@")
            # ``@scope/name`` begins with the sign that a version is set off with.
            yield head if at and head else name
            yield name.partition("==")[0]
            yield name.partition(":")[0] if "://" not in name else name
