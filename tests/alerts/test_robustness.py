"""Whatever is thrown at it: an alert, or one ``AlertError`` of one line, and never anything else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentops.alerts.decoding import decode
from agentops.core.alert import AlertGroup
from agentops.core.errors import AlertError

SAMPLES = [json.loads(path.read_text("utf-8")) for path in sorted((Path(__file__).parent / "data").glob("*.json"))]
TEXTS = [
    "NAMESPACE  NAME  READY  STATUS  RESTARTS  AGE",
    "Name: x\nNamespace: y\nContainers:\nNode: z",
    "[FIRING:1] A",
    "pod shop/db-0 (db)",
    "namespace: shop",
    "kubectl get pods -n shop",
    "`pod`: *db-0*",
    "<b>deployment</b> cart",
    "- a: b",
    "---\nlabels: {a: b}",
    "```json\n{}\n```",
]


def _keys(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*map(_keys, value.values()))
    return set().union(*map(_keys, value)) if isinstance(value, list) else set()


KEYS = st.sampled_from(sorted(_keys(SAMPLES) | {"Records", "Sns", "TopicArn", "specversion", "MetricAlarms", "groups"}))
WORDS = ("firing", "resolved", "{}", "[1]", "eyJhIjogMX0=", "shop", "db-0", "2026-11-22T16:00:00Z", "9" * 40)
NUMBERS = st.one_of(st.integers(), st.floats())
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, st.text(max_size=20), st.sampled_from(WORDS))
JUNK = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=5)),
    max_leaves=12,
)


def _read(data: bytes) -> AlertGroup | str:
    """Return the group, or the message of the refusal; whatever else is raised fails the test."""
    try:
        return decode(data, "it")
    except AlertError as error:
        return error.message


def _held(data: bytes) -> None:
    found = _read(data)
    if isinstance(found, str):
        assert found.splitlines() == [found]
    else:
        assert {alert.status for alert in found.alerts} <= {"firing", "resolved"}
        assert found.alerts


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(deeper for key, inner in entries for deeper in _paths(inner, (*path, key)))]


def _with(value: Any, path: tuple[Any, ...], junk: Any) -> Any:
    if not path:
        return junk
    key, rest = path[0], path[1:]
    if isinstance(value, dict):
        return {**value, key: _with(value[key], rest, junk)}
    return [_with(inner, rest, junk) if n == key else inner for n, inner in enumerate(value)]


@given(data=st.data())
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_payload_with_junk_in_any_place_is_read_or_refused(data: st.DataObject) -> None:
    """One member of a genuine payload is replaced by anything of any type."""
    sample = data.draw(st.sampled_from(SAMPLES))
    path = data.draw(st.sampled_from(_paths(sample)))
    _held(json.dumps(_with(sample, path, data.draw(JUNK))).encode())


@given(JUNK)
@settings(max_examples=80, deadline=None)
def test_any_json_is_read_or_refused(document: Any) -> None:
    """Members that senders use, in any order and of any type."""
    _held(json.dumps(document).encode())


@given(st.lists(st.one_of(st.sampled_from(TEXTS), st.text(max_size=60)), max_size=8))
@settings(max_examples=80, deadline=None)
def test_any_text_is_read_or_refused(lines: list[str]) -> None:
    """Words, tables, markup and YAML, mixed at will."""
    _held("\n".join(lines).encode("utf-8", "replace"))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """What is no text is refused as such."""
    _held(data)
