"""Triage of a large cluster against merely fetching and decoding the same lists; also when all of its pods crash."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.measure import ENVIRON, Row, row

PODS = 10_000
_HERE = Path(__file__).resolve().parent
_ROUNDS = 5


def scale() -> Iterator[Row]:
    """Measure both in processes of their own, in turns."""
    yield from _of_cluster(f"triage of {PODS:,} pods", every=500)
    yield from _of_cluster(f"triage of {PODS:,} pods that all crash", every=1)


def _of_cluster(name: str, *, every: int) -> Iterator[Row]:
    server = subprocess.Popen(
        [sys.executable, str(_HERE / "big_cluster.py"), str(PODS), str(every)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        with tempfile.TemporaryDirectory() as folder:
            kubeconfig = Path(folder) / "config"
            kubeconfig.write_text(json.dumps(_kubeconfig(url)), encoding="utf-8")
            _measure("fetch", kubeconfig)  # the server encodes each object once; that is nobody's cost
            taken = {name: [_measure(name, kubeconfig) for _ in range(_ROUNDS)] for name in ("fetch", "triage")}
    finally:
        assert server.stdin is not None
        server.stdin.close()
        server.wait(timeout=30)
    fetch, triage = (min(taken[name], key=lambda figures: figures["seconds"]) for name in ("fetch", "triage"))
    assert triage["problems"], "triage found nothing in a cluster with crashing pods"
    yield row(name, triage["seconds"], fetch["seconds"], "at most 1.5")
    peak = max(figures["peak_mb"] for figures in taken["triage"])
    base = max(figures["peak_mb"] for figures in taken["fetch"])
    yield Row(
        name="its peak memory",
        value=f"{peak:,.0f} MB",
        baseline=f"{base:,.0f} MB",
        ratio=f"{peak / base:.2f}",
        aim="under 300 MB",
    )


def _kubeconfig(url: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "big",
        "clusters": [{"name": "big", "cluster": {"server": url}}],
        "users": [{"name": "big", "user": {}}],
        "contexts": [{"name": "big", "context": {"cluster": "big", "user": "big"}}],
    }


def _measure(what: str, kubeconfig: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, str(_HERE / "one_scan.py"), what, str(kubeconfig)],
        check=True,
        capture_output=True,
        text=True,
        env=ENVIRON,
    )
    figures: dict[str, float] = json.loads(done.stdout)
    return figures
