"""Notes of owners: what counts as one, and what it speaks against."""

from __future__ import annotations

import pytest

from agentops.core.notes import MOST_NOTES, notes_of, speaks_against
from agentops.core.plan import Change
from agentops.core.resource import kubernetes_ref

NODE = kubernetes_ref("test", "", "Node", "worker-2")
WEB = kubernetes_ref("test", "shop", "Deployment", "web")
POD = kubernetes_ref("test", "shop", "Pod", "web-1")


def _against(key: str, value: str, tool: str, target=WEB, on=None, **arguments) -> bool:
    """Whether a note of this key and value, on the target or on ``on``, speaks against the change."""
    change = Change(tool=f"kubernetes_{tool}", target=target, arguments=arguments)
    return any(speaks_against(note, change) for note in notes_of(on or target, {key: value}))


@pytest.mark.parametrize(
    "key",
    [
        "owner", "acme.example/owner-email", "team", "contact", "on-call", "acme.example/onCall", "runbook", "ticket",
        "do-not-delete", "doNotScale", "karpenter.sh/do-not-disrupt", "keep-cordoned", "paused-by", "change-freeze",
        "app.kubernetes.io/managed-by", "cordon.reason", "kubernetes.io/description", "dont_restart",
    ],
)  # fmt: skip
def test_a_note_is_told_by_the_words_of_its_key(key):
    """Whatever the prefix and the spelling of the key, its own words make it a note."""
    assert [note.key for note in notes_of(WEB, {key: "x"})] == [key]


@pytest.mark.parametrize(
    "key",
    [
        "kubectl.kubernetes.io/last-applied-configuration", "deployment.kubernetes.io/revision", "checksum/reason",
        "meta.helm.sh/release-name", "helm.sh/chart", "pod-template-hash", "app", "app.kubernetes.io/name",
        "endpointslice.kubernetes.io/managed-by", "argocd.argoproj.io/tracking-id", "kubernetes.io/change-cause",
        "prometheus.io/scrape", "version", "topology.kubernetes.io/zone", "keeper", "teamwork",
    ],
)  # fmt: skip
def test_what_programs_write_is_no_note(key):
    """Book-keeping of Kubernetes, Helm and GitOps tools, and labels that select, are nobody's words."""
    assert notes_of(WEB, {key: "x"}) == ()


def test_notes_are_one_line_cut_and_few():
    """A note is one line of visible text, at most eight of one object, what forbids something first."""
    written = {f"note-{n}": "first\nsecond\u202e" + "x" * 400 for n in range(20)} | {"team": "shop", "paused": "true"}
    found = notes_of(WEB, written, {"owner": "ana"}, None)
    assert (len(found), found[0].words, len(found[1].value), "\n" in found[1].value, "\u202e" in found[1].value) == (
        MOST_NOTES,
        "paused: “true”",
        160,
        False,
        False,
    )


@pytest.mark.parametrize(
    ("key", "value", "tool", "expected"),
    [
        ("keep-cordoned", "disk", "uncordon", True),
        ("acme.example/note", "keep it cordoned until the disk is replaced, OPS-12", "uncordon", True),
        ("reason", "cordoned for the kernel upgrade", "uncordon", True),
        ("maintenance", "until Friday", "uncordon", True),
        ("maintenance-window", "Sun 02:00", "uncordon", False),
        ("quarantine", "true", "uncordon", True),
        ("owner", "ana", "uncordon", False),
        ("do-not-scale", "", "scale", True),
        ("doNotScale", "true", "set_hpa", True),
        ("do-not-scale", "false", "scale", False),
        ("do-not-scale", "true", "rollout_restart", False),
        ("do-not-restart", "batch runs", "rollout_restart", True),
        ("do-not-restart", "batch runs", "rollout_undo", True),
        ("do-not-restart", "batch runs", "scale", False),
        ("do-not-touch", "", "edit_configmap", True),
        ("do-not-page", "true", "scale", False),
        ("do-not-feed", "true", "scale", True),
        ("paused", "true", "rollout_restart", True),
        ("paused", "false", "rollout_restart", False),
        ("change-freeze", "until 1 December", "set_image", True),
        ("keep", "true", "scale", True),
        ("note", "please don’t roll back, the data was migrated", "rollout_undo", True),
        ("note", "must not be restarted during the audit", "rollout_restart", True),
        ("note", "keep the service up", "rollout_restart", False),
        ("note", "never mind", "rollout_restart", False),
        ("cluster-autoscaler.kubernetes.io/safe-to-evict", "false", "evict_pod", True),
        ("cluster-autoscaler.kubernetes.io/safe-to-evict", "true", "evict_pod", False),
        ("suspended-by", "ana, until the vendor answers", "resume_cronjob", True),
    ],
)
def test_a_note_speaks_against_what_it_names(key, value, tool, expected):
    """``do-not-X`` against X and what brings it with it, a hold against all, a kept state against what ends it."""
    assert _against(key, value, tool, target=NODE if "cordon" in tool else WEB) is expected


def test_a_patch_does_what_it_writes():
    """A patch of ``spec.replicas`` scales, whatever its tool is called."""
    found = [_against("do-not-scale", "", "patch", path=path, new=3) for path in ("spec.replicas", "spec.paused")]
    assert found == [True, False]


def test_who_forbids_to_delete_an_object_means_that_object():
    """``do-not-delete`` on a Deployment does not forbid to replace one of its pods; on the pod itself it does."""
    found = [_against("do-not-delete", "", "delete_pod", target=POD, on=on) for on in (WEB, POD)]
    assert found == [False, True]
