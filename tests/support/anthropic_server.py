"""A local server that speaks the Anthropic wire format with server-sent events, and misbehaves on demand.

In tests, use the fixture ``anthropic_server``. By hand, or as a process for tests of the command line::

    python tests/support/anthropic_server.py SCRIPT.yaml --port 0

prints its address and serves the turns of the script one after the other. A script is the same file that
``--model scripted:FILE`` takes (see ``agentops/agent/models/scripted.py``); a turn may have a mapping ``wire`` besides:

    status: 429                 an HTTP error instead of a stream
    type: rate_limit_error      its error type          message: "..."         its words
    headers: {retry-after: "1"}
    error_event: overloaded_error   an error event after ``after`` events
    cut: reset | eof | close    end the stream after ``after`` events: RST, clean end, or end without the last chunk
    after: 3                    how many events are sent before that
    delay_s: 0.2                pause before each event
    partial_json: '{"na'        the raw arguments of the first tool call, instead of its arguments
    raw: "..."                  this body instead of a stream       content_type: text/html
    reject_if: thinking         answer 400 naming this parameter for as long as requests carry it; not a turn
    no_stop: true               leave out the stop reason
"""

from __future__ import annotations

import argparse
import contextlib
import json
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from agentops.agent.model import ModelFailure, ModelRequest, Turn
from agentops.agent.models.scripted import Scripted, checked
from agentops.core.progress import no_progress


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it arrived; header names in lower case."""

    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    raw: bytes


class AnthropicServer:
    """Serves scripted turns on 127.0.0.1; a context manager. ``requests`` holds what it was sent."""

    def __init__(self, turns: Sequence[Mapping[str, Any]], port: int = 0) -> None:
        self.turns = list(turns)
        self.requests: list[Received] = []
        self.first_request_at: float | None = None
        self.closed_by_client = threading.Event()
        self._next = 0
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), type("Handler", (_Handler,), {"owner": self}))
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]

    @property
    def url(self) -> str:
        """What to set ``ANTHROPIC_BASE_URL`` to."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> AnthropicServer:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def take(self, received: Received) -> Mapping[str, Any]:
        """Record a request and return the turn that answers it."""
        with self._lock:
            self.first_request_at = self.first_request_at or time.time()
            self.requests.append(received)
            if self._next >= len(self.turns):
                message = "the script of this test server has no further turn"
                return {"wire": {"status": 400, "type": "invalid_request_error", "message": message}}
            turn = self.turns[self._next]
            unwanted = turn.get("wire", {}).get("reject_if")
            if unwanted and unwanted in received.body:
                message = f"{unwanted}: Extra inputs are not permitted"
                return {"wire": {"status": 400, "type": "invalid_request_error", "message": message}}
            self._next += 1
            return turn


class _Handler(BaseHTTPRequestHandler):
    owner: AnthropicServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        received = Received(self.path, headers, json.loads(raw), raw)
        script = self.owner.take(received)
        wire = script.get("wire", {})
        number = len(self.owner.requests)
        if "status" in wire:
            self._refuse(wire, number)
        elif "raw" in wire:
            self._answer(200, wire.get("content_type", "text/event-stream"), wire["raw"].encode(), number)
        else:
            self._play(script, wire, received, number)

    def _play(self, script: Mapping[str, Any], wire: Mapping[str, Any], received: Received, number: int) -> None:
        request = ModelRequest(system="", tools=(), messages=tuple(received.body["messages"]))
        try:
            turn = Scripted([{k: v for k, v in script.items() if k != "wire"}]).turn(request, no_progress)
        except ModelFailure as failure:
            self._refuse({"status": 400, "type": "invalid_request_error", "message": failure.message}, number)
            return
        self.send_response(200)
        self.send_header("content-type", "text/event-stream; charset=utf-8")
        self.send_header("request-id", f"req_{number}")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            self._stream(turn, wire)

    def _stream(self, turn: Turn, wire: Mapping[str, Any]) -> None:
        for sent, event in enumerate(_events(turn, wire)):
            if sent == wire.get("after", -1):
                if "error_event" in wire:
                    error = {"type": wire["error_event"], "message": wire.get("message", "Overloaded")}
                    self._event({"type": "error", "error": error})
                    break
                if self._cut(wire.get("cut")):
                    return
            if wire.get("delay_s"):
                self._wait(wire["delay_s"])
            self._event(event)
        self.wfile.write(b"0\r\n\r\n")

    def _cut(self, how: str | None) -> bool:
        """End the stream here; False when it should go on."""
        if how == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.wfile.flush()
            self.connection.close()
        elif how == "close":
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
        elif how == "eof":
            self.wfile.write(b"0\r\n\r\n")
        self.close_connection = how in ("reset", "close")
        return how is not None

    def _wait(self, delay_s: float) -> None:
        """Pause, and notice when the client hangs up meanwhile."""
        self.connection.settimeout(delay_s)
        try:
            if self.connection.recv(1, socket.MSG_PEEK) == b"":
                self.owner.closed_by_client.set()
                raise ConnectionError
        except TimeoutError:
            pass
        except OSError:
            self.owner.closed_by_client.set()
            raise
        finally:
            with contextlib.suppress(OSError):
                self.connection.settimeout(None)

    def _event(self, event: Mapping[str, Any]) -> None:
        data = f"event: {event['type']}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n".encode()
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def _refuse(self, wire: Mapping[str, Any], number: int) -> None:
        error = {"type": wire.get("type", "api_error"), "message": wire.get("message", "It does not work.")}
        body = json.dumps({"type": "error", "error": error, "request_id": f"req_{number}"}).encode()
        self._answer(wire["status"], "application/json", body, number, wire.get("headers", {}))

    def _answer(
        self, status: int, content_type: str, body: bytes, number: int, headers: Mapping[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(body)))
        self.send_header("request-id", f"req_{number}")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing on stderr."""


def _events(turn: Turn, wire: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the events of a turn as the API sends them: each text in two fragments, a ping in between."""
    usage = turn.usage
    counts = {
        "input_tokens": usage.input_tokens,
        "cache_read_input_tokens": usage.cache_read_tokens,
        "cache_creation_input_tokens": usage.cache_write_tokens,
    }
    start = {"id": "msg_1", "type": "message", "role": "assistant", "model": "wire", "content": [], "stop_reason": None}
    yield {"type": "message_start", "message": {**start, "usage": {**counts, "output_tokens": 1}}}
    yield {"type": "ping"}
    for index, block in enumerate(turn.content):
        begun, deltas = _deltas(block, wire if index == _first_call(turn) else {})
        yield {"type": "content_block_start", "index": index, "content_block": begun}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    details = {"type": "refusal", "category": "cyber", "explanation": turn.detail} if turn.detail else None
    if not wire.get("no_stop"):
        ended = {"stop_reason": turn.stop_reason, "stop_sequence": None, "stop_details": details}
        yield {"type": "message_delta", "delta": ended, "usage": {"output_tokens": usage.output_tokens}}
    yield {"type": "message_stop"}


def _first_call(turn: Turn) -> int:
    return next((index for index, block in enumerate(turn.content) if block["type"] == "tool_use"), -1)


def _deltas(block: Mapping[str, Any], wire: Mapping[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    kind = block["type"]
    if kind == "text":
        parts = _halves(block["text"])
        return {"type": "text", "text": ""}, [{"type": "text_delta", "text": part} for part in parts]
    if kind == "thinking":
        deltas = [{"type": "thinking_delta", "thinking": part} for part in _halves(block["thinking"])]
        return {"type": "thinking", "thinking": "", "signature": ""}, [
            *deltas,
            {"type": "signature_delta", "signature": block["signature"]},
        ]
    raw = wire.get("partial_json", json.dumps(block["input"]))
    deltas = [{"type": "input_json_delta", "partial_json": part} for part in ("", *_halves(raw))]
    return {**block, "input": {}}, deltas


def _halves(text: str) -> tuple[str, str]:
    return text[: len(text) // 2], text[len(text) // 2 :]


def main(arguments: Sequence[str]) -> None:
    """Serve a script until the process is ended."""
    parser = argparse.ArgumentParser(description="Serve a script of model turns in the Anthropic wire format.")
    parser.add_argument("script", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--record", type=Path, help="write each request body to this file, one JSON document a line")
    options = parser.parse_args(arguments)
    with AnthropicServer(load_turns(options.script), port=options.port) as server:
        sys.stdout.write(server.url + "\n")
        sys.stdout.flush()
        written = 0
        while True:
            time.sleep(0.05)
            if options.record and len(server.requests) > written:
                with options.record.open("ab") as file:
                    for received in server.requests[written:]:
                        file.write(received.raw.replace(b"\n", b" ") + b"\n")
                        written += 1


def load_turns(path: Path) -> Sequence[Mapping[str, Any]]:
    """Return the turns of a script; ``wire`` is ours, the rest is checked as ``scripted:`` would."""
    import yaml

    turns: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))["turns"]
    checked([{key: value for key, value in turn.items() if key != "wire"} for turn in turns], str(path))
    return turns


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main(sys.argv[1:])
