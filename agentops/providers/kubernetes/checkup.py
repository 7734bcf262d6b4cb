"""The checks of ``agentops doctor`` for Kubernetes: is there a cluster, does it answer, may it be read.

Comes in: what a run hands to providers. Goes out: one result for each thing that was looked at. Reads only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from agentops.core.commands import command_line, quoted
from agentops.core.errors import AgentopsError
from agentops.core.provider import CheckResult, ProviderContext
from agentops.core.text import plural

if TYPE_CHECKING:
    from agentops.providers.kubernetes.api.client import Cluster

_MONITORING = {"prometheus": 9090, "alertmanager": 9093}
_BESIDE = {"exporter", "operator", "adapter", "pushgateway", "grafana"}
"""What stands beside a Prometheus and has its name in its own."""
_GRAVE_SHOWN = 6
_NEEDED_READS = ("pods", "events", "deployments", "services", "nodes")


def check_up(context: ProviderContext) -> Iterator[CheckResult]:
    """Yield what was found about the cluster of the settings: whether there is one, answers, and may be read."""
    from agentops.providers.kubernetes.api.opening import open_clients, open_for_changes

    hint = "Give --context or --kubeconfig, or try the embedded cluster: --sandbox"
    try:
        reading = open_clients(context)
        changing = open_for_changes(context, reading)
    except AgentopsError as error:
        yield CheckResult(name="cluster", state="bad", text=error.message, hint=error.hint or hint)
        return
    cluster = reading.cluster
    yield CheckResult(name="context", state="ok", text=f"{cluster.context}, namespace {cluster.namespace}")
    reached = _guarded("cluster", lambda: CheckResult(name="cluster", state="ok", text=_reach(cluster)))
    yield reached
    if reached.state == "ok":
        yield _guarded("permissions", lambda: _permissions(cluster))
        is_split = changing is not reading or bool(context.options.get("change_account"))
        may_change = not (is_split or context.options.get("read_only"))
        yield _guarded("rights", lambda: _rights("rights", cluster, context, may_change=may_change))
        if changing is not reading:
            own = changing.cluster
            yield _guarded("change rights", lambda: _rights("change rights", own, context, may_change=True))
        yield from _unused_services(cluster, context)


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
        hint = "The sweep runs without them and says so; agentops access kubernetes --mode read has its role."
        return CheckResult(name="permissions", state="warn", text=f"may not list {', '.join(denied)}", hint=hint)
    return CheckResult(name="permissions", state="ok", text=f"may list {', '.join(_NEEDED_READS)}")


def _rights(name: str, cluster: Cluster, context: ProviderContext, *, may_change: bool) -> CheckResult:
    """Say what this identity may do beyond what agentops needs."""
    from agentops.providers.kubernetes.access.excess import excess_of
    from agentops.providers.kubernetes.access.needs import needs_of
    from agentops.providers.kubernetes.api.unlimited import is_simulated

    mode = "fix" if may_change else "read"
    command = command_line("access", "kubernetes", "--mode", mode)
    hint = f"A role that is enough: {command} (docs/least-privilege.md)"
    lease, disabled = context.options.get("cluster_lease"), context.options.get("disabled_tools") or ()
    needs = needs_of(may_change=may_change, disabled=disabled, has_lease=bool(lease))
    namespaces = context.options.get("namespaces") or (cluster.namespace,)
    found = excess_of(cluster, needs, namespaces)
    if found.unlimited and is_simulated(cluster):
        return CheckResult(name=name, state="ok", text="everything, in a simulated cluster")
    if found.unlimited:
        text = (
            "CLUSTER-ADMIN: this identity may do everything in this cluster, and so may whoever gets hold of it; "
            "agentops makes no change with it where production is"
        )
        return CheckResult(name=name, state="warn", text=text, hint=hint)
    unsure = "; the server could not say all" if found.incomplete else ""
    if not found.grave and not found.more:
        text = f"no more than agentops needs to {mode} in {', '.join(namespaces)}{unsure}"
        return CheckResult(name=name, state="ok", text=text)
    named = ", ".join(found.grave[:_GRAVE_SHOWN])
    grave = f"it may {named}" + (
        f" and {len(found.grave) - _GRAVE_SHOWN} like it" if len(found.grave) > _GRAVE_SHOWN else ""
    )
    others = f"{plural(found.more, 'right')} to what is less grave"
    said = "; ".join(one for one, is_there in ((grave, found.grave), (others, found.more)) if is_there)
    return CheckResult(name=name, state="warn", text=f"more than agentops needs: {said}{unsure}", hint=hint)


def _unused_services(cluster: Cluster, context: ProviderContext) -> Iterator[CheckResult]:
    """Yield the Service of each monitoring system that a setting could lead to and none does.

    It is named and not used: the way to a Service leads through the API server's ``proxy``, where a GET can act.
    """
    from agentops.providers.kubernetes.api.client import Selection
    from agentops.providers.kubernetes.objects.kinds import builtin

    wanted = [one for one in _MONITORING if not context.options.get(f"{one}_url")]
    if not wanted:
        return
    try:
        services, _more = cluster.list_objects(builtin("Service"), Selection())
    except AgentopsError:
        return  # what may not be listed was told above
    for name in wanted:
        found = next((one for one in services if looks_like(one, name, _MONITORING[name])), None)
        if found is not None:
            meta = found["metadata"]
            place = f"{meta['namespace']}/{meta['name']}"
            service = f"-n {quoted(meta['namespace'])} port-forward {quoted('svc/' + meta['name'])}"
            forward = f"kubectl {service} {_MONITORING[name]}"
            hint = f"Set {name}_url to an address that this machine reaches ({forward}); docs/prometheus.md."
            yield CheckResult(name=name, state="warn", text=f"not used; Service {place} looks like it", hint=hint)


def looks_like(service: Mapping[str, Any], name: str, port: int) -> bool:
    """Return whether a Service looks like one of a monitoring system: by its own name or labels, and its port."""
    meta, spec = service.get("metadata") or {}, service.get("spec") or {}
    labels = meta.get("labels") or {}
    said = [meta.get("name"), labels.get("app.kubernetes.io/name"), labels.get("app")]
    words = [re.split(r"[^a-z0-9]+", str(one or "").lower()) for one in said]
    is_named = any(name in one for one in words) and not any(_BESIDE & set(one) for one in words)
    return is_named and any(one.get("port") == port for one in spec.get("ports") or ())


def _guarded(name: str, look: Callable[[], CheckResult]) -> CheckResult:
    try:
        return look()
    except AgentopsError as error:
        return CheckResult(name=name, state="bad", text=error.message, hint=error.hint)
