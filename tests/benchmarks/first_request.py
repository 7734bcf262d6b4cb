"""From launch to the first request on the wire, against the bare import of the model's SDK."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.benchmarks.measure import ENVIRON, Row, row, run_s

_ROUNDS = 5


class _Endpoint(BaseHTTPRequestHandler):
    """Notes when a request arrives, and refuses it, so that the run ends."""

    arrived: list[float]

    def do_POST(self) -> None:
        """Take the time first."""
        self.arrived.append(time.perf_counter())
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps({"type": "error", "error": {"type": "authentication_error", "message": "no"}}).encode()
        self.send_response(401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing."""


def first_request() -> Iterator[Row]:
    """Measure launch to first request; the cluster and the endpoint are other processes and threads."""
    endpoint = ThreadingHTTPServer(("127.0.0.1", 0), _Endpoint)
    _Endpoint.arrived = []
    threading.Thread(target=endpoint.serve_forever, daemon=True).start()
    program = str(Path(sys.executable).with_name("agentops"))
    cluster = subprocess.Popen(
        [program, "sandbox", "up", "--output", "json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert cluster.stdout is not None
        served = _document(cluster.stdout)
        with tempfile.TemporaryDirectory() as folder:
            yield _compare(program, served, Path(folder), endpoint.server_address[1])
    finally:
        cluster.terminate()
        cluster.wait(timeout=30)
        endpoint.shutdown()


def _document(stream: Any) -> dict[str, Any]:
    text = ""
    for line in stream:
        text += line
        if line == "}\n":
            break
    document: dict[str, Any] = json.loads(text)
    return document


def _compare(program: str, served: dict[str, Any], folder: Path, port: int) -> Row:
    alert = folder / "alert.json"
    alert.write_text(json.dumps(served["alert"]), encoding="utf-8")
    environ = ENVIRON | {
        "AGENTOPS_HOME": str(folder / "home"),
        "KUBECONFIG": served["kubeconfig"],
        "ANTHROPIC_API_KEY": "benchmark",
        "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{port}",
    }
    bare, ours = [], []
    for _ in range(_ROUNDS):
        bare.append(run_s([sys.executable, "-c", "import anthropic"], environ))
        _Endpoint.arrived.clear()
        begun = time.perf_counter()
        subprocess.run([program, "investigate", str(alert)], env=environ, capture_output=True, check=False)
        ours.append(_Endpoint.arrived[0] - begun)
    return row("launch to first request", min(ours), min(bare), "at most 1.15")
