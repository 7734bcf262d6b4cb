"""Admission webhooks whose service is gone or has nothing ready: with failurePolicy Fail they stop all creation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from agentops.core.alert import Severity
from agentops.core.finding import Problem
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.report import quote, subject
from agentops.providers.kubernetes.analyzers.declaration import analyzer, vague
from agentops.providers.kubernetes.objects.fields import items, key_of, number, string_map, text
from agentops.providers.kubernetes.objects.pod_health import is_ready

NAME = "webhooks"

WEBHOOK_UNREACHABLE = vague(
    "WebhookUnreachable", "webhook configuration", "an admission webhook does not answer or has nothing behind it"
)


@analyzer(
    NAME,
    WEBHOOK_UNREACHABLE,
)
def webhooks(graph: Graph) -> Iterable[Problem]:
    """Return the webhook configurations that point at nothing that answers."""
    for kind in ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"):
        for configuration in graph.of(kind):
            for webhook in items(configuration, "webhooks"):
                yield from _webhook(graph, configuration, webhook)


def _webhook(graph: Graph, configuration: dict[str, Any], webhook: dict[str, Any]) -> Iterator[Problem]:
    namespace = text(webhook, "clientConfig", "service", "namespace")
    name = text(webhook, "clientConfig", "service", "name")
    if not name or not graph.was_read("Service", namespace) or not graph.was_read("Pod", namespace):
        return
    service = graph.find("Service", namespace, name)
    label = text(webhook, "name")
    if service is None:
        words = f"its service {namespace}/{name} does not exist"
    else:
        selector = string_map(service, "spec", "selector")
        if not selector or any(is_ready(pod) for pod in graph.pods_labelled(namespace, selector)):
            return
        words = f"its service {namespace}/{name} has no ready pod"
    blocks = text(webhook, "failurePolicy") != "Ignore"
    timeout = number(webhook, "timeoutSeconds", default=10)
    effect = "every request that it watches is refused" if blocks else f"such requests wait up to {timeout}s"
    yield Problem(
        resource=graph.ref(configuration),
        condition="WebhookUnreachable",
        summary=f"{subject(key_of(configuration))}: webhook {label}: {words}, so {effect}",
        severity=Severity.HIGH if blocks else Severity.WARNING,
        analyzer=NAME,
        facts=(
            quote(graph, configuration, f"webhooks[{label}].clientConfig.service", f"{namespace}/{name}"),
            quote(graph, configuration, f"webhooks[{label}].failurePolicy", text(webhook, "failurePolicy") or "Fail"),
        ),
        advice="Bring the webhook's pods back, or remove the configuration when its owner is gone.",
        root=blocks,
    )
