"""The small pure parts: quantities, paths into objects, field differences, log text, line filters."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentops.core.errors import ToolInputError
from agentops.providers.kubernetes.api.logtext import log_lines
from agentops.providers.kubernetes.objects.secrecy import conceal
from agentops.providers.kubernetes.read.column_paths import cell, parse_path
from agentops.providers.kubernetes.read.linefilter import LineFilter

OBJECT = {
    "metadata": {"labels": {"app.kubernetes.io/name": "web"}},
    "spec": {"containers": [{"name": "a", "image": "x:1"}, {"name": "b", "image": "y:2", "ports": [80, 81]}]},
    "status": {"conditions": [{"type": "Ready", "status": "False"}, {"type": "Other", "status": "True"}]},
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("spec.containers.image", "x:1,y:2"),
        (".spec.containers[1].image", "y:2"),
        ("spec.containers[-1].ports", "[80,81]"),
        ("spec.containers[*].name", "a,b"),
        ("status.conditions[type=Ready].status", "False"),
        ('status.conditions[?(@.type=="Ready")].status', "False"),
        ("metadata.labels[app.kubernetes.io/name]", "web"),
        ("metadata.labels['app.kubernetes.io/name']", "web"),
        ("metadata.labels.app.kubernetes.io/name", "web"),
        ("metadata.labels.app\\.kubernetes\\.io/name", "web"),
        ("metadata.labels.app.kubernetes.io/other", "-"),
        ("spec.containers[b].image", "y:2"),
        ("status.conditions[Ready].status", "False"),
        ("spec.containers[none].image", "-"),
        ("spec.nothing.here", "-"),
        ("spec.containers[9].name", "-"),
        ("spec.containers.name.deeper", "-"),
    ],
)
def test_a_path_leads_to_a_cell(path: str, text: str) -> None:
    """Lists are walked through, picked from and filtered; what is not there is a dash."""
    assert cell(OBJECT, parse_path(path)) == text


@pytest.mark.parametrize("path", ["", ".", "a[", "["])
def test_a_path_that_is_none_is_refused(path: str) -> None:
    """Open brackets and empty paths are the caller's mistake."""
    with pytest.raises(ToolInputError):
        parse_path(path)


def test_a_log_is_lines_whatever_the_bytes() -> None:
    """Colours go, broken bytes are marked, a progress bar leaves its last state, long lines are cut."""
    body = b"\x1b[31mred\x1b[0m\r\n10%\r50%\r100%\nbad \xff\xfe\n\x1b]0;title\x07ok\n" + b"x" * 50
    assert log_lines(body, line_limit=10) == ("red", "100%", "bad \ufffd\ufffd", "ok", "xxxxxxxxx…")
    assert log_lines(b"") == ()


@given(st.binary(max_size=200))
def test_any_bytes_become_lines(body: bytes) -> None:
    """No input raises, and no line holds an escape sequence's start with its letters."""
    assert all("\n" not in line and len(line) <= 4_000 for line in log_lines(body))


def test_include_and_exclude_work_together() -> None:
    """A line must match the one and not the other."""
    lines = ["error: db", "error: healthz", "fine"]
    assert LineFilter(include="error", exclude="healthz").keep(lines) == ["error: db"]


@given(st.dictionaries(st.text(max_size=8), st.text(min_size=6, max_size=20), max_size=4))
def test_no_secret_value_survives(data: dict[str, str]) -> None:
    """Whatever keys and values a Secret has, only keys and sizes are left, in lists too."""
    secret = {"kind": "Secret", "data": dict(data), "stringData": dict(data), "items": []}
    listed = {"kind": "SecretList", "items": [{"data": dict(data)}]}
    for answer in (conceal(secret, of_secrets=False), conceal(listed, of_secrets=False)["items"][0]):
        assert set(answer["data"]) == set(data)
        assert all(value.endswith(" bytes, not shown)") for value in answer["data"].values())


@given(JSON)
def test_concealing_never_fails(value: Any) -> None:
    """A server may answer anything; taking secrets out of it does not raise."""
    conceal({"kind": "Secret", "metadata": value, "data": value, "items": value}, of_secrets=True)
    conceal(value, of_secrets=True)
