"""Compares a step as it was shown with the same step made now, and says in a sentence what has changed.

Comes in: a plan's step as it was shown, and the same step made again on the live world, in the same form. Pure. A plan
may come from a file, and whoever approved it decided on what its page showed: so not only what would be sent must be
the same, but all that was said of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agentops.core.jsonable import in_words, to_json
from agentops.core.plan import BlastRadius, PlanStep, Preview
from agentops.guard.diff import deviations, differences, without

STALE_HINT = "Nothing was changed. Make the plan again and look at it again: agentops fix --dry-run"


_COUNTED = ("fronts", "controllers", "dependents", "unknown")
_TOLD = {"fronts": "in front", "unknown": "not known"}


def moved(shown: PlanStep, live: PlanStep, *, rolls_back: bool = False) -> str:
    """Return what is not as it was shown; empty when all of it is.

    Arguments:
        rolls_back: the plan rolls back a change. What it rolls back may be a crash loop, which is ready for
            moments: the share of what is ready says nothing then, and policy has just decided on the live one.
    """
    return "; ".join(_moved(shown, live, rolls_back=rolls_back))


def fingerprint(preview: Preview) -> dict[str, Any]:
    """Return what must be the same for a preview to be the one that was approved."""
    said = to_json(preview)
    names = ("calls", "undo", "risk", "reversal", "validated", "residue", "owners", "rests_on")
    return {name: said[name] for name in names} | {"objects": [_told(one) for one in said["objects"]]}


def _told(one: dict[str, Any]) -> dict[str, Any]:
    """Return what was said of one object and must hold: what others set beside it need not."""
    # The version moves whenever anybody writes a status; the digests say whether what matters did.
    kept = {name: value for name, value in one.items() if name != "resource_version"}
    return kept | {form: without(one[form], one["chosen"]) for form in ("before", "after")}


def _moved(shown: PlanStep, live: PlanStep, *, rolls_back: bool) -> Iterator[str]:
    old, new = fingerprint(shown.preview), fingerprint(live.preview)
    if old != new:
        found = differences(old, new)
        objects = tuple(zip(shown.preview.objects, live.preview.objects, strict=False))
        for was, now in objects:
            if was.uid != now.uid:
                yield f"{was.ref.short} is another object now (uid {was.uid or 'none'}, now {now.uid or 'none'})"
            for edit in deviations(was, was.before, now.before)[:3] if was.before_digest != now.before_digest else ():
                yield f"{edit.path} was {in_words(edit.old)}, is {in_words(edit.new)}"
        if all(was.before_digest == now.before_digest and was.uid == now.uid for was, now in objects):
            yield f"{found[0].path}: {in_words(found[0].old)} became {in_words(found[0].new)}"
    yield from _noted(shown.preview, live.preview)
    yield from _grown(shown.blast_radius, live.blast_radius, rolls_back=rolls_back)


def _noted(shown: Preview, live: Preview) -> Iterator[str]:
    """Say which notes of owners came since: what a person agreed to knew nothing of them."""
    for note in live.notes:
        if note not in shown.notes:
            yield f"{note.resource.short} carries a note that was not shown: {note.words}"


def _grown(shown: BlastRadius, live: BlastRadius, *, rolls_back: bool) -> Iterator[str]:
    for name in ("instances", "percent"):
        was, now = getattr(shown, name), getattr(live, name)
        moves = rolls_back and name == "percent"
        if was is not None and (now is None or (now > was and not moves)):
            told = f"{shown.unit}s" if name == "instances" else name
            yield f"the blast radius grew: {told} {was}, now {'not known' if now is None else now}"
    for name in ("stateful", "data_loss"):
        if getattr(live, name) and not getattr(shown, name):
            yield f"the blast radius grew: {name.replace('_', ' ')}"
    yield from _more_named(shown, live)


def _more_named(shown: BlastRadius, live: BlastRadius) -> Iterator[str]:
    """Say which lists of the blast radius name what was not shown."""
    for name in _COUNTED:
        more = [str(one) for one in getattr(live, name) if one not in getattr(shown, name)]
        if more:
            yield f"the blast radius grew: {_TOLD.get(name, name)} {', '.join(more[:3])}"
