"""The last lines of a log within a size: the newest lines are the ones that are kept."""

from __future__ import annotations

from typing import Any

import pytest

from agentops.providers.kubernetes.api.client import Cluster
from agentops.providers.kubernetes.api.tail import LogPlace, Tail, read_head, read_tail

PATH = "/api/v1/namespaces/shop/pods/web/log"
PLACE = LogPlace(namespace="shop", pod="web", container="app")


@pytest.fixture
def log_of(stub: Any) -> Any:
    """Serve lines as the kubelet does: the last of them first, then cut at the end by size."""

    def serve(lines: list[str]) -> None:
        def answer(path: str, query: dict[str, str]) -> Any:
            kept = lines[-int(query["tailLines"]) :]
            body = "".join(line + "\n" for line in kept).encode()[: int(query["limitBytes"])]
            return (200, body)

        stub.answer = answer

    return serve


def test_a_short_log_is_read_whole(cluster: Cluster, log_of: Any) -> None:
    """Fewer lines than asked for: all of them, and none is missing."""
    log_of(["a", "b"])
    assert read_tail(cluster, PLACE, lines=5, size_bytes=1_000, line_limit=100) == Tail(lines=("a", "b"))


def test_a_long_log_ends_with_its_newest_line(cluster: Cluster, log_of: Any, stub: Any) -> None:
    """The number of lines is kept to, older ones are announced, and the query says what was asked."""
    log_of([f"line {n}" for n in range(100)])
    place = LogPlace(namespace="shop", pod="web", container="app", previous=True, since_s=60)
    found = read_tail(cluster, place, lines=3, size_bytes=1_000, line_limit=100)
    assert found == Tail(lines=("line 97", "line 98", "line 99"), more=True)
    assert stub.query(PATH) == {
        "container": "app", "tailLines": "4", "limitBytes": "1000", "previous": "true", "sinceSeconds": "60",
    }  # fmt: skip


def test_a_log_over_the_size_keeps_its_newest_lines(cluster: Cluster, log_of: Any) -> None:
    """The server cuts at the end; asking again with fewer lines brings the newest."""
    log_of([f"{n:03d} " + "x" * 96 for n in range(100)])
    found = read_tail(cluster, PLACE, lines=90, size_bytes=2_000, line_limit=100)
    assert (found.lines[-1][:3], found.more, found.cut) == ("099", True, False)


def test_one_endless_line_is_cut(cluster: Cluster, log_of: Any) -> None:
    """When not even one line fits, its beginning is returned and marked."""
    log_of(["x" * 10_000])
    assert read_tail(cluster, PLACE, lines=5, size_bytes=100, line_limit=10) == Tail(lines=("xxxxxxxxx…",), cut=True)


def test_the_head_of_a_log_begins_at_its_beginning(cluster: Cluster, stub: Any) -> None:
    """No number of lines is asked for, which the API would count from the end; what is cut is cut at the end."""
    body = b"".join(b"line %d\n" % n for n in range(100))
    stub.answer = lambda path, query: (200, body[: int(query["limitBytes"])])
    place = LogPlace(namespace="shop", pod="web", container="app", since_s=60)
    found = read_head(cluster, place, lines=2, size_bytes=1_000, line_limit=100)
    assert found == Tail(lines=("line 0", "line 1"), more=True)
    assert stub.query(PATH) == {"container": "app", "limitBytes": "1000", "sinceSeconds": "60"}
    short = read_head(cluster, place, lines=9, size_bytes=20, line_limit=100)
    assert (short.lines[:2], short.cut) == (("line 0", "line 1"), True)
