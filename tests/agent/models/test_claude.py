"""``Claude`` against a local server that speaks the wire format: what it sends, what it makes of every answer."""

from __future__ import annotations

import importlib.util
import signal
import socket
import threading

import pytest

from agentops.agent.model import (
    BadAnswer,
    ContextOverflow,
    ModelFailure,
    ModelRequest,
    ModelUnreachable,
    NoCredentials,
    Overloaded,
    PaymentRequired,
    RateLimited,
    Refused,
    RequestRejected,
    StreamCut,
    Turn,
    Unauthenticated,
    UnknownModel,
)
from agentops.agent.models.request_body import Features
from agentops.agent.prompt import prompt
from agentops.agent.result import Stop
from agentops.core.progress import Stage
from agentops.core.usage import Usage

pytestmark = pytest.mark.slow

ASKED = ModelRequest(
    system="You look.",
    tools=({"name": "a", "description": "", "input_schema": {}}, {"name": "b", "description": "", "input_schema": {}}),
    messages=({"role": "user", "content": [{"type": "text", "text": "Hello"}]},),
)
MARK = {"type": "ephemeral"}
ANSWER = {"reasoning": "Let me think.", "text": "Good day.", "usage": {"input_tokens": 1000, "output_tokens": 100}}


def test_a_turn(make_claude):
    """Reasoning and text stream to progress, and the turn has blocks, stop reason, usage, price and request id."""
    claude, _server, _ = make_claude({**ANSWER, "calls": [{"tool": "a", "arguments": {"n": 1}, "id": "t1"}]})
    steps = []
    assert claude.turn(ASKED, steps.append) == Turn(
        content=(
            {"type": "thinking", "thinking": "Let me think.", "signature": "scripted-1"},
            {"type": "text", "text": "Good day."},
            {"type": "tool_use", "id": "t1", "name": "a", "input": {"n": 1}},
        ),
        stop_reason="tool_use",
        usage=Usage(turns=1, input_tokens=1000, output_tokens=100, cost_usd=0.006),
        request_id="req_1",
    )
    assert [(step.stage, step.text) for step in steps] == [
        (Stage.REASONING, "Let me"),
        (Stage.REASONING, " think."),
        (Stage.ANSWER, "Good"),
        (Stage.ANSWER, " day."),
    ]


def test_what_is_sent(make_claude):
    """The body has the prefix, breakpoints, adaptive thinking with a summary, effort, and no forced tool choice."""
    claude, server, _ = make_claude(ANSWER)
    claude.turn(ASKED, lambda _: None)
    received = server.requests[0]
    assert received.body == {
        "model": "claude-opus-5-5",
        "max_tokens": 16000,
        "stream": True,
        "tools": [dict(ASKED.tools[0]), {**ASKED.tools[1], "cache_control": MARK}],
        "system": [{"type": "text", "text": "You look.", "cache_control": MARK}],
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hello", "cache_control": MARK}]}],
        "thinking": {"type": "adaptive", "display": "summarized"},
        "output_config": {"effort": "medium"},
    }
    assert (received.path, received.headers["authorization"]) == ("/v1/messages", "Bearer sk-test-0123456789abcdef")


def test_features_can_be_turned_off(make_claude):
    """A local endpoint gets the bare protocol."""
    off = Features(thinking=False, effort="", caching=False)
    claude, server, _ = make_claude(ANSWER, model="local", features=off)
    turn = claude.turn(ASKED, lambda _: None)
    assert sorted(server.requests[0].body) == ["max_tokens", "messages", "model", "stream", "system", "tools"]
    assert "cache_control" not in server.requests[0].raw.decode()
    assert turn.usage.cost_usd is None


def test_refused_parameters_are_left_out(make_claude):
    """An endpoint that names a parameter it does not know is asked again without it, now and from then on."""
    claude, server, waits = make_claude(
        {**ANSWER, "wire": {"reject_if": "thinking"}}, {**ANSWER, "wire": {"reject_if": "output_config"}}, ANSWER
    )
    steps = []
    claude.turn(ASKED, steps.append)
    claude.turn(ASKED, steps.append)
    assert [sorted({"thinking", "output_config"} & set(r.body)) for r in server.requests] == [
        ["output_config", "thinking"],
        ["output_config"],
        ["output_config"],
        [],
    ]
    assert ([step.stage for step in steps].count(Stage.NOTICE), waits) == (2, [])


def test_breakpoints_follow_the_tail(make_claude):
    """The last two user messages carry a breakpoint; the history itself stays free of them."""
    said = [{"role": "user", "content": [{"type": "text", "text": str(n)}]} for n in range(3)]
    answered = {"role": "assistant", "content": [{"type": "text", "text": "ok"}]}
    messages = (said[0], answered, said[1], answered, said[2])
    claude, server, _ = make_claude(ANSWER)
    claude.turn(ModelRequest(system="s", tools=(), messages=messages), lambda _: None)
    sent = server.requests[0].body["messages"]
    assert ["cache_control" in message["content"][-1] for message in sent] == [False, False, True, False, True]
    assert "cache_control" not in repr(messages)


@pytest.mark.parametrize(
    ("wire", "waits"),
    [
        ({"status": 429, "type": "rate_limit_error", "headers": {"retry-after": "2"}}, [3.0]),
        ({"status": 429, "headers": {"retry-after": "100"}}, [10.0, 10.0, 10.0]),
        ({"status": 429, "headers": {"retry-after-ms": "500"}}, [1.5]),
        ({"status": 429, "headers": {"retry-after": "soon"}}, [1.0]),
        ({"status": 529, "type": "overloaded_error"}, [1.0]),
        ({"status": 500}, [1.0]),
        ({"status": 408}, [1.0]),
        ({"after": 4, "error_event": "overloaded_error"}, [1.0]),
        ({"after": 4, "error_event": "api_error"}, [1.0]),
        ({"after": 4, "cut": "reset"}, [1.0]),
        ({"after": 4, "cut": "close"}, [1.0]),
        ({"after": 4, "cut": "eof"}, [1.0]),
        ({"after": 0, "cut": "eof"}, [1.0]),
        ({"no_stop": True}, [1.0]),
        ({"raw": ""}, [1.0]),
    ],
)
def test_what_passes_is_asked_again(make_claude, wire, waits):
    """Rate limits, overload, broken streams: the whole turn is asked for again, after a bounded wait."""
    claude, server, waited = make_claude({**ANSWER, "wire": wire}, ANSWER)
    steps = []
    turn = claude.turn(ASKED, steps.append)
    assert (turn.text, len(server.requests), waited) == ("Good day.", 2, waits)
    retries = [step for step in steps if step.stage is Stage.RETRY]
    assert ("attempt 2 of 3" in retries[0].text, retries[-1].done) == (True, True)


@pytest.mark.parametrize(
    ("wire", "kind"),
    [
        ({"status": 429}, RateLimited),
        ({"status": 529}, Overloaded),
        ({"after": 4, "cut": "reset"}, StreamCut),
    ],
)
def test_patience_ends(make_claude, wire, kind):
    """After the last attempt the failure says how often it was tried, and what to do."""
    claude, server, waited = make_claude(*[{**ANSWER, "wire": wire}] * 3)
    with pytest.raises(kind, match=r"given up after 3 attempts") as caught:
        claude.turn(ASKED, lambda _: None)
    assert (len(server.requests), waited, caught.value.message) == (3, [1.0, 2.0], str(caught.value))


@pytest.mark.parametrize(
    ("wire", "kind", "said"),
    [
        (
            {"status": 401, "message": "invalid x-api-key sk-ant-api03-abcdefghijkl"},
            Unauthenticated,
            "invalid x-api-key [key]",
        ),
        ({"status": 402}, PaymentRequired, "requires payment"),
        ({"status": 403}, Unauthenticated, "does not let this key"),
        ({"status": 404, "message": "model: claude-9"}, UnknownModel, "model: claude-9"),
        ({"status": 400, "message": "messages.1: bad"}, RequestRejected, "messages.1: bad (request req_1)"),
        ({"status": 400, "message": "prompt is too long: 1200000 tokens > 1000000"}, ContextOverflow, "1200000"),
        ({"status": 400, "message": "thinking blocks: bound to a different conversation"}, RequestRejected, "bound"),
        ({"status": 413, "type": "request_too_large"}, ContextOverflow, "too large"),
        ({"status": 429, "headers": {"x-should-retry": "false"}}, RateLimited, "limits the rate"),
        ({"after": 4, "error_event": "invalid_request_error"}, RequestRejected, "rejected"),
        ({"raw": 'data: {"type": "message_start"}\n\n'}, StreamCut, "broke off"),
        ({"raw": 'event: message_start\ndata: {"type": "message_start"}\n\n'}, BadAnswer, "KeyError: 'message'"),
        ({"raw": "event: x\ndata: {nonsense\n\n"}, BadAnswer, "not a stream of messages"),
    ],
)
def test_what_does_not_pass_is_told(make_claude, wire, kind, said):
    """Everything else fails at once, in words that say what to do, and without the key."""
    claude, server, waited = make_claude({**ANSWER, "wire": wire}, attempts=1)
    with pytest.raises(kind) as caught:
        claude.turn(ASKED, lambda _: None)
    assert said in caught.value.message
    assert "sk-" not in caught.value.message
    assert (len(server.requests), waited) == (1, [])


def test_a_page_instead_of_a_stream(make_claude):
    """A proxy's login page with status 200 is no answer, and nothing of it is taken for one."""
    claude, _server, _ = make_claude({"wire": {"raw": "<html>Log in</html>", "content_type": "text/html"}}, attempts=1)
    with pytest.raises((StreamCut, BadAnswer)):
        claude.turn(ASKED, lambda _: None)


@pytest.mark.parametrize("raw", ['{"name": ', '{"name": NaN}', '["a"]', "nonsense"])
def test_arguments_that_are_not_json(make_claude, raw):
    """The call is kept with empty arguments and marked; it is never guessed what was meant."""
    claude, _server, _ = make_claude({"calls": [{"tool": "a", "id": "t1"}], "wire": {"partial_json": raw}})
    turn = claude.turn(ASKED, lambda _: None)
    assert (turn.content, list(turn.malformed)) == (
        ({"type": "tool_use", "id": "t1", "name": "a", "input": {}},),
        ["t1"],
    )


def test_refusal_has_its_explanation(make_claude):
    """Category and explanation come with the turn."""
    claude, _server, _ = make_claude({"stop_reason": "refusal", "detail": "not this"})
    turn = claude.turn(ASKED, lambda _: None)
    assert (turn.stop_reason, turn.detail, turn.content) == ("refusal", "cyber: not this", ())


def test_no_key(make_claude, monkeypatch):
    """Without a key nothing is sent and nothing is imported for it; the message says what to set."""
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    claude, server, _ = make_claude(ANSWER)
    claude.prepare()
    with pytest.raises(NoCredentials, match="nothing was sent") as caught:
        claude.turn(ASKED, lambda _: None)
    assert ("ANTHROPIC_API_KEY" in caught.value.hint, server.requests) == (True, [])


def test_auth_token(make_claude, monkeypatch):
    """A token works as a key does."""
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "tok")
    claude, server, _ = make_claude(ANSWER)
    claude.turn(ASKED, lambda _: None)
    assert server.requests[0].headers["authorization"] == "Bearer tok"


def test_connection_refused(make_claude, monkeypatch):
    """An endpoint that is not there is tried again, then told in one line with its address."""
    claude, _server, waited = make_claude(ANSWER, attempts=2)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("ANTHROPIC_BASE_URL", f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(ModelUnreachable, match=r"no answer from http://127\.0\.0\.1:\d+: ConnectError") as caught:
            claude.turn(ASKED, lambda _: None)
    assert (waited, "\n" in caught.value.message) == ([1.0], False)


def test_bad_base_url(make_claude, monkeypatch):
    """An address that is none is told, not raised through."""
    claude, _server, _ = make_claude(ANSWER, attempts=1)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://[nonsense")
    with pytest.raises(ModelFailure):
        claude.turn(ASKED, lambda _: None)


def test_bedrock_without_region(make_claude, monkeypatch):
    """A cloud that is not set up says what is missing."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    claude, _server, _ = make_claude(ANSWER, provider="bedrock")
    with pytest.raises(ModelFailure, match="No AWS region"):
        claude.turn(ASKED, lambda _: None)


def test_bedrock_gets_the_same_body(make_claude, monkeypatch):
    """On Bedrock the model is in the path, the body is the same, and a refusal is told like any other."""
    claude, server, _ = make_claude({"wire": {"status": 403}}, provider="bedrock", region="eu-west-1", model="m-1")
    monkeypatch.setenv("ANTHROPIC_BEDROCK_BASE_URL", server.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with pytest.raises(Unauthenticated):
        claude.turn(ASKED, lambda _: None)
    received = server.requests[0]
    assert received.path == "/model/m-1/invoke-with-response-stream"
    assert received.body["system"][0]["text"] == "You look."
    assert received.headers["authorization"].startswith("AWS4-HMAC-SHA256")


def test_vertex_without_its_package(make_claude):
    """What Vertex needs beyond the SDK is named."""
    if importlib.util.find_spec("google") is not None:
        pytest.skip("google-auth is installed")
    claude, _server, _ = make_claude(ANSWER, provider="vertex")
    with pytest.raises(NoCredentials, match="google-auth"):
        claude.turn(ASKED, lambda _: None)


def test_ctrl_c_closes_the_stream(make_claude):
    """Ctrl-C in a slow stream comes through at once, and the connection is closed."""
    claude, server, _ = make_claude({"text": "slow " * 10, "wire": {"delay_s": 0.5}})
    claude.prepare()

    def press(step):
        if step.stage is Stage.ANSWER:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        claude.turn(ASKED, press)
    assert server.closed_by_client.wait(10)


def test_prepare_twice_is_harmless(make_claude):
    """Preparation happens once, in a daemon thread."""
    claude, _server, _ = make_claude(ANSWER)
    claude.prepare()
    claude.prepare()
    assert [t.daemon for t in threading.enumerate() if t.name == "model-sdk"] in ([], [True])
    assert claude.turn(ASKED, lambda _: None).text == "Good day."


# -- the whole loop over the wire ------------------------------------------------------------------------------------


def test_investigation_over_the_wire(make_claude, bench, looking, report):
    """Parallel calls, a cut stream and an overloaded endpoint in one run: one finding, and one message per turn."""
    claude, server, _ = make_claude(
        {**looking("a", "b"), "reasoning": "Both."},
        {**looking("c"), "wire": {"after": 5, "cut": "reset"}},
        {"wire": {"status": 529}},
        {"calls": [report(evidence=["{{first}}"])]},
    )
    result = bench.play(model=claude)
    assert (result.stop, result.report.evidence, result.usage.turns) == (Stop.REPORTED, ("E1",), 2)
    assert len(server.requests) == 4
    assert server.requests[1].raw == server.requests[2].raw == server.requests[3].raw
    assert [p["request_id"] for p in bench.audit.payloads("model_turn")] == ["req_1", "req_4"]


def test_the_prefix_is_the_same_bytes_each_time(make_claude, bench, looking, report):
    """Tools and system never change in a run, so the prompt cache holds and signed reasoning stays valid."""
    claude, server, _ = make_claude(looking("a"), looking("b"), {"calls": [report()]})
    bench.play(model=claude)
    prefixes = {received.raw.split(b'"messages":')[0] for received in server.requests}
    assert len(prefixes) == 1
    assert prompt("system").encode()[:40] in prefixes.pop()


def test_history_grows_only(make_claude, bench, looking, report):
    """Each request begins with the messages of the one before, breakpoints aside."""
    claude, server, _ = make_claude({**looking("a"), "reasoning": "Hm."}, looking("b"), {"calls": [report()]})
    result = bench.play(model=claude)
    sent = [_plain(received.body["messages"]) for received in server.requests]
    assert sent[2][: len(sent[1])] == sent[1]
    assert sent[1][: len(sent[0])] == sent[0]
    assert list(result.messages)[: len(sent[2])] == sent[2]


def _plain(messages):
    return [
        {**m, "content": [{k: v for k, v in block.items() if k != "cache_control"} for block in m["content"]]}
        for m in messages
    ]


def test_bad_json_over_the_wire(make_claude, bench, look, looking, report):
    """A call with broken arguments is answered as not executed, and the run goes on."""
    broken = {**looking("half"), "wire": {"partial_json": '{"name": "ha'}}
    claude, _server, _ = make_claude(broken, looking(), {"calls": [report()]})
    result = bench.play(model=claude)
    assert (result.stop, [call["name"] for call in look.calls]) == (Stop.REPORTED, ["api-1"])


def test_max_tokens_in_a_call_over_the_wire(make_claude, bench, look, looking, report):
    """Arguments cut in the middle are never executed."""
    cut = {**looking("half"), "stop_reason": "max_tokens", "wire": {"partial_json": '{"name": "ha'}}
    claude, _server, _ = make_claude(cut, looking(), {"calls": [report()]})
    result = bench.play(model=claude)
    assert (result.stop, [call["name"] for call in look.calls]) == (Stop.REPORTED, ["api-1"])


def test_refusal_over_the_wire(make_claude, bench, looking):
    """A refusal is a failure with its explanation."""
    claude, _server, _ = make_claude(looking(), {"stop_reason": "refusal", "detail": "no"})
    result = bench.play(model=claude)
    assert (result.stop, type(result.error)) == (Stop.FAILED, Refused)


def test_context_overflow_over_the_wire(make_claude, bench, looking, report):
    """A 400 that says the prompt is too long ends in a finding from what was seen."""
    full = {"wire": {"status": 400, "message": "prompt is too long: 2 tokens > 1 maximum"}}
    claude, _server, _ = make_claude(looking(), full, {"calls": [report()]})
    result = bench.play(model=claude)
    assert (result.stop, result.report.cause.condition) == (Stop.EXHAUSTED, "OOMKilled")


def test_ctrl_c_over_the_wire(make_claude, bench, looking):
    """Ctrl-C in the second turn leaves a history that can be resumed."""
    claude, server, _ = make_claude(looking(), {"text": "slow " * 10, "wire": {"delay_s": 0.3}})

    def press(step):
        bench.steps.append(step)
        if step.stage is Stage.ANSWER:
            signal.raise_signal(signal.SIGINT)

    result = bench.play(model=claude, progress=press)
    assert (result.stop, len(result.messages), len(server.requests)) == (Stop.INTERRUPTED, 3, 2)


def test_tools_end_with_the_report(bench):
    """The model sees the read tools, the search, and the report, in this order."""
    assert [tool["name"] for tool in bench.prefix[1]] == ["look", "evidence_search", "report_finding"]
