"""The log subresource of pods, on top of whatever writes the lines.

Comes in: a ``LogSource`` (the simulated kubelets). Goes out: text, whole or followed. Must never: invent a line.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Protocol

from agentops.core.clock import from_iso
from agentops.sandbox.store import Obj, ObjectStore
from agentops.sandbox.wire.cells import at
from agentops.sandbox.wire.kinds import Resource
from agentops.sandbox.wire.request import ApiRequest, RequestTarget, Response
from agentops.sandbox.wire.status import ApiRefusal, bad_request, invalid, not_found

_POLL_S = 0.25


class LogSource(Protocol):
    """Where log lines come from."""

    def logs(
        self, namespace: str, pod: str, container: str, previous: bool, since: datetime | None, tail: int | None
    ) -> str:
        """Return the lines of a container, oldest first, each as ``RFC3339 time, space, text, newline``.

        Arguments:
            namespace: the pod's namespace.
            pod: the pod's name.
            container: one of its containers or init containers, checked to exist.
            previous: the run before the present one.
            since: leave out lines before this; a hint, it is applied again here.
            tail: only the last so many lines; None for all; a hint as well.

        Raises:
            LookupError: there is no such run (not started, or never restarted); answered with 400.
        """
        ...


_OPTIONS = Resource(group="", version="v1", kind="PodLogOptions", plural="pods", namespaced=True)


class LogReader:
    """Answers ``GET .../pods/NAME/log``."""

    def __init__(self, store: ObjectStore, source: LogSource, stopping: threading.Event) -> None:
        self._store = store
        self._source = source
        self._stopping = stopping

    def read(self, target: RequestTarget, pod: Obj | None, request: ApiRequest) -> Response:
        """Return a container's log as text, streamed when ``follow`` is asked for.

        Raises:
            ApiRefusal: no such pod, container or run, or a bad option.
        """
        if pod is None:
            raise not_found(target.resource, target.name)
        container = _container(pod, request.query.get("container", ""))
        if not at(pod, "spec", "nodeName"):
            return Response(content_type="text/plain")
        previous = request.flag("previous")
        _check_started(pod, container, previous)
        if request.query.get("sinceTime") and request.query.get("sinceSeconds"):
            words = "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified"
            raise invalid(_OPTIONS, target.name, [("FieldValueForbidden", "[]", words)])
        since = self._since(request)
        tail = request.number("tailLines", -1) if request.query.get("tailLines") else None
        if tail is not None and tail < 0:
            words = f"Invalid value: {tail}: must be greater than or equal to 0"
            raise invalid(_OPTIONS, target.name, [("FieldValueInvalid", "tailLines", words)])
        place = (target.namespace, target.name, container, previous)
        lines = self._lines(place, since, tail)
        stamped = request.flag("timestamps")
        if request.flag("follow") and not previous:
            return Response(chunks=self._follow(place, lines, stamped), content_type="text/plain")
        text = "".join(line if stamped else _unstamped(line) for line in lines).encode()
        limit = request.number("limitBytes", 0)
        return Response(body=text[:limit] if limit > 0 else text, content_type="text/plain")

    def _since(self, request: ApiRequest) -> datetime | None:
        if request.query.get("sinceTime"):
            return from_iso(request.query["sinceTime"])
        seconds = request.number("sinceSeconds", 0)
        return self._store.now() - timedelta(seconds=seconds) if seconds else None

    def _lines(self, place: tuple[str, str, str, bool], since: datetime | None, tail: int | None) -> list[str]:
        namespace, pod, container, previous = place
        try:
            text = self._source.logs(namespace, pod, container, previous, since, tail)
        except LookupError as error:
            which = "previous terminated container" if previous else "container"
            raise bad_request(f'{which} "{container}" in pod "{pod}" not found') from error
        lines = text.splitlines(keepends=True)
        if since is not None:
            lines = [line for line in lines if from_iso(line.partition(" ")[0]) >= since]
        return lines if tail is None else lines[max(len(lines) - tail, 0) :]

    def _follow(self, place: tuple[str, str, str, bool], lines: list[str], stamped: bool) -> Iterator[bytes]:
        shown = lines[-1:]
        while not self._stopping.is_set():
            yield "".join(line if stamped else _unstamped(line) for line in lines).encode()
            time.sleep(_POLL_S)
            since = from_iso(shown[0].partition(" ")[0]) if shown else None
            try:
                lines = self._lines(place, since, None)
            except ApiRefusal:
                return  # the container is gone
            if shown and shown[0] in lines:
                lines = lines[lines.index(shown[0]) + 1 :]
            shown = lines[-1:] or shown


def _unstamped(line: str) -> str:
    return line.partition(" ")[2]


def _container(pod: Obj, wanted: str) -> str:
    name = pod["metadata"]["name"]
    regular = [container["name"] for container in at(pod, "spec", "containers", default=())]
    initial = [container["name"] for container in at(pod, "spec", "initContainers", default=())]
    if wanted:
        if wanted not in regular + initial:
            raise bad_request(f"container {wanted} is not valid for pod {name}")
        return wanted
    if len(regular) == 1:
        return str(regular[0])
    more = f" or one of the init containers: [{' '.join(initial)}]" if initial else ""
    raise bad_request(f"a container name must be specified for pod {name}, choose one of: [{' '.join(regular)}]{more}")


def _check_started(pod: Obj, container: str, previous: bool) -> None:
    statuses = [
        *at(pod, "status", "containerStatuses", default=()),
        *at(pod, "status", "initContainerStatuses", default=()),
    ]
    status: Obj = next((s for s in statuses if s.get("name") == container), {})
    name = pod["metadata"]["name"]
    if previous and "terminated" not in status.get("lastState", {}):
        raise bad_request(f'previous terminated container "{container}" in pod "{name}" not found')
    waiting = at(status, "state", "waiting", default=None)
    if not previous and waiting is not None and "terminated" not in status.get("lastState", {}):
        reason = waiting.get("reason", "ContainerCreating")
        why = f"is waiting to start: {waiting.get('message') or reason}"
        if reason in ("ErrImagePull", "ImagePullBackOff"):
            why = f"is waiting to start: {_pull_words(reason)}"
        elif reason not in ("CreateContainerConfigError", "CreateContainerError"):
            why = f"is waiting to start: {reason}"
        raise bad_request(f'container "{container}" in pod "{name}" {why}')


def _pull_words(reason: str) -> str:
    return "trying and failing to pull image" if reason == "ImagePullBackOff" else "image can't be pulled"
