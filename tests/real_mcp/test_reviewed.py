"""The reviewed classifications that ship, against what the real servers list (``recorded/``); no server is started."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from agentops.core.risk import Risk
from agentops.core.tool import Effect
from agentops.providers.mcp.objects.classified import ToolUse
from agentops.providers.mcp.objects.server import ServerConfig, ServerTransport
from agentops.providers.mcp.objects.tool import ForeignTool, ServerFacts
from agentops.providers.mcp.reviewed.classify import reviewed_as, tightened
from agentops.providers.mcp.reviewed.files import ReviewedServer, shipped_servers
from tests.real_mcp.servers import SERVERS

_RECORDS: Mapping[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text("utf-8")) for path in sorted(Path(__file__).parent.glob("recorded/*.json"))
}
_NAMED = re.compile(r"\{(\w+)\}")


def _review(key: str) -> ReviewedServer:
    server = SERVERS[key]
    config = ServerConfig(
        name="one", transport=ServerTransport.STDIO, command="npx", args=("-y", f"{server.package}@{server.version}")
    )
    facts = ServerFacts(name=_RECORDS[key]["server"]["name"])
    found = reviewed_as(config, facts, shipped_servers())
    assert found is not None, key
    return found


def test_each_server_that_is_known_was_recorded() -> None:
    """A server without a record would be reviewed by nothing."""
    assert sorted(_RECORDS) == sorted(SERVERS)


@pytest.mark.parametrize("key", SERVERS)
def test_the_server_is_told_by_its_package_and_by_its_program(key: str) -> None:
    """Started by npx or uvx with a version, or by the path of its program: it is the same reviewed server."""
    server, facts = SERVERS[key], ServerFacts(name=_RECORDS[key]["server"]["name"])
    program = ServerConfig(name="one", transport=ServerTransport.STDIO, command=f"/opt/servers/bin/{server.program}")
    assert reviewed_as(program, facts, shipped_servers()) is _review(key)


@pytest.mark.parametrize("key", SERVERS)
def test_a_server_under_another_name_is_not_the_reviewed_one(key: str) -> None:
    """The package alone is not enough: what calls itself otherwise is another server."""
    config = ServerConfig(name="one", transport=ServerTransport.STDIO, command=SERVERS[key].program)
    assert reviewed_as(config, ServerFacts(name="something else"), shipped_servers()) is None


@pytest.mark.parametrize("key", SERVERS)
def test_each_tool_is_classified_for_the_schema_that_was_recorded(key: str) -> None:
    """Every tool of every recorded list has a line, reviewed for that very schema; no line is for a tool of nobody."""
    recorded = {name: one["schema"] for name, one in _RECORDS[key]["tools"].items()}
    reviewed = {
        name: next((one for one in tool.schemas if one == recorded.get(name)), tool.schemas[0])
        for name, tool in _review(key).tools.items()
    }
    assert reviewed == recorded


def _uses(key: str) -> Iterator[tuple[str, ToolUse]]:
    for name, tool in _review(key).tools.items():
        for use in (tool.classification.inverse, tool.classification.reads_back):
            if use is not None:
                yield name, use


@pytest.mark.parametrize("key", SERVERS)
def test_what_a_classification_names_exists(key: str) -> None:
    """Facets and forms name arguments of the tool; an inverse and a read-back fill theirs from the call's."""
    tools, wrong = _RECORDS[key]["tools"], []
    for name, tool in _review(key).tools.items():
        found, arguments = tool.classification, set(tools[name]["arguments"])
        named = {*found.facets.values(), *found.forms, *(found.sweep or {})}
        wrong += [(name, one) for one in named - arguments]
        if found.sweep is not None:
            wrong += [(name, f"sweep lacks {one}") for one in set(tools[name]["required"]) - set(found.sweep)]
    for name, use in _uses(key):
        there = tools[use.tool]
        wrong += [(name, one) for one in set(use.arguments) - set(there["arguments"])]
        wrong += [(name, f"{use.tool} lacks {one}") for one in set(there["required"]) - set(use.arguments)]
        taken = {one for value in use.arguments.values() for one in _NAMED.findall(str(value))}
        wrong += [(name, one) for one in taken - set(tools[name]["arguments"])]
    assert wrong == []


def test_no_shipped_read_is_called_a_change_by_its_own_server() -> None:
    """What a server marks as destructive ships as a change: a hint may tighten, and then the table says so at once."""
    milder = []
    for key, record in _RECORDS.items():
        for name, one in record["tools"].items():
            found = _review(key).tools[name].classification
            if tightened(found, ForeignTool(name=name, annotations=one["annotations"])) != found:
                milder.append((key, name))
    assert milder == []


def test_reads_by_hint_that_are_none() -> None:
    """A review is not the hints: these call themselves read-only and are not taken for reads."""
    believed = [
        (key, name)
        for key, record in _RECORDS.items()
        for name, one in record["tools"].items()
        if one["annotations"].get("readOnlyHint") is True
        and _review(key).tools[name].classification.effect is Effect.CHANGE
    ]
    assert believed == [
        ("everything", "get-env"),
        ("grafana", "get_doc"),
        ("kubernetes", "configuration_view"),
    ]


@pytest.mark.parametrize(
    ("key", "tool"),
    [
        ("server-postgres", "query"),
        ("toolbox-postgres", "execute_sql"),
        ("kubernetes", "configuration_view"),
        ("kubernetes", "pods_exec"),
        ("aws-ecs", "ecs_resource_management"),
        ("grafana", "grafana_api_request"),
        ("pagerduty", "start_incident_workflow"),
        ("everything", "get-env"),
    ],
)
def test_what_may_do_anything_is_critical_and_has_no_way_back(key: str, tool: str) -> None:
    """SQL, a command, any request, secrets given away: a change of critical risk."""
    found = _review(key).tools[tool].classification
    assert (found.effect, found.risk, found.inverse) == (Effect.CHANGE, Risk.CRITICAL, None)


@pytest.mark.parametrize("kind", ["Secret", "secrets", "SealedSecret", "", "Se\u0441ret", "Secret ", "v1/Secret"])
def test_a_secret_is_not_read_as_an_object(kind: str) -> None:
    """The tools that show any object count as reads only where the kind is a plain word without ``secret`` in it."""
    form = _review("kubernetes").tools["resources_get"].classification.forms["kind"]
    from agentops.providers.mcp.reviewed.forms import FORMS

    assert (FORMS[form](kind), FORMS[form]("ConfigMap")) == (False, True)


def test_a_foreign_tool_has_the_digest_that_was_recorded() -> None:
    """The digest of a record is the one that the client computes."""
    schema = {"type": "object", "properties": {}}
    from agentops.core.digest import digest

    assert ForeignTool(name="one", input_schema=schema).schema == digest(schema)
