"""What a plan carries of what triage saw: the cause, what is wrong with the alert's target, and whether it was seen."""

from __future__ import annotations

from agentops.app.fixing.checks import checks_for
from agentops.core.alert import Severity
from agentops.core.finding import Cause, Confidence, Finding, Problem, Verdict
from agentops.core.plan import Check
from agentops.core.resource import ResourceRef, kubernetes_ref


def ref(name: str, kind: str = "Deployment") -> ResourceRef:
    """Return an object of the namespace shop."""
    return kubernetes_ref("ctx", "shop", kind, name)


def problem(name: str, condition: str, *affects: str, severity: Severity = Severity.HIGH) -> Problem:
    """Return something that triage saw."""
    return Problem(
        resource=ref(name),
        condition=condition,
        summary=f"{name}: {condition}",
        severity=severity,
        analyzer="test",
        facts=(),
        affects=tuple(map(ref, affects)),
    )


def finding(name: str, condition: str) -> Finding:
    """Return a finding that blames this."""
    return Finding(
        verdict=Verdict.ROOT_CAUSE,
        conclusion="",
        confidence=Confidence.HIGH,
        by="a model",
        cause=Cause(resource=ref(name), condition=condition),
    )


def outline(checks: tuple[Check, ...]) -> list[tuple[str, str, str, bool]]:
    """Return what the checks say."""
    return [(one.kind, one.target.name, str(one.value), one.seen) for one in checks]


def test_cause_and_symptoms_are_carried_as_they_were_seen() -> None:
    """The cause decides on a rollback; what is wrong with the alert's target decides on the word verified."""
    seen = (problem("db", "MissingSecret"), problem("web", "DependencyUnreachable"))
    symptoms = (Cause(resource=ref("web"), condition="DependencyUnreachable"),)
    assert outline(checks_for(finding("db", "MissingSecret"), seen, symptoms)) == [
        ("condition", "db", "MissingSecret", True),
        ("symptom", "web", "DependencyUnreachable", True),
    ]


def test_a_condition_of_the_models_own_was_not_seen() -> None:
    """A name that no analyzer gave is carried as not seen: its absence afterwards proves nothing."""
    checks = checks_for(finding("db", "TooManyConnections"), (problem("db", "MissingSecret"),), ())
    assert outline(checks) == [("condition", "db", "TooManyConnections", False)]


def test_without_a_target_what_the_cause_hurts_is_looked_at() -> None:
    """An alert about a namespace names no object: then the workloads that suffer from the cause stand for it."""
    seen = (
        problem("db", "MissingSecret", "web", "shop"),
        problem("web", "CrashLoop"),
        problem("shop", "NoProbe", severity=Severity.WARNING),
        problem("other", "CrashLoop"),
    )
    assert outline(checks_for(finding("db", "MissingSecret"), seen, ())) == [
        ("condition", "db", "MissingSecret", True),
        ("symptom", "web", "CrashLoop", True),
    ]


def test_a_rollout_that_is_merely_noted_is_nothing_that_goes_away() -> None:
    """Undoing it is a rollout again: neither a reason to take the change back, nor one to call it verified."""
    seen = (problem("web", "RolloutChanged", severity=Severity.INFO),)
    assert outline(checks_for(finding("web", "RolloutChanged"), seen, ())) == [
        ("symptom", "web", "RolloutChanged", False)
    ]
