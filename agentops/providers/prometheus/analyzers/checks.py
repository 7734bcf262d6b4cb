"""The checks of metrics, each as data.

``source`` is where names and labels of metrics were read in the exporter's own sources or pages; a check without one
goes by names that are common (``up`` is Prometheus' own). A metric that is not there says nothing.
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


def _of_node(query: str) -> str:
    """Return a query of node-exporter with the node's name; where it lacks one, by the address that was scraped."""
    address = f'label_replace({query}, "internal_ip", "$1", "instance", "(.+):[0-9]+")'
    named = f"{address} * on (internal_ip) group_left (node) max by (internal_ip, node) (kube_node_info)"
    return f"(({named}) or (({query}) unless on (instance) ({named})))"


THROTTLED = MetricCheck(
    source="cAdvisor docs/storage/prometheus.md",
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
    source="cAdvisor docs/storage/prometheus.md",
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
    source="cAdvisor docs/storage/prometheus.md",
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
    source="istio.io docs/reference/config/metrics, ingress-nginx docs/user-guide/monitoring.md",
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
    source="kafka_exporter kafka_exporter.go",
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
    source="kafka_exporter kafka_exporter.go",
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
    source="kubernetes pkg/kubelet/metrics/collectors/volume_stats.go",
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
    source="node_exporter collector/filesystem_common.go",
    condition=_condition("DiskFilling", "Node", "under 15 % is free, and at this rate none in 4 hours", Weight.EXACT),
    queries=(_of_node(f"(node_filesystem_avail_bytes{{{_REAL}}} / node_filesystem_size_bytes{{{_REAL}}})"),),
    only_where=f"on (instance, mountpoint) predict_linear(node_filesystem_avail_bytes{{{_REAL}}}[1h], 14400) < 0",
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
    source="cert-manager pkg/metrics/certificates.go",
    condition=_condition(
        "CertificateExpiring",
        "Certificate, Host",
        "it expires within 7 days, or has expired",
        Weight.EXACT,
    ),
    queries=(
        "min by (exported_namespace, name) (certmanager_certificate_expiration_timestamp_seconds > 0) - time()",
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
    source="node_exporter collector/conntrack_linux.go",
    condition=_condition("ConntrackFull", "Node", "over 90 % of its tracked connections are used", Weight.EXACT),
    queries=(_of_node("(node_nf_conntrack_entries / node_nf_conntrack_entries_limit)"),),
    says="{value} of its tracked connections are used; when all are, new connections are dropped",
    severity=Severity.HIGH,
    subjects=(NODE,),
    above=0.9,
    percent=True,
)
CLOCK = MetricCheck(
    source="node_exporter collector/time.go",
    condition=_condition("ClockSkewed", "Node", "its clock is over 30 s off Prometheus' own", Weight.EXACT),
    queries=(_of_node("abs(node_time_seconds - timestamp(node_time_seconds))"),),
    says="its clock is {value} off that of Prometheus",
    severity=Severity.HIGH,
    subjects=(NODE,),
    above=30,
    seconds=True,
)
_USED = (
    'label_replace(sum by (namespace, pod) (rate(container_cpu_usage_seconds_total{container!=""}[5m])), "workload", '
    '"$1", "pod", "(.+)-[a-z0-9]{6,10}-[a-z0-9]{5}")'
)
_BY_WORKLOAD = "by (namespace, workload)"
UNBALANCED = MetricCheck(
    source="cAdvisor docs/storage/prometheus.md",
    condition=_condition(
        "LoadUnbalanced",
        "Deployment",
        "of three or more pods one uses over 2.5 times the CPU of the average",
        Weight.VAGUE,
    ),
    queries=(f"max {_BY_WORKLOAD} ({_USED}) / avg {_BY_WORKLOAD} ({_USED})",),
    only_where=f"on (namespace, workload) (count {_BY_WORKLOAD} ({_USED}) >= 3 and avg {_BY_WORKLOAD} ({_USED}) > 0.1)",
    says="one of its pods uses {value} times the CPU of the average: requests do not spread over them",
    severity=Severity.WARNING,
    subjects=(Subject(kind="Deployment", label="workload"),),
    above=2.5,
)
_CALLER = "source_workload_namespace, source_workload"
_CALLS = f'sum by ({_CALLER}, destination_service_name) (rate(istio_requests_total{{reporter="source"}}[5m]))'
_SERVED = (
    f'sum by ({_CALLER}) (label_replace(label_replace(rate(istio_requests_total{{reporter="destination"}}[5m]), '
    '"source_workload", "$1", "destination_workload", "(.+)"), "source_workload_namespace", "$1", '
    '"destination_workload_namespace", "(.+)"))'
)
_PER_REQUEST = f"({_CALLS} > 1) / on ({_CALLER}) group_left () {_SERVED}"
RETRIES = MetricCheck(
    source="istio.io docs/reference/config/metrics",
    condition=_condition(
        "RetryStorm",
        "Deployment",
        "for each request that it serves it sends over twice as many as an hour ago",
        Weight.VAGUE,
    ),
    queries=(f"({_PER_REQUEST}) / ({_PER_REQUEST.replace('[5m]', '[5m] offset 1h').replace(' > 1)', ')')})",),
    says="for each request that it serves it sends {value} times as many to {destination_service_name} as an hour ago: "
    "retries",
    severity=Severity.WARNING,
    subjects=(Subject(kind="Deployment", label="source_workload", namespace="source_workload_namespace"),),
    above=2,
)
LOCKED = MetricCheck(
    source="postgres_exporter cmd/postgres_exporter/queries.go",
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
    DOWN, CERTIFICATE, CONNTRACK, CLOCK, LOCKED, UNBALANCED, RETRIES,
)  # fmt: skip
"""Every check is named here once, in the order of docs/prometheus.md."""

CONDITIONS = {one.name: one.condition for one in CHECKS}
