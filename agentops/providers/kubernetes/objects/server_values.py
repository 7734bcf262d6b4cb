"""The fields whose values the server, the scheduler or a controller chooses.

Comes in: an object, and what was asked for. Goes out: the object without the values that nobody asked for. They differ
between two dry runs, and between a dry run and the write; so they are no part of what is approved, no deviation when
the result is checked, and no precondition of the undo. A value that was asked for is a person's and stays: this
module must never take one out that the change itself writes or takes away. Pure.

Sources: what a Kubernetes 1.36.2 server answers to dry runs (``metadata.managedFields`` names none of these as a
client's);
https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/ and
https://kubernetes.io/docs/reference/labels-annotations-taints/
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from agentops.core.errors import ToolInputError
from agentops.providers.kubernetes.objects.difference import same
from agentops.providers.kubernetes.objects.field_paths import ABSENT, FieldPath, get, natural_key, parse, put, show
from agentops.providers.kubernetes.objects.normal_form import normalised

_TOKEN_MOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 - a path
_DEFAULT_TOLERATIONS = frozenset(
    f"node.kubernetes.io/{name}"
    for name in (
        "not-ready",
        "unreachable",
        "memory-pressure",
        "disk-pressure",
        "pid-pressure",
        "unschedulable",
        "network-unavailable",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerChosenField:
    """One place whose value is chosen unless somebody asks for one: ``by`` whom, and ``when`` by the value's looks.

    ``path`` is written as in ``field_paths``; a step with ``*`` stands for every item or key that fits. ``told``: the
    dry run may say it already, always the same, and then it is shown and compared.
    """

    path: FieldPath
    by: str
    when: Callable[[Any], bool] = lambda _: True
    told: bool = False


def _field(
    path: str, by: str, when: Callable[[Any], bool] = lambda _: True, *, told: bool = False
) -> ServerChosenField:
    return ServerChosenField(path=parse(path), by=by, when=when, told=told)


def _is_token_volume(value: Any) -> bool:
    """The ServiceAccount admission plugin draws the name anew for every pod; before 1.22 it was a Secret's."""
    if not isinstance(value, Mapping):
        return False
    name, sources = str(value.get("name")), (value.get("projected") or {}).get("sources") or ()
    projected = any(isinstance(one, Mapping) and "serviceAccountToken" in one for one in sources)
    return (name.startswith("kube-api-access-") and projected) or ("-token-" in name and "secret" in value)


def _is_token_mount(value: Any) -> bool:
    return isinstance(value, Mapping) and value.get("mountPath") == _TOKEN_MOUNT


def _is_default_toleration(value: Any) -> bool:
    return isinstance(value, Mapping) and value.get("key") in _DEFAULT_TOLERATIONS and value.get("operator") == "Exists"


_ADMISSION, _SCHEDULER, _NETWORK = "an admission plugin", "the scheduler", "the network plugin"
_SERVER, _BINDER, _INJECTOR = "the server", "the volume controller", "a controller that injects certificates"

_POD = (
    _field("spec.nodeName", _SCHEDULER),
    _field("spec.volumes[*]", _ADMISSION, _is_token_volume),
    *(_field(f"spec.{listed}[*].volumeMounts[*]", _ADMISSION, _is_token_mount)
      for listed in ("containers", "initContainers", "ephemeralContainers")),
    _field("spec.tolerations[*]", _ADMISSION, _is_default_toleration),
    _field("spec.priority", _ADMISSION),
    _field("spec.preemptionPolicy", _ADMISSION),
    # The zone of the node that it was placed on.
    _field("metadata.labels[topology.kubernetes.io/*]", _SCHEDULER),
    _field("metadata.annotations[kubernetes.io/limit-ranger]", _ADMISSION),
    _field("metadata.annotations[cni.projectcalico.org/*]", _NETWORK),
    _field("metadata.annotations[k8s.v1.cni.cncf.io/network-status]", _NETWORK),
    _field("metadata.annotations[k8s.ovn.org/*]", _NETWORK),
    _field("metadata.annotations[openshift.io/scc]", _ADMISSION),
)  # fmt: skip
_SERVICE = (
    _field("spec.clusterIP", _SERVER, lambda value: value != "None"),
    _field("spec.clusterIPs", _SERVER, lambda value: value != ["None"]),
    _field("spec.ipFamilies", _SERVER),
    _field("spec.ipFamilyPolicy", _SERVER),
    _field("spec.ports[*].nodePort", _SERVER),
    _field("spec.healthCheckNodePort", _SERVER),
)
_CLAIM = (
    _field("spec.volumeName", _BINDER),
    # A claim that names no class gets the default one, when it is made or when there is one at last.
    _field("spec.storageClassName", _SERVER, told=True),
)
_WEBHOOKS = (_field("webhooks[*].clientConfig.caBundle", _INJECTOR),)

SERVER_CHOSEN_FIELDS: Mapping[str, tuple[ServerChosenField, ...]] = {
    "Pod": _POD,
    "Service": _SERVICE,
    "PersistentVolumeClaim": _CLAIM,
    "PersistentVolume": (_field("spec.claimRef", _BINDER), _field("spec.nodeAffinity", _BINDER)),
    "ServiceAccount": (
        _field("secrets", "the token controller"),
        _field("imagePullSecrets", "a controller of the distribution"),
    ),
    "Namespace": (
        _field("spec.finalizers", _SERVER),
        _field("metadata.annotations[openshift.io/*]", "a controller of the distribution"),
    ),
    "Node": (
        _field("spec.podCIDR", _NETWORK),
        _field("spec.podCIDRs", _NETWORK),
        _field("spec.providerID", "the cloud"),
    ),
    "Job": (
        _field("metadata.annotations[batch.kubernetes.io/job-tracking]", "the Job controller"),
        _field("metadata.annotations[batch.kubernetes.io/cronjob-scheduled-timestamp]", "the Job controller"),
    ),
    "ValidatingWebhookConfiguration": _WEBHOOKS,
    "MutatingWebhookConfiguration": _WEBHOOKS,
    "CustomResourceDefinition": (_field("spec.conversion.webhook.clientConfig.caBundle", _INJECTOR),),
    "APIService": (_field("spec.caBundle", _INJECTOR),),
}
"""The places by kind. A Job's own selector, a node's taints and what programs note in annotations for themselves are in
``normal_form.py``: those are nobody's to write at all."""

REPLICAS: FieldPath = ("spec", "replicas")
"""Chosen by whatever scales the object, where something does; shown, for that many pods are reached, never compared."""

_EVERYWHERE = (
    # pvc-protection, pv-protection, a load balancer's cleanup: no manifest of ours may say any.
    _field("metadata.finalizers", "a controller"),
    _field("metadata.generateName", _SERVER),
)


def fields_chosen_in(obj: Mapping[str, Any]) -> tuple[ServerChosenField, ...]:
    """Return the rules for an object's kind."""
    return (*SERVER_CHOSEN_FIELDS.get(str(obj.get("kind")), ()), *_EVERYWHERE)


def chosen_in(obj: Mapping[str, Any]) -> tuple[tuple[FieldPath, ServerChosenField], ...]:
    """Return the places of ``obj`` that hold a value of the table, with the field of each."""
    return tuple(
        (path, field)
        for field in fields_chosen_in(obj)
        for path in _places(obj, field.path, ())
        if _fits(obj, path, field)
    )


def forms(
    live: Mapping[str, Any], answer: Mapping[str, Any], wanted: Mapping[str, Any] | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return an object before and after a change as its owner writes it, whole: the undo is found between these.

    Arguments as in ``promised``; ``wanted`` None asks for nothing new.
    """
    before = normalised(live)
    return before, promised(before, normalised(wanted) if wanted is not None else before, normalised(answer))


def forms_of_new(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object as it may be asked for under another name: without what the server would choose for it."""
    form = normalised(wanted)
    return without(form, (path for path, _ in chosen_in(form)))


def under_trial_name(manifest: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a manifest under a name made of ``name``, to be tried out while that name is taken."""
    return {**manifest, "metadata": {**(manifest.get("metadata") or {}), "name": f"{name[:40]}-agentops-trial"}}


def promised(live: Mapping[str, Any] | None, wanted: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a change can promise of the server's answer: without what the server chose and nobody asked for.

    Arguments:
        live: the object as it is; None for a new one.
        wanted: what is asked for: ``live`` with the edits, or the manifest.
        answer: what the server says that it would store.
    """
    drop = []
    for path, field in chosen_in(answer):
        meant, now = get(wanted, path), _or_none(live, path)
        is_asked = meant is not ABSENT and (live is None or not same(meant, now))
        is_kept = now is not None and same(now, get(answer, path))
        if not (is_asked or is_kept or field.told):
            drop.append(path)
    return without(answer, drop)


def shown(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return an object before and after a change without the chosen values that it leaves as they are.

    A controller may still fill these in, or fill them in anew. What the change sets, loses or replaces stays.
    """
    pairs = (path for one in (before, after) for path, _ in chosen_in(one))
    left = {path for path in pairs if same(_or_none(before, path), _or_none(after, path))}
    return without(before, left), without(after, left)


def agrees(obj: Mapping[str, Any], path: FieldPath, old: Any) -> bool:
    """Return whether ``old`` is what stands at ``path``, but for chosen values that it does not say."""
    try:
        said = put(obj, path, old)
    except ToolInputError:
        return False
    return same(get(comparable(obj, said, said), path), old)


def compared(form: Mapping[str, Any] | None, scaled: bool) -> dict[str, Any] | None:
    """Return what of an object is compared: without the number of replicas where an autoscaler writes it."""
    return form if form is None else without(form, (REPLICAS,) if scaled else ())


def _or_none(obj: Mapping[str, Any] | None, path: FieldPath) -> Any:
    found = get(obj, path) if obj is not None else ABSENT
    return None if found is ABSENT else found


def comparable(
    live: Mapping[str, Any], before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return a live object in the form of the ``before`` and ``after`` of a change, to be compared with either.

    A chosen value stays where it is the one that either says, or where the one that counts says another.
    """
    said = after if after is not None else before
    return without(live, (path for path, _ in chosen_in(live) if _is_nobodys(live, before, after, said, path)))


def _is_nobodys(
    live: Mapping[str, Any],
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    said: Mapping[str, Any] | None,
    path: FieldPath,
) -> bool:
    value = get(live, path)
    if any(one is not None and same(value, _or_none(one, path)) for one in (before, after)):
        return False
    return said is None or get(said, path) is ABSENT


def drawn(one: Mapping[str, Any], other: Mapping[str, Any], wanted: Mapping[str, Any]) -> tuple[FieldPath, ...]:
    """Return the places in which two dry runs of one request differ and which the request does not say.

    This finds what no table knows: a webhook that draws a name or notes the time.
    """
    first, second = (promised(None, normalised(wanted), normalised(answer)) for answer in (one, other))
    return tuple(path for path in _differing(first, second, ()) if get(wanted, path) is ABSENT)


def _differing(one: Any, other: Any, path: FieldPath) -> Iterable[FieldPath]:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in {**one, **other}:
            yield from _differing(one.get(key), other.get(key), (*path, key))
    elif isinstance(one, list) and isinstance(other, list) and natural_key(one, other) is not None:
        key = str(natural_key(one, other))
        mine, theirs = ({str(item[key]): item for item in items} for items in (one, other))
        for name in {**mine, **theirs}:
            yield from _differing(mine.get(name), theirs.get(name), (*path, name))
    elif not same(one, other):
        yield path


def without(obj: Mapping[str, Any], paths: Iterable[FieldPath]) -> dict[str, Any]:
    """Return ``obj`` without what is at ``paths``; a list, or a map of labels or annotations, emptied so goes too."""
    gone = set(paths)
    return dict(_without(obj, (), gone)) if gone else dict(obj)


def _without(value: Any, at: FieldPath, gone: set[FieldPath]) -> Any:
    if not any(path[: len(at)] == at for path in gone):
        return value
    if isinstance(value, Mapping):
        left = {key: _without(item, (*at, key), gone) for key, item in value.items() if (*at, key) not in gone}
        empty: tuple[Any, ...] = ({}, []) if at == ("metadata",) else ([],)
        return {key: item for key, item in left.items() if item not in empty or item == value[key]}
    if isinstance(value, list):
        named = _named(value)
        return [_without(item, (*at, name), gone) for name, item in named if (*at, name) not in gone]
    return value


def _places(value: Any, rest: FieldPath, at: FieldPath) -> Iterable[FieldPath]:
    if not rest:
        yield at
        return
    items: Iterable[tuple[str, Any]] = ()
    if isinstance(value, Mapping):
        items = value.items() if "*" in rest[0] else ((rest[0], value[rest[0]]),) if rest[0] in value else ()
    elif isinstance(value, list):
        items = _named(value)
    for name, item in items:
        if name == rest[0] or fnmatchcase(name, rest[0]):
            yield from _places(item, rest[1:], (*at, name))


def _named(items: list[Any]) -> list[tuple[str, Any]]:
    """Return the items with the step by which ``field_paths`` finds each."""
    key = natural_key(items)
    return [(str(item[key]) if key is not None else str(at), item) for at, item in enumerate(items)]


def _fits(obj: Mapping[str, Any], path: FieldPath, field: ServerChosenField) -> bool:
    value = get(obj, path)
    return value is not ABSENT and field.when(value)


def words_for(answer: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what a person should know is still to be chosen: node ports, for they are what clients dial."""
    left = [show(path) for path, _ in chosen_in(answer) if path[-1] == "nodePort" and get(after, path) is ABSENT]
    return (f"The server chooses {', '.join(left)} when it is applied.",) if left else ()
