"""A model's endpoint on loopback that plays one conversation with tool calls, in the wire formats of four clients.

It speaks Anthropic's Messages, OpenAI's Chat Completions and OpenAI's Responses, streamed or whole. It thinks nothing:
a script says which tool is called next, and with what; words in angle brackets are taken from an earlier answer of a
tool (``<propose_plan.plan>``). Which step is due is seen from how many answers of tools the request already holds, so
that a client may ask again. A request without tools (a title, a summary) is answered in a word.

Only the standard library. ``requests`` holds every body as it came.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = dict[str, Any]
_WAIT = "WaitForMcpServers"
_MOST_WAITS = 20
_REFERENCE = re.compile(r"<(\w+)\.(\w+)>")


@dataclass(frozen=True)
class ToolCall:
    """One step of the script: a tool of agentops by its own name, and its arguments."""

    tool: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Heard:
    """A request, whichever format it came in: the tools' names, and the answers of tools so far, oldest first, each
    with the id of its call."""

    tools: tuple[str, ...]
    answers: tuple[tuple[str, str], ...]


class ModelServer:
    """Plays a script on 127.0.0.1; a context manager."""

    def __init__(self, script: Sequence[ToolCall], farewell: str = "Done.", *, pauses: Sequence[int] = ()) -> None:
        """Take the script; ``pauses``: after so many answers it ends its turn, and goes on when it is asked again."""
        self.script = list(script)
        self._pauses = set(pauses)
        self.farewell = farewell
        self.requests: list[Json] = []
        self.offered: set[str] = set()
        self.answers: tuple[str, ...] = ()
        self._calls: set[str] = set()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"owner": self}))
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        """Its address, without a path."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> ModelServer:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def due(self, heard: Heard, call: str) -> tuple[str, Json] | None:
        """Return the tool that is called now, by the client's name for it, and its arguments; None at the end.

        Arguments:
            call: the id that the call will have.
        """
        with self._lock:
            self.offered |= set(heard.tools)
            answers = tuple(text for one, text in heard.answers if one in self._calls)
            if len(answers) > len(self.answers):
                self.answers = answers
            if not heard.tools or len(answers) >= len(self.script):
                return None
            if len(answers) in self._pauses:
                self._pauses.discard(len(answers))
                return None
            step = self.script[len(answers)]
            name = next((one for one in heard.tools if _plain(one) == step.tool), None)
            if name is None and _WAIT in heard.tools and len(self.requests) < _MOST_WAITS:
                # Claude Code begins before its servers are there, and has a tool to wait for them.
                return _WAIT, {}
            if name is None:
                raise KeyError(f"the client offers no {step.tool}: {sorted(heard.tools)}")
            self._calls.add(call)
        return name, _filled(dict(step.arguments), self._said(answers))

    def _said(self, answers: Sequence[str]) -> dict[str, str]:
        """Return the last answer of each tool."""
        return {step.tool: answer for step, answer in zip(self.script, answers, strict=False)}

    def answer_of(self, number: int) -> str:
        """Return what the client passed on as the answer of a step."""
        return self.answers[number]


def _plain(name: str) -> str:
    """Return a tool's own name: clients put the server's before it."""
    return re.split(r"agentops(?:__|-|_)", name)[-1]


def _filled(value: Any, said: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(item, said) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, said) for item in value]
    return _REFERENCE.sub(lambda found: _field(said[found[1]], found[2]), value) if isinstance(value, str) else value


def _field(answer: str, name: str) -> str:
    """Return a field of the JSON that is somewhere in an answer, however often a client wrapped it as text."""
    for _ in range(4):
        if found := re.search(rf'"{name}"\s*:\s*"([^"\\]+)"', answer):
            return found[1]
        answer = answer.replace('\\"', '"').replace("\\\\", "\\")
    raise KeyError(f"no {name} in {answer[:400]}")


def _text(content: Any) -> str:
    """Return the text of a message's content: a text, or a list of parts."""
    if isinstance(content, str):
        return content
    return "\n".join(str(one.get("text", one.get("output", ""))) for one in content or [] if isinstance(one, dict))


class _Handler(BaseHTTPRequestHandler):
    owner: ModelServer
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._send("text/plain", b"")

    def do_GET(self) -> None:
        self._send("application/json", json.dumps({"object": "list", "data": [], "has_more": False}).encode())

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))) or b"{}")
        self.owner.requests.append(body)
        path = self.path.partition("?")[0].rstrip("/")
        formats = {"/messages": _Anthropic, "/chat/completions": _Chat, "/responses": _Responses}
        found = next((made for end, made in formats.items() if path.endswith(end)), None)
        if found is None:
            # Counting tokens, telemetry, and whatever else a client asks besides.
            self._send("application/json", b'{"input_tokens": 10}')
            return
        try:
            step = self.owner.due(found.heard(body), found.call(len(self.owner.requests)))
        except KeyError as error:
            self._send(
                "application/json", json.dumps({"error": {"message": str(error), "type": "script"}}).encode(), 400
            )
            return
        events = list(found.events(step, self.owner.farewell, len(self.owner.requests)))
        if body.get("stream"):
            self._send("text/event-stream", "".join(events).encode())
        else:
            whole = found.whole(step, self.owner.farewell, len(self.owner.requests))
            self._send("application/json", json.dumps(whole).encode())

    def _send(self, kind: str, data: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


Step = tuple[str, Json] | None


class _Anthropic:
    """https://docs.anthropic.com/en/api/messages, and its streaming."""

    @staticmethod
    def call(number: int) -> str:
        return f"toolu_{number:04d}"

    @staticmethod
    def heard(body: Json) -> Heard:
        results = [
            (str(part.get("tool_use_id")), _text(part.get("content")))
            for message in body["messages"]
            if isinstance(message["content"], list)
            for part in message["content"]
            if part.get("type") == "tool_result"
        ]
        return Heard(tuple(one["name"] for one in body.get("tools", []) if "name" in one), tuple(results))

    @staticmethod
    def _block(step: Step, farewell: str, number: int) -> Json:
        if step is None:
            return {"type": "text", "text": farewell}
        return {"type": "tool_use", "id": _Anthropic.call(number), "name": step[0], "input": step[1]}

    @classmethod
    def whole(cls, step: Step, farewell: str, number: int) -> Json:
        return {
            "id": f"msg_{number:04d}",
            "type": "message",
            "role": "assistant",
            "model": "scripted",
            "content": [cls._block(step, farewell, number)],
            "stop_reason": "end_turn" if step is None else "tool_use",
            "stop_sequence": None,
            "usage": {"input_tokens": 10, "output_tokens": 10},
        }

    @classmethod
    def events(cls, step: Step, farewell: str, number: int) -> Iterator[str]:
        message = cls.whole(step, farewell, number)
        (block,) = message["content"]
        begun = {**block, "text": ""} if step is None else {**block, "input": {}}
        delta = {"type": "text_delta", "text": farewell}
        if step is not None:
            delta = {"type": "input_json_delta", "partial_json": json.dumps(step[1])}
        for event in (
            {"type": "message_start", "message": {**message, "content": [], "stop_reason": None}},
            {"type": "content_block_start", "index": 0, "content_block": begun},
            {"type": "content_block_delta", "index": 0, "delta": delta},
            {"type": "content_block_stop", "index": 0},
            {
                "type": "message_delta",
                "delta": {"stop_reason": message["stop_reason"], "stop_sequence": None},
                "usage": {"output_tokens": 10},
            },
            {"type": "message_stop"},
        ):
            yield f"event: {event['type']}\ndata: {json.dumps(event)}\n\n"


class _Chat:
    """https://platform.openai.com/docs/api-reference/chat, and its streaming."""

    @staticmethod
    def call(number: int) -> str:
        return f"call_{number:04d}"

    @staticmethod
    def heard(body: Json) -> Heard:
        told = [one for one in body["messages"] if one.get("role") == "tool"]
        answers = [(str(one.get("tool_call_id")), _text(one.get("content"))) for one in told]
        return Heard(
            tuple(one["function"]["name"] for one in body.get("tools", []) if "function" in one), tuple(answers)
        )

    @staticmethod
    def _message(step: Step, farewell: str, number: int) -> Json:
        if step is None:
            return {"role": "assistant", "content": farewell}
        called = {"name": step[0], "arguments": json.dumps(step[1])}
        return {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": _Chat.call(number), "type": "function", "function": called}],
        }

    @classmethod
    def whole(cls, step: Step, farewell: str, number: int) -> Json:
        reason = "stop" if step is None else "tool_calls"
        return {
            "id": f"chatcmpl-{number}",
            "object": "chat.completion",
            "created": 1,
            "model": "scripted",
            "choices": [{"index": 0, "message": cls._message(step, farewell, number), "finish_reason": reason}],
            "usage": {"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20},
        }

    @classmethod
    def events(cls, step: Step, farewell: str, number: int) -> Iterator[str]:
        whole = cls.whole(step, farewell, number)
        head = {name: whole[name] for name in ("id", "created", "model")} | {"object": "chat.completion.chunk"}
        (choice,) = whole["choices"]
        delta = dict(choice["message"])
        if "tool_calls" in delta:
            delta["tool_calls"] = [{**one, "index": 0} for one in delta["tool_calls"]]
        for part, reason in ((delta, None), ({}, choice["finish_reason"])):
            chunk = head | {"choices": [{"index": 0, "delta": part, "finish_reason": reason}]}
            yield f"data: {json.dumps(chunk)}\n\n"
        yield f"data: {json.dumps(head | {'choices': [], 'usage': whole['usage']})}\n\n"
        yield "data: [DONE]\n\n"


class _Responses:
    """https://platform.openai.com/docs/api-reference/responses, and its streaming."""

    @staticmethod
    def call(number: int) -> str:
        return f"call_{number:04d}"

    @staticmethod
    def heard(body: Json) -> Heard:
        given = body.get("input", [])
        items = given if isinstance(given, list) else []
        told = [one for one in items if one.get("type") == "function_call_output"]
        answers = [(str(one.get("call_id")), _text(one.get("output"))) for one in told]
        return Heard(tuple(one["name"] for one in body.get("tools", []) if "name" in one), tuple(answers))

    @staticmethod
    def _item(step: Step, farewell: str, number: int) -> Json:
        if step is None:
            part = {"type": "output_text", "text": farewell, "annotations": []}
            return {
                "id": f"msg_{number}",
                "type": "message",
                "role": "assistant",
                "status": "completed",
                "content": [part],
            }
        return {
            "id": f"fc_{number}",
            "type": "function_call",
            "call_id": _Responses.call(number),
            "name": step[0],
            "arguments": json.dumps(step[1]),
            "status": "completed",
        }

    @classmethod
    def whole(cls, step: Step, farewell: str, number: int) -> Json:
        details = {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
        return {
            "id": f"resp_{number}",
            "object": "response",
            "created_at": 1,
            "status": "completed",
            "model": "scripted",
            "output": [cls._item(step, farewell, number)],
            "parallel_tool_calls": False,
            "tool_choice": "auto",
            "tools": [],
            "usage": {"input_tokens": 10, "output_tokens": 10, "total_tokens": 20, **details},
        }

    @classmethod
    def events(cls, step: Step, farewell: str, number: int) -> Iterator[str]:
        whole = cls.whole(step, farewell, number)
        (item,) = whole["output"]
        begun = {**whole, "status": "in_progress", "output": []}
        for order, event in enumerate(
            (
                {"type": "response.created", "response": begun},
                {"type": "response.output_item.added", "output_index": 0, "item": item},
                {"type": "response.output_item.done", "output_index": 0, "item": item},
                {"type": "response.completed", "response": whole},
            )
        ):
            yield f"event: {event['type']}\ndata: {json.dumps({**event, 'sequence_number': order})}\n\n"
