"""agentops' own MCP client against real servers: each starts, lists, answers, and leaves no process."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentops.core.errors import InDoubt, ToolError
from agentops.core.tool import Effect
from agentops.providers.mcp.offered.results import data_of
from agentops.providers.mcp.reviewed.classify import classifications
from tests.real_mcp import stubs
from tests.real_mcp.conftest import Opener, text_of
from tests.real_mcp.postgres import Postgres
from tests.real_mcp.record import KUBECONFIG
from tests.real_mcp.servers import SERVERS

pytestmark = pytest.mark.real
_RECORDED = Path(__file__).with_name("recorded")
_OUTSIDE = str(Path(__file__).with_name("outside.cjs"))


@pytest.mark.parametrize("key", [key for key in SERVERS if key not in ("toolbox-postgres", "pagerduty")])
def test_each_server_lists_what_was_recorded(opener: Opener, key: str) -> None:
    """Names and schemas are those of the record, so that every tool is classified; none is left after close."""
    session = opener(key)
    facts, tools = session.facts(), session.tools()
    recorded = json.loads((_RECORDED / f"{key}.json").read_text("utf-8"))
    assert ({one.name: one.schema for one in tools}, facts.name) == (
        {name: one["schema"] for name, one in recorded["tools"].items()},
        recorded["server"]["name"],
    )
    unreviewed = [
        name for name, one in classifications(session.config, facts, tools).items() if not one.says and not one.why
    ]
    assert unreviewed == []
    pid = session.report().pid
    session.close()
    assert _is_gone(pid)


def _is_gone(pid: int, wait_s: float = 5.0) -> bool:
    end = time.monotonic() + wait_s
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def test_a_kubeconfig_of_several_contexts_makes_tools_that_nobody_reviewed(opener: Opener) -> None:
    """kubernetes-mcp-server then takes a context with every call: all of its tools count as the worst."""
    session = opener("kubernetes")
    two = {**KUBECONFIG, "contexts": [*KUBECONFIG["contexts"], {**KUBECONFIG["contexts"][0], "name": "two"}]}
    (opener.folder / "kubeconfig").write_text(json.dumps(two))
    found = classifications(session.config, session.facts(), session.tools())
    assert [name for name, one in found.items() if one.effect is Effect.READ] == []


def test_the_escape_from_a_read_only_transaction_is_carried_out(opener: Opener, postgres: Postgres) -> None:
    """What server-postgres calls a read-only query empties a table, and answers with what is no content; no call is
    sent twice, and a failed statement is an error."""
    assert postgres.run("CREATE TABLE emptied AS SELECT 1 AS id", database="shop").returncode == 0
    session = opener("server-postgres", args=(postgres.url(database="shop"),))
    with pytest.raises(ToolError, match="cannot execute DELETE in a read-only transaction"):
        session.call("query", {"sql": "DELETE FROM emptied"})
    before = postgres.value("SELECT count(*) FROM emptied", database="shop")
    said = session.call("query", {"sql": "COMMIT; DELETE FROM emptied"})
    after = postgres.value("SELECT count(*) FROM emptied", database="shop")
    assert (before, after, [part.kind for part in said.parts]) == ("1", "0", ["unknown"])


def test_the_escape_fails_under_the_reader_s_role(opener: Opener, postgres: Postgres) -> None:
    """Signed in as a role that may only read, the same text is refused by PostgreSQL itself."""
    made = "CREATE ROLE only_reads LOGIN; GRANT SELECT ON incidents TO only_reads"
    assert postgres.run(made, database="shop").returncode == 0
    session = opener("server-postgres", args=(postgres.url("only_reads", "shop"),))
    with pytest.raises(ToolError, match="permission denied for table incidents"):
        session.call("query", {"sql": "COMMIT; DELETE FROM incidents"})
    assert postgres.value("SELECT count(*) FROM incidents", database="shop") == "2"


def test_the_toolbox_reads_statistics(opener: Opener, postgres: Postgres) -> None:
    """Every tool that is classified as a read answers, with the arguments of the first look where it has some."""
    env = {**SERVERS["toolbox-postgres"].env, "POSTGRES_PORT": str(postgres.port), "POSTGRES_DATABASE": "shop"}
    assert postgres.run("CREATE ROLE looks LOGIN; GRANT pg_monitor TO looks").returncode == 0
    session = opener("toolbox-postgres", env={**env, "POSTGRES_USER": "looks"})
    found = classifications(session.config, session.facts(), session.tools())
    reads = {name: one for name, one in found.items() if one.effect is Effect.READ}
    needed = {"get_column_cardinality": {"table_name": "incidents"}}
    failed = {}
    for name, one in reads.items():
        said = session.call(name, one.sweep or needed.get(name, {}))
        if said.is_error:
            failed[name] = text_of(said)
    # An extension that is not installed here.
    assert len(reads) == 22
    assert list(failed) == ["list_query_stats"]
    assert "pg_stat_statements" in failed["list_query_stats"]


def test_git_reads_a_repository_and_no_option(opener: Opener) -> None:
    """The log and a commit are read; another folder and a word that begins with a dash are refused by the server."""
    session = opener("git")
    place = str(opener.repository())
    said = [
        session.call("git_log", {"repo_path": place}),
        session.call("git_show", {"repo_path": place, "revision": "HEAD:deploy.yaml"}),
        session.call("git_status", {"repo_path": "/tmp"}),
        session.call("git_diff", {"repo_path": place, "target": "--output=/tmp/written"}),
    ]
    assert [one.is_error for one in said] == [False, False, True, True]
    assert ("Roll checkout to 2.4.1" in text_of(said[0]), "checkout:2.4.1" in text_of(said[1])) == (True, True)


def test_a_server_of_every_kind_of_content(opener: Opener) -> None:
    """server-everything: text, an image, links, an embedded resource, structured content, an error."""
    session = opener("everything")
    calls: list[tuple[str, dict[str, Any]]] = [
        ("get-annotated-message", {"messageType": "error", "includeImage": True}),
        ("get-resource-links", {"count": 2}),
        ("get-resource-reference", {"resourceType": "Text", "resourceId": 1}),
        ("get-structured-content", {"location": "Chicago"}),
        ("get-sum", {"a": "one"}),
        ("no-such-tool", {}),
    ]
    said = [session.call(name, arguments) for name, arguments in calls]
    assert [([part.kind for part in one.parts], one.is_error, one.structured is not None) for one in said] == [
        (["text", "image"], False, False),
        (["text", "link", "link"], False, False),
        (["text", "resource", "text"], False, False),
        (["text"], False, True),
        (["text"], True, False),
        (["text"], True, False),
    ]
    image = said[0].parts[1]
    assert (image.mime, image.size > 1000, image.text) == ("image/png", True, "")


def test_a_long_call_ends_and_the_session_goes_on(opener: Opener) -> None:
    """A call that takes longer than it may is in doubt, at once; the next is answered."""
    session = opener("everything", call_s=1.0)
    with pytest.raises(InDoubt):
        session.call("trigger-long-running-operation", {"duration": 20, "steps": 2})
    assert text_of(session.call("get-sum", {"a": 1, "b": 2})) == "The sum of 1 and 2 is 3."


def test_a_server_sees_only_what_it_was_given(opener: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    """get-env of server-everything shows no credential of the person's own, of a cloud, a cluster or a model."""
    for name in ("ANTHROPIC_API_KEY", "AWS_SECRET_ACCESS_KEY", "KUBECONFIG", "SSH_AUTH_SOCK", "GITHUB_TOKEN"):
        monkeypatch.setenv(name, "canary-4f1d4f1d")
    seen = json.loads(text_of(opener("everything", env={"GIVEN": "1"}).call("get-env", {})))
    assert sorted(seen) == ["GIVEN", "HOME", "LANG", "PATH", "TMPDIR"]
    assert str(opener.folder) in seen["HOME"]


@pytest.mark.parametrize("key", ["slack", "zencoder-slack"])
def test_slack_reads_a_channel_and_posts(opener: Opener, key: str) -> None:
    """On a stub of Slack's API: reads are GETs; a post is the one write."""
    with stubs.serving(stubs.slack) as stub:
        env = {**SERVERS[key].env, "STUB_URL": stub.url}
        session = opener(key, command=("node", "--require", _OUTSIDE), env=env)
        found = classifications(session.config, session.facts(), session.tools())
        assert found["slack_get_channel_history"].effect is Effect.READ
        said = session.call("slack_get_channel_history", {"channel_id": "C0INC"})
        before = stub.writes()
        session.call("slack_post_message", {"channel_id": "C0INC", "text": "looking"})
        assert ("rolled checkout" in text_of(said), before, stub.writes()) == (
            True,
            [],
            [("POST", "/api/chat.postMessage")],
        )
        assert {one.host for one in stub.asked} == {"slack.com"}


def test_datadog_reads_monitors_and_mutes_a_host(opener: Opener) -> None:
    """On a stub of Datadog's API: the first look's monitors are a GET; muting is the one write."""
    with stubs.serving(stubs.datadog) as stub:
        env = {**SERVERS["datadog"].env, "STUB_URL": stub.url}
        session = opener("datadog", command=("node", "--require", _OUTSIDE), env=env)
        found = classifications(session.config, session.facts(), session.tools())
        monitors = session.call("get_monitors", found["get_monitors"].sweep or {})
        before = stub.writes()
        session.call("mute_host", {"hostname": "web-1"})
        assert ("checkout error rate" in text_of(monitors), before, stub.writes()) == (
            True,
            [],
            [("POST", "/api/v1/host/web-1/mute")],
        )


def test_pagerduty_reads_incidents_and_adds_a_note(opener: Opener) -> None:
    """On a stub of PagerDuty's API: 101 tools, 400 KB of schemas; reads are GETs, and a note is the one write."""
    with stubs.serving(stubs.pagerduty) as stub:
        session = opener("pagerduty", env={"PAGERDUTY_USER_API_KEY": "none", "PAGERDUTY_API_HOST": stub.url})
        recorded = json.loads((_RECORDED / "pagerduty.json").read_text("utf-8"))["tools"]
        tools = session.tools()
        assert {one.name: one.schema for one in tools} == {name: one["schema"] for name, one in recorded.items()}
        found = classifications(session.config, session.facts(), tools)
        swept = {name: session.call(name, one.sweep) for name, one in found.items() if one.sweep is not None}
        before = stub.writes()
        note = {"incident_id": str(stubs.INCIDENT["id"]), "note": "looking"}
        back = found["add_note_to_incident"].reads_back
        session.call("add_note_to_incident", note)
        assert back is not None
        session.call(back.tool, {"incident_id": note["incident_id"]})
    assert (sorted(swept), [one.is_error for one in swept.values()], before, stub.writes()) == (
        ["list_change_events", "list_incidents"],
        [False, False],
        [],
        [("POST", "/incidents/Q2INCIDENT/notes")],
    )
    assert "error rate above 5 %" in text_of(swept["list_incidents"])


def test_grafana_reads_its_firing_rules(opener: Opener) -> None:
    """On a stub of Grafana's API: the first look's rules are read by GETs, and each row is a problem by the review."""
    with stubs.serving(stubs.grafana) as stub:
        session = opener("grafana", env={**SERVERS["grafana"].env, "GRAFANA_URL": stub.url})
        found = classifications(session.config, session.facts(), session.tools())["alerting_rules_read"]
        (rule,) = found.problems
        (row,) = data_of(session.call("alerting_rules_read", found.sweep or {}))
        assert stub.writes() == []
    assert {path: row[path] in values for path, values in rule.when.items()} == {"state": True}
    assert (row["uid"], row["title"]) == ("rule-checkout", "checkout error rate")


def test_cloudwatch_reads_alarms(opener: Opener, moto_url: str, alarmed: Callable[[str], Any]) -> None:
    """The first look of awslabs.cloudwatch-mcp-server on a simulated AWS names the alarm that is in ALARM."""
    session = opener("aws-cloudwatch", env={**SERVERS["aws-cloudwatch"].env, "AWS_ENDPOINT_URL": moto_url})
    found = classifications(session.config, session.facts(), session.tools())["get_active_alarms"]
    assert "checkout-5xx" in text_of(session.call("get_active_alarms", found.sweep or {}))


def test_ecs_reads_through_the_tool_that_is_a_change_here(opener: Opener, moto_url: str, alarmed: Any) -> None:
    """awslabs.ecs-mcp-server lists clusters, and refuses to create one without being told that it may write."""
    alarmed("ecs").create_cluster(clusterName="shop")
    session = opener("aws-ecs", env={**SERVERS["aws-ecs"].env, "AWS_ENDPOINT_URL": moto_url})
    listed = session.call("ecs_resource_management", {"api_operation": "ListClusters", "api_params": {}})
    made = {"api_operation": "CreateCluster", "api_params": {"clusterName": "made"}}
    refused = session.call("ecs_resource_management", made)
    assert ("cluster/shop" in text_of(listed), "requires WRITE permission" in text_of(refused)) == (True, True)
    assert len(alarmed("ecs").list_clusters()["clusterArns"]) == 1
