"""``Stored``: what an API server answered to a write or a dry run, decoded, with Secret values gone.

Comes in: a ``Reply``. Goes out: a plain dict with the server's warnings beside it. It must never keep a Secret's value.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from agentops.providers.kubernetes.api.listing import odd_answer, refuse, whole
from agentops.providers.kubernetes.api.transport import Reply
from agentops.providers.kubernetes.api.writing import warnings_of
from agentops.providers.kubernetes.objects.field_types import identity_flaw, type_of
from agentops.providers.kubernetes.objects.kinds import BUILTIN
from agentops.providers.kubernetes.objects.paths import path_parts
from agentops.providers.kubernetes.objects.secrecy import conceal


class Stored(dict[str, Any]):
    """The object that the server answered with; ``warnings`` is what it said beside it.

    A plain dict for all purposes; a delete or an eviction may answer with a ``Status``.
    """

    def __init__(self, value: Mapping[str, Any], warnings: tuple[str, ...] = ()) -> None:
        super().__init__(value)
        self.warnings = warnings


def stored_of(reply: Reply, path: str, what: str) -> Stored:
    """Return the object in ``reply``, with its ``managedFields``, which name fields and hold no value of them.

    Raises:
        ClusterError: it is not what a Kubernetes API sends (code ``odd-answer``).
    """
    found = _decoded(reply, what)
    _require_answer(found, path, what)
    return Stored(_concealed(found, path), warnings_of(reply.headers))


def _require_answer(found: dict[str, Any], path: str, what: str) -> None:
    """Raise unless what came is the object that was asked for, to the type of its last field, or says that it is done.

    What a plan shows is computed from it, and what is said to be stored: nothing of it may be guessed.
    """
    if found.get("kind") == "Status":
        # A deletion and an eviction are answered so; an object that was to be read, made or changed never is.
        if found.get("status") != "Success" or what.startswith(("GET ", "PATCH ")):
            raise odd_answer(what, "it is a Status and no object")
        return
    place = path_parts(path)
    known = next((one for one in BUILTIN if (one.group, one.plural) == (place.group, place.plural)), None)
    kind = "Scale" if place.subresource == "scale" else known.kind if known else str(found.get("kind"))
    if found.get("kind") not in (kind, *(("Eviction",) if place.subresource == "eviction" else ())):
        raise odd_answer(what, f"it is no {kind}")
    flaw = identity_flaw(found, kind, bool(place.namespace), place.namespace)
    if flaw is not None or (place.name and found["metadata"].get("name") != place.name):
        raise odd_answer(what, str(flaw) if flaw else "it is another object")
    whole(found, type_of(kind), f"{kind} {place.name}", refuse)


def _decoded(reply: Reply, what: str) -> dict[str, Any]:
    import msgspec

    try:
        found = msgspec.json.decode(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise odd_answer(what) from error
    if not isinstance(found, dict):
        raise odd_answer(what, "it is no object")
    return found


def _concealed(answer: dict[str, Any], path: str) -> dict[str, Any]:
    metadata = answer.get("metadata")
    fields = metadata.get("managedFields") if isinstance(metadata, dict) else None
    parts = path.split("/")
    of_secrets = any(part == "secrets" and before != "namespaces" for before, part in pairwise(parts))
    conceal(answer, of_secrets=of_secrets)
    if fields and isinstance(metadata, dict):
        metadata["managedFields"] = fields
    return answer
