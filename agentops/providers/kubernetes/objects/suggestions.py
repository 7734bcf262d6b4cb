"""Near misses: whether one name is a misspelling of another, and which of several is the one that was meant.

Comes in: the name that is asked for, and those that are there, with their values where they are known. Goes out: a
``Likeness``: the one candidate that a person obviously meant, or none; and what else resembles it, to be listed. Names
are compared word by word, for few edits lie between names of different meaning (``SMTP_HOST`` and ``SMTP_PORT``). A
candidate is never proposed on edit distance alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from agentops.providers.kubernetes.objects.words import MEANINGS, TYPES

_LONGEST = 253
_MOST_LISTED = 5
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_]+")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """What a name that is not there may have meant.

    ``near`` is the one candidate that is the same name misspelt, empty when there is none or a choice; ``why`` is the
    evidence, in words. ``similar`` are candidates that share words with it and are not known to mean the same.
    """

    near: str = ""
    why: str = ""
    similar: tuple[str, ...] = ()

    @property
    def hint(self) -> str:
        """`` (nearest: X)`` to append to a sentence, or what only resembles the name, or nothing."""
        if self.near:
            return f" (nearest: {self.near})"
        return f" (similar, but not the same name: {', '.join(self.similar)})" if self.similar else ""


def likeness(
    wanted: str,
    candidates: Iterable[str],
    *,
    taken: Collection[str] = (),
    values: Mapping[str, str] | None = None,
    variable: str = "",
    plurals: bool = True,
) -> Likeness:
    """Return what ``wanted`` may have meant among the names that are there.

    Arguments:
        taken: candidates that something else uses already under this name, so that they mean that.
        values: candidate -> its value, where it may be looked at; one that ``wanted`` cannot hold is no candidate.
        variable: the variable that it is for, which says as well what kind of value it takes.
        plurals: whether ``order`` may have meant ``orders``; for a variable one and many are two things.
    """
    there = sorted(set(candidates) - {wanted})
    fit = [
        name
        for name in there
        if name not in taken
        and all(_fits(asked, (values or {}).get(name, "")) for asked in (wanted, variable))
        and (plurals or not _is_plural(wanted, name))
        and is_near(wanted, name)
    ]
    near = _closest(wanted, fit)
    similar = tuple(name for name in there if name != near and (is_near(wanted, name) or _share(wanted, name)))
    return Likeness(near=near, why=_why(wanted, near) if near else "", similar=similar[:_MOST_LISTED])


def only_nearest(wanted: str, candidates: Iterable[str]) -> str:
    """Return the one candidate that was obviously meant, or the empty string when there is none or a choice."""
    return likeness(wanted, candidates).near


def is_near(left: str, right: str) -> bool:
    """Return whether one name is the other, misspelt: the same words, of which one holds a slip.

    Case and separators do not count. Numbers must agree, and so must words that each mean something of their own.
    """
    if left == right or max(len(left), len(right)) > _LONGEST:
        return False
    if _plain(left) == _plain(right):
        return bool(_plain(left))
    ours, theirs = _words(left), _words(right)
    if len(ours) != len(theirs):
        return False
    wrong = [(a, b) for a, b in zip(ours, theirs, strict=True) if a != b]
    return len(wrong) == 1 and _is_slip(*wrong[0])


def _is_slip(left: str, right: str) -> bool:
    """Return whether a person who meant one word could have typed the other."""
    if left.isdigit() or right.isdigit() or (left in MEANINGS and right in MEANINGS):
        return False
    longest = max(len(left), len(right))
    if longest < 3:
        return False
    if _is_swap(left, right) or (longest > 3 and _is_number(left, right)):
        return True
    known = (left in MEANINGS) is not (right in MEANINGS)
    allowed = 2 if longest >= 8 else 1 if longest >= 5 or known else 0
    return allowed > 0 and distance(left, right, allowed) <= allowed


def _is_swap(left: str, right: str) -> bool:
    """Return whether neighbours changed places, or a letter is doubled or no longer doubled."""
    if len(left) == len(right):
        return sorted(left) == sorted(right) and distance(left, right, 1) == 1
    short, long = sorted((left, right), key=len)
    return any(long[:at] + long[at + 1 :] == short and long[at] == long[at - 1] for at in range(1, len(long)))


def _is_number(left: str, right: str) -> bool:
    short, long = sorted((left, right), key=len)
    return long in (f"{short}s", f"{short}es")


def _is_plural(left: str, right: str) -> bool:
    return any(a != b and _is_number(a, b) for a, b in zip(_words(left), _words(right), strict=False))


def _closest(wanted: str, near: list[str]) -> str:
    ranked = sorted((_plain(wanted) != _plain(name), distance(wanted.lower(), name.lower()), name) for name in near)
    if not ranked or (len(ranked) > 1 and ranked[0][:2] == ranked[1][:2]):
        return ""
    return ranked[0][2]


def _why(wanted: str, near: str) -> str:
    if _plain(wanted) == _plain(near):
        return f"{near} exists, {wanted} does not, and they differ only in case and separators"
    ours, theirs = next((a, b) for a, b in zip(_words(wanted), _words(near), strict=True) if a != b)
    return f"{near} exists, {wanted} does not, and they differ only in the spelling of {ours!r} and {theirs!r}"


def _share(left: str, right: str) -> bool:
    return any(len(word) > 2 for word in set(_words(left)) & set(_words(right)))


_FORMS = {
    "bool": re.compile(r"true|false|yes|no|on|off|[01]|enabled|disabled", re.I),
    "host": re.compile(r"(?!true$|false$)(?=.*[a-z:.])[\w.:,\[\]-]+", re.I),
    "number": re.compile(r"[-+]?\d.*", re.S),
    "path": re.compile(r"[\w.~-]*[/\\].*|[\w.-]+", re.S),
    "port": re.compile(r"\d{1,5}|tcp://.*"),
    "url": re.compile(r"[a-z][a-z0-9+.-]*:.*|.*[=@/.].*", re.I | re.S),
}
"""What the values of a kind look like; nothing is said of a kind that is not here."""


def _fits(wanted: str, value: str) -> bool:
    """Return whether a value may be that of a variable of this name; a value that is not known may."""
    words, value = _words(wanted), value.strip()
    asked = TYPES.get(words[-1], "") if words else ""
    form = _FORMS.get(asked) if value else None
    return form is None or form.fullmatch(value) is not None


def _plain(name: str) -> str:
    return "".join(_words(name))


def _words(name: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in _PARTS.findall(name))
