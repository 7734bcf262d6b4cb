"""What triage proposes can be carried out: every remedy of every sandbox scenario, on the cluster it was found in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from agentops.core.alert import Target
from agentops.core.plan import Change
from agentops.core.progress import no_progress
from agentops.providers.kubernetes.analyzers.analyze import analyze
from agentops.providers.kubernetes.objects.snapshot import LogTail
from agentops.providers.kubernetes.sweep.fetch import FetchResult
from agentops.providers.kubernetes.sweep.grants import read_grants
from agentops.providers.kubernetes.sweep.sweep import sweep
from agentops.sandbox.scenario import FOLDER

SCENARIOS = sorted(path.stem for path in FOLDER.glob("*.yaml"))


def _remedies(here: Any) -> list[Change]:
    labels = here.sandbox.alert_payload["alerts"][0]["labels"]
    target = Target(namespace=labels.get("namespace", ""))
    present = here.sandbox.simulation.present
    problems = analyze(sweep(here.cluster, target=target, namespaces=(), clock=lambda: present, progress=no_progress))
    return list({str(one): one for problem in problems for one in problem.remedies}.values())


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_remedy_is_applied_as_previewed_and_taken_back(name: str, world: Callable[..., Any]) -> None:
    """Its tool exists, its arguments fit, it changes something, and its undo restores the object."""
    here = world(name)
    for change in _remedies(here):
        short = str(change.target).partition(f"{here.cluster.context}/")[2]
        before = here.live(short)
        preview = here.tools[change.tool].preview(change)
        here.appliers[change.tool].apply(preview)
        applied = here.shown(short, preview.objects[0])
        for undo in preview.undo:
            here.appliers[undo.tool].apply(here.tools[undo.tool].preview(undo))
        restored = here.live(short) if preview.undo else before
        assert (applied, restored) == (preview.objects[0].after, before)
        assert preview.objects[0].edits


def test_scenarios_propose_enough_to_try(world: Callable[..., Any]) -> None:
    """The test above is not empty: of a broken rollout and of a Service's typo there are remedies."""
    found = {name: sorted({one.tool for one in _remedies(world(name))}) for name in ("bad-image-tag", "selector-typo")}
    assert found == {"bad-image-tag": ["kubernetes_rollout_undo"], "selector-typo": ["kubernetes_patch"]}


def _rbac(kind: str, **fields: Any) -> dict[str, Any]:
    version = "rbac.authorization.k8s.io/v1"
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "reader", "namespace": "shop"}, **fields}


def test_a_misspelt_subject_is_bound_as_proposed(world: Callable[..., Any]) -> None:
    """From the refusal in a pod's log over the roles that are read for it to the binding as it should be."""
    here = world()
    here.create(_rbac("Role", rules=[{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]))
    wrong = {"kind": "ServiceAccount", "name": "shpo", "namespace": "shop"}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"}
    here.create(_rbac("RoleBinding", roleRef=role, subjects=[wrong]))
    present = here.sandbox.simulation.present
    swept = sweep(
        here.cluster, target=Target(namespace="shop"), namespaces=(), clock=lambda: present, progress=no_progress
    )
    pod = next(one for one in swept.of("Pod") if one["spec"].get("serviceAccountName") == "shop")
    line = 'User "system:serviceaccount:shop:shop" cannot list resource "pods" in API group "" in the namespace "shop"'
    tail = LogTail(namespace="shop", pod=pod["metadata"]["name"], container="web", previous=False, lines=(line,))
    result = FetchResult()
    read_grants(here.cluster, (tail,), result, progress=no_progress)
    found = analyze(replace(swept, logs=(tail,), objects={**swept.objects, **result.objects}))
    (change,) = (one for problem in found for one in problem.remedies if one.tool == "kubernetes_set_role_binding")
    preview = here.tools[change.tool].preview(change)
    here.appliers[change.tool].apply(preview)
    assert here.live("shop/RoleBinding/reader")["subjects"] == [wrong | {"name": "shop"}]
