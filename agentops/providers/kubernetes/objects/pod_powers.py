"""What a pod template may do beyond its own work: to its node, in somebody's name, or to the cluster itself.

Comes in: pod templates as plain dicts. Goes out: short texts, one for each power, the same for the same power, so that
two templates can be compared. Pure; nothing here asks what an account may do (``account_impact.py`` does).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from agentops.providers.kubernetes.objects.fields import Object, spec_of, template_of

_HOST = ("hostNetwork", "hostPID", "hostIPC")
_HARMLESS_CAPABILITIES = frozenset({"NET_BIND_SERVICE"})
_CLUSTER_PROGRAMS = frozenset(
    {
        "ansible", "ansible-playbook", "argocd", "aws", "aws-cli", "az", "azure-cli", "calicoctl", "cilium",
        "cloud-sdk", "crictl", "ctr", "docker", "eksctl", "etcdctl", "flux", "gcloud", "google-cloud-cli", "gsutil",
        "helm", "helmfile", "istioctl", "k8s", "kops", "kubeadm", "kubectl", "kustomize", "linkerd", "nsenter", "oc",
        "pulumi", "terraform", "tofu", "velero",
    }
)  # fmt: skip
"""Programs that act on clusters and clouds, as commands and as parts of an image's name."""
_CLUSTER_PLACES = re.compile(
    r"kubernetes\.default|KUBERNETES_SERVICE_HOST|169\.254\.169\.254|metadata\.google\.internal|"
    r"secrets/kubernetes\.io/serviceaccount|(docker|containerd|crio)\.sock"
)
_BETWEEN_WORDS = re.compile(r"[\s;|&()<>$`\"'={},]+")


def pod_spec_of(item: Object | None) -> Object:
    """Return the pod spec of a pod or of a workload's template; empty when there is none."""
    if item is not None and item.get("kind") == "Pod":
        return spec_of(item)
    return spec_of(template_of(item))


def containers_of(pod_spec: Object) -> Iterator[Mapping[str, Any]]:
    """Yield all containers of a pod spec."""
    for field in ("initContainers", "containers", "ephemeralContainers"):
        yield from (one for one in pod_spec.get(field) or () if isinstance(one, Mapping))


def powers_of(pod_spec: Object) -> frozenset[str]:
    """Return what the pod may do to its node or in whose name it speaks: ``hostPath /etc``, ``account deployer``."""
    found = {field for field in _HOST if pod_spec.get(field)}
    for volume in pod_spec.get("volumes") or ():
        if isinstance(volume, Mapping) and volume.get("hostPath"):
            found.add(f"hostPath {(volume['hostPath'] or {}).get('path')}")
    account = pod_spec.get("serviceAccountName") or "default"
    if account != "default":
        found.add(f"account {account}")
    return frozenset(found.union(*map(_container_powers, containers_of(pod_spec))))


def _container_powers(container: Mapping[str, Any]) -> set[str]:
    context = container.get("securityContext") or {}
    found = {field for field in ("privileged", "procMount") if context.get(field) not in (None, False, "Default")}
    added = (context.get("capabilities") or {}).get("add") or ()
    found |= {f"capability {one}" for one in added if one not in _HARMLESS_CAPABILITIES}
    return found | cluster_programs(container)


def cluster_programs(container: Mapping[str, Any]) -> set[str]:
    """Return what in a container's command, hooks or image acts on clusters and clouds: ``kubectl``."""
    hooks = (container.get("lifecycle") or {}).values()
    commands = [container, *((hook or {}).get("exec") or {} for hook in hooks)]
    text = " ".join(str(word) for one in commands for field in ("command", "args") for word in one.get(field) or ())
    words = {word.rpartition("/")[2] for word in _BETWEEN_WORDS.split(text)}
    return (words | _image_words(container)) & _CLUSTER_PROGRAMS | {
        found[0] for found in _CLUSTER_PLACES.finditer(text)
    }


def _image_words(container: Mapping[str, Any]) -> set[str]:
    """Return the last part of an image's name, and its words: ``bitnami/kubectl:1.30`` is kubectl."""
    name = str(container.get("image") or "").partition("@")[0].rpartition("/")[2].partition(":")[0]
    return {name, *re.split(r"[-_.]", name)}
