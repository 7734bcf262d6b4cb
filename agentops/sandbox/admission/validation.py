"""Is this object allowed to exist, and may it replace that one: its metadata, its fields, what may not change.

Comes in: an object with its defaults, and the live one for an update. Goes out: the causes of a 422, in the words of
the real validators. The rules of built-in kinds stand in ``schema/rules.yaml``, those of custom ones in their schema.

Must never: change the object.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from agentops.sandbox.admission.formats import wrongs
from agentops.sandbox.admission.immutable import changes_of_fixed_fields
from agentops.sandbox.admission.pod_security import label_problems
from agentops.sandbox.admission.relations import annotation_causes, label_causes
from agentops.sandbox.admission.rules import broken_rules
from agentops.sandbox.store import Obj
from agentops.sandbox.wire.causes import StatusCause, forbidden_field, invalid, required_value, unsupported
from agentops.sandbox.wire.cells import at
from agentops.sandbox.wire.kinds import Resource
from agentops.sandbox.wire.schemas import Schema, schema_name

FieldCheck: TypeAlias = Callable[[Schema, Any, str], Iterator[StatusCause]]
# Names that may hold colons and capitals.
_FREE_NAMES = {"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"}
_LABEL_NAMES = {"Namespace", "Service"}
_LONGEST_CRON_JOB = 52
_FINALIZERS = ("orphan", "foregroundDeletion", "kubernetes")


def problems(resource: Resource, obj: Obj, live: Obj | None) -> list[StatusCause]:
    """Return why ``obj`` may not be stored (over ``live``, when there is one); empty when it may.

    Raises:
        Refusal: 501, it has a field of which it is not known what the real server would say.
    """
    found = list(_metadata(resource, obj, live))
    if resource.custom:
        for check in (_required, _within):
            found += _everywhere(check, resource.schema or {}, obj, "")
    else:
        # The claims of a StatefulSet are volumes of its pods as well.
        claims = [
            f'Not found: "{at(one, "metadata", "name")}"' for one in at(obj, "spec", "volumeClaimTemplates", default=())
        ]
        name = schema_name(resource.group, resource.version, resource.kind)
        found += [one for one in broken_rules(name, obj) if one[2] not in claims]
    if obj["kind"] == "Namespace":
        found += label_problems(obj)
    if live is not None:
        found += [*_same_identity(obj, live), *changes_of_fixed_fields(obj, live)]
    elif obj["kind"] == "Pod":
        found += _new_pod(obj)
    return found


def _same_identity(obj: Obj, live: Obj) -> Iterator[StatusCause]:
    given = obj["metadata"].get("uid")
    if given and given != live["metadata"]["uid"] and not obj["metadata"].get("resourceVersion"):
        return  # a PUT without a version is a conflict: the object was deleted and made again
    if given and given != live["metadata"]["uid"]:
        yield invalid("metadata.uid", given, "field is immutable")


def _new_pod(pod: Obj) -> Iterator[StatusCause]:
    if pod["spec"].get("ephemeralContainers"):
        yield forbidden_field("spec.ephemeralContainers", "cannot be set on create")
    mirror = at(pod, "metadata", "annotations", default={}).get("kubernetes.io/config.mirror")
    if mirror and not pod["spec"].get("nodeName"):
        words = "must set spec.nodeName if mirror pod annotation is set"
        yield invalid("metadata.annotations[kubernetes.io/config.mirror]", mirror, words)


def _metadata(resource: Resource, obj: Obj, live: Obj | None) -> Iterator[StatusCause]:
    metadata = obj["metadata"]
    name, stem = metadata.get("name", ""), metadata.get("generateName", "")
    if stem and live is None:
        yield from (invalid("metadata.generateName", stem, words) for words in _name(resource, stem.rstrip("-") or "a"))
    if not name:
        yield required_value("metadata.name", "name or generateName is required")
    else:
        yield from (invalid("metadata.name", name, words) for words in _name(resource, name))
    yield from label_causes(metadata.get("labels") or {}, "metadata.labels")
    yield from annotation_causes(metadata.get("annotations") or {}, "metadata.annotations")
    yield from _owners(metadata)
    yield from _finalizers(metadata, live)


def _name(resource: Resource, name: str) -> Iterator[str]:
    if resource.kind in _FREE_NAMES:
        if name in (".", "..") or "/" in name or "%" in name:
            yield (
                "may not contain '/'"
                if "/" in name
                else "may not contain '%'"
                if "%" in name
                else f"may not be '{name}'"
            )
    elif resource.kind in _LABEL_NAMES:
        yield from wrongs("label", name)
    else:
        yield from wrongs("subdomain", name)
        if resource.kind == "CronJob" and len(name) > _LONGEST_CRON_JOB:
            yield f"must be no more than {_LONGEST_CRON_JOB} characters"


def _owners(metadata: Obj) -> Iterator[StatusCause]:
    for owner in metadata.get("ownerReferences") or ():
        for field in ("kind", "name", "uid"):
            if not owner.get(field):
                yield invalid(f"metadata.ownerReferences.{field}", "", "must not be empty")


def _finalizers(metadata: Obj, live: Obj | None) -> Iterator[StatusCause]:
    given = metadata.get("finalizers") or []
    for index, one in enumerate(given):
        place = f"metadata.finalizers[{index}]"
        yield from (invalid(place, one, words) for words in wrongs("qualified", one))
        if "/" not in one and one not in _FINALIZERS:
            yield invalid(place, one, "name is neither a standard finalizer name nor is it fully qualified")
    if live is not None and live["metadata"].get("deletionTimestamp"):
        new = [one for one in given if one not in (live["metadata"].get("finalizers") or ())]
        if new:
            listed = ", ".join(f'"{one}"' for one in new)
            words = "no new finalizers can be added if the object is being deleted, found new finalizers []string"
            yield forbidden_field("metadata.finalizers", f"{words}{{{listed}}}")


def _everywhere(check: FieldCheck, schema: Schema, value: Any, path: str) -> Iterator[StatusCause]:
    """Yield what a check says of each value that a CRD's schema describes."""
    yield from check(schema, value, path)
    if isinstance(value, list):
        for index, one in enumerate(value):
            yield from _everywhere(check, schema.get("items", {}), one, f"{path}[{index}]")
    if isinstance(value, dict):
        for field, inner in schema.get("properties", {}).items():
            if field in value and field not in ("metadata", "apiVersion", "kind"):
                yield from _everywhere(check, inner, value[field], f"{path}.{field}" if path else field)


def _required(schema: Schema, value: Any, path: str) -> Iterator[StatusCause]:
    for field in schema.get("required", ()) if isinstance(value, dict) else ():
        if value.get(field) is None:
            yield required_value(f"{path}.{field}" if path else field, "")


def _within(schema: Schema, value: Any, path: str) -> Iterator[StatusCause]:
    if "enum" in schema and value not in schema["enum"]:
        yield unsupported(path, value, tuple(map(str, schema["enum"])))
    if isinstance(value, int | float) and not isinstance(value, bool):
        if value < schema.get("minimum", value):
            yield invalid(path, value, f"{path} in body should be greater than or equal to {schema['minimum']}")
        if value > schema.get("maximum", value):
            yield invalid(path, value, f"{path} in body should be less than or equal to {schema['maximum']}")
    if isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value):
        yield invalid(path, value, f"{path} in body should match '{schema['pattern']}'")
