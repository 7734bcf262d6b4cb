"""Every incident of the sandbox, from its alert through the sweep to the conclusion, without a model."""

from __future__ import annotations

import json

import pytest

from agentops.alerts.source import read_alert
from agentops.core.clock import utc_now
from agentops.core.finding import Verdict
from agentops.core.progress import no_progress
from agentops.providers.kubernetes.analyzers.analyze import analyze
from agentops.providers.kubernetes.analyzers.examine import examine
from agentops.providers.kubernetes.api.client import connect
from agentops.providers.kubernetes.sweep.sweep import sweep
from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import all_scenarios, load
from agentops.triage.conclusion import conclude
from agentops.triage.rank import rank
from tests.providers.kubernetes.analyzers.cases import DECLARED


def place(cause):
    """The object that a scenario names."""
    return cause.kind, cause.namespace, cause.name


@pytest.mark.parametrize("name", [scenario.name for scenario in all_scenarios()])
def test_triage_names_the_cause_of_every_scenario(name, tmp_path):
    """The object at fault and its condition (or one that the scenario accepts), or that nothing is wrong."""
    scenario = load(name)
    with Sandbox(scenario) as sandbox:
        cluster = connect(kubeconfig=sandbox.kubeconfig, context=None, namespace=None, cache_dir=tmp_path)
        payload = json.dumps(sandbox.alert_payload).encode()
        group = read_alert("-", stdin=lambda: payload, now=utc_now())
        snapshot = sweep(cluster, target=group.target, namespaces=(), clock=utc_now, progress=no_progress)
    problems = analyze(snapshot)
    assert {(problem.analyzer, problem.condition) for problem in problems} - DECLARED == set()
    alert = group.lead
    finding = conclude(rank([examine(snapshot, alert, problems)], alert), [f"E{n}" for n in range(len(problems))])
    if not scenario.causes:
        assert finding.verdict in (Verdict.RECOVERED, Verdict.NO_PROBLEM), finding.conclusion
        assert bool(finding.next_steps) is (finding.verdict is Verdict.RECOVERED)
        return
    assert finding.cause is not None, finding.conclusion
    resource = finding.cause.resource
    found = (resource.kind, resource.namespace, resource.name)
    right = {(*place(cause), name) for cause in scenario.causes for name in (cause.condition, *scenario.accept)}
    right |= {(*place(cause), cause.condition) for cause in scenario.also}
    assert (*found, finding.cause.condition) in right, finding.conclusion
