"""Turns from events: order, unknown things, and streams that are not what they should be."""

from __future__ import annotations

import pytest

from agentops.agent.model import StreamCut, Turn
from agentops.agent.models.stream import StreamedTurn
from agentops.core.progress import Stage
from agentops.core.usage import Usage

STOP = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}}


def _start(index, **block):
    return {"type": "content_block_start", "index": index, "content_block": block}


def _delta(index, kind, **fields):
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **fields}}


def _assembled(*events, steps=None):
    streamed = StreamedTurn((steps if steps is not None else []).append)
    for event in events:
        streamed.feed(event)
    return streamed.turn(request_id="req_1")


def test_blocks_of_unknown_kind_are_kept_as_they_came():
    """What a newer API adds goes back as it was sent; null fields are left out."""
    turn = _assembled(
        _start(0, type="martian", a={"b": 1}, c=None), _delta(0, "martian_delta", x=1), {"type": "news"}, STOP
    )
    assert turn == Turn(
        content=({"type": "martian", "a": {"b": 1}},),
        stop_reason="end_turn",
        usage=Usage(turns=1, output_tokens=9),
        request_id="req_1",
    )


def test_usage_is_the_last_total():
    """Counts of later events are totals, not additions; null and absent counts change nothing."""
    begin = {"input_tokens": 5, "cache_read_input_tokens": 7, "cache_creation_input_tokens": 3, "output_tokens": 1}
    turn = _assembled(
        {"type": "message_start", "message": {"usage": begin}},
        {"type": "message_delta", "delta": {}, "usage": {"output_tokens": 4, "input_tokens": None}},
        STOP,
    )
    assert turn.usage == Usage(turns=1, input_tokens=5, output_tokens=9, cache_read_tokens=7, cache_write_tokens=3)


def test_hidden_reasoning_is_kept_with_its_signature():
    """A reasoning block without text must go back to the endpoint, and shows nothing."""
    steps = []
    turn = _assembled(
        _start(0, type="thinking", thinking="", signature=""),
        _delta(0, "signature_delta", signature="s"),
        STOP,
        steps=steps,
    )
    assert (turn.content, turn.reasoning, steps) == (({"type": "thinking", "thinking": "", "signature": "s"},), "", [])


def test_empty_text_blocks_are_left_out():
    """The API does not take back an empty text."""
    assert _assembled(_start(0, type="text", text=""), STOP).content == ()


def test_two_texts_are_told_apart():
    """A second block of text begins a new paragraph on the screen."""
    steps = []
    _assembled(
        _start(0, type="text", text=""),
        _delta(0, "text_delta", text="One."),
        _start(1, type="text", text=""),
        _delta(1, "text_delta", text="Two."),
        STOP,
        steps=steps,
    )
    assert [(step.stage, step.text) for step in steps] == [(Stage.ANSWER, "One."), (Stage.ANSWER, "\n\nTwo.")]


def test_citations_are_gathered():
    """Citations come one by one and belong to their text."""
    turn = _assembled(
        _start(0, type="text", text="", citations=None),
        _delta(0, "text_delta", text="a"),
        _delta(0, "citations_delta", citation={"n": 1}),
        _delta(0, "citations_delta", citation={"n": 2}),
        STOP,
    )
    assert turn.content == ({"type": "text", "text": "a", "citations": [{"n": 1}, {"n": 2}]},)


def test_arguments_given_at_once():
    """Some endpoints send the whole input with the start of the block."""
    turn = _assembled(_start(0, type="tool_use", id="t", name="look", input={"a": 1}), STOP)
    assert turn.calls[0].arguments == {"a": 1}


def test_deeply_nested_arguments_are_malformed():
    """Arguments that would exhaust the stack are not JSON that we take."""
    turn = _assembled(
        _start(0, type="tool_use", id="t", name="look", input={}),
        _delta(0, "input_json_delta", partial_json='{"a":' * 100_000),
        STOP,
    )
    assert (turn.calls[0].arguments, list(turn.malformed)) == ({}, ["t"])


def test_a_stream_without_an_end_is_cut():
    """Whatever came, without a stop reason it does not count."""
    with pytest.raises(StreamCut):
        _assembled(_start(0, type="text", text="a"))
