"""What the sandbox costs with 10,000 pods on 1,000 nodes: to load, to list over HTTPS, to hold in memory.

Run as a program (``plain`` or ``sandbox``) it measures once and prints the figures as JSON.
"""

from __future__ import annotations

import json
import resource
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks.measure import ENVIRON, Row, row

_ROOT = Path(__file__).resolve().parents[2]
PODS = 10_000
_ROUNDS = 5
_MB = 1024
_PATH = "/api/v1/pods"


def sandbox_scale() -> Iterator[Row]:
    """Measure in processes of their own: the plain objects, and the sandbox that holds them."""
    plain, sandbox = (_measure(what) for what in ("plain", "sandbox"))
    assert sandbox["items"] == PODS
    yield row(f"sandbox: load {PODS:,} pods", sandbox["made_s"], plain["made_s"], "under 5 s")
    yield row("sandbox: list them all", sandbox["list_s"], sandbox["dumps_s"], "at most 1")
    yield row("sandbox: a page of 500", sandbox["page_s"], sandbox["dumps_page_s"], "at most 1")
    yield Row(
        name="sandbox: memory when served",
        value=f"{sandbox['peak_mb']:,.0f} MB",
        baseline=f"{plain['peak_mb']:,.0f} MB",
        ratio=f"{sandbox['peak_mb'] / plain['peak_mb']:.2f}",
        aim="under 1 GB",
    )


def _measure(what: str) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.benchmarks.sandbox_scale", what]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=ENVIRON, cwd=_ROOT)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def main(what: str) -> None:
    """Make the objects, plain or loaded and listed once; print what it cost."""
    from tests.benchmarks.big_cluster import objects

    now = datetime.now(UTC)
    figures: dict[str, float] = {}
    if what == "plain":
        held: list[object] = []
        figures["made_s"] = _best(lambda: held.extend(objects(PODS, now)), 1)
        figures["peak_mb"] = _peak_mb()
    else:
        _serve(objects(PODS, now), figures)
    sys.stdout.write(json.dumps(figures) + "\n")


def _serve(objects: Iterator[dict[str, object]], figures: dict[str, float]) -> None:
    from agentops.sandbox.api_server import ApiServer
    from agentops.sandbox.store import ObjectStore
    from agentops.sandbox.wire.request import User
    from tests.sandbox.silent import NoLogs

    store = ObjectStore(lambda: datetime.now(UTC))
    figures["made_s"] = _best(lambda: store.load(objects), 1)
    server = ApiServer(store, logs=NoLogs(), tls=True, tokens={"t": User(name="a", groups=("system:masters",))})
    url = server.start()
    trust = ssl.create_default_context(cadata=server.ca_certificate)

    def fetch(query: str = "") -> bytes:
        asked = urllib.request.Request(f"{url}{_PATH}{query}", headers={"Authorization": "Bearer t"})
        with urllib.request.urlopen(asked, context=trust) as answer:
            return bytes(answer.read())

    figures["first_s"] = _best(fetch, 1)
    figures["list_s"] = _best(fetch, _ROUNDS)
    figures["page_s"] = _best(lambda: fetch("?limit=500"), _ROUNDS)
    figures["peak_mb"] = _peak_mb()
    whole, page = json.loads(fetch()), json.loads(fetch("?limit=500"))
    figures["items"] = len(whole["items"])
    figures["dumps_s"] = _best(lambda: json.dumps(whole), _ROUNDS)
    figures["dumps_page_s"] = _best(lambda: json.dumps(page), _ROUNDS)
    server.stop()


def _best(act: Callable[[], object], rounds: int) -> float:
    taken = []
    for _ in range(rounds):
        begun = time.perf_counter()
        act()
        taken.append(time.perf_counter() - begun)
    return min(taken)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MB


if __name__ == "__main__":
    main(sys.argv[1])
