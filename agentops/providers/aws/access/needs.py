"""What agentops needs of an account: the actions of the enabled tools, each with what needs it.

Comes in: whether changes are to be made, and which tools are switched off. Goes out: IAM actions with the names of what
needs them. What the sweep's readers and the tools declare is the one source: an action that stands in no declaration is
not granted, and a tool that is switched off takes its actions along.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from agentops.core.tool import ToolSpec
from agentops.providers.aws.api.allowed import iam_action
from agentops.providers.aws.api.also_checked import ALSO_CHECKED
from agentops.providers.aws.read.registry import SPECS
from agentops.providers.aws.sweep.registry import sent_by

SWEEP = "triage"
"""What needs an action beside tools: the sweep."""
ALWAYS_ALLOWED = frozenset({"sts:GetCallerIdentity"})
"""AWS lets everybody ask this, and a policy that denies it is not followed."""

Needs = Mapping[str, tuple[str, ...]]


def needs_of(changes: Collection[ToolSpec] = (), disabled: Collection[str] = ()) -> Needs:
    """Return the actions that are needed, in order, and for each the names of what needs it.

    Arguments:
        changes: what the change tools declare; none for reading only.
        disabled: the names of tools that are switched off.
    """
    found: dict[str, list[str]] = {}
    for name, action in _needed(changes, disabled):
        if action not in ALWAYS_ALLOWED:
            by = found.setdefault(action, [])
            by += [] if name in by else [name]
    return {action: tuple(found[action]) for action in sorted(found)}


def _needed(changes: Collection[ToolSpec], disabled: Collection[str]) -> Iterator[tuple[str, str]]:
    yield from ((SWEEP, iam_action(*one)) for one in sent_by())
    for spec in (*SPECS, *changes):
        if spec.name not in disabled:
            for action in spec.permissions:
                yield from ((spec.name, one) for one in (action, *ALSO_CHECKED.get(action, ())))
