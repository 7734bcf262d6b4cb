"""A cluster and an MCP server in one run: each is changed in its own place, and neither is taken for the other."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load
from tests.support.mcp_shelf import connect

Cli = Callable[..., Any]
pytestmark = pytest.mark.slow


@pytest.fixture
def cluster() -> Iterator[Sandbox]:
    """A cluster in which nothing is wrong."""
    with Sandbox(load("stale-alert")) as sandbox:
        yield sandbox


def draft(tool: str, target: str, **arguments: Any) -> dict[str, Any]:
    """Return a call that drafts a change."""
    said = {"reason": "It is asked for.", "evidence": ["{{first}}"], "target": target}
    return {"tool": "draft_change", "arguments": {"tool": tool, "arguments": arguments, **said}}


SCALE = draft("kubernetes_scale", "Deployment/catalog", replicas=3)
GROW = draft("shelf__set_size", "mcp://shelf/set_size", name="web", size=5)


@pytest.fixture
def do(cli: Cli, at: tuple[str, ...], tmp_path: Path) -> Callable[..., Any]:
    """Ask for something of a model that drafts these changes."""

    def ask(*drafts: dict[str, Any], words: tuple[str, ...] = ()) -> Any:
        said = {"verdict": "planned", "text": "As asked.", "evidence": ["{{first}}"], "not_checked": []}
        turns = [*({"calls": [one]} for one in drafts), {"calls": [{"tool": "report_request", "arguments": said}]}]
        script = tmp_path / "script.json"
        script.write_text(json.dumps({"turns": turns}))
        return cli("do", "do as I say", "--model", f"scripted:{script}", *words, *at)

    return ask


def replicas(cluster: Sandbox) -> int:
    """Return how many replicas the Deployment catalog asks for."""
    found = [one for one in cluster.simulation.store.dump() if one["kind"] == "Deployment"]
    return next(one["spec"]["replicas"] for one in found if one["metadata"]["name"] == "catalog")


def permit_all(home: Path) -> None:
    """Let the owner's policy ask nobody."""
    policy = home / "policy.cedar"
    policy.write_text(
        '@id("all")\n@approval("none")\npermit (principal, action, resource) when { context has environment };\n'
    )
    policy.chmod(0o600)


def test_one_plan_changes_both(do: Any, home: Path, cluster: Sandbox) -> None:
    """Two steps in two places, under one digest that binds both."""
    shelf = connect(home)
    permit_all(home)
    done = do(SCALE, GROW, words=("--yes",))
    assert (done.code, replicas(cluster), shelf.things["web"]["size"]) == (0, 3, 5), done.err
    (path,) = (home / "changes").glob("*/change.json")
    scopes = json.loads(path.read_text())["plan"]["scopes"]
    assert [(one["provider"], one["place"]) for one in scopes] == [
        ("kubernetes", cluster.context),
        ("mcp:shelf", "shelf"),
    ]


def test_what_the_server_does_not_do_is_taken_back_in_the_cluster(do: Any, home: Path, cluster: Sandbox) -> None:
    """The second step has no effect, so the first one is rolled back, too."""
    shelf = connect(home, "stuck")
    permit_all(home)
    before = replicas(cluster)
    done = do(SCALE, GROW, words=("--yes",))
    assert (done.code != 0, replicas(cluster), shelf.things["web"]["size"]) == (True, before, 1), done.err


def test_a_server_named_as_the_cluster_is_not_taken_for_it(do: Any, home: Path, cluster: Sandbox) -> None:
    """What somebody said of a cluster holds for neither of two places of one name: both count as production."""
    name = cluster.context
    shelf = connect(home, name=name)
    policy = home / "policy.cedar"
    where = 'context has dryRun && context.dryRun || context has environment && context.environment == "development"'
    policy.write_text(f'@id("all")\n@approval("none")\npermit (principal, action, resource) when {{ {where} }};')
    policy.chmod(0o600)
    grow = draft(f"{name}__set_size", f"mcp://{name}/set_size", name="web", size=5)
    before = replicas(cluster)
    codes = [do(one, words=("--yes",)).code for one in (grow, SCALE)]
    assert (codes, shelf.calls, replicas(cluster)) == ([4, 4], [], before)
    (home / "mcp.json").unlink()
    assert (do(SCALE, words=("--yes",)).code, replicas(cluster)) == (0, 3)


def test_an_incident_is_pinned_to_the_cluster_alone(cli: Cli, at: tuple[str, ...], home: Path) -> None:
    """A server that is taken away later stands in nobody's way: what was begun with it goes on without it."""
    connect(home)
    first = cli("fix", "catalog is slow", "--no-model", "--dry-run", *at)
    (home / "mcp.json").unlink()
    again = cli("fix", "last", "--no-model", "--dry-run", *at)
    assert "no provider" not in first.err + again.err
    (path,) = (home / "incidents").glob("*/incident.json")
    assert "mcp:shelf" not in path.read_text()
