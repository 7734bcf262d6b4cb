"""An alert's words against the names of a cluster."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from agentops.core.alert import Alert, Target
from agentops.core.errors import Forbidden
from agentops.providers.kubernetes.api.client import Selection
from agentops.providers.kubernetes.read.worded_target import worded_target

_THERE = (
    ("Namespace", "", "shop"), ("Namespace", "", "blog"), ("Namespace", "", "monitoring"), ("Node", "", "worker-1"),
    ("Deployment", "shop", "cart"), ("Service", "shop", "cart"), ("Pod", "shop", "cart-7477f49bbf-n7spc"),
    ("Pod", "shop", "db-0"), ("Deployment", "shop", "web"), ("Deployment", "blog", "web"),
)  # fmt: skip


@dataclass
class _Cluster:
    """Answers lists by name and namespace, as the API does."""

    refuses: bool = False
    asked: list[str] = field(default_factory=list)

    def kind(self, word: str) -> str:
        return word

    def list_objects(self, kind: str, selection: Selection, *, limit: int = 5000) -> tuple[list[dict[str, Any]], bool]:
        self.asked.append(f"{kind} {selection.namespace} {selection.fields}")
        if self.refuses:
            raise Forbidden("no")
        name = selection.fields.removeprefix("metadata.name=")
        found = [
            {"metadata": {"namespace": place, "name": called}}
            for one, place, called in _THERE
            if one == kind and selection.namespace in ("", place) and name in ("", called)
        ]
        return found[:limit], False


def _alert(text: str, claim: Target = Target(), **labels: str) -> Alert:  # noqa: B008 - a frozen value
    return Alert(name=text, source="text", summary=text, target=claim, labels=labels, from_words=True)


@pytest.mark.parametrize(
    ("alert", "target"),
    [
        (
            _alert("deployment cart", Target(kind="Deployment", name="cart")),
            Target(namespace="shop", kind="Deployment", name="cart"),
        ),
        (_alert("deployment web", Target(kind="Deployment", name="web")), Target()),
        (
            _alert("web in shop", Target(namespace="shop", kind="Deployment", name="web")),
            Target(namespace="shop", kind="Deployment", name="web"),
        ),
        (
            _alert("the statefulset cart", Target(kind="StatefulSet", name="cart")),
            Target(namespace="shop", kind="Deployment", name="cart"),
        ),
        (_alert("pod keeps", Target(kind="Pod", name="keeps")), Target()),
        (
            _alert("pod cart-1 of shop", Target(kind="Pod", name="cart-1")),
            Target(namespace="shop", kind="Pod", name="cart-1"),
        ),
        (_alert("5xx of cart-7477f49bbf-n7spc"), Target(namespace="shop", kind="Pod", name="cart-7477f49bbf-n7spc")),
        (_alert("unreachable", host="worker-1"), Target(kind="Node", name="worker-1")),
        (_alert("cart is slow"), Target()),
        (_alert("slow in shop, says monitoring"), Target(namespace="shop")),
        (_alert("slow in shop and blog"), Target()),
        (_alert("slow", Target(namespace="nowhere")), Target()),
        (
            _alert("5xx", Target(namespace="blog"), exported_service="shop-cart-80@kubernetes"),
            Target(namespace="shop", kind="Service", name="cart"),
        ),
        (_alert("5xx", Target(namespace="blog"), exported_service="shop-gone-80@kubernetes"), Target(namespace="blog")),
    ],
)
def test_only_what_exists_is_named(alert: Alert, target: Target) -> None:
    """A name counts when it stands beside its kind or looks like a name, and exists once."""
    assert worded_target(_Cluster(), alert, ()) == target  # type: ignore[arg-type]


def test_where_nothing_may_be_read_the_words_are_believed() -> None:
    """Who may not list namespaces still knows which one they mean."""
    claim = Target(namespace="shop", kind="Deployment", name="cart")
    assert worded_target(_Cluster(refuses=True), _alert("deployment cart", claim), ()) == claim  # type: ignore[arg-type]


def test_a_long_text_asks_few_questions() -> None:
    """However many words look like names, the cluster is asked about a handful."""
    cluster = _Cluster()
    worded_target(cluster, _alert(" ".join(f"word-{n}" for n in range(500))), ())  # type: ignore[arg-type]
    assert len(cluster.asked) < 70
