"""The form of a line: what is written, what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentops.audit.chain import GENESIS_PREV, MAX_LINE_BYTES, MalformedRecord, decode, encode, link, writable
from agentops.core.audit import AuditRecord
from agentops.core.resource import kubernetes_ref

LINE = (
    b'{"prev":"' + b"0" * 64 + b'","seq":0,"v":1,"time":"2026-11-22T16:00:00.000Z","run":"r","actor":"human:ana",'
    b'"event":"note","payload":{"a":[1,true,null,"\\u00e9"]}}'
)


class _Colour(StrEnum):
    RED = "red"


def _record(payload: dict[str, Any]) -> AuditRecord:
    return AuditRecord(
        prev=GENESIS_PREV,
        seq=0,
        time="2026-11-22T16:00:00.000Z",
        run="r",
        actor="human:ana",
        event="note",
        payload=payload,
    )


def test_a_record_has_exactly_one_line() -> None:
    """The line is compact ASCII JSON with prev, seq and v first, and reads back as the record."""
    record = _record({"a": [1, True, None, "é"]})
    assert (encode(record), decode(LINE)) == (LINE, record)


def test_the_link_is_the_hash_of_the_bytes() -> None:
    """The next record's prev is the SHA-256 of the raw line without its newline."""
    assert link(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b'"note"', b'"no\xff"', "not UTF-8 at byte"),
        (b"}}", b"}", "not JSON"),
        (b"[1,", b"[1.5,", "the form has no number like 1.5"),
        (b"[1,", b"[NaN,", "the form has no number like NaN"),
        (b"[1,", b"[-Infinity,", "the form has no number like -Infinity"),
        (b"[1,", b"[9007199254740993,", "an integer is beyond 2**53"),
        (b"[1,", b"[" + b"9" * 5000 + b",", "an integer is beyond 2**53"),
        (b'{"a"', b'{"a":1,"a"', "an object has the same key twice"),
        (b'"v":1,', b'"v":1,"v":1,', "an object has the same key twice"),
        (b'"seq":0', b'"seq":-1', "seq is not a number from 0 up"),
        (b'"seq":0', b'"seq":true', "seq is not a number from 0 up"),
        (b'"seq":0', b'"seq":"0"', "seq is not a number from 0 up"),
        (b'"run":"r"', b'"run":3', "run is not text"),
        (b'"run":"r",', b"", "the fields are not prev, seq, v, time, run, actor, event, payload in this order"),
        (b'"run":"r",', b'"run":"r","extra":1,', "the fields are not prev"),
        (b'"prev"', b'"prior"', "a record begins with prev, seq, v"),
        (b"0" * 64, b"0" * 63, "prev is not 64 hex digits"),
        (b"0" * 64, b"0" * 63 + b"A", "prev is not 64 hex digits"),
        (b'{"a":[1,true,null,"\\u00e9"]}', b"[]", "payload is not an object"),
        (LINE, b"[]", "not a JSON object"),
        (LINE, b'"' + b"a" * MAX_LINE_BYTES + b'"', "the line is longer than 4194304 bytes"),
        (LINE, b"[" * 200_000, "nested too deep"),
    ],
)
def test_what_is_not_a_record_is_refused(old: bytes, new: bytes, why: str) -> None:
    """Each departure from the form is refused with its reason."""
    assert old in LINE
    with pytest.raises(MalformedRecord) as caught:
        decode(LINE.replace(old, new, 1))
    assert str(caught.value).startswith(why)


def test_a_later_form_stays_readable() -> None:
    """A line of a later version keeps its first three fields; what this program knows of it is read."""
    record = decode(LINE.replace(b'"v":1', b'"v":2').replace(b'"run"', b'"new":{},"run"'))
    assert (record.version, record.run, record.event) == (2, "r", "note")


def test_values_that_the_form_lacks_are_written_as_text() -> None:
    """Floats, large integers, times, references, enums, surrogates and great depth all have a written form."""
    deep: Any = "bottom"
    for _ in range(500):
        deep = [deep]
    found = writable(
        {
            "float": 0.1,
            "nan": float("nan"),
            "large": 2**53 + 1,
            "huge": 16**5000,
            "time": datetime(2026, 11, 22, tzinfo=UTC),
            "ref": kubernetes_ref("kind/a", "shop", "Pod", "api"),
            "enum": _Colour.RED,
            "surrogate\ud800": "a\udfffb",
            "tuple": (1, False),
        }
    )
    assert found == {
        "float": "0.1",
        "nan": "nan",
        "large": "9007199254740993",
        "huge": "0x1" + "0" * 5000,
        "time": "2026-11-22T00:00:00.000Z",
        "ref": "k8s://kind%2Fa/shop/Pod/api",
        "enum": "red",
        "surrogate?": "a?b",
        "tuple": [1, False],
    }
    assert "[nested too deep to be recorded]" in str(writable({"deep": deep}))


def test_a_payload_too_long_for_a_line_is_named_by_its_digest() -> None:
    """An oversize payload leaves its digest, size and beginning, and the record says so."""
    found = writable({"body": "x" * MAX_LINE_BYTES})
    text = '{"body":"' + "x" * MAX_LINE_BYTES + '"}'
    assert found == {
        "oversize": True,
        "digest": "sha256:" + link(text.encode()),
        "size_bytes": len(text),
        "head": text[: 64 * 1024],
    }


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), _JSON, max_size=5))
def test_whatever_is_writable_reads_back(payload: dict[str, Any]) -> None:
    """Any JSON payload, once writable, makes one ASCII line that decodes to the same record."""
    record = _record(writable(payload))
    line = encode(record)
    assert (decode(line), line.isascii(), b"\n" in line) == (record, True, False)
