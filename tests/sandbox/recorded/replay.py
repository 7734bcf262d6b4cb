"""Plays the recorded requests against an API server and says what differs from the recorded answers.

Comes in: the steps (``*.jsonl`` beside this file) and a ``Client`` for some cluster. Goes out: the answers, without
what differs from run to run, and the differences from the recorded ones. ``README.md`` describes the steps.
Must never: touch anything but the namespace ``recorded``.
"""

from __future__ import annotations

import contextlib
import json
import re
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import yaml
from steady import at, steady, view  # beside this file; it is no package

from agentops.sandbox import scenario
from agentops.sandbox.cluster import Sandbox

HERE = Path(__file__).parent
DIFFERENCES = HERE / "differences.yaml"
NAMESPACE = "recorded"
MERGE = "application/merge-patch+json"
Step = dict[str, Any]


def steps() -> list[Step]:
    """Return every step, in the order in which they build on one another."""
    lines = (line for path in sorted(HERE.glob("*.jsonl")) for line in path.read_text(encoding="utf-8").splitlines())
    return [json.loads(line) for line in lines]


class Client:
    """Sends requests to one server over one connection.

    Arguments:
        url: ``https://HOST:PORT``.
        context: trusts the server, and holds the client certificate if that is how the admin proves itself.
        token: the admin's bearer token; empty with a client certificate.
    """

    def __init__(self, url: str, context: ssl.SSLContext, token: str = "") -> None:
        self._address, self._context, self._token = urlsplit(url).netloc, context, token
        self._lines: list[HTTPSConnection] = []
        self._local = threading.local()

    def send(self, step: Step) -> tuple[int, Any, Mapping[str, str], Any]:
        """Send the request of a step; return code, body (decoded when it is JSON), headers, and the raw response."""
        method, _, path = step["request"].partition(" ")
        headers = {"Accept": "application/json", "User-Agent": "recorder/1", **step.get("headers", {})}
        if step.get("token", self._token):
            headers["Authorization"] = f"Bearer {step.get('token', self._token)}"
        body = step.get("body")
        if body is not None:
            headers["Content-Type"] = step.get("type", "application/json")
            body = body if isinstance(body, str) else json.dumps(body)
        connection = self._connection()
        try:
            connection.request(method, path, body=body, headers=headers)
            response = connection.getresponse()
        except (HTTPException, OSError):
            connection.close()  # it opens again by itself
            return 0, None, {}, None
        if "watch" in step and response.status < 300:
            return response.status, None, response.headers, response
        return response.status, _decoded(response.read()), response.headers, response

    def close(self) -> None:
        """Close every connection that was opened."""
        for line in self._lines:
            line.close()

    def _connection(self) -> HTTPSConnection:
        if not hasattr(self._local, "line"):
            self._local.line = HTTPSConnection(self._address, context=self._context, timeout=60)
            self._lines.append(self._local.line)
        found: HTTPSConnection = self._local.line
        return found


def _lines_of(response: Any) -> Iterator[bytes]:
    with contextlib.suppress(HTTPException):  # a stream that breaks off has shown what it shows
        yield from response


def _decoded(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text.decode()


@dataclass
class Player:
    """Plays steps in order and keeps the answers of those that have a name.

    Arguments:
        client: the cluster.
        wait: lets some seconds pass there: ``time.sleep`` for a real cluster.
    """

    client: Client
    wait: Callable[[float], None]
    saved: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)

    def play(self, step: Step) -> None:
        """Play one step: pause, wait until something holds, watch, or send a request."""
        if "pause_s" in step:
            self.wait(step["pause_s"])
            return
        step = self._filled(step)
        if "until" in step:
            self._until(step)
        elif "watch" in step:
            self.answers[step["name"]] = self._watched(step)
        else:
            self._send(step)

    def _filled(self, step: Step) -> Step:
        """Return the step with ``${name.0}`` replaced by what an earlier answer held, and ``${x*9}`` by 9 x."""

        def value(match: re.Match[str]) -> str:
            if "*" in match[1]:
                return match[1][0] * int(match[1][2:])
            found = at(self.saved, match[1])
            return quote(found, safe="") if match.string.startswith('"') and " /" in match.string[:12] else str(found)

        text = {name: json.dumps(one) for name, one in step.items() if name not in ("answer", "keep", "save")}
        filled = {name: json.loads(re.sub(r"\$\{([\w.*]+)\}", value, one)) for name, one in text.items()}
        return {**step, **filled}

    def _send(self, step: Step) -> None:
        code, body, headers, _ = self.client.send(step)
        if not step["request"].startswith("GET"):
            self.wait(0)  # controllers act between two requests
        for name, place in step.get("save", {}).items():
            self.saved[name] = view(place, body)
        if "name" not in step:
            return
        try:
            kept = view(step["keep"], body) if "keep" in step and code < 300 else body
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            kept = {"unexpected": body, "why": repr(error)}
        found = {"code": code, "body": kept, "type": headers.get("Content-Type"), "warning": headers.get("Warning")}
        self.answers[step["name"]] = steady({key: value for key, value in found.items() if value is not None})

    def _until(self, step: Step) -> None:
        for _ in range(int(step["for_s"] / 0.5)):
            body = self.client.send(step)[1]
            if all(_holds(view(place, body), wanted) for place, wanted in step["until"].items()):
                return
            self.wait(0.5)

    def _watched(self, step: Step) -> Any:
        """Return what a watch shows while other requests, if any, are sent."""
        code, body, _, response = self.client.send(step)
        if response is None or code >= 300:
            return steady({"code": code, "body": body})
        elsewhere = threading.Thread(target=lambda: [self.client.send(one) for one in step["watch"]])
        elsewhere.start()
        seen = []
        for line in _lines_of(response):
            if line.strip():
                event = json.loads(line)
                obj, metadata = event["object"], event["object"].get("metadata") or {}
                shown = obj if obj.get("kind") == "Status" else metadata.get("name")
                seen.append([event["type"], obj.get("kind"), shown, metadata.get("annotations")])
        elsewhere.join()
        return steady({"code": code, "body": seen})


def _holds(found: Any, wanted: Any) -> bool:
    return found == wanted or (isinstance(found, list) and wanted in found)


def category(found: Any, recorded: Any) -> str:
    """Return in which way two answers to one request differ; empty when they are equal."""
    if found == recorded:
        return ""
    ours, theirs = (one["code"] if one else 0 for one in (found, recorded))
    if ours < 300 <= theirs:
        return "succeeds, really refused"
    if theirs < 300 <= ours:
        return "not simulated" if ours == 501 else "refused, really succeeds"
    if ours != theirs:
        return "refused with 501" if ours == 501 else "refused with another code"
    return "refused in other words" if ours >= 300 else "answered otherwise"


def sandbox_answers() -> dict[str, Any]:
    """Return the answers of a sandbox with three empty nodes; its clock moves only where a step waits."""
    start = datetime(2026, 11, 28, 21, 35, 20, tzinfo=UTC)
    with Sandbox(scenario.read(HERE / "cluster.yaml"), ticking=False, now=lambda: start) as sandbox:
        config = yaml.safe_load(sandbox.kubeconfig.read_text(encoding="utf-8"))
        admin = next(one for one in config["contexts"] if one["name"] == "admin")["context"]["user"]
        token = next(one for one in config["users"] if one["name"] == admin)["user"]["token"]
        client = Client(sandbox.url, ssl.create_default_context(cadata=sandbox.server.ca_certificate), token)
        player = Player(client, sandbox.advance)
        for step in steps():
            player.play(step)
        client.close()
    return player.answers


def differences(answers: Mapping[str, Any]) -> dict[str, str]:
    """Return name -> in which way the answer differs from the recorded one, for each that does."""
    named = [step for step in steps() if "name" in step]
    found = {step["name"]: category(answers.get(step["name"]), step["answer"]) for step in named}
    return {name: how for name, how in sorted(found.items()) if how}


def known_differences() -> dict[str, str]:
    """Return the differences that ``differences.yaml`` lists."""
    listed = yaml.safe_load(DIFFERENCES.read_text(encoding="utf-8"))
    return {name: how for how, names in listed.items() for name in names}


def differences_text(answers: Mapping[str, Any]) -> str:
    """Return ``differences.yaml`` as it has to be for these answers."""
    found = differences(answers)
    lines = ["# How the sandbox's answers differ from the recorded ones; written by record.py --differences."]
    for how in sorted(set(found.values())):
        names = [name for name, one in found.items() if one == how]
        lines += [f"{json.dumps(how)}:  # {len(names)}", *(f"- {json.dumps(name)}" for name in names)]
    return "\n".join(lines) + "\n"
