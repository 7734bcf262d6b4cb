"""What a server-side apply leaves out is predicted to go, where nobody else owns it: policy sees it before a trial."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agentops.core.errors import PolicyRefused
from agentops.core.plan import Change
from agentops.guard.remediation_rules import require_remediation
from agentops.providers.kubernetes.change.predictor import without_dropped
from agentops.providers.kubernetes.change.remediation_rules import reasons_against

_BOTH = {"name": "web", "image": "shop/web:1", "limit": "64Mi"}


def _entry(fields: Any, manager: str = "agentops", operation: str = "Apply", **more: Any) -> dict[str, Any]:
    return {"manager": manager, "operation": operation, "fieldsV1": fields, **more}


_OF_WEB = {'k:{"name":"web"}': {".": {}, "f:name": {}, "f:image": {}, "f:limit": {}}}
_CASES: dict[str, tuple[Any, Any, list[Any], Any]] = {
    "nobody says whose": ({"a": 1}, {}, [], {"a": 1}),
    "said still": ({"a": 1, "b": 2}, {"a": 1}, [_entry({"f:a": {}, "f:b": {}})], {"a": 1}),
    "a whole map": ({"a": {"b": 1, "c": 2}}, {}, [_entry({"f:a": {"f:b": {}}})], {}),
    "of a map what is ours": (
        {"a": {"b": 1, "c": 2}},
        {},
        [_entry({"f:a": {"f:b": {}}}), _entry({"f:a": {"f:c": {}}}, "kubectl")],
        {"a": {"c": 2}},
    ),
    "another owner": ({"a": 1}, {}, [_entry({"f:a": {}}), _entry({"f:a": {}}, "helm")], {"a": 1}),
    "ours, but by an update": ({"a": 1}, {}, [_entry({"f:a": {}}, operation="Update")], {"a": 1}),
    "ours, but of scale": ({"a": 1}, {}, [_entry({"f:a": {}}, subresource="scale")], {"a": 1}),
    "of an item": (
        {"of": [_BOTH, {"name": "x"}]},
        {"of": [{"name": "web", "image": "shop/web:1"}]},
        [_entry({"f:of": _OF_WEB})],
        {"of": [{"name": "web", "image": "shop/web:1"}, {"name": "x"}]},
    ),
    "an item": ({"of": [_BOTH, {"name": "x"}]}, {"of": []}, [_entry({"f:of": _OF_WEB})], {"of": [{"name": "x"}]}),
    "a value": ({"of": ["a", "b"]}, {"of": ["b"]}, [_entry({"f:of": {'v:"a"': {}, 'v:"b"': {}}})], {"of": ["b"]}),
    "what cannot be read": ({"of": ["a"], "b": 1}, {"of": []}, [_entry({"f:of": {"k:{": {}}, "f:b": 1})],
                            {"of": ["a"], "b": 1}),
}  # fmt: skip


@pytest.mark.parametrize("name", _CASES)
def test_what_an_apply_leaves_out_goes_when_it_is_ours_alone(name: str) -> None:
    """A field of our earlier apply that the manifest says no more is gone; everything else stays."""
    live, manifest, entries, expected = _CASES[name]
    found = without_dropped({**live, "metadata": {"managedFields": entries}}, {**manifest, "metadata": {}})
    assert {field: value for field, value in found.items() if field != "metadata"} == expected


def test_a_manifest_that_leaves_out_a_limit_is_refused_before_it_is_tried(world: Callable[..., Any]) -> None:
    """The limit is of an earlier apply of ours: that it goes is in the prediction, as it is in the server's answer."""
    here, tool = world(), "kubernetes_apply_manifest"

    def manifest(**limits: str) -> dict[str, Any]:
        container = {
            "name": "web",
            "image": "registry.example/web:8",
            **({"resources": {"limits": limits}} if limits else {}),
        }
        template = {"metadata": {"labels": {"app": "own"}}, "spec": {"containers": [container]}}
        spec = {"replicas": 2, "selector": {"matchLabels": {"app": "own"}}, "template": template}
        metadata = {"name": "own", "namespace": "shop"}
        return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}

    def change(**limits: str) -> Change:
        return Change(tool=tool, target=here.ref("shop/Deployment/own"), arguments={"manifest": manifest(**limits)})

    here.create(manifest())
    here.appliers[tool].apply(here.tools[tool].preview(change(memory="64Mi")))
    for made in (here.tools[tool].predict, here.tools[tool].preview):
        with pytest.raises(PolicyRefused, match="takes the memory limit of container web away"):
            require_remediation(reasons_against, [(change(), made(change()))])
