"""Whether what a change makes may act on the cluster, because the account that it runs as is bound to a role.

Comes in: one object's change, the ``ImpactReader``, the impact. Goes out: the impact, of high risk when the account is
bound. It must never take an account for harmless by its name: the default one is bound in many clusters.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from agentops.core.plan import ObjectChange
from agentops.core.risk import Risk
from agentops.providers.kubernetes.impact.impact import Impact
from agentops.providers.kubernetes.impact.impact_reader import ImpactReader
from agentops.providers.kubernetes.objects.fields import Object, name_of
from agentops.providers.kubernetes.objects.pod_powers import pod_spec_of

_SHOWN = 3
# Bindings of the API server's own, by which every account may ask what the API has to offer.
_OWN = "system:"


def with_account(reader: ImpactReader, change: ObjectChange, impact: Impact) -> Impact:
    """Return the impact with what the account may do of a pod template that is made, or that gets another account."""
    before, after = pod_spec_of(change.before), pod_spec_of(change.after)
    account, namespace = _account(after), change.ref.namespace
    if not after or not account or account == (_account(before) if before else ""):
        return impact
    reader.want(("RoleBinding",), [namespace])
    reader.want(("ClusterRoleBinding",), [""])
    listed = reader.items("RoleBinding", namespace), reader.items("ClusterRoleBinding", "")
    roles = list(dict.fromkeys(role for bindings in listed for role in _roles(bindings or (), namespace, account)))
    if not roles:
        return impact
    more = f" and {len(roles) - _SHOWN} more" if len(roles) > _SHOWN else ""
    why = (
        f"{change.ref.short}: runs as {namespace}/ServiceAccount/{account}, bound to {', '.join(roles[:_SHOWN])}{more}"
    )
    return replace(impact, risk=Risk.HIGH, reasons=(*impact.reasons, why))


def _account(pod_spec: Object) -> str:
    """Return whose token the pods get; empty when they get none."""
    if pod_spec.get("automountServiceAccountToken") is False:
        return ""
    return str(pod_spec.get("serviceAccountName") or "default")


def _roles(bindings: object, namespace: str, account: str) -> Iterator[str]:
    for binding in bindings if isinstance(bindings, list | tuple) else ():
        names = [
            (str(one.get("namespace") or namespace), one.get("name"))
            for one in binding.get("subjects") or ()
            if one.get("kind") == "ServiceAccount"
        ]
        groups = {str(one.get("name")) for one in binding.get("subjects") or () if one.get("kind") == "Group"}
        everybody = {"system:serviceaccounts", f"system:serviceaccounts:{namespace}"}
        if (namespace, account) in names or (groups & everybody and not name_of(binding).startswith(_OWN)):
            role = binding.get("roleRef") or {}
            yield f"{role.get('kind')}/{role.get('name')}"
