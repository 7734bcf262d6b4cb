"""``ResourceRef``: the one way to name a thing that can be looked at or changed.

Three forms, each parsed from and printed to text without loss; a provider that brings a scheme of its own uses the
first one::

    k8s://CONTEXT/NAMESPACE/KIND/NAME      NAMESPACE is ``-`` for cluster-scoped kinds
    aws://ACCOUNT/REGION/SERVICE/TYPE/ID   ID may hold further slashes
    mcp://SERVER/TOOL

``/`` and ``%`` inside a part are percent-encoded, so an EKS context (an ARN with slashes) round-trips.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from agentops.core.errors import UsageError
from agentops.core.text import is_plain, one_line

_PLACED_PARTS = 4
"""PLACE/GROUP/KIND/NAME: the form of every scheme that has none of its own."""
_PART_COUNT = {"aws": 5, "mcp": 2}
_SCHEME = re.compile(r"[a-z][a-z0-9-]{0,31}")
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
    def is_placed(self) -> bool:
        """Whether it is of the form PLACE/GROUP/KIND/NAME."""
        return len(self.parts) == _PLACED_PARTS

    @property
    def place(self) -> str:
        """The first part: what a provider is pinned to (the kubeconfig context, the account, the MCP server)."""
        return self.parts[0]

    @property
    def origin(self) -> str:
        """What tells which provider has it: the scheme; of MCP servers, of which there may be several: ``mcp:pg``."""
        return f"mcp:{self.parts[0]}" if self.scheme == "mcp" else self.scheme

    @property
    def is_foreign(self) -> bool:
        """Whether only an MCP server tells of it, so that nobody can look at it by this name."""
        return self.scheme == "mcp"

    @property
    def context(self) -> str:
        """The same, as Kubernetes calls it: the kubeconfig context."""
        return self.parts[0]

    @property
    def namespace(self) -> str:
        """The group (namespace) that it stands in; empty where it stands in none."""
        return "" if not self.is_placed or self.parts[1] == CLUSTER_SCOPED else self.parts[1]

    @property
    def kind(self) -> str:
        """The kind of the thing: ``Deployment``; of an ``aws`` reference its service and type: ``ecs/service``."""
        return "/".join(self.parts[2:4]) if self.scheme == "aws" else self.parts[-2]

    @property
    def name(self) -> str:
        """The last part: the object's name or id."""
        return self.parts[-1]

    @property
    def subject(self) -> str:
        """The form of a sentence's subject: ``Deployment shop/checkout``, ``Node worker-1``."""
        group = self.namespace
        return f"{self.kind} {group}/{self.name}" if group else f"{self.kind} {self.name}"

    @property
    def short(self) -> str:
        """The form people read: ``shop/Deployment/checkout``, without the context."""
        if self.is_placed:
            return "/".join(part for part in (self.namespace, self.kind, self.name) if part)
        return f"{self.kind}/{self.name}"


def placed_ref(scheme: str, place: str, group: str | None, kind: str, name: str) -> ResourceRef:
    """Return a reference of the form PLACE/GROUP/KIND/NAME; an empty or missing group means that it stands in none."""
    return ResourceRef(scheme=scheme, parts=(place, group or CLUSTER_SCOPED, kind, name))


@dataclass(frozen=True, slots=True)
class Home:
    """Where the references of a run stand that name only group, kind and name: ``k8s``, ``prod``.

    ``region`` is part of where a resource of AWS stands; its group is the service: ``ecs``, ``service``, ``shop/web``.
    """

    scheme: str
    place: str
    region: str = ""

    @property
    def form(self) -> str:
        """How a resource is named there in short."""
        return "SERVICE/TYPE/ID" if self.scheme == "aws" else "NAMESPACE/KIND/NAME"

    def ref(self, group: str | None, kind: str, name: str) -> ResourceRef:
        """Return a reference there; an empty or missing group means that it stands in none."""
        if self.scheme == "aws":
            return ResourceRef(scheme="aws", parts=(self.place, self.region, group or "", kind, name))
        if self.scheme == "mcp":
            # What such a server tells of has no references of its own: the name is all that is known.
            return ResourceRef(scheme="mcp", parts=(self.place, "/".join(filter(None, (group, kind, name)))))
        return placed_ref(self.scheme, self.place, group, kind, name)


def kubernetes_ref(context: str, namespace: str | None, kind: str, name: str) -> ResourceRef:
    """Return the reference of a Kubernetes object; an empty or missing namespace means cluster-scoped."""
    return placed_ref("k8s", context, namespace, kind, name)


def parse_ref(text: str) -> ResourceRef:
    """Parse the text form.

    Raises:
        UsageError: an unknown scheme, a missing part, or a character that a name cannot hold.
    """
    scheme, separator, rest = text.partition("://")
    if not separator or not _SCHEME.fullmatch(scheme):
        raise UsageError(f"{one_line(text, 80)!r} is not a resource reference", hint="Use " + ", ".join(_FORM.values()))
    count = _PART_COUNT.get(scheme, _PLACED_PARTS)
    form = _FORM.get(scheme, f"{scheme}://PLACE/GROUP/KIND/NAME")
    raw = rest.split("/", count - 1) if scheme == "aws" else rest.split("/")
    parts = tuple(unquote(part) for part in raw)
    if len(parts) != count or not all(parts):
        raise UsageError(f"{one_line(text, 80)!r} does not have the parts of {form}", hint="Fill in every part.")
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
