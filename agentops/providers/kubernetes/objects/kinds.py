"""The kinds of resource there are, and how a person or a model may name them.

Comes in: a name such as ``deploy``, ``Deployments``, ``deployments.apps`` or ``apps/v1/Deployment``. Goes out: a
``Kind``, or an error with the nearest names. The built-in kinds are known without asking the server, so the common
case costs no request; all others come from discovery (``discovery.py``).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from agentops.core.errors import NotFound
from agentops.core.text import one_line
from agentops.providers.kubernetes.objects.paths import check_part, resource_path


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of resource and where the API serves it."""

    kind: str
    plural: str
    group: str = ""
    version: str = "v1"
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    listable: bool = True

    @property
    def api_version(self) -> str:
        """``v1`` or ``apps/v1``."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def full_name(self) -> str:
        """The plural with its group: ``deployments.apps``."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def path(self, *, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """Return the API path; a namespace is left out for a cluster-scoped kind."""
        scope = namespace if self.namespaced else ""
        return resource_path(self.group, self.version, self.plural, namespace=scope, name=name, subresource=subresource)


def _kinds(group: str, version: str, rows: str, *, namespaced: bool = True) -> tuple[Kind, ...]:
    """Read rows of ``Kind plural [short ...]`` separated by ``;``."""
    found = []
    for row in rows.split(";"):
        kind, plural, *short = row.split()
        found.append(
            Kind(
                kind=kind,
                plural=plural,
                group=group,
                version=version,
                namespaced=namespaced,
                short_names=tuple(short),
            )
        )
    return tuple(found)


BUILTIN: tuple[Kind, ...] = (
    *_kinds(
        "",
        "v1",
        "Pod pods po; Service services svc; ConfigMap configmaps cm; Secret secrets; Event events ev;"
        "PersistentVolumeClaim persistentvolumeclaims pvc; ServiceAccount serviceaccounts sa;"
        "ResourceQuota resourcequotas quota; LimitRange limitranges limits; Endpoints endpoints ep;"
        "ReplicationController replicationcontrollers rc; PodTemplate podtemplates",
    ),
    *_kinds(
        "", "v1", "Node nodes no; Namespace namespaces ns; PersistentVolume persistentvolumes pv", namespaced=False
    ),
    *_kinds(
        "apps",
        "v1",
        "Deployment deployments deploy; ReplicaSet replicasets rs; StatefulSet statefulsets sts;"
        "DaemonSet daemonsets ds; ControllerRevision controllerrevisions",
    ),
    *_kinds("batch", "v1", "Job jobs; CronJob cronjobs cj"),
    *_kinds("autoscaling", "v2", "HorizontalPodAutoscaler horizontalpodautoscalers hpa"),
    *_kinds("policy", "v1", "PodDisruptionBudget poddisruptionbudgets pdb"),
    *_kinds("networking.k8s.io", "v1", "Ingress ingresses ing; NetworkPolicy networkpolicies netpol"),
    *_kinds("networking.k8s.io", "v1", "IngressClass ingressclasses", namespaced=False),
    *_kinds("discovery.k8s.io", "v1", "EndpointSlice endpointslices"),
    *_kinds("coordination.k8s.io", "v1", "Lease leases"),
    *_kinds(
        "storage.k8s.io", "v1", "StorageClass storageclasses sc; VolumeAttachment volumeattachments", namespaced=False
    ),
    *_kinds("scheduling.k8s.io", "v1", "PriorityClass priorityclasses pc", namespaced=False),
    *_kinds("rbac.authorization.k8s.io", "v1", "Role roles; RoleBinding rolebindings"),
    *_kinds(
        "rbac.authorization.k8s.io",
        "v1",
        "ClusterRole clusterroles; ClusterRoleBinding clusterrolebindings",
        namespaced=False,
    ),
    *_kinds(
        "admissionregistration.k8s.io",
        "v1",
        "ValidatingWebhookConfiguration validatingwebhookconfigurations;"
        "MutatingWebhookConfiguration mutatingwebhookconfigurations",
        namespaced=False,
    ),
    *_kinds(
        "apiextensions.k8s.io", "v1", "CustomResourceDefinition customresourcedefinitions crd crds", namespaced=False
    ),
    *_kinds("apiregistration.k8s.io", "v1", "APIService apiservices", namespaced=False),
)

ABSENCE_IS_A_FINDING = frozenset(
    {"ConfigMap", "Secret", "Service", "ServiceAccount", "PersistentVolumeClaim", "EndpointSlice", "ReplicaSet"}
)
"""The kinds of which a missing object is itself a problem, so that a list that was read in part proves nothing."""

_BY_KIND = {kind.kind: kind for kind in BUILTIN}


def builtin(name: str) -> Kind:
    """Return the built-in kind of exactly this name; KeyError when the caller misspells it."""
    return _BY_KIND[name]


def resolve(name: str, kinds: Iterable[Kind]) -> Kind | None:
    """Return the first of ``kinds`` that ``name`` can mean, or None.

    Accepted, in any case: the kind, its plural, a short name; each also as ``NAME.GROUP`` or ``NAME.VERSION.GROUP``;
    and ``GROUP/VERSION/KIND`` or ``VERSION/KIND``. When several groups serve it, the order of ``kinds`` decides.
    """
    wanted = name.strip().lower()
    if "/" in wanted:
        api_version, _, bare = wanted.rpartition("/")
        return next((kind for kind in kinds if kind.api_version == api_version and bare in _names(kind)), None)
    bare, _, qualifier = wanted.partition(".")
    return next((kind for kind in kinds if bare in _names(kind) and _in_group(kind, qualifier)), None)


def _names(kind: Kind) -> tuple[str, ...]:
    return (kind.kind.lower(), kind.plural, *kind.short_names)


def _in_group(kind: Kind, qualifier: str) -> bool:
    return qualifier in {"", kind.group, f"{kind.version}.{kind.group}".rstrip(".")}


def check_kind_name(name: str) -> str:
    """Return ``name`` when it could name a kind; slashes are for ``GROUP/VERSION/KIND``.

    Raises:
        ToolInputError: it cannot.
    """
    for part in name.split("/"):
        check_part(part.strip(), "kind")
    return name


def unknown_kind(name: str, kinds: Iterable[Kind]) -> NotFound:
    """Return the error for a kind that the server does not serve, with the nearest names."""
    spelled: dict[str, str] = {}
    for kind in kinds:
        for known in _names(kind):
            spelled.setdefault(
                known, kind.kind if not kind.group or "." not in kind.group else f"{kind.kind}.{kind.group}"
            )
    near = difflib.get_close_matches(
        name.strip().lower().rpartition("/")[2].partition(".")[0], spelled, n=3, cutoff=0.7
    )
    names = list(dict.fromkeys(spelled[match] for match in near))
    hint = (
        f"Did you mean {' or '.join(names)}?" if names else "List CustomResourceDefinition to see the kinds there are."
    )
    return NotFound(f"the server has no kind {one_line(name, 60)!r}", hint=hint, code="unknown-kind")
