"""Pods whose program the API refuses something: which binding or role lacks what.

A log line names the account and the call; it counts only when the pod runs as that account. From there the bindings are
looked through: a subject that is misspelt, a role that does not exist or lacks the rule, no binding at all. A cure is
attached only to a misspelt subject; whether a program should have a right is for a person to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from agentops.core.alert import Severity
from agentops.core.finding import Fact, Problem
from agentops.core.plan import Change
from agentops.providers.kubernetes.analysis.grants import (
    Grant,
    allows,
    binds,
    grants,
    is_known,
    nearest_rule,
    role_names,
)
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.quoting import quoted
from agentops.providers.kubernetes.analysis.report import quote, severity_of, subject
from agentops.providers.kubernetes.analysis.rollouts import blame
from agentops.providers.kubernetes.analyzers.declaration import OWNER, UNDO, analyzer, exact
from agentops.providers.kubernetes.objects.denials import Denial, denials_in
from agentops.providers.kubernetes.objects.fields import Key, items, key_of, namespace_of, text
from agentops.providers.kubernetes.objects.pod_health import is_well, unready_since
from agentops.providers.kubernetes.objects.suggestions import is_near, likeness

NAME = "permissions"
MOST_DENIALS = 6
API_FORBIDDEN = exact(
    "ApiForbidden",
    OWNER,
    "the API refuses its ServiceAccount what its log asks for; what lacks it is named",
    fields=("serviceAccount",),
    remedies=(UNDO,),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refused:
    """One refusal that a pod of ``workload`` printed, with the line."""

    workload: Key
    pod: dict[str, Any]
    container: str
    denial: Denial
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reason:
    """Why it was refused: the object to look at, the condition, words, facts, and what to do."""

    key: Key
    condition: str
    words: str
    facts: tuple[Fact, ...] = ()
    advice: str = ""
    remedies: tuple[Change, ...] = ()


@analyzer(
    NAME,
    API_FORBIDDEN,
    exact(
        "BindingSubjectMismatch",
        "RoleBinding",
        "it gives what the program needs to an account that does not exist, a near miss",
        remedies=("kubernetes_set_role_binding",),
    ),
    exact("BoundRoleMissing", "RoleBinding", "the role that it gives to the pods' account does not exist"),
)
def permissions(graph: Graph) -> Iterable[Problem]:
    """Return what keeps the workloads' service accounts from what their programs ask of the API."""
    if not graph.snapshot.logs:
        return
    for workload in graph.workloads:
        key = key_of(workload)
        refused = list(_refused(graph, key))[:MOST_DENIALS]
        told: dict[tuple[Key, str], list[tuple[_Refused, _Reason]]] = {}
        for one in refused:
            reason = _why(graph, one)
            if reason is None:
                continue
            told.setdefault((reason.key, reason.condition), []).append((one, reason))
        for members in told.values():
            yield _problem(graph, key, members)


def _refused(graph: Graph, key: Key) -> Iterator[_Refused]:
    seen: set[Denial] = set()
    for pod in graph.pods_of(key):
        account = text(pod, "spec", "serviceAccountName") or "default"
        for container, line in ((tail.container, line) for tail in graph.logs(pod) for line in reversed(tail.lines)):
            for denial in denials_in([line]):
                if denial not in seen and (denial.namespace, denial.account) == (namespace_of(pod), account):
                    seen.add(denial)
                    said = quoted(line, 300)
                    yield _Refused(workload=key, pod=pod, container=container, denial=denial, line=said)


def _why(graph: Graph, one: _Refused) -> _Reason | None:
    """Return why it was refused; None when it is granted by now, so that the line tells of the past."""
    denial = one.denial
    unread = _unread(graph, denial)
    found = list(grants(graph, denial))
    bound = [grant for grant in found if binds(grant, denial)]
    giving = [grant for grant in found if allows(grant.role, denial)]
    if any(binds(grant, denial) for grant in giving):
        return None
    reason = _misspelt(graph, denial, giving) or _dangling(graph, bound)
    if reason is None and unread:
        words = f"the API refuses its ServiceAccount {_account(denial)} to {denial.act}; {unread}"
        advice = f"Look at what is bound to ServiceAccount {_account(denial)}."
        return _Reason(key=one.workload, condition=API_FORBIDDEN.name, words=words, advice=advice)
    return reason or _lacking(graph, one, bound) or _unbound(graph, one, giving)


def _account(denial: Denial) -> str:
    return f"{denial.namespace}/{denial.account}"


def _unread(graph: Graph, denial: Denial) -> str:
    kinds = [("RoleBinding", denial.where), ("Role", denial.where)] if denial.where else []
    missing = [kind for kind, place in (*kinds, ("ClusterRoleBinding", "")) if not is_known(graph, kind, place)]
    return f"what lacks is not known: {', '.join(missing)} could not be read" if missing else ""


def _misspelt(graph: Graph, denial: Denial, giving: Sequence[Grant]) -> _Reason | None:
    """A binding would allow it, to an account of almost this name, or of this name in another namespace."""
    for grant in giving:
        for one in items(grant.binding, "subjects"):
            place, name = text(one, "namespace"), text(one, "name")
            if text(one, "kind") != "ServiceAccount" or not _is_slip(graph, denial, place, name):
                continue
            key = key_of(grant.binding)
            written = f"{place}/{name}"
            words = (
                f"{subject(key)} gives {subject(grant.role_key)} to ServiceAccount {written}, which does not exist; "
            )
            words += f"the pods run as {_account(denial)}, which may therefore not {denial.act}"
            facts = (quote(graph, key, f"subjects[{name}]", f"ServiceAccount {written}"),)
            remedy = _rebind(graph, key, one, denial)
            advice = f"Bind {_account(denial)} instead of {written}."
            return _Reason(
                key=key, condition="BindingSubjectMismatch", words=words, facts=facts, advice=advice, remedies=remedy
            )
    return None


def _is_slip(graph: Graph, denial: Denial, place: str, name: str) -> bool:
    """Return whether a subject may have been meant to be the account: an account that exists was meant itself."""
    if (place, name) == (denial.namespace, denial.account) or graph.find("ServiceAccount", place, name) is not None:
        return False
    same_place = place == denial.namespace
    if same_place and is_near(name, denial.account):
        return graph.was_read("ServiceAccount", place)
    is_no_place = graph.snapshot.was_read("Namespace") and graph.find("Namespace", "", place) is None
    return name == denial.account and is_no_place


def _rebind(graph: Graph, key: Key, wrong: dict[str, Any], denial: Denial) -> tuple[Change, ...]:
    if not text(wrong, "namespace"):
        return ()
    was = {name: text(wrong, name) for name in ("kind", "name", "namespace")}
    now = was | {"name": denial.account, "namespace": denial.namespace}
    reason = f"the subject {was['namespace']}/{was['name']} does not exist; the pods run as {_account(denial)}"
    arguments = {"remove": [was], "add": [now]}
    change = Change(tool="kubernetes_set_role_binding", target=graph.ref_of(key), arguments=arguments, reason=reason)
    return (change,)


def _dangling(graph: Graph, bound: Sequence[Grant]) -> _Reason | None:
    """A binding names the account, and the role that it gives does not exist."""
    for grant in bound:
        kind, place, name = grant.role_key
        if grant.role is not None or not _is_own(grant) or not is_known(graph, kind, place, name):
            continue
        key = key_of(grant.binding)
        like = likeness(name, role_names(graph, grant.role_key))
        words = f"{subject(key)} gives {subject(grant.role_key)}, which does not exist{like.hint}"
        advice = (
            f"Make {subject(grant.role_key)}, or create the binding again: the role that a binding gives cannot change."
        )
        facts = (quote(graph, key, "roleRef", f"{kind} {name}"),)
        return _Reason(key=key, condition="BoundRoleMissing", words=words, facts=facts, advice=advice)
    return None


def _lacking(graph: Graph, one: _Refused, bound: Sequence[Grant]) -> _Reason | None:
    """The account has roles, and none of them holds the call: the one that comes nearest is named."""
    denial = one.denial
    known = [grant for grant in bound if grant.role is not None and _is_own(grant)]
    if not known:
        return None
    asked = denial.resource.partition("/")[0]
    best = max(known, key=lambda grant: (asked in str(grant.role), key_of(grant.binding)[0] == "RoleBinding"))
    words = f"{subject(best.role_key)}, which {subject(key_of(best.binding))} gives to ServiceAccount "
    words += f"{_account(denial)}, does not allow to {denial.act}: {nearest_rule(best.role, denial)}"
    facts = (
        quote(graph, key_of(best.binding), "roleRef", f"{best.role_key[0]} {best.role_key[2]}"),
        quote(graph, best.role_key, "rules", str(items(best.role, "rules"))),
    )
    advice = f"If the program is meant to do this, let {subject(best.role_key)} {denial.act}; else change the program."
    return _Reason(key=one.workload, condition=API_FORBIDDEN.name, words=words, facts=facts, advice=advice)


def _is_own(grant: Grant) -> bool:
    """Return whether the role is somebody's doing: what Kubernetes gives to everybody is not to be extended."""
    return not grant.role_key[2].startswith("system:")


def _unbound(graph: Graph, one: _Refused, giving: Sequence[Grant]) -> _Reason:
    denial = one.denial
    words = f"no binding gives ServiceAccount {_account(denial)} a role that allows to {denial.act}"
    facts: tuple[Fact, ...] = ()
    advice = f"If the program is meant to do this, bind {_account(denial)} to a role that allows it."
    others = [(grant, name) for grant in giving for name in _accounts(grant, denial.namespace)]
    if others:
        grant, name = others[0]
        words += f"; {subject(key_of(grant.binding))} gives one to ServiceAccount {denial.namespace}/{name}"
        facts = (quote(graph, key_of(grant.binding), f"subjects[{name}]", name),)
        advice = f"Let the pods run as {name} (serviceAccountName), or bind {_account(denial)} as well."
    elif unbound := _free_role(graph, denial):
        words += f"; {subject(unbound)} would allow it"
        facts = (quote(graph, unbound, "metadata.name", unbound[2]),)
        advice = f"Bind {_account(denial)} to {subject(unbound)}."
    origin = blame(graph, one.workload, API_FORBIDDEN, since=unready_since(graph.pods_of(one.workload)))
    return _Reason(
        key=one.workload,
        condition=API_FORBIDDEN.name,
        words=words + (f"; {origin.clause}" if origin else ""),
        facts=facts,
        advice=advice,
        remedies=origin.remedies if origin else (),
    )


def _accounts(grant: Grant, namespace: str) -> list[str]:
    return [
        text(one, "name")
        for one in grant.subjects
        if text(one, "kind") == "ServiceAccount" and text(one, "namespace") == namespace
    ]


def _free_role(graph: Graph, denial: Denial) -> Key | None:
    roles = graph.in_namespace("Role", denial.where) if denial.where else []
    return next((key_of(role) for role in roles if allows(role, denial)), None)


def _problem(graph: Graph, workload: Key, members: Sequence[tuple[_Refused, _Reason]]) -> Problem:
    one, reason = members[0]
    others = [other.denial.act for other, _ in members[1:]]
    bitten = any(not is_well(pod) for pod in graph.pods_of(workload))
    words = reason.words + (f" (nor {'; '.join(others)})" if others else "")
    about = subject(workload) if reason.key != workload else ""
    affects = tuple(graph.ref_of(key) for key in dict.fromkeys((workload, key_of(one.pod))) if key != reason.key)
    account = quote(graph, one.pod, "spec.serviceAccountName", one.denial.account)
    return Problem(
        resource=graph.ref_of(reason.key),
        condition=reason.condition,
        summary=f"{about or subject(workload)}: {words}",
        severity=severity_of(graph, workload) if bitten else Severity.WARNING,
        analyzer=NAME,
        facts=(quote(graph, one.pod, f"log[{one.container}]", one.line), account, *reason.facts),
        affects=affects,
        since=unready_since(graph.pods_of(workload)),
        remedies=reason.remedies,
        advice=reason.advice,
        root=bitten,
    )
