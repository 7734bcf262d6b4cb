"""The tree over the chain: RFC 6962 roots, inclusion and consistency proofs.

Comes in: 32-byte leaves, one for each record (the SHA-256 of its line, which the chain computes anyway). Goes out:
roots and paths. Pure. Section numbers are of RFC 6962; ``Range`` is the compact form of a tree that only grows, a hash
for each one bit of its size, largest subtree first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import islice
from typing import TypeAlias

EMPTY_ROOT = sha256(b"").digest()
Span: TypeAlias = tuple[int, int]
"""Leaves from the first number up to, and without, the second."""

_CHUNK = 4096


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of a leaf: ``SHA-256(0x00 || leaf)``, section 2.1."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node: ``SHA-256(0x01 || left || right)``, section 2.1."""
    return sha256(b"\x01" + left + right).digest()


class Range:
    """A tree of ``size`` leaves that can only grow, in memory logarithmic in its size."""

    __slots__ = ("_subtrees", "size")

    def __init__(self, size: int = 0, subtrees: Sequence[bytes] = ()) -> None:
        if len(subtrees) != size.bit_count():
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} subtrees, not {len(subtrees)}")
        self.size = size
        self._subtrees = list(subtrees)

    @property
    def subtrees(self) -> tuple[bytes, ...]:
        """The roots of the perfect subtrees, largest first; with ``size`` they make the same range again."""
        return tuple(self._subtrees)

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Add leaves. Aligned runs are hashed level by level, which is what makes a million of them take a second."""
        hashes = [sha256(b"\x00" + leaf).digest() for leaf in leaves]
        done = 0
        while done < len(hashes):
            # The largest perfect subtree that may begin at this size and is there in full.
            room = len(hashes) - done
            aligned = (self.size & -self.size) or 1 << (room.bit_length() - 1)
            width = min(aligned, 1 << (room.bit_length() - 1))
            self._push(_perfect_root(hashes[done : done + width]), width)
            done += width

    def root(self) -> bytes:
        """Return the tree's root, section 2.1."""
        if not self._subtrees:
            return EMPTY_ROOT
        found = self._subtrees[-1]
        for subtree in reversed(self._subtrees[:-1]):
            found = node_hash(subtree, found)
        return found

    def _push(self, subtree: bytes, width: int) -> None:
        while self.size & width:
            subtree = node_hash(self._subtrees.pop(), subtree)
            self.size -= width
            width *= 2
        self._subtrees.append(subtree)
        self.size += width


def _perfect_root(hashes: list[bytes]) -> bytes:
    while len(hashes) > 1:
        pairs = zip(hashes[::2], hashes[1::2], strict=True)
        hashes = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
    return hashes[0]


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root of a tree of these leaves."""
    tree = Range()
    tree.extend(leaves)
    return tree.root()


class Missing(LookupError):
    """A part of the tree is asked for of which neither the leaves nor the root is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A tree of which the leaves from ``first`` on are there, and of those before only the perfect subtrees' roots.

    Arguments:
        first: how many leaves at the beginning are not kept.
        frontier: the roots of the perfect subtrees over them, largest first, as ``Range.subtrees`` has them.
        leaves: the leaves that are kept.
    """

    leaves: Sequence[bytes]
    first: int = 0
    frontier: Sequence[bytes] = ()

    @property
    def size(self) -> int:
        """How many leaves the tree has."""
        return self.first + len(self.leaves)

    def root(self, start: int, end: int) -> bytes:
        """Return the root over leaves ``start`` to ``end``.

        Raises:
            Missing: it takes a leaf that is not kept.
        """
        if start >= self.first:
            return root_of(self.leaves[start - self.first : end - self.first])
        found = self._kept(start, end)
        if found is not None:
            return found
        if end <= self.first and not (end - start) & (end - start - 1):
            raise Missing(f"leaves {start} to {end - 1}")
        middle = start + _split(end - start)
        return node_hash(self.root(start, middle), self.root(middle, end))

    def _kept(self, start: int, end: int) -> bytes | None:
        at, left = 0, self.first
        for subtree in self.frontier:
            width = 1 << (left.bit_length() - 1)
            if (at, at + width) == (start, end):
                return subtree
            at, left = at + width, left - width
        return None


def inclusion_path(tree: Tree, index: int, size: int) -> tuple[bytes, ...]:
    """Return the audit path of leaf ``index`` in the tree's first ``size`` leaves, section 2.1.1, nearest sibling first.

    Raises:
        Missing: the leaf is not kept.
    """
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(tree.root(middle, end))
            end = middle
        else:
            path.append(tree.root(start, middle))
            start = middle
    return tuple(reversed(path))


def root_from_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Return the root that an inclusion proof leads to (RFC 9162 section 2.1.3.2), None when it has no such form."""
    if not 0 <= index < size:
        return None
    node, last, found = index, size - 1, leaf_hash(leaf)
    for sibling in path:
        if not last:
            return None
        if node & 1 or node == last:
            found = node_hash(sibling, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        node, last = node >> 1, last >> 1
    return found if not last else None


def consistency_path(tree: Tree, old: int, size: int) -> tuple[bytes, ...]:
    """Return the proof that the tree's first ``size`` leaves continue its first ``old`` ones, section 2.1.2.

    Raises:
        Missing: too little is kept of the first ``old``.
    """
    path: list[bytes] = []
    start, end, whole = 0, size, True
    if not 0 < old < end:
        return ()
    while end - start != old - start:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(tree.root(middle, end))
            end = middle
        else:
            path.append(tree.root(start, middle))
            start, whole = middle, False
    if not whole:
        path.append(tree.root(start, end))
    return tuple(reversed(path))


def is_consistent(old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Tell whether ``path`` proves that the newer tree continues the older (RFC 9162 section 2.1.4.2)."""
    if old == new or not old:
        return not path and old <= new and (old_root == new_root if old else old_root == EMPTY_ROOT)
    if old > new or not path:
        return False
    steps = [old_root, *path] if not old & (old - 1) else list(path)
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    older = newer = steps[0]
    for step in steps[1:]:
        if not last:
            return False
        if node & 1 or node == last:
            older, newer = node_hash(step, older), node_hash(step, newer)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            newer = node_hash(newer, step)
        node, last = node >> 1, last >> 1
    return (older, newer, last) == (old_root, new_root, 0)


def _split(size: int) -> int:
    """Return the largest power of two smaller than ``size``."""
    return _largest_power(size - 1)


def _largest_power(size: int) -> int:
    return 1 << (size.bit_length() - 1)
