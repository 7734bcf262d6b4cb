"""The server on a real port, met by the clients that people use."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import ssl
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest

from agentops.sandbox.api_server import ApiServer
from agentops.sandbox.store import Key, ObjectStore
from agentops.sandbox.wire.faults import Fault
from agentops.sandbox.wire.request import User
from tests.sandbox.silent import NoLogs


def test_one_connection_serves_many_requests(url: str) -> None:
    """HTTP/1.1 keep-alive: health, version and a list over the same socket."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
    codes = []
    for path in ("/healthz", "/version/", "/api/v1/pods", "/nothing"):
        connection.request("GET", path)
        response = connection.getresponse()
        codes.append((path, response.status, bool(response.read())))
    connection.close()
    assert codes == [
        ("/healthz", 200, True),
        ("/version/", 200, True),
        ("/api/v1/pods", 200, True),
        ("/nothing", 404, True),
    ]


def test_bodies_come_whole_or_in_chunks_and_upgrades_are_501(url: str) -> None:
    """A chunked body is read, a size that is no number is 400, a connection upgrade is refused loudly."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
    manifest = [b'{"metadata":', b'{"name":"made"}}']
    connection.request("POST", "/api/v1/namespaces", body=iter(manifest), encode_chunked=True)
    made = connection.getresponse()
    name = json.loads(made.read())["metadata"]["name"]
    connection.request("GET", "/api/v1/pods", headers={"Upgrade": "SPDY/3.1"})
    upgrade = connection.getresponse()
    message = json.loads(upgrade.read())["message"]
    connection.close()
    connection.request("POST", "/api/v1/namespaces", headers={"Content-Length": "many"})
    bad = connection.getresponse().status
    connection.close()
    assert (made.status, name, upgrade.status, message, bad) == (
        201,
        "made",
        501,
        "the sandbox does not simulate connection upgrades (exec, attach, port-forward)",
        400,
    )


def test_stop_ends_an_open_watch(store: ObjectStore) -> None:
    """A client in the middle of a watch sees the stream end, and the server's threads are gone."""
    server = ApiServer(store, logs=NoLogs())
    connection = http.client.HTTPConnection(server.start().removeprefix("http://"), timeout=30)
    connection.request("GET", "/api/v1/pods?watch=1")
    response = connection.getresponse()
    first = json.loads(response.readline())
    server.stop()
    server.stop()
    with contextlib.suppress(http.client.IncompleteRead, ConnectionError):  # a clean end or a cut, both are ends
        response.read()
    connection.close()
    assert (first["type"], [t.name for t in threading.enumerate() if t.name == "sandbox-api"]) == ("ADDED", [])


@pytest.mark.slow
def test_the_official_python_client_pages_and_watches(url: str, store: ObjectStore) -> None:
    """Raw and typed calls, pages and a watch through kubernetes.client."""
    from kubernetes import client, watch

    settings = client.Configuration()
    settings.host = url
    with client.ApiClient(settings) as api:
        core = client.CoreV1Api(api)
        first = core.list_namespaced_pod("shop", limit=2)
        rest = core.list_namespaced_pod("shop", limit=2, _continue=first.metadata._continue)
        stream = watch.Watch().stream(core.list_namespaced_pod, "shop", timeout_seconds=1)
        watched = [(event["type"], event["object"].metadata.name) for event in stream]
        version = client.VersionApi(api).get_code().git_version
    assert [pod.metadata.name for pod in first.items + rest.items] == ["web-1", "web-2", "web-3"]
    assert watched == [("ADDED", "web-1"), ("ADDED", "web-2"), ("ADDED", "web-3")]
    assert version == "v1.32.0+agentops-sandbox"


@pytest.mark.real
@pytest.mark.skipif(not shutil.which("kubectl"), reason="kubectl is not installed")
def test_kubectl_reads(url: str, store: ObjectStore, tmp_path: Path) -> None:
    """kubectl discovers, lists as a Table and fails on a missing object with the real message."""

    def kubectl(*arguments: str) -> str:
        command = ["kubectl", "--server", url, "--cache-dir", str(tmp_path), *arguments]
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, env=environment)
        return done.stdout + done.stderr

    assert [line.split() for line in kubectl("get", "po", "-n", "shop").splitlines()] == [
        ["NAME", "READY", "STATUS", "RESTARTS", "AGE"],
        *([f"web-{n}", "1/1", "Running", "2", "(60s", "ago)", "0s"] for n in (1, 2, 3)),
    ]
    assert kubectl("get", "pod", "nope", "-n", "shop") == 'Error from server (NotFound): pods "nope" not found\n'
    store.remove(Key("", "Pod", "shop", "web-2"))
    assert kubectl("get", "pods", "-A", "-o", "name", "--chunk-size=2").split() == [
        "pod/elsewhere",
        "pod/web-1",
        "pod/web-3",
    ]


def test_concurrent_writers_lose_nothing(url: str, store: ObjectStore) -> None:
    """Eight clients that read, add one and put back, again on 409, count to the right sum."""
    store.create(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "shop"}, "data": {"n": "0"}}
    )
    path = "/api/v1/namespaces/shop/configmaps/c"

    def count_up(times: int) -> None:
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=20)
        while times:
            connection.request("GET", path)
            obj = json.loads(connection.getresponse().read())
            obj["data"]["n"] = str(int(obj["data"]["n"]) + 1)
            connection.request("PUT", path, body=json.dumps(obj))
            response = connection.getresponse()
            response.read()
            times -= response.status == 200
        connection.close()

    threads = [threading.Thread(target=count_up, args=(5,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stored = store.get(Key("", "ConfigMap", "shop", "c"))
    assert stored is not None
    assert stored["data"] == {"n": "40"}


def test_faults_reach_open_connections(store: ObjectStore) -> None:
    """A cut ends an open watch, expired tokens are 401, a fault refuses, and clearing it ends that."""
    server = ApiServer(store, logs=NoLogs(), tokens={"t": User(name="amy", groups=("system:masters",))})
    place = server.start().removeprefix("http://")

    def code() -> int:
        connection = http.client.HTTPConnection(place, timeout=30)
        connection.request("GET", "/api/v1/pods", headers={"Authorization": "Bearer t"})
        status = connection.getresponse().status
        connection.close()
        return status

    watching = http.client.HTTPConnection(place, timeout=30)
    watching.request("GET", "/api/v1/pods?watch=1&resourceVersion=7", headers={"Authorization": "Bearer t"})
    stream = watching.getresponse()
    store.remove(Key("", "Pod", "shop", "web-1"))
    first = json.loads(stream.readline())["type"]
    server.cut_watches()
    rest = stream.read()
    watching.close()
    codes = [code()]
    server.faults.add(Fault(code=503))
    codes.append(code())
    server.faults.clear()
    server.expire_tokens()
    codes.append(code())
    server.stop()
    assert (first, rest, codes) == ("DELETED", b"", [200, 503, 401])


def test_https_with_certificates_and_tokens(store: ObjectStore) -> None:
    """Over TLS a client is who its certificate or its token says, and nobody without either."""
    server = ApiServer(store, logs=NoLogs(), tls=True, tokens={"t": User(name="amy", groups=("system:masters",))})
    url = server.start()
    asked = "/apis/authentication.k8s.io/v1/selfsubjectreviews"

    def who(context: ssl.SSLContext, **headers: str) -> tuple[int, Any]:
        connection = http.client.HTTPSConnection(url.removeprefix("https://"), timeout=30, context=context)
        connection.request("POST", asked, body=b"{}", headers=headers)
        response = connection.getresponse()
        found = json.loads(response.read())
        connection.close()
        return response.status, found.get("status", {}).get("userInfo", {}) if response.status == 201 else None

    plain = ssl.create_default_context(cadata=server.ca_certificate)
    certified = ssl.create_default_context(cadata=server.ca_certificate)
    pair = server.client_certificate(User(name="zoe", groups=("ops",)))
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(pair.key + pair.certificate)
        file.flush()
        certified.load_cert_chain(file.name)
    answers = [who(certified), who(plain, Authorization="Bearer t"), who(plain)]
    server.stop()
    assert answers == [
        (201, {"username": "zoe", "groups": ["ops", "system:authenticated"]}),
        (201, {"username": "amy", "groups": ["system:masters", "system:authenticated"]}),
        (403, None),
    ]


def test_a_client_that_distrusts_the_ca_does_not_disturb_the_server(store: ObjectStore) -> None:
    """A failed handshake ends that connection only."""
    server = ApiServer(store, logs=NoLogs(), tls=True)
    place = server.start().removeprefix("https://")
    with pytest.raises(ssl.SSLCertVerificationError):
        http.client.HTTPSConnection(place, timeout=30).request("GET", "/healthz")
    trusting = ssl.create_default_context(cadata=server.ca_certificate)
    connection = http.client.HTTPSConnection(place, timeout=30, context=trusting)
    connection.request("GET", "/healthz")
    code = connection.getresponse().status
    connection.close()
    server.stop()
    assert code == 200
