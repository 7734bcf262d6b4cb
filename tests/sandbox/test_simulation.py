"""A scenario played out: its history leads to the state that its story tells, the same each time."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from agentops.sandbox.scenario import load
from agentops.sandbox.simulation import Simulation

NOW = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)


def played(name: str, seed: int = 0) -> Simulation:
    simulation = Simulation(load(name), seed=seed, now=NOW)
    simulation.play()
    return simulation


def waiting_reasons(simulation: Simulation, namespace: str) -> Counter[str]:
    """Count what the containers of a namespace wait for; ready ones count as ``ready``."""
    return Counter(
        "ready" if one["ready"] else next(iter(one["state"].values())).get("reason", "unready")
        for pod in simulation.store.list("Pod", namespace)
        if pod["status"]["phase"] != "Succeeded"
        for one in pod["status"]["containerStatuses"]
    )


def test_a_bad_tag_leaves_one_pod_in_image_pull_backoff() -> None:
    """A rollout to a tag that does not exist keeps the old pods serving and one new pod waiting for its image."""
    simulation = played("bad-image-tag")

    deployment = simulation.get("Deployment", "shop", "checkout")

    assert deployment is not None
    assert waiting_reasons(simulation, "shop") == {"ready": 13, "ImagePullBackOff": 1}
    assert [(one["type"], one["status"], one["reason"]) for one in deployment["status"]["conditions"]] == [
        ("Progressing", "False", "ProgressDeadlineExceeded"),
        ("Available", "True", "MinimumReplicasAvailable"),
    ]


def test_a_missing_key_is_named_as_the_kubelet_names_it() -> None:
    """A key that is not in its ConfigMap keeps the container from being created, in the kubelet's words."""
    simulation = played("missing-config-key")

    messages = {
        one["state"]["waiting"]["message"]
        for pod in simulation.store.list("Pod", "shop")
        for one in pod["status"]["containerStatuses"]
        if "waiting" in one["state"]
    }

    assert messages == {"couldn't find key TAX_TABLE in ConfigMap shop/shop-config"}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bad-image-tag", "unbound-pvc-chain", "node-not-ready"])
def test_the_same_seed_gives_the_same_cluster(name: str) -> None:
    """Scenario, seed and moment decide everything in the cluster, uids included."""
    assert played(name, seed=3).store.dump() == played(name, seed=3).store.dump()


def test_no_event_is_older_than_an_hour() -> None:
    """Events expire an hour after they were last written, as etcd's lease has it."""
    simulation = played("bad-image-tag")

    written = [one.get("lastTimestamp") or one["eventTime"] for one in simulation.store.list("Event")]

    assert min(written) >= "2026-11-22T14:55:00Z"
