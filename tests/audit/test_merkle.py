"""The tree: RFC 6962's definitions, held against their own recursive form."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentops.audit.merkle import (
    EMPTY_ROOT,
    CompactRange,
    consistency_path,
    consistency_spans,
    inclusion_path,
    inclusion_spans,
    is_consistent,
    leaf_hash,
    node_hash,
    root_from_inclusion,
    root_of,
    roots_of,
)

LEAVES = [sha256(bytes([n])).digest() for n in range(70)]
# The inputs and roots that implementations of RFC 6962 share as their test vectors.
_SHARED = ", 00, 10, 2021, 3031, 40414243, 5051525354555657, 606162636465666768696a6b6c6d6e6f"
SHARED = [bytes.fromhex(text) for text in _SHARED.split(", ")]
SHARED_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def _root(leaves: list[bytes]) -> bytes:
    """Section 2.1, word for word."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node_hash(_root(leaves[:k]), _root(leaves[k:]))


def test_the_shared_vectors_hold() -> None:
    """The roots over the vectors that other implementations publish are theirs."""
    assert [root_of(SHARED[:n]).hex() for n in range(1, 9)] == SHARED_ROOTS
    assert root_of([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@given(st.lists(st.integers(1, 40), max_size=6))
def test_a_tree_may_grow_in_any_steps(steps: list[int]) -> None:
    """However the leaves arrive, the root is that of the definition, and a stored range goes on as the same tree."""
    tree, done = CompactRange(), 0
    for step in steps:
        part = LEAVES[done : done + step]
        tree = CompactRange(tree.size, tree.subtrees)
        tree.extend(part)
        done += len(part)
    assert (tree.size, tree.root()) == (done, _root(LEAVES[:done]))


def test_every_inclusion_proof_leads_to_the_root_and_no_other_leaf_does() -> None:
    """For trees of 1 to 33 leaves each leaf's path proves it, and proves nothing else."""
    for size in range(1, 34):
        root = _root(LEAVES[:size])
        for index in range(size):
            path = inclusion_path(LEAVES[:size], index)
            assert root_from_inclusion(LEAVES[index], index, size, path) == root
            assert root_from_inclusion(LEAVES[index + 1], index, size, path) != root
            assert root_from_inclusion(LEAVES[index], (index + 1) % (size + 1), size, path) != root
            assert root_from_inclusion(LEAVES[index], index, size, (*path, root)) is None


def test_every_consistency_proof_holds_and_no_other_does() -> None:
    """Each older tree is proved to be the beginning of each newer, and a rewritten one is not."""
    for new in range(1, 34):
        new_root = _root(LEAVES[:new])
        for old in range(1, new):
            path = consistency_path(LEAVES[:new], old)
            assert is_consistent(old, _root(LEAVES[:old]), new, new_root, path)
            assert not is_consistent(old, LEAVES[0], new, new_root, path)
            assert not is_consistent(old, _root(LEAVES[:old]), new, LEAVES[0], path)
            assert not is_consistent(old, _root(LEAVES[:old]), new, new_root, path[:-1])
            assert not is_consistent(old, _root(LEAVES[:old]), new, new_root, (*path, new_root))


def test_trees_of_no_and_of_equal_size() -> None:
    """Equal trees need no proof; the empty tree is the beginning of all; a shorter one continues none."""
    root = _root(LEAVES[:3])
    assert is_consistent(3, root, 3, root, ())
    assert is_consistent(0, EMPTY_ROOT, 3, root, ())
    assert not is_consistent(3, root, 3, LEAVES[0], ())
    assert not is_consistent(0, root, 3, root, ())
    assert not is_consistent(3, root, 2, root, (root,))
    assert not is_consistent(2, root, 3, root, ())


def test_a_range_must_fit_its_size() -> None:
    """A stored range whose subtrees are not those of its size is refused."""
    with pytest.raises(ValueError, match="a tree of 3 leaves has 2 subtrees, not 1"):
        CompactRange(3, [LEAVES[0]])


@given(st.integers(1, 300), st.data())
def test_proofs_need_only_the_subtrees_of_what_is_gone(size: int, data: st.DataObject) -> None:
    """The paths of every leaf from some number on, and of growth from there on, come out without the leaves before."""
    gone = data.draw(st.integers(0, size - 1))
    index, old = data.draw(st.integers(gone, size - 1)), data.draw(st.integers(max(gone, 1), size))
    leaves = [bytes([n % 256, n // 256]) * 16 for n in range(size)]
    base = CompactRange()
    base.extend(leaves[:gone])
    spans = (inclusion_spans(index, size), consistency_spans(old, size))
    found = tuple(roots_of(wanted, leaves[gone:], base) for wanted in spans)
    assert found == (inclusion_path(leaves, index), consistency_path(leaves, old))


def test_paths_are_found_over_more_leaves_than_are_read_at_once() -> None:
    """A pass that takes several bites comes to the same path."""
    leaves = [n.to_bytes(32, "big") for n in range(10_000)]
    spans = inclusion_spans(5000, len(leaves))
    assert roots_of(spans, iter(leaves), CompactRange()) == inclusion_path(leaves, 5000)
