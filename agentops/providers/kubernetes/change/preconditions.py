"""What a patch expects of the object that it meets, as JSON patch ``test`` operations.

Comes in: the live object. Goes out: tests for its uid and, where nothing else moves it, its version. It must never
leave out the uid of an object that exists: a namesake would be written to.
Source: https://datatracker.ietf.org/doc/html/rfc6902#section-4.6
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def preconditions(live: Mapping[str, Any], *, scaled: bool = False) -> list[dict[str, Any]]:
    """Return the tests that a patch begins with: the same object, in the same version as far as we are concerned.

    ``resourceVersion`` moves with every status update, and a crash-looping workload has many; so ``generation`` stands
    for the spec where there is one. An object without status moves only when somebody writes it. The old values of all
    that is touched are tested beside this, and the guard compares the whole object right before it is applied. Where an
    autoscaler writes the object (``scaled``), the generation is its to move too, and says nothing.
    """
    metadata = live["metadata"]
    tests = identity(live)
    # An autoscaler moves the generation as well.
    if scaled:
        return tests
    if metadata.get("generation"):
        tests.append({"op": "test", "path": "/metadata/generation", "value": metadata["generation"]})
    elif "status" not in live and "resourceVersion" in metadata:
        tests.append({"op": "test", "path": "/metadata/resourceVersion", "value": metadata["resourceVersion"]})
    return tests


def identity(live: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the test that a patch meets this very object; none for one that an earlier step of the plan makes.

    That step's object is looked at right before this one is sent.
    """
    uid = live["metadata"].get("uid")
    return [{"op": "test", "path": "/metadata/uid", "value": uid}] if uid else []
