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

from agentops.core.notes import is_note
from agentops.core.text import clip
from agentops.providers.kubernetes.api.listing import (
    TellFlaw,
    items_of,
    more_of,
    odd_answer,
    refuse,
    require_list,
    require_modest,
)
from agentops.providers.kubernetes.api.shapes import page_of
from agentops.providers.kubernetes.objects.edited import last_edit
from agentops.providers.kubernetes.objects.field_types import (
    field_type,
    fits,
    identity_flaw,
    is_plain_name,
    mended,
    type_of,
)
from agentops.providers.kubernetes.objects.kinds import Kind

PrunedObject: TypeAlias = dict[str, Any]
PageDecoder: TypeAlias = Callable[[bytes], tuple[list[PrunedObject], str]]

_ANNOTATION_LIMIT = 256
_VALUE_LIMIT = 2_000
_STATUS_PARTS = ("conditions", "containerStatuses", "initContainerStatuses")
_TOKEN_VOLUME = "kube-api-access-"  # noqa: S105 - the prefix of a volume's name


class Pruner:
    """Decodes the pages of one sweep. One for each kind and thread: it remembers the parts that objects share.

    Arguments:
        kind: built in.
        namespace: of the list; empty for all.
        tell: told of each part that cannot be right and is left out; by default such an answer is an error.
    """

    def __init__(self, kind: Kind, *, namespace: str = "", tell: TellFlaw = refuse) -> None:
        self._kind, self._namespace, self._tell = kind, namespace, tell
        self._word = type_of(kind.kind)
        self._decoder = msgspec.json.Decoder(page_of(kind.kind))
        self._encoder = msgspec.json.Encoder()
        self._shared: dict[bytes, Any] = {}
        self._name: str | None = None

    def page(self, body: bytes) -> tuple[list[PrunedObject], str]:
        """Return the pruned objects of a page and the token of the next.

        Raises:
            ClusterError: the body is not a list as the API sends it.
        """
        require_modest(body)
        try:
            page: Any = self._decoder.decode(body)
        except msgspec.ValidationError:
            page = self._mended_page(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise odd_answer(self._path, str(error)) from error
        require_list(
            {"kind": page.kind, "items": page.items, "metadata": None if page.metadata is None else {}},
            self._kind,
            self._path,
        )
        more = (page.metadata.more or "") if page.metadata else ""
        return [self._object(item) for item in page.items if self._is_one(item)], more

    def _mended_page(self, body: bytes) -> Any:
        """Decode without shapes, leave out what has the wrong type, and decode what is left: slow, and seldom done."""
        try:
            answer = require_list(msgspec.json.decode(body), self._kind, self._path)
            more = more_of(answer, self._path)
            kept = items_of(answer["items"], self._kind, self._namespace, self._tell)
            left = {"kind": answer["kind"], "metadata": {"continue": more}, "items": kept}
            return self._decoder.decode(self._encoder.encode(left))
        except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError) as error:
            raise odd_answer(self._path, str(error)) from error

    @property
    def _path(self) -> str:
        return self._kind.path(namespace=self._namespace)

    def _is_one(self, item: Any) -> bool:
        """Return whether an item can be taken for an object of the list, and remember how flaws name it."""
        meta = item.metadata
        name, home = (meta.name or None, meta.namespace or None) if meta else (None, None)
        self._name = f"{home}/{name}" if self._kind.namespaced else name
        # Thousands are plain; only what is not is looked at more closely.
        is_home = home == self._namespace if self._namespace else is_plain_name(home)
        if is_plain_name(name) and (is_home or not self._kind.namespaced):
            return True
        known = {"name": name, "namespace": home} if meta else None
        flaw = identity_flaw({"metadata": known}, self._kind.kind, self._kind.namespaced, self._namespace)
        if flaw is not None:
            self._tell(flaw)
        return flaw is None

    def _named(self, fields: PrunedObject) -> PrunedObject:
        return {"apiVersion": self._kind.api_version, "kind": self._kind.kind, **fields}

    def _checked(self, value: Any, word: str, field: str) -> Any:
        """Return a plain value without what has the wrong type."""
        if fits(value, word):
            return value
        kept, flaws = mended(value, word, f"{self._kind.kind} {self._name}", field)
        for flaw in flaws:
            self._tell(flaw)
        return kept

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
        return self._named(self._checked(fields, self._word, ""))

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
                word = field_type("@PodStatus", name)[1:]
                fields[name] = [self._once(value, word, f"status.{name}") for value in values]
        return fields

    def _replica_set(self, item: Any) -> PrunedObject:
        spec = item.spec
        template = spec.template if spec else None
        pod_spec = template.spec if template else None
        fields: PrunedObject = {"metadata": self._meta(item.metadata)}
        if spec:
            spec.template = UNSET
            fields["spec"] = msgspec.to_builtins(spec)
        if item.status is not UNSET:
            fields["status"] = item.status
        fields = self._checked(fields, self._word, "")
        if template:
            meta = self._once(template.metadata, "@ObjectMeta", "spec.template.metadata") if template.metadata else {}
            fields["spec"]["template"] = {"metadata": meta, "spec": self._pod_spec(pod_spec) if pod_spec else {}}
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
        shared = self._once(spec, "@PodSpec", "spec")
        return shared if node is UNSET else {**shared, "nodeName": node}

    def _meta(self, meta: Any) -> PrunedObject:
        labels, annotations, owners = meta.labels, meta.annotations, meta.ownerReferences
        meta.labels = meta.annotations = meta.ownerReferences = UNSET
        fields: PrunedObject = msgspec.to_builtins(meta)
        if "managedFields" in fields:
            edit = last_edit(fields.pop("managedFields"))
            fields |= {"managedFields": [edit]} if edit is not None else {}
        if labels:
            fields["labels"] = self._once(labels, "{s", "metadata.labels")
        if annotations:
            fields["annotations"] = self._once(_small(annotations), "{s", "metadata.annotations")
        if owners:
            fields["ownerReferences"] = self._once(owners, "[@OwnerReference", "metadata.ownerReferences")
        return fields

    def _once(self, value: Any, word: str, field: str) -> Any:
        """Return the plain form of ``value``, the same object for every equal value, without what has the wrong
        type."""
        key = self._encoder.encode(value)
        found = self._shared.get(key)
        if found is None:
            found = self._shared[key] = self._checked(msgspec.to_builtins(value), word, field)
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
