"""PlannedServer steps of a plan: previewed upon what the earlier ones will have made, on the simulator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agentops.core.errors import NotFound, ToolError, ToolInputError
from agentops.core.plan import Change, Preview
from agentops.providers.kubernetes.change.namespace_contents import held_in
from agentops.providers.kubernetes.objects.normal_form import normalised

_CHECKOUT = "shop/Deployment/checkout"
_IMAGE = "registry.shop.example/checkout:v1.4.1"


def _plan(here: Any, *steps: tuple[str, str, dict[str, Any]]) -> list[Preview]:
    """Preview the steps, each upon those before it."""
    made: list[Preview] = []
    for tool, short, arguments in steps:
        change = Change(tool=f"kubernetes_{tool}", target=here.ref(short), arguments=arguments)
        made.append(here.tools[change.tool].preview(change, tuple(made)))
    return made


def _send(here: Any, tools: list[str], previews: list[Preview]) -> None:
    for tool, preview in zip(tools, previews, strict=True):
        here.appliers[f"kubernetes_{tool}"].apply(preview)


def test_two_steps_on_one_object_are_tried_as_one(world: Callable[..., Any]) -> None:
    """The second starts from the first one's result, is validated together with it, and both are sent as shown."""
    here = world()
    image, env = {"image": _IMAGE}, {"set": {"LOG_LEVEL": "debug"}}
    first, second = _plan(here, ("set_image", _CHECKOUT, image), ("set_env", _CHECKOUT, env))
    found = (second.validated, second.rests_on, second.objects[0].before == first.objects[0].after)
    assert found == (True, (1,), True)
    _send(here, ["set_image", "set_env"], [first, second])
    assert here.shown(_CHECKOUT, second.objects[0]) == second.objects[0].after


def test_a_scaling_after_an_edit_is_tried_with_it(world: Callable[..., Any]) -> None:
    """The subresource of an object that an earlier step edits is no other object."""
    here = world()
    first, second = _plan(here, ("set_image", _CHECKOUT, {"image": _IMAGE}), ("scale", _CHECKOUT, {"replicas": 4}))
    edits = [(one.path, one.old, one.new) for one in second.objects[0].edits]
    assert (edits, second.rests_on) == ([("spec.replicas", 3, 4)], (1,))
    _send(here, ["set_image", "scale"], [first, second])
    assert here.live(_CHECKOUT)["spec"]["replicas"] == 4


def test_a_preview_of_several_steps_stores_nothing(standing: Callable[..., Any]) -> None:
    """Whatever is combined, all that is sent are dry runs."""
    here = standing()
    before = here.sandbox.dump()
    _plan(here, ("set_image", _CHECKOUT, {"image": _IMAGE}), ("annotate", _CHECKOUT, {"set": {"a": "b"}}))
    assert here.sandbox.dump() == before


def test_what_the_combined_effect_is_refused_for_is_said(standing: Callable[..., Any]) -> None:
    """The server judges the whole, not the second step alone."""
    steps = (
        ("patch", "shop/Service/checkout", {"path": "spec.ports[http].name", "old": "http", "new": "web"}),
        ("patch", "shop/Service/checkout", {"path": "spec.ports[web].port", "old": 80, "new": 70000}),
    )
    with pytest.raises(ToolError, match=r"spec\.ports"):
        _plan(standing(), *steps)


_MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "shop-config"}, "data": {"A": "1"}}


def test_an_object_is_deleted_and_made_again_in_one_plan(world: Callable[..., Any]) -> None:
    """The creation is tried under another name, for the name is still taken, and is sent under its own."""
    here = world()
    short = "shop/ConfigMap/shop-config"
    gone, again = _plan(here, ("delete", short, {"recreate": True}), ("apply_manifest", short, {"manifest": _MAP}))
    assert (again.validated, again.rests_on, again.objects[0].before, again.calls[0].method) == (
        True,
        (1,),
        None,
        "POST",
    )
    _send(here, ["delete", "apply_manifest"], [gone, again])
    assert here.live(short)["data"] == {"A": "1"}


def test_what_an_earlier_step_deletes_is_not_there(standing: Callable[..., Any]) -> None:
    """An edit of it has nothing to edit."""
    short = "shop/ConfigMap/shop-config"
    with pytest.raises(NotFound, match="an earlier step of this plan deletes it"):
        _plan(standing(), ("delete", short, {}), ("annotate", short, {"set": {"a": "b"}}))


_NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "extra"}}
_INSIDE = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"A": "1"}}


def test_what_goes_into_a_namespace_that_is_not_there_is_not_called_validated(standing: Callable[..., Any]) -> None:
    """The server cannot be asked about it yet; the preview says so, and shows what is asked for."""
    _, inside = _plan(
        standing(),
        ("apply_manifest", "-/Namespace/extra", {"manifest": _NAMESPACE}),
        ("apply_manifest", "extra/ConfigMap/settings", {"manifest": _INSIDE}),
    )
    (one,) = inside.objects
    assert (inside.validated, inside.rests_on, one.partial, (one.after or {})["data"]) == (
        False,
        (1,),
        True,
        {"A": "1"},
    )
    assert "Not validated by the server yet: what it needs is made by step 1." in inside.warnings[-1]


def test_a_made_object_may_be_edited_by_a_later_step(world: Callable[..., Any]) -> None:
    """It has no uid that could be known; what it holds by then is tested."""
    here = world()
    made, edited = _plan(
        here,
        ("apply_manifest", "shop/ConfigMap/settings", {"manifest": _INSIDE}),
        ("edit_configmap", "shop/ConfigMap/settings", {"set": {"A": "2"}}),
    )
    assert [one["path"] for one in edited.calls[0].body if one["op"] == "test"] == ["/data/A"]
    _send(here, ["apply_manifest", "edit_configmap"], [made, edited])
    assert here.live("shop/ConfigMap/settings")["data"] == {"A": "2"}


def test_a_made_object_is_not_deleted_by_a_later_step(standing: Callable[..., Any]) -> None:
    """A plan that makes and deletes one object is a mistake."""
    with pytest.raises(ToolInputError, match="made by an earlier step"):
        _plan(
            standing(),
            ("apply_manifest", "shop/ConfigMap/settings", {"manifest": _INSIDE}),
            ("delete", "shop/ConfigMap/settings", {}),
        )


def test_a_namespace_with_something_of_its_own_is_not_deleted_as_an_empty_one(standing: Callable[..., Any]) -> None:
    """The message names what it holds; a plan that deletes those first may delete it."""
    here = standing()
    with pytest.raises(ToolError, match="the namespace shop holds"):
        _plan(here, ("delete", "-/Namespace/shop", {"if_empty": True}))


def test_a_namespace_that_holds_only_what_every_one_gets_is_empty(world: Callable[..., Any]) -> None:
    """The default service account and the root certificate are nobody's."""
    here = world()
    here.create({**_NAMESPACE})
    here.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": "extra"}})
    given = {"name": "kube-root-ca.crt", "namespace": "extra"}
    here.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": given, "data": {"ca.crt": "x"}})
    (preview,) = _plan(here, ("delete", "-/Namespace/extra", {"if_empty": True}))
    here.create({**_INSIDE, "metadata": {"name": "settings", "namespace": "extra"}})
    held = held_in(here.cluster, "extra")
    without = held_in(here.cluster, "extra", frozenset({here.ref("extra/ConfigMap/settings")}))
    assert (preview.reversal.value, held, without) == ("exact", ("ConfigMap/settings",), ())
    assert normalised(_NAMESPACE) == preview.undo[0].arguments["manifest"]


def test_if_empty_is_for_namespaces(standing: Callable[..., Any]) -> None:
    """Nothing else holds other objects."""
    with pytest.raises(ToolInputError, match="if_empty is for a Namespace"):
        _plan(standing(), ("delete", "shop/ConfigMap/shop-config", {"if_empty": True}))
