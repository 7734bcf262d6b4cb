"""Which label names what: one table of the labels that senders and exporters use, as data.

A key stands here in the form that ``labels.normal`` gives it: small letters, words joined by ``_``, so that
``k8s.deployment.name``, ``k8s_deployment_name`` and ``k8sDeploymentName`` are one row. The order is the rank: whatever
stands first outranks what follows, because a claim's or a workload's alert often carries the pod of its exporter.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """The labels that name an object of one kind.

    Arguments:
        kind: of the object; empty for a place, where only the namespace counts.
        keys: that hold its name, the most exact first.
        namespaces: that hold its namespace, before the common ones.
        beside: keys without which the row does not count: ``name`` alone says nothing.
    """

    kind: str
    keys: str
    namespaces: str = ""
    beside: str = ""


NAMESPACES = (
    "namespace kubernetes_namespace kube_namespace k8s_namespace_name k8s_namespace k8s_ns_name k8s_ns "
    "kubernetes_namespace_name namespace_name pod_namespace io_kubernetes_pod_namespace "
    "container_label_io_kubernetes_pod_namespace target_namespace resource_namespace ns"
)

TELLING = (
    # Storage: Longhorn and Rook name the claim's own namespace apart.
    Row("PersistentVolumeClaim", "persistentvolumeclaim persistent_volume_claim pvc pvc_name"
        " k8s_persistentvolumeclaim_name kube_persistent_volume_claim"
        " kubernetes_persistentvolumeclaim_name", "pvc_namespace claim_namespace"),
    Row("HorizontalPodAutoscaler", "horizontalpodautoscaler hpa hpa_name k8s_hpa_name kube_horizontal_pod_autoscaler"),
    # KEDA
    Row("ScaledObject", "scaledobject scaled_object scaledobject_name"),
    Row("ScaledJob", "scaledjob scaled_job"),
    Row("VerticalPodAutoscaler", "verticalpodautoscaler"),
    Row("CronJob", "cronjob cron_job cronjob_name k8s_cronjob_name kube_cronjob kube_cron_job kubernetes_cronjob_name"),
    # Prometheus' own label "job" is a scrape job, never a Kubernetes Job.
    Row("Job", "job_name k8s_job_name kube_job kubernetes_job_name batch_kubernetes_io_job_name"),
    Row("PodDisruptionBudget", "poddisruptionbudget pdb pdb_name"),
    Row("ResourceQuota", "resourcequota k8s_resourcequota_name"),
    # ingress-nginx
    Row("Ingress", "ingress ingress_name kube_ingress k8s_ingress_name"),
    # cert-manager
    Row("Certificate", "certificate certificate_name"),
    Row("Certificate", "name", beside="issuer_name"),
    # x509-certificate-exporter
    Row("Secret", "secret_name", "secret_namespace"),
    # Argo Rollouts
    Row("Rollout", "rollout rollout_name k8s_argoproj_rollout_name kube_argo_rollout"),
    # Istio: the destination is what is unwell, whichever proxy reports it.
    Row("Deployment", "destination_workload", "destination_workload_namespace destination_service_namespace"),
    Row("Service", "destination_service_name", "destination_service_namespace destination_workload_namespace"),
    Row("Deployment", "deployment deployment_name k8s_deployment_name kube_deployment kubernetes_deployment"
        " kubernetes_deployment_name"),
    Row("StatefulSet", "statefulset stateful_set statefulset_name k8s_statefulset_name kube_stateful_set"
        " kube_statefulset kubernetes_statefulset kubernetes_statefulset_name"),
    Row("DaemonSet", "daemonset daemon_set daemonset_name k8s_daemonset_name kube_daemon_set kube_daemonset"
        " kubernetes_daemonset kubernetes_daemonset_name"),
    # Velero
    Row("Schedule", "schedule", beside="velero"),
    # Argo CD: an application's objects stand in the namespace that it is deployed to.
    Row("", "dest_namespace", "dest_namespace", beside="dest_server sync_status health_status"),
)  # fmt: skip
"""What names an object beyond doubt: it outranks the pod, the service and the node of whoever reports it."""

KINDS_BESIDE_NAMES = (
    ("workload_type", "workload"),
    ("workload_kind", "workload_name"),
    ("k8s_workload_kind", "k8s_workload_name"),
    # Dynatrace
    ("dt_kubernetes_workload_kind", "dt_kubernetes_workload_name"),
    ("owner_kind", "owner_name"),
    ("created_by_kind", "created_by_name"),
    ("top_level_controller_type", "top_level_controller_name"),
    ("involved_object_kind", "involved_object_name"),
    ("object_kind", "object_name"),
    ("resource_kind", "resource_name"),
    ("scaletargetref_kind", "scaletargetref_name"),
    # Flux
    ("customresource_kind", "name"),
    ("kind", "name"),
)
"""Pairs of labels of which one holds the kind, and the other the name."""

PAIRED_KINDS = (
    "Deployment StatefulSet DaemonSet ReplicaSet Job CronJob Pod Service Ingress Node PersistentVolumeClaim Rollout "
    "HelmRelease Kustomization GitRepository HelmRepository HelmChart OCIRepository Bucket Certificate ScaledObject "
    "Application HorizontalPodAutoscaler"
)
"""Kinds that such a pair may hold; ``kind="gauge"`` names nothing."""

REPLICA_SETS = Row("ReplicaSet", "replicaset replica_set replicaset_name k8s_replicaset_name kube_replica_set"
                   " kubernetes_replicaset_name")  # fmt: skip
PODS = Row("Pod", "full_pod_name pod pod_name podname k8s_pod_name kubernetes_pod_name kubernetes_pod k8s_pod kube_pod"
           " io_kubernetes_pod_name container_label_io_kubernetes_pod_name involved_pod")  # fmt: skip
# Knative names the Deployment of a revision after it.
REVISIONS = Row("Deployment", "revision_name", "namespace_name")
SERVICES = Row("Service", "service kubernetes_service kube_service service_name k8s_service_name"
               " kubernetes_service_name k8s_service")  # fmt: skip
VOLUMES = Row("PersistentVolume", "persistentvolume pv k8s_persistentvolume_name")
NODES = Row("Node", "node nodename node_name kubernetes_node kubernetes_node_name k8s_node_name kube_node k8s_node"
            " kubernetes_io_hostname label_kubernetes_io_hostname")  # fmt: skip
CONTAINERS = (
    "container container_name k8s_container_name kube_container_name kubernetes_container_name "
    "io_kubernetes_container_name container_label_io_kubernetes_container_name"
)

SUBJECTS = (
    ("persistentvolumeclaim", "PersistentVolumeClaim"), ("persistentvolume", "PersistentVolumeClaim"),
    ("pvc", "PersistentVolumeClaim"), ("volume", "PersistentVolumeClaim"),
    ("horizontalpodautoscaler", "HorizontalPodAutoscaler"), ("hpa", "HorizontalPodAutoscaler"),
    ("poddisruptionbudget", "PodDisruptionBudget"), ("pdb", "PodDisruptionBudget"),
    ("cronjob", "CronJob"), ("job", "Job"), ("statefulset", "StatefulSet"), ("daemonset", "DaemonSet"),
    ("deployment", "Deployment"), ("replicaset", "ReplicaSet"), ("resourcequota", "ResourceQuota"),
    ("quota", "ResourceQuota"), ("ingress", "Ingress"), ("pod", "Pod"), ("container", "Pod"), ("kubelet", "Node"),
    ("node", "Node"), ("host", "Node"), ("nodejs", ""),
)  # fmt: skip
"""What a rule is about, by the words of its own name or of its metric: ``KubePodNotReady``, ``node_filesystem_...``."""

HOSTS = "destination_service authority dst_authority instance target url"
"""What may hold a Service's host name in full, with or without a scheme: ``http://cart.shop.svc:8080/``."""

NODE_PORTS = frozenset({"9100", "9101", "9796", "10250", "10255"})
"""At which node-exporter and the kubelet are measured."""

ON_EVERY_NODE = ("node-exporter", "node", "nodes", "kubelet", "cadvisor")

REPORTERS = (
    "kube-state-metrics", "node-exporter", "blackbox-exporter", "exporter", "pushgateway", "cadvisor", "kubelet",
    "metrics-server", "ksm", "node-problem-detector", "otel-collector", "opentelemetry-collector",
)  # fmt: skip
"""Names, or parts of names between hyphens, of what measures others; the pod of one is not what its alert is about."""

AWAY_FROM_THEIR_OBJECT = (
    "node-exporter", "blackbox-exporter", "pushgateway", "snmp-exporter", "node-problem-detector",
)  # fmt: skip
"""Reporters whose own namespace says nothing either; a database's exporter mostly stands beside the database."""
