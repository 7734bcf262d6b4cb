"""The read tools against sandbox scenarios: each shows what an investigator came for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from agentops.core.errors import ClusterError, NotFound, ToolError, ToolInputError
from agentops.core.evidence import Reading
from agentops.core.table import table
from agentops.core.tool import ReadTool
from agentops.providers.kubernetes.api.client import Cluster, connect
from agentops.providers.kubernetes.objects.kinds import Kind
from agentops.providers.kubernetes.read.events import event_table
from agentops.providers.kubernetes.read.registry import SPECS, read_tools, served_tools
from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
Tools = Mapping[str, ReadTool]


@pytest.fixture(scope="module")
def tools_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Tools]]:
    """Return the tools for a scenario that stands still at NOW; one sandbox a scenario."""
    made: dict[str, Tools] = {}
    with ExitStack() as stack:

        def make(name: str) -> Tools:
            if name not in made:
                sandbox = stack.enter_context(Sandbox(load(name), now=lambda: NOW, ticking=False))
                cluster = connect(
                    kubeconfig=sandbox.kubeconfig,
                    context=None,
                    namespace=None,
                    cache_dir=tmp_path_factory.mktemp("cache"),
                )
                made[name] = {tool.spec.name: tool for tool in read_tools(cluster, lambda: NOW)}
            return made[name]

        yield make


def read(tools: Tools, tool: str, /, **arguments: Any) -> Reading:
    """Run one tool."""
    return tools[f"kubernetes_{tool}"].read(arguments)


def pod_named(tools: Tools, start: str, namespace: str = "shop") -> str:
    """Return the name of a pod that begins with ``start``."""
    body = read(tools, "list", kind="pods", namespace=namespace, name_contains=start).body
    return body.splitlines()[1].split()[0]


def test_list_shows_states_and_what_else_there_is(tools_in: Callable[[str], Tools]) -> None:
    """A list is a table with the state of each pod, and its footer counts what it does not show."""
    tools = tools_in("bad-image-tag")
    reading = read(tools, "list", kind="po", limit=3)
    assert reading.body.splitlines()[0].split() == ["NAME", "READY", "STATUS", "RESTARTS", "AGE", "NODE"]
    assert (len(reading.body.splitlines()), reading.summary) == (4, "3 pods in shop")
    assert reading.footer.startswith("Only the first 3 are shown; ")
    broken = read(tools, "list", kind="pods", name_contains="checkout")
    assert "ImagePullBackOff" in broken.body or "ErrImagePull" in broken.body


def test_list_projects_columns(tools_in: Callable[[str], Tools]) -> None:
    """Dotted paths become the columns, lists and filters included."""
    reading = read(
        tools_in("oom-lowered-limit"),
        "list",
        kind="Deployment.apps",
        name_contains="catalog",
        columns=[
            "spec.template.spec.containers[0].resources.limits.memory",
            "status.conditions[type=Available].status",
        ],
    )
    assert reading.body.splitlines()[1].split() == ["catalog", "136Mi", "True"]


def test_list_counts(tools_in: Callable[[str], Tools]) -> None:
    """Counting returns numbers by state and namespace instead of rows."""
    lines = read(tools_in("oom-lowered-limit"), "list", kind="nodes", count=True).body
    assert lines == "4 nodes in the cluster"
    counted = read(tools_in("oom-lowered-limit"), "list", kind="pods", namespace="*", count=True).body.splitlines()
    assert counted[0].endswith("pods in all namespaces")
    assert sum(int(line.split(": ")[1]) for line in counted if line.startswith("  in ")) == int(counted[0].split()[0])


def test_get_shows_a_secrets_keys_only(tools_in: Callable[[str], Tools]) -> None:
    """No form of a Secret's value is in the reading."""
    reading = read(tools_in("oom-lowered-limit"), "get", kind="secret", name="provider-token", namespace="payments")
    assert "token: (29 bytes, not shown)" in reading.body
    assert reading.footer == "Secret values are never read into a result; the sizes are of the decoded values."


def test_get_strips_noise_and_says_so(tools_in: Callable[[str], Tools]) -> None:
    """Ids and API defaults are gone unless the whole object is asked for."""
    tools = tools_in("oom-lowered-limit")
    name = pod_named(tools, "web")
    short, full = read(tools, "get", kind="pod", name=name), read(tools, "get", kind="pod", name=name, full=True)
    assert ("containerID" in short.body, "containerID" in full.body) == (False, True)
    assert ("dnsPolicy" in short.body, "dnsPolicy" in full.body) == (False, True)
    assert "values that are the API's defaults" in short.footer


def test_a_name_that_does_not_exist_leads_to_near_ones(tools_in: Callable[[str], Tools]) -> None:
    """Asking for the workload's name as a pod gets the pods' names."""
    tools = tools_in("oom-lowered-limit")
    with pytest.raises(NotFound) as caught:
        read(tools, "logs", pod="catalog")
    assert caught.value.hint.startswith("Near names in shop: catalog-")


def test_describe_a_workload_tells_the_story(tools_in: Callable[[str], Tools]) -> None:
    """One call shows how containers ended, the events, and the change that did it."""
    body = read(tools_in("oom-lowered-limit"), "describe", kind="deploy", name="catalog").body
    expected = [
        "before that terminated OOMKilled, exit code 137",
        "BackOff",
        "template.spec.containers[catalog].resources.limits.memory: 256Mi -> 136Mi",
        "REPLICASET",
        "POD",
    ]
    assert [text for text in expected if text not in body] == []


def test_describe_a_pod_names_its_owners(tools_in: Callable[[str], Tools]) -> None:
    """The chain goes up to the Deployment, whose rollout is shown."""
    tools = tools_in("oom-lowered-limit")
    reading = read(tools, "describe", kind="pod", name=pod_named(tools, "catalog"))
    assert [(ref.kind, ref.name) for ref in reading.resources[1:]][-1] == ("Deployment", "catalog")
    assert "latest revisions of Deployment/catalog" in reading.body


def test_describe_a_claim_shows_who_waits_for_it(tools_in: Callable[[str], Tools]) -> None:
    """A claim's event and the pod that is stuck on it are in one reading."""
    body = read(tools_in("unbound-pvc-chain"), "describe", kind="pvc", name="data-postgres-0").body
    assert 'storageclass.storage.k8s.io "fast-ssd" not found' in body
    assert "pod postgres-0: 0/4 nodes are available" in body


def test_events_are_newest_first_and_filtered(tools_in: Callable[[str], Tools]) -> None:
    """Warnings of one object only, with how often they happened."""
    tools = tools_in("oom-lowered-limit")
    name = pod_named(tools, "catalog")
    reading = read(tools, "events", kind="Pod", name=name, type="Warning")
    rows = [line.split() for line in reading.body.splitlines()[1:]]
    assert {(row[2], row[4]) for row in rows} == {("Warning", f"Pod/{name}")}
    assert "BackOff" in {row[3] for row in rows}


def test_a_column_that_no_row_has_is_told(tools_in: Callable[[str], Tools]) -> None:
    """A misspelt path does not pass for a field that nobody set."""
    tools = tools_in("oom-lowered-limit")
    columns = ["metadata.labels.app", "spec.replica"]
    found = read(tools, "list", kind="Deployment", columns=columns)
    assert found.footer.startswith("No row has spec.replica: is the path right?")


def test_alike_events_are_one_row() -> None:
    """Events that differ in nothing but whose name they carry are told once, with their number and the newest time."""

    def event(name: str, minute: int, count: int, message: str) -> Mapping[str, Any]:
        return {
            "type": "Warning",
            "reason": "BackOff",
            "involvedObject": {"kind": "Pod", "name": name},
            "message": message,
            "count": count,
            "lastTimestamp": f"2026-11-22T11:{minute:02d}:00Z",
        }

    back_off = [
        event(
            f"web-{n}",
            59 - n,
            4,
            f"Back-off restarting app in pod web-{n}_shop(9aabe0c6-ce11-4448-bce3-6d2c59d6ae5{n})",
        )
        for n in range(5)
    ]
    text = event_table([*back_off, event("web-0", 10, 1, "Killing")], NOW)
    assert [line.split(None, 5) for line in text.splitlines()[1:]] == [
        [
            "60s",
            "x20",
            "Warning",
            "BackOff",
            "Pod/web-0",
            "and 4 more  Back-off restarting app in pod web-0_shop(9aabe0c6-ce11-4448-bce3-6d2c59d6ae50)",
        ],
        ["50m", "x1", "Warning", "BackOff", "Pod/web-0", "Killing"],
    ]


def test_a_small_table_is_whole() -> None:
    """In a table of few rows no cell is cut; in a long one a cell that is wide is."""
    wide = "x" * 90
    small, long = (table(("A", "B"), [(wide, "y")] * rows) for rows in (3, 30))
    assert (wide in small, wide in long, "…" in long) == (True, False, True)


def test_events_say_when_there_are_none(tools_in: Callable[[str], Tools]) -> None:
    """Nothing found is told apart from nothing matching."""
    tools = tools_in("oom-lowered-limit")
    assert "none that matches the filters" in read(tools, "events", contains="zzz").body
    assert read(tools, "events", namespace="default").body.startswith("There are no events in default.")


def test_logs_account_for_every_missing_line(tools_in: Callable[[str], Tools]) -> None:
    """The footer counts what the tail and the filter left out."""
    tools = tools_in("oom-lowered-limit")
    name = pod_named(tools, "web")
    assert len(read(tools, "logs", pod=name, tail=2).body.splitlines()) == 2
    assert "older lines than the last 2 were not read" in read(tools, "logs", pod=name, tail=2).footer
    nothing = read(tools, "logs", pod=name, include="no such words")
    assert (nothing.body, "lines read were dropped by the filter" in nothing.footer) == ("(no lines)", True)


def test_logs_of_the_run_before(tools_in: Callable[[str], Tools]) -> None:
    """A restarted container's footer points to the previous run, which can be read."""
    tools = tools_in("missing-config-key")
    oom = tools_in("oom-lowered-limit")
    name = pod_named(oom, "catalog")
    assert "use previous for the run before" in read(oom, "logs", pod=name).footer
    assert read(oom, "logs", pod=name, previous=True).summary.endswith("catalog (previous run)")
    with pytest.raises(ToolInputError) as caught:
        read(tools, "logs", pod=pod_named(tools, "web"), container="nope")
    assert caught.value.hint.startswith("Its containers are: ")


def test_logs_of_a_workload_and_of_a_selector(tools_in: Callable[[str], Tools]) -> None:
    """The pods of a workload, of a Service or of labels are read together, each under its name, failing ones first."""
    tools = tools_in("oom-lowered-limit")
    of_workload = read(tools, "logs", workload="deploy/catalog", tail=3)
    pods = [line.split()[2] for line in of_workload.body.splitlines() if line.startswith("--- container ")]
    assert (len(pods), {pod.rpartition("-")[0] for pod in pods}) == (2, {pods[0].rpartition("-")[0]})
    assert of_workload.summary == "6 lines of pods of Deployment shop/catalog catalog (current run)"
    of_labels = read(tools, "logs", labels="app=catalog", tail=3)
    of_service = read(tools, "logs", workload="Service/catalog", tail=3)
    assert of_labels.body == of_service.body == of_workload.body


def test_the_first_lines_of_a_log(tools_in: Callable[[str], Tools]) -> None:
    """``head`` begins where the log begins, and says that later lines were not read."""
    tools = tools_in("oom-lowered-limit")
    name = pod_named(tools, "catalog")
    first = read(tools, "logs", pod=name, head=1)
    assert (first.body, first.footer.split(";")[0]) == (
        "catalog 1.8 starting",
        "later lines than the first 1 were not read",
    )
    listening = read(tools, "logs", pod=name, head=1, include="listening")
    assert listening.body == "listening on :8080"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "give one of pod, workload and labels, not none"),
        ({"pod": "a", "labels": "b=c"}, "give one of pod, workload and labels, not pod and labels"),
        ({"workload": "web"}, "workload 'web' names no kind"),
        ({"workload": "node/worker-1"}, "a Node is no workload"),
        ({"workload": "deploy/none"}, "not found"),
        ({"labels": "app=none"}, "there are no pods app=none in shop"),
        ({"pod": "a", "head": 1, "tail": 1}, "give head or tail, not both"),
    ],
)
def test_logs_of_what_cannot_be(tools_in: Callable[[str], Tools], arguments: Mapping[str, Any], message: str) -> None:
    """What names no pods, or too many ways to them, is told so."""
    with pytest.raises(ToolError) as caught:
        read(tools_in("oom-lowered-limit"), "logs", **arguments)
    assert message in caught.value.message


def test_rollout_history_names_the_fields(tools_in: Callable[[str], Tools]) -> None:
    """Each revision says which field it changed, from what to what, and why."""
    body = read(tools_in("oom-lowered-limit"), "rollout_history", kind="Deployment", name="catalog").body
    lines = body.splitlines()
    assert lines[:2] == ["Deployment shop/catalog", "2/2 ready, 2 updated"]
    assert "cause: cut memory, FIN-212" in lines[2]
    assert [line.strip() for line in lines[3:5]] == [
        "template.spec.containers[catalog].resources.requests.memory: 192Mi -> 128Mi",
        "template.spec.containers[catalog].resources.limits.memory: 256Mi -> 136Mi",
    ]


@pytest.mark.parametrize(("kind", "name"), [("StatefulSet", "postgres"), ("DaemonSet", "node-exporter")])
def test_rollout_history_of_other_workloads(tools_in: Callable[[str], Tools], kind: str, name: str) -> None:
    """StatefulSets and DaemonSets keep their revisions as ControllerRevisions."""
    namespace = "monitoring" if kind == "DaemonSet" else "shop"
    reading = read(tools_in("oom-lowered-limit"), "rollout_history", kind=kind, name=name, namespace=namespace)
    assert reading.summary == f"1 revision of {kind} {namespace}/{name}"
    assert "revision 1 (current)" in reading.body


def test_endpoints_show_a_selector_near_miss(tools_in: Callable[[str], Tools]) -> None:
    """A typo in a selector is shown next to the label that was meant."""
    body = read(tools_in("selector-typo"), "endpoints", service="checkout").body
    assert "NO pod matches the selector. Nearest:" in body
    assert "app: the selector wants 'chekout', the pod has 'checkout'" in body


def test_endpoints_show_a_port_that_nobody_declares(tools_in: Callable[[str], Tools]) -> None:
    """A wrong targetPort is shown with the ports that there are."""
    body = read(tools_in("service-port-mismatch"), "endpoints", service="catalog").body
    assert "port 80/TCP -> 8000: no container declares this port; declared ports: http=8080" in body
    assert body.count("behind it") == 2


def test_capacity_shows_room_and_quota(tools_in: Callable[[str], Tools]) -> None:
    """Nodes come with requested of allocatable, quotas with their share."""
    body = read(tools_in("quota-exceeded"), "capacity").body
    assert body.splitlines()[0].split() == [
        "NODE", "CPU", "REQUESTED/ALLOCATABLE", "MEMORY", "REQUESTED/ALLOCATABLE", "PODS", "STATE", "TAINTS",
    ]  # fmt: skip
    assert "node-role.kubernetes.io/control-plane=:NoSchedule" in body
    assert "shop/shop" in body
    assert "cordoned" in read(tools_in("cordoned-nodes"), "capacity", node="worker-1").body


def test_metrics_stand_next_to_limits(tools_in: Callable[[str], Tools]) -> None:
    """Usage of pods shows the share of the limit; nodes the share of what is allocatable."""
    tools = tools_in("oom-lowered-limit")
    pods = read(tools, "metrics", kind="Pod", name_contains="catalog")
    assert pods.summary == "usage of 2 containers in shop"
    assert all(line.rstrip().endswith("%") for line in pods.body.splitlines()[1:])
    assert read(tools, "metrics", kind="Node").summary == "usage of 4 nodes in the cluster"


def test_can_i_asks_the_server(tools_in: Callable[[str], Tools]) -> None:
    """The answer names verb, resource and place; without a verb it lists the rules."""
    tools = tools_in("oom-lowered-limit")
    assert read(tools, "can_i", verb="get", kind="pods", subresource="log").body == "yes: get pods/log in shop"
    assert read(tools, "can_i").summary.endswith("rules for this identity in shop")


@pytest.mark.parametrize(
    ("tool", "arguments", "message", "hint"),
    [
        ("list", {}, "kubernetes_list was called wrongly: `kind` is missing (a string)", ""),
        ("list", {"kind": ""}, "kubernetes_list was called wrongly: `kind` is missing (a string)", ""),
        (
            "list",
            {"kind": "pods", "limt": 3},
            "kubernetes_list was called wrongly: `limt` is not an argument (did you mean `limit`?)",
            "",
        ),
        (
            "list",
            {"kind": "pods", "limit": "3"},
            'kubernetes_list was called wrongly: `limit` must be an integer from 1 to 1000, not "3"',
            "",
        ),
        (
            "list",
            {"kind": "pods", "count": 1},
            "kubernetes_list was called wrongly: `count` must be true or false, not 1",
            "",
        ),
        (
            "metrics",
            {"kind": "Cat"},
            'kubernetes_metrics was called wrongly: `kind` must be one of Pod, Node, not "Cat"',
            "",
        ),
        (
            "list",
            {"kind": "p" * 1001},
            "kubernetes_list was called wrongly: `kind` is longer than 1000 characters",
            "",
        ),
        (
            "get",
            {"kind": "pod", "name": "--server=https://evil"},
            "the name of kubernetes_get '--server=https://evil' starts with a dash",
            "Names never start with '-'.",
        ),
        (
            "get",
            {"kind": "pod", "name": "../secrets/x"},
            "the name of kubernetes_get '../secrets/x' cannot be a Kubernetes name",
            "Names hold letters, digits, '-', '.' and ':' and are at most 253 characters long.",
        ),
        (
            "get",
            {"kind": "pod", "name": "x", "namespace": "*"},
            "kubernetes_get: namespace '*' does not name one object",
            "Find it with kubernetes_list first.",
        ),
        ("can_i", {"verb": "get"}, "kubernetes_can_i: a verb needs a kind", "Name the kind, e.g. pods or deployments."),
    ],
)
def test_unfit_arguments_are_named(
    tools_in: Callable[[str], Tools], tool: str, arguments: dict[str, Any], message: str, hint: str
) -> None:
    """The error says which argument and what is expected."""
    with pytest.raises(ToolInputError) as caught:
        read(tools_in("oom-lowered-limit"), tool, **arguments)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_an_unknown_kind_leads_to_the_near_one(tools_in: Callable[[str], Tools]) -> None:
    """A misspelt kind is answered with the right one."""
    with pytest.raises(NotFound) as caught:
        read(tools_in("oom-lowered-limit"), "list", kind="deplyments")
    assert (caught.value.message, caught.value.hint) == (
        "the server has no kind 'deplyments'",
        "Did you mean Deployment?",
    )


def test_nothing_is_asked_for_by_making_the_tools(tmp_path: Path) -> None:
    """Binding the tools to a cluster sends nothing."""
    kubeconfig = tmp_path / "config"
    kubeconfig.write_text(
        json.dumps(
            {
                "current-context": "x",
                "clusters": [{"name": "x", "cluster": {"server": "http://127.0.0.1:1"}}],
                "users": [],
                "contexts": [{"name": "x", "context": {"cluster": "x"}}],
            }
        )
    )
    cluster = connect(kubeconfig=kubeconfig, context=None, namespace=None, cache_dir=tmp_path)
    assert [tool.spec for tool in read_tools(cluster, lambda: NOW)] == list(SPECS)


class Serves:
    """A cluster as far as it says what it serves."""

    def __init__(self, groups: tuple[str, ...] | None) -> None:
        self._groups = groups

    def kinds(self) -> tuple[Kind, ...]:
        """Return one kind a group; fail when nothing is known."""
        if self._groups is None:
            raise ClusterError("discovery failed")
        return tuple(Kind(kind="X", plural="xs", group=group, version="v1", namespaced=True) for group in self._groups)


@pytest.mark.parametrize(
    ("groups", "has_metrics"), [(("", "apps"), False), (("", "metrics.k8s.io"), True), (None, True)]
)
def test_no_tool_for_what_is_not_served(groups: tuple[str, ...] | None, has_metrics: bool) -> None:
    """Without the metrics API there is no metrics tool; where nobody knows what is served, there is."""
    served = [tool.spec.name for tool in served_tools(cast(Cluster, Serves(groups)), lambda: NOW)]
    every = [spec.name for spec in SPECS]
    assert served == [name for name in every if has_metrics or name != "kubernetes_metrics"]
