"""Pods that the API server refuses to create: quota, limit ranges, Pod Security, webhooks, missing accounts.

The controllers tell it in ``FailedCreate`` events and in a ReplicaSet's ReplicaFailure condition; the words are those
of the admission plugins (``k8s.io/apiserver``, ``plugin/pkg/admission``). The latest refusal counts, and only while the
workload still lacks pods.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from agentops.core.alert import Severity
from agentops.core.conditions import Trait
from agentops.core.finding import Fact, Problem
from agentops.core.text import plural
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.quoting import quoted
from agentops.providers.kubernetes.analysis.report import quote, subject
from agentops.providers.kubernetes.analysis.rollouts import blame
from agentops.providers.kubernetes.analyzers.declaration import OWNER, UNDO, analyzer, exact, information, vague
from agentops.providers.kubernetes.analyzers.webhooks import WEBHOOK_UNREACHABLE
from agentops.providers.kubernetes.objects.fields import (
    Key,
    condition,
    items,
    key_of,
    mapping,
    moment,
    name_of,
    namespace_of,
    number,
    string_map,
    strings,
    text,
)
from agentops.providers.kubernetes.objects.quantity import amount
from agentops.providers.kubernetes.objects.selectors import matches
from agentops.providers.kubernetes.objects.suggestions import likeness

NAME = "creation"
_QUOTA = re.compile(r"exceeded quota: ([\w.-]+), requested: ([^ ]+), used: ([^ ]+), limited: ([^ \n]+)")
_GROWN = exact("QuotaExceeded", "ResourceQuota", "", fields=(".resources.requests", ".resources.limits"))
"""What of a template makes its pods ask for more."""
_NEEDS = re.compile(r"failed quota: ([\w.-]+): must specify ([^\n]+)")
_RANGE = re.compile(
    r"((?:maximum|minimum) (\S+) (?:usage )?per (\w+) is (\S+?),? but (?:limit|request|no limit)[^,\n\]]*)"
)
_SECURITY = re.compile(r'violates PodSecurity "([^"]+)": ([^\n]+)')
_DENIED = re.compile(r'admission webhook "([^"]+)" denied the request(?:: ([^\n]+))?')
_CALL = re.compile(r'failed calling webhook "([^"]+)": ([^\n]+)')
_ACCOUNT = re.compile(r'service ?account "?([\w./-]+)"? (?:was )?not found|serviceaccount "([^"]+)" not found')
_PRIORITY = re.compile(r"no PriorityClass with name (\S+) was found")
_FRESH = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreationRefusal:
    """A creation that was refused for ``key``: the API server's words, when, and how often."""

    key: Key
    message: str
    fact: Fact
    first: datetime | None
    last: datetime | None


REPLICA_SET_FAILING = vague("ReplicaSetFailing", OWNER, "pods cannot be created for another reason", remedies=(UNDO,))


@analyzer(
    NAME,
    exact("QuotaExceeded", "ResourceQuota", "it refuses pods of a workload", fields=(".resources.",), remedies=(UNDO,)),
    exact(
        "QuotaNeedsLimits",
        OWNER,
        "a quota demands requests or limits that the containers do not set",
        fields=(".resources.",),
        remedies=(UNDO,),
    ),
    information("QuotaFull", "ResourceQuota", "it is used up, so the next object will be refused", Trait.BYSTANDER),
    exact(
        "LimitRangeViolation",
        "LimitRange",
        "it refuses the pods' requests or limits",
        fields=(".resources.",),
        remedies=(UNDO,),
    ),
    exact(
        "PodSecurityRejected",
        OWNER,
        "the namespace's Pod Security level refuses the pods",
        fields=("securityContext", "hostPath", "hostNetwork", "volumes["),
        remedies=(UNDO,),
    ),
    exact("WebhookRejected", "webhook configuration", "an admission webhook denies the pods", remedies=(UNDO,)),
    exact(
        "MissingServiceAccount",
        OWNER,
        "the pods' ServiceAccount does not exist",
        fields=("serviceAccount",),
        remedies=(UNDO,),
    ),
    exact("MissingPriorityClass", OWNER, "the pods' PriorityClass does not exist", remedies=(UNDO,)),
    REPLICA_SET_FAILING,
    vague(
        "WebhookChainTimeout",
        OWNER,
        "the admission webhooks on new pods use up the time of the request",
        Trait.SELF_CONTAINED,
        Trait.TELLING,
    ),
    also=(WEBHOOK_UNREACHABLE,),
)
def creation(graph: Graph) -> Iterable[Problem]:
    """Return why the API server refuses to create pods of a workload."""
    for refusal in refusals(graph):
        yield from _explain(graph, refusal)
    yield from _full_quotas(graph)


def refusals(graph: Graph) -> Iterator[CreationRefusal]:
    """Yield the latest refusal of each workload that lacks pods."""
    latest: dict[Key, CreationRefusal] = {}
    for kind in ("ReplicaSet", "StatefulSet", "DaemonSet", "Job", "Deployment"):
        for obj in graph.of(kind):
            refusal = _refusal(graph, obj)
            known = latest.get(refusal.key) if refusal else None
            if refusal and (
                known is None or (refusal.last is not None and (known.last or refusal.last) <= refusal.last)
            ):
                latest[refusal.key] = refusal
    yield from latest.values()


def _refusal(graph: Graph, obj: dict[str, Any]) -> CreationRefusal | None:
    key = graph.top_of(obj)
    failure = condition(obj, "ReplicaFailure")
    events = graph.events(key_of(obj), "FailedCreate")
    lacking = _lacks_pods(obj)
    if events and lacking and (events[-1].last is None or graph.now - events[-1].last <= _FRESH):
        event = events[-1]
        fact = quote(graph, event.event, "message", event.message)
        return CreationRefusal(key=key, message=event.message, fact=fact, first=events[0].first, last=event.last)
    if text(failure, "status") == "True" and lacking:
        message, when = text(failure, "message"), moment(failure, "lastTransitionTime")
        fact = quote(graph, obj, "status.conditions[ReplicaFailure].message", message)
        return CreationRefusal(key=key, message=message, fact=fact, first=when, last=when)
    return None


def _lacks_pods(obj: dict[str, Any]) -> bool:
    kind = text(obj, "kind")
    if kind == "DaemonSet":
        return number(obj, "status", "currentNumberScheduled") < number(obj, "status", "desiredNumberScheduled")
    if kind == "Job":
        return not number(obj, "status", "active") and not text(obj, "status", "completionTime")
    return number(obj, "status", "replicas") < number(obj, "spec", "replicas", default=1)


def _explain(graph: Graph, refusal: CreationRefusal) -> Iterator[Problem]:
    for recognise in (_quota, _limit_range, _security, _webhook, _account):
        problem = recognise(graph, refusal)
        if problem is not None:
            yield problem
            return
    chain = _webhook_chain(graph, refusal) if "did not complete within requested timeout" in refusal.message else ""
    name = "WebhookChainTimeout" if chain else "ReplicaSetFailing"
    yield _problem(graph, refusal, refusal.key, name, f"pods cannot be created: {quoted(refusal.message)}{chain}")


def _webhook_chain(graph: Graph, refusal: CreationRefusal) -> str:
    """Return the admission webhooks that a new pod of the namespace passes, and how long they may wait together."""
    namespace = refusal.key[1]
    kinds = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
    waits = [
        (name_of(configuration), number(webhook, "timeoutSeconds", default=10))
        for configuration, webhook in pod_webhooks(graph, namespace, *kinds)
    ]
    if not waits:
        return ""
    names = ", ".join(dict.fromkeys(name for name, _ in waits))
    total = sum(seconds for _, seconds in waits)
    return f"; {plural(len(waits), 'admission webhook')} watch pods of {namespace} ({names}), {total} s if each waits"


def pod_webhooks(graph: Graph, namespace: str, *kinds: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return the webhooks that see new pods of the namespace, each with its configuration."""
    found = graph.find("Namespace", "", namespace)
    labels = {"kubernetes.io/metadata.name": namespace, **string_map(found, "metadata", "labels")}
    return [
        (configuration, webhook)
        for kind in kinds
        for configuration in graph.of(kind)
        for webhook in items(configuration, "webhooks")
        if any(_watches_pods(rule) for rule in items(webhook, "rules"))
        and (not mapping(webhook, "namespaceSelector") or matches(mapping(webhook, "namespaceSelector"), labels))
    ]


def _watches_pods(rule: dict[str, Any]) -> bool:
    resources, operations = strings(rule, "resources"), strings(rule, "operations")
    return bool({"pods", "*", "*/*"} & set(resources)) and bool({"CREATE", "*"} & set(operations))


def _problem(
    graph: Graph,
    refusal: CreationRefusal,
    resource: Key,
    name: str,
    words: str,
    *,
    advice: str = "Correct what the message names.",
    facts: tuple[Fact, ...] = (),
) -> Problem:
    origin = blame(graph, refusal.key, creation.condition(name), since=refusal.first)
    workload = graph.get(refusal.key)
    none_ready = workload is None or not number(workload, "status", "readyReplicas")
    return Problem(
        resource=graph.ref_of(resource),
        condition=name,
        summary=_headline(refusal.key, resource, words) + (f"; {origin.clause}" if origin else ""),
        severity=Severity.CRITICAL if none_ready else Severity.HIGH,
        analyzer=NAME,
        facts=(refusal.fact, *facts),
        affects=(graph.ref_of(refusal.key),) if resource != refusal.key else (),
        since=refusal.first,
        remedies=origin.remedies if origin else (),
        advice=advice,
    )


def _headline(workload: Key, resource: Key, words: str) -> str:
    """The object at fault comes first; a workload that is refused by something else is named after it."""
    if resource == workload:
        return f"{subject(workload)}: {words}"
    return f"{subject(resource)}: refuses pods of {subject(workload)}: {words}"


def _quota(graph: Graph, refusal: CreationRefusal) -> Problem | None:
    namespace = refusal.key[1]
    match = _QUOTA.search(refusal.message)
    if match:
        name, requested, used, limited = match.groups()
        key = ("ResourceQuota", namespace, name)
        words = f"requested {requested}, used {used}, limited to {limited}"
        quota = graph.get(key)
        facts = tuple(
            quote(graph, quota, f"status.hard.{resource}", value)
            for resource, value in mapping(quota, "status", "hard").items()
            if quota and resource in limited
        )
        advice = f"Raise ResourceQuota {name}, or free what others in {namespace} do not need."
        grown = blame(graph, refusal.key, _GROWN, since=refusal.first)
        if grown is not None:
            advice = (
                f"Put back what {subject(refusal.key)} asks for ({grown.edits[0]}): the request grew, not the quota "
            )
            advice += "shrank."
        problem = _problem(graph, refusal, key, "QuotaExceeded", words, advice=advice, facts=facts)
        if grown is None:
            return problem
        return replace(problem, summary=f"{problem.summary}; {grown.clause}", remedies=grown.remedies)
    match = _NEEDS.search(refusal.message)
    if match:
        name, fields = match.groups()
        words = f"ResourceQuota {namespace}/{name} demands that every container sets {quoted(fields, 100)}"
        advice = f"Set {quoted(fields, 100)}, or give the namespace a LimitRange with defaults."
        return _problem(graph, refusal, refusal.key, "QuotaNeedsLimits", words, advice=advice)
    return None


def _limit_range(graph: Graph, refusal: CreationRefusal) -> Problem | None:
    match = _RANGE.search(refusal.message)
    if match is None:
        return None
    said, resource, scope, bound = match.groups()
    side = "max" if said.startswith("maximum") else "min"
    ranges = graph.in_namespace("LimitRange", refusal.key[1])
    chosen = ranges[0] if len(ranges) == 1 else None
    facts: tuple[Fact, ...] = ()
    for candidate in ranges:
        for limit in items(candidate, "spec", "limits"):
            value = mapping(limit, side).get(resource)
            if text(limit, "type") == scope and value is not None and amount(value) == amount(bound.rstrip(",")):
                chosen, facts = candidate, (quote(graph, candidate, f"spec.limits[{scope}].{side}.{resource}", value),)
    key = key_of(chosen) if chosen is not None else refusal.key
    words = quoted(said) if chosen else f"a LimitRange refuses its pods: {quoted(said)}"
    advice = "Bring the container's requests and limits inside the range, or change the range."
    return _problem(graph, refusal, key, "LimitRangeViolation", words, advice=advice, facts=facts)


def _security(graph: Graph, refusal: CreationRefusal) -> Problem | None:
    match = _SECURITY.search(refusal.message)
    if match is None:
        return None
    words = f'Pod Security level "{match.group(1)}" refuses its pods: {quoted(match.group(2), 240)}'
    advice = "Set the security context that the level asks for."
    return _problem(graph, refusal, refusal.key, "PodSecurityRejected", words, advice=advice)


def _webhook(graph: Graph, refusal: CreationRefusal) -> Problem | None:
    denied, failed = _DENIED.search(refusal.message), _CALL.search(refusal.message)
    match = denied or failed
    if match is None:
        return None
    name, why = match.group(1), match.group(2) or "no reason given"
    key = _configuration_of(graph, name) or refusal.key
    if denied:
        words = f'webhook "{name}" denied it: {quoted(why)}'
        return _problem(
            graph, refusal, key, "WebhookRejected", words, advice="Satisfy the webhook's rule, or change the rule."
        )
    words = f'webhook "{name}" does not answer: {quoted(why)}'
    return _problem(graph, refusal, key, "WebhookUnreachable", words, advice="Bring the webhook's service back.")


def _configuration_of(graph: Graph, webhook: str) -> Key | None:
    for kind in ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"):
        for obj in graph.of(kind):
            if any(text(entry, "name") == webhook for entry in items(obj, "webhooks")):
                return key_of(obj)
    return None


def _account(graph: Graph, refusal: CreationRefusal) -> Problem | None:
    match = _ACCOUNT.search(refusal.message)
    if match:
        name = (match.group(2) or match.group(1)).rpartition("/")[2]
        # The near one is named and never proposed: the pods would get another account's rights.
        like = likeness(name, [name_of(one) for one in graph.in_namespace("ServiceAccount", refusal.key[1])])
        words = f"its ServiceAccount {refusal.key[1]}/{name} does not exist{like.hint}"
        advice = f"Create ServiceAccount {name}, or name another."
        return _problem(graph, refusal, refusal.key, "MissingServiceAccount", words, advice=advice)
    match = _PRIORITY.search(refusal.message)
    if match:
        words = f"its PriorityClass {match.group(1)} does not exist"
        return _problem(
            graph, refusal, refusal.key, "MissingPriorityClass", words, advice="Name a PriorityClass that exists."
        )
    return None


def _full_quotas(graph: Graph) -> Iterator[Problem]:
    """A quota that is used up refuses the next pod: worth knowing, no cause yet."""
    for quota in graph.of("ResourceQuota"):
        hard, used = mapping(quota, "status", "hard"), mapping(quota, "status", "used")
        full = [name for name, bound in hard.items() if amount(bound) > 0 and amount(used.get(name)) >= amount(bound)]
        if full:
            shown = ", ".join(f"{name} {used[name]} of {hard[name]}" for name in full[:4])
            yield Problem(
                resource=graph.ref(quota),
                condition="QuotaFull",
                summary=f"{subject(key_of(quota))}: used up: {quoted(shown)}",
                severity=Severity.INFO,
                analyzer=NAME,
                facts=tuple(quote(graph, quota, f"status.used.{name}", used[name]) for name in full[:4]),
                affects=(),
                advice=f"Whatever is created next in {namespace_of(quota)} will be refused.",
                root=False,
            )
