"""The suite's own eyes and hands: plain HTTP requests with the kubeconfig's credentials, none of the product's code.

Comes in: a kubeconfig and a context. Goes out: objects as the API server tells them. What the product did is judged by
this client alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

Obj = dict[str, Any]
MERGE = "application/merge-patch+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the server said; ``body`` is parsed JSON, or text where it is none."""

    status: int
    body: Any

    @property
    def object(self) -> Obj:
        """The object that the answer holds.

        Raises:
            AssertionError: the server refused.
        """
        assert self.status < 300, f"{self.status}: {self.body}"
        assert isinstance(self.body, dict)
        return self.body


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind that the server serves, in its preferred version."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool
    verbs: tuple[str, ...]

    def path(self, namespace: str = "", name: str = "") -> str:
        """Return the path of one object, or of all when ``name`` is empty."""
        root = "/api/v1" if self.api_version == "v1" else f"/apis/{self.api_version}"
        place = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return f"{root}{place}/{self.plural}" + (f"/{name}" if name else "")


class Client:
    """Requests to one cluster as one identity."""

    def __init__(self, kubeconfig: str, context: str) -> None:
        from kubernetes.client import ApiClient, Configuration
        from kubernetes.config import load_kube_config

        configuration = Configuration()
        load_kube_config(config_file=kubeconfig, context=context, client_configuration=configuration)
        self._configuration = configuration
        self._pool = ApiClient(configuration).rest_client.pool_manager
        self.server: str = configuration.host

    def headers(self) -> dict[str, str]:
        """Return what proves who this is; a plugin's token is asked for again when it is old."""
        settings = self._configuration.auth_settings().values()
        values = [one["value"] for one in settings if one.get("in") == "header" and one.get("value")]
        return {"Authorization": values[0]} if values else {}

    def raw(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Any:
        """Send a request as it is and return urllib3's response, undecoded."""
        given = {name: value for name, value in headers.items() if name.lower() != "authorization"}
        return self._pool.request(
            method,
            f"{self.server}{path}",
            headers={**given, **self.headers()},
            body=body,
            decode_content=False,
            retries=False,
            redirect=False,
            timeout=60.0,
        )

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> Answer:
        """Send one request."""
        headers = {"Accept": "application/json", "Content-Type": content_type}
        data = None if body is None else json.dumps(body).encode()
        response = self.raw(method, path + (f"?{urlencode(query)}" if query else ""), headers, data)
        try:
            return Answer(status=response.status, body=json.loads(response.data))
        except ValueError:
            return Answer(status=response.status, body=response.data.decode(errors="replace"))

    @cached_property
    def kinds(self) -> tuple[Kind, ...]:
        """Every kind that the server serves, each once."""
        groups = self.call("GET", "/apis").object["groups"]
        versions = ["v1", *(group["preferredVersion"]["groupVersion"] for group in groups)]
        return tuple(kind for version in versions for kind in self._kinds_of(version))

    def _kinds_of(self, version: str) -> list[Kind]:
        path = "/api/v1" if version == "v1" else f"/apis/{version}"
        answer = self.call("GET", path)
        # An aggregated API whose server is away: nothing of it can be read, by anybody.
        listed: Sequence[Obj] = answer.body["resources"] if answer.status == 200 else ()
        return [
            Kind(
                api_version=version,
                kind=one["kind"],
                plural=one["name"],
                namespaced=one["namespaced"],
                verbs=tuple(one["verbs"]),
            )
            for one in listed
            if "/" not in one["name"]
        ]

    def kind(self, kind: str) -> Kind:
        """Return a kind by its name; of two groups that have it, the first."""
        return next(one for one in self.kinds if one.kind == kind)

    def path(self, kind: str, name: str = "", namespace: str = "") -> str:
        """Return the path of an object."""
        return self.kind(kind).path(namespace, name)

    def get(self, kind: str, name: str, namespace: str = "") -> Obj | None:
        """Return an object, or None when there is none."""
        answer = self.call("GET", self.path(kind, name, namespace))
        return None if answer.status == 404 else answer.object

    def list(self, kind: str, namespace: str = "", **query: str) -> list[Obj]:
        """Return all objects of a kind."""
        items = self.call("GET", self.path(kind, namespace=namespace), query=query).object["items"]
        return list(items)

    def create(self, manifest: Obj) -> Obj:
        """Make an object."""
        namespace = manifest["metadata"].get("namespace", "")
        return self.call("POST", self.path(manifest["kind"], namespace=namespace), manifest).object

    def patch(self, kind: str, name: str, namespace: str, change: Obj) -> Obj:
        """Merge a change into an object."""
        return self.call("PATCH", self.path(kind, name, namespace), change, content_type=MERGE).object

    def delete(self, kind: str, name: str, namespace: str = "", *, now: bool = False) -> None:
        """Delete an object; that it is gone already is no mistake."""
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}
        body = {**options, "gracePeriodSeconds": 0} if now else options
        answer = self.call("DELETE", self.path(kind, name, namespace), body)
        assert answer.status in (200, 202, 404), answer.body
