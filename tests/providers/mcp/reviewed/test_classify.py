"""Which classification holds: for the server and the schema that were reviewed, and never milder than its hints."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agentops.core.errors import ConfigError
from agentops.core.risk import Risk
from agentops.core.tool import Effect
from agentops.providers.mcp.objects.classified import UNCLASSIFIED, Classification
from agentops.providers.mcp.objects.server import ServerConfig, ServerTransport
from agentops.providers.mcp.objects.tool import ForeignTool, ServerFacts
from agentops.providers.mcp.reviewed.classify import classifications
from agentops.providers.mcp.reviewed.files import read_reviewed, shipped_servers

LIST = ForeignTool(name="list", input_schema={"type": "object", "properties": {"namespace": {"type": "string"}}})
DROP = ForeignTool(name="drop", input_schema={"type": "object"})
FILE = f"""
title = "Shelf"
tested = "1.0, 2026-11-29"
[server]
names = ["shelf"]
packages = ["shelf-mcp", "@acme/shelf", "acme/shelf-image"]
[tools.list]
effect = "read"
risk = "low"
says = "Lists what stands on it."
schemas = ["{LIST.schema}"]
facets = {{ namespace = "namespace" }}
sweep = {{ namespace = "{{namespace}}" }}
[tools.drop]
effect = "change"
risk = "high"
says = "Drops a thing."
schemas = ["{DROP.schema}"]
reads_back = {{ tool = "list" }}
"""
SHELF = read_reviewed(FILE, "shelf.toml")
STARTED = ServerConfig(name="mine", transport=ServerTransport.STDIO, command="npx", args=("-y", "shelf-mcp@1.0"))
FACTS = ServerFacts(name="shelf", version="1.0")
LISTS = Classification(
    effect=Effect.READ,
    risk=Risk.LOW,
    facets={"namespace": "namespace"},
    sweep={"namespace": "{namespace}"},
    says="Lists what stands on it.",
    schema=LIST.schema,
)


def found(tool: ForeignTool, config: ServerConfig = STARTED, facts: ServerFacts = FACTS, **own: Classification):
    return classifications(config, facts, [tool], own, [SHELF])[tool.name]


@pytest.mark.parametrize(
    "words",
    [
        ("npx", "-y", "shelf-mcp"),
        ("uvx", "shelf-mcp==1.0"),
        ("/usr/local/bin/shelf-mcp",),
        ("npx", "@acme/shelf@1.0"),
        ("docker", "run", "-i", "acme/shelf-image:1.0"),
    ],
)
def test_the_server_that_was_reviewed_is_known_by_how_it_is_started(words: tuple[str, ...]) -> None:
    """A package, with or without its version, a program's path and an image name it."""
    assert found(LIST, replace(STARTED, command=words[0], args=words[1:])) == LISTS


@pytest.mark.parametrize(
    ("config", "facts"),
    [
        (replace(STARTED, args=("-y", "other-mcp")), FACTS),
        (STARTED, ServerFacts(name="other")),
        (ServerConfig(name="mine", transport=ServerTransport.HTTP, url="https://shelf-mcp/x"), FACTS),
    ],
)
def test_another_server_is_not_the_one_that_was_reviewed(config: ServerConfig, facts: ServerFacts) -> None:
    """Its own name alone, or the package alone, proves nothing; nor does a host that was not reviewed."""
    assert found(LIST, config, facts) == UNCLASSIFIED


def test_another_schema_is_not_classified() -> None:
    """A tool that takes other arguments than the reviewed one may do something else."""
    other = replace(LIST, input_schema={"type": "object", "properties": {"command": {"type": "string"}}})
    assert (found(other).effect, found(other).risk) == (Effect.CHANGE, Risk.CRITICAL)


@pytest.mark.parametrize("hints", [{"readOnlyHint": False}, {"destructiveHint": True}])
def test_a_hint_makes_a_read_a_change(hints: dict[str, bool]) -> None:
    """What the server itself calls a change is one, whatever the review says."""
    tool = found(replace(LIST, annotations=hints))
    assert (tool.effect, tool.risk, tool.sweep) == (Effect.CHANGE, Risk.HIGH, None)


@pytest.mark.parametrize("hints", [{"readOnlyHint": True}, {"destructiveHint": False, "readOnlyHint": True}])
def test_a_hint_makes_nothing_milder(hints: dict[str, bool]) -> None:
    """What nobody classified is critical, however harmless the server says that it is; a change stays one."""
    unknown = found(ForeignTool(name="other", input_schema={"type": "object"}, annotations=hints))
    assert (unknown, found(replace(DROP, annotations=hints)).risk) == (UNCLASSIFIED, Risk.HIGH)


def test_a_person_may_classify_what_nobody_reviewed() -> None:
    """Their own word counts before the review, and for that schema only where it names one."""
    mine = Classification(effect=Effect.READ, risk=Risk.LOW, why="I tried it")
    stale = replace(mine, schema="sha256:" + "0" * 64)
    assert (found(DROP, drop=mine).effect, found(DROP, drop=stale).effect) == (Effect.READ, Effect.CHANGE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('effect = "read"', 'effect = "reed"'),
        ('risk = "high"', 'risk = "tiny"'),
        ("namespace =", "nmspace ="),
        ('tool = "list"', 'tool = "drop"'),
        ('tool = "list"', 'tool = "gone"'),
        (f'["{DROP.schema}"]', "[]"),
        ('says = "Drops a thing."', ""),
        ("reads_back", "read_back"),
        ('names = ["shelf"]', "names = []"),
        ("title", "titel"),
        ('[tools.drop]\neffect = "change"', '[tools.drop]\neffect = "read"'),
    ],
)
def test_a_slip_in_a_file_is_an_error(old: str, new: str) -> None:
    """A word without a meaning, and what rests on what is not classified, are refused with the place."""
    assert old in FILE
    with pytest.raises(ConfigError, match=r"shelf\.toml"):
        read_reviewed(FILE.replace(old, new), "shelf.toml")


def test_what_ships_can_be_read() -> None:
    """Each file that ships is sound, and no server is reviewed twice."""
    servers = shipped_servers()
    packages = [name for one in servers for name in one.packages]
    assert "kubernetes-mcp-server" in packages
    assert len(packages) == len(set(packages))
