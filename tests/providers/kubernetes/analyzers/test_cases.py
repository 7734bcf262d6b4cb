"""The cases of ``tests/cases``: an alert and objects as data, and the verdict that they must lead to."""

from __future__ import annotations

import pytest

from agentops.providers.kubernetes.analyzers.analyze import analyze
from agentops.providers.kubernetes.analyzers.examine import examine
from agentops.triage.conclusion import conclude
from agentops.triage.rank import rank
from tests.providers.kubernetes.analyzers.cases import CASES, read_case


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path):
    """The verdict, the cause and what the conclusion must say are those that the case expects."""
    case = read_case(path)
    alert, snapshot, expect = case.alert, case.snapshot, case.expect
    problems = analyze(snapshot)
    ranking = rank([examine(snapshot, alert, problems)], alert)
    finding = conclude(ranking, [f"E{n}" for n in range(len(problems))])
    cause = finding.cause
    found = {
        "verdict": finding.verdict.value,
        "resource": cause.resource.short if cause else None,
        "condition": cause.condition if cause else None,
        "confidence": finding.confidence.value if "confidence" in expect else None,
        "unsaid": [said for said in expect.get("says", []) if said not in finding.conclusion],
        "unadvised": [said for said in expect.get("advises", []) if said not in " ".join(finding.next_steps)],
        "unreasoned": [s for s in expect.get("reasons", []) if s not in " ".join(c.reason for c in finding.proposed)],
        "notes": [note.words for note in finding.notes] if "notes" in expect else None,
        "proposes": [change.tool for change in finding.proposed] if "proposes" in expect else None,
    }
    wanted = {key: expect.get(key) for key in ("verdict", "resource", "condition", "confidence", "proposes", "notes")}
    assert found == {**wanted, "unsaid": [], "unadvised": [], "unreasoned": []}, finding.conclusion
    seen = {f"{p.resource.kind}/{p.resource.name} {p.condition}" for p in problems}
    assert set(expect.get("also", ())) <= seen
    assert not set(expect.get("absent", ())) & seen
    ruled_out = " ".join(hypothesis.statement for hypothesis in finding.ruled_out)
    assert not [said for said in expect.get("not_ruled_out", ()) if said in ruled_out]
    assert expect.get("warns", "") in " ".join(finding.warnings)
