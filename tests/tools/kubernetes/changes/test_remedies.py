"""What triage proposes can be carried out: every remedy of every sandbox scenario, on the cluster it was found in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agentops.core.alert import Target
from agentops.core.plan import Change
from agentops.core.progress import silent
from agentops.sandbox.scenario import FOLDER
from agentops.tools.kubernetes.sweep import sweep
from agentops.triage.analyze import analyze

SCENARIOS = sorted(path.stem for path in FOLDER.glob("*.yaml"))


def _remedies(here: Any) -> list[Change]:
    labels = here.sandbox.alert_payload["alerts"][0]["labels"]
    target = Target(namespace=labels.get("namespace", ""))
    present = here.sandbox.simulation.present
    problems = analyze(sweep(here.cluster, target=target, namespaces=(), clock=lambda: present, progress=silent))
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
