"""Every condition that the Kubernetes analyzers report: whose fault it is, when it is reported, how much it explains.

Data. ``docs/triage.md`` shows this table and a test keeps it fresh; the ranking takes weights and traits from here.
Names are stable: scripts, scenarios and findings compare them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from agentops.core.conditions import Condition, Trait, Weight


def _rows(weight: Weight, resource: str, *rows: tuple[str, str]) -> tuple[Condition, ...]:
    return tuple(
        Condition(name=name, resource=resource, when=when, weight=weight, traits=_traits(name)) for name, when in rows
    )


_TRAITS = {
    Trait.BYSTANDER: frozenset(
        {"HpaAtMaximum", "HpaCannotScale", "NodeConditionAbnormal", "PdbBlocksDisruption", "QuotaFull"}
    ),
    Trait.SELF_CONTAINED: frozenset(
        {
            "Evicted", "HpaAtMaximum", "HpaCannotScale", "InsufficientCpu", "InsufficientMemory",
            "InsufficientResource", "PodRejected", "PodSandboxFailed", "TooManyPods", "Unschedulable",
            "VolumeMountFailed",
        }
    ),
    Trait.NAMES_DEPENDENCY: frozenset(
        {
            "DependencyHostUnknown", "DependencyPortMismatch", "MissingVariable", "ExternalDependencyFailing",
            "DependencyUnreachable",
        }
    ),
    Trait.FOLLOWS_DEPENDENCY: frozenset({"DependencyUnreachable"}),
    Trait.TELLING: frozenset(
        {
            "LivenessProbeKilling", "InsufficientCpu", "InsufficientMemory", "JobDeadlineExceeded", "Evicted",
            "HpaAtMaximum", "VolumeMountFailed", "ExternalDependencyFailing", "JobFailed",
        }
    ),
}  # fmt: skip


def _traits(name: str) -> frozenset[Trait]:
    return frozenset(trait for trait, names in _TRAITS.items() if name in names)


_OWNER = "owner workload"

CATALOGUE: tuple[Condition, ...] = (
    *_rows(
        Weight.EXACT,
        _OWNER,
        ("ImageNotFound", "the tag or the repository does not exist"),
        ("ImagePullDenied", "the registry refuses the login, or there is none"),
        ("ImagePullFailed", "the pull fails for another reason: network, rate limit, certificate"),
        ("ImagePlatformMismatch", "the image is not built for the node's platform"),
        ("InvalidImageName", "the image reference cannot be read"),
        ("MissingConfigMap", "a ConfigMap that the pods refer to does not exist"),
        ("MissingSecret", "a Secret that the pods refer to does not exist"),
        ("MissingConfigMapKey", "a key that the pods (or the program's log) ask for is not in the ConfigMap"),
        ("MissingSecretKey", "a key that the pods ask for is not in the Secret"),
        ("MissingVariable", "the program asks for a variable that nothing sets"),
        ("OutOfMemory", "a container is OOMKilled"),
        ("RunContainerError", "a container's command cannot be started"),
        ("ProbePortMismatch", "a probe asks a port that the container does not declare"),
        ("DependencyHostUnknown", "the host that it depends on does not exist, or is an outdated one"),
        ("DependencyPortMismatch", "it asks a Service for a port that the Service does not have"),
        ("NodeSelectorMismatch", "no node carries the labels that the pods ask for"),
        ("UntoleratedTaint", "the nodes that the pods ask for carry a taint that they do not tolerate"),
        ("VolumeZoneConflict", "the pods' volume is bound to another node or zone"),
        ("PodAffinityMismatch", "pod affinity or anti-affinity keeps the pods off"),
        ("TopologySpreadConflict", "a topology spread constraint keeps the pods off"),
        ("HostPortConflict", "the host port that the pods ask for is taken"),
        ("SchedulingGated", "a scheduling gate is not lifted"),
        ("PodSecurityRejected", "the namespace's Pod Security level refuses the pods"),
        ("QuotaNeedsLimits", "a quota demands requests or limits that the containers do not set"),
        ("MissingPvc", "a PersistentVolumeClaim that the pods mount does not exist"),
        ("MissingServiceAccount", "the pods' ServiceAccount does not exist"),
        ("ApiForbidden", "the API refuses its ServiceAccount what its log asks for; what lacks it is named"),
        ("MissingPriorityClass", "the pods' PriorityClass does not exist"),
    ),
    *_rows(
        Weight.VAGUE,
        _OWNER,
        ("CrashLoop", "a container ends again and again, without a more exact cause"),
        ("InitContainerFailing", "an init container ends with an error"),
        ("ContainerConfigError", "CreateContainerConfigError for another reason"),
        ("ContainerCreateError", "a container cannot be created"),
        ("LivenessProbeKilling", "a liveness or startup probe restarts the container"),
        ("ReadinessProbeFailing", "a container runs and its readiness probe fails"),
        ("DependencyUnreachable", "the log says that a Service does not answer"),
        ("ExternalDependencyFailing", "the log says that a host outside the cluster does not answer"),
        ("InsufficientCpu", "no node has the cpu that the pods request"),
        ("InsufficientMemory", "no node has the memory that the pods request"),
        ("InsufficientResource", "no node has another resource that the pods request"),
        ("TooManyPods", "the nodes run as many pods as they may"),
        ("Unschedulable", "no node takes the pods, for a reason that lies elsewhere or is not known"),
        ("VolumeMountFailed", "a volume cannot be attached or mounted"),
        ("Evicted", "a node evicted pods"),
        ("PodRejected", "a kubelet refused a pod that was bound to its node"),
        ("PodSandboxFailed", "the pod's sandbox (network) cannot be made"),
        ("ReplicaSetFailing", "pods cannot be created for another reason"),
    ),
    *_rows(
        Weight.SYMPTOM,
        _OWNER,
        ("DeploymentUnavailable", "a Deployment has fewer ready pods than it wants"),
        ("StatefulSetUnavailable", "a StatefulSet has fewer ready pods than it wants"),
        ("DaemonSetUnavailable", "a DaemonSet is not ready on every node"),
        ("ProgressDeadlineExceeded", "a rollout made no progress in time"),
        ("PodStuckTerminating", "a pod is still there after its grace period, because its node does not answer"),
    ),
    *_rows(
        Weight.EXACT,
        "Deployment",
        ("DeploymentPaused", "a rollout is paused half-way"),
        ("ScaledToZero", "it has 0 replicas while a Service leads to it"),
    ),
    *_rows(
        Weight.INFORMATION, _OWNER, ("RolloutChanged", "what the last rollout (within a day) changed, field by field")
    ),
    *_rows(
        Weight.EXACT,
        "Service",
        ("ServiceSelectorMismatch", "its selector matches no pod; the near miss is named"),
        ("ServicePortMismatch", "its targetPort is no port of the pods"),
    ),
    *_rows(Weight.SYMPTOM, "Service", ("ServiceNoReadyEndpoints", "none of the pods that it selects is ready")),
    *_rows(
        Weight.EXACT,
        "Ingress",
        ("IngressBackendMissing", "a backend Service does not exist"),
        ("IngressPortMismatch", "it routes to a port that the Service does not have"),
        ("IngressClassMissing", "its IngressClass does not exist"),
        ("IngressTlsSecretMissing", "its TLS Secret does not exist"),
    ),
    *_rows(
        Weight.EXACT,
        "RoleBinding",
        ("BindingSubjectMismatch", "it gives what the program needs to an account that does not exist, a near miss"),
        ("BoundRoleMissing", "the role that it gives to the pods' account does not exist"),
    ),
    *_rows(Weight.EXACT, "ResourceQuota", ("QuotaExceeded", "it refuses pods of a workload")),
    *_rows(Weight.INFORMATION, "ResourceQuota", ("QuotaFull", "it is used up, so the next object will be refused")),
    *_rows(Weight.EXACT, "LimitRange", ("LimitRangeViolation", "it refuses the pods' requests or limits")),
    *_rows(
        Weight.EXACT,
        "webhook configuration",
        ("WebhookRejected", "an admission webhook denies the pods"),
    ),
    *_rows(
        Weight.VAGUE,
        "webhook configuration",
        ("WebhookUnreachable", "an admission webhook does not answer or has nothing behind it"),
    ),
    *_rows(
        Weight.VAGUE,
        "Job",
        ("JobFailed", "a Job gave up"),
        ("JobDeadlineExceeded", "a Job ran longer than it may"),
    ),
    *_rows(Weight.EXACT, "Job", ("JobSuspended", "a Job is suspended")),
    *_rows(
        Weight.EXACT,
        "CronJob",
        ("CronJobSuspended", "it is suspended, so nothing runs"),
        ("CronJobInvalidSchedule", "its schedule cannot be read"),
    ),
    *_rows(Weight.VAGUE, "CronJob", ("CronJobMissedRuns", "its schedule is not kept")),
    *_rows(
        Weight.EXACT,
        "PersistentVolumeClaim",
        ("PvcUnbound", "it stays Pending; why no volume fits is said"),
        ("StorageClassMissing", "its StorageClass does not exist"),
        ("PvcLost", "its volume is gone"),
    ),
    *_rows(Weight.EXACT, "PersistentVolume", ("VolumeFailed", "it could not be reclaimed")),
    *_rows(
        Weight.EXACT,
        "Node",
        ("NodeNotReady", "its kubelet is not ready or silent"),
        ("NodePressure", "it lacks memory, disk or process ids and evicts pods"),
        ("NodeNetworkUnavailable", "its network is not set up"),
        ("NodeConditionAbnormal", "another of its conditions is true"),
        ("NodeCordoned", "it is cordoned while pods wait that it would take"),
    ),
    *_rows(Weight.INFORMATION, "Node", ("NodeUnschedulable", "it is cordoned, and nothing waits for it")),
    *_rows(
        Weight.VAGUE,
        "HorizontalPodAutoscaler",
        ("HpaAtMaximum", "it wants more than its maximum"),
        ("HpaCannotScale", "it has no target or no metric"),
    ),
    *_rows(
        Weight.EXACT,
        "PodDisruptionBudget",
        ("PdbBlocksDisruption", "it allows no eviction while a node is to be drained"),
    ),
    *_rows(
        Weight.EXACT,
        "NetworkPolicy",
        ("NetworkPolicyBlocks", "it blocks a path that a configuration names, or DNS"),
    ),
    *_rows(Weight.EXACT, "Namespace", ("NamespaceTerminating", "its deletion does not finish")),
    *_rows(Weight.EXACT, "the object", ("FinalizerStuck", "a finalizer keeps a deleted object")),
    *_rows(
        Weight.INFORMATION,
        _OWNER,
        ("SuspiciousText", "text in logs or annotations that reads like an instruction; it is never followed"),
    ),
    *_rows(Weight.INFORMATION, "Analyzer", ("AnalyzerFailed", "an analyzer met an object that it cannot read")),
)
"""In the order of the documentation. A condition of weight exact or vague may still be reported as a mere symptom
(``Problem.root`` is False) where the objects show that it harms nobody yet."""


BY_NAME: Mapping[str, Condition] = MappingProxyType({condition.name: condition for condition in CATALOGUE})


def table() -> str:
    """Return the catalogue as a Markdown table."""
    lines = ["| condition | resource | when | weight |", "|---|---|---|---|"]
    lines += [f"| `{c.name}` | {c.resource} | {c.when} | {c.weight.value} |" for c in CATALOGUE]
    return "\n".join(lines) + "\n"
