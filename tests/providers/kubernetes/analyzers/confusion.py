"""Which condition triage gives where which one is wanted, over cases, scenarios and healthy clusters.

Comes in: nothing; the data is the repository's. Goes out: ``Judgement`` values, and a table of them. A wrong condition
with medium or high confidence is the worst that triage can do.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from agentops.alerts.source import read_alert
from agentops.core.alert import Alert
from agentops.core.clock import utc_now
from agentops.core.finding import Confidence, Finding
from agentops.core.progress import no_progress
from agentops.providers.kubernetes.analyzers.analyze import analyze
from agentops.providers.kubernetes.analyzers.examine import examine
from agentops.providers.kubernetes.api.client import connect
from agentops.providers.kubernetes.objects.snapshot import Snapshot
from agentops.providers.kubernetes.sweep.sweep import sweep
from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import all_scenarios, load
from agentops.triage.conclusion import conclude
from agentops.triage.rank import rank
from tests.providers.kubernetes.analyzers.cases import CASES, read_case
from tests.providers.kubernetes.analyzers.noisy import noisy_cluster

CLUSTERS = 60
"""So many healthy clusters are judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What was wanted of one case and what came; ``accepted`` are all answers that count as right."""

    name: str
    wanted: str
    accepted: frozenset[str]
    given: str
    confidence: Confidence

    @property
    def is_right(self) -> bool:
        """Whether what came is what was wanted."""
        return self.given in self.accepted

    @property
    def is_confidently_wrong(self) -> bool:
        """Whether a wrong answer was given with more than low confidence."""
        return not self.is_right and self.confidence is not Confidence.LOW


def conclusion_of(snapshot: Snapshot, alert: Alert | None) -> Finding:
    """Return what triage concludes."""
    problems = analyze(snapshot)
    return conclude(rank([examine(snapshot, alert, problems)], alert), [f"E{n}" for n in range(len(problems))])


def answer(finding: Finding) -> str:
    """Return the condition at its object's kind, or the verdict where no cause is named."""
    cause = finding.cause
    return f"{cause.condition} {cause.resource.short}" if cause is not None else finding.verdict.value


def of_cases() -> Iterator[Judgement]:
    """Yield how each case of ``tests/cases`` is judged."""
    for path in CASES:
        case = read_case(path)
        expect = case.expect
        resource, condition = expect.get("resource"), expect.get("condition")
        wanted = f"{condition} {resource}" if condition else expect["verdict"]
        finding = conclusion_of(case.snapshot, case.alert)
        yield Judgement(
            name=path.stem, wanted=condition or expect["verdict"], accepted=frozenset({wanted}),
            given=answer(finding), confidence=finding.confidence,
        )  # fmt: skip


def of_healthy_clusters() -> Iterator[Judgement]:
    """Yield how healthy clusters are judged: whatever is no cause is right, and a cause only with low confidence."""
    for seed in range(CLUSTERS):
        alert, snapshot = noisy_cluster(seed)
        finding = conclusion_of(snapshot, alert)
        calm = frozenset({"no-problem", "undetermined", "recovered"})
        yield Judgement(
            name=f"healthy-{seed}", wanted="(healthy)", accepted=calm, given=answer(finding),
            confidence=finding.confidence,
        )  # fmt: skip


def of_scenarios() -> Iterator[Judgement]:
    """Yield how each scenario of the sandbox is judged; each takes a served cluster, so it takes its time."""
    for listed in all_scenarios():
        scenario = load(listed.name)
        with tempfile.TemporaryDirectory() as folder, Sandbox(scenario) as sandbox:
            cluster = connect(kubeconfig=sandbox.kubeconfig, context=None, namespace=None, cache_dir=Path(folder))
            payload = json.dumps(sandbox.alert_payload).encode()
            alert = read_alert("-", stdin=lambda payload=payload: payload, now=utc_now()).lead
            snapshot = sweep(cluster, target=alert.target, namespaces=(), clock=utc_now, progress=no_progress)
        causes = [(one, name) for one in scenario.causes for name in (one.condition, *scenario.accept)]
        causes += [(one, one.condition) for one in scenario.also]
        right = {f"{name} {one.namespace + '/' if one.namespace else ''}{one.kind}/{one.name}" for one, name in causes}
        finding = conclusion_of(snapshot, alert)
        yield Judgement(
            name=listed.name,
            wanted=scenario.causes[0].condition if scenario.causes else "(healthy)",
            accepted=frozenset(right or {"no-problem", "recovered"}),
            given=answer(finding),
            confidence=finding.confidence,
        )


def table(judgements: Iterable[Judgement]) -> str:
    """Return the confusion table: a line for each pair of wanted and given, those that differ first."""
    found = list(judgements)
    pairs = Counter((one.is_right, one.wanted, one.given.partition(" ")[0], one.confidence.value) for one in found)
    lines = [f"{'wanted':28} {'given':28} {'confidence':10} count"]
    for (is_right, wanted, given, confidence), number in sorted(pairs.items()):
        lines.append(f"{wanted:28} {given:28} {confidence:10} {number:5}{'' if is_right else '  <- differs'}")
    right, wrong = sum(one.is_right for one in found), sum(one.is_confidently_wrong for one in found)
    lines.append(f"{right} of {len(found)} right; {wrong} wrong with medium or high confidence")
    return "\n".join(lines)
