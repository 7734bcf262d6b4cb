"""The log subresource: options, and the refusals of a real kubelet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from agentops.sandbox.store import Key, ObjectStore

LOG = "/api/v1/namespaces/shop/pods/web-1/log"


class Lines:
    """A log source with three lines now and one before."""

    def __init__(self) -> None:
        self.now = [
            "2026-11-22T11:00:00.000000001Z one",
            "2026-11-22T11:59:30Z two",
            "2026-11-22T11:59:59Z three: a b",
        ]

    def logs(
        self, namespace: str, pod: str, container: str, previous: bool, since: datetime | None, tail: int | None
    ) -> str:
        if pod == "web-2":
            raise LookupError
        return "2026-11-22T10:00:00Z before\n" if previous else "".join(f"{line}\n" for line in self.now)


@pytest.fixture
def lines() -> Lines:
    return Lines()


@pytest.fixture
def log_call(make_caller: Callable[..., Any], lines: Lines) -> Any:
    return make_caller(logs=lines)


def test_options_choose_lines(log_call: Any) -> None:
    """tail, since, limitBytes, previous and timestamps each do what kubectl's flags say."""
    found = {
        query: log_call.send("GET", f"{LOG}?{query}").body.decode()
        for query in (
            "",
            "tailLines=1",
            "sinceSeconds=60",
            "limitBytes=5",
            "previous=true",
            "tailLines=1&timestamps=true",
        )
    }
    assert found == {
        "": "one\ntwo\nthree: a b\n",
        "tailLines=1": "three: a b\n",
        "sinceSeconds=60": "two\nthree: a b\n",
        "limitBytes=5": "one\nt",
        "previous=true": "before\n",
        "tailLines=1&timestamps=true": "2026-11-22T11:59:59Z three: a b\n",
    }


def test_follow_goes_on_with_new_lines_only(log_call: Any, lines: Lines) -> None:
    """Followed logs come first as they are, then each new line once."""
    chunks = log_call.send("GET", f"{LOG}?follow=true&tailLines=1").chunks
    assert next(chunks) == b"three: a b\n"
    lines.now.append("2026-11-22T11:59:59Z four")
    assert next(chunks) == b"four\n"
    log_call.stopping.set()
    assert list(chunks) == []


def test_refusals_name_the_container(log_call: Any, store: ObjectStore) -> None:
    """A wrong container, one that has not started, and one without a previous run are refused in the real words."""
    waiting = store.get(Key("", "Pod", "shop", "web-3"))
    assert waiting is not None
    state = {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling image"}}
    waiting["status"]["containerStatuses"] = [{"name": "main", "state": state}]
    waiting["spec"]["containers"].append({"name": "side", "image": "x"})
    store.update(waiting)
    of_three = LOG.replace("web-1", "web-3")
    assert [
        log_call.refused(f"{LOG}?container=nope"),
        log_call.refused(of_three),
        log_call.refused(f"{of_three}?container=main"),
        log_call.refused(f"{of_three}?container=main&previous=1"),
        log_call.refused(LOG.replace("web-1", "web-2")),
        log_call.refused(LOG.replace("web-1", "gone")),
    ] == [
        (400, "container nope is not valid for pod web-1"),
        (400, "a container name must be specified for pod web-3, choose one of: [main side]"),
        (400, 'container "main" in pod "web-3" is waiting to start: trying and failing to pull image'),
        (400, 'previous terminated container "main" in pod "web-3" not found'),
        (400, 'container "main" in pod "web-2" not found'),
        (404, 'pods "gone" not found'),
    ]
