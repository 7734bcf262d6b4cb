"""API paths: made from parts, and checked before they are sent.

A GET is not always a read: ``exec``, ``attach``, ``portforward`` and ``proxy`` act through GET, and ``token`` hands out
credentials. So a path is sent only when every part of it is one of the forms below; what is not known is refused.
Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote, unquote

from agentops.core.errors import ToolInputError, UsageError
from agentops.core.resource import check_name
from agentops.core.text import one_line

_SUBRESOURCES = frozenset({"log", "scale", "status"})
_NEVER_RESOURCES = frozenset({"proxy", "watch", "redirect"})
_NEVER_QUERY = frozenset({"watch", "follow", "command", "stdin", "tty", "insecureSkipTLSVerifyBackend"})
_NAME_LIMIT = 253


def check_part(text: str, what: str) -> str:
    """Return ``text`` when it can be one segment of a path: a namespace, a name, a resource.

    Raises:
        ToolInputError: it cannot; ``what`` names the argument.
    """
    try:
        check_name(text, what)
    except UsageError as error:
        raise ToolInputError(error.message, hint=error.hint) from error
    if text in {".", "..", "-"} or "/" in text or "%" in text or len(text) > _NAME_LIMIT:
        raise ToolInputError(
            f"the {what} {one_line(text, 60)!r} cannot be a Kubernetes name",
            hint="Names hold letters, digits, '-', '.' and ':' and are at most 253 characters long.",
        )
    return text


def resource_path(
    group: str, version: str, plural: str, *, namespace: str = "", name: str = "", subresource: str = ""
) -> str:
    """Return the path of a collection, an object or one of its subresources.

    Arguments:
        group: the API group; empty for the core group.
        version: its version, e.g. ``v1``.
        plural: the resource, e.g. ``pods``.
        namespace: empty for a cluster-scoped resource or for all namespaces.
        name: empty for the collection.
        subresource: ``log``, ``scale`` or ``status``; empty for the object itself.
    """
    root = f"/apis/{_quoted(group)}/{_quoted(version)}" if group else f"/api/{_quoted(version)}"
    parts = ["namespaces", namespace] if namespace else []
    parts += [part for part in (plural, name, subresource) if part]
    return "/".join([root, *(_quoted(part) for part in parts)])


def _quoted(part: str) -> str:
    return quote(part, safe=":")


def vet_path(path: str) -> None:
    """Let a path pass only when it is discovery, a collection, an object, or a harmless subresource.

    Raises:
        ToolInputError: anything else, e.g. ``pods/x/exec`` or ``nodes/x/proxy``.
    """
    parts = path.split("/")[1:] if path.startswith("/") else []
    if not parts or any(_is_odd(part) for part in parts) or not _is_known(parts):
        raise ToolInputError(
            f"{one_line(path, 120)!r} is not a path that may be read",
            hint="Lists, objects, logs, scale and status can be read; exec, attach, proxy and tokens cannot.",
        )


def _is_odd(part: str) -> bool:
    text = unquote(part)
    return text in {"", ".", ".."} or "/" in text or "?" in part or "#" in part or not text.isprintable()


def _is_known(parts: Sequence[str]) -> bool:
    if parts[0] == "version":
        return len(parts) == 1
    if parts[0] not in {"api", "apis"}:
        return False
    prefix = 2 if parts[0] == "api" else 3
    rest = parts[prefix:]
    if not rest:
        return True
    if rest[0] in _NEVER_RESOURCES:
        return False
    if rest[0] == "namespaces" and len(rest) > 3:
        rest = rest[2:]
    if len(rest) == 3 and rest[0] != "namespaces":
        return rest[2] in _SUBRESOURCES
    return len(rest) <= 3


def vet_query(query: Sequence[tuple[str, str]]) -> None:
    """Refuse parameters that keep a connection open or belong to exec.

    Raises:
        ToolInputError: such a parameter is there.
    """
    for key, _ in query:
        if key in _NEVER_QUERY:
            raise ToolInputError(f"the parameter {key!r} is not for reading once")


class PathParts(NamedTuple):
    """What an API path is about; each part is empty where the path does not say it."""

    group: str
    namespace: str
    plural: str
    name: str
    subresource: str


def path_parts(path: str) -> PathParts:
    """Return the parts of an API path of a collection, an object or a subresource, decoded."""
    parts = [unquote(part) for part in path.split("/")[1:]]
    is_core = parts[0] == "api"
    rest = parts[2 if is_core else 3 :]
    namespace = ""
    if rest[:1] == ["namespaces"] and len(rest) > 2:
        namespace, rest = rest[1], rest[2:]
    plural, name, subresource = (*rest, "", "", "")[:3]
    return PathParts("" if is_core else parts[1], namespace, plural, name, subresource)
