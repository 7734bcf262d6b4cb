"""What policy refuses never reaches the cluster: not even as a trial."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from tests.e2e import manifests as m
from tests.e2e.change_cases import Draft, draft
from tests.e2e.stages import Stage

REFUSED: Mapping[str, Callable[[Stage], Draft]] = {
    "deletion of a workload": lambda stage: draft("delete", "/Deployment/web"),
    "deletion of the namespace": lambda stage: draft("delete", f"Namespace/{stage.namespace}"),
    "deletion of a claim": lambda stage: draft("delete", "/PersistentVolumeClaim/data"),
    "deletion of a Service": lambda stage: draft("delete", "/Service/web"),
    "deletion of configuration": lambda stage: draft("delete", "/ConfigMap/settings"),
    "deletion of a pod that nothing makes again": lambda stage: draft("delete_pod", "/Pod/alone"),
    "scaling to zero": lambda stage: draft("scale", "/Deployment/web", replicas=0),
    "suspension": lambda stage: draft("suspend_cronjob", "/CronJob/yearly"),
    "a Secret's contents": lambda stage: draft(
        "patch", "/Secret/hidden", path="data.word", old="c2VjcmV0", new="b3RoZXI="
    ),
    "the control plane": lambda stage: draft(
        "label", "kube-system/ConfigMap/kube-root-ca.crt", set={"e2e.example.org/seen": "yes"}
    ),
}
_BY_THE_TOOL = {"a Secret's contents"}
"""What no tool takes, whatever policy says: the run ends without a plan."""


@pytest.mark.parametrize("name", REFUSED)
def test_refused_draft_sends_nothing(stage: Stage, name: str) -> None:
    """No write and no dry run goes out, every object is the very same, and the run ends as refused by policy."""
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "hidden"}, "data": {"word": "c2VjcmV0"}}
    stage.make(
        m.deployment(stage.where.image),
        m.service(),
        m.config({"a": "b"}),
        m.claim("e2e-no-such-class"),
        m.pod(stage.where.image),
        m.cron_job(stage.where.image, suspend=False),
        secret,
    )
    before = stage.settled()
    done, plan = stage.product.plan(f"k8s:{stage.namespace}/ConfigMap/settings", [REFUSED[name](stage)])
    assert (stage.tap.writes, stage.tap.trials, stage.changed(before), plan.exists()) == ([], [], [], False)
    assert done.code == (9 if name in _BY_THE_TOOL else 4), (done.ending, done.why)


def test_read_only_mode_refuses_every_change(stage: Stage) -> None:
    """AGENTOPS_READ_ONLY=1 cannot be lifted by a flag, and sends nothing."""
    stage.make(m.config({"color": "red"}))
    before = stage.settled()
    product = stage.product.having(AGENTOPS_READ_ONLY="1")
    done, _plan = product.plan(f"k8s:{stage.namespace}/ConfigMap/settings", [_BLUE])
    assert (done.code, stage.tap.writes, stage.tap.trials, stage.changed(before)) == (4, [], [], []), done.why


def test_freeze_refuses_a_change(stage: Stage) -> None:
    """While changes are frozen a plan is not carried out, whoever signed it."""
    stage.make(m.config({"color": "red"}))
    before = stage.settled()
    stage.product.configure('freeze = ["2020-01-01T00:00:00Z/2090-01-01T00:00:00Z"]')
    done = stage.product.fix(f"k8s:{stage.namespace}/ConfigMap/settings", [_BLUE], "--yes")
    assert (done.code, stage.tap.writes, stage.changed(before)) == (4, [], []), done.why


def test_approval_that_is_missing_or_of_another_plan_is_no_approval(stage: Stage) -> None:
    """Without a signature, and with one of another plan, nothing is sent and the exit code says so."""
    stage.make(m.config({"color": "red"}), m.config({"color": "red"}, "others"))
    before = stage.settled()
    what = f"k8s:{stage.namespace}/ConfigMap/settings"
    _, plan = stage.product.plan(what, [_BLUE])
    _, other = stage.product.plan(what, [draft("edit_configmap", "/ConfigMap/others", set={"color": "blue"})], "other")
    unsigned = stage.product("fix", "--plan", str(plan))
    foreign = stage.product("fix", "--plan", str(plan), "--approval", str(stage.ana.sign(other)))
    assert (unsigned.code, foreign.code, stage.tap.writes, stage.changed(before)) == (5, 5, [], [])


def test_approval_serves_once(stage: Stage) -> None:
    """The second run with the same approval sends nothing."""
    stage.make(m.config({"color": "red"}))
    _, plan = stage.product.plan(f"k8s:{stage.namespace}/ConfigMap/settings", [_BLUE])
    words = stage.approved(plan)
    first = stage.product(*words)
    stage.client.patch("ConfigMap", "settings", stage.namespace, {"data": {"color": "red"}})
    before, _ = stage.settled(), stage.tap.clear()
    again = stage.product(*words)
    assert (first.ending, again.code, stage.tap.writes, stage.changed(before)) == ((0, "applied"), 5, [], [])


_BLUE = draft("edit_configmap", "/ConfigMap/settings", set={"color": "blue"})
