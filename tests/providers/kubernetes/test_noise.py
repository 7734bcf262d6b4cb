"""What is taken out of objects before anybody reads them, and what never is."""

from __future__ import annotations

from agentops.providers.kubernetes.objects.noise import strip


def test_a_service_keeps_what_somebody_chose() -> None:
    """Ids, families and defaults go; ports, selector and the cluster IP that a log may name stay."""
    service = {
        "kind": "Service",
        "metadata": {"name": "web", "uid": "u", "resourceVersion": "7", "managedFields": [{}]},
        "spec": {
            "clusterIP": "10.0.0.7",
            "clusterIPs": ["10.0.0.7"],
            "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
            "internalTrafficPolicy": "Cluster",
            "sessionAffinity": "None",
            "ports": [{"port": 80}],
            "selector": {"app": "web"},
        },
        "status": {"loadBalancer": {"ingress": []}},
    }
    said = strip(service)
    assert (service, said) == (
        {
            "kind": "Service",
            "metadata": {"name": "web"},
            "spec": {"clusterIP": "10.0.0.7", "ports": [{"port": 80}], "selector": {"app": "web"}},
            "status": {},
        },
        "values that are the API's defaults, status loadBalancer",
    )


def test_a_workload_keeps_what_is_no_default() -> None:
    """A strategy that somebody set, an owner's note and a generation that nobody has seen stay."""
    workload = {
        "kind": "Deployment",
        "metadata": {
            "generation": 4,
            "annotations": {"deployment.kubernetes.io/revision": "3", "example.com/owner": "ana"},
        },
        "spec": {
            "progressDeadlineSeconds": 600,
            "revisionHistoryLimit": 3,
            "strategy": {"type": "Recreate"},
            "template": {
                "metadata": {"creationTimestamp": None},
                "spec": {"containers": [{"name": "a", "imagePullPolicy": "IfNotPresent"}], "dnsPolicy": "ClusterFirst"},
            },
        },
        "status": {"observedGeneration": 3},
    }
    strip(workload)
    assert workload == {
        "kind": "Deployment",
        "metadata": {"generation": 4, "annotations": {"example.com/owner": "ana"}},
        "spec": {
            "revisionHistoryLimit": 3,
            "strategy": {"type": "Recreate"},
            "template": {"metadata": {}, "spec": {"containers": [{"name": "a"}]}},
        },
        "status": {"observedGeneration": 3},
    }
