"""Who asks: names, scopes and rates of programs, and what each may see."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError

from agentops.app.history import stored_incident
from agentops.app.mcp_clients import Client as Program
from agentops.app.mcp_clients import ClientScope, KnownClients, clients_of, new_token, plain_name
from agentops.app.serving import narrowed
from agentops.app.visibility import visible_incident, visible_incidents
from agentops.audit.read import Query, read_records
from agentops.core.durable_files import locked_folder
from agentops.core.errors import ConfigError, PolicyRefused, UsageError
from agentops.core.own_files import NotOwn
from agentops.core.resource import kubernetes_ref
from agentops.server.programs import Programs, trace_of
from tests.support.mcp_door import Place, applied, elsewhere, http_client, named, proposed


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("clients = 1", "something else"),
        ('[clients."a b"]', "is not the table of a client"),
        ('[clients."a"]\nscope = 1', "unknown key"),
        ('[clients."a"]\ntools = "triage"', "not a list"),
        ('[clients."a"]\nnamespaces = []', "is empty"),
        ('[clients."a"]\nper_minute = 0', "per_minute"),
        ('[clients."a"]\nper_minute = true', "per_minute"),
        ('[clients."a"]\ntoken_sha256 = "xyz"', "64 hex digits"),
        ('[clients."a"]\ntoken_sha256 = "{0}"\n[clients."b"]\ntoken_sha256 = "{0}"'.format("0" * 64), "one token"),
        ("[clients", "no valid TOML"),
        ("[more]", "something else"),
    ],
)
def test_a_file_that_is_wrong_lets_nobody_in(place: Place, text: str, why: str) -> None:
    """Whatever cannot be read as it is meant is an error, and never a wider scope."""
    place.clients(text)
    with pytest.raises(ConfigError, match=why):
        clients_of(place.settings)


def test_a_file_that_others_can_write_is_not_believed(place: Place) -> None:
    """Somebody else could put their own token into it."""
    place.clients('[clients."a"]\n')
    (place.home / "mcp-clients.toml").chmod(0o666)
    with pytest.raises(NotOwn):
        clients_of(place.settings)


def test_a_token_is_kept_as_its_digest_alone(place: Place) -> None:
    """What stands in the file opens nothing; a second client is added beside the first; one has one token."""
    place.clients('# mine\n[clients."first"]\ntools = ["triage"]\n')
    first, second = new_token(place.settings, "first"), new_token(place.settings, "second")
    known, text = clients_of(place.settings), (place.home / "mcp-clients.toml").read_text()
    assert [known.subject(token) for token in (first, second, first[:-1], "", "first")] == [
        "first",
        "second",
        "",
        "",
        "",
    ]
    assert (known.scope_of("first").tools, "# mine" in text, first in text) == (("triage",), True, False)
    with pytest.raises(UsageError, match="has a token already"):
        new_token(place.settings, "first")
    with pytest.raises(UsageError, match="no client's name"):
        new_token(place.settings, '"]\n[clients."*"')


def test_a_token_is_added_to_a_file_without_a_last_line_break(place: Place) -> None:
    """An editor may leave it out; the file is still one that can be read."""
    place.clients('[clients."first"]')
    token = new_token(place.settings, "first")
    assert clients_of(place.settings).subject(token) == "first"


def test_a_token_waits_for_whoever_writes_the_file(place: Place) -> None:
    """What another process of agentops adds meanwhile is not written over."""
    place.clients("")
    with ThreadPoolExecutor(1) as pool:
        with locked_folder(place.home):
            made = pool.submit(place.token, "second")
            wait([made], timeout=1.0)
            waited = not made.done()
            place.clients('[clients."first"]\n')
        token = made.result()
    known = clients_of(place.settings)
    assert (waited, sorted(known.scopes or ()), known.subject(token)) == (True, ["first", "second"], "second")


def test_who_is_not_in_the_file_may_do_nothing(tmp_path: Path) -> None:
    """Without a file everybody on stdio is served; with one only who is in it, or ``*``."""
    listed = KnownClients(file=tmp_path, scopes={"a": ClientScope(tools=("triage",))})
    anybody = replace(listed, scopes={"*": ClientScope(per_minute=3)})
    assert KnownClients(file=tmp_path, scopes=None).scope_of("b") == ClientScope()
    assert anybody.scope_of("b").per_minute == 3
    with pytest.raises(PolicyRefused, match="is not in"):
        listed.scope_of("b")


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("claude-code", "claude-code"),
        ("Claude Code", "Claude-Code"),
        ("", "unnamed"),
        ("\x1b[2J\u202e", "2J"),
        ('x"; permit(principal);', "x-permit-principal"),
        ("agentops", "agentops"),
        ("a" * 500, "a" * 60),
    ],
)
def test_a_name_is_plain(said: str, name: str) -> None:
    """What a program says of itself can end no text of ours; and it is never the terminal's own agent."""
    assert plain_name(said) == name
    assert Program(name=plain_name(said), door="mcp-stdio", established_by="claim").agent == f"mcp:{name}"


@pytest.mark.parametrize(
    ("meta", "trace"),
    [
        (None, ""),
        ({"traceparent": 7}, ""),
        ({"traceparent": "00-x"}, ""),
        ({"traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01"}, "00-" + "a" * 32 + "-" + "b" * 16 + "-01"),
        ({"traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01\nx"}, ""),
    ],
)
def test_a_trace_is_one_or_nothing(meta: Any, trace: str) -> None:
    """Only what has the form of W3C goes on record."""
    assert trace_of(meta) == trace


def test_who_asks_too_often_waits(place: Place) -> None:
    """So many a minute, and no more; the allowance comes back with time; another program has its own."""
    now = [0.0]
    programs = Programs(settings=lambda: place.settings, monotonic=lambda: now[0])
    mine = Program(name="a", door="mcp-stdio", established_by="claim", scope=ClientScope(per_minute=2))
    programs.require_room(mine)
    programs.require_room(mine)
    with pytest.raises(PolicyRefused, match="2 times a minute"):
        programs.require_room(mine)
    programs.require_room(replace(mine, name="b"))
    now[0] = 31.0
    programs.require_room(mine)
    with pytest.raises(PolicyRefused):
        programs.require_room(mine)


def test_a_scope_only_makes_less(place: Place) -> None:
    """Namespaces of a client are those that the settings allow as well; none in common is a refusal."""
    settings = replace(place.settings, namespaces=("shop", "payments"))
    assert narrowed(settings, ("shop", "kube-system")).namespaces == ("shop",)
    assert narrowed(settings, ()).namespaces == ("shop", "payments")
    with pytest.raises(PolicyRefused):
        narrowed(settings, ("kube-system",))
    with pytest.raises(PolicyRefused):
        narrowed(replace(settings, namespace="shop"), ("payments",))


def test_a_scope_holds_at_the_door(place: Place) -> None:
    """Tools that a client's scope lacks are not there, namespaces beyond it cannot be read, nor incidents in them."""
    narrow_scope = 'tools = ["kubernetes_*", "triage"]\nnamespaces = ["payments"]\n'
    place.clients(f'[clients."all"]\n[clients."narrow"]\n{narrow_scope}')

    async def everything(client: Client) -> str:
        return str((await proposed(client))["incident"])

    async def narrow(client: Client) -> Any:
        tools = [one.name for one in (await client.list_tools()).tools]
        mine = await client.call_tool("kubernetes_list", {"kind": "Pod", "namespace": "payments"})
        other = await client.call_tool("kubernetes_list", {"kind": "Pod", "namespace": "shop"})
        wide = await client.call_tool("kubernetes_list", {"kind": "Pod"})
        kept = await client.read_resource("agentops://incidents")
        return tools, mine, other, wide, kept.contents[0].text

    incident = elsewhere(place, "--client", "all").with_client(everything)
    tools, mine, other, wide, kept = elsewhere(place, "--client", "narrow").with_client(
        narrow, client_info=named("all")
    )
    assert {name.partition("_")[0] for name in tools} == {"kubernetes", "triage"}
    assert (mine.is_error, other.is_error) == (False, True)
    assert "checkout" not in json.dumps(wide.structured_content)
    assert incident not in kept


@pytest.mark.parametrize("method", ["list_tools", "list_resources"])
def test_a_scope_with_nothing_in_it_is_told_as_that(place: Place, method: str) -> None:
    """Whoever set the client up reads why its lists are refused, and no "Internal server error"."""
    place.clients('[clients."lost"]\nnamespaces = ["payments"]\n')

    async def work(client: Client) -> str:
        with pytest.raises(MCPError) as caught:
            await getattr(client, method)()
        return str(caught.value)

    said = elsewhere(place, "--client", "lost", "--namespace", "shop").with_client(work)
    assert "may see none of the namespaces" in said


def test_the_namespace_of_the_door_hides_other_incidents(place: Place) -> None:
    """What may not be read now is not told of from the store either: the option is a boundary, for plans as well."""

    async def shop(client: Client) -> str:
        return str((await proposed(client))["incident"])

    async def payments(client: Client) -> Any:
        kept = [str((await client.read_resource(f"agentops://{name}")).contents) for name in ("incidents", "findings")]
        with pytest.raises(MCPError, match="no incident"):
            await client.read_resource(f"agentops://incidents/{incident}")
        return kept, await client.call_tool("propose_plan", {"incident": incident})

    incident = place.with_client(shop)
    kept, made = elsewhere(place, "--namespace", "payments").with_client(payments)
    assert (incident in str(kept), made.structured_content["code"]) == (False, "no-such-incident")


def test_an_incident_that_tells_of_elsewhere_is_not_there(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A finding, a problem or a reading that names another namespace hides the whole incident, in the list too."""

    async def shop(client: Client) -> str:
        return str((await proposed(client))["incident"])

    found = stored_incident(place.settings, place.with_client(shop))
    assert found.finding is not None
    assert found.finding.cause is not None
    away = kubernetes_ref("sandbox", "payments", "Deployment", "ledger")
    elsewhere_too = (
        replace(found, finding=replace(found.finding, cause=replace(found.finding.cause, resource=away))),
        replace(found, problems=(*found.problems, replace(found.problems[0], resource=away))),
        replace(found, problems=(*found.problems, replace(found.problems[0], affects=(away,)))),
        replace(found, evidence=(*found.evidence, replace(found.evidence[0], resources=(away,)))),
    )
    app: Any = SimpleNamespace(settings=narrowed(place.settings, ("shop",)), sandbox=None)
    assert [one.short_id for one in visible_incidents(app, 5)] == [found.incident.short_id]
    for one in elsewhere_too:
        monkeypatch.setattr("agentops.app.visibility.stored_incident", lambda *_given, kept=one: kept)
        assert visible_incidents(app, 5) == ()
        with pytest.raises(UsageError, match="no incident"):
            visible_incident(app, found.incident.short_id)


def test_a_flood_of_lists_is_refused_and_recorded_no_further(place: Place) -> None:
    """Every request counts and is on record, lists and prompts too; beyond the rate nothing more is written."""
    place.clients('[clients."busy"]\nper_minute = 6\n')

    async def flood(client: Client) -> list[str]:
        refused = []
        for _ in range(5):
            for ask in (client.list_resources, client.list_prompts, client.list_resource_templates, client.list_tools):
                try:
                    await ask(cache_mode="bypass")
                except MCPError as error:
                    refused.append(str(error))
        return refused

    refused = elsewhere(place, "--client", "busy").with_client(flood)
    said = [one.payload["method"] for one in read_records(place.home / "audit", Query(event="mcp_request"))]
    assert len(refused) >= 12
    assert all("6 times a minute" in one for one in refused)
    assert (len(said), set(said)) == (
        20 - len(refused),
        {"resources/list", "prompts/list", "resources/templates/list", "tools/list"},
    )


def test_a_plan_is_its_clients_own(place: Place) -> None:
    """Another client can neither see nor apply it, approved or not."""
    tokens = [place.token("one"), place.token("two")]

    async def run(address: str) -> Any:
        async with http_client(address, tokens[0]) as mine, http_client(address, tokens[1]) as theirs:
            plan = await proposed(mine)
            place.agree(plan["plan"])
            seen = await theirs.read_resource("agentops://plans")
            looked = await theirs.call_tool("preview_plan", {"plan_digest": plan["digest"]})
            tried = await applied(theirs, plan)
            done = await applied(mine, plan)
            tail = await theirs.call_tool("audit_tail", {"limit": 100})
            return plan, seen.contents[0].text, looked, tried, done, tail

    with place.over_http() as address:
        plan, seen, looked, tried, done, tail = asyncio.run(run(address))
    assert plan["plan"] not in seen
    assert [one.structured_content["code"] for one in (looked, tried)] == ["other-client"] * 2
    assert done.structured_content["status"] == "applied"
    assert all(one["event"] != "apply" for one in tail.structured_content["records"])


def test_policy_knows_the_client_and_the_door(place: Place) -> None:
    """A rule about one agent, and one about a door, refuse what is asked through it, and say their reason."""
    place.setting("")
    (place.home / "policy.cedar").write_text(
        (Path(__file__).parents[2] / "agentops/policy/default.cedar").read_text()
        + '@id("not-by-door")\n@why("no agents today")\nforbid (principal == Ops::Agent::"mcp:barred", '
        'action in Ops::Action::"mutate", resource) when { context has door && context.door == "mcp-stdio" };\n'
    )
    (place.home / "policy.cedar").chmod(0o600)

    async def work(client: Client) -> Any:
        found = (await client.call_tool("investigate", {"alert": "k8s:shop/Deployment/checkout"})).structured_content
        return (await client.call_tool("propose_plan", {"incident": found["incident"]})).structured_content

    barred = elsewhere(place, "--client", "barred").with_client(work)
    other = elsewhere(place, "--client", "other").with_client(work)
    assert (barred["status"], "no agents today" in json.dumps(barred)) == ("refused", True), barred
    assert barred["stop"].startswith("Not executed, not queued. Do not try another route")
    assert (other["status"], "stop" in other) == ("waiting", False)


def test_read_only_holds_for_agents(place: Place) -> None:
    """Where agentops is read-only, no plan comes of anything."""
    place = replace(place, environ={"AGENTOPS_READ_ONLY": "1"})

    async def work(client: Client) -> Any:
        found = (await client.call_tool("investigate", {"alert": "k8s:shop/Deployment/checkout"})).structured_content
        return (await client.call_tool("propose_plan", {"incident": found["incident"]})).structured_content

    said = place.with_client(work)
    assert ("plan" in said, "read-only" in json.dumps(said)) == (False, True), said
    assert said["stop"].startswith("Not executed, not queued.")
