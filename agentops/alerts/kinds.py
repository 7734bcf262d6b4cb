"""Kubernetes kinds as people type them: ``deploy``, ``pods``, ``sts`` for ``Deployment``, ``Pod``, ``StatefulSet``."""

from __future__ import annotations

_KINDS = {
    "Pod": "po pod pods",
    "Deployment": "deploy deployment deployments",
    "StatefulSet": "sts statefulset statefulsets",
    "DaemonSet": "ds daemonset daemonsets",
    "ReplicaSet": "rs replicaset replicasets",
    "Job": "job jobs",
    "CronJob": "cj cronjob cronjobs",
    "Service": "svc service services",
    "Ingress": "ing ingress ingresses",
    "PersistentVolumeClaim": "pvc persistentvolumeclaim persistentvolumeclaims",
    "PersistentVolume": "pv persistentvolume persistentvolumes",
    "Node": "no node nodes",
    "Namespace": "ns namespace namespaces",
    "ConfigMap": "cm configmap configmaps",
    "Secret": "secret secrets",
    "HorizontalPodAutoscaler": "hpa horizontalpodautoscaler horizontalpodautoscalers",
    "PodDisruptionBudget": "pdb poddisruptionbudget poddisruptionbudgets",
    "NetworkPolicy": "netpol networkpolicy networkpolicies",
    "ResourceQuota": "quota resourcequota resourcequotas",
    "LimitRange": "limits limitrange limitranges",
    "ServiceAccount": "sa serviceaccount serviceaccounts",
    "StorageClass": "sc storageclass storageclasses",
}
_BY_WORD = {word: kind for kind, words in _KINDS.items() for word in words.split()}


def kind_named(word: str) -> str:
    """Return the kind that the word means; a kind that is not known here (a custom resource) keeps its own spelling."""
    return _BY_WORD.get(word.lower(), word[:1].upper() + word[1:])
