"""Finds the existing names that are nearest to a mistyped one.

Comes in: the name that was given and those that there are. Goes out: the nearest of them, best first, for a message
that says "did you mean"; none where nothing is near. Whether one name is another one misspelt, so that a remedy may
rest on it, is a stricter question: see ``providers/kubernetes/objects/suggestions.py``.
"""

from __future__ import annotations

from collections.abc import Iterable

# The share of letters in common from which a name is worth showing; with the lower one for short lists of long names.
NEAR = 0.6
LOOSE = 0.5


def closest(given: str, names: Iterable[str], *, count: int = 1, cutoff: float = NEAR) -> tuple[str, ...]:
    """Return at most ``count`` of ``names`` that look like ``given``, the nearest first; case does not count.

    Arguments:
        cutoff: how alike they must be, from 0 (anything) to 1 (the same letters).
    """
    import difflib

    # Names that differ in case only are shown as they are written, each once.
    written: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        written.setdefault(name.casefold(), []).append(name)
    near = difflib.get_close_matches(given.casefold(), list(written), n=count, cutoff=cutoff)
    return tuple(name for folded in near for name in written[folded])[:count]
