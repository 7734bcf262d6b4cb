"""A real Prometheus and a real Alertmanager on loopback, with a history that a test gives; skipped where absent."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

_READY_S = 60


@contextmanager
def prometheus(folder: Path, history: str, *, rules: str = "", scrape: str = "") -> Iterator[str]:
    """Serve a Prometheus that has ``history`` (OpenMetrics with times), and yield its address.

    Arguments:
        rules: a file of rules, evaluated each second.
        scrape: ``scrape_configs`` of its configuration.
    """
    for program in ("prometheus", "promtool"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    (folder / "history.om").write_text(history)
    made = subprocess.run(
        ["promtool", "tsdb", "create-blocks-from", "openmetrics", "history.om", "tsdb"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    (folder / "rules.yml").write_text(rules or "groups: []\n")
    (folder / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [rules.yml]\n" + scrape
    )
    port = free_port()
    # A history ends at most now, for what comes later is out of bounds; its last values stay in force for an hour.
    words = ("--config.file=prometheus.yml", "--storage.tsdb.path=tsdb", "--query.lookback-delta=1h")
    with _served(["prometheus", *words, f"--web.listen-address=127.0.0.1:{port}"], folder, port):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def alertmanager(folder: Path, alerts: Sequence[Mapping[str, object]] = ()) -> Iterator[str]:
    """Serve an Alertmanager that has these alerts, and yield its address."""
    if shutil.which("prometheus-alertmanager") is None:
        pytest.skip("prometheus-alertmanager is not installed")
    (folder / "am.yml").write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    port = free_port()
    words = ("--config.file=am.yml", "--storage.path=am", "--cluster.listen-address=")
    with _served(["prometheus-alertmanager", *words, f"--web.listen-address=127.0.0.1:{port}"], folder, port):
        url = f"http://127.0.0.1:{port}"
        if alerts:
            post_alerts(url, alerts)
        yield url


def post_alerts(url: str, alerts: Sequence[Mapping[str, object]]) -> None:
    """Tell an Alertmanager of alerts, as Prometheus does."""
    request = urllib.request.Request(
        f"{url}/api/v2/alerts", json.dumps(alerts).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200


def open_metrics(rows: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """Return series with their points as OpenMetrics: ``{'up{job="api"}': [(seconds, value), ...]}``."""
    families: dict[str, list[str]] = {}
    for series, points in rows.items():
        lines = families.setdefault(series.partition("{")[0], [])
        lines += [f"{series} {value:.6f} {at:.3f}" for at, value in points]
    text = "".join(f"# TYPE {name} unknown\n" + "\n".join(lines) + "\n" for name, lines in families.items())
    return text + "# EOF\n"


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def _served(words: Sequence[str], folder: Path, port: int) -> Iterator[None]:
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(words, cwd=folder, stdout=log, stderr=log)
        try:
            _await(process, f"http://127.0.0.1:{port}/-/ready", folder / "server.log")
            yield
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _await(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    end = time.monotonic() + _READY_S
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"{url} did not become ready: {log.read_text()}")
