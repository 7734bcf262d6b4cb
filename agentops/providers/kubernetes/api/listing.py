"""What a server calls a list, held against what a list is: its kind, its items, the token of the next page, its size.

Comes in: an answer to a list. Goes out: the items that can be taken for objects of the kind and have the types that the
API gives their fields, and a ``Flaw`` for everything that was left out. An answer that is no list at all is an error,
and so are pages that never end: whoever reads on would take "nothing came" for "there is nothing".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agentops.core.errors import ClusterError
from agentops.core.text import one_line, plural
from agentops.providers.kubernetes.objects.field_types import (
    Flaw,
    fits,
    identity_flaw,
    label_of,
    mended,
    type_of,
)
from agentops.providers.kubernetes.objects.kinds import BUILTIN, Kind

PAGE_LIMIT = 1_000
"""So many pages of one list are read; an honest server needs a hundred for 50,000 objects."""
_EMPTY_PAGES = 3
_MODEST_BYTES = 2 * 1024 * 1024
_OBJECTS_LIMIT = 400_000
_PARTS_LIMIT = 2_000_000
_NAMED = 5
_BUILTIN = frozenset((kind.kind, kind.group) for kind in BUILTIN)

TellFlaw = Callable[[Flaw], None]


def odd_answer(what: str, why: str = "") -> ClusterError:
    """Return the error for an answer that no Kubernetes API sends."""
    return ClusterError(
        f"the answer for {what} is not what a Kubernetes API sends" + (f": {one_line(why, 160)}" if why else ""),
        hint="Is the server address of this context a Kubernetes API server?",
        code="odd-answer",
    )


def too_large(what: str) -> ClusterError:
    """Return the error for an answer that would take too much memory."""
    return ClusterError(
        f"the answer {what}", hint="Ask for less: one namespace, a selector, a limit.", code="too-large"
    )


def require_modest(body: bytes) -> None:
    """Raise where decoding would make far more of a body than its bytes: millions of empty objects, say.

    Raises:
        ClusterError: code ``too-large``.
    """
    if len(body) < _MODEST_BYTES:
        return
    if body.count(b"{") > _OBJECTS_LIMIT or body.count(b",") + body.count(b"[") > _PARTS_LIMIT:
        raise too_large("holds more parts than any list that was asked for")


def require_list(answer: Any, kind: Kind, path: str) -> Mapping[str, Any]:
    """Return the answer when it is a list of ``kind``.

    Raises:
        ClusterError: it is not (code ``odd-answer``).
    """
    if not isinstance(answer, Mapping):
        raise odd_answer(path, "it is no object")
    said, items = answer.get("kind"), answer.get("items")
    is_builtin = (kind.kind, kind.group) in _BUILTIN
    if said == "Status" or (is_builtin and said != f"{kind.kind}List"):
        raise odd_answer(path, f"it is no {kind.kind}List but {said!r}")
    # Some servers of custom kinds write an empty list as null; the API server itself does not.
    if not isinstance(items, list) and (items is not None or is_builtin or "items" not in answer):
        raise odd_answer(path, "it has no items")
    if not isinstance(answer.get("metadata"), Mapping):
        raise odd_answer(path, "it does not say whether there is more")
    return answer


def more_of(answer: Mapping[str, Any], path: str) -> str:
    """Return the token of the next page; empty on the last one.

    Raises:
        ClusterError: it is no text (code ``odd-answer``).
    """
    token = (answer.get("metadata") or {}).get("continue")
    if token is not None and not isinstance(token, str):
        raise odd_answer(path, "it does not say whether there is more")
    return token or ""


def items_of(items: Sequence[Any] | None, kind: Kind, namespace: str, tell: TellFlaw) -> list[dict[str, Any]]:
    """Return the items that are objects of ``kind``, without what has the wrong type.

    Arguments:
        namespace: of the list; empty for all, and for kinds without one.
        tell: told of each part that is left out; may raise.
    """
    word = type_of(kind.kind)
    found = []
    for item in items or ():
        flaw = identity_flaw(item, kind.kind, kind.namespaced, namespace)
        if flaw is not None:
            tell(flaw)
            continue
        # The server's own word for the kind is not believed: it would make a Secret of a Pod, or the reverse.
        found.append({**whole(item, word, label_of(item, kind.kind), tell), **_heading(kind)})
    return found


def _heading(kind: Kind) -> dict[str, str]:
    return {"apiVersion": kind.api_version, "kind": kind.kind}


def whole(item: dict[str, Any], word: str, where: str, tell: TellFlaw) -> dict[str, Any]:
    """Return the object as it came when all types are right, else without what is not, and tell of it."""
    if fits(item, word):
        return item
    kept, flaws = mended(item, word, where)
    for flaw in flaws:
        tell(flaw)
    return kept if isinstance(kept, dict) else {}


def refuse(flaw: Flaw) -> None:
    """Take nothing that has a flaw: for whoever decides by what he read.

    Raises:
        ClusterError: always (code ``odd-answer``).
    """
    raise odd_answer(flaw.where, f"{flaw.field}: {flaw.why}" if flaw.field else flaw.why)


def flaws_in_words(flaws: Sequence[Flaw]) -> str:
    """Return one sentence about what was left out, the first few by name."""
    named = "; ".join(map(str, flaws[:_NAMED]))
    more = f"; and {len(flaws) - _NAMED:,} more" if len(flaws) > _NAMED else ""
    were = "was" if len(flaws) == 1 else "were"
    return f"{plural(len(flaws), 'part')} of the answer cannot be right and {were} left out: {named}{more}"


class Pages:
    """Watches the pages of one list, so that reading on comes to an end."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._seen: set[str] = set()
        self._pages = self._empty = 0

    def next(self, token: str, count: int) -> str:
        """Return the token when another page may be asked for.

        Arguments:
            count: how many items the page had.

        Raises:
            ClusterError: the pages do not come to an end (code ``odd-answer``).
        """
        self._pages += 1
        self._empty = 0 if count else self._empty + 1
        if token and (token in self._seen or self._pages >= PAGE_LIMIT or self._empty >= _EMPTY_PAGES):
            raise odd_answer(self._path, "its pages do not come to an end")
        self._seen.add(token)
        return token
