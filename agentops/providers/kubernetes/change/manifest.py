"""What a manifest may say, and whether a deleted object could be made again by its own.

Comes in: a manifest, or a live object. Goes out: a checked manifest. It must never let through a Secret, status, or
metadata that ties the object to others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.errors import ClusterError, ToolError, ToolInputError
from agentops.core.resource import ResourceRef
from agentops.core.text import one_line
from agentops.providers.kubernetes.api.writing import create_call
from agentops.providers.kubernetes.change.tool_context import ToolContext
from agentops.providers.kubernetes.objects.kinds import Kind
from agentops.providers.kubernetes.objects.normal_form import is_machine_annotation, normalised
from agentops.providers.kubernetes.objects.server_values import forms_of_new, under_trial_name, without

_METADATA = frozenset({"name", "namespace", "labels", "annotations"})
_NEVER = frozenset({"Secret", "Node", "Event", "CertificateSigningRequest", "Binding", "TokenRequest"})
_REMADE = (("metadata", "finalizers"), ("metadata", "generateName"), ("secrets",))
"""What a controller writes anew on an object that is made again."""


def checked_manifest(kind: Kind, target: ResourceRef, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return a manifest that is of the target and holds nothing that agentops does not write.

    Raises:
        ToolInputError: it is not; the message says what is wrong with it.
    """
    if kind.kind in _NEVER and kind.group in {"", "events.k8s.io", "certificates.k8s.io", "authentication.k8s.io"}:
        raise ToolInputError(
            f"agentops does not apply a {kind.kind}", hint="Its content does not pass through agentops: do it by hand."
        )
    metadata = manifest.get("metadata")
    if not isinstance(metadata, Mapping):
        raise ToolInputError("the manifest has no metadata")
    expected = {"apiVersion": kind.api_version, "kind": kind.kind}
    for field, wanted in expected.items():
        if manifest.get(field) != wanted:
            raise ToolInputError(f"{field} of the manifest is {one_line(str(manifest.get(field)), 60)}, not {wanted}")
    placed = {"name": target.name, **({"namespace": target.namespace} if kind.namespaced else {})}
    for field, wanted in placed.items():
        if metadata.get(field, wanted) != wanted:
            raise ToolInputError(f"metadata.{field} of the manifest is not {one_line(wanted, 80)}, the change's target")
    odd = sorted(set(metadata) - _METADATA)
    if odd or "status" in manifest:
        what = "status" if not odd else f"metadata.{one_line(odd[0], 60)}"
        raise ToolInputError(f"{what} cannot be set by a manifest", hint="Of metadata it takes labels and annotations.")
    for name in metadata.get("annotations") or {}:
        if is_machine_annotation(name):
            raise ToolInputError(f"the annotation {one_line(name, 80)} is written by a program for itself")
    return {**manifest, "metadata": {**metadata, **placed}}


def recreation(context: ToolContext, kind: Kind, live: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """Return the manifest that makes a deleted object again, and why the server would not take it, or nothing.

    The server is asked by a dry run under another name, and without an address or port of its own: all of them are
    still taken.
    """
    manifest = without(normalised(live), _REMADE)
    trial = under_trial_name(forms_of_new(manifest), str(manifest["metadata"]["name"]))
    try:
        checked_manifest(kind, context.cluster.ref(kind.kind, *_place(live)), manifest)
        context.server.dry_run(create_call(kind, _place(live)[1], trial))
    except (ToolError, ClusterError) as error:
        return manifest, error.message
    return manifest, ""


def _place(live: Mapping[str, Any]) -> tuple[str, str]:
    return str(live["metadata"]["name"]), str(live["metadata"].get("namespace") or "")
