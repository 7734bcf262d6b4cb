"""Who else writes what a change touches, and whether they will revert it: GitOps, Helm, an autoscaler, a controller.

Comes in: the live object with its managedFields, the edits, the autoscalers of the namespace. Goes out: ``Ownership``
values. Pure; nothing here decides. People's own tools (kubectl and the like) are named but revert nothing.
Sources: https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/ ,
https://fluxcd.io/flux/components/kustomize/kustomizations/ , https://helm.sh/docs/chart_best_practices/labels/
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agentops.core.plan import Edit, Ownership
from agentops.core.text import one_line
from agentops.providers.kubernetes.objects.field_paths import NATURAL_KEYS, FieldPath, natural_key, parse, position_of
from agentops.providers.kubernetes.objects.fields import annotations_of, labels_of, mapping, name_of, text
from agentops.providers.kubernetes.objects.owners import controller_of

_ARGO_TRACKING = "argocd.argoproj.io/tracking-id"
_ARGO_INSTANCE = "argocd.argoproj.io/instance"
_FLUX = (("kustomize.toolkit.fluxcd.io", "Kustomization"), ("helm.toolkit.fluxcd.io", "HelmRelease"))
_OURS = "agentops"
_BY_HAND = re.compile(
    r"^(kubectl.*|agentops.*|before-first-apply|k9s|lens.*|node-fetch|mozilla|unknown|openlens)$", re.I
)
_GITOPS_MANAGER = re.compile(r"^(argocd.*|kustomize-controller|helm-controller|flux.*|kapp.*|fleet.*)$", re.I)
_CONTROLLER = re.compile(r"(controller|operator|autoscaler)", re.I)
_NOT_REVERTING = frozenset({"kube-controller-manager", "kubelet", "kube-scheduler", "cloud-controller-manager"})
_TEXT_LIMIT = 160


def owners_of(
    live: Mapping[str, Any], edits: Sequence[Edit], scalers: Sequence[Mapping[str, Any]] = ()
) -> tuple[Ownership, ...]:
    """Return who else writes the object or the edited fields, those that revert first.

    Arguments:
        live: the object before the change, managedFields included; empty for one that is to be made.
        edits: what the change does to it.
        scalers: the HorizontalPodAutoscalers of its namespace.
    """
    found = [
        *_gitops(live),
        *_helm(live),
        *_scaled(live, edits, scalers),
        *_controlled(live),
        *_managed(live, edits),
    ]
    seen: dict[tuple[str, bool], Ownership] = {}
    for one in found:
        seen.setdefault((one.by, one.reverts), one)
    return tuple(sorted(seen.values(), key=lambda one: not one.reverts))


def _gitops(live: Mapping[str, Any]) -> Iterator[Ownership]:
    labels, annotations = labels_of(live), annotations_of(live)
    tracking = annotations.get(_ARGO_TRACKING, "")
    application = tracking.partition(":")[0] or labels.get(_ARGO_INSTANCE) or annotations.get(_ARGO_INSTANCE, "")
    if application:
        where = f"the Git source of Argo CD Application {_short(application)}"
        yield Ownership(by="argocd", what="the whole object", reverts=True, where=where)
    for prefix, kind in _FLUX:
        name = labels.get(f"{prefix}/name", "")
        if name:
            namespace = labels.get(f"{prefix}/namespace", "")
            full = f"{_short(namespace)}/{_short(name)}" if namespace else _short(name)
            yield Ownership(by="flux", what="the whole object", reverts=True, where=f"the source of Flux {kind} {full}")


def _helm(live: Mapping[str, Any]) -> Iterator[Ownership]:
    labels, annotations = labels_of(live), annotations_of(live)
    release = annotations.get("meta.helm.sh/release-name", "")
    if release or labels.get("app.kubernetes.io/managed-by") == "Helm":
        namespace = annotations.get("meta.helm.sh/release-namespace", "")
        name = f"{_short(namespace)}/{_short(release)}" if namespace else _short(release) or "(unnamed)"
        # Helm writes only when somebody upgrades the release; until then the change stays.
        what = "the whole object; the next upgrade of the release may undo the change"
        yield Ownership(by="helm", what=what, reverts=False, where=f"the values of Helm release {name}")


def _scaled(
    live: Mapping[str, Any], edits: Sequence[Edit], scalers: Sequence[Mapping[str, Any]]
) -> Iterator[Ownership]:
    if not any(edit.path == "spec.replicas" for edit in edits):
        return
    for its in map(_short, scalers_of(live, scalers)):
        where = f"minReplicas and maxReplicas of HorizontalPodAutoscaler {its} (kubernetes_set_hpa)"
        yield Ownership(by=f"hpa/{its}", what="spec.replicas", reverts=True, where=where)


def scalers_of(live: Mapping[str, Any], scalers: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the names of the autoscalers that write the object's number of replicas."""
    mine = (text(live, "kind"), name_of(live))
    targets = ((one, mapping(one, "spec", "scaleTargetRef")) for one in scalers)
    return tuple(name_of(one) for one, target in targets if (text(target, "kind"), text(target, "name")) == mine)


def _controlled(live: Mapping[str, Any]) -> Iterator[Ownership]:
    owner = controller_of(live)
    if owner is not None:
        kind, name = _short(str(owner.get("kind") or "")), _short(str(owner.get("name") or ""))
        yield Ownership(by=f"{kind}/{name}", what="the whole object", reverts=True, where=f"{kind} {name}")


def _managed(live: Mapping[str, Any], edits: Sequence[Edit]) -> Iterator[Ownership]:
    """Yield the managers of the edited fields."""
    for entry in (live.get("metadata") or {}).get("managedFields") or ():
        manager = str(entry.get("manager") or "") if isinstance(entry, Mapping) else ""
        fields = entry.get("fieldsV1") if isinstance(entry, Mapping) else None
        if not manager or manager == _OURS or not isinstance(fields, Mapping):
            continue
        touched = [edit.path for edit in edits if _covers(fields, live, parse(edit.path))]
        if touched:
            more = f" and {len(touched) - 1} more" if len(touched) > 1 else ""
            yield Ownership(by=_short(manager), what=_short(touched[0]) + more, reverts=_takes_back(manager))


def _takes_back(manager: str) -> bool:
    if manager in _NOT_REVERTING or _BY_HAND.match(manager):
        return False
    return bool(_GITOPS_MANAGER.match(manager) or _CONTROLLER.search(manager))


def _covers(fields: Mapping[str, Any], live: Any, path: FieldPath) -> bool:
    """Return whether a managedFields tree (FieldsV1) holds the place that ``path`` leads to, or anything below it."""
    node: Any = fields
    value = live
    for step in path:
        if isinstance(value, list):
            at = position_of(value, step)
            item = value[at] if at is not None else None
            name = _item_name(node, item, natural_key(value))
            if name is None:
                return False
            node, value = node[name], item
        else:
            if f"f:{step}" not in node:
                # An atomic map or list is owned as a whole: its node is a leaf.
                return bool(path) and node is not fields and not node
            node = node[f"f:{step}"]
            value = value.get(step) if isinstance(value, Mapping) else None
        if not isinstance(node, Mapping):
            return False
    return True


def _item_name(node: Mapping[str, Any], item: Any, key: str | None) -> str | None:
    """Return the FieldsV1 name of a list item: ``k:{...}`` when all its keys are those of the item."""
    if not isinstance(item, Mapping) or key not in NATURAL_KEYS:
        return None
    for name in node:
        if name.startswith("k:"):
            try:
                keys = json.loads(name[2:])
            except ValueError:
                continue
            if isinstance(keys, Mapping) and all(item.get(one) == value for one, value in keys.items()):
                return name
    return None


def _short(words: str) -> str:
    return one_line(words, _TEXT_LIMIT)
