"""The checks of metrics, each as data.

The names of metrics are those of cAdvisor, kube-state-metrics, node-exporter, the kubelet and common exporters; a
metric that is not there says nothing.
"""

from __future__ import annotations

from agentops.core.alert import Severity
from agentops.core.conditions import Condition, Trait, Weight
from agentops.providers.prometheus.objects.metric_check import NODE, POD, MetricCheck, Subject

_CONTAINER = "namespace, pod, container"
_DAY_S = 86_400
_REAL = 'fstype!~"tmpfs|ramfs|overlay|squashfs|iso9660"'


def _condition(name: str, resource: str, when: str, weight: Weight, *traits: Trait) -> Condition:
    return Condition(name=name, resource=resource, when=when, weight=weight, traits=frozenset(traits))


THROTTLED = MetricCheck(
    condition=_condition(
        "CpuThrottled", "Pod", "a container is held back in over 25 % of its CPU periods", Weight.VAGUE
    ),
    queries=(
        f'sum by ({_CONTAINER}) (rate(container_cpu_cfs_throttled_periods_total{{container!=""}}[5m]))'
        f' / sum by ({_CONTAINER}) (rate(container_cpu_cfs_periods_total{{container!=""}}[5m]))',
    ),
    says="container {container} is throttled in {value} of its CPU periods: it wants more CPU than its limit",
    severity=Severity.WARNING,
    subjects=(POD,),
    above=0.25,
    percent=True,
)
CPU_SATURATED = MetricCheck(
    condition=_condition("CpuNearLimit", "Pod", "a container uses over 95 % of its CPU limit", Weight.VAGUE),
    queries=(
        f'sum by ({_CONTAINER}) (rate(container_cpu_usage_seconds_total{{container!=""}}[5m]))'
        f' / sum by ({_CONTAINER}) (kube_pod_container_resource_limits{{resource="cpu"}})',
    ),
    says="container {container} uses {value} of its CPU limit",
    severity=Severity.WARNING,
    subjects=(POD,),
    above=0.95,
    percent=True,
)
MEMORY_SATURATED = MetricCheck(
    condition=_condition("MemoryNearLimit", "Pod", "a container uses over 92 % of its memory limit", Weight.VAGUE),
    queries=(
        f'max by ({_CONTAINER}) (container_memory_working_set_bytes{{container!=""}})'
        f' / max by ({_CONTAINER}) (kube_pod_container_resource_limits{{resource="memory"}})',
    ),
    says="container {container} uses {value} of its memory limit; at the limit it is killed",
    severity=Severity.WARNING,
    subjects=(POD,),
    above=0.92,
    percent=True,
)


def _error_ratio(metric: str, failed: str, by: str) -> str:
    """Return the share of requests that failed; of so few that one in a minute decides, nothing is said."""
    every = f"sum by ({by}) (rate({metric}[5m]))"
    return f"sum by ({by}) (rate({metric}{{{failed}}}[5m])) / ({every} > 0.1)"


ERRORS = MetricCheck(
    condition=_condition("ErrorRatioHigh", "Pod, Service, Ingress", "over 5 % of requests fail", Weight.SYMPTOM),
    queries=(
        _error_ratio("http_requests_total", 'code=~"5.."', "namespace, pod"),
        _error_ratio(
            "http_server_request_duration_seconds_count", 'http_response_status_code=~"5.."', "namespace, pod"
        ),
        _error_ratio(
            "istio_requests_total", 'response_code=~"5.."', "destination_service_namespace, destination_service_name"
        ),
        _error_ratio("nginx_ingress_controller_requests", 'status=~"5.."', "exported_namespace, ingress"),
    ),
    says="{value} of its requests fail with a server error",
    severity=Severity.HIGH,
    subjects=(
        POD,
        Subject(kind="Service", label="destination_service_name", namespace="destination_service_namespace"),
        Subject(kind="Ingress", label="ingress", namespace="exported_namespace"),
    ),
    above=0.05,
    percent=True,
)
LAG = MetricCheck(
    condition=_condition(
        "ConsumerLagRising",
        "ConsumerGroup",
        "over 1,000 messages wait, and more and more for 15 minutes",
        Weight.SYMPTOM,
    ),
    queries=("sum by (consumergroup, topic) (kafka_consumergroup_lag)",),
    only_where="sum by (consumergroup, topic) (deriv(kafka_consumergroup_lag[15m])) > 0",
    says="{value} messages of topic {topic} wait for it, and more and more",
    severity=Severity.HIGH,
    subjects=(),
    own_kind="ConsumerGroup",
    own_label="consumergroup",
    above=1000,
)
_PARTITION = "consumergroup, topic, partition"
STUCK = MetricCheck(
    condition=_condition(
        "ConsumerStuck",
        "ConsumerGroup",
        "over 10 messages of a partition wait, and none was taken in 10 minutes",
        Weight.VAGUE,
    ),
    queries=(f"sum by ({_PARTITION}) (kafka_consumergroup_lag)",),
    only_where=f"sum by ({_PARTITION}) (changes(kafka_consumergroup_current_offset[10m])) == 0",
    says="{value} messages of topic {topic}, partition {partition}, wait, and none was taken in ten minutes",
    severity=Severity.HIGH,
    subjects=(),
    own_kind="ConsumerGroup",
    own_label="consumergroup",
    above=10,
)
COLLECTING = MetricCheck(
    condition=_condition(
        "GarbageCollectionHeavy", "Pod", "over 10 % of the time goes into garbage collection", Weight.VAGUE
    ),
    queries=(
        "sum by (namespace, pod) (rate(jvm_gc_pause_seconds_sum[5m]))",
        "sum by (namespace, pod) (rate(jvm_gc_duration_seconds_sum[5m]))",
        "sum by (namespace, pod) (rate(go_gc_duration_seconds_sum[5m]))",
    ),
    says="{value} of its time goes into garbage collection",
    severity=Severity.WARNING,
    subjects=(POD,),
    above=0.1,
    percent=True,
)
_REQUESTS = 'sum by (namespace, service) (rate(http_requests_total{service!=""}[5m]))'
FLOOD = MetricCheck(
    condition=_condition("RequestFlood", "Service", "it gets over 3 times the requests of an hour ago", Weight.VAGUE),
    queries=(f"({_REQUESTS} > 5) / {_REQUESTS.replace('[5m]', '[5m] offset 1h')}",),
    says="it gets {value} times the requests of an hour ago",
    severity=Severity.WARNING,
    subjects=(Subject(kind="Service", label="service"),),
    above=3,
)
CLAIM_FILLING = MetricCheck(
    condition=_condition(
        "VolumeFilling", "PersistentVolumeClaim", "under 15 % is free, and at this rate none in 4 hours", Weight.EXACT
    ),
    queries=(
        "min by (namespace, persistentvolumeclaim)"
        " (kubelet_volume_stats_available_bytes / kubelet_volume_stats_capacity_bytes)",
    ),
    only_where="min by (namespace, persistentvolumeclaim)"
    " (predict_linear(kubelet_volume_stats_available_bytes[1h], 14400)) < 0",
    says="{value} of it is free, and at the rate of the last hour nothing in four hours",
    severity=Severity.HIGH,
    subjects=(Subject(kind="PersistentVolumeClaim", label="persistentvolumeclaim"),),
    below=0.15,
    worse=0.03,
    percent=True,
)
DISK_FILLING = MetricCheck(
    condition=_condition("DiskFilling", "Node", "under 15 % is free, and at this rate none in 4 hours", Weight.EXACT),
    queries=(f"node_filesystem_avail_bytes{{{_REAL}}} / node_filesystem_size_bytes{{{_REAL}}}",),
    only_where=f"predict_linear(node_filesystem_avail_bytes{{{_REAL}}}[1h], 14400) < 0",
    says="{value} of {mountpoint} is free, and at the rate of the last hour nothing in four hours",
    severity=Severity.HIGH,
    subjects=(NODE,),
    below=0.15,
    worse=0.03,
    percent=True,
)
DOWN = MetricCheck(
    condition=_condition("ScrapeTargetDown", "Pod, Target", "Prometheus cannot read its metrics", Weight.SYMPTOM),
    queries=("up",),
    says="Prometheus cannot read its metrics (job {job})",
    severity=Severity.WARNING,
    subjects=(POD,),
    below=1,
)
CERTIFICATE = MetricCheck(
    condition=_condition(
        "CertificateExpiring",
        "Certificate, Host",
        "it expires within 7 days, or has expired",
        Weight.EXACT,
    ),
    queries=(
        "min by (exported_namespace, name) (certmanager_certificate_expiration_timestamp_seconds) - time()",
        "min by (host) (nginx_ingress_controller_ssl_expire_time_seconds) - time()",
        "min by (instance) (probe_ssl_earliest_cert_expiry) - time()",
    ),
    says="its certificate expires in {value}",
    severity=Severity.WARNING,
    subjects=(Subject(kind="Certificate", label="name", namespace="exported_namespace"),),
    own_kind="Host",
    own_label="host",
    below=7 * _DAY_S,
    worse=0,
    seconds=True,
)
CONNTRACK = MetricCheck(
    condition=_condition("ConntrackFull", "Node", "over 90 % of its tracked connections are used", Weight.EXACT),
    queries=("node_nf_conntrack_entries / node_nf_conntrack_entries_limit",),
    says="{value} of its tracked connections are used; when all are, new connections are dropped",
    severity=Severity.HIGH,
    subjects=(NODE,),
    above=0.9,
    percent=True,
)
CLOCK = MetricCheck(
    condition=_condition("ClockSkewed", "Node", "its clock is over 30 s off Prometheus' own", Weight.EXACT),
    queries=("abs(node_time_seconds - timestamp(node_time_seconds))",),
    says="its clock is {value} off that of Prometheus",
    severity=Severity.HIGH,
    subjects=(NODE,),
    above=30,
    seconds=True,
)
LOCKED = MetricCheck(
    condition=_condition(
        "DatabaseLocked",
        "Database",
        "an exclusive lock is held, and a transaction runs for over a minute",
        Weight.VAGUE,
    ),
    queries=('sum by (instance, datname) (pg_locks_count{mode="accessexclusivelock"})',),
    only_where="on (instance, datname) max by (instance, datname) (pg_stat_activity_max_tx_duration) > 60",
    says="{value} exclusive locks are held in database {datname}, and a transaction runs for over a minute",
    severity=Severity.HIGH,
    subjects=(),
    own_kind="Database",
    above=0,
)

CHECKS: tuple[MetricCheck, ...] = (
    THROTTLED, CPU_SATURATED, MEMORY_SATURATED, COLLECTING, ERRORS, FLOOD, LAG, STUCK, CLAIM_FILLING, DISK_FILLING,
    DOWN, CERTIFICATE, CONNTRACK, CLOCK, LOCKED,
)  # fmt: skip
"""Every check is named here once, in the order of docs/prometheus.md."""

CONDITIONS = {one.name: one.condition for one in CHECKS}
