"""Images that cannot be pulled: the tag that does not exist, the login that is refused, the platform that is missing.

Source: kubelet waiting reasons (``pkg/kubelet/images/types.go``) and the words that containerd and registries use.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from agentops.core.finding import Problem
from agentops.providers.kubernetes.analysis.containers import ContainerView, container_views
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.quoting import quoted
from agentops.providers.kubernetes.analysis.report import PodSymptom, collapse, quote
from agentops.providers.kubernetes.analysis.rollouts import TemplateEdit, blame
from agentops.providers.kubernetes.analyzers.declaration import OWNER, UNDO, analyzer, exact
from agentops.providers.kubernetes.objects.config_references import PULL_SECRETS, config_references
from agentops.providers.kubernetes.objects.fields import moment, namespace_of, text

NAME = "images"
WAITING = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "ErrImageNeverPull",
        "ImageInspectError",
        "InvalidImageName",
        "RegistryUnavailable",
        "SignatureValidationFailed",
    }
)

_UNSURE = re.compile(r"(?i)does not exist or may require|insufficient_scope")
_PLATFORM = re.compile(r"(?i)no match(?:ing manifest)? for (?:platform|\w+/\w+)|no matching manifest")
_TRANSPORT = re.compile(
    r"(?i)\bno such host\b|\btimed? ?out\b|\btimeout\b|deadline exceeded|connection (?:refused|reset)|no route to host"
    r"|network is unreachable|\bx509: |certificate|server gave HTTP response|toomanyrequests|too many requests"
    r"|rate limit"
    r"|\b429\b|\b5\d\d (?:[A-Z]|$)|unexpected EOF|\bEOF$|server misbehaving|no space left|TLS handshake"
)
"""The registry was not heard out, or could not answer: what else the line says is no answer of a registry."""
_ABSENT = re.compile(r"(?i)\bnot found\b|manifest[ _]unknown|name[ _]unknown|does not exist|\b404\b")
_DENIED = re.compile(
    r"(?i)\bunauthorized\b|\bdenied\b|\bforbidden\b|no basic auth|\bauthentication required|authorization failed"
    r"|failed to authorize|\b401\b|\b403\b"
)
_REFERENCES = re.compile(
    r"https?://[^\s\"]+|\"[^\"\s]*[/:@][^\"\s]*\"|\bsha256:[0-9a-f]+|(?<![\w\"])[\w.-]+(?:[:/][\w.-]+)*/[\w./-]+(?:[:@][\w.:-]+)?"
)
"""Addresses and image references in a message: what they are called is no part of what went wrong."""

_ADVICE = {
    "ImageNotFound": "Point the workload at an image that exists, or push the missing tag.",
    "ImagePullDenied": "Give the pods a pull secret that this registry accepts, or correct the repository name.",
    "ImagePlatformMismatch": "Build the image for the nodes' platform, or pin the pods to nodes that it was built for.",
    "InvalidImageName": "Correct the image reference; it does not have the form registry/repository:tag.",
    "ImagePullFailed": "Check that the nodes reach the registry; the message tells what failed.",
}


@analyzer(
    NAME,
    exact(
        "ImageNotFound",
        OWNER,
        "the tag or the repository does not exist",
        fields=(".image", "imagePullSecrets"),
        remedies=(UNDO,),
    ),
    exact(
        "ImagePullDenied",
        OWNER,
        "the registry refuses the login, or there is none",
        fields=(".image", "imagePullSecrets", "serviceAccount"),
        remedies=(UNDO,),
    ),
    exact(
        "ImagePullFailed",
        OWNER,
        "the pull fails for another reason: network, rate limit, certificate",
        fields=(".image", "imagePull"),
        remedies=(UNDO,),
    ),
    exact("ImagePlatformMismatch", OWNER, "the image is not built for the node's platform", remedies=(UNDO,)),
    exact("InvalidImageName", OWNER, "the image reference cannot be read", fields=(".image",), remedies=(UNDO,)),
)
def images(graph: Graph) -> Iterable[Problem]:
    """Return the workloads whose containers wait for an image."""
    signs = [sign for pod in graph.unwell_pods for view in container_views(pod) for sign in _signs(graph, pod, view)]
    return collapse(graph, NAME, signs)


def classify(reason: str, message: str, image: str = "") -> str:
    """Return the condition that the kubelet's reason and the registry's words amount to.

    Arguments:
        message: foreign words, in which the image and addresses may stand; they are taken out before it is judged.
        image: the reference as the container has it.
    """
    if reason == "InvalidImageName":
        return reason
    if _PLATFORM.search(message):
        return "ImagePlatformMismatch"
    error = error_of(message, image)
    if _UNSURE.search(error):
        return "ImagePullDenied"
    if _TRANSPORT.search(error):
        return "ImagePullFailed"
    if _ABSENT.search(error):
        return "ImageNotFound"
    return "ImagePullDenied" if _DENIED.search(error) else "ImagePullFailed"


def error_of(message: str, image: str = "") -> str:
    """Return the message without image references and addresses: what went wrong, and with nothing's name in it."""
    for name in sorted({image, repository(image)} - {""}, key=len, reverse=True):
        message = message.replace(name, "IMAGE")
    return _REFERENCES.sub("IMAGE", message)


def _message(graph: Graph, view: ContainerView, image: str) -> str:
    """Return the most telling text: newer kubelets put the registry's answer into the state, older ones in an event."""
    events = [e for e in graph.events(view.pod_key, "Failed", "ErrImageNeverPull") if e.container in ("", view.name)]
    pulls = [event.message for event in reversed(events) if "pull" in event.message.lower()]
    said = [message for message in (text(view.waiting, "message"), *pulls) if message]
    forms = (_UNSURE, _TRANSPORT, _ABSENT, _DENIED)
    telling = [
        message
        for message in said
        if _PLATFORM.search(message) or any(form.search(error_of(message, image)) for form in forms)
    ]
    rest = [message for message in said if not message.startswith("Back-off")]
    return (telling or rest or said or [""])[0]


def _signs(graph: Graph, pod: dict[str, Any], view: ContainerView) -> Iterable[PodSymptom]:
    reason = view.reason
    if reason not in WAITING:
        return
    image = text(view.container, "image") or text(view.status, "image")
    message = _message(graph, view, image)
    name = classify(reason, message, image)
    since = moment(pod, "metadata", "creationTimestamp")
    # A registry grants a repository, not a tag: another tag of the same one was granted before.
    unless = _is_other_tag if name == "ImagePullDenied" else None
    origin = blame(graph, graph.workload(pod), images.condition(name), view.name, since, unless=unless)
    if (
        name == "ImagePullDenied"
        and _UNSURE.search(message)
        and origin
        and any(map(_is_other_repository, origin.edits))
    ):
        name = "ImageNotFound"
    facts = [
        quote(graph, pod, f"{view.path}.state.waiting.reason", reason),
        quote(graph, pod, f"{view.spec_path}.image", image),
    ]
    if message:
        facts.append(quote(graph, pod, f"{view.path}.state.waiting.message", message))
    absent = _absent_pull_secrets(graph, pod)
    facts += [quote(graph, pod, "spec.imagePullSecrets", name) for name in absent]
    what = f"{view.label} cannot pull {quoted(image)}: {_gist(message) or reason}"
    if absent:
        what += f"; pull secret {absent[0]} does not exist"
    if origin:
        what += f"; {origin.clause}"
    yield PodSymptom(
        pod=pod,
        container=view.name,
        condition=name,
        what=what,
        facts=tuple(facts),
        since=since,
        advice=_ADVICE[name],
        remedies=origin.remedies if origin else (),
    )


def _is_other_tag(edit: TemplateEdit) -> bool:
    return edit.path.endswith(".image") and not _is_other_repository(edit)


def _is_other_repository(edit: TemplateEdit) -> bool:
    return repository(edit.before) != repository(edit.after)


def repository(image: str) -> str:
    """Return an image reference without tag and digest."""
    stem = image.partition("@")[0]
    head, slash, last = stem.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"


def _absent_pull_secrets(graph: Graph, pod: dict[str, Any]) -> list[str]:
    namespace = namespace_of(pod)
    if not graph.was_read("Secret", namespace):
        return []
    named = [r.name for r in config_references(pod.get("spec") or {}) if r.path == PULL_SECRETS]
    return [name for name in named if graph.find("Secret", namespace, name) is None]


def _gist(message: str) -> str:
    """Return the registry's own words: what stands after the last reference that is repeated before it."""
    shortened = re.sub(
        r'(?:rpc error: code = \w+ desc = )?failed to (?:pull and unpack|resolve)[^"]*"[^"]*": ', "", message
    )
    shortened = re.sub(r'^(?:Failed to pull image|Back-off pulling image) "[^"]*":? ?', "", shortened)
    shortened = re.sub(r'failed to resolve (?:reference )?"[^"]*": |rpc error: code = \w+ desc = ', "", shortened)
    return quoted(shortened.strip(" :"), 160)
