"""``kubernetes_can_i``: what this identity may do, as the API server itself decides it.

Sources: https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/self-subject-access-review-v1/
and self-subject-rules-review-v1. Asking changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.clock import Clock
from agentops.core.errors import ToolInputError
from agentops.core.evidence import Reading
from agentops.core.table import table
from agentops.core.text import one_line
from agentops.providers.kubernetes.api.client import Cluster
from agentops.providers.kubernetes.read.arguments import Arguments
from agentops.providers.kubernetes.read.declaration import ANY_NAMESPACE, NAME, read_tool, text
from agentops.providers.kubernetes.read.phrases import in_namespace

_RULES_SHOWN = 100


@read_tool(
    "kubernetes_can_i",
    "Whether this identity may do something, or without a verb all that it may do.",
    {
        "verb": text("get, list, patch ..."),
        "kind": NAME,
        "subresource": text("e.g. log"),
        "name": NAME,
        "namespace": ANY_NAMESPACE,
    },
    permissions=("create selfsubjectaccessreviews", "create selfsubjectrulesreviews"),
)
def can_i(cluster: Cluster, _clock: Clock, arguments: Arguments) -> Reading:
    """Return yes or no for one verb on one kind, or without a verb the rules that hold in a namespace.

    Raises:
        ToolInputError: an argument cannot be used, or a verb comes without a kind.
        ClusterError: as ``Cluster.review``.
    """
    namespace = arguments.namespace(cluster.namespace)
    verb = arguments.text("verb")
    if not verb:
        return _rules(cluster, namespace or cluster.namespace)
    if not arguments.text("kind"):
        raise ToolInputError("kubernetes_can_i: a verb needs a kind", hint="Name the kind, e.g. pods or deployments.")
    kind = cluster.kind(arguments.text("kind"))
    attributes: dict[str, str] = {
        "verb": arguments.name("verb").lower(),
        "group": kind.group,
        "resource": kind.plural,
        "namespace": namespace if kind.namespaced else "",
    }
    attributes |= {field: value for field in ("subresource", "name") if (value := arguments.optional_name(field))}
    # The server answers by its own authorizer, so that webhooks and groups count as they do for real requests.
    status = cluster.review("SelfSubjectAccessReview", {"resourceAttributes": attributes})
    allowed = bool(status.get("allowed"))
    where = in_namespace(namespace, namespaced=kind.namespaced)
    what = kind.plural + (f"/{attributes['subresource']}" if "subresource" in attributes else "")
    subject = f"{attributes['verb']} {what}" + (f" {attributes['name']}" if "name" in attributes else "") + f" {where}"
    reason = one_line(str(status.get("reason") or status.get("evaluationError") or ""), 200)
    body = f"{'yes' if allowed else 'no'}: {subject}" + (f" ({reason})" if reason else "")
    return Reading(body=body, summary=body)


def _rules(cluster: Cluster, namespace: str) -> Reading:
    status = cluster.review("SelfSubjectRulesReview", {"namespace": namespace})
    rules = [rule for rule in status.get("resourceRules") or () if isinstance(rule, Mapping)]
    rows = [(_joined(rule, "verbs"), _resources(rule), _joined(rule, "resourceNames") or "-") for rule in rules]
    notes = []
    if status.get("incomplete"):
        notes.append(f"The server could not list all rules: {one_line(str(status.get('evaluationError') or ''), 200)}")
    if len(rows) > _RULES_SHOWN:
        notes.append(f"Only {_RULES_SHOWN} of {len(rows)} rules are shown.")
    body = table(("VERBS", "RESOURCES", "NAMES"), rows[:_RULES_SHOWN]) if rows else "There are no rules."
    return Reading(body=body, summary=f"{len(rows)} rules for this identity in {namespace}", footer=" ".join(notes))


def _joined(rule: Mapping[str, Any], field: str) -> str:
    return ",".join(str(value) for value in rule.get(field) or ())


def _resources(rule: Mapping[str, Any]) -> str:
    groups = [str(group) for group in rule.get("apiGroups") or ("",)]
    names = [str(name) for name in rule.get("resources") or ()]
    return ",".join(f"{name}.{group}" if group else name for name in names for group in groups)
