"""The Merkle tree over the chain's records: RFC 6962 roots, inclusion and consistency proofs.

Comes in: 32-byte leaves, one for each record (the SHA-256 of its line, which the chain computes anyway). Goes out:
roots and paths. Pure. Section numbers are of RFC 6962. ``CompactRange`` is a tree that only grows, kept as one hash for
each one bit of its size, largest subtree first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import islice
from typing import TypeAlias

EMPTY_ROOT = sha256(b"").digest()
LeafSpan: TypeAlias = tuple[int, int]
"""Leaves from the first number up to, and without, the second."""

_CHUNK = 4096


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of a leaf: ``SHA-256(0x00 || leaf)``, section 2.1."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node: ``SHA-256(0x01 || left || right)``, section 2.1."""
    return sha256(b"\x01" + left + right).digest()


class CompactRange:
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
    tree = CompactRange()
    tree.extend(leaves)
    return tree.root()


def roots_of(spans: Sequence[LeafSpan], leaves: Iterable[bytes], base: CompactRange) -> tuple[bytes, ...]:
    """Return the root over each span of a tree, in one pass and in constant memory.

    Arguments:
        leaves: those after the ones that ``base`` is over, up to the end of the furthest span.
        base: the tree's beginning, of which the leaves are not at hand.

    Raises:
        ValueError: a span takes apart a subtree of the base.
    """
    trees = [_part(base, start, min(end, base.size)) for start, end in spans]
    at, rest = base.size, iter(leaves)
    while chunk := list(islice(rest, _CHUNK)):
        for (start, end), tree in zip(spans, trees, strict=True):
            tree.extend(chunk[max(start - at, 0) : max(end - at, 0)])
        at += len(chunk)
    return tuple(tree.root() for tree in trees)


def _part(base: CompactRange, start: int, end: int) -> CompactRange:
    """Return the range over leaves ``start`` to ``end`` of the base, from the base's own subtrees."""
    if start >= end:
        return CompactRange()
    found, at, left = list[bytes](), 0, base.size
    for subtree in base.subtrees:
        width = _largest_power(left)
        if start <= at and at + width <= end:
            found.append(subtree)
        at, left = at + width, left - width
    return CompactRange(end - start, found)


def inclusion_spans(index: int, size: int) -> tuple[LeafSpan, ...]:
    """Return the spans whose roots are the audit path of leaf ``index``, section 2.1.1, nearest sibling first."""
    spans: list[LeafSpan] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start = middle
    return tuple(reversed(spans))


def inclusion_path(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """Return the audit path of leaf ``index`` in the tree of ``leaves``, section 2.1.1, nearest sibling first."""
    return roots_of(inclusion_spans(index, len(leaves)), leaves, CompactRange())


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


def consistency_spans(old: int, size: int) -> tuple[LeafSpan, ...]:
    """Return the spans whose roots prove that a tree of ``size`` leaves continues its first ``old``, section 2.1.2."""
    spans: list[LeafSpan] = []
    start, end, whole = 0, size, True
    if not 0 < old < end:
        return ()
    while end - start != old - start:
        middle = start + _split(end - start)
        if old <= middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start, whole = middle, False
    if not whole:
        spans.append((start, end))
    return tuple(reversed(spans))


def consistency_path(leaves: Sequence[bytes], old: int) -> tuple[bytes, ...]:
    """Return the proof that the tree of ``leaves`` continues that of the first ``old`` of them, section 2.1.2."""
    return roots_of(consistency_spans(old, len(leaves)), leaves, CompactRange())


def is_consistent(old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Return whether ``path`` proves that the newer tree continues the older (RFC 9162 section 2.1.4.2)."""
    if old == new or not old:
        return not path and old <= new and (old_root == new_root if old else old_root == EMPTY_ROOT)
    if old > new or not path:
        return False
    # The root of a tree of 2^n leaves is a node of the newer tree, so the path need not hold it.
    steps = [old_root, *path] if not old & (old - 1) else list(path)
    node, last = old - 1, new - 1
    # Where the older tree ends in a full subtree there is nothing to its right yet: such levels take no step.
    while node & 1:
        node, last = node >> 1, last >> 1
    older = newer = steps[0]
    for step in steps[1:]:
        if not last:
            return False
        # A sibling to the left is part of both trees, one to the right of the newer alone.
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
