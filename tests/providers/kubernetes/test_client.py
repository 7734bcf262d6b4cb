"""The cluster client against a loopback server that fails in the ways that real ones do."""

from __future__ import annotations

import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from agentops.core.errors import ClusterError, Forbidden, NotFound, ToolInputError, Unreachable
from agentops.providers.kubernetes.api.client import Cluster, Selection, connect
from agentops.providers.kubernetes.api.pruning import Pruner
from agentops.providers.kubernetes.api.transport import Patience
from agentops.providers.kubernetes.objects.kinds import builtin

pytestmark = pytest.mark.slow

PODS = "/api/v1/namespaces/shop/pods"
EMPTY = {"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": []}


def status(code: int, message: str) -> tuple[int, dict[str, Any]]:
    """Return an answer as the API server refuses."""
    return code, {"kind": "Status", "status": "Failure", "message": message, "code": code}


def test_context_and_namespace_are_pinned(cluster: Cluster, stub: Any) -> None:
    """What the client is pinned to comes from the kubeconfig's current context."""
    assert (cluster.context, cluster.namespace, cluster.server) == ("test", "shop", f"http://127.0.0.1:{stub.port}")


def test_the_token_is_sent_and_nothing_but_get(cluster: Cluster, stub: Any) -> None:
    """A read is one GET with the context's bearer token."""
    stub.script(PODS, (200, EMPTY))
    cluster.get_json(PODS, [("limit", "5")])
    method, path, query, headers = stub.requests[0]
    assert (method, path, query, headers["authorization"]) == ("GET", PODS, {"limit": "5"}, "Bearer sesame")


@pytest.mark.parametrize("first", [status(429, "slow down"), status(500, "etcd"), status(503, "starting")])
def test_a_passing_failure_is_tried_again(cluster: Cluster, stub: Any, first: Any) -> None:
    """429 and 5xx are retried and the caller never hears of them."""
    stub.script(PODS, first, first, (200, EMPTY))
    assert cluster.get_json(PODS) == EMPTY
    assert len(stub.requests) == 3


@pytest.mark.parametrize("fault", ["cut", "torn"])
def test_a_broken_connection_is_tried_again(cluster: Cluster, stub: Any, faults: Any, fault: str) -> None:
    """A reset, or a body that ends early, is retried."""
    stub.script(PODS, faults[fault], (200, EMPTY))
    assert cluster.get_json(PODS) == EMPTY


def test_a_lasting_failure_ends_with_the_servers_words(cluster: Cluster, stub: Any) -> None:
    """After the last attempt the error quotes the server on one line."""
    stub.script(PODS, status(500, "etcdserver:\nleader\x1b[31m changed"))
    with pytest.raises(ClusterError) as caught:
        cluster.get_json(PODS)
    assert caught.value.message == f"GET {PODS}: etcdserver: leader\\u{{1b}}[31m changed"
    assert (caught.value.code, len(stub.requests)) == ("server-error", 4)


def test_retry_after_is_obeyed_up_to_the_cap(hurried: Cluster, stub: Any) -> None:
    """A server that asks for an hour does not get it: the deadline decides."""
    stub.script(PODS, (429, status(429, "later")[1], {"Retry-After": "3600"}))
    with pytest.raises(ClusterError) as caught:
        hurried.get_json(PODS)
    assert (caught.value.code, len(stub.requests)) == ("throttled", 1)


@pytest.mark.parametrize(
    ("code", "kind", "name"),
    [
        (401, ClusterError, "unauthorized"),
        (403, Forbidden, "forbidden"),
        (404, NotFound, "not-found"),
        (410, ClusterError, "expired"),
        (400, ClusterError, "bad-request"),
        (501, ClusterError, "unsupported"),
        (302, ClusterError, "redirect"),
    ],
)
def test_a_refusal_is_final_and_has_its_own_error(
    cluster: Cluster, stub: Any, code: int, kind: type[ClusterError], name: str
) -> None:
    """What will not pass by itself is asked once and mapped to its error."""
    stub.script(PODS, (*status(code, "no"), {"Location": "http://127.0.0.1:1/elsewhere"}))
    with pytest.raises(kind) as caught:
        cluster.get_json(PODS)
    assert (type(caught.value), caught.value.code, len(stub.requests)) == (kind, name, 1)


@pytest.mark.parametrize("fault", ["drip", "drip-head", "silent"])
def test_a_server_that_never_ends_is_given_up(hurried: Cluster, stub: Any, faults: Any, fault: str) -> None:
    """Neither silence nor one byte at a time outlasts the time-outs."""
    stub.script(PODS, faults[fault])
    with pytest.raises(Unreachable) as caught:
        hurried.get_json(PODS)
    assert caught.value.message.endswith("no answer in time")


def test_nobody_listening_is_said_plainly(write_kubeconfig: Any, tmp_path: Any) -> None:
    """A refused connection names the server and what to check."""
    cluster = connect(kubeconfig=write_kubeconfig(1), context=None, namespace=None, cache_dir=tmp_path)
    with pytest.raises(Unreachable) as caught:
        cluster.get_json("/version")
    assert caught.value.message == "GET /version: cannot reach http://127.0.0.1:1: the connection was refused"


@pytest.mark.parametrize(
    "body", [b"<html>log in</html>", b"", b'{"items": "\xff"}', b"[" * 100_000, b'{"items": 5}', b"3"]
)
def test_an_answer_that_is_no_list_is_an_error(cluster: Cluster, stub: Any, body: bytes) -> None:
    """A login page in between, broken text or endless nesting is not mistaken for data, on either way of decoding."""
    stub.script(PODS, (200, body))
    for read in (
        lambda: list(cluster.list_pages(builtin("Pod"), Selection(namespace="shop"))),
        lambda: list(cluster.list_decoded(builtin("Pod"), Selection(namespace="shop"), Pruner(builtin("Pod")).page)),
    ):
        with pytest.raises(ClusterError) as caught:
            read()
        assert caught.value.code == "odd-answer"


def test_an_object_that_is_not_json_is_an_error(cluster: Cluster, stub: Any) -> None:
    """The same holds for a single object."""
    stub.script(PODS, (200, b"<html>log in</html>"))
    with pytest.raises(ClusterError) as caught:
        cluster.get_json(PODS)
    assert caught.value.code == "odd-answer"


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/namespaces/shop/pods/web/exec",
        "/api/v1/namespaces/shop/pods/web/attach",
        "/api/v1/namespaces/shop/pods/web/portforward",
        "/api/v1/namespaces/shop/services/web/proxy",
        "/api/v1/namespaces/shop/services/web/proxy/admin",
        "/api/v1/nodes/n1/proxy/run/shop/web/app",
        "/api/v1/proxy/nodes/n1",
        "/api/v1/watch/pods",
        "/api/v1/namespaces/shop/serviceaccounts/default/token",
        "/api/v1/namespaces/shop/pods/../secrets/x",
        "/api/v1/namespaces/shop/pods/%2e%2e/secrets",
        "/api/v1/namespaces/shop/pods/a%2Fexec",
        "/metrics",
        "/logs/kube-apiserver.log",
        "/apis/subresources.kubevirt.io/v1/namespaces/shop/virtualmachineinstances/a/vnc",
        "api/v1/pods",
        "/",
        "",
    ],
)
def test_a_get_that_is_not_a_read_is_not_sent(cluster: Cluster, stub: Any, path: str) -> None:
    """Paths that act through GET, leave the API or hide their target never reach the wire."""
    with pytest.raises(ToolInputError):
        cluster.get_json(path)
    assert stub.requests == []


@pytest.mark.parametrize("key", ["watch", "follow", "command"])
def test_a_request_that_would_stay_open_is_not_sent(cluster: Cluster, stub: Any, key: str) -> None:
    """Watching and following are not reads that end."""
    with pytest.raises(ToolInputError):
        cluster.get_json(PODS, [(key, "true")])
    assert stub.requests == []


def test_a_list_is_read_page_by_page(cluster: Cluster, stub: Any) -> None:
    """Pages follow the server's token, and every item says its kind and apiVersion."""
    stub.objects = [
        {"kind": "Pod", "apiVersion": "v1", "metadata": {"namespace": "shop", "name": f"p{i}"}} for i in range(5)
    ]
    pages = list(cluster.list_pages(builtin("Pod"), Selection(namespace="shop"), limit=2))
    assert [[item["metadata"]["name"] for item in page.items] for page in pages] == [["p0", "p1"], ["p2", "p3"], ["p4"]]
    assert {(item["kind"], item["apiVersion"]) for page in pages for item in page.items} == {("Pod", "v1")}


def test_a_list_stops_at_its_limit(cluster: Cluster, stub: Any) -> None:
    """A limit returns so many objects and says that there are more."""
    stub.objects = [{"kind": "Node", "apiVersion": "v1", "metadata": {"name": f"n{i}"}} for i in range(5)]
    found, more = cluster.list_objects(builtin("Node"), Selection(), limit=3)
    assert ([item["metadata"]["name"] for item in found], more) == (["n0", "n1", "n2"], True)


def test_secret_values_are_gone_in_every_form(cluster: Cluster, stub: Any) -> None:
    """Object, list and a list whose items and kind lie about what they are: no value passes the client."""
    secret = {
        "kind": "Secret",
        "apiVersion": "v1",
        "metadata": {
            "name": "db",
            "namespace": "shop",
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "aHVudGVyMg==", "team": "a"},
        },
        "data": {"password": "aHVudGVyMg=="},
        "stringData": {"plain": "hunter2"},
        "type": "Opaque",
    }
    stub.objects = [secret]
    stub.script("/api/v1/secrets", (200, {"kind": "List", "items": [{**secret, "kind": "Other"}]}))
    seen = [
        cluster.get_object(builtin("Secret"), "db", "shop"),
        cluster.list_objects(builtin("Secret"), Selection(namespace="shop"))[0][0],
        cluster.get_json("/api/v1/secrets")["items"][0],
    ]
    assert [(item["data"], item["stringData"], item["metadata"]["annotations"]) for item in seen] == [
        ({"password": "(7 bytes, not shown)"}, {"plain": "(7 bytes, not shown)"}, {"team": "a"})
    ] * 3
    assert "aHVudGVyMg" not in repr(seen)
    with pytest.raises(ValueError, match="Secrets are read through"):
        next(cluster.list_decoded(builtin("Secret"), Selection(), lambda body: (body, "")))


def test_a_review_posts_only_to_its_own_endpoint(cluster: Cluster, stub: Any) -> None:
    """Asking 'may I?' is the only POST, and any other kind of review does not exist."""
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    stub.script(path, (201, {"kind": "SelfSubjectAccessReview", "status": {"allowed": True}}))
    assert cluster.review("SelfSubjectAccessReview", {"resourceAttributes": {"verb": "get"}}) == {"allowed": True}
    assert [(method, asked) for method, asked, _, _ in stub.requests] == [("POST", path)]
    with pytest.raises(KeyError):
        cluster.review("TokenRequest", {})


def compressed(handler: Any) -> None:
    """Answer with gzip."""
    data = gzip.compress(json.dumps(EMPTY).encode())
    handler.send_response(200)
    handler.send_header("Content-Encoding", "gzip")
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)


def in_chunks(handler: Any) -> None:
    """Answer with chunked transfer coding, as Go servers do for long bodies."""
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    data = json.dumps(EMPTY).encode()
    for piece in (data[:7], data[7:]):
        handler.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
    handler.wfile.write(b"0\r\n\r\n")


@pytest.mark.parametrize("form", [compressed, in_chunks])
def test_every_form_of_body_is_read(cluster: Cluster, stub: Any, form: Any) -> None:
    """Compressed and chunked answers are read whole, and the connection serves the next request."""
    stub.script(PODS, form)
    assert [cluster.get_json(PODS) for _ in range(3)] == [EMPTY] * 3


def test_an_answer_without_end_is_cut(write_kubeconfig: Any, stub: Any, tmp_path: Any) -> None:
    """JSON over the limit is an error; text is cut, and says so."""
    small = Patience(size_bytes=1_000, attempts=1)
    cluster = connect(
        kubeconfig=write_kubeconfig(stub.port), context=None, namespace=None, cache_dir=tmp_path, patience=small
    )
    stub.script(PODS, (200, b"x" * 5_000))
    with pytest.raises(ClusterError) as caught:
        cluster.get_json(PODS)
    assert caught.value.code == "too-large"
    assert cluster.get_text(PODS, (), limit_bytes=10) == (b"x" * 10, True)


def test_many_threads_share_one_client(cluster: Cluster, stub: Any) -> None:
    """Reads from many threads at once all come back, each with its own answer."""
    for number in range(20):
        stub.script(f"/api/v1/namespaces/n{number}/pods", (200, {"number": number}))
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda n: cluster.get_json(f"/api/v1/namespaces/n{n}/pods"), range(20)))
    assert answers == [{"number": number} for number in range(20)]


def test_nothing_on_the_client_can_write(cluster: Cluster) -> None:
    """The client's public face is a fixed list of reads."""
    face = {name for name in dir(cluster) if not name.startswith("_")}
    assert face == {
        "context", "namespace", "server", "ref", "get_json", "get_object", "get_with_managers", "get_text", "list_page",
        "list_pages", "list_objects", "list_decoded", "review", "version", "kind", "kinds", "boundary",
        "noticing",
    }  # fmt: skip
