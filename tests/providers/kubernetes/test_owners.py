"""Owner references, read as the API defines them."""

from __future__ import annotations

from typing import Any

import pytest

from agentops.providers.kubernetes.objects.owners import controller_of, is_owned_by, owner_of, owner_references

A: dict[str, Any] = {"kind": "ReplicaSet", "name": "a", "uid": "1"}
B: dict[str, Any] = {"kind": "Job", "name": "b", "uid": "2", "controller": True}


def _item(*references: Any) -> dict[str, Any]:
    return {"metadata": {"ownerReferences": list(references)}}


@pytest.mark.parametrize(
    ("item", "controller", "owner"),
    [
        (_item(), None, None), (_item(A), None, A), (_item(A, B), B, B), ({}, None, None),
        (_item("?", A), None, A), ({"metadata": {"ownerReferences": "?"}}, None, None),
        (_item({**A, "controller": "yes"}), None, {**A, "controller": "yes"}),
    ],
)  # fmt: skip
def test_the_controller_comes_before_other_owners(item: Any, controller: Any, owner: Any) -> None:
    """Only what says ``controller: true`` controls; without a controller the first owner is the owner."""
    assert (controller_of(item), owner_of(item)) == (controller, owner)


def test_an_owner_is_known_by_its_uid() -> None:
    """Each of several owners counts, and one of the same name with another uid does not."""
    assert (is_owned_by(_item(A, B), {"2"}), is_owned_by(_item(A, B), {"3"})) == (True, False)
    assert owner_references(_item(A, B)) == (A, B)
