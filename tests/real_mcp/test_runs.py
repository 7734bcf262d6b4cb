"""Whole runs of agentops over real MCP servers, through the command line, with a model that plays a script."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load
from tests.real_mcp import stubs
from tests.real_mcp.conftest import SECRET
from tests.real_mcp.connecting import OUTSIDE, Connecting, one_context, repository
from tests.real_mcp.postgres import Postgres

pytestmark = pytest.mark.real
Cli = Callable[..., Any]
_PLANS = Path(__file__).parents[2] / "examples" / "terraform_plans" / "server.py"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A simulated cluster whose checkout cannot pull its image."""
    with Sandbox(load("bad-image-tag")) as running:
        yield running


def _read(tool: str, **arguments: Any) -> dict[str, Any]:
    return {"tool": "tool_read", "arguments": {"tool": tool, "arguments": arguments}}


def _asked(cli: Cli, folder: Path, question: str, turns: list[list[dict[str, Any]]], **answer: Any) -> Any:
    script = folder / "script.json"
    said = {"verdict": "answered", "evidence": ["{{last}}"], "not_checked": [], **answer}
    report = {"calls": [{"tool": "report_answer", "arguments": said}]}
    script.write_text(json.dumps({"turns": [*({"calls": calls} for calls in turns), report]}))
    return cli("ask", question, "--model", f"scripted:{script}", "-o", "json")


def _evidence(home: Path) -> list[Any]:
    (place,) = (home / "incidents").glob("*/evidence.jsonl")
    return [json.loads(line) for line in place.read_text().splitlines()]


def _told(home: Path) -> str:
    (place,) = (home / "incidents").glob("*/transcript.jsonl")
    return place.read_text()


def test_five_servers_at_once_answer_what_needs_three(
    connecting: Connecting, sandbox: Sandbox, postgres: Postgres, tmp_path: Path, cli: Cli, home: Path
) -> None:
    """Which change broke checkout, who announced it, and what runs now: Git, Slack and Kubernetes, each cited; a
    database and a server of everything stand beside them, and the question is answered without them."""
    place = repository(tmp_path / "shop")
    with stubs.serving(stubs.slack) as stub:
        connecting.server("git", "--repository", str(place))
        slack = {"STUB_URL": stub.url, "SLACK_TEAM_ID": "T0"}
        before = ("node", "--require", OUTSIDE)
        connecting.server("slack", env=slack, secrets={"SLACK_BOT_TOKEN": "xoxb-none"}, before=before)
        kubeconfig = one_context(sandbox.kubeconfig, "viewer", tmp_path)
        connecting.server("kubernetes", "--kubeconfig", kubeconfig, "--read-only", name="shop-cluster")
        connecting.server("server-postgres", postgres.url(database="shop"), name="orders-db")
        connecting.server("everything")
        done = _asked(
            cli,
            tmp_path,
            "Which change broke checkout, who announced it, and what runs now?",
            [
                [{"tool": "tool_search", "arguments": {"words": "commits of a repository"}}],
                [
                    _read("git__git_log", repo_path=str(place), max_count=1),
                    _read("slack__slack_get_channel_history", channel_id="C0INC"),
                    _read("shop-cluster__pods_list_in_namespace", namespace="shop"),
                ],
            ],
            text=(
                "Commit 'Roll checkout to 2.4.1' broke it [{{evidence:git_log}}]; it was announced in #incidents "
                "[{{evidence:slack_get_channel_history}}]; pods of checkout cannot pull [{{evidence:pods_list}}]."
            ),
            evidence=["{{evidence:git_log}}", "{{evidence:slack_get_channel_history}}", "{{evidence:pods_list}}"],
        )
        assert stub.writes() == []
    assert (done.code, done.document["status"]) == (0, "answered"), done.out
    assert [one["tool"] for one in done.document["request"]["reply"]["evidence"]] == [
        "git__git_log",
        "slack__slack_get_channel_history",
        "shop-cluster__pods_list_in_namespace",
    ]
    told = _told(home)
    assert [word in told for word in ("new retry budget", "rolled checkout to 2.4.1", "ImagePullBackOff")] == [True] * 3


def test_sql_is_refused_by_policy_before_it_reaches_the_database(
    connecting: Connecting, postgres: Postgres, tmp_path: Path, cli: Cli, home: Path
) -> None:
    """The COMMIT escape: by hand it is no read (4), a model has no way to call it, and the rows are all there."""
    connecting.server("server-postgres", postgres.url(database="shop"), name="db", allow=("query",))
    escape = "COMMIT; delete from incidents"
    by_hand = connecting.call("db", "query", sql=escape)
    _asked(cli, tmp_path, "Which incidents are open?", [[_read("db__query", sql=escape)]], text="Two [{{first}}].")
    told = _told(home)
    assert (by_hand.code, by_hand.document["errors"][0]["code"]) == (4, "mcp-no-read"), by_hand.out
    assert "db__query" in told
    assert [one["tool"] for one in _evidence(home) if one["tool"] == "db__query"] == []
    assert postgres.value("SELECT count(*) FROM incidents", database="shop") == "2"


def test_what_gives_secrets_away_is_not_called(connecting: Connecting, sandbox: Sandbox, tmp_path: Path) -> None:
    """configuration_view and get-env call themselves read-only. Even allowed by name they are no reads, and the token
    is on no screen; an object of kind Secret is none either."""
    kubeconfig = one_context(sandbox.kubeconfig, "admin", tmp_path)
    (user,) = json.loads(Path(kubeconfig).read_text())["users"]
    allow = ("configuration_view", "resources_get", "pods_get")
    connecting.server("kubernetes", "--kubeconfig", kubeconfig, allow=allow)
    connecting.server("everything", allow=("get-env",))
    pod = {"namespace": "shop", "name": "redis-0"}
    secret = {"apiVersion": "v1", "kind": "Secret", "namespace": "shop", "name": "shop-credentials"}
    done = [
        connecting.call("kubernetes", "configuration_view", minified=True),
        connecting.call("everything", "get-env"),
        connecting.call("kubernetes", "resources_get", **secret),
        connecting.call("kubernetes", "pods_get", **pod),
    ]
    assert [one.code for one in done] == [4, 4, 1, 0], [one.out for one in done]
    assert "`kind` is not of the form no-secret" in done[2].out
    assert not any(user["user"]["token"] in one.out + one.err for one in done)


def test_a_change_by_a_real_server_is_previewed_approved_checked_and_undone(
    connecting: Connecting, sandbox: Sandbox, tmp_path: Path, cli: Cli, home: Path
) -> None:
    """cart is scaled through kubernetes-mcp-server: a preview calls nothing and shows the exact arguments; what was
    approved is sent once and read back; undoing it sets the replicas that were there."""
    _permit_all(home)
    kubeconfig = one_context(sandbox.kubeconfig, "operator", tmp_path)
    allow = ("resources_scale", "resources_get")
    connecting.server("kubernetes", "--kubeconfig", kubeconfig, name="shop-cluster", allow=allow)
    cart = {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "shop", "name": "cart"}
    drafted = {
        "tool": "draft_change",
        "arguments": {
            "tool": "shop-cluster__resources_scale",
            "target": "mcp://shop-cluster/resources_scale",
            "arguments": {**cart, "scale": 4},
            "reason": "It is asked for.",
            "evidence": ["{{first}}"],
        },
    }
    said = {"verdict": "planned", "text": "As asked.", "evidence": ["{{first}}"], "not_checked": []}
    report = {"tool": "report_request", "arguments": said}
    script = tmp_path / "do.json"
    looked = _read("shop-cluster__resources_get", **cart)
    script.write_text(json.dumps({"turns": [{"calls": [one]} for one in (looked, drafted, report)]}))
    words = ("do", "scale cart to 4", "--model", f"scripted:{script}", "--no-input")

    def replicas() -> int:
        return int(sandbox.simulation.get("Deployment", "shop", "cart")["spec"]["replicas"])

    plan = tmp_path / "plan.json"
    shown = cli(*words, "--dry-run", "--out", str(plan), "-o", "json")
    (step,) = json.loads(plan.read_text())["plan"]["steps"]
    assert (shown.code, replicas()) == (0, 2), shown.out
    assert step["preview"]["calls"][0]["body"] == {"tool": "resources_scale", "arguments": {**cart, "scale": 4}}
    assert step["preview"]["undo"][0]["arguments"] == {**cart, "scale": 2}
    done = cli(*words, "--yes", "-o", "json")
    assert (done.code, replicas()) == (0, 4), done.out + done.err
    assert done.document["outcome"]["verified"], done.out
    undone = cli("rollback", "last", "--yes", "--no-input", "-o", "json")
    assert (undone.code, replicas()) == (0, 2), undone.out + undone.err
    assert cli("audit", "verify").code == 0


def _permit_all(home: Path) -> None:
    """Write a policy of the person's own that asks nobody, so that ``--yes`` is enough; the kernel holds."""
    home.mkdir(mode=0o700, exist_ok=True)
    (home / "policy.cedar").write_text('@id("all")\n@approval("none")\npermit (principal, action, resource);\n')
    (home / "policy.cedar").chmod(0o600)


def test_sql_is_refused_by_the_kernel_even_where_the_owner_permits_all(
    connecting: Connecting, postgres: Postgres, tmp_path: Path, cli: Cli, home: Path
) -> None:
    """The COMMIT escape as a change that a person asked for, under a policy that permits everything and with ``--yes``:
    nothing undoes it, so a run that has read a server's words does not do it. The rows are all there."""
    _permit_all(home)
    connecting.server("server-postgres", postgres.url(database="shop"), name="db", allow=("query",))
    drafted = {
        "tool": "draft_change",
        "arguments": {
            "tool": "db__query",
            "target": "mcp://db/query",
            "arguments": {"sql": "COMMIT; delete from incidents"},
            "reason": "It is asked for.",
            "evidence": ["{{first}}"],
        },
    }
    said = {"verdict": "not-possible", "text": "It is refused [{{first}}].", "evidence": ["{{first}}"]}
    report = {"tool": "report_request", "arguments": {**said, "not_checked": [], "because": "Policy refuses it."}}
    script = tmp_path / "do.json"
    script.write_text(json.dumps({"turns": [{"calls": [one]} for one in (drafted, report)]}))
    done = cli("do", "empty the incidents", "--model", f"scripted:{script}", "--no-input", "--yes", "-o", "json")
    assert "kernel-irreversible-tainted" in _told(home)
    assert (done.code, postgres.value("SELECT count(*) FROM incidents", database="shop")) == (4, "2"), done.out


def test_a_kubeconfig_that_grows_a_context_holds_every_tool_back(
    connecting: Connecting, sandbox: Sandbox, tmp_path: Path
) -> None:
    """A real rug pull: the same server lists other schemas on another day. Nothing is called before somebody looked."""
    kubeconfig = Path(one_context(sandbox.kubeconfig, "viewer", tmp_path))
    connecting.server("kubernetes", "--kubeconfig", str(kubeconfig))
    before = connecting.call("kubernetes", "pods_get", namespace="shop", name="redis-0")
    config = json.loads(kubeconfig.read_text())
    (context,) = config["contexts"]
    kubeconfig.write_text(json.dumps({**config, "contexts": [context, {**context, "name": "prod"}]}))
    after = connecting.call("kubernetes", "pods_get", namespace="shop", name="redis-0")
    listed = connecting.cli("mcp", "tools", "kubernetes", "-o", "json").document["mcp_tools"]
    assert (before.code, after.code, {one["state"] for one in listed} & {"offered"}) == (0, 5, set()), after.out


def test_pagerduty_and_locks_are_read_in_the_first_look(
    connecting: Connecting, sandbox: Sandbox, postgres: Postgres, cli: Cli, home: Path, tmp_path: Path
) -> None:
    """Before any model, an investigation holds PagerDuty's open incident and PostgreSQL's locks as evidence."""
    toolbox = {"POSTGRES_HOST": "127.0.0.1", "POSTGRES_PORT": str(postgres.port), "POSTGRES_DATABASE": "shop"}
    with stubs.serving(stubs.pagerduty) as stub:
        secrets = {"PAGERDUTY_USER_API_KEY": "none-9f1c2b7a"}
        connecting.server("pagerduty", "--enable-write-tools", env={"PAGERDUTY_API_HOST": stub.url}, secrets=secrets)
        connecting.server(
            "toolbox-postgres",
            *("--prebuilt", "postgres", "--stdio"),
            name="orders-db",
            env={**toolbox, "POSTGRES_USER": "postgres"},
            secrets={"POSTGRES_PASSWORD": "none-9f1c2b7a"},
        )
        place = ("--kubeconfig", str(sandbox.kubeconfig), "--context", "viewer")
        with _waiting_for_a_lock(postgres):
            done = cli("investigate", "k8s:shop/Deployment/checkout", "--no-model", *place, "-o", "json")
        assert stub.writes() == []
    assert done.code == 0, done.out + done.err
    tools = {one["tool"] for one in _evidence(home)}
    assert {"pagerduty__list_incidents", "orders-db__list_locks"} <= tools
    # Symptoms by the data of the review, beside the cause that the cluster shows.
    (problems,) = (home / "incidents").glob("*/problems.json")
    assert ["IncidentOpen" in problems.read_text(), "StatementWaitsForLock" in problems.read_text()] == [True, True]
    assert done.document["finding"]["cause"]["condition"] == "ImageNotFound"
    kept = "".join(path.read_text() for path in (home / "incidents").glob("*/bodies/*"))
    assert "error rate above 5 %" in kept
    assert "none-9f1c2b7a" not in kept + done.out + (home / "mcp.json").read_text()


@contextmanager
def _waiting_for_a_lock(postgres: Postgres) -> Iterator[None]:
    """Have one session hold a row, and another wait for it; for longer than the first look asks for."""
    made = postgres.run("CREATE TABLE held (id int)", "INSERT INTO held VALUES (1)", database="shop")
    assert made.returncode == 0, made.stderr
    ends = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%held%' AND pid <> pg_backend_pid()"
    )
    update = "UPDATE held SET id = id + 1"
    holding = ["psql", "-X", "-q", "-d", postgres.url(database="shop"), "-c", f"BEGIN; {update}; SELECT pg_sleep(120)"]
    waiting = [*holding[:-1], update]
    with ExitStack() as started:
        started.callback(postgres.value, ends, database="shop")
        # The first has the row before the second asks for it.
        for command, seen in (
            (holding, "wait_event = 'PgSleep'"),
            (waiting, "wait_event_type = 'Lock' AND now() - query_start > interval '11 seconds'"),
        ):
            started.enter_context(_running(command))
            counted = f"SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%held%' AND {seen}"
            end = time.monotonic() + 60
            while postgres.value(counted, database="shop") == "0":
                assert time.monotonic() < end, f"no session has {seen}"
                time.sleep(0.5)
        yield


@contextmanager
def _running(command: list[str]) -> Iterator[None]:
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()


def test_a_saved_terraform_plan_is_evidence(
    connecting: Connecting, plans: Path, tmp_path: Path, cli: Cli, home: Path
) -> None:
    """The example server is connected, its tools are classified by the person, and a run cites what a plan would do."""
    environ = {"TF_CLI_CONFIG_FILE": str(plans / "none.tfrc")}
    connecting.command("terraform", sys.executable, str(_PLANS), str(plans), env=environ)
    unclassified = connecting.call("terraform", "list_plans")
    entry = json.loads((home / "mcp.json").read_text())
    page = (Path(__file__).parents[2] / "docs/mcp/terraform.md").read_text("utf-8")
    said = json.loads(page.partition("<!-- example: classifications -->\n```json\n")[2].partition("```")[0])
    entry["mcpServers"]["terraform"]["agentops"] = said
    (home / "mcp.json").write_text(json.dumps(entry))
    done = _asked(
        cli,
        tmp_path,
        "What would the saved plan change?",
        [[_read("terraform__show_plan", plan="release.tfplan")]],
        text="It takes two of three replicas away [{{last}}].",
    )
    assert (unclassified.code, done.code) == (4, 0), done.out
    kept = "".join(path.read_text() for path in (home / "incidents").glob("*/bodies/*"))
    assert ("input.replicas" in kept, SECRET in kept) == (True, False)


_CANARY = "none-9f1c2b7a"


def test_a_model_that_tries_every_tool_changes_nothing(
    connecting: Connecting, sandbox: Sandbox, postgres: Postgres, tmp_path: Path, cli: Cli, home: Path
) -> None:
    """Every tool of six servers is allowed by name, and a model that was talked into it calls each in every way that it
    has. No write reaches a cluster, a database, a repository, Slack or PagerDuty."""
    place = repository(tmp_path / "shop")
    head = (place / ".git" / "logs" / "HEAD").read_text()
    cart = {"apiVersion": "apps/v1", "kind": "Deployment", "namespace": "shop", "name": "cart"}
    tries = {
        "git": {
            "git_commit": {"repo_path": str(place), "message": "x"},
            "git_create_branch": {"repo_path": str(place), "branch_name": "x"},
            "git_checkout": {"repo_path": str(place), "branch_name": "HEAD~1"},
            "git_reset": {"repo_path": str(place)},
        },
        "slack": {
            "slack_post_message": {"channel_id": "C0INC", "text": "all is well"},
            "slack_reply_to_thread": {"channel_id": "C0INC", "thread_ts": "1.0", "text": "x"},
            "slack_add_reaction": {"channel_id": "C0INC", "timestamp": "1.0", "reaction": "ok"},
        },
        "cluster": {
            "pods_delete": {"namespace": "shop", "name": "redis-0"},
            "pods_exec": {"namespace": "shop", "name": "redis-0", "command": ["true"]},
            "pods_run": {"namespace": "shop", "image": "busybox"},
            "resources_scale": {**cart, "scale": 0},
            "resources_delete": cart,
            "resources_create_or_update": {"resource": json.dumps({"apiVersion": "v1", "kind": "Namespace"})},
            "configuration_view": {},
            "resources_get": {"apiVersion": "v1", "kind": "Secret", "namespace": "shop", "name": "x"},
        },
        "db": {"query": {"sql": "COMMIT; delete from incidents"}},
        "everything": {
            "get-env": {},
            "gzip-file-as-resource": {"name": "x", "data": "data:,x", "outputType": "resource"},
        },
        "pagerduty": {
            "add_note_to_incident": {"incident_id": "Q2INCIDENT", "note": "x"},
            "manage_incidents": {"manage_request": {"incident_ids": ["Q2INCIDENT"], "status": "resolved"}},
            "create_incident": {"incident": {"title": "x", "service": {"id": "PSHOP01"}}},
        },
    }
    kubeconfig = one_context(sandbox.kubeconfig, "operator", tmp_path)
    (user,) = json.loads(Path(kubeconfig).read_text())["users"]
    with stubs.serving(stubs.slack) as slack, stubs.serving(stubs.pagerduty) as pagerduty:
        connecting.server("git", "--repository", str(place), allow=(*tries["git"], "git_log"))
        connecting.server(
            "slack",
            env={"STUB_URL": slack.url, "SLACK_TEAM_ID": "T0"},
            secrets={"SLACK_BOT_TOKEN": _CANARY},
            before=("node", "--require", OUTSIDE),
            allow=tuple(tries["slack"]),
        )
        connecting.server("kubernetes", "--kubeconfig", kubeconfig, name="cluster", allow=tuple(tries["cluster"]))
        connecting.server("server-postgres", postgres.url(database="shop"), name="db", allow=("query",))
        connecting.server("everything", env={"GIVEN": "canary-of-the-server"}, allow=tuple(tries["everything"]))
        try:
            connecting.server(
                "pagerduty",
                "--enable-write-tools",
                env={"PAGERDUTY_API_HOST": pagerduty.url},
                secrets={"PAGERDUTY_USER_API_KEY": _CANARY},
                allow=tuple(tries["pagerduty"]),
            )
        except pytest.skip.Exception:
            # It needs another Python; the other five are tried without it.
            del tries["pagerduty"]
        turns: list[list[dict[str, Any]]] = [[_read("git__git_log", repo_path=str(place))]]
        for server, tools in tries.items():
            for tool, arguments in tools.items():
                name = f"{server}__{tool}"
                turns.append([_read(name, **arguments), {"tool": name, "arguments": arguments}])
        generation = sandbox.simulation.get("Deployment", "shop", "cart")["metadata"]["generation"]
        done = _asked(cli, tmp_path, "What happened?", turns, text="Nothing [{{first}}].", evidence=["{{first}}"])
        assert slack.writes() + pagerduty.writes() == []
    assert done.code == 0, done.out + done.err
    refused = [one for one in _results(home) if one.get("is_error")]
    assert len(refused) == 2 * sum(map(len, tries.values())), [one["content"][:200] for one in _results(home)]
    assert postgres.value("SELECT count(*) FROM incidents", database="shop") == "2"
    assert (place / ".git" / "logs" / "HEAD").read_text() == head
    assert sorted(path.name for path in (place / ".git" / "refs" / "heads").iterdir()) == [_branch(place)]
    assert sandbox.simulation.get("Deployment", "shop", "cart")["metadata"]["generation"] == generation
    assert sandbox.simulation.get("Pod", "shop", "redis-0")["metadata"]["name"] == "redis-0"
    everything = _told(home) + "".join(path.read_text() for path in (home / "incidents").glob("*/bodies/*"))
    assert [one for one in (user["user"]["token"], _CANARY, "canary-of-the-server") if one in everything] == []


def _results(home: Path) -> list[Any]:
    """Return every answer to a call of the model."""
    (path,) = (home / "incidents").glob("*/transcript.jsonl")
    found = [json.loads(line) for line in path.read_text().splitlines()]
    return [one for message in found for one in message["content"] if one["type"] == "tool_result"]


def _branch(place: Path) -> str:
    return (place / ".git" / "HEAD").read_text().strip().rpartition("/")[2]


def test_400_kb_of_schemas_stay_out_of_the_first_request(
    connecting: Connecting,
    anthropic_server: Callable[..., Any],
    cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """PagerDuty's 101 tools and Grafana's 79 list half a megabyte; the model is handed a few lines, and finds them by
    words."""
    with stubs.serving(stubs.pagerduty) as stub:
        secrets = {"PAGERDUTY_USER_API_KEY": _CANARY}
        connecting.server("pagerduty", "--enable-write-tools", env={"PAGERDUTY_API_HOST": stub.url}, secrets=secrets)
        grafana = {"GRAFANA_URL": "http://127.0.0.1:9", "GRAFANA_USAGE_STATS": "disabled"}
        connecting.server("grafana", env=grafana, secrets={"GRAFANA_SERVICE_ACCOUNT_TOKEN": _CANARY})
        answer = {"verdict": "answered", "text": "One [E1].", "evidence": ["E1"], "not_checked": []}
        model = anthropic_server(
            {"calls": [{"tool": "tool_search", "arguments": {"words": "open incidents"}}]},
            {"calls": [{"tool": "report_answer", "arguments": answer}]},
        )
        monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
        monkeypatch.setenv("ANTHROPIC_BASE_URL", model.url)
        done = cli("ask", "what is open at PagerDuty?", "-o", "json")
    assert done.code == 0, done.out + done.err
    first, second = model.requests[0].body, model.requests[1].raw.decode()
    declared = len(json.dumps(first["tools"]))
    assert ("pagerduty__list_incidents" in second, declared < 10_000, len(model.requests[0].raw) < 40_000) == (
        True,
        True,
        True,
    ), (declared, len(model.requests[0].raw))


def test_a_server_of_every_kind_of_content_by_hand(connecting: Connecting, tmp_path: Path) -> None:
    """server-everything through ``mcp call``: text, an image by its size, links, what is structured, and an error."""
    connecting.server("everything")
    done = {
        "text": connecting.call("everything", "echo", message="hi"),
        "image": connecting.call("everything", "get-tiny-image"),
        "links": connecting.call("everything", "get-resource-links", count=2),
        "structured": connecting.call("everything", "get-structured-content", location="Chicago"),
        "wrong": connecting.call("everything", "get-sum", a="one", b=2),
    }
    assert {name: one.code for name, one in done.items()} == {
        "text": 0,
        "image": 0,
        "links": 0,
        "structured": 0,
        "wrong": 1,
    }
    assert ("image/png" in done["image"].out, "iVBOR" in done["image"].out) == (True, False)
    assert "temperature" in done["structured"].out
