"""Refuses remedies that remove what is failing, or what guards it: both silence an alert and cure nothing.

Comes in: the changes of a plan that is meant to fix an incident, with their predictions or previews. Goes out: nothing,
or the reason why it is no remedy. This is not policy and cannot be configured away. What counts as removing is each
provider's own to say; what becomes of each object in the end is worked out here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from agentops.core.errors import PolicyRefused
from agentops.core.plan import Change, ObjectChange, Preview, Verb
from agentops.core.provider import NoRemedy
from agentops.core.resource import ResourceRef


def require_remediation(no_remedy: NoRemedy, steps: Sequence[tuple[Change, Preview]]) -> None:
    """Raise when the plan as a whole makes the trouble vanish instead of curing it.

    What counts is what becomes of each object in the end: one that is deleted and made again is recreated, and held to
    what an update is held to.

    Arguments:
        no_remedy: the providers' rules.

    Raises:
        PolicyRefused: it does (code ``not-a-cure``).
    """
    for changes, result in _in_the_end(steps):
        for reason in no_remedy(changes, result):
            raise PolicyRefused(
                f"{changes[-1].tool} is not a fix: {reason}",
                hint="Find what makes it fail and change that. To remove something intentionally, use kubectl.",
                code="not-a-cure",
            )


def _in_the_end(steps: Sequence[tuple[Change, Preview]]) -> Iterator[tuple[tuple[Change, ...], ObjectChange]]:
    """Yield what becomes of each object, from before the first step that touches it to after the last."""
    chains: dict[ResourceRef, list[tuple[Change, ObjectChange]]] = {}
    for change, preview in steps:
        for one in preview.objects:
            chains.setdefault(one.ref, []).append((change, one))
    for chain in chains.values():
        before, after = chain[0][1].before, chain[-1][1].after
        if before is None and after is None:
            continue
        verb = Verb.CREATE if before is None else Verb.DELETE if after is None else Verb.UPDATE
        yield tuple(change for change, _ in chain), replace(chain[-1][1], verb=verb, before=before, after=after)
