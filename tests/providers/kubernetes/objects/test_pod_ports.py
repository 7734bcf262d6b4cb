"""Which ports a pod serves."""

from __future__ import annotations

from agentops.providers.kubernetes.objects.pod_ports import declared_ports, known_ports, port_names

POD = {
    "spec": {
        "initContainers": [
            {"name": "migrate", "ports": [{"name": "once", "containerPort": 1}]},
            {"name": "proxy", "restartPolicy": "Always", "ports": [{"name": "proxy", "containerPort": 15001}]},
        ],
        "containers": [
            {
                "name": "web",
                "ports": [{"name": "http", "containerPort": 8080}, {"containerPort": 53, "protocol": "UDP"}],
                "livenessProbe": {"httpGet": {"port": 9000}},
            }
        ],
    }
}


def test_ports_are_those_of_containers_and_sidecars():
    """A container comes before a sidecar, and an init container that ends serves nobody."""
    assert declared_ports(POD["spec"]) == [("web", "http", 8080), ("web", "", 53), ("proxy", "proxy", 15001)]
    assert port_names(POD) == {"http", "proxy"}
    assert known_ports(POD) == {("TCP", 8080), ("UDP", 53), ("TCP", 9000), ("TCP", 15001)}
