"""Server-side apply: ownership, conflicts that name the owner, force, and what a manager no longer applies."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from agentops.sandbox.admission.apply import server_side_apply
from agentops.sandbox.admission.fields import from_fields, leaves
from agentops.sandbox.wire.schemas import definitions

WEB = "/apis/apps/v1/namespaces/shop/deployments/web"
API = WEB.replace("web", "api")


def owners(obj: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["manager"], one["operation"]) for one in obj["metadata"]["managedFields"]]


def config(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}


def test_apply_creates_and_a_second_apply_changes_nothing(call: Any, deployment: Any) -> None:
    """The first apply is a create, the same again is no write."""
    made = call.ok("PATCH", f"{API}?fieldManager=ops", deployment("api"), patch="apply")
    again = call.ok("PATCH", f"{API}?fieldManager=ops", deployment("api"), patch="apply")
    assert (made["spec"]["replicas"], owners(made), again) == (2, [("ops", "Apply")], made)


def test_a_field_of_another_manager_conflicts_until_forced(call: Any) -> None:
    """409 names the owner and the field; force takes the field over, and only that field."""
    assert call.refused("PATCH", f"{WEB}?fieldManager=ops", config(replicas=5), patch="apply") == (
        409,
        'Apply failed with 1 conflict: conflict with "tester" using apps/v1: .spec.replicas',
    )
    taken = call.ok("PATCH", f"{WEB}?fieldManager=ops&force=true", config(replicas=5), patch="apply")
    fields = {one["manager"]: one["fieldsV1"]["f:spec"] for one in taken["metadata"]["managedFields"]}
    assert (taken["spec"]["replicas"], fields["ops"]) == (5, {"f:replicas": {}})
    assert ("f:replicas" in fields["tester"], "f:template" in fields["tester"]) == (False, True)


def test_several_conflicts_are_listed(call: Any) -> None:
    """Each contested field is named, by manager."""
    containers = [{"name": "main", "image": "shop/web:2"}]
    wanted = config(replicas=5, template={"spec": {"containers": containers}})
    assert call.refused("PATCH", f"{WEB}?fieldManager=ops", wanted, patch="apply") == (
        409,
        'Apply failed with 2 conflicts: conflicts with "tester" using apps/v1:\n'
        "- .spec.replicas\n"
        '- .spec.template.spec.containers[name="main"].image',
    )


def test_the_same_value_is_shared(call: Any) -> None:
    """Applying the value that is there makes a second owner, without a conflict."""
    shared = call.ok("PATCH", f"{WEB}?fieldManager=ops", config(replicas=2), patch="apply")
    assert owners(shared) == [("tester", "Update"), ("ops", "Apply")]


def test_what_a_manager_no_longer_applies_goes(call: Any, deployment: Any) -> None:
    """A field that was only this manager's is removed when it leaves the configuration; a shared one stays."""
    full = deployment("api")
    container = full["spec"]["template"]["spec"]["containers"][0]
    container["env"].append({"name": "B", "value": "2"})
    full["metadata"]["labels"] = {"team": "a", "tier": "web"}
    call.ok("PATCH", f"{API}?fieldManager=ops", full, patch="apply")
    label = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "api", "labels": {"team": "a"}}}
    call.ok("PATCH", f"{API}?fieldManager=labels", label, patch="apply")
    less = copy.deepcopy(full)
    del less["metadata"]["labels"]
    less["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "B", "value": "2"}]
    after = call.ok("PATCH", f"{API}?fieldManager=ops", less, patch="apply")
    assert after["metadata"]["labels"] == {"team": "a"}
    assert after["spec"]["template"]["spec"]["containers"][0]["env"] == [{"name": "B", "value": "2"}]


def test_apply_is_strict(call: Any) -> None:
    """No manager is 422, an unknown field is refused with its path, managedFields may not be applied."""
    assert call.refused("PATCH", WEB, config(replicas=2), patch="apply")[0] == 422
    assert call.refused("PATCH", f"{WEB}?fieldManager=ops", config(replicass=2), patch="apply") == (
        500,
        "failed to create typed patch object (shop/web; apps/v1, Kind=Deployment): .spec.replicass: field not "
        "declared in schema",
    )
    owned = config()
    owned["metadata"]["managedFields"] = [{"manager": "x"}]
    assert call.refused("PATCH", f"{WEB}?fieldManager=ops", owned, patch="apply")[0] == 400


def test_an_update_takes_fields_from_their_owner(call: Any) -> None:
    """A plain patch by another manager moves ownership of what it changes."""
    call.ok("PATCH", f"{WEB}?fieldManager=scaler", {"spec": {"replicas": 7}}, patch="merge")
    assert call.refused("PATCH", f"{WEB}?fieldManager=ops", config(replicas=5), patch="apply")[1] == (
        'Apply failed with 1 conflict: conflict with "scaler" using apps/v1: .spec.replicas'
    )


_ENTRY = st.sampled_from(["A", "B", "C"])
_CONFIG = st.fixed_dictionaries(
    {},
    optional={
        "replicas": st.integers(0, 3),
        "minReadySeconds": st.integers(0, 2),
        "template": st.fixed_dictionaries(
            {
                "spec": st.fixed_dictionaries(
                    {
                        "containers": st.lists(
                            st.fixed_dictionaries(
                                {"name": st.sampled_from(["main", "side"])},
                                optional={
                                    "image": st.sampled_from(["a:1", "b:2"]),
                                    "env": st.lists(
                                        st.fixed_dictionaries({"name": _ENTRY, "value": _ENTRY}),
                                        max_size=2,
                                        unique_by=lambda one: one["name"],
                                    ),
                                },
                            ),
                            max_size=2,
                            unique_by=lambda one: one["name"],
                        )
                    }
                )
            }
        ),
    },
)


def entry(manager: str) -> dict[str, Any]:
    return {"manager": manager, "operation": "Apply", "apiVersion": "apps/v1", "time": "2026-11-22T12:00:00Z"}


@given(first=_CONFIG, second=_CONFIG)
@settings(max_examples=200, deadline=None)
def test_apply_laws(first: dict[str, Any], second: dict[str, Any]) -> None:
    """Applying twice is applying once; what was applied is there; a manager that applies nothing leaves nothing."""
    schema = definitions()["io.k8s.api.apps.v1.Deployment"]
    ours, theirs = config(**first), config(**second)
    once = server_side_apply(schema, None, ours, entry("us"), force=False)
    assert server_side_apply(schema, once, ours, entry("us"), force=False) == once
    both = server_side_apply(schema, once, theirs, entry("them"), force=True)
    present = leaves(schema, both)
    assert all(present[path] == value for path, value in leaves(schema, theirs).items() if value not in ({}, []))
    without_them = server_side_apply(schema, both, config(), entry("them"), force=True)
    kept = leaves(schema, without_them)
    held = {path for one in without_them["metadata"]["managedFields"] for path in from_fields(one["fieldsV1"])}
    # Whatever only they applied is gone: each leaf that is left has an owner.
    assert {path for path in kept if kept[path] not in ({}, [])} <= held


def test_a_conflict_names_the_way_that_the_owner_came(call: Any) -> None:
    """Who scaled owns the replicas through the scale subresource, and the conflict says so."""
    call.ok("PATCH", f"{WEB}/scale?fieldManager=autoscaler", {"spec": {"replicas": 7}}, patch="merge")
    assert call.refused("PATCH", f"{WEB}?fieldManager=ops", config(replicas=5), patch="apply") == (
        409,
        'Apply failed with 1 conflict: conflict with "autoscaler" with subresource "scale" using apps/v1: '
        ".spec.replicas",
    )


def test_what_was_there_before_anything_was_tracked_has_an_owner(call: Any, deployment: Any) -> None:
    """An object from plain manifests, without managedFields, belongs to before-first-apply when it is first applied."""
    call.store.load([{**deployment("old"), "metadata": {"name": "old", "namespace": "shop"}}])
    url = WEB.replace("web", "old")
    assert call.refused("PATCH", f"{url}?fieldManager=ops", config(replicas=5) | {"metadata": {}}, patch="apply") == (
        409,
        'Apply failed with 1 conflict: conflict with "before-first-apply" using apps/v1: .spec.replicas',
    )
    taken = call.ok("PATCH", f"{url}?fieldManager=ops&force=1", config(replicas=5) | {"metadata": {}}, patch="apply")
    assert owners(taken) == [("before-first-apply", "Update"), ("ops", "Apply")]
