"""Reading and building Kubernetes API objects that are plain dicts: selectors, owners, conditions, quantities.

Comes in: JSON-shaped dicts. Goes out: values, or new dicts. Must never touch the store or change what it is given,
except ``set_condition``, which edits the list of the copy that a controller is building.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeAlias

from agentops.sandbox.store import Key, Obj, group_of, timestamp

LabelMap: TypeAlias = Mapping[str, str]

_SUFFIX = {"": 1.0, "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}
_SUFFIX |= {"Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50}
DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
# The alphabet of k8s.io/apimachinery/pkg/util/rand: no vowels, no look-alikes.
ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


@lru_cache(maxsize=4096)
def quantity(text: str | int | float | None) -> float:
    """Return a resource quantity (``250m``, ``64Mi``, ``2``) in base units; None and nonsense count as zero."""
    match = re.fullmatch(r"([+-]?[0-9.]+(?:[eE][+-]?\d+)?)([A-Za-z]*)", str(text if text is not None else "").strip())
    return float(match[1]) * _SUFFIX.get(match[2], 0.0) if match else 0.0


def name_of(obj: Obj) -> str:
    """Return the object's name."""
    return str(obj["metadata"]["name"])


def namespace_of(obj: Obj) -> str:
    """Return the object's namespace; empty when cluster-scoped."""
    return str(obj["metadata"].get("namespace") or "")


def labels_of(obj: Obj) -> dict[str, str]:
    """Return the object's labels; empty when it has none."""
    return obj["metadata"].get("labels") or {}


def deleting(obj: Obj) -> bool:
    """Return whether deletion has begun."""
    return bool(obj["metadata"].get("deletionTimestamp"))


def matches(selector: Mapping[str, Any] | None, labels: LabelMap) -> bool:
    """Return whether a LabelSelector selects these labels; None selects nothing, an empty one everything."""
    if selector is None:
        return False
    if not has_all(selector.get("matchLabels") or {}, labels):
        return False
    return all(expression_holds(term, labels) for term in selector.get("matchExpressions") or [])


def has_all(wanted: LabelMap, labels: LabelMap) -> bool:
    """Return whether every wanted pair is among the labels."""
    return all(labels.get(key) == value for key, value in wanted.items())


def expression_holds(term: Mapping[str, Any], labels: LabelMap) -> bool:
    """Return whether one ``{key, operator, values}`` term of a label or node selector holds."""
    value, values, operator = labels.get(str(term.get("key"))), term.get("values") or [], term.get("operator")
    if operator in ("Gt", "Lt"):
        if not values or not all((text or "").lstrip("-").isdigit() for text in (value, values[0])):
            return False
        return int(value or 0) > int(values[0]) if operator == "Gt" else int(value or 0) < int(values[0])
    return {
        "In": value in values,
        "NotIn": value not in values,
        "Exists": value is not None,
        "DoesNotExist": value is None,
    }.get(str(operator), False)


def owner_key(obj: Obj) -> Key | None:
    """Return the key of the controlling owner."""
    references = obj["metadata"].get("ownerReferences") or []
    reference = next((one for one in references if one.get("controller")), None)
    if reference is None:
        return None
    return Key(reference["apiVersion"].rpartition("/")[0], reference["kind"], namespace_of(obj), reference["name"])


def own(owner: Obj) -> list[dict[str, Any]]:
    """Return the ``ownerReferences`` that an object made by ``owner``'s controller carries."""
    return [
        {
            "apiVersion": owner["apiVersion"],
            "kind": owner["kind"],
            "name": name_of(owner),
            "uid": owner["metadata"]["uid"],
            "controller": True,
            "blockOwnerDeletion": True,
        }
    ]


def reference(obj: Obj) -> dict[str, Any]:
    """Return the ObjectReference that events carry."""
    metadata = obj["metadata"]
    found = {"apiVersion": obj["apiVersion"], "kind": obj["kind"], "name": metadata["name"], "uid": metadata["uid"]}
    if metadata.get("namespace"):
        found["namespace"] = metadata["namespace"]
    if metadata.get("resourceVersion"):
        found["resourceVersion"] = metadata["resourceVersion"]
    return found


def condition(obj: Obj, kind: str) -> dict[str, Any] | None:
    """Return the status condition of this type."""
    conditions = (obj.get("status") or {}).get("conditions") or []
    return next((found for found in conditions if found.get("type") == kind), None)


def condition_true(obj: Obj, kind: str) -> bool:
    """Return whether the status condition of this type is ``True``."""
    found = condition(obj, kind)
    return found is not None and found.get("status") == "True"


def set_condition(conditions: list[dict[str, Any]], new: dict[str, Any], now: datetime, *, updated: str = "") -> None:
    """Put ``new`` in the place of the condition of its type; lastTransitionTime moves only when the status does.

    Arguments:
        updated: the name of a second time field (``lastUpdateTime``) that moves when anything in the condition does.
    """
    for index, old in enumerate(conditions):
        if old["type"] != new["type"]:
            continue
        same = old["status"] == new["status"]
        times = {"lastTransitionTime": old.get("lastTransitionTime") if same else timestamp(now)}
        if updated:
            unchanged = same and old.get("reason") == new.get("reason") and old.get("message") == new.get("message")
            times[updated] = old.get(updated) if unchanged else timestamp(now)
        conditions[index] = {**new, **times}
        return
    stamp = timestamp(now)
    conditions.append({**new, "lastTransitionTime": stamp, **({updated: stamp} if updated else {})})


def drop_condition(conditions: list[dict[str, Any]], kind: str) -> None:
    """Take the condition of this type out of the list."""
    conditions[:] = [found for found in conditions if found["type"] != kind]


def pod_ready(pod: Obj) -> bool:
    """Return whether the pod's Ready condition is true."""
    return condition_true(pod, "Ready")


def pod_active(pod: Obj) -> bool:
    """Return whether the pod counts for its controller: not finished and not being deleted."""
    return not deleting(pod) and (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")


def containers_of(pod_spec: Mapping[str, Any], *, init: bool = False) -> list[dict[str, Any]]:
    """Return the app containers of a pod spec, or its init containers."""
    return pod_spec.get("initContainers" if init else "containers") or []


def every_container(pod_spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the app containers of a pod spec, and then its init containers."""
    return [*containers_of(pod_spec), *containers_of(pod_spec, init=True)]


def named_ports(pod_spec: Mapping[str, Any]) -> dict[str | None, int]:
    """Return the numbers of the ports of a pod's app containers, by name."""
    every = [port for container in containers_of(pod_spec) for port in container.get("ports") or []]
    return {port.get("name"): int(port["containerPort"]) for port in every}


def request_of(pod_spec: Mapping[str, Any], resource: str, *, limits: bool = False) -> float:
    """Return what a pod asks for: the sum over app containers, or one init container when that is more."""
    field = "limits" if limits else "requests"

    def asked(container: Mapping[str, Any]) -> float:
        resources = container.get("resources") or {}
        wanted = (resources.get(field) or {}).get(resource)
        # A limit without a request is a request of the same size (API defaulting).
        return quantity(wanted if wanted is not None else (resources.get("limits") or {}).get(resource))

    app = sum(asked(container) for container in containers_of(pod_spec))
    return max([app, *(asked(container) for container in containers_of(pod_spec, init=True))])


def tolerates(tolerations: Sequence[Mapping[str, Any]], taint: Mapping[str, Any]) -> bool:
    """Return whether one of the tolerations tolerates the taint."""
    return any(_tolerates(one, taint) for one in tolerations)


def _tolerates(toleration: Mapping[str, Any], taint: Mapping[str, Any]) -> bool:
    if toleration.get("effect") not in (None, "", taint.get("effect")):
        return False
    if toleration.get("operator", "Equal") == "Exists":
        return toleration.get("key") in (None, "", taint.get("key"))
    return toleration.get("key") == taint.get("key") and (toleration.get("value") or "") == (taint.get("value") or "")


def template_hash(template: Mapping[str, Any]) -> str:
    """Return a pod-template-hash: 32-bit FNV-1a over the canonical template, in the safe alphabet."""
    value = 2166136261
    for byte in json.dumps(template, sort_keys=True, separators=(",", ":")).encode():
        value = ((value ^ byte) * 16777619) & 0xFFFFFFFF
    return "".join(ALPHABET[ord(digit) % len(ALPHABET)] for digit in f"{value:010d}")


def percent_of(value: str | int | None, total: int, *, default: str | int, up: bool) -> int:
    """Resolve an int-or-percent against ``total``, rounding up or down."""
    found = default if value is None else value
    if isinstance(found, int):
        return found
    digits = found.removesuffix("%")
    scaled = int(digits) * total if digits.isdigit() else 0
    return -(-scaled // 100) if up else scaled // 100


def without_zeroes(status: Mapping[str, Any], *keep: str) -> dict[str, Any]:
    """Return the status as the API server prints it: zero counts left out, except those named."""
    return {field: value for field, value in status.items() if field in keep or value not in (0, None, [], "")}


def default_class(classes: Iterable[Obj]) -> str | None:
    """Return the name of the storage class that claims get that name none; None when there is none."""
    marks = ((name_of(one), one["metadata"].get("annotations") or {}) for one in classes)
    return next((name for name, given in marks if given.get(DEFAULT_CLASS) == "true"), None)


def keys(objects: Iterable[Obj]) -> list[Key]:
    """Return the keys of some objects."""
    return [Key(group_of(obj), obj["kind"], namespace_of(obj), name_of(obj)) for obj in objects]
