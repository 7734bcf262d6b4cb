"""An alert on the front of a chain ends at the claim behind it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from agentops.core.alert import Alert, Target
from agentops.core.finding import Confidence, Verdict
from agentops.providers.kubernetes.analyzers.analyze import analyze
from agentops.providers.kubernetes.analyzers.examine import examine
from agentops.triage.conclusion import conclude
from agentops.triage.rank import rank


@pytest.fixture
def chain(build):
    """web -> api -> db -> claim data-db-0, whose StorageClass does not exist; the alert is on web."""
    web = build.container(
        "web",
        env=[build.env("API_URL", "http://api:8080")],
        readinessProbe={"httpGet": {"path": "/ready", "port": 8080}},
    )
    api = build.container("api", env=[build.env("DB_HOST", "db"), build.env("DB_PORT", "5432")])
    db = build.container("db", ports=[{"containerPort": 5432}])
    unready = {"name": "web", "ready": False, "restartCount": 0, "state": {"running": {"startedAt": build.ago(60)}}}
    web_pod = build.pod("web", containers=[web], statuses=[unready])
    api_pod = build.pod("api", containers=[api], statuses=[build.crashed(name="api")])
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": "data-db-0"}}]
    db_pod = build.pod(
        "db", containers=[db], owner=("StatefulSet", "db"), name="db-0", phase="Pending", pod_spec={"volumes": volumes}
    )
    message = "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims."
    db_pod["spec"].pop("nodeName")
    db_pod["status"] = {
        "phase": "Pending",
        "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message,
                        "lastTransitionTime": build.ago(30)}],
    }  # fmt: skip
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": build.meta("data-db-0", minutes=30),
        "spec": {"storageClassName": "fast-ssd"},
        "status": {"phase": "Pending"},
    }
    storage = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": build.meta("standard", "")}
    return build.snapshot(
        build.deployment("web", 1, 0, [web]),
        build.replica_set("web", containers=[web]),
        web_pod,
        build.service("web"),
        build.deployment("api", 1, 0, [api]),
        build.replica_set("api", containers=[api]),
        api_pod,
        build.service("api", 8080),
        build.stateful_set("db", 1, 0, [db]),
        db_pod,
        build.service("db", 5432, 5432),
        claim,
        storage,
        build.node(),
        build.event(web_pod, "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503"),
        logs=[build.log(api_pod, "starting", "FATAL: dial tcp db:5432: connect: connection refused", container="api")],
        target={"namespace": "shop", "kind": "Deployment", "name": "web"},
    )


def test_the_deepest_problem_of_the_chain_is_the_root_cause(build, chain):
    """Four unwell applications deep, the missing StorageClass is named, with high confidence."""
    problems = analyze(chain)
    alert = Alert(name="WebDown", source="text", started_at=build.now - timedelta(minutes=8), target=Target())
    finding = conclude(rank([examine(chain, alert, problems)], alert), [f"E{n}" for n in range(len(problems))])
    assert (finding.verdict, finding.confidence, finding.cause.resource.short, finding.cause.condition) == (
        Verdict.ROOT_CAUSE,
        Confidence.HIGH,
        "shop/PersistentVolumeClaim/data-db-0",
        "StorageClassMissing",
    )


def test_every_problem_of_the_chain_is_linked_to_the_cause(chain):
    """What follows from the claim is an effect of it, so none of it is offered as another cause."""
    ranking = rank([examine(chain)])
    effects = {ranking.problems[effect].condition for cause, effect in ranking.links if cause == 0}
    assert effects == {
        "CrashLoop",
        "DependencyUnreachable",
        "DeploymentUnavailable",
        "ReadinessProbeFailing",
        "ServiceNoReadyEndpoints",
        "StatefulSetUnavailable",
        "Unschedulable",
    }
