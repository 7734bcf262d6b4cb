"""``object_change``: what becomes of one object, as a plan shows it and as its digests are made.

Comes in: the object now and the server's answer. Goes out: an ``ObjectChange``. It must never show as the result what
the server did not say, nor promise a value that the server chooses anew each time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agentops.core.digest import digest
from agentops.core.plan import ObjectChange, Verb
from agentops.core.resource import ResourceRef
from agentops.providers.kubernetes.objects.difference import edits
from agentops.providers.kubernetes.objects.field_paths import FieldPath, show
from agentops.providers.kubernetes.objects.normal_form import normalised
from agentops.providers.kubernetes.objects.server_values import REPLICAS, compared, forms, promised, shown, without


def object_change(
    target: ResourceRef,
    live: Mapping[str, Any] | None,
    stored: Mapping[str, Any] | None,
    wanted: Mapping[str, Any] | None = None,
    *,
    scaled: bool = False,
    drawn: Sequence[FieldPath] = (),
) -> ObjectChange:
    """Return what becomes of one object, from its form now (None: there is none) to the server's answer.

    Arguments:
        wanted: what is asked for: the live object with the edits, or the manifest. What the server chooses beside it is
            no part of the change.
        scaled: an autoscaler writes its number of replicas.
        drawn: places in which two answers to one request differ.
    """
    before, after = _sides(live, stored, wanted, drawn)
    metadata = (live or {}).get("metadata") or {}
    return ObjectChange(
        ref=target,
        verb=Verb.CREATE if live is None else Verb.DELETE if stored is None else Verb.UPDATE,
        uid=metadata.get("uid") or "",
        resource_version=metadata.get("resourceVersion") or "",
        before=before,
        after=after,
        before_digest=_digest(before, scaled=scaled),
        after_digest=_digest(after, scaled=scaled),
        edits=edits(before or {}, after or {}),
        chosen=tuple(show(path) for path in ((REPLICAS,) if scaled else tuple(drawn))),
    )


def _sides(
    live: Mapping[str, Any] | None,
    stored: Mapping[str, Any] | None,
    wanted: Mapping[str, Any] | None,
    drawn: Sequence[FieldPath],
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Return the object before and after as they are shown; None where there is none."""
    before = normalised(live) if live is not None else None
    after = normalised(stored) if stored is not None else None
    if after is None:
        return before, None
    if before is None:
        return None, without(promised(None, normalised(wanted or {}), after), drawn)
    # Both sides lose what the server chose and nobody asked for, so that two previews are equal.
    return shown(*forms(before, after, live if wanted is None else wanted))


def _digest(form: Mapping[str, Any] | None, *, scaled: bool) -> str:
    return digest(compared(form, scaled)) if form is not None else ""
