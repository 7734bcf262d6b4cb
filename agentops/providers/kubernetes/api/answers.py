"""``Stored``: what an API server answered to a write or a dry run, decoded, with Secret values gone.

Comes in: a ``Reply``. Goes out: a plain dict with the server's warnings beside it. It must never keep a Secret's value.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from agentops.core.errors import ClusterError
from agentops.providers.kubernetes.api.transport import Reply
from agentops.providers.kubernetes.api.writing import warnings_of
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
    return Stored(_concealed(_decoded(reply, what), path), warnings_of(reply.headers))


def _decoded(reply: Reply, what: str) -> dict[str, Any]:
    import msgspec

    try:
        found = msgspec.json.decode(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _odd_answer(what) from error
    if not isinstance(found, dict):
        raise _odd_answer(what)
    return found


def _odd_answer(what: str) -> ClusterError:
    return ClusterError(
        f"{what}: the answer is not what a Kubernetes API sends",
        hint="Is the server address of this context a Kubernetes API server?",
        code="odd-answer",
    )


def _concealed(answer: dict[str, Any], path: str) -> dict[str, Any]:
    metadata = answer.get("metadata")
    fields = metadata.get("managedFields") if isinstance(metadata, dict) else None
    parts = path.split("/")
    of_secrets = any(part == "secrets" and before != "namespaces" for before, part in pairwise(parts))
    conceal(answer, of_secrets=of_secrets)
    if fields and isinstance(metadata, dict):
        metadata["managedFields"] = fields
    return answer
