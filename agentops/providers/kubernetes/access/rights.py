"""What a declared permission means in RBAC: ``patch deployments.apps/scale`` becomes rights on one resource.

Comes in: the permissions of a tool, as its declaration says them, and the kinds of its target. Goes out: ``Right``
values, one verb on one resource each. ``KIND`` in a declaration means the kinds below: a role names what it allows, so
a tool that takes any kind is given those that incidents are about, and whoever needs others adds them. Never among
them: Secrets (who may list them may read them), roles, tokens, exec, impersonation.
Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from agentops.providers.kubernetes.objects.kinds import BUILTIN, Kind, builtin
from agentops.providers.kubernetes.sweep.grants import READ_WITH_GRANTS
from agentops.providers.kubernetes.sweep.on_need import READ_ON_NEED
from agentops.providers.kubernetes.sweep.sweep import CLUSTER_SCOPED, NAMESPACED

_ANY = "KIND"
_NEVER_READ = frozenset({"Secret"})
READ_KINDS = tuple(
    kind for kind in (*NAMESPACED, *CLUSTER_SCOPED, *READ_WITH_GRANTS, *READ_ON_NEED) if kind not in _NEVER_READ
)
"""The kinds that a role lets tools for any kind read: those of the sweep."""
_MADE = (
    "ConfigMap", "Service", "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Ingress", "NetworkPolicy",
    "HorizontalPodAutoscaler", "PodDisruptionBudget",
)  # fmt: skip
CHANGED_KINDS = {
    "get": _MADE,
    "create": _MADE,
    "delete": _MADE,
    "patch": (*_MADE, "Pod", "PersistentVolumeClaim", "ResourceQuota", "LimitRange", "ServiceAccount", "Node"),
}
"""The kinds that a role lets tools for any kind change, by verb: none is made or deleted that holds data or rights."""
_METRICS = "metrics.k8s.io"
_REVIEWS = ("selfsubjectaccessreviews", "selfsubjectrulesreviews")
_CLUSTER_SCOPED = frozenset((kind.plural, kind.group) for kind in BUILTIN if not kind.namespaced) | {
    ("nodes", _METRICS)
}


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Right:
    """One verb on one resource; ``subresource`` may be empty, ``name`` is set where one object alone is meant."""

    group: str = ""
    resource: str
    subresource: str = ""
    verb: str
    name: str = ""

    @property
    def is_namespaced(self) -> bool:
        """Whether objects of it live in namespaces."""
        return (self.resource, self.group) not in _CLUSTER_SCOPED

    @property
    def kind(self) -> Kind:
        """The kind that it is about; the version of one that is not built in does not matter here."""
        known = next((one for one in BUILTIN if (one.plural, one.group) == (self.resource, self.group)), None)
        return known or Kind(kind=self.resource, plural=self.resource, group=self.group, namespaced=self.is_namespaced)

    @property
    def changes(self) -> bool:
        """Whether it lets anything be changed."""
        return self.verb not in ("get", "list", "watch")

    @property
    def path(self) -> str:
        """The resource as a rule names it: ``deployments/scale``."""
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource

    def __str__(self) -> str:
        """Return it as declarations do: ``patch deployments.apps/scale``."""
        group = f".{self.group}" if self.group else ""
        sub = f"/{self.subresource}" if self.subresource else ""
        return f"{self.verb} {self.resource}{group}{sub}"


def rights_of(permissions: Iterable[str], *, targets: Iterable[str] = (), changes: bool = False) -> Iterator[Right]:
    """Yield the rights that declared permissions come to.

    Arguments:
        permissions: ``get pods``, ``patch deployments.apps``, ``patch KIND/scale``.
        targets: the kinds of the tool's target; none means any kind.
        changes: the tool changes something, so that ``KIND`` means what may be changed.

    Raises:
        ValueError: a permission is not written so.
    """
    for permission in permissions:
        verb, _, what = permission.partition(" ")
        resource, _, subresource = what.partition("/")
        if not verb or not resource or "*" in permission:
            raise ValueError(f"not a permission: {permission!r}")
        if resource in _REVIEWS:
            continue  # every user may ask what they may do (system:basic-user)
        if resource != _ANY:
            plural, _, group = resource.partition(".")
            yield Right(group=group, resource=plural, subresource=subresource, verb=verb)
            continue
        for kind in map(builtin, tuple(targets) or (CHANGED_KINDS[verb] if changes else READ_KINDS)):
            yield Right(group=kind.group, resource=kind.plural, subresource=subresource, verb=verb)
