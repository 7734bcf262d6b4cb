"""What the small values say about themselves."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest

from agentops.core.alert import Alert, AlertGroup, Severity, Target
from agentops.core.errors import AgentopsError, AuditError, ExitCode, NotFound, UsageError
from agentops.core.progress import Stage, Step, no_progress
from agentops.providers.kubernetes.objects.snapshot import Snapshot


def _alert(name: str, severity: Severity, status: str = "firing") -> Alert:
    return Alert(name=name, source="text", severity=severity, status=status)


def test_the_worst_firing_alert_leads_its_group() -> None:
    """A resolved alert leads only where nothing fires."""
    resolved = _alert("a", Severity.CRITICAL, "resolved")
    warning, high = _alert("b", Severity.WARNING), _alert("c", Severity.HIGH)
    assert AlertGroup(alerts=(resolved, warning, high), target=Target()).lead is high
    assert AlertGroup(alerts=(resolved,), target=Target()).lead is resolved


def test_severities_sort_worst_first() -> None:
    """The rank of critical is 0."""
    assert sorted(Severity, key=lambda severity: severity.rank)[0] is Severity.CRITICAL


@pytest.mark.parametrize(
    ("target", "known", "text"),
    [
        (Target(), False, "the cluster"),
        (Target(namespace="shop"), False, "shop"),
        (Target(namespace="shop", kind="Pod", name="web-1"), True, "shop/Pod/web-1"),
        (Target(kind="Node", name="n1"), True, "Node/n1"),
    ],
)
def test_a_target_says_what_it_is_about(target: Target, known: bool, text: str) -> None:
    """Known means that an object is named."""
    assert (target.known, str(target)) == (known, text)


def test_a_snapshot_tells_none_from_not_read() -> None:
    """An empty tuple means that there are none; a missing kind was not read."""
    snapshot = Snapshot(context="c", observed_at=datetime(2026, 1, 1, tzinfo=UTC), objects={"Pod": ()})
    assert (snapshot.of("Pod"), snapshot.was_read("Pod"), snapshot.of("Node"), snapshot.was_read("Node")) == (
        (),
        True,
        (),
        False,
    )


def test_values_are_frozen() -> None:
    """Nobody changes a value behind another's back."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        Target().name = "x"  # type: ignore[misc]


def test_errors_carry_code_hint_and_exit_code() -> None:
    """Each kind of error has its documented exit code and a stable code."""
    shown = [
        (e.code, e.hint, e.exit_code) for e in (UsageError("a"), NotFound("b", hint="h"), AuditError("c", code="x"))
    ]
    assert shown == [
        ("usage", "", ExitCode.USAGE),
        ("not-found", "h", ExitCode.ERROR),
        ("x", "", ExitCode.AUDIT_BROKEN),
    ]
    assert isinstance(NotFound("b"), AgentopsError)


def test_silence_is_a_progress() -> None:
    """A caller that shows nothing still takes every step."""
    assert no_progress(Step(stage=Stage.NOTICE, text="x")) is None
