"""Writes to subresources: status, scale, eviction, binding, finalize, token.

Comes in: a ``RequestTarget`` with a subresource. Goes out: what that subresource answers with. Must never: touch more
of the object than the subresource stands for.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from agentops.sandbox.admission.deletion import evict, eviction_options, finish
from agentops.sandbox.admission.patches import json_patch, merge_patch
from agentops.sandbox.admission.policies import AdmissionPolicies, Write
from agentops.sandbox.store import Conflict, Key, Obj, ObjectStore, copy_json, timestamp
from agentops.sandbox.wire import causes
from agentops.sandbox.wire.cells import at
from agentops.sandbox.wire.identity import Tokens
from agentops.sandbox.wire.options import write_options
from agentops.sandbox.wire.request import ApiRequest, RequestTarget, Response, body_object, json_response
from agentops.sandbox.wire.status import MODIFIED, ApiRefusal, bad_request, conflict, invalid, not_found, not_simulated

_SUCCESS = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}


class Subresources:
    """Carries out writes to subresources.

    Arguments:
        store: where to.
        tokens: issues what a TokenRequest asks for.
        change: carries out an update or patch of one object, given the subresource that it came through.
        policies: judge what ``change`` does not.
    """

    def __init__(
        self,
        store: ObjectStore,
        tokens: Tokens,
        change: Callable[[RequestTarget, ApiRequest, Obj], Response],
        policies: AdmissionPolicies,
    ) -> None:
        self._policies = policies
        self._store = store
        self._tokens = tokens
        self._change = change

    def write(self, target: RequestTarget, request: ApiRequest) -> Response:
        """Carry out a write to a subresource, or a read of scale.

        Raises:
            ApiRefusal: it was not carried out.
        """
        live = self._store.peek(Key(*target.resource.stored_kind, target.namespace, target.name))
        verbs = (target.subresource, target.verb)
        if verbs == ("eviction", "create"):
            return self._evict(target, request, live)
        if live is None:
            raise not_found(target.resource, target.name)
        if target.subresource == "scale" and target.verb in ("get", "update", "patch"):
            return self._scale(target, request, live)
        if target.subresource == "status" and target.verb in ("update", "patch"):
            return self._change(target, request, {"subresource": "status"})
        if verbs == ("binding", "create"):
            return self._bind(target, request, live)
        if verbs == ("finalize", "update"):
            return self._finalize(target, request, live)
        if verbs == ("token", "create"):
            return self._token(target, request)
        raise not_simulated(f"{target.verb} of {target.resource.plural}/{target.subresource}")

    def _scale(self, target: RequestTarget, request: ApiRequest, live: Obj) -> Response:
        if target.verb == "get":
            return json_response(_scale_of(live))
        current = _scale_of(live)
        wanted = _scale_body(target, request, current)
        replicas = at(wanted, "spec", "replicas", default=0)
        if not isinstance(replicas, int) or isinstance(replicas, bool):
            raise bad_request(
                f"json: cannot unmarshal {type(replicas).__name__} into Go struct field "
                "ScaleSpec.spec.replicas of type int32"
            )
        if replicas < 0:
            cause = causes.invalid("spec.replicas", replicas, "must be greater than or equal to 0")
            scale = replace(target.resource, kind="Scale", group="autoscaling")
            raise invalid(scale, target.name, [cause])
        metadata: Obj = {}
        if at(wanted, "metadata", "resourceVersion"):
            metadata["resourceVersion"] = wanted["metadata"]["resourceVersion"]
        if metadata and metadata["resourceVersion"] != live["metadata"]["resourceVersion"]:
            raise conflict(target.resource, target.name, MODIFIED)
        patch = replace(
            request,
            headers={**request.headers, "content-type": "application/merge-patch+json", "accept": "application/json"},
            body=json.dumps({"spec": {"replicas": replicas}}).encode(),
        )
        answer = self._change(replace(target, verb="patch", subresource=""), patch, {"subresource": "scale"})
        return json_response(_scale_of(json.loads(answer.body)))

    def _evict(self, target: RequestTarget, request: ApiRequest, live: Obj | None) -> Response:
        options = eviction_options(request, target.name)
        if live is None:
            raise not_found(target.resource, target.name)
        self._check(target, request, "CREATE", body_object(request))
        evict(self._store, target.resource, live, options)
        return json_response(_SUCCESS, 201)

    def _check(self, target: RequestTarget, request: ApiRequest, operation: str, new: Obj) -> None:
        self._policies.check(
            Write(
                target=target,
                user=request.user,
                operation=operation,
                name=target.name,
                new=new,
                options=write_options(request),
                subresource=target.subresource,
                dry_run=request.dry_run,
            )
        )

    def _bind(self, target: RequestTarget, request: ApiRequest, live: Obj) -> Response:
        node = at(body_object(request), "target", "name")
        if at(live, "spec", "nodeName"):
            why = f'pod {target.name} is already assigned to node "{live["spec"]["nodeName"]}"'
            raise conflict(replace(target.resource, plural="pods/binding"), target.name, why)
        self._check(target, request, "CREATE", body_object(request))
        new = copy_json(live)
        new["spec"]["nodeName"] = node
        self._store.update(new, dry_run=request.dry_run)
        return json_response(_SUCCESS, 201)

    def _token(self, target: RequestTarget, request: ApiRequest) -> Response:
        spec = body_object(request).get("spec") or {}
        lifetime_s = spec.get("expirationSeconds") or 3600
        if not isinstance(lifetime_s, int) or lifetime_s < 600:
            words = "may not specify a duration less than 10 minutes"
            scope = replace(target.resource, kind="TokenRequest", group="authentication.k8s.io")
            raise invalid(scope, target.name, [causes.invalid("spec.expirationSeconds", lifetime_s, words)])
        self._check(target, request, "CREATE", body_object(request))
        token = "" if request.dry_run else self._tokens.issue(target.namespace, target.name, lifetime_s)
        ends = timestamp(self._store.now() + timedelta(seconds=lifetime_s))
        metadata = {"name": target.name, "namespace": target.namespace, "creationTimestamp": None}
        answer = {
            "kind": "TokenRequest",
            "apiVersion": "authentication.k8s.io/v1",
            "metadata": metadata,
            "spec": {**spec, "expirationSeconds": lifetime_s},
            "status": {"token": token, "expirationTimestamp": ends},
        }
        return json_response(answer, 201)

    def _finalize(self, target: RequestTarget, request: ApiRequest, live: Obj) -> Response:
        body = body_object(request)
        new = copy_json(live)
        new["spec"] = {**(live.get("spec") or {}), "finalizers": at(body, "spec", "finalizers", default=[])}
        wanted = at(body, "metadata", "resourceVersion")
        if wanted:
            new["metadata"]["resourceVersion"] = wanted
        self._check(target, request, "UPDATE", new)
        try:
            stored = self._store.update(new, dry_run=request.dry_run)
        except Conflict as error:
            raise conflict(target.resource, target.name, MODIFIED) from error
        if not request.dry_run:
            finish(self._store, stored)
        return json_response(stored)


def _scale_of(obj: Obj) -> Obj:
    metadata = obj["metadata"]
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    selector = at(obj, "spec", "selector", default={})
    labels = selector if obj["kind"] == "ReplicationController" else selector.get("matchLabels", {})
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {name: metadata[name] for name in kept if name in metadata},
        "spec": {"replicas": at(obj, "spec", "replicas", default=0)},
        "status": {
            "replicas": at(obj, "status", "replicas", default=0),
            "selector": ",".join(f"{key}={value}" for key, value in sorted(labels.items())),
        },
    }


def _scale_body(target: RequestTarget, request: ApiRequest, current: Obj) -> Any:
    if target.verb == "update":
        return body_object(request)
    try:
        patch = json.loads(request.body)
    except ValueError as error:
        raise bad_request(f"error decoding patch: {error}") from error
    media = request.headers.get("content-type", "").partition(";")[0]
    if media == "application/json-patch+json":
        return json_patch(current, patch)
    if media in ("application/merge-patch+json", "application/strategic-merge-patch+json"):
        return merge_patch(current, patch)
    if media == "application/apply-patch+yaml":
        raise not_simulated("server-side apply of a scale")
    raise ApiRefusal("UnsupportedMediaType", "415: Unsupported Media Type", {})
