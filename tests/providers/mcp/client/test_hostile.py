"""A server that misbehaves never stalls or ends a run, and takes bounded memory. Each mode is in ``hostile.py``."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from agentops.core.errors import AgentopsError, InDoubt, ToolError
from agentops.providers.mcp.client.lifecycle import MOST_STARTS, OUT_OF_ORDER_S
from agentops.providers.mcp.client.session import ServerSession
from agentops.providers.mcp.objects.server import ServerLimits
from agentops.providers.mcp.objects.tool import ForeignResult, Part

Hostile = Callable[..., ServerSession]

_SHORT = ServerLimits(start_s=20.0, call_s=1.0)
_LONG = ServerLimits(start_s=20.0, call_s=60.0)
_MIB = 1 << 20


def _echo(text: str = "hi") -> ForeignResult:
    return ForeignResult(parts=(Part(kind="text", text=json.dumps({"text": text})),))


def _came(error: AgentopsError) -> tuple[type[AgentopsError], str]:
    return type(error), error.message


def _call(session: ServerSession) -> ForeignResult | tuple[type[AgentopsError], str]:
    try:
        return session.call("echo", {"text": "hi"})
    except AgentopsError as error:
        return _came(error)


_UNKNOWN = "whether echo took effect on MCP server plain is not known: "


@pytest.mark.parametrize(
    ("mode", "came"),
    [
        ("noisy", _echo()),
        ("hangs", (InDoubt, f"{_UNKNOWN}no answer came in 1 s")),
        ("stops_reading", (InDoubt, f"{_UNKNOWN}no answer came in 1 s")),
        ("closes_output", (InDoubt, f"{_UNKNOWN}it ended (exit code 143)")),
        ("not_even_a_result", (InDoubt, f"{_UNKNOWN}its answer cannot be read")),
        ("wrong_ids", ForeignResult(parts=(Part(kind="text", text="yours"),))),
        ("floods_with_requests", ForeignResult(parts=(Part(kind="text", text="after the flood"),))),
        ("no_content", ForeignResult()),
        ("half_a_character", ForeignResult(parts=(Part(kind="text", text="? and \ufffd\ufffd"),))),
        (
            "lies_about_its_schema",
            ForeignResult(parts=(Part(kind="text", text="it was done"),), structured={"a": "a" * 60 + "!"}),
        ),
    ],
)
def test_one_call(hostile: Hostile, mode: str, came: Any) -> None:
    """What a call of a server that misbehaves comes to."""
    # Only where the time is to run out is it short.
    session = hostile(mode, limits=_SHORT if "no answer came" in str(came) else _LONG)
    assert _call(session) == came


@pytest.mark.parametrize("mode", ["floods_without_a_line", "floods_with_empty_lines", "floods_with_notifications"])
def test_a_flood_ends_the_server_and_not_the_run(hostile: Hostile, mode: str) -> None:
    """Nobody waits for a server that only talks; another server answers meanwhile, and memory stays where it was."""
    flooding, other = hostile(mode, limits=_LONG), hostile(limits=_LONG)
    other.tools()
    memory = _Memory()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(_call, flooding)
        answers = [_call(other) for _ in range(5)]
        came = waiting.result(60)
    assert answers == [_echo()] * 5
    assert came[0] is InDoubt
    assert "it sent more than anybody asked for, and was ended" in came[1]
    assert memory.grown_mib() < 30


def test_standard_error_is_kept_in_part(hostile: Hostile) -> None:
    """200 MB of it hold up nothing; of a line the beginning is kept."""
    memory = _Memory()
    session = hostile("floods_standard_error", limits=_LONG)
    assert _call(session) == ForeignResult(parts=(Part(kind="text", text="still here"),))
    session.close()
    assert [len(word) for word in session.report().last_words] == [500]
    assert memory.grown_mib() < 60


@pytest.mark.parametrize("mode", ["large_result", "large_result_id_last"])
def test_a_result_of_100_mb_is_shown_in_part(hostile: Hostile, mode: str) -> None:
    """What is kept and what is cut add up to what came; memory is bounded by the cap."""
    session = hostile(mode, limits=_LONG)
    session.tools()
    memory = _Memory()
    found = session.call("echo", {})
    text = found.parts[0].text
    assert (text[:9], set(text[9:]), len(text)) == ("begin yyy", {"y"}, _LONG.result_bytes)
    assert 100 * _MIB < len(text) + found.cut < 100 * _MIB + 200
    assert memory.grown_mib() < 40


def test_a_refusal_of_100_mb_is_said_in_part(hostile: Hostile) -> None:
    """The message of an error is cut as well."""
    kind, words = _call(hostile("large_error", limits=_LONG))
    assert (kind, words[:59], len(words) < 400) == (
        ToolError,
        "MCP server plain failed the call of echo: no yyyyyyyyyyyyyy",
        True,
    )


def test_bytes_are_never_kept(hostile: Hostile) -> None:
    """Of an image there are its size and its digest."""
    assert hostile("large_bytes").call("echo", {}).parts == (
        Part(
            kind="image",
            mime="image/png",
            size=786432,
            sha256="7c00506ee6ddde7f7f77f52dd920f1cda01821acaa74b8de17dc1bb3a69de43b",
        ),
    )


def test_bytes_in_what_is_structured_are_not_kept_either(hostile: Hostile) -> None:
    """Servers repeat a resource there, base64 and all."""
    found = hostile("structured_bytes").call("echo", {}).structured
    assert found == {
        "content": [
            {"blob": "[786432 bytes, sha256 7c00506ee6ddde7f7f77f52dd920f1cda01821acaa74b8de17dc1bb3a69de43b]"}
        ],
        "text": "a word " * 1000,
    }


def test_content_that_follows_no_schema_is_shown_as_it_can_be(hostile: Hostile) -> None:
    """Nothing of it is refused, no number is infinite, and a failure is anything but a plain no."""
    found = hostile("odd_content").call("echo", {})
    assert [(part.kind, part.size) for part in found.parts] == [
        ("unknown", 0),
        ("unknown", 0),
        ("unknown", 0),
        ("unknown", 0),
        ("unknown", 0),
        ("resource", 3),
        ("link", 0),
        ("audio", 16),
    ]
    assert found.is_error
    json.dumps(found.structured, allow_nan=False)
    assert "[nested too deep]" in json.dumps(found.structured)


@pytest.mark.parametrize(
    ("mode", "why"),
    [
        ("large_list", "it is longer than 2,000,000 bytes"),
        ("endless_pages", "it has more than 100 pages"),
        ("no_list", "its answer holds no list of tools"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused_at_once_the_next_time(hostile: Hostile, mode: str, why: str) -> None:
    """The list has caps; a server without a list is not asked for it again and again."""
    session = hostile(mode)
    for _ in range(2):
        with pytest.raises(ToolError) as caught:
            session.tools()
        assert caught.value.message == f"the tools of MCP server plain cannot be listed: {why}"


def test_every_page_of_a_list_is_read(hostile: Hostile) -> None:
    """Four pages, one list."""
    assert [tool.name for tool in hostile("pages").tools()] == ["echo", "env", "pid", "where"]


def test_what_is_no_tool_is_left_out_and_a_name_that_is_there_twice_stays(hostile: Hostile) -> None:
    """Whoever compares the tools with what is trusted sees both of one name."""
    found = hostile("garbled_list").tools()
    assert {tool.description for tool in found if tool.name == "echo"} == {"Twice.", "The tool echo."}
    assert [tool.name for tool in found] == ["bare", "deep", "echo", "echo", "s"]
    json.dumps([tool.fields for tool in found], allow_nan=False)


def test_nobody_is_asked_and_nothing_is_offered(hostile: Hostile, tmp_path: Path) -> None:
    """A person's words, a model's and folders are declined, and are not offered in the handshake either."""
    came = json.loads(hostile("asks").call("echo", {}).parts[0].text)
    offered = json.loads((tmp_path / "mcp" / "servers" / "plain" / "home" / "offered").read_text())
    assert (came, offered) == (
        {
            "elicitation/create": "Elicitation not supported",
            "sampling/createMessage": "Sampling not supported",
            "roots/list": "List roots not supported",
        },
        {},
    )


def test_a_tool_that_changes_in_the_middle_of_a_run_is_not_called(hostile: Hostile) -> None:
    """The server says that its list has changed: what was listed first is compared before the next call."""
    session = hostile("changes_its_list")
    session.tools()
    assert _call(session) == _echo()
    deadline = time.monotonic() + 10
    while (came := _call(session)) == _echo() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert came == (ToolError, "echo of MCP server plain has changed since it was listed, and was not called")


def test_a_tool_that_changed_with_a_new_start_is_not_called(hostile: Hostile) -> None:
    """A server that ends and comes back as another one is found out; it need not say that it has changed."""
    session = hostile("dies_once", "changes_when_started_again")
    session.tools()
    assert _call(session)[0] is InDoubt
    assert _call(session) == (
        ToolError,
        "echo of MCP server plain has changed since it was listed, and was not called",
    )


def test_a_server_that_dies_is_started_again_and_the_call_is_not_sent_again(hostile: Hostile) -> None:
    """The lost call stays in doubt; the next one goes to a new process."""
    session = hostile("dies_once")
    first = _call(session)
    assert (first[0], "exit code 3" in first[1], "out of cheese" in first[1]) == (InDoubt, True, True)
    assert _call(session) == _echo()
    assert session.report().starts == 2


def test_a_server_that_always_dies_is_given_up(hostile: Hostile) -> None:
    """It is started so many times in a session, later each time, and then no more."""
    session = hostile("never_starts")
    came = [_call(session) for _ in range(MOST_STARTS + 2)]
    words = (
        "MCP server plain cannot be started: it ended (exit code 1); its last words: fatal: POSTGRES_HOST is not set"
    )
    assert came[:MOST_STARTS] == [(ToolError, words)] * MOST_STARTS
    assert {one[1].partition(";")[0] for one in came[MOST_STARTS:]} == {
        "MCP server plain ended 4 times and is not started again for 5 minutes (exit code 1)"
    }


@pytest.mark.parametrize("mode", ["never_starts", "hangs"])
def test_a_server_that_is_out_of_order_is_tried_again_later(hostile: Hostile, mode: str) -> None:
    """A door that stays open for days outlives the trouble of a server: one more try after a while."""
    later = [0.0]
    session = hostile(mode, limits=_SHORT, options={"monotonic": lambda: time.monotonic() + later[0]})
    came: Any = None
    for _ in range(MOST_STARTS + 1):
        came = _call(session)
    assert (came[0], " for 5 minutes" in came[1]) == (ToolError, True)
    later[0] = OUT_OF_ORDER_S
    first, second = _call(session), _call(session)
    assert (" for 5 minutes" in first[1], " for 5 minutes" in second[1]) == (False, True)


def test_callers_that_wait_for_one_start_share_its_failure(hostile: Hostile) -> None:
    """Ten callers of a server that does not start wait once, not ten times."""
    session = hostile("slow_start", "never_starts")
    with ThreadPoolExecutor(10) as pool:
        came = list(pool.map(lambda _n: _call(session), range(10)))
    assert {kind for kind, _ in came} == {ToolError}
    assert session.report().starts == 1


def test_a_server_that_answers_no_call_is_ended_and_started_anew(hostile: Hostile) -> None:
    """Two calls without an answer are enough; the third goes to a new process."""
    session = hostile("hangs_once", limits=_SHORT)
    assert [_call(session)[0] for _ in range(2)] == [InDoubt, InDoubt]
    assert _call(session) == _echo()


def test_a_server_that_never_answers_is_not_waited_for_all_through_a_run(hostile: Hostile) -> None:
    """After three calls in a row it is out of order, at once; calls side by side count as one."""
    session = hostile("hangs", limits=_SHORT)
    session.tools()
    with ThreadPoolExecutor(6) as pool:
        came = list(pool.map(lambda _n: _call(session)[0], range(6)))
    came += [_call(session)[0] for _ in range(2)]
    assert came == [InDoubt] * 8
    started = time.monotonic()
    assert [_call(session) for _ in range(20)] == [
        (
            ToolError,
            "MCP server plain answered none of the last 3 calls in time, and is not called again for 5 minutes",
        )
    ] * 20
    assert time.monotonic() - started < 10


def test_a_server_that_says_nothing_at_all_is_given_up_in_time(hostile: Hostile) -> None:
    """The whole start has one time-out, the search for the era included."""
    session = hostile("silent", limits=ServerLimits(start_s=1.5))
    assert _call(session)[1].startswith("MCP server plain cannot be started: it did not answer in time")


def test_an_old_server_that_ignores_what_it_does_not_know_is_shaken_hands_with(hostile: Hostile) -> None:
    """The search for the newer era has a time-out of its own, which is shorter than that of a start by default."""
    assert hostile("knows_no_other_era", limits=ServerLimits()).facts().protocol == "2025-11-25"


def test_secrets_are_taken_out_of_last_words(hostile: Hostile) -> None:
    """What the server was given, and what the redactor finds."""
    session = hostile(
        "dies",
        env={"TOKEN": "${env:TOKEN}"},
        options={"resolve": lambda _name: "s3cr3t/value", "redact": lambda text: text.replace("cheese", "[food]")},
    )
    assert _call(session)[1].endswith("its last words: panic: out of [food], token=[hidden]")


def test_calls_of_one_server_run_side_by_side(hostile: Hostile) -> None:
    """Answers find their callers, in whatever order they come."""
    session = hostile()
    with ThreadPoolExecutor(8) as pool:
        came = list(pool.map(lambda n: session.call("echo", {"text": str(n)}), range(40)))
    assert came == [_echo(str(n)) for n in range(40)]


def test_many_servers_start_side_by_side(hostile: Hostile) -> None:
    """Six servers that take two seconds each to start do not take twelve."""
    sessions = [hostile("slow_start") for _ in range(6)]
    sessions[0].tools()
    started = time.monotonic()
    with ThreadPoolExecutor(6) as pool:
        assert {len(tools) for tools in pool.map(lambda one: one.tools(), sessions)} == {4}
    assert time.monotonic() - started < 10


def test_more_calls_than_may_be_are_not_sent(hostile: Hostile) -> None:
    """The cap is that of the settings; a minute later there is room again."""
    now = [1000.0]
    session = hostile(limits=ServerLimits(calls_per_minute=2), options={"monotonic": lambda: now[0]})
    came = [_call(session) for _ in range(3)]
    now[0] += 60
    assert [*came, _call(session)] == [
        _echo(),
        _echo(),
        (ToolError, "MCP server plain was called 2 times in a minute, and may not be called more"),
        _echo(),
    ]


class _Memory:
    """How much more memory than before was in use at any time; None where the system does not say."""

    def __init__(self) -> None:
        self._before = self._now("VmRSS") if self._reset() else None

    def grown_mib(self) -> float:
        return 0.0 if self._before is None else (self._now("VmHWM") - self._before) / 1024

    def _reset(self) -> bool:
        try:
            Path("/proc/self/clear_refs").write_text("5")
        except OSError:
            return False
        return True

    def _now(self, name: str) -> int:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(name))
