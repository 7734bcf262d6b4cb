"""Large lists, decoded straight into what the analyzers read.

Comes in: the raw bytes of one page of a list. Goes out: plain dicts with ``kind`` and ``apiVersion``, without
``managedFields``, images of nodes, token volumes and other things that no analyzer looks at (``shapes.py``). Parts that
thousands of replicas share (their containers, a condition that became true in the same second) are kept once, so a
cluster of 10,000 pods fits in tens of megabytes. Nobody may change what this returns. It must never see Secrets
(``client.py`` refuses).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec
from msgspec import UNSET

from agentops.core.errors import ClusterError
from agentops.core.notes import is_note
from agentops.core.text import clip, one_line
from agentops.providers.kubernetes.api.shapes import page_of
from agentops.providers.kubernetes.objects.edited import EDITED_KINDS, last_edit
from agentops.providers.kubernetes.objects.kinds import Kind

PrunedObject: TypeAlias = dict[str, Any]
PageDecoder: TypeAlias = Callable[[bytes], tuple[list[PrunedObject], str]]

_ANNOTATION_LIMIT = 256
_VALUE_LIMIT = 2_000
_STATUS_PARTS = ("conditions", "containerStatuses", "initContainerStatuses")
_TOKEN_VOLUME = "kube-api-access-"  # noqa: S105 - the prefix of a volume's name


class Pruner:
    """Decodes the pages of one sweep. One for each kind and thread: it remembers the parts that objects share."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._decoder = msgspec.json.Decoder(page_of(kind.kind))
        self._encoder = msgspec.json.Encoder()
        self._shared: dict[bytes, Any] = {}

    def page(self, body: bytes) -> tuple[list[PrunedObject], str]:
        """Return the pruned objects of a page and the token of the next.

        Raises:
            ClusterError: the body is not a list as the API sends it.
        """
        try:
            page: Any = self._decoder.decode(body)
        except msgspec.ValidationError:
            return self._plain_page(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise self._odd(str(error)) from error
        more = (page.metadata.more or "") if page.metadata else ""
        return [self._object(item) for item in page.items or () if item.metadata], more

    def _plain_page(self, body: bytes) -> tuple[list[PrunedObject], str]:
        """Decode without shapes: slower and larger, but an object of an unforeseen form is still seen."""
        try:
            answer = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise self._odd(str(error)) from error
        items = answer.get("items") if isinstance(answer, dict) else None
        if not isinstance(items, list):
            raise self._odd("it has no items")
        kept = [item for item in items if isinstance(item, dict) and isinstance(item.get("metadata"), dict)]
        for item in kept:
            edit = last_edit(item["metadata"].pop("managedFields", None))
            if edit is not None and self._kind.kind in EDITED_KINDS:
                item["metadata"]["managedFields"] = [edit]
            item["metadata"]["annotations"] = _small(item["metadata"].get("annotations") or {})
        metadata = answer.get("metadata") or {}
        return [self._named(item) for item in kept], str(metadata.get("continue") or "")

    def _odd(self, why: str) -> ClusterError:
        return ClusterError(
            f"the list of {self._kind.plural} is not what a Kubernetes API sends: {one_line(why, 120)}",
            hint="Is the server address of this context a Kubernetes API server?",
            code="odd-answer",
        )

    def _named(self, fields: PrunedObject) -> PrunedObject:
        return {"apiVersion": self._kind.api_version, "kind": self._kind.kind, **fields}

    def _object(self, item: Any) -> PrunedObject:
        if self._kind.kind == "Pod":
            return self._named(self._pod(item))
        if self._kind.kind == "ReplicaSet":
            return self._named(self._replica_set(item))
        fields: PrunedObject = msgspec.to_builtins(item)
        if self._kind.kind != "Event":
            fields["metadata"] = self._meta(item.metadata)
        if self._kind.kind == "ConfigMap":
            _shorten_values(fields)
        return self._named(fields)

    def _pod(self, pod: Any) -> PrunedObject:
        spec = self._pod_spec(pod.spec) if pod.spec else {}
        status = self._pod_status(pod.status) if pod.status else {}
        return {"metadata": self._meta(pod.metadata), "spec": spec, "status": status}

    def _pod_status(self, status: Any) -> PrunedObject:
        parts = {name: getattr(status, name) for name in _STATUS_PARTS}
        status.conditions = status.containerStatuses = status.initContainerStatuses = UNSET
        fields: PrunedObject = msgspec.to_builtins(status)
        for name, values in parts.items():
            if values:
                fields[name] = [self._once(value) for value in values]
        return fields

    def _replica_set(self, item: Any) -> PrunedObject:
        spec = item.spec
        template = spec.template if spec else None
        pod_spec = template.spec if template else None
        fields: PrunedObject = {"metadata": self._meta(item.metadata)}
        if spec:
            spec.template = UNSET
            fields["spec"] = msgspec.to_builtins(spec)
        if template:
            meta = msgspec.to_builtins(template.metadata) if template.metadata else {}
            fields["spec"]["template"] = {"metadata": meta, "spec": self._pod_spec(pod_spec) if pod_spec else {}}
        if item.status is not UNSET:
            fields["status"] = item.status
        return fields

    def _pod_spec(self, spec: Any) -> PrunedObject:
        node = spec.nodeName
        spec.nodeName = UNSET
        if spec.volumes:
            spec.volumes = [v for v in spec.volumes if not str(v.get("name", "")).startswith(_TOKEN_VOLUME)]
        for containers in (spec.containers, spec.initContainers):
            for container in containers or ():
                if container.volumeMounts:
                    container.volumeMounts = [
                        mount for mount in container.volumeMounts if not str(mount.name).startswith(_TOKEN_VOLUME)
                    ]
        shared = self._once(spec)
        return shared if node is UNSET else {**shared, "nodeName": node}

    def _meta(self, meta: Any) -> PrunedObject:
        labels, annotations, owners = meta.labels, meta.annotations, meta.ownerReferences
        meta.labels = meta.annotations = meta.ownerReferences = UNSET
        fields: PrunedObject = msgspec.to_builtins(meta)
        if "managedFields" in fields:
            edit = last_edit(fields.pop("managedFields"))
            fields |= {"managedFields": [edit]} if edit is not None else {}
        if labels:
            fields["labels"] = self._once(labels)
        if annotations:
            fields["annotations"] = self._once(_small(annotations))
        if owners:
            fields["ownerReferences"] = self._once(owners)
        return fields

    def _once(self, value: Any) -> Any:
        """Return the plain form of ``value``, the same object for every equal value."""
        key = self._encoder.encode(value)
        found = self._shared.get(key)
        if found is None:
            found = self._shared[key] = msgspec.to_builtins(value)
        return found


def _small(annotations: Mapping[str, Any]) -> dict[str, Any]:
    """Return the annotations that are short; of a long one that people write for people, its beginning."""
    return {
        key: clip(value, _ANNOTATION_LIMIT) if isinstance(value, str) else value
        for key, value in annotations.items()
        if not isinstance(value, str)
        or (len(value) <= _ANNOTATION_LIMIT and not key.endswith("last-applied-configuration"))
        or is_note(key)
    }


def _shorten_values(fields: PrunedObject) -> None:
    data = fields.get("data")
    if isinstance(data, dict):
        fields["data"] = {
            key: clip(value, _VALUE_LIMIT) if isinstance(value, str) else "" for key, value in data.items()
        }
    if isinstance(fields.get("binaryData"), dict):
        fields["binaryData"] = dict.fromkeys(fields["binaryData"], "")
