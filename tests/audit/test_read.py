"""Reading the chain: filters, following, and lines that are no record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from agentops.audit.chain import MAX_LINE_BYTES
from agentops.audit.log import open_log
from agentops.audit.read import Query, read_records
from agentops.core.errors import AuditError

Clock = Callable[[], datetime]


@pytest.fixture
def shared(chain: Path, ticking: Clock) -> Path:
    """The chain with two more records of run r2 by an agent."""
    with open_log(chain, run="r2", actor="agent:claude", clock=ticking, sign_every=0) as log:
        log.append("finding", {"target": "k8s://kind/shop/Pod/api-1", "arguments_hmac": "hmac-sha256:k:1"})
        log.append("run_ended", {})
    return chain


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (Query(), [0, 1, 2, 3, 4, 5, 6, 7]),
        (Query(run="r2"), [6, 7]),
        (Query(run="r"), [0, 1, 2, 3, 4, 5, 6, 7]),
        (Query(event="finding"), [6]),
        (Query(actor="human"), [0, 1, 2, 3, 4, 5]),
        (Query(actor="agent:claude"), [6, 7]),
        (Query(actor="cl"), []),
        (Query(text="SHOP/pod/API-1"), [6]),
        (Query(event="tool_call", text='"n":3'), [4]),
        (Query(target="SHOP/pod"), [6]),
        (Query(target="finding"), []),
        (Query(fingerprint="hmac-sha256:k:1"), [6]),
        (Query(fingerprint="hmac-sha256:k"), []),
    ],
)
def test_filters_narrow_what_is_read(shared: Path, query: Query, found: list[int]) -> None:
    """Run, event, actor, text, target and fingerprint each narrow the records, and together."""
    assert [record.seq for record in read_records(shared, query)] == found


def test_times_bound_what_is_read(chain: Path) -> None:
    """``since`` is included and ``until`` is not."""
    times = [datetime.fromisoformat(record.time) for record in read_records(chain, Query())]
    query = Query(since=times[2], until=times[4])
    assert [record.seq for record in read_records(chain, query)] == [2, 3]
    assert list(read_records(chain, Query(since=times[5] + timedelta(seconds=1)))) == []


def test_no_chain_has_no_records(tmp_path: Path) -> None:
    """A folder without a log reads as nothing."""
    assert list(read_records(tmp_path, Query())) == []


def test_following_sees_what_is_written_meanwhile(chain: Path, ticking: Clock) -> None:
    """Following yields new records as they come, never a line that is not whole, and ends when told to."""
    log = open_log(chain, run="r2", actor="human:ana", clock=ticking, sign_every=0)
    path = chain / "audit.jsonl"
    steps = iter(["append", "half", "rest", "stop"])
    half = b'{"prev":"'

    def wait() -> bool:
        step = next(steps)
        if step == "append":
            log.append("late", {})
        elif step == "half":
            with path.open("ab") as file:
                file.write(half)
        elif step == "rest":
            path.write_bytes(path.read_bytes().removesuffix(half))
            log.append("later", {})
        return step != "stop"

    assert [record.event for record in read_records(chain, Query(run="r2"), wait=wait)] == ["late", "later"]


@pytest.mark.parametrize("tail", [b"nonsense\n", b"x" * (MAX_LINE_BYTES + 5)])
def test_a_line_that_is_no_record_stops_the_reading(chain: Path, tail: bytes) -> None:
    """What is before a damaged line is read; the line is an error that says where it is."""
    path = chain / "audit.jsonl"
    size = path.stat().st_size
    with path.open("ab") as file:
        file.write(tail)
    records = read_records(chain, Query())
    assert [next(records).seq for _ in range(6)] == [0, 1, 2, 3, 4, 5]
    with pytest.raises(AuditError, match=f"holds no record at byte {size}"):
        next(records)
