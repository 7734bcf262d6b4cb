"""The cases of ``tests/cases``: an alert and objects as data, and the verdict that they must lead to."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from agentops.core.alert import Alert, Target
from agentops.core.clock import from_iso, to_iso
from agentops.providers.kubernetes.analyzers.analyze import analyze
from agentops.providers.kubernetes.analyzers.examine import examine
from agentops.triage.conclusion import conclude
from agentops.triage.rank import rank

CASES = sorted((Path(__file__).parents[3] / "cases").glob("*.yaml"))
_CLUSTER_SCOPED = ("Node", "Namespace", "PersistentVolume", "StorageClass", "IngressClass", "ClusterRole",
                   "ClusterRoleBinding")  # fmt: skip
_WEBHOOKS = ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")


def _times_as_text(value):
    """YAML reads times as datetimes; the API sends text."""
    if isinstance(value, dict):
        return {key: _times_as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_times_as_text(item) for item in value]
    return to_iso(value) if hasattr(value, "isoformat") else value


def _objects(case):
    for obj in case.get("objects", []):
        obj.setdefault("apiVersion", "v1")
        if obj["kind"] not in (*_CLUSTER_SCOPED, *_WEBHOOKS):
            obj["metadata"].setdefault("namespace", case["namespace"])
        yield obj


def _alert(case):
    written = case.get("alert")
    if written is None:
        return None
    target = {"namespace": case["namespace"], **written.get("target", {})}
    if target.get("kind") in _CLUSTER_SCOPED:
        target["namespace"] = ""
    return Alert(
        name=written["name"],
        source="text",
        status=written.get("status", "firing"),
        summary=written.get("summary", ""),
        labels=written.get("labels", {}),
        started_at=from_iso(written["started_at"]) if "started_at" in written else None,
        target=Target(**target),
    )


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path, build):
    """The verdict, the cause and what the conclusion must say are those that the case expects."""
    case = _times_as_text(yaml.safe_load(path.read_text(encoding="utf-8")))
    alert, expect = _alert(case), case["expect"]
    logs = [build.log({"metadata": {"name": log["pod"]}}, *log["lines"], container=log["container"],
                      previous=log["previous"]) for log in case.get("logs", [])]  # fmt: skip
    target = {} if alert is None else {
        "namespace": alert.target.namespace, "kind": alert.target.kind, "name": alert.target.name
    }  # fmt: skip
    snapshot = build.snapshot(*_objects(case), logs=logs, target=target, unread=case.get("unread", ()))
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
