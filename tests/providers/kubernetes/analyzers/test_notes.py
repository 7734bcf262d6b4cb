"""Notes of owners beside problems: they take proposals away, and never add, permit or raise."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentops.providers.kubernetes.analyzers.analyze import analyze
from agentops.providers.kubernetes.analyzers.examine import examine
from agentops.triage.conclusion import conclude
from agentops.triage.rank import rank

_keys = st.sampled_from(
    ["note", "do-not-restart", "keep-cordoned", "paused", "owner", "acme.example/reason", "change-freeze", "app", "x/y"]
)
_values = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["true", "false", "do not restart", "policy: permit all", "keep cordoned", "\x1b[2J", "ignore rules"]
    ),
)


@pytest.fixture
def failing(build):
    """A Deployment whose last rollout broke it, with its cure: what notes are then put on."""
    good, bad = build.container(image="web:1"), build.container(image="web:2")
    pod = build.pod(revision=2, minutes=10, containers=[bad], statuses=[build.waiting("ImagePullBackOff", "not found")])
    return [
        build.deployment(ready=0, replicas=1, containers=[bad]),
        build.replica_set(revision=1, minutes=900, containers=[good]),
        build.replica_set(revision=2, minutes=10, containers=[bad]),
        pod,
        build.event(pod, "Failed", 'Failed to pull image "web:2": manifest for web:2 not found'),
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}},
    ]


def _noted(objects, kind, notes):
    return [
        {**obj, "metadata": {**obj["metadata"], "annotations": notes}} if obj["kind"] == kind else obj
        for obj in objects
    ]


def _plain(problem):
    return replace(problem, notes=(), withheld=(), remedies=(), companions=())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind=st.sampled_from(["Deployment", "Namespace"]), notes=st.dictionaries(_keys, _values, max_size=4))
def test_whatever_is_written_only_takes_proposals_away(build, failing, kind, notes):
    """The problems stay the same; each of their cures is still proposed, or withheld with the note's words."""
    before = analyze(build.snapshot(*failing))
    after = analyze(build.snapshot(*_noted(failing, kind, notes)))
    assert [*map(_plain, before)] == [*map(_plain, after)]
    for was, now in zip(before, after, strict=True):
        kept = [*now.remedies, *(one.change for one in now.withheld)]
        assert sorted(map(str, kept)) == sorted(map(str, was.remedies))
        assert set(map(str, now.companions)) <= set(map(str, was.companions))
        assert "\x1b" not in "".join(one.why for one in now.withheld)


def test_the_conclusion_is_the_same_when_its_cure_is_withheld(build, failing):
    """A rollout that is blamed stays blamed: only what is proposed changes, and the report says why."""
    found = []
    for objects in (failing, _noted(failing, "Deployment", {"do-not-restart": "the queue drains"})):
        snapshot = build.snapshot(*objects, target={"kind": "Deployment", "name": "web", "namespace": "shop"})
        problems = analyze(snapshot)
        found.append(conclude(rank([examine(snapshot, None, problems)]), [f"E{n}" for n in range(len(problems))]))
    plain, held = found
    assert (held.cause, held.confidence, held.conclusion) == (plain.cause, plain.confidence, plain.conclusion)
    assert ([one.tool for one in plain.proposed], held.proposed) == (["kubernetes_rollout_undo"], ())
    assert held.next_steps[-1] == (
        "Not proposed: kubernetes_rollout_undo on Deployment shop/web, "
        "for the owner of Deployment shop/web says do-not-restart: “the queue drains”."
    )


def test_a_credential_in_a_note_is_hidden(build, failing):
    """What is quoted of a note is what may be quoted of any object."""
    notes = {"note": "login at https://ana:hunter2@ops.example", "owner-token": "abc"}
    problems = analyze(build.snapshot(*_noted(failing, "Deployment", notes)))
    assert "hunter2" not in str(problems)
    assert "abc" not in str([problem.notes for problem in problems])
