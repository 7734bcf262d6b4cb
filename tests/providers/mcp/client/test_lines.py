"""Lines of a bounded size, and JSON made of a line that was cut."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentops.providers.mcp.client.lines import CappedLines, WireLine, closed, message_of

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(st.binary(max_size=20), max_size=8), st.integers(1, 12), st.integers(1, 30))
def test_lines_are_the_same_however_they_arrive(lines: list[bytes], most: int, size: int) -> None:
    """Each line is its beginning and a count of what is left out, whatever the chunks."""
    lines = [line.replace(b"\n", b"") for line in lines]
    data = b"".join(line + b"\n" for line in lines)
    split = CappedLines(most)
    found = [line for at in range(0, len(data), size) for line in split.feed(data[at : at + size])]
    assert [(line.head, line.dropped) for line in found] == [(line[:most], max(len(line) - most, 0)) for line in lines]
    assert all(line.endswith(one.tail) for line, one in zip(lines, found, strict=True))
    assert split.end() is None


@given(st.dictionaries(st.text(), _JSON, min_size=1, max_size=4), st.data())
def test_json_that_was_cut_anywhere_is_json_once_it_is_closed(value: dict[str, object], data: st.DataObject) -> None:
    """After the first bracket any beginning can be closed, with both ways to write what is not ASCII."""
    text = json.dumps(value, ensure_ascii=data.draw(st.booleans()))
    at = data.draw(st.integers(1, len(text)))
    assert isinstance(json.loads(closed(text[:at])), dict)


@given(_JSON)
def test_json_that_is_whole_stays_what_it_is(value: object) -> None:
    """Nothing is lost of a value whose end is there."""
    text = json.dumps([value])
    assert json.loads(closed(text)) == [value]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ('{"a": "bc', '{"a": "bc"}'),
        ('{"a": "b\\', '{"a": "b"}'),
        ('{"a": "b\\\\', '{"a": "b\\\\"}'),
        ('{"a": "b\\u00e', '{"a": "b"}'),
        ('{"a": 12', "{}"),
        ('{"a": 1, "b', '{"a": 1}'),
        ('{"a": 1, "b": ', '{"a": 1}'),
        ('{"a": [1, {"b": "c"}, tru', '{"a": [1, {"b": "c"}]}'),
    ],
)
def test_what_is_kept_of_a_beginning(text: str, kept: str) -> None:
    """A string is kept as far as it came; half a number, half a name and half an escape are not."""
    assert closed(text) == kept


@pytest.mark.parametrize("text", ["", "]", "{]", "[" * 100, "tru", "12"])
def test_a_beginning_of_nothing_is_refused(text: str) -> None:
    """So is one that is nested too deep."""
    with pytest.raises(ValueError, match=r"nothing of it|do not match|too deep"):
        closed(text)


@pytest.mark.parametrize("head", [b"", b"Server ready", b"[1]", b"7", b"{broken", b"null", b'{"a":' * 200, b"[" * 1000])
def test_what_is_no_message_is_noise(head: bytes) -> None:
    """Banners, warnings and batches are no messages."""
    assert message_of(WireLine(head)) is None


def test_the_id_of_a_cut_answer_is_found_at_its_end() -> None:
    """Some SDKs write the result first; an id inside of the result is not taken for it."""
    head = b'{"result":{"id":5,"content":[{"text":"aaaa'
    assert message_of(WireLine(head, b'aa"}]},"jsonrpc":"2.0","id":12}', 40)) == {
        "result": {"id": 5, "content": [{"text": "aaaa"}]},
        "jsonrpc": "2.0",
        "id": 12,
    }
    assert "id" not in (message_of(WireLine(head, b'aa"}],"id":12}}', 40)) or {"id": 0})
