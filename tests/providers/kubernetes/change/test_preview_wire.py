"""What goes on the wire while a change is previewed: every change tool, every request, held to the documented table."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agentops.core.plan import Change
from agentops.providers.kubernetes.api.call_transport import DryRunTransport
from agentops.providers.kubernetes.api.dry_run import require_dry_run
from agentops.providers.kubernetes.api.dry_runner import DryRunner
from agentops.providers.kubernetes.api.kubeconfig import open_connection
from agentops.providers.kubernetes.api.transport import Patience
from agentops.providers.kubernetes.change.registry import CHANGE_SPECS, change_tools

PAGE = (Path(__file__).parents[4] / "docs" / "change-tools.md").read_text(encoding="utf-8")
_spec = importlib.util.spec_from_file_location("way_back_cases", Path(__file__).with_name("test_undo_leads_back.py"))
assert _spec is not None
assert _spec.loader is not None
cases = sys.modules.setdefault(_spec.name, importlib.util.module_from_spec(_spec))
_spec.loader.exec_module(cases)


class Wire:
    """The vendor's client, with every request that it is told to send kept as it goes out."""

    def __init__(self, api: Any) -> None:
        self._api = api
        self.sent: list[tuple[str, str, Any]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._api, name)

    def call_api(self, method: str, url: str, headers: Any, body: Any = None, *rest: Any, **options: Any) -> Any:
        """Send it, and remember method, address and body."""
        self.sent.append((method, url, json.loads(body) if isinstance(body, str | bytes) else body))
        return self._api.call_api(method, url, headers, body, *rest, **options)


def _on_the_wire(here: Any, tool: str, target: str, arguments: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Preview a change twice as the guard does, and yield what was sent beside reads: what, and where it says
    dryRun."""
    opened = open_connection(kubeconfig=here.sandbox.kubeconfig, context=here.cluster.context, namespace=None)
    wire = Wire(opened.api)
    transport = DryRunTransport(wire, server=opened.server, patience=Patience())
    runner = DryRunner(transport, context=opened.context, server=opened.server)
    made = change_tools(here.cluster, runner, here.sandbox.simulation.clock.now)[tool]
    change = Change(tool=tool, target=here.ref(target), arguments=arguments)
    made.predict(change)
    assert {method for method, _, _ in wire.sent} == {"GET"}
    made.preview(change)
    for method, url, body in wire.sent:
        path, _, query = url.removeprefix(opened.server).partition("?")
        pairs = [tuple(part.split("=", 1)) for part in query.split("&") if part]
        require_dry_run(method, path, pairs, body)  # type: ignore[arg-type]
        if method != "GET":
            last = path.rpartition("/")[2]
            what = f"{method} {last}" if last in {"scale", "eviction"} else method
            yield what, "query and body" if last == "eviction" else "query"


def _pod(here: Any) -> str:
    names = sorted(pod["metadata"]["name"] for pod in here.sandbox.simulation.store.list("Pod", "shop"))
    return "shop/Pod/" + next(name for name in names if name.startswith("web-"))


def _ended_job(here: Any) -> str:
    jobs = here.sandbox.simulation.store.list("Job", "shop")
    ended = [
        job for job in jobs if any(c["type"] == "Complete" for c in (job.get("status") or {}).get("conditions", ()))
    ]
    return f"shop/Job/{ended[0]['metadata']['name']}"


_ACTS: dict[str, Callable[[Any], str]] = {
    "kubernetes_evict_pod": _pod,
    "kubernetes_delete_pod": _pod,
    "kubernetes_drain": lambda here: "-/Node/worker-3",
    "kubernetes_rerun_job": _ended_job,
}
_GROWN = ("kubernetes_resize_pvc", "shop/PersistentVolumeClaim/data-postgres-0", {"storage": "40Gi"})


def _table() -> dict[str, set[tuple[str, str]]]:
    """Return the table of the page: tool -> what a preview of it may send, and where that says dryRun."""
    section = PAGE.split("## What a preview sends", 1)[1].split("\n## ", 1)[0]
    found: dict[str, set[tuple[str, str]]] = {}
    for tools, sends in re.findall(r"^\| (`kubernetes_[^|]*|every other tool) \| ([^|]*) \|$", section, re.MULTILINE):
        listed = {tuple(one.strip().split(": ")) for one in sends.split(";") if ":" in one}
        named = re.findall(r"`(\w+)`", tools)
        # The last row is for all that no row before it names.
        found = dict.fromkeys(named or [spec.name for spec in CHANGE_SPECS], listed) | found
    return found


def test_previews_send_what_the_page_says_and_store_nothing(world: Callable[..., Any]) -> None:
    """For every change tool the requests are those of docs/change-tools.md, each is a dry run, and the store stays."""
    seen: dict[str, set[tuple[str, str]]] = {spec.name: set() for spec in CHANGE_SPECS}
    tried = set()
    worlds: dict[str, Any] = {}
    wanted = [(one.scenario, one.tool, one.target, one.arguments, one) for one in cases.CASES]
    wanted += [("stale-alert", tool, place, {}, None) for tool, place in _ACTS.items()]
    wanted.append(("stale-alert", *_GROWN, None))
    for scenario, tool, target, arguments, case in wanted:
        if scenario not in worlds:
            worlds[scenario] = world(scenario)
        here = worlds[scenario]
        if case is not None:
            cases._prepared(here, case)
        before = here.sandbox.dump()
        seen[tool] |= set(_on_the_wire(here, tool, target if isinstance(target, str) else target(here), arguments))
        tried.add(tool)
        assert here.sandbox.dump() == before, (tool, target)
    assert (tried, seen) == (set(seen), _table())


@pytest.mark.parametrize("tool", ["kubernetes_delete", "kubernetes_delete_pod"])
def test_a_deletion_is_previewed_without_a_delete(tool: str, world: Callable[..., Any]) -> None:
    """Reading says as much; a trial that goes wrong would delete."""
    here = world("stale-alert")
    sent = {what for what, _ in _on_the_wire(here, tool, _pod(here), {})}
    assert "DELETE" not in " ".join(sent)


@pytest.mark.parametrize("name", ["scale", "eviction"])
@pytest.mark.parametrize(
    ("tool", "kind", "arguments"),
    [
        ("kubernetes_annotate", "ConfigMap", {"set": {"team": "shop"}}),
        ("kubernetes_edit_configmap", "ConfigMap", {"set": {"LOG_LEVEL": "debug"}}),
        ("kubernetes_scale", "Deployment", {"replicas": 2}),
        ("kubernetes_set_image", "Deployment", {"container": "web", "image": "registry.example/web:9"}),
    ],
)
def test_an_object_may_be_called_like_a_subresource(
    world: Callable[..., Any], name: str, tool: str, kind: str, arguments: dict[str, Any]
) -> None:
    """Its path is not taken for that of a subresource: it is predicted, tried and proved like any other."""
    here = world()
    spec: dict[str, Any] = {"data": {"LOG_LEVEL": "info"}}
    if kind == "Deployment":
        labels = {"app": name}
        container = {"name": "web", "image": "registry.example/web:8"}
        template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
        spec = {"spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}}
    version = "apps/v1" if kind == "Deployment" else "v1"
    here.create({"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": "shop"}, **spec})
    change = Change(tool=tool, target=here.ref(f"shop/{kind}/{name}"), arguments=arguments)
    predicted, previewed = here.tools[tool].predict(change), here.tools[tool].preview(change)
    assert previewed.objects[0].edits
    assert [one.path for one in predicted.objects[0].edits] == [one.path for one in previewed.objects[0].edits]
