"""How each analyzer grows with the cluster: ``python -m tests.benchmarks.analyzer_growth`` prints seconds for N and 4N.

Every workload fails, has a Service, a NetworkPolicy and a CronJob that names it, and asks for two others. What takes
much more than four times as long with four times as much is not linear.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Any

from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analyzers.registry import ANALYZERS
from agentops.providers.kubernetes.objects.snapshot import LogTail, Snapshot
from tests.providers.kubernetes.analyzers.builder import ALL_KINDS, Builder

SMALL, TIMES = 400, 4
_LOGS = 12


def _workload(build: Builder, number: int, count: int) -> Iterator[dict[str, Any]]:
    name = f"app{number}"
    env = [
        build.env("UP_HOST", f"app{(number + 1) % count}"),
        build.env("UP_URL", f"http://app{(number + 7) % count}:81"),
    ]
    containers = [build.container(name, env=env)]
    pod = build.pod(name, 0, containers=containers, statuses=[build.crashed(name=name)])
    yield from (build.deployment(name, 1, 0, containers=containers), build.replica_set(name, 1, containers=containers))
    yield from (pod, build.service(name), build.event(pod, "BackOff", "Back-off restarting failed container"))
    peer = {"podSelector": {"matchLabels": {"app": f"app{(number - 1) % count}"}}}
    rules = {"podSelector": {"matchLabels": {"app": name}}, "policyTypes": ["Ingress"], "ingress": [{"from": [peer]}]}
    yield {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": build.meta(name), "spec": rules}
    told = {"name": "x", "command": ["sh", "-c", f"kubectl patch deployment {name}"]}
    job = {"spec": {"template": {"spec": {"containers": [told]}}}}
    spec = {"schedule": "* * * * *", "jobTemplate": job}
    yield {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": build.meta(f"{name}-cron"), "spec": spec}


def failing_cluster(count: int) -> Snapshot:
    """Return a cluster of so many workloads, all of which fail."""
    build = Builder()
    found = [obj for number in range(count) for obj in _workload(build, number, count)]
    kinds: dict[str, list[dict[str, Any]]] = {kind: [] for kind in ALL_KINDS}
    for obj in found:
        kinds[obj["kind"]].append(obj)
    kinds["Node"] = [build.node(f"node-{number}") for number in range(count // 10)]
    lines = (*["2026-11-22T15:58:00Z INFO served"] * 40, "dial tcp app3:80: connect: connection refused")
    pods = kinds["Pod"][:_LOGS]
    logs = tuple(
        LogTail(namespace="shop", pod=pod["metadata"]["name"], container=pod["metadata"]["labels"]["app"],
                previous=True, lines=lines)
        for pod in pods
    )  # fmt: skip
    objects = {kind: tuple(of_kind) for kind, of_kind in kinds.items()}
    return Snapshot(context="growth", observed_at=build.now, objects=objects, logs=logs)


def seconds_of(count: int) -> dict[str, float]:
    """Return how long each analyzer takes on a cluster of so many workloads."""
    graph, found = Graph(failing_cluster(count)), {}
    for analyzer in ANALYZERS:
        begun = time.perf_counter()
        list(analyzer.function(graph))
        found[analyzer.name] = time.perf_counter() - begun
    return found


def main() -> None:
    """Print the table."""
    small, large = seconds_of(SMALL), seconds_of(SMALL * TIMES)
    sys.stdout.write(f"{'analyzer':20} {SMALL:>8} {SMALL * TIMES:>8}  times\n")
    for name, seconds in small.items():
        sys.stdout.write(f"{name:20} {seconds:8.3f} {large[name]:8.3f}  {large[name] / max(seconds, 0.001):5.1f}\n")


if __name__ == "__main__":
    main()
