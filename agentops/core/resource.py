"""``ResourceRef``: the one way to name a thing that can be looked at or changed.

Three forms, each parsed from and printed to text without loss::

    k8s://CONTEXT/NAMESPACE/KIND/NAME      NAMESPACE is ``-`` for cluster-scoped kinds
    aws://ACCOUNT/REGION/SERVICE/TYPE/ID   ID may hold further slashes
    mcp://SERVER/TOOL

``/`` and ``%`` inside a part are percent-encoded, so an EKS context (an ARN with slashes) round-trips.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote

from agentops.core.errors import UsageError
from agentops.core.text import is_plain, one_line

_PART_COUNT = {"k8s": 4, "aws": 5, "mcp": 2}
_FORM = {
    "k8s": "k8s://CONTEXT/NAMESPACE/KIND/NAME",
    "aws": "aws://ACCOUNT/REGION/SERVICE/TYPE/ID",
    "mcp": "mcp://SERVER/TOOL",
}
CLUSTER_SCOPED = "-"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ResourceRef:
    """A resource's full name: ``scheme`` and its decoded ``parts``, in the order of the text form."""

    scheme: str
    parts: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.scheme}://" + "/".join(part.replace("%", "%25").replace("/", "%2F") for part in self.parts)

    @property
    def place(self) -> str:
        """The first part: what a provider is pinned to (the kubeconfig context, the account, the MCP server)."""
        return self.parts[0]

    @property
    def context(self) -> str:
        """The kubeconfig context of a ``k8s`` reference."""
        return self.parts[0]

    @property
    def namespace(self) -> str:
        """The namespace of a ``k8s`` reference; empty for cluster-scoped kinds."""
        return "" if self.parts[1] == CLUSTER_SCOPED else self.parts[1]

    @property
    def kind(self) -> str:
        """The kind of a ``k8s`` reference, or the type of an ``aws`` one."""
        return self.parts[2] if self.scheme == "k8s" else self.parts[-2]

    @property
    def name(self) -> str:
        """The last part: the object's name or id."""
        return self.parts[-1]

    @property
    def subject(self) -> str:
        """The form of a sentence's subject: ``Deployment shop/checkout``, ``Node worker-1``."""
        group = self.namespace if self.scheme == "k8s" else ""
        return f"{self.kind} {group}/{self.name}" if group else f"{self.kind} {self.name}"

    @property
    def short(self) -> str:
        """The form people read: ``shop/Deployment/checkout``, without the context."""
        if self.scheme == "k8s":
            return "/".join(part for part in (self.namespace, self.kind, self.name) if part)
        return "/".join(self.parts[-2:])


def kubernetes_ref(context: str, namespace: str | None, kind: str, name: str) -> ResourceRef:
    """Return the reference of a Kubernetes object; an empty or missing namespace means cluster-scoped."""
    return ResourceRef(scheme="k8s", parts=(context, namespace or CLUSTER_SCOPED, kind, name))


def parse_ref(text: str) -> ResourceRef:
    """Parse the text form.

    Raises:
        UsageError: an unknown scheme, a missing part, or a character that a name cannot hold.
    """
    scheme, separator, rest = text.partition("://")
    if not separator or scheme not in _PART_COUNT:
        raise UsageError(f"{one_line(text, 80)!r} is not a resource reference", hint="Use " + ", ".join(_FORM.values()))
    count = _PART_COUNT[scheme]
    raw = rest.split("/", count - 1) if scheme == "aws" else rest.split("/")
    parts = tuple(unquote(part) for part in raw)
    if len(parts) != count or not all(parts):
        raise UsageError(
            f"{one_line(text, 80)!r} does not have the parts of {_FORM[scheme]}", hint="Fill in every part."
        )
    for part in parts:
        check_name(part, "resource reference")
    return ResourceRef(scheme=scheme, parts=parts)


def check_name(text: str, what: str) -> str:
    """Return ``text`` when it can name something: not empty, no leading dash, no control, bidi or zero-width character.

    A leading dash turned names into flags in other tools (CVE-2026-61459); the rest hides what a person reads.

    Raises:
        UsageError: it cannot; ``what`` says which value in the message.
    """
    if not text:
        raise UsageError(f"the {what} is empty")
    if text.startswith("-") and text != CLUSTER_SCOPED:
        raise UsageError(f"the {what} {one_line(text, 60)!r} starts with a dash", hint="Names never start with '-'.")
    if "\n" in text or "\t" in text or not all(map(is_plain, text)):
        raise UsageError(f"the {what} {one_line(text, 60)!r} holds a control or invisible character")
    return text
