"""What calls itself nothing that is known is concealed as a Secret is."""

from __future__ import annotations

from typing import Any

import pytest

from agentops.providers.kubernetes.objects.secrecy import conceal


@pytest.mark.parametrize(
    ("kind", "hides"),
    [("Secret", True), (["Secret"], True), ({"a": 1}, True), (7, True), ("ConfigMap", False), (None, False)],
)
def test_a_kind_that_is_no_text_hides_the_data(kind: Any, hides: bool) -> None:
    """Of an object and of an item of a list; what has no kind is judged by the request."""
    data = {"a": "cGFzc3dvcmQ="}
    alone = conceal({"kind": kind, "data": dict(data)}, of_secrets=False)
    listed = conceal({"items": [{"kind": kind, "data": dict(data)}]}, of_secrets=False)["items"][0]
    assert [one["data"] != data for one in (alone, listed)] == [hides, hides]
