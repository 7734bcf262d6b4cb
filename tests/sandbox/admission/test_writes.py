"""create, update and patch: defaults, strictness, conflicts, immutable fields, and refusals in the real words."""

from __future__ import annotations

from typing import Any

import pytest

SHOP = "/api/v1/namespaces/shop"
DEPLOYMENTS = "/apis/apps/v1/namespaces/shop/deployments"
WEB = f"{DEPLOYMENTS}/web"


def test_create_fills_in_the_defaults_of_the_kind(call: Any) -> None:
    """What a manifest leaves out is what a real server writes."""
    spec = call.ok("GET", WEB)["spec"]
    assert {name: spec[name] for name in ("strategy", "progressDeadlineSeconds", "revisionHistoryLimit")} == {
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}},
        "progressDeadlineSeconds": 600,
        "revisionHistoryLimit": 10,
    }
    assert spec["template"]["spec"] == {
        "containers": [
            {
                "name": "main",
                "image": "shop/web:1",
                "env": [{"name": "A", "value": "1"}],
                "resources": {},
                "terminationMessagePath": "/dev/termination-log",
                "terminationMessagePolicy": "File",
                "imagePullPolicy": "IfNotPresent",
            }
        ],
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "securityContext": {},
        "schedulerName": "default-scheduler",
    }


def test_a_service_gets_an_address_and_target_ports(call: Any) -> None:
    """clusterIP is allocated, targetPort follows port, and both stay on update."""
    manifest = {"metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}}
    made = call.ok("POST", f"{SHOP}/services", manifest)
    assert made["spec"]["ports"] == [{"port": 80, "protocol": "TCP", "targetPort": 80}]
    assert made["spec"]["clusterIP"].startswith("10.96.")
    changed = call.ok("PATCH", f"{SHOP}/services/web", {"spec": {"selector": {"app": "x"}}}, patch="merge")
    assert changed["spec"]["clusterIP"] == made["spec"]["clusterIP"]
    code, message = call.refused("PATCH", f"{SHOP}/services/web", {"spec": {"clusterIP": "10.96.0.9"}}, patch="merge")
    assert (code, message) == (
        422,
        'Service "web" is invalid: spec.clusterIPs[0]: Invalid value: ["10.96.0.9"]: may not change once set',
    )


def test_generate_name_makes_a_name(call: Any, pod: Any) -> None:
    """A name is made from the prefix when none is given."""
    manifest = pod()
    manifest["metadata"] = {"generateName": "job-"}
    name = call.ok("POST", f"{SHOP}/pods", manifest)["metadata"]["name"]
    assert (name[:4], len(name)) == ("job-", 9)


def test_unknown_fields_are_refused_warned_of_or_dropped(call: Any, deployment: Any) -> None:
    """Strict is 400, Warn answers with a Warning header, Ignore says nothing; none of them stores the field."""
    manifest = deployment("api", replicass=3)
    assert call.refused("POST", f"{DEPLOYMENTS}?fieldValidation=Strict", manifest) == (
        400,
        'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: '
        'unknown field "spec.replicass"',
    )
    warned = call.send("POST", DEPLOYMENTS, manifest)
    assert warned.headers == {"Warning": '299 - "unknown field \\"spec.replicass\\""'}
    manifest["metadata"]["name"] = "other"
    ignored = call.send("POST", f"{DEPLOYMENTS}?fieldValidation=Ignore", manifest)
    assert (ignored.headers, b"replicass" in ignored.body + warned.body) == ({}, False)
    code, message = call.refused("PATCH", f"{WEB}?fieldValidation=Strict", {"spec": {"x": 1}}, patch="strategic")
    assert (code, message) == (
        422,
        ' "" is invalid: patch: Invalid value: "map[spec:map[x:1]]": strict decoding error: unknown field "spec.x"',
    )


def _with(manifest: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    *holders, last = path.split(".")
    inner: Any = manifest
    for name in holders:
        inner = inner[int(name)] if isinstance(inner, list) else inner.setdefault(name, {})
    inner[last] = value
    return manifest


CONTAINER = "spec.template.spec.containers.0"
PREFIX = "spec.template.spec.containers[0]"
INVALID = 'Deployment.apps "api" is invalid: '


@pytest.mark.parametrize(
    ("path", "value", "code", "message"),
    [
        ("spec.replicas", -1, 422, INVALID + "spec.replicas: Invalid value: -1: must be greater than or equal to 0"),
        (
            "spec.replicas",
            "three",
            400,
            'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go '
            "struct field DeploymentSpec.spec.replicas of type int32",
        ),
        (
            "spec.selector",
            {"matchLabels": {"app": "x"}},
            422,
            INVALID + 'spec.template.metadata.labels: Invalid value: {"app":"api"}: `selector` does '
            "not match template `labels`",
        ),
        (f"{CONTAINER}.image", "", 422, INVALID + f"{PREFIX}.image: Required value"),
        (
            f"{CONTAINER}.resources",
            {"requests": {"cpu": "2"}, "limits": {"cpu": "1"}},
            422,
            INVALID + f'{PREFIX}.resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
        ),
        (
            f"{CONTAINER}.volumeMounts",
            [{"name": "data", "mountPath": "/d"}],
            422,
            INVALID + f'{PREFIX}.volumeMounts[0].name: Not found: "data"',
        ),
        (
            "spec.template.spec.restartPolicy",
            "Never",
            422,
            INVALID + 'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
        ),
        ("kind", "Pod", 400, "the kind in the data (Pod) does not match the expected kind (Deployment)"),
        (
            "metadata.namespace",
            "other",
            400,
            "the namespace of the provided object does not match the namespace sent on the request",
        ),
    ],
)
def test_a_bad_manifest_is_refused(call: Any, deployment: Any, path: str, value: Any, code: int, message: str) -> None:
    """Each mistake is refused with the code and the words of the real validator."""
    assert call.refused("POST", DEPLOYMENTS, _with(deployment("api"), path, value)) == (code, message)


def test_creating_where_it_cannot_be(call: Any, deployment: Any) -> None:
    """A taken name is 409, a missing namespace 404, a terminating one 403."""
    assert call.refused("POST", DEPLOYMENTS, deployment()) == (409, 'deployments.apps "web" already exists')
    nowhere = DEPLOYMENTS.replace("shop", "nowhere")
    assert call.refused("POST", nowhere, deployment()) == (404, 'namespaces "nowhere" not found')
    call.ok("PATCH", "/api/v1/namespaces/shop", {"metadata": {"finalizers": ["x/y"]}}, patch="merge")
    call.ok("DELETE", "/api/v1/namespaces/shop")
    code, message = call.refused("POST", f"{SHOP}/configmaps", {"metadata": {"name": "c"}})
    assert (code, message.partition(": ")[2]) == (
        403,
        "unable to create new content in namespace shop because it is being terminated",
    )


def test_a_stale_update_conflicts(call: Any) -> None:
    """An object read before another's write cannot be put back."""
    stale = call.ok("GET", WEB)
    call.ok("PATCH", WEB, {"spec": {"replicas": 3}}, patch="merge")
    stale["spec"]["replicas"] = 9
    assert call.refused("PUT", WEB, stale) == (
        409,
        'Operation cannot be fulfilled on deployments.apps "web": the object has been modified; please apply your '
        "changes to the latest version and try again",
    )


def test_updates_keep_what_only_the_server_sets(call: Any) -> None:
    """uid, creation time, generation and status survive a PUT that has them wrong; a spec change moves generation."""
    before = call.ok("GET", WEB)
    body = {**before, "metadata": {"name": "web", "generation": 77}, "status": {"replicas": 9}}
    body["spec"]["replicas"] = 4
    after = call.ok("PUT", WEB, body)
    assert (after["metadata"]["uid"], after["metadata"]["generation"], after["status"]) == (
        before["metadata"]["uid"],
        2,
        {},
    )


def test_status_is_written_only_through_its_subresource(call: Any) -> None:
    """The status subresource changes status and nothing else."""
    after = call.ok("PATCH", f"{WEB}/status", {"spec": {"replicas": 9}, "status": {"replicas": 1}}, patch="merge")
    assert (after["spec"]["replicas"], after["status"], after["metadata"]["generation"]) == (2, {"replicas": 1}, 1)


def test_scale_reads_and_writes_replicas(call: Any) -> None:
    """GET, PUT and PATCH of scale show and change spec.replicas; a negative count is refused."""
    scale = call.ok("GET", f"{WEB}/scale")
    assert (scale["kind"], scale["spec"], scale["status"]["selector"]) == ("Scale", {"replicas": 2}, "app=web")
    scale["spec"]["replicas"] = 5
    assert call.ok("PUT", f"{WEB}/scale", scale)["spec"] == {"replicas": 5}
    assert call.refused("PUT", f"{WEB}/scale", scale)[0] == 409
    assert call.ok("PATCH", f"{WEB}/scale?dryRun=All", {"spec": {"replicas": 0}}, patch="merge")["spec"] == {
        "replicas": 0
    }
    assert call.refused("PATCH", f"{WEB}/scale", {"spec": {"replicas": -1}}, patch="merge")[0] == 422
    assert call.ok("GET", WEB)["spec"]["replicas"] == 5


def test_immutable_fields_stay(call: Any, pod: Any) -> None:
    """A selector, a running pod's spec and an immutable ConfigMap cannot be changed; a pod's image can."""
    assert call.refused("PATCH", WEB, {"spec": {"selector": {"matchLabels": {"a": "b"}}}}, patch="merge")[0] == 422
    call.ok("POST", f"{SHOP}/pods", pod())
    assert call.refused("PATCH", f"{SHOP}/pods/p", {"spec": {"hostNetwork": True}}, patch="merge")[1].startswith(
        'Pod "p" is invalid: spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`'
    )
    image = {"spec": {"containers": [{"name": "main", "image": "shop/web:2"}]}}
    assert (
        call.ok("PATCH", f"{SHOP}/pods/p", image, patch="strategic")["spec"]["containers"][0]["image"] == "shop/web:2"
    )
    call.ok("POST", f"{SHOP}/configmaps", {"metadata": {"name": "c"}, "data": {"a": "1"}, "immutable": True})
    assert call.refused("PATCH", f"{SHOP}/configmaps/c", {"data": {"a": "2"}}, patch="merge") == (
        422,
        'ConfigMap "c" is invalid: data: Forbidden: field is immutable when `immutable` is set',
    )


def test_a_change_of_nothing_is_no_write(call: Any) -> None:
    """A patch that changes nothing keeps resourceVersion and managedFields."""
    before = call.ok("GET", WEB)
    assert call.ok("PATCH", WEB, {"spec": {"replicas": 2}}, patch="merge") == before


def test_other_encodings_are_415(call: Any) -> None:
    """A body that the simulator cannot read is refused as such."""
    response = call.send("POST", DEPLOYMENTS, {}, {"content-type": "application/cbor"})
    assert response.code == 415


def test_custom_resources_are_checked_against_their_schema(call: Any) -> None:
    """Defaults, unknown fields, enums and bounds of a CRD's schema hold."""
    properties = {
        "size": {"type": "integer", "minimum": 1, "default": 3},
        "tier": {"type": "string", "enum": ["gold", "iron"]},
    }
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": properties}}}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"plural": "widgets", "kind": "Widget", "singular": "widget"}
    definition = {
        "metadata": {"name": "widgets.shop.io"},
        "spec": {"group": "shop.io", "scope": "Namespaced", "names": names, "versions": [version]},
    }
    call.ok("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition)
    widgets = "/apis/shop.io/v1/namespaces/shop/widgets"
    made = call.ok("POST", widgets, {"metadata": {"name": "w"}, "spec": {"tier": "gold", "colour": "red"}})
    assert made["spec"] == {"tier": "gold", "size": 3}
    assert call.refused("PATCH", f"{widgets}/w", {"spec": {"size": 0}}, patch="merge") == (
        422,
        'Widget.shop.io "w" is invalid: spec.size: Invalid value: 0: spec.size in body should be greater than or '
        "equal to 1",
    )
    assert call.refused("PATCH", f"{widgets}/w", {"spec": {"tier": "tin"}}, patch="merge")[1].endswith(
        'spec.tier: Unsupported value: "tin": supported values: "gold", "iron"'
    )
    assert call.refused("PATCH", f"{widgets}/w", {"spec": {"size": 4}}, patch="strategic")[0] == 415


def test_a_write_over_an_object_without_defaults_adds_none(call: Any, deployment: Any) -> None:
    """What was loaded without defaults changes only where the write says so; a new part of it gets its defaults."""
    raw = deployment("raw")
    raw["metadata"]["namespace"] = "shop"
    call.store.load([raw])
    before = call.ok("GET", f"{DEPLOYMENTS}/raw")
    container = {"name": "main", "image": "shop/web:2", "ports": [{"containerPort": 80}]}
    patch = {"spec": {"template": {"spec": {"containers": [container]}}}}
    after = call.ok("PATCH", f"{DEPLOYMENTS}/raw", patch, patch="strategic")
    expected = before["spec"]
    expected["template"]["spec"]["containers"][0].update(container, ports=[{"containerPort": 80, "protocol": "TCP"}])
    assert after["spec"] == expected


def test_a_stateful_set_mounts_its_claims(call: Any) -> None:
    """A claim template is a volume; what a stateful set may not change is refused."""
    container = {"name": "db", "image": "db:1", "volumeMounts": [{"name": "data", "mountPath": "/d"}]}
    claim = {"metadata": {"name": "data"}, "spec": {"resources": {"requests": {"storage": "1Gi"}}}}
    spec = {
        "serviceName": "db",
        "selector": {"matchLabels": {"app": "db"}},
        "template": {"metadata": {"labels": {"app": "db"}}, "spec": {"containers": [container]}},
        "volumeClaimTemplates": [claim],
    }
    sets = "/apis/apps/v1/namespaces/shop/statefulsets"
    made = call.ok("POST", sets, {"metadata": {"name": "db"}, "spec": spec})
    assert made["spec"]["updateStrategy"] == {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}
    code, message = call.refused("PATCH", f"{sets}/db", {"spec": {"serviceName": "other"}}, patch="merge")
    assert (code, message[:75]) == (
        422,
        'StatefulSet.apps "db" is invalid: spec: Forbidden: updates to statefulset s',
    )


def test_an_empty_list_is_given(call: Any) -> None:
    """A required list may be empty, unless it is the containers."""
    slices = "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices"
    made = call.ok("POST", slices, {"metadata": {"name": "s"}, "addressType": "IPv4", "endpoints": []})
    assert made["endpoints"] == []
    pod = {"metadata": {"name": "p"}, "spec": {"containers": []}}
    assert call.refused("POST", f"{SHOP}/pods", pod) == (
        422,
        'Pod "p" is invalid: spec.containers: Required value',
    )


def test_a_binding_gives_a_pod_its_node_once(call: Any, pod: Any) -> None:
    """A dry run binds nothing, the binding does, and a second one is a conflict that names the node."""
    pods = "/api/v1/namespaces/shop/pods"
    call.ok("POST", pods, pod("p"))
    binding = {"metadata": {"name": "p"}, "target": {"kind": "Node", "name": "n1"}}
    call.ok("POST", f"{pods}/p/binding?dryRun=All", binding)
    before = call.ok("GET", f"{pods}/p")["spec"].get("nodeName")
    call.ok("POST", f"{pods}/p/binding", binding)
    assert (before, call.ok("GET", f"{pods}/p")["spec"]["nodeName"]) == (None, "n1")
    assert call.refused("POST", f"{pods}/p/binding", binding) == (
        409,
        'Operation cannot be fulfilled on pods/binding "p": pod p is already assigned to node "n1"',
    )
