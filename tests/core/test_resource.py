"""Resource references: they parse, print and refuse."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentops.core.errors import UsageError
from agentops.core.resource import ResourceRef, check_name, kubernetes_ref, parse_ref

_NAME = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1).filter(lambda t: t[0] != "-")


@given(_NAME, st.one_of(st.just(""), _NAME), _NAME, _NAME)
def test_a_kubernetes_reference_round_trips(context: str, namespace: str, kind: str, name: str) -> None:
    """Printing and parsing gives the same reference, slashes and percent signs in a part included."""
    reference = kubernetes_ref(context, namespace, kind, name)
    assert parse_ref(str(reference)) == reference


def test_an_aws_id_may_hold_slashes() -> None:
    """The last part of an AWS reference takes the rest, and still round-trips."""
    reference = parse_ref("aws://123456789012/eu-west-1/elbv2/loadbalancer/app/web/50dc")
    assert (reference.name, parse_ref(str(reference))) == ("app/web/50dc", reference)


def test_an_aws_resource_is_called_by_service_type_and_id() -> None:
    """Its kind is service and type, and its short form is what a person types behind ``aws:``."""
    reference = parse_ref("aws://123456789012/eu-west-1/ecs/service/shop/web")
    assert (reference.kind, reference.short, reference.subject) == (
        "ecs/service",
        "ecs/service/shop/web",
        "ecs/service shop/web",
    )


def test_cluster_scoped_objects_have_no_namespace() -> None:
    """A missing namespace prints as a dash and reads as empty."""
    reference = kubernetes_ref("prod", None, "Node", "n1")
    assert (str(reference), reference.namespace, reference.short) == ("k8s://prod/-/Node/n1", "", "Node/n1")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pods/x",
        "http://a/b/c",
        "k8s://a/b/c",
        "k8s://a/b/c/d/e",
        "k8s://a//Pod/x",
        "mcp://server",
        "k8s://a/b/Pod/-x",
    ],
)
def test_what_is_no_reference_is_refused(text: str) -> None:
    """A wrong scheme, a missing or surplus part, or a name like a flag is the caller's mistake."""
    with pytest.raises(UsageError):
        parse_ref(text)


@pytest.mark.parametrize("text", ["", "--server=https://evil", "-", "a\nb", "a\u200bb", "pod\u202ex", "x\x1b[0m"])
def test_names_that_could_deceive_are_refused(text: str) -> None:
    """No empty name, no leading dash, nothing invisible; the lone dash stands for cluster scope."""
    if text == "-":
        assert check_name(text, "name") == "-"
        return
    with pytest.raises(UsageError):
        check_name(text, "name")


def test_references_print_their_parts_by_scheme() -> None:
    """The parts have the meaning that the scheme gives them."""
    reference = ResourceRef(scheme="k8s", parts=("c", "shop", "Deployment", "web"))
    assert (reference.context, reference.namespace, reference.kind, reference.name, reference.short) == (
        "c",
        "shop",
        "Deployment",
        "web",
        "shop/Deployment/web",
    )
    assert parse_ref("mcp://github/search").short == "github/search"
