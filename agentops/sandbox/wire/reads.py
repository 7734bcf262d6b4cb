"""get, list and watch.

Comes in: a ``RequestTarget`` and its request. Goes out: the object, one consistent page of a list, or a stream of
changes, as plain JSON, as a server-side Table or as metadata only. Revision rules are those of the API concepts page,
"Resource versions": https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions

Must never: change the store.
"""

from __future__ import annotations

import base64
import json
import queue
import threading
import time
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any, TypeAlias

import msgspec

from agentops.sandbox.data import data
from agentops.sandbox.store import Events, Gone, Key, Obj, Objects, ObjectStore, StoreEvent, group_of, place_of
from agentops.sandbox.wire.encoding import Encoder
from agentops.sandbox.wire.request import ApiRequest, Form, RequestTarget, Response, accepted_form
from agentops.sandbox.wire.selectors import Predicate, fields_match, labels_match
from agentops.sandbox.wire.status import ApiRefusal, bad_request, expired, internal_error, not_found
from agentops.sandbox.wire.tables import table

PageKey: TypeAlias = tuple[str, str]
WatchQueue: TypeAlias = "queue.SimpleQueue[StoreEvent | None]"

FORMS = {"Table": ("v1", "v1beta1"), "PartialObjectMetadata": ("v1",), "PartialObjectMetadataList": ("v1",)}
_HEARTBEAT_S = 0.25


class ReadVerbs:
    """Answers reads from one store.

    Arguments:
        store: the objects.
        stopping: set when the server stops; ends every watch.
        bookmark_s: seconds between bookmarks of a watch that asks for them.
    """

    def __init__(self, store: ObjectStore, stopping: threading.Event, *, bookmark_s: float = 60.0) -> None:
        self.encoder = Encoder(store)
        self._store = store
        self._stopping = stopping
        self._bookmark_s = bookmark_s
        self._open: list[WatchQueue] = []

    def get(self, target: RequestTarget, request: ApiRequest) -> Response:
        """Return one object.

        Raises:
            ApiRefusal: there is none.
        """
        form = accepted_form(request, FORMS)
        obj = self._store.peek(Key(*target.resource.stored_kind, target.namespace, target.name))
        if request.query.get("resourceVersion"):
            self._position(request)
        if obj is None:
            raise not_found(target.resource, target.name)
        return Response(body=self.show(target, obj, form, request))

    def show(self, target: RequestTarget, obj: Obj, form: Form, request: ApiRequest) -> bytes:
        """Return one object in the form asked for."""
        if form.kind == "Table":
            version = obj["metadata"].get("resourceVersion", "")
            shown = table(target.resource, [obj], {"resourceVersion": version}, request, self._store.now())
            return msgspec.json.encode(shown)
        if form.kind:
            return msgspec.json.encode(_metadata_only(obj))
        return self.encoder.one(target.resource, obj)

    def list(self, target: RequestTarget, request: ApiRequest) -> Response:
        """Return one page of a collection.

        Raises:
            ApiRefusal: a bad selector or token (400), or a revision that is gone (410) or not reached yet (504).
        """
        form = accepted_form(request, FORMS)
        selects = self._selection(target, request)
        with self._store.lock:
            revision, start = self._position(request)
            try:
                objects = self._store.list_at(*target.resource.stored_kind, revision)
            except Gone as error:
                raise expired(data("served.yaml")["words"]["continue-expired"] if start else str(error)) from error
        rest = objects[bisect_right(objects, start, key=place_of) :] if start else objects
        remaining = rest if selects is _everything else [obj for obj in rest if selects(obj)]
        page, metadata = _page(remaining, request.number("limit", 0), revision, not _selectors(request))
        if form.kind == "Table":
            body = msgspec.json.encode(table(target.resource, page, metadata, request, self._store.now()))
        elif form.kind:
            items = [_metadata_only(obj) for obj in page]
            body = msgspec.json.encode(_partial("PartialObjectMetadataList", {"metadata": metadata, "items": items}))
        else:
            body = self.encoder.list(target.resource, page, metadata)
        return Response(body=body)

    def selected(self, target: RequestTarget, request: ApiRequest) -> Objects:
        """Return the stored objects of a collection that the request selects, for a deletecollection.

        Raises:
            ApiRefusal: a bad selector.
        """
        selects = self._selection(target, request)
        objects = self._store.list_at(*target.resource.stored_kind, self._store.revision)
        return [obj for obj in objects if selects(obj)]

    def watch(self, target: RequestTarget, request: ApiRequest) -> Response:
        """Return a stream of changes, from a revision or from the present state on.

        Raises:
            ApiRefusal: a bad selector, or no resourceVersion.
        """
        form = accepted_form(request, FORMS)
        selects = self._selection(target, request)
        version = request.query.get("resourceVersion") or "0"
        if not version.isdigit():
            words = (
                f'resourceVersion: Invalid value: "{version}": strconv.ParseUint: parsing "{version}": invalid syntax'
            )
            raise ApiRefusal("Unknown", words)

        def chunks() -> Iterator[bytes]:
            changes: WatchQueue = queue.SimpleQueue()
            with self._store.lock:
                try:
                    first, missed = self._watch_start(target, request)
                except Gone as error:
                    yield _line("ERROR", msgspec.json.encode(expired(str(error)).body()))
                    return
                for event in missed:
                    changes.put(event)
                unsubscribe = self._store.subscribe(changes.put)
            self._open.append(changes)
            try:
                yield b"".join(_line("ADDED", self.show(target, obj, form, request)) for obj in first)
                if request.flag("sendInitialEvents"):
                    yield self._bookmark(target, {"k8s.io/initial-events-end": "true"})
                yield from self._follow(changes, target, request, form, selects)
            finally:
                unsubscribe()
                self._open.remove(changes)

        return Response(chunks=_to_its_end(chunks()))

    def cut(self) -> None:
        """End every watch that is open now, as a network fault would."""
        for changes in tuple(self._open):
            changes.put(None)

    def _follow(
        self,
        changes: WatchQueue,
        target: RequestTarget,
        request: ApiRequest,
        form: Form,
        selects: Predicate,
    ) -> Iterator[bytes]:
        started = bookmarked = time.monotonic()
        timeout_s = request.number("timeoutSeconds", 0) or 3600
        while not self._stopping.is_set() and time.monotonic() - started < timeout_s:
            if request.flag("allowWatchBookmarks") and time.monotonic() - bookmarked >= self._bookmark_s:
                bookmarked = time.monotonic()
                yield self._bookmark(target, {})
            try:
                event = changes.get(timeout=min(_HEARTBEAT_S, self._bookmark_s))
            except queue.Empty:
                yield b""
                continue
            if event is None:
                return
            change = _seen_as(event, target, selects)
            if change:
                yield _line(change, self.show(target, event.obj, form, request))

    def _bookmark(self, target: RequestTarget, annotations: dict[str, str]) -> bytes:
        metadata: Obj = {"resourceVersion": str(self._store.revision), "creationTimestamp": None}
        if annotations:
            metadata["annotations"] = annotations
        resource = target.resource
        bookmark = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": metadata}
        return _line("BOOKMARK", msgspec.json.encode(bookmark))

    def _watch_start(self, target: RequestTarget, request: ApiRequest) -> tuple[Objects, Events]:
        text = request.query.get("resourceVersion", "")
        if text in ("", "0") or request.flag("sendInitialEvents"):
            return self.selected(target, request), []
        revision = _revision(text)
        return [], [] if revision > self._store.revision else self._store.since(revision)

    def _selection(self, target: RequestTarget, request: ApiRequest) -> Predicate:
        tests: list[Predicate] = []
        if target.namespace:
            tests.append(lambda obj: obj["metadata"].get("namespace") == target.namespace)
        if target.name:
            tests.append(lambda obj: obj["metadata"]["name"] == target.name)
        if request.query.get("labelSelector"):
            tests.append(labels_match(request.query["labelSelector"]))
        if request.query.get("fieldSelector"):
            tests.append(fields_match(request.query["fieldSelector"], target.resource))
        if not tests:
            return _everything
        return tests[0] if len(tests) == 1 else lambda obj: all(test(obj) for test in tests)

    def _position(self, request: ApiRequest) -> tuple[int, PageKey | None]:
        """Return the revision to list at and the place to go on after."""
        token = request.query.get("continue", "")
        if token:
            return _read_token(token)
        text = request.query.get("resourceVersion", "")
        if text in ("", "0"):
            return self._store.revision, None
        revision = _revision(text)
        if revision > self._store.revision:
            causes = [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]
            words = f"Timeout: Too large resource version: {revision}, current: {self._store.revision}"
            raise ApiRefusal("Timeout", words, {"causes": causes, "retryAfterSeconds": 1})
        match = request.query.get("resourceVersionMatch", "")
        exact = match == "Exact" or (not match and request.number("limit", 0) > 0)
        return (revision if exact else self._store.revision), None


def _selectors(request: ApiRequest) -> bool:
    return bool(request.query.get("labelSelector") or request.query.get("fieldSelector"))


def _everything(obj: Obj) -> bool:  # noqa: ARG001  a predicate
    return True


def _page(remaining: Objects, limit: int, revision: int, countable: bool) -> tuple[Objects, Obj]:
    metadata: Obj = {"resourceVersion": str(revision)}
    if limit <= 0 or len(remaining) <= limit:
        return remaining, metadata
    page = remaining[:limit]
    metadata["continue"] = _token(revision, place_of(page[-1]))
    if countable:  # with a selector the real server cannot know
        metadata["remainingItemCount"] = len(remaining) - limit
    return page, metadata


def _token(revision: int, place: PageKey) -> str:
    text = json.dumps({"v": "meta.k8s.io/v1", "rv": revision, "start": "/".join(place) + "\u0000"})
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_token(token: str) -> tuple[int, PageKey | None]:
    try:
        parts = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        namespace, _, name = parts["start"].rstrip("\u0000").partition("/")
        return int(parts["rv"]), (namespace, name)
    except (ValueError, KeyError, TypeError) as error:
        raise bad_request("continue key is not valid: illegal base64 or JSON") from error


def _revision(text: str) -> int:
    if not text.isdigit():
        why = f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax'
        raise bad_request(f"invalid resource version: {why}")
    return int(text)


def _seen_as(event: StoreEvent, target: RequestTarget, selects: Predicate) -> str:
    """Return what a change is to a watcher that sees only some objects: ADDED, MODIFIED, DELETED or nothing."""
    if (group_of(event.obj), event.obj["kind"]) != target.resource.stored_kind:
        return ""
    before = event.old is not None and selects(event.old)
    after = event.type != "DELETED" and selects(event.obj)
    return {(False, True): "ADDED", (True, True): "MODIFIED", (True, False): "DELETED"}.get((before, after), "")


def _to_its_end(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield a watch's chunks; what fails half-way ends it with an ERROR event, for the headers are out already."""
    try:
        yield from chunks
    except Exception as error:  # noqa: BLE001
        yield _line("ERROR", msgspec.json.encode(internal_error(error).body()))


def _line(change: str, encoded: bytes) -> bytes:
    return b'{"type":"%s","object":%s}\n' % (change.encode(), encoded)


def _partial(kind: str, rest: Obj) -> dict[str, Any]:
    return {"kind": kind, "apiVersion": "meta.k8s.io/v1", **rest}


def _metadata_only(obj: Obj) -> Obj:
    return _partial("PartialObjectMetadata", {"metadata": obj["metadata"]})
