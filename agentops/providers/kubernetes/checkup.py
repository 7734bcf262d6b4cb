"""The checks of ``agentops doctor`` for Kubernetes: is there a cluster, does it answer, may it be read.

Comes in: what a run hands to providers. Goes out: one result for each thing that was looked at. Reads only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from agentops.core.errors import AgentopsError
from agentops.core.provider import CheckResult, ProviderContext

if TYPE_CHECKING:
    from agentops.providers.kubernetes.api.client import Cluster

_NEEDED_READS = ("pods", "events", "deployments", "services", "nodes")


def check_up(context: ProviderContext) -> Iterator[CheckResult]:
    """Yield what was found about the cluster of the settings: whether there is one, answers, and may be read."""
    from agentops.providers.kubernetes.api.writer import connect_clients

    hint = "Give --context or --kubeconfig, or try the embedded cluster: --sandbox"
    try:
        cluster = connect_clients(
            kubeconfig=context.options.get("kubeconfig"),
            context=context.options.get("context"),
            namespace=context.options.get("namespace"),
            cache_dir=context.cache / "kubernetes",
            learn=context.learn,
        ).cluster
    except AgentopsError as error:
        yield CheckResult(name="cluster", state="bad", text=error.message, hint=error.hint or hint)
        return
    yield CheckResult(name="context", state="ok", text=f"{cluster.context}, namespace {cluster.namespace}")
    reached = _guarded("cluster", lambda: CheckResult(name="cluster", state="ok", text=_reach(cluster)))
    yield reached
    if reached.state == "ok":
        yield _guarded("permissions", lambda: _permissions(cluster))


def _reach(cluster: Cluster) -> str:
    return f"Kubernetes {cluster.version()} at {cluster.server}"


def _permissions(cluster: Cluster) -> CheckResult:
    from agentops.core.clock import utc_now
    from agentops.providers.kubernetes.read.registry import read_tools

    can_i = next(tool for tool in read_tools(cluster, utc_now) if tool.spec.name == "kubernetes_can_i")
    denied = []
    for resource in _NEEDED_READS:
        answer = can_i.read({"verb": "list", "kind": resource})
        if not answer.summary.lower().startswith("yes"):
            denied.append(resource)
    if denied:
        hint = "The sweep runs without them and says so; docs/tools.md has the role it needs."
        return CheckResult(name="permissions", state="warn", text=f"may not list {', '.join(denied)}", hint=hint)
    return CheckResult(name="permissions", state="ok", text=f"may list {', '.join(_NEEDED_READS)}")


def _guarded(name: str, look: Callable[[], CheckResult]) -> CheckResult:
    try:
        return look()
    except AgentopsError as error:
        return CheckResult(name=name, state="bad", text=error.message, hint=error.hint)
