"""The law that previews rest on: a dry run changes nothing, and answers what the write then stores."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

WEB = "/apis/apps/v1/namespaces/shop/deployments/web"
SERVICES = "/api/v1/namespaces/shop/services"

_names = st.sampled_from(["main", "side", "Bad_Name"])
_container = st.fixed_dictionaries(
    {"name": _names, "image": st.sampled_from(["shop/web:1", "shop/web:2", "shop/web"])},
    optional={
        "env": st.lists(
            st.fixed_dictionaries({"name": st.sampled_from(["A", "B", "C"]), "value": st.sampled_from(["1", "2"])}),
            max_size=3,
            unique_by=lambda one: one["name"],
        ),
        "resources": st.fixed_dictionaries(
            {
                "limits": st.fixed_dictionaries({"memory": st.sampled_from(["64Mi", "1Gi", "lots"])}),
                "requests": st.fixed_dictionaries({"memory": st.sampled_from(["64Mi", "2Gi"])}),
            }
        ),
        "colour": st.just("unknown field"),
    },
)
_containers = st.lists(_container, min_size=1, max_size=2, unique_by=lambda one: one["name"])
_spec = st.fixed_dictionaries(
    {},
    optional={
        "replicas": st.integers(-1, 5) | st.none() | st.just("three"),
        "paused": st.booleans(),
        "template": st.fixed_dictionaries(
            {"spec": st.fixed_dictionaries({"containers": _containers})},
            optional={"metadata": st.fixed_dictionaries({"labels": st.just({"app": "web", "v": "2"})})},
        ),
        "selector": st.just({"matchLabels": {"app": "other"}}),
    },
)
_patch = st.fixed_dictionaries(
    {"spec": _spec},
    optional={
        "metadata": st.fixed_dictionaries(
            {},
            optional={
                "labels": st.just({"a": "b"}),
                "annotations": st.just({"x": None}),
                "finalizers": st.just(["a/b"]),
            },
        )
    },
)
_requests = st.one_of(
    st.tuples(st.just("PATCH"), st.sampled_from(["merge", "strategic", "apply"]), _patch),
    st.tuples(
        st.just("PATCH"),
        st.just("json"),
        st.lists(
            st.fixed_dictionaries(
                {
                    "op": st.sampled_from(["add", "replace", "test"]),
                    "path": st.sampled_from(["/spec/replicas", "/metadata/labels", "/spec/nothing"]),
                    "value": st.sampled_from([1, 2, {"a": "b"}]),
                }
            ),
            max_size=2,
        ),
    ),
    st.tuples(st.just("DELETE"), st.just(""), st.sampled_from([None, {"propagationPolicy": "Foreground"}])),
)


def _described(method: str, kind: str, body: Any) -> Any:
    if kind != "apply":
        return body
    return {"apiVersion": "apps/v1", "kind": "Deployment", **copy.deepcopy(body)}


def _without_versions(answer: Any) -> Any:
    if isinstance(answer, dict) and "metadata" in answer:
        metadata = {k: v for k, v in answer["metadata"].items() if k not in ("resourceVersion", "uid")}
        return {**answer, "metadata": metadata}
    return answer


@given(requests=st.lists(_requests, min_size=1, max_size=4))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_dry_run_predicts_the_write_and_leaves_no_trace(make_call: Any, requests: list[tuple[str, str, Any]]) -> None:
    """For any request: state and revision stay, and the write answers and stores what the dry run said."""
    call = make_call()
    for method, kind, raw in requests:
        body = _described(method, kind, raw)
        headers = {
            "": {},
            "merge": {"content-type": "application/merge-patch+json"},
            "strategic": {"content-type": "application/strategic-merge-patch+json"},
            "json": {"content-type": "application/json-patch+json"},
            "apply": {"content-type": "application/apply-patch+yaml"},
        }[kind]
        query = "fieldManager=ops&force=true" if kind == "apply" else "fieldManager=ops"
        before, revision = call.store.dump(), call.store.revision
        tried = {**body, "dryRun": ["All"]} if method == "DELETE" and body is not None else body
        preview = call.send(method, f"{WEB}?{query}&dryRun=All", tried, headers)
        assert (call.store.dump(), call.store.revision) == (before, revision)
        written = call.send(method, f"{WEB}?{query}", body, headers)
        answers = [_without_versions(json.loads(response.body)) for response in (preview, written)]
        assert (preview.code, answers[0]) == (written.code, answers[1])
        stored = call.send("GET", WEB)
        if written.code == 200 and method != "DELETE" and stored.code == 200:
            assert _without_versions(json.loads(stored.body)) == answers[0]


@given(
    port=st.integers(0, 70000),
    name=st.sampled_from(["web", "api", "Bad"]),
    kind=st.sampled_from(["ClusterIP", "NodePort"]),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_dry_run_create_predicts_all_but_what_the_server_draws(
    make_call: Any, port: int, name: str, kind: str
) -> None:
    """The address and the node port that a service gets are drawn anew at each request, as a real server does it."""
    call = make_call()
    manifest = {"metadata": {"name": name}, "spec": {"type": kind, "ports": [{"port": port}]}}
    before = call.store.dump()
    preview = call.send("POST", f"{SERVICES}?dryRun=All", manifest)
    assert call.store.dump() == before
    written = call.send("POST", SERVICES, manifest)
    answers = [_without_chance(_without_versions(json.loads(response.body))) for response in (preview, written)]
    assert (preview.code, answers[0]) == (written.code, answers[1])


def _without_chance(service: Any) -> Any:
    for field in ("clusterIP", "clusterIPs"):
        service.get("spec", {}).pop(field, None)
    for port in service.get("spec", {}).get("ports", ()):
        port.pop("nodePort", None)
    return service


def test_a_dry_run_of_a_pod_draws_another_name_for_its_token(make_call: Any, pod: Any) -> None:
    """The volume with a pod's token has a new name each time: no preview may count on it."""
    call = make_call()
    pods = "/api/v1/namespaces/shop/pods?dryRun=All"
    names = {call.ok("POST", pods, pod("p"))["spec"]["volumes"][0]["name"] for _ in range(3)}
    assert (len(names), {name.rpartition("-")[0] for name in names}) == (3, {"kube-api-access"})
