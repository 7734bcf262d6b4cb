"""Each check of metrics against a real Prometheus: a true case, and one that only nearly is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agentops.core.alert import Severity
from agentops.core.finding import Problem
from agentops.core.resource import Home
from agentops.providers.prometheus.analyzers.analyze import analyze_metrics
from agentops.providers.prometheus.analyzers.checks import CHECKS, CONDITIONS
from agentops.providers.prometheus.objects.metric_check import MetricAnswers
from agentops.providers.prometheus.objects.series import Series
from agentops.providers.prometheus.sweep.sweep import MetricSweep, sweep_metrics
from tests.providers.prometheus.conftest import client_of
from tests.support.monitoring import free_port, open_metrics, prometheus

Value = Callable[[float, float], float]
"""The value at a time, given the end of the history."""


def flat(value: float) -> Value:
    """The same at all times."""
    return lambda at, end: value


def grows(per_s: float, last: float = 1e6) -> Value:
    """A counter, or what falls where the rate is negative; ``last`` at the end."""
    return lambda at, end: last + per_s * (at - end)


def later(seconds: float) -> Value:
    """A moment so long after the end."""
    return lambda at, end: end + seconds


def clock(ahead: float) -> Value:
    """A clock that is ahead."""
    return lambda at, end: at + ahead


_C = 'namespace="shop",pod="{0}",container="app"'
_CPU, _MEMORY = (f'kube_pod_container_resource_limits|resource="{one}"' for one in ("cpu", "memory"))
_V = 'namespace="shop",persistentvolumeclaim="{0}"'
_F = 'node="{0}",mountpoint="/",fstype="ext4"'
_OUT = (
    'istio_requests_total|reporter="source",source_workload_namespace="shop",source_workload="{0}",'
    'destination_service_name="stock"'
)
_IN = 'istio_requests_total|reporter="destination",destination_workload_namespace="shop",destination_workload="{0}"'
# condition -> (how the labels begin, the object, series of the true case, series of the near miss)
_CASES: Mapping[str, tuple[str, str, Mapping[str, Value], Mapping[str, Value]]] = {
    "CpuThrottled": (
        _C, "shop/Pod/{0}",
        {"container_cpu_cfs_throttled_periods_total": grows(4), "container_cpu_cfs_periods_total": grows(10)},
        {"container_cpu_cfs_throttled_periods_total": grows(2), "container_cpu_cfs_periods_total": grows(10)},
    ),
    "CpuNearLimit": (
        _C, "shop/Pod/{0}",
        {"container_cpu_usage_seconds_total": grows(0.49), _CPU: flat(0.5)},
        {"container_cpu_usage_seconds_total": grows(0.4), _CPU: flat(0.5)},
    ),
    "MemoryNearLimit": (
        _C, "shop/Pod/{0}",
        {"container_memory_working_set_bytes": flat(96e6), _MEMORY: flat(1e8)},
        {"container_memory_working_set_bytes": flat(90e6), _MEMORY: flat(1e8)},
    ),
    "ErrorRatioHigh": (
        'namespace="shop",pod="{0}"', "shop/Pod/{0}",
        {'http_requests_total|code="200"': grows(9), 'http_requests_total|code="503"': grows(1)},
        {'http_requests_total|code="200"': grows(99), 'http_requests_total|code="503"': grows(1)},
    ),
    "ConsumerLagRising": (
        'consumergroup="{0}",topic="orders",partition="0"', "ConsumerGroup/{0}",
        {"kafka_consumergroup_lag": grows(2, 9000)},
        {"kafka_consumergroup_lag": grows(-2, 9000)},
    ),
    "ConsumerStuck": (
        'consumergroup="{0}",topic="poison",partition="3"', "ConsumerGroup/{0}",
        {"kafka_consumergroup_lag": flat(50), "kafka_consumergroup_current_offset": flat(700)},
        {"kafka_consumergroup_lag": flat(50), "kafka_consumergroup_current_offset": grows(1)},
    ),
    "GarbageCollectionHeavy": (
        'namespace="shop",pod="{0}"', "shop/Pod/{0}",
        {"jvm_gc_pause_seconds_sum": grows(0.3)},
        {"jvm_gc_pause_seconds_sum": grows(0.05)},
    ),
    "RequestFlood": (
        'namespace="shop",service="{0}",code="200"', "shop/Service/{0}",
        {"http_requests_total": lambda at, end: (at - end + 9000) * 2 + max(at - end + 1800, 0) * 10},
        {"http_requests_total": lambda at, end: (at - end + 9000) * 10 + max(at - end + 1800, 0) * 10},
    ),
    "VolumeFilling": (
        _V, "shop/PersistentVolumeClaim/{0}",
        {"kubelet_volume_stats_available_bytes": grows(-1e6, 1e9), "kubelet_volume_stats_capacity_bytes": flat(1e10)},
        {"kubelet_volume_stats_available_bytes": flat(1e9), "kubelet_volume_stats_capacity_bytes": flat(1e10)},
    ),
    "DiskFilling": (
        _F, "Node/{0}",
        {"node_filesystem_avail_bytes": grows(-1e6, 1e9), "node_filesystem_size_bytes": flat(1e10)},
        {"node_filesystem_avail_bytes": grows(-1e6, 9e9), "node_filesystem_size_bytes": flat(1e10)},
    ),
    "ScrapeTargetDown": ('namespace="shop",pod="{0}",job="web"', "shop/Pod/{0}", {"up": flat(0)}, {"up": flat(1)}),
    "CertificateExpiring": (
        'exported_namespace="shop",name="{0}"', "shop/Certificate/{0}",
        {"certmanager_certificate_expiration_timestamp_seconds": later(3 * 86400)},
        {"certmanager_certificate_expiration_timestamp_seconds": flat(0)},
    ),
    "ConntrackFull": (
        'node="{0}"', "Node/{0}",
        {"node_nf_conntrack_entries": flat(95), "node_nf_conntrack_entries_limit": flat(100)},
        {"node_nf_conntrack_entries": flat(85), "node_nf_conntrack_entries_limit": flat(100)},
    ),
    "ClockSkewed": ('node="{0}"', "Node/{0}", {"node_time_seconds": clock(-60)}, {"node_time_seconds": clock(5)}),
    "LoadUnbalanced": (
        'namespace="shop"', "shop/Deployment/{0}",
        {'container_cpu_usage_seconds_total|container="app",pod="{0}-5d8f9c7b64-aaaaa"': grows(0.9),
         'container_cpu_usage_seconds_total|container="app",pod="{0}-5d8f9c7b64-bbbbb"': grows(0.05),
         'container_cpu_usage_seconds_total|container="app",pod="{0}-5d8f9c7b64-ccccc"': grows(0.05),
         'container_cpu_usage_seconds_total|container="app",pod="{0}-5d8f9c7b64-ddddd"': grows(0.05)},
        {'container_cpu_usage_seconds_total|container="app",pod="{0}-5d8f9c7b64-aaaaa"': grows(0.3),
         'container_cpu_usage_seconds_total|container="app",pod="{0}-5d8f9c7b64-bbbbb"': grows(0.2),
         'container_cpu_usage_seconds_total|container="app",pod="{0}-5d8f9c7b64-ccccc"': grows(0.2)},
    ),
    "RetryStorm": (
        'x="y"', "shop/Deployment/{0}",
        {_OUT: lambda at, end: (at - end + 9000) * 2 + max(at - end + 1800, 0) * 8, _IN: grows(2)},
        {_OUT: lambda at, end: (at - end + 9000) * 2 + max(at - end + 1800, 0) * 8,
         _IN: lambda at, end: (at - end + 9000) * 2 + max(at - end + 1800, 0) * 8},
    ),
    "DatabaseLocked": (
        'instance="{0}",datname="shop"', "Database/{0}",
        {'pg_locks_count|mode="accessexclusivelock"': flat(1), "pg_stat_activity_max_tx_duration": flat(300)},
        {'pg_locks_count|mode="accessexclusivelock"': flat(1), "pg_stat_activity_max_tx_duration": flat(3)},
    ),
}  # fmt: skip


def _rows(end: float) -> dict[str, list[tuple[float, float]]]:
    rows = {}
    steps = [end - 30.0 * step for step in range(200, -1, -1)]
    for begin, _, true, near in _CASES.values():
        for name, series in (("bad", true), ("good", near)):
            for key, value in series.items():
                metric, _, more = key.partition("|")
                labels = ",".join(filter(None, (begin.format(name), more.replace("{0}", name))))
                rows[f"{metric}{{{labels}}}"] = [(at, value(at, end)) for at in steps]
    return rows


@pytest.fixture(scope="module")
def swept(slow: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MetricSweep]:
    """What the checks read of a real Prometheus that has all cases."""
    end = float(int(time.time()) - 2)
    with prometheus(tmp_path_factory.mktemp("checks"), open_metrics(_rows(end))) as url:
        yield sweep_metrics(client_of(url), CHECKS, datetime.fromtimestamp(end, UTC))


_CLUSTER = Home("k8s", "prod")


def _problems(swept: MetricSweep, cluster: Home | None = _CLUSTER) -> Sequence[Problem]:
    return analyze_metrics(swept.answers, own=Home("prom", "prometheus"), cluster=cluster)


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize("condition", CONDITIONS)
def test_what_is_wrong_is_found_and_what_only_nearly_is_is_not(swept: MetricSweep, condition: str) -> None:
    """The object that the labels name, and no other; the queries are such as a real server takes."""
    found = [one.resource.short for one in _problems(swept) if one.condition == condition]
    assert found == [_CASES[condition][1].format("bad")]


@pytest.mark.real
@pytest.mark.slow
def test_every_query_is_taken(swept: MetricSweep) -> None:
    """No gap: what is not there is an empty answer, and says nothing."""
    assert swept.gaps == ()


@pytest.mark.real
@pytest.mark.slow
def test_a_summary_tells_the_value_and_the_fact_quotes_it(swept: MetricSweep) -> None:
    """Exact names and figures, and the query that anybody can ask again."""
    (found,) = (one for one in _problems(swept) if one.condition == "CpuThrottled")
    assert found.summary == (
        "Pod shop/bad: container app is throttled in 40% of its CPU periods: it wants more CPU than its limit"
    )
    assert found.facts[0].value == '0.4 {container="app", namespace="shop", pod="bad"}'
    assert found.facts[0].path.endswith(" > 0.25)")


@pytest.mark.real
@pytest.mark.slow
def test_without_a_cluster_nothing_is_said_of_its_objects(swept: MetricSweep) -> None:
    """Every problem is about a thing of Prometheus' own then."""
    assert {one.resource.scheme for one in _problems(swept, cluster=None)} == {"prom"}


@pytest.mark.real
@pytest.mark.slow
def test_a_node_is_found_by_the_address_that_was_scraped(tmp_path: Path) -> None:
    """Of node-exporter's series without a node's name, kube-state-metrics knows whose address it is."""
    end = float(int(time.time()) - 2)
    rows = {
        'node_nf_conntrack_entries{instance="10.0.0.7:9100"}': 95.0,
        'node_nf_conntrack_entries_limit{instance="10.0.0.7:9100"}': 100.0,
        'node_nf_conntrack_entries{instance="10.0.0.8:9100"}': 96.0,
        'node_nf_conntrack_entries_limit{instance="10.0.0.8:9100"}': 100.0,
        'kube_node_info{node="worker-7",internal_ip="10.0.0.7",instance="ksm:8080"}': 1.0,
    }
    with prometheus(tmp_path, open_metrics({name: [(end - 15, one), (end, one)] for name, one in rows.items()})) as url:
        swept = sweep_metrics(client_of(url), CHECKS, datetime.fromtimestamp(end, UTC))
    assert sorted(one.resource.short for one in _problems(swept) if one.condition == "ConntrackFull") == [
        "Node/worker-7",
        "Target/10.0.0.8:9100",
    ]


def test_a_server_that_is_away_is_one_gap() -> None:
    """Each query fails alike; no problem is claimed."""
    swept = sweep_metrics(client_of(f"http://127.0.0.1:{free_port()}"), CHECKS, datetime.now(UTC))
    (gap,) = swept.gaps
    assert ("refuses the connection" in gap.reason, gap.what, _problems(swept)) == (
        True,
        f"metrics for {len(CHECKS)} checks",
        (),
    )


def test_every_check_has_a_case() -> None:
    """Whoever adds a check says when it holds and when it only nearly does."""
    assert set(_CASES) == set(CONDITIONS)


_CERTIFICATE = next(one for one in CHECKS if one.name == "CertificateExpiring")


@pytest.mark.parametrize(
    ("seconds", "severity", "said"),
    [(3 * 86400.0, Severity.WARNING, "in 3.0 days"), (-3600.0, Severity.CRITICAL, "in 3600 s (ago)")],
)
def test_beyond_the_second_limit_it_is_critical(seconds: float, severity: Severity, said: str) -> None:
    """What has expired is worse than what will."""
    query = _CERTIFICATE.asked[1]
    answers = MetricAnswers(series={query: (Series(labels={"host": "shop.example"}, points=((0.0, seconds),)),)})
    (found,) = analyze_metrics(answers, own=Home("prom", "p"), cluster=None)
    assert (found.severity, found.resource.short, said in found.summary) == (severity, "Host/shop.example", True)


def test_labels_that_are_no_names_make_no_object_of_the_cluster() -> None:
    """Untrusted text neither names an object nor moves the cursor."""
    check = CHECKS[0]
    labels = {"namespace": "shop", "pod": "../\u202eevil", "container": "a\nb", "instance": "x\u202ey"}
    answers = MetricAnswers(series={check.asked[0]: (Series(labels=labels, points=((0.0, 0.9),)),)})
    (found,) = analyze_metrics(answers, own=Home("prom", "p"), cluster=Home("k8s", "prod"))
    assert (found.resource.scheme, "\u202e" in str(found.resource) + found.summary, "\n" in found.summary) == (
        "prom",
        False,
        False,
    )
