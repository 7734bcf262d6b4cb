"""What the fields of everything but a pod have to do with one another, where ``schema/rules.yaml`` says so.

Comes in: the part of an object that a rule is about (for a rule on one field: what holds the field), and the path. Goes
out: causes of a 422. Must never: change it.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable, Iterator
from typing import Any

from agentops.sandbox.admission.causes import Cause, forbidden_field, invalid, required_value, unsupported
from agentops.sandbox.admission.formats import (
    FORMATS,
    PORT_WORDS,
    cidr,
    config_key,
    ip,
    label_value,
    network,
    qualified,
    subdomain,
)
from agentops.sandbox.objects import matches
from agentops.sandbox.store import Obj
from agentops.sandbox.wire.cells import at

_MOST_BYTES = 1024 * 1024
_SECRET_KEYS = {
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
}
# A field that one kind alone has, of those with a selector and a template.
_BY_FIELD = {"strategy": "deployment", "podManagementPolicy": "statefulset", "updateStrategy": "daemonset"}
_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")


def label_causes(labels: Obj, path: str) -> Iterator[Cause]:
    """Yield what is wrong with the keys and values of labels."""
    for key, value in sorted(labels.items()):
        yield from (invalid(path, key, words) for words in qualified(key))
        yield from (invalid(path, value, words) for words in label_value(value))


def annotation_causes(annotations: Obj, path: str) -> Iterator[Cause]:
    """Yield what is wrong with the keys of annotations, and with their size."""
    for key in sorted(annotations):
        yield from (invalid(path, key, words) for words in qualified(key.lower()))
    if sum(len(key) + len(value) for key, value in annotations.items()) > 256 * 1024:
        yield "FieldValueTooLong", path, "Too long: may not be more than 262144 bytes"


def _template_labels(template: Obj, path: str) -> Iterator[Cause]:
    metadata = template.get("metadata") or {}
    yield from label_causes(metadata.get("labels") or {}, f"{path}.labels")
    yield from annotation_causes(metadata.get("annotations") or {}, f"{path}.annotations")


def _label_selector(spec: Obj, path: str) -> Iterator[Cause]:
    """Complain of a workload's selector that selects nothing or cannot be read; its parts are judged before it."""
    selector = spec.get("selector")
    if selector is None:
        return
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        kind = next((one for field, one in _BY_FIELD.items() if field in spec), "replicaset")
        yield invalid(f"{path}.selector", {}, f"empty selector is invalid for {kind}")
    elif not _readable(selector):
        yield invalid(f"{path}.selector", selector, "invalid label selector")


def _readable(selector: Obj) -> bool:
    values = (selector.get("matchLabels") or {}).values()
    terms = selector.get("matchExpressions") or ()
    return not any(True for value in values for _ in label_value(value)) and all(
        term.get("operator") in _OPERATORS for term in terms
    )


def _selected_template(spec: Obj, path: str) -> Iterator[Cause]:
    selector, labels = spec.get("selector"), at(spec, "template", "metadata", "labels", default=None)
    empty = selector is not None and not selector.get("matchLabels") and not selector.get("matchExpressions")
    if empty or (selector is not None and not _readable(selector)):
        return
    if not matches(selector, labels or {}):
        yield invalid(f"{path}.template.metadata.labels", labels, "`selector` does not match template `labels`")


def _always_restarts(spec: Obj, path: str) -> Iterator[Cause]:
    pod = at(spec, "template", "spec", default={})
    if pod.get("restartPolicy", "Always") != "Always":
        yield unsupported(f"{path}.template.spec.restartPolicy", pod["restartPolicy"], ("Always",))
    if pod.get("activeDeadlineSeconds") is not None:
        words = "activeDeadlineSeconds in ReplicaSet is not Supported"
        yield forbidden_field(f"{path}.template.spec.activeDeadlineSeconds", words)


def _strategy(spec: Obj, path: str) -> Iterator[Cause]:
    strategy = spec["strategy"]
    kind, rolling = strategy.get("type"), strategy.get("rollingUpdate")
    if kind == "Recreate" and rolling is not None:
        yield forbidden_field(f"{path}.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'")
    elif kind == "RollingUpdate":
        yield from _rolling(rolling or {}, f"{path}.rollingUpdate", "may not be 0 when `maxSurge` is 0")
    elif kind != "Recreate":
        yield (
            "FieldValueNotSupported",
            path,
            f"Unsupported value: {_update(kind)}: supported values: {_listed('Recreate', 'RollingUpdate')}",
        )


def _rolling(rolling: Obj, path: str, words: str) -> Iterator[Cause]:
    found = [
        invalid(f"{path}.{field}", rolling[field], words)
        for field in ("maxUnavailable", "maxSurge")
        if field in rolling
        for words in FORMATS["count-or-percent"](rolling[field])
    ]
    yield from found
    if not found and all(rolling.get(field) in (0, "0%") for field in ("maxUnavailable", "maxSurge")):
        yield invalid(f"{path}.maxUnavailable", rolling["maxUnavailable"], words)


def _update(kind: Any) -> str:
    return json.dumps({"Type": kind, "RollingUpdate": None}, separators=(",", ":"))


def _listed(*allowed: str) -> str:
    return ", ".join(f'"{one}"' for one in allowed)


def _management(spec: Obj, path: str) -> Iterator[Cause]:
    if spec["podManagementPolicy"] not in ("OrderedReady", "Parallel"):
        yield invalid(path, spec["podManagementPolicy"], "must be 'OrderedReady' or 'Parallel'")


def _update_strategy(spec: Obj, path: str) -> Iterator[Cause]:
    strategy = spec["updateStrategy"]
    kind, rolling = strategy.get("type"), strategy.get("rollingUpdate") or {}
    for_set = "podManagementPolicy" in spec
    if kind == "OnDelete" and for_set and rolling:
        yield invalid(
            f"{path}.rollingUpdate", None, "only allowed for updateStrategy 'RollingUpdate'", shown=json.dumps(rolling)
        )
    elif kind not in ("RollingUpdate", "OnDelete"):
        if for_set:
            yield invalid(path, None, "must be 'RollingUpdate' or 'OnDelete'", shown=_update(kind))
        else:
            words = f"Unsupported value: {_update(kind)}: supported values: {_listed('RollingUpdate', 'OnDelete')}"
            yield "FieldValueNotSupported", path, words
    elif not for_set and rolling:
        unavailable, surge = (rolling.get(field, 0) not in (0, "0%") for field in ("maxUnavailable", "maxSurge"))
        place = f"{path}.rollingUpdate"
        if unavailable and surge:
            yield invalid(f"{place}.maxSurge", rolling["maxSurge"], "may not be set when maxUnavailable is non-zero")
        yield from _rolling(rolling, place, "cannot be 0 when maxSurge is 0")


def _after_ready(spec: Obj, path: str) -> Iterator[Cause]:
    if 0 <= spec["progressDeadlineSeconds"] <= spec.get("minReadySeconds", 0):
        yield invalid(path, spec["progressDeadlineSeconds"], "must be greater than minReadySeconds")


def _ends(spec: Obj, path: str) -> Iterator[Cause]:
    policy = at(spec, "template", "spec", "restartPolicy", default="")
    if policy == "Always" or not policy:
        yield required_value(f"{path}.template.spec.restartPolicy", f"valid values: {_listed('OnFailure', 'Never')}")


def _job_selector(spec: Obj, path: str) -> Iterator[Cause]:
    selector, labels = spec.get("selector"), at(spec, "template", "metadata", "labels", default=None)
    if path != "spec":  # a CronJob's: its jobs get theirs when they are made
        return
    if selector is None:
        yield required_value(f"{path}.selector", "")
    elif not spec.get("manualSelector") and set(selector.get("matchLabels") or ()) != {
        "batch.kubernetes.io/controller-uid"
    }:
        yield invalid(f"{path}.selector", selector, "`selector` not auto-generated")
    if selector is None or not matches(selector, labels or {}):
        yield invalid(f"{path}.template.metadata.labels", labels, "`selector` does not match template `labels`")


def _failure_rule(rule: Obj, path: str) -> Iterator[Cause]:
    given = [field for field in ("onExitCodes", "onPodConditions") if rule.get(field)]
    if len(given) != 1:
        which = "specifying one of OnExitCodes and OnPodConditions is required"
        words = "specifying both OnExitCodes and OnPodConditions is not supported" if given else which
        yield "FieldValueInvalid", path, f"Invalid value: {words}"


def _at_most_two(spec: Obj, path: str) -> Iterator[Cause]:
    if len(spec["policyTypes"]) > 2:
        yield invalid(path, spec["policyTypes"], "may not specify more than two policyTypes")


def _policy_port(port: Obj, path: str) -> Iterator[Cause]:
    first, last = port.get("port"), port.get("endPort")
    if first is not None:
        yield from (invalid(f"{path}.port", first, words) for words in FORMATS["port-or-name"](first))
    if last is None:
        return
    if first is None:
        yield invalid(f"{path}.endPort", last, "may not be specified when `port` is not specified")
    elif isinstance(first, str):
        yield invalid(f"{path}.endPort", last, "may not be specified when `port` is non-numeric")
    elif last < first:
        yield invalid(f"{path}.endPort", first, "must be greater than or equal to `port`")
    elif last > 65535:
        yield invalid(f"{path}.endPort", last, PORT_WORDS)


def _peer(peer: Obj, path: str) -> Iterator[Cause]:
    given = [field for field in ("podSelector", "namespaceSelector", "ipBlock") if peer.get(field) is not None]
    if not given:
        yield required_value(path, "must specify a peer")
    elif "ipBlock" in given and len(given) > 1:
        yield forbidden_field(path, "may not specify both ipBlock and another peer")


def _except(block: Obj, path: str) -> Iterator[Cause]:
    whole = network(block.get("cidr", ""))
    for index, one in enumerate(block.get("except") or ()):
        part, place = network(one), f"{path}.except[{index}]"
        yield from (invalid(place, one, words) for words in cidr(one))
        inside = part and whole and part.version == whole.version and part != whole and part.subnet_of(whole)  # type: ignore[arg-type]
        if part and whole and not inside:
            yield invalid(place, one, "must be a strict subset of `cidr`")


def _ingress_target(spec: Obj, path: str) -> Iterator[Cause]:
    if not spec.get("rules") and not spec.get("defaultBackend"):
        yield invalid(path, None, "either `defaultBackend` or `rules` must be specified")


def _ingress_path(one: Obj, path: str) -> Iterator[Cause]:
    if one.get("pathType") in ("Exact", "Prefix") and not one.get("path", "").startswith("/"):
        yield invalid(f"{path}.path", one.get("path", ""), "must be an absolute path")


def _ingress_backend(backend: Obj, path: str) -> Iterator[Cause]:
    service, resource = backend.get("service"), backend.get("resource")
    if service and resource:
        yield invalid(path, "", "cannot set both resource and service backends")
    elif resource:
        return
    elif not service:
        yield invalid(path, "", "resource or service backend is required")
    else:
        port = service.get("port") or {}
        if not service.get("name"):
            yield required_value(f"{path}.service.name", "")
        if port.get("name") and port.get("number"):
            yield invalid(path, "", "cannot set both port name & port number")
        elif not port.get("name") and not port.get("number"):
            yield required_value(path, "port name or number is required")
        elif port.get("number") and not 0 < port["number"] < 65536:
            yield invalid(f"{path}.service.port.number", port["number"], PORT_WORDS)


def _one_budget(spec: Obj, path: str) -> Iterator[Cause]:
    if spec.get("minAvailable") is not None and spec.get("maxUnavailable") is not None:
        shown = {
            "MinAvailable": spec["minAvailable"],
            "Selector": spec.get("selector"),
            "MaxUnavailable": spec["maxUnavailable"],
            "UnhealthyPodEvictionPolicy": spec.get("unhealthyPodEvictionPolicy"),
        }
        words = "minAvailable and maxUnavailable cannot be both set"
        yield invalid(path, None, words, shown=json.dumps(shown, separators=(",", ":")))


def _data_keys(obj: Obj, _: str) -> Iterator[Cause]:
    data, binary = obj.get("data") or {}, obj.get("binaryData") or {}
    for key in sorted(data):
        yield from (invalid(f"data[{key}]", key, words) for words in config_key(key))
        if key in binary:
            yield invalid(f"data[{key}]", key, "duplicate of key present in binaryData")
    for key in sorted(binary):
        yield from (invalid(f"binaryData[{key}]", key, words) for words in config_key(key))
    encoded = [*binary.values(), *(data.values() if obj["kind"] == "Secret" else ())]
    plain = data.values() if obj["kind"] == "ConfigMap" else ()
    if sum(len(value.encode()) for value in plain) + sum(len(value) * 3 // 4 for value in encoded) > _MOST_BYTES:
        place = "data" if obj["kind"] == "Secret" else "[]"
        yield "FieldValueTooLong", place, f"Too long: may not be more than {_MOST_BYTES} bytes"


def _secret_content(secret: Obj, _: str) -> Iterator[Cause]:
    kind, data = secret.get("type", "Opaque"), secret.get("data") or {}
    if kind == "kubernetes.io/service-account-token":
        key = "kubernetes.io/service-account.name"
        if not at(secret, "metadata", "annotations", default={}).get(key):
            yield required_value(f"metadata.annotations[{key}]", "")
    elif kind == "kubernetes.io/basic-auth" and "username" not in data and "password" not in data:
        yield from (required_value(f"data[{key}]", "") for key in ("username", "password"))
    for key in _SECRET_KEYS.get(kind, ()):
        if key not in data:
            yield required_value(f"data[{key}]", "")
        elif kind.startswith("kubernetes.io/docker") and not _is_json(data[key]):
            words = "unexpected end of JSON input"
            yield invalid(f"data[{key}]", "<secret contents redacted>", words)


def _is_json(encoded: str) -> bool:
    try:
        json.loads(b64decode(encoded))
    except ValueError:
        return False
    return True


def _event_namespace(event: Obj, _: str) -> Iterator[Cause]:
    given = at(event, "involvedObject", "namespace", default="")
    if given and given != event["metadata"].get("namespace"):
        yield invalid("involvedObject.namespace", given, "does not match event.namespace")


def _namespaced_rules(role: Obj, path: str) -> Iterator[Cause]:
    for index, rule in enumerate(role.get("rules") or ()):
        if rule.get("nonResourceURLs"):
            words = "namespaced rules cannot apply to non-resource URLs"
            yield invalid(f"{path}[{index}].nonResourceURLs", rule["nonResourceURLs"], words)


def _policy_rule(rule: Obj, path: str) -> Iterator[Cause]:
    if rule.get("nonResourceURLs"):
        if any(rule.get(field) for field in ("apiGroups", "resources", "resourceNames")):
            words = "rules cannot apply to both regular resources and non-resource URLs"
            yield invalid(f"{path}.nonResourceURLs", rule["nonResourceURLs"], words)
        return
    for field, what in (("apiGroups", "api group"), ("resources", "resource")):
        if not rule.get(field):
            yield required_value(f"{path}.{field}", f"resource rules must supply at least one {what}")


def _subject(subject: Obj, path: str) -> Iterator[Cause]:
    group, kind = subject.get("apiGroup", ""), subject.get("kind")
    if kind == "ServiceAccount":
        yield from (invalid(f"{path}.name", subject["name"], words) for words in subdomain(subject.get("name") or "a"))
        if not subject.get("namespace"):
            yield required_value(f"{path}.namespace", "")
    wanted = {"ServiceAccount": "", "User": "rbac.authorization.k8s.io", "Group": "rbac.authorization.k8s.io"}
    if kind in wanted and group != wanted[kind]:
        yield unsupported(f"{path}.apiGroup", group, (wanted[kind],))


def _priority_range(obj: Obj, _: str) -> Iterator[Cause]:
    if obj.get("value", 0) > 1_000_000_000 and not obj["metadata"]["name"].startswith("system-"):
        words = "maximum allowed value of a user defined priority is 1000000000"
        yield forbidden_field("value", words)


def _endpoint_ip(address: Obj, path: str) -> Iterator[Cause]:
    for words in ip(address["ip"]):
        yield invalid(path, address["ip"], words)
        yield invalid(path, address["ip"], "must be a valid IP address")


OTHER_RELATIONS: dict[str, Callable[[Obj, str], Iterator[Cause]]] = {
    "template-labels": _template_labels,
    "label-selector": _label_selector,
    "selected-template": _selected_template,
    "always-restarts": _always_restarts,
    "strategy": _strategy,
    "management": _management,
    "update-strategy": _update_strategy,
    "after-ready": _after_ready,
    "ends": _ends,
    "job-selector": _job_selector,
    "failure-rule": _failure_rule,
    "at-most-two": _at_most_two,
    "policy-port": _policy_port,
    "peer": _peer,
    "except": _except,
    "ingress-target": _ingress_target,
    "ingress-path": _ingress_path,
    "ingress-backend": _ingress_backend,
    "one-budget": _one_budget,
    "data-keys": _data_keys,
    "secret-content": _secret_content,
    "event-namespace": _event_namespace,
    "namespaced-rules": _namespaced_rules,
    "policy-rule": _policy_rule,
    "subject": _subject,
    "priority-range": _priority_range,
    "endpoint-ip": _endpoint_ip,
}
