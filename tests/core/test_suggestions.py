"""Names that were perhaps meant."""

from __future__ import annotations

import pytest

from agentops.core.suggestions import LOOSE, closest


@pytest.mark.parametrize(
    ("given", "names", "more", "near"),
    [
        ("limt", ["kind", "limit", "list"], {}, ("limit",)),
        ("limt", ["kind", "limit", "list"], {"count": 3}, ("limit", "list")),
        ("limt", ["kind", "namespace"], {}, ()),
        ("logs", ["kubernetes_logs", "kubernetes_list"], {}, ()),
        ("k8s_logs", ["kubernetes_logs", "aws"], {"cutoff": LOOSE}, ("kubernetes_logs",)),
        ("DEPLOYMENT", ["Deployments", "Pod"], {}, ("Deployments",)),
        ("web", ["Web", "WEB", "Web"], {"count": 3}, ("Web", "WEB")),
        ("", ["a"], {}, ()),
    ],
)
def test_the_nearest_names_come_first(given, names, more, near):
    """At most as many as were asked for, nothing where nothing is near; case does not count."""
    assert closest(given, names, **more) == near
