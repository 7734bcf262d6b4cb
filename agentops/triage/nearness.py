"""Near misses: how far two names are apart, and which of several is the one that was meant."""

from __future__ import annotations

from collections.abc import Iterable

_LONGEST = 253


def distance(left: str, right: str, limit: int = 3) -> int:
    """Return the edit distance (insert, delete, replace, swap of neighbours), or ``limit + 1`` when it is more.

    Source: optimal string alignment; the band is cut at ``limit`` so that long names cost little.
    """
    if left == right:
        return 0
    if abs(len(left) - len(right)) > limit or max(len(left), len(right)) > _LONGEST:
        return limit + 1
    before: list[int] = []
    previous = list(range(len(right) + 1))
    for row, a in enumerate(left, 1):
        current = [row]
        for column, b in enumerate(right, 1):
            cost = min(previous[column] + 1, current[-1] + 1, previous[column - 1] + (a != b))
            if row > 1 and column > 1 and a == right[column - 2] and left[row - 2] == b:
                cost = min(cost, before[column - 2] + 1)
            current.append(cost)
        if min(current) > limit:
            return limit + 1
        before, previous = previous, current
    return min(previous[-1], limit + 1)


def _normal(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "").replace(".", "")


def is_near(left: str, right: str) -> bool:
    """Tell whether a person could have meant one and typed the other.

    A third of the length may differ, at most two edits; spelling in case and separators counts as the same.
    """
    if left == right:
        return False
    if _normal(left) == _normal(right):
        return True
    allowed = min(2, max(len(left), len(right)) // 3)
    return allowed > 0 and distance(left.lower(), right.lower(), allowed) <= allowed


def nearest(wanted: str, candidates: Iterable[str]) -> tuple[str, ...]:
    """Return the candidates that are near ``wanted``, nearest first; exactly one means that it is safe to name."""
    near = [
        (distance(wanted.lower(), candidate.lower()), candidate)
        for candidate in set(candidates)
        if is_near(wanted, candidate)
    ]
    return tuple(candidate for _, candidate in sorted(near))


def only_nearest(wanted: str, candidates: Iterable[str]) -> str:
    """Return the one candidate that was obviously meant, or the empty string when there is none or a choice."""
    near = nearest(wanted, candidates)
    if not near:
        return ""
    if len(near) == 1:
        return near[0]
    first, second = (distance(wanted.lower(), name.lower()) for name in near[:2])
    return near[0] if first < second else ""
