"""Stubs of the services behind MCP servers: PagerDuty, Slack, Datadog and Grafana, as far as the tests ask them.

Each answers in the form of the service's public API documentation, keeps what it was asked, and listens on loopback.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

Answer = Callable[["Asked"], tuple[int, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request. ``host``: the service that was meant, where the request was led here."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    body: Any
    host: str


@dataclass(slots=True)
class Stub:
    """A running stub: its address, and what it was asked so far."""

    url: str
    asked: list[Asked] = field(default_factory=list)

    def writes(self) -> list[tuple[str, str]]:
        """Return method and path of each request that was no GET."""
        return [(one.method, one.path) for one in self.asked if one.method != "GET"]


@contextmanager
def serving(answer: Answer) -> Iterator[Stub]:
    """Serve ``answer`` until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            parts = urlsplit(self.path)
            data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked = Asked(
                method=self.command,
                path=parts.path,
                query=parse_qs(parts.query),
                body=json.loads(data) if data[:1] in (b"{", b"[") else data.decode(),
                host=self.headers.get("x-meant-for", ""),
            )
            stub.asked.append(asked)
            code, document = answer(asked)
            body = json.dumps(document).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    stub = Stub(f"http://127.0.0.1:{server.server_address[1]}")
    try:
        yield stub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


_SERVICE = {"id": "PSHOP01", "type": "service_reference", "summary": "checkout", "self": None, "html_url": None}
INCIDENT = {
    "id": "Q2INCIDENT",
    "type": "incident",
    "incident_number": 4711,
    "title": "checkout: error rate above 5 %",
    "summary": "[#4711] checkout: error rate above 5 %",
    "status": "triggered",
    "urgency": "high",
    "created_at": "2026-11-29T16:02:11Z",
    "updated_at": "2026-11-29T16:02:11Z",
    "service": _SERVICE,
    "assignments": [],
    "acknowledgements": [],
    "teams": [],
    "escalation_policy": {"id": "PESC", "type": "escalation_policy_reference", "summary": "checkout on-call"},
    "priority": None,
    "resolve_reason": None,
    "html_url": "https://example.pagerduty.com/incidents/Q2INCIDENT",
}
_ME = {"id": "PUSER1", "type": "user", "name": "On Call", "email": "oncall@example.com", "teams": [], "role": "user"}


def pagerduty(asked: Asked) -> tuple[int, Any]:
    """PagerDuty's REST API v2: who one is, incidents, notes."""
    page = {"limit": 100, "offset": 0, "more": False, "total": None}
    if asked.path == "/users/me":
        return 200, {"user": _ME}
    if asked.method == "GET" and asked.path == "/incidents":
        return 200, {"incidents": [INCIDENT], **page}
    if asked.method == "GET" and asked.path == f"/incidents/{INCIDENT['id']}":
        return 200, {"incident": INCIDENT}
    if asked.path == f"/incidents/{INCIDENT['id']}/notes":
        note = {"id": "PNOTE", "content": "", "created_at": "2026-11-29T16:10:00Z", "user": _ME}
        return (201, {"note": note}) if asked.method == "POST" else (200, {"notes": []})
    if asked.path == "/change_events":
        return 200, {"change_events": [], **page}
    return 404, {"error": {"message": "Not Found", "code": 2100}}


def slack(asked: Asked) -> tuple[int, Any]:
    """Slack's Web API: channels, what was said in one, and a message posted."""
    method = asked.path.removeprefix("/api/")
    if method == "conversations.list":
        channel = {"id": "C0INC", "name": "incidents", "is_archived": False, "num_members": 7}
        return 200, {"ok": True, "channels": [channel], "response_metadata": {"next_cursor": ""}}
    if method == "conversations.history":
        text = "rolled checkout to 2.4.1 at 16:00"
        return 200, {"ok": True, "messages": [{"type": "message", "user": "U1", "text": text, "ts": "1764432000.0001"}]}
    if method == "chat.postMessage":
        return 200, {"ok": True, "channel": "C0INC", "ts": "1764432600.0001"}
    return 200, {"ok": False, "error": "unknown_method"}


def datadog(asked: Asked) -> tuple[int, Any]:
    """Datadog's API: monitors, and hosts that are muted."""
    if asked.path == "/api/v1/monitor":
        monitor = {
            "id": 17,
            "name": "checkout error rate",
            "type": "metric alert",
            "query": "avg(last_5m):avg:checkout.errors{*} > 5",
            "message": "",
            "overall_state": "Alert",
            "tags": ["service:checkout"],
            "options": {},
            "created": "2026-11-01T00:00:00Z",
            "modified": "2026-11-29T16:00:00Z",
        }
        return 200, [monitor]
    if asked.method == "GET" and asked.path == "/api/v1/hosts":
        return 200, {"host_list": [], "total_matching": 0, "total_returned": 0}
    if asked.path.endswith("/mute"):
        return 200, {"action": "Muted", "hostname": asked.path.split("/")[-2], "end": None, "message": None}
    return 404, {"errors": ["Not found"]}


def grafana(asked: Asked) -> tuple[int, Any]:
    """Grafana's API: what it is, and its rules with their states."""
    if asked.path == "/api/frontend/settings":
        return 200, {"buildInfo": {"version": "12.4.0"}}
    if asked.path == "/api/prometheus/grafana/api/v1/rules":
        rule = {
            "name": "checkout error rate",
            "uid": "rule-checkout",
            "folderUid": "shop",
            "type": "alerting",
            "state": "firing",
            "health": "ok",
            "query": "",
            "duration": 300,
            "labels": {"severity": "critical"},
            "annotations": {"summary": "over 5 %"},
            "lastEvaluation": "2026-11-29T16:02:00Z",
            "alerts": [],
        }
        group = {"name": "checkout", "file": "shop", "folderUid": "shop", "interval": 60, "rules": [rule]}
        return 200, {"status": "success", "data": {"groups": [group], "totals": {"firing": 1}}}
    return 404, {"message": "Not found"}
