"""What reading an object says of its deletion, for deletions are not tried out on the server.

Comes in: a live object. Goes out: sentences, or a refusal when it is being deleted already. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.errors import ToolInputError
from agentops.core.resource import ResourceRef
from agentops.core.text import one_line
from agentops.providers.kubernetes.objects.owners import controller_of

GARBAGE_FINALIZERS = frozenset({"foregroundDeletion", "orphan"})


def check_not_ending(target: ResourceRef, live: Mapping[str, Any]) -> None:
    """Raise when the object is on its way out already.

    Raises:
        ToolInputError: it is; the message says what holds it.
    """
    metadata = live["metadata"]
    if not metadata.get("deletionTimestamp"):
        return
    held = ", ".join(metadata.get("finalizers") or ())
    raise ToolInputError(
        f"{target.short} is being deleted already",
        hint=f"Its finalizers hold it: {one_line(held, 200)}" if held else "Wait until it is gone.",
    )


def deletion_notes(live: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what reading an object says of its deletion, which is not tried out: a trial that goes wrong deletes.

    Its uid stands in the call; whether this identity may delete it is asked by a SelfSubjectAccessReview. What is left
    to the server's admission is asked when it is applied, and a refusal then changes nothing.
    """
    metadata = live["metadata"]
    found = ["A deletion is not tried on the server. It was checked by reading; admission is asked when it is applied."]
    if held := sorted(set(metadata.get("finalizers") or ()) - GARBAGE_FINALIZERS):
        found.append(f"It stays until these finalizers are gone: {one_line(', '.join(held), 200)}")
    controller = controller_of(live)
    if controller is not None:
        name = f"{controller.get('kind')} {one_line(str(controller.get('name')), 80)}"
        found.append(f"Its controller {name} may create it again.")
    return tuple(found)
