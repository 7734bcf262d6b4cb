"""A small store, the API over it without sockets, and the same API behind a real port."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from agentops.sandbox.api_server import ApiServer
from agentops.sandbox.store import ObjectStore
from agentops.sandbox.wire.api import Api, ApiServices
from agentops.sandbox.wire.logs import LogSource
from agentops.sandbox.wire.request import ApiRequest, Response, User
from tests.sandbox.silent import NoLogs

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)

_KILLED = {"reason": "OOMKilled", "exitCode": 137, "finishedAt": "2026-11-22T11:59:00Z"}


def _pod(name: str, namespace: str = "shop", **labels: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": "web", **labels}},
        "spec": {"nodeName": "n1", "containers": [{"name": "main", "image": "shop/web:1"}]},
        "status": {
            "phase": "Running",
            "podIP": "10.0.0.9",
            "containerStatuses": [
                {
                    "name": "main",
                    "image": "shop/web:1",
                    "imageID": "sha256:1",
                    "ready": True,
                    "restartCount": 2,
                    "state": {"running": {"startedAt": "2026-11-22T11:59:00Z"}},
                    "lastState": {"terminated": _KILLED},
                }
            ],
        },
    }


@pytest.fixture
def pod() -> Callable[..., dict[str, Any]]:
    return _pod


@pytest.fixture
def store() -> ObjectStore:
    uids = (f"uid-{number}" for number in count(1))
    made = ObjectStore(lambda: NOW, new_uid=lambda: next(uids))
    for namespace in ("other", "shop"):
        made.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    for name in ("web-1", "web-2", "web-3"):
        made.create(_pod(name, index=name[-1]))
    made.create(_pod("elsewhere", "other"))
    return made


class Caller:
    """Calls an ``Api`` directly; answers are decoded JSON."""

    def __init__(self, api: Api, stopping: threading.Event) -> None:
        self.api = api
        self.stopping = stopping

    def send(self, method: str, url: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Response:
        path, _, query = url.partition("?")
        pairs = [part.split("=", 1) for part in query.split("&") if part]
        encoded = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.api.handle(
            ApiRequest(method=method, path=path, query=dict(pairs), headers=dict(headers or {}), body=encoded)
        )

    def get(self, url: str, **headers: str) -> Any:
        return json.loads(self.send("GET", url, headers=headers).body)

    def names(self, url: str) -> list[str]:
        return [item["metadata"]["name"] for item in self.get(url)["items"]]

    def refused(self, url: str, method: str = "GET") -> tuple[int, str]:
        response = self.send(method, url)
        return response.code, json.loads(response.body)["message"]


@pytest.fixture
def make_caller(store: ObjectStore) -> Callable[..., Caller]:
    def make(*, logs: LogSource | None = None, tokens: Mapping[str, User] | None = None, **parts: Any) -> Caller:
        stopping = threading.Event()
        made = ApiServices(store=store, logs=logs or NoLogs(), tokens=tokens or {}, open_to_all=not tokens, **parts)
        return Caller(Api(made, stopping), stopping)

    return make


@pytest.fixture
def call(make_caller: Callable[..., Caller]) -> Caller:
    return make_caller()


@pytest.fixture
def url(store: ObjectStore) -> Iterator[str]:
    server = ApiServer(store, logs=NoLogs())
    yield server.start()
    server.stop()
