"""A cluster with one namespace, one deployment, and a caller that speaks to the API without sockets."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import count
from random import Random
from typing import Any

import pytest

from agentops.sandbox.admission.writes import writer_for
from agentops.sandbox.store import ObjectStore
from agentops.sandbox.wire.api import Api, ApiServices
from agentops.sandbox.wire.request import ApiRequest, Response
from tests.sandbox.silent import NoLogs

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
_MEDIA = {
    "strategic": "application/strategic-merge-patch+json",
    "merge": "application/merge-patch+json",
    "json": "application/json-patch+json",
    "apply": "application/apply-patch+yaml",
}


class Caller:
    """Sends requests as ``tester`` and decodes the answers."""

    def __init__(self, store: ObjectStore) -> None:
        self.store = store
        writer = writer_for(store, Random(1))
        self.api = Api(ApiServices(store=store, logs=NoLogs(), writer=writer), threading.Event())

    def send(self, method: str, url: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Response:
        path, _, query = url.partition("?")
        pairs = [part.split("=", 1) for part in query.split("&") if part]
        encoded = b"" if body is None else json.dumps(body).encode()
        sent = {"user-agent": "tester/1", **(headers or {})}
        return self.api.handle(ApiRequest(method=method, path=path, query=dict(pairs), headers=sent, body=encoded))

    def ok(self, method: str, url: str, body: Any = None, *, patch: str = "") -> Any:
        """Return the answer of a request that must succeed."""
        response = self.send(method, url, body, {"content-type": _MEDIA[patch]} if patch else {})
        answer = json.loads(response.body)
        assert response.code in (200, 201), answer
        return answer

    def refused(self, method: str, url: str, body: Any = None, *, patch: str = "") -> tuple[int, str]:
        """Return the code and message of a request that must fail."""
        response = self.send(method, url, body, {"content-type": _MEDIA[patch]} if patch else {})
        answer = json.loads(response.body)
        assert answer["status"] == "Failure"
        return answer["code"], answer["message"]


def _deployment(name: str = "web", **spec: Any) -> dict[str, Any]:
    container = {"name": "main", "image": "shop/web:1", "env": [{"name": "A", "value": "1"}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}},
            **spec,
        },
    }


@pytest.fixture
def deployment() -> Any:
    return _deployment


@pytest.fixture
def pod() -> Any:
    def make(name: str = "p", **spec: Any) -> dict[str, Any]:
        containers = [{"name": "main", "image": "shop/web:1"}]
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "labels": {"app": "web"}},
            "spec": {"containers": containers, **spec},
        }

    return make


def _call() -> Caller:
    uids = (f"uid-{number}" for number in count(1))
    store = ObjectStore(lambda: NOW, new_uid=lambda: next(uids))
    store.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    store.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": "shop"}})
    caller = Caller(store)
    caller.ok("POST", "/apis/apps/v1/namespaces/shop/deployments", _deployment())
    return caller


@pytest.fixture
def call() -> Caller:
    return _call()


@pytest.fixture
def make_call() -> Any:
    return _call


@pytest.fixture
def make_caller() -> Any:
    return Caller
