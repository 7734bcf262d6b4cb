"""The API as one function from ``ApiRequest`` to ``Response``: authenticate, find the target, authorise, dispatch.

Comes in: requests, already read from the socket. Goes out: responses; every refusal is a Status with the real code and
words, and what is not simulated answers 501. Must never: pretend that something was done which was not.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from agentops.sandbox.data import data
from agentops.sandbox.store import Key, ObjectStore
from agentops.sandbox.wire.access import Attempt, Rbac, review
from agentops.sandbox.wire.discovery import discover
from agentops.sandbox.wire.faults import Faults
from agentops.sandbox.wire.identity import Identifier, Tokens
from agentops.sandbox.wire.kinds import Catalog
from agentops.sandbox.wire.logs import LogReader, LogSource
from agentops.sandbox.wire.metrics import METRICS, UsageSource, usage_response
from agentops.sandbox.wire.openapi import openapi
from agentops.sandbox.wire.options import check_options
from agentops.sandbox.wire.reads import ReadVerbs
from agentops.sandbox.wire.request import ApiRequest, RequestTarget, Response, User, json_response, route
from agentops.sandbox.wire.status import ApiRefusal, internal_error, not_allowed, not_simulated

# Whatever is made of these is an answer, and nothing is stored.
_REVIEWED = ("authentication.k8s.io", "authorization.k8s.io")


class ApiWriter(Protocol):
    """Carries out the writing verbs; see ``admission``."""

    def write(self, target: RequestTarget, request: ApiRequest) -> Response:
        """Carry out a create, update, patch, delete or deletecollection, or refuse it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiServices:
    """What the API answers from.

    ``usage`` None leaves metrics.k8s.io out. ``open_to_all`` makes a request without credentials the admin's.
    """

    store: ObjectStore
    logs: LogSource
    usage: UsageSource | None = None
    writer: Callable[[ReadVerbs, Tokens], ApiWriter] | None = None
    tokens: Mapping[str, User] = field(default_factory=dict)
    open_to_all: bool = True
    new_token: Callable[[], str] = lambda: secrets.token_urlsafe(24)
    sleep: Callable[[float], None] = time.sleep


class Api:
    """The simulated API server without its sockets."""

    def __init__(self, parts: ApiServices, stopping: threading.Event) -> None:
        self.catalog = Catalog(parts.store, METRICS if parts.usage else ())
        self.reader = ReadVerbs(parts.store, stopping)
        self.address = "127.0.0.1"
        self._parts = parts
        self.rbac = Rbac(parts.store)
        self._logs = LogReader(parts.store, parts.logs, stopping)
        self.tokens = Tokens(parts.tokens, parts.store.now, parts.new_token)
        self.faults = Faults(parts.sleep)
        self._identifier = Identifier(self.tokens, self.rbac, open_to_all=parts.open_to_all)
        self._writer = parts.writer(self.reader, self.tokens) if parts.writer else None

    def handle(self, request: ApiRequest) -> Response:
        """Answer one request; a refusal becomes its Status."""
        try:
            request = self.faults.strike(request)
            request = replace(request, user=self._identifier.identify(request))
            found = self._resource(request) if _is_resource(request.path) else self._other(request)
            return _as_yaml(found) if request.headers.get("accept") == "application/yaml" else found
        except ApiRefusal as refusal:
            headers = {"Retry-After": str(refusal.retry_after_s)} if refusal.retry_after_s else {}
            return Response(code=refusal.http_code, body=json_response(refusal.body()).body, headers=headers)
        except Exception as error:  # noqa: BLE001  a defect of the simulator is said as a real server says its panics
            return json_response(internal_error(error).body(), 500)

    def _other(self, request: ApiRequest) -> Response:
        path = request.path.rstrip("/") or "/"
        if not self.rbac.allows(request.user, Attempt(verb="get", path=path)):
            raise ApiRefusal("Forbidden", f'forbidden: User "{request.user.name}" cannot get path "{path}"')
        if path in ("/healthz", "/livez", "/readyz"):
            return Response(body=b"ok", content_type="text/plain")
        if path == "/version":
            return json_response(data("served.yaml")["version"])
        if path.startswith("/openapi"):
            found = openapi(request, self.catalog)
        elif path.startswith("/api"):
            found = discover(request, self.catalog, self.address)
        else:
            found = None
        if found is None:
            return Response(code=404, body=b"404 page not found\n", content_type="text/plain; charset=utf-8")
        return found

    def _resource(self, request: ApiRequest) -> Response:
        target = route(request, self.catalog)
        if target is None:
            raise _no_such_path()
        self.rbac.check(request.user, target)
        check_options(target, request)
        if target.subresource:
            return self._subresource(target, request)
        if target.verb not in target.resource.verbs:
            raise not_allowed()
        if target.resource.group in _REVIEWED:
            return review(target, request, self.rbac, self.tokens.user)
        if target.resource.group == "metrics.k8s.io" and self._parts.usage:
            return usage_response(target, request, self._parts.store, self._parts.usage)
        reads = {"get": self.reader.get, "list": self.reader.list, "watch": self.reader.watch}
        if target.verb in reads:
            return reads[target.verb](target, request)
        return self._write(target, request)

    def _subresource(self, target: RequestTarget, request: ApiRequest) -> Response:
        if target.subresource not in target.resource.subresources:
            if target.subresource in ("exec", "attach", "portforward", "proxy", "ephemeralcontainers", "resize"):
                raise not_simulated(f"{target.resource.plural}/{target.subresource}")
            raise _no_such_path()
        if target.subresource == "log" and target.verb == "get":
            pod = self._parts.store.peek(Key("", "Pod", target.namespace, target.name))
            return self._logs.read(target, pod, request)
        if target.subresource == "status" and target.verb == "get":
            return self.reader.get(target, request)
        return self._write(target, request)

    def _write(self, target: RequestTarget, request: ApiRequest) -> Response:
        if self._writer is None:
            raise not_simulated(f"{target.verb} of {target.resource.qualified}")
        if target.name and not target.subresource and target.verb == "create":
            raise not_allowed()
        return self._writer.write(target, request)


def _is_resource(path: str) -> bool:
    parts = [part for part in path.split("/") if part]
    return (parts[:1] == ["api"] and len(parts) > 2) or (parts[:1] == ["apis"] and len(parts) > 3)


def _as_yaml(response: Response) -> Response:
    """Return an answer in YAML, for a client that takes nothing else."""
    if response.content_type != "application/json" or response.chunks is not None:
        return response
    import yaml  # hardly any client asks for it

    text = yaml.safe_dump(json.loads(response.body), sort_keys=False)
    return replace(response, body=text.encode(), content_type="application/yaml")


def _no_such_path() -> ApiRefusal:
    return ApiRefusal("NotFound", "the server could not find the requested resource", {})
