"""Which calls may be written at all, and the calls themselves, made from parts.

Comes in: a kind, a name, a patch or a manifest. Goes out: a ``Call`` as the plan shows it; ``check_call`` is asked
again before every sending, so that a call from a saved plan passes the same gate. What is not known is refused: only
objects and the subresources ``scale`` and ``eviction`` are written, never in bulk or by force, and no Secret's data.
Source: https://kubernetes.io/docs/reference/using-api/api-concepts/
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from agentops.core.errors import ToolInputError
from agentops.core.plan import Call
from agentops.core.text import one_line
from agentops.providers.kubernetes.objects.kinds import Kind

FIELD_MANAGER = "agentops"
JSON = "application/json"
JSON_PATCH = "application/json-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"

_VERBS = {("create", "POST"), ("patch", "PATCH"), ("delete", "DELETE")}
_PATCH_TYPES = {JSON_PATCH, APPLY_PATCH}
_QUERY = {"fieldManager": (FIELD_MANAGER,), "fieldValidation": ("Strict",)}
_NEVER = frozenset({"proxy", "watch", "redirect"})
_SECRET_FIELDS = ("/metadata/labels", "/metadata/annotations", "/metadata/uid", "/metadata/resourceVersion")
_WRITE_QUERY = (("fieldManager", FIELD_MANAGER), ("fieldValidation", "Strict"))
_WARNING = re.compile(r'\b\d{3} \S+ "((?:[^"\\]|\\.)*)"')
_WARNING_LIMIT = 400


def json_patch_call(
    kind: Kind, namespace: str, name: str, operations: Sequence[Mapping[str, Any]], *, subresource: str = ""
) -> Call:
    """Return an RFC 6902 patch of one object or of its ``scale``."""
    path = kind.path(namespace=namespace, name=name, subresource=subresource)
    return Call(
        verb="patch",
        method="PATCH",
        path=path,
        query=_WRITE_QUERY,
        content_type=JSON_PATCH,
        body=[dict(operation) for operation in operations],
    )


def apply_call(kind: Kind, namespace: str, name: str, manifest: Mapping[str, Any]) -> Call:
    """Return a server-side apply of a whole manifest, never by force."""
    path = kind.path(namespace=namespace, name=name)
    return Call(
        verb="patch", method="PATCH", path=path, query=_WRITE_QUERY, content_type=APPLY_PATCH, body=dict(manifest)
    )


def create_call(kind: Kind, namespace: str, manifest: Mapping[str, Any]) -> Call:
    """Return the creation of an object, which fails when its name is taken."""
    path = kind.path(namespace=namespace)
    return Call(verb="create", method="POST", path=path, query=_WRITE_QUERY, content_type=JSON, body=dict(manifest))


def evict_call(kind: Kind, namespace: str, name: str, *, uid: str, resource_version: str = "") -> Call:
    """Return the eviction of one pod, which its disruption budgets may refuse."""
    expected = {"uid": uid, **({"resourceVersion": resource_version} if resource_version else {})}
    body = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": name, "namespace": namespace},
        "deleteOptions": {"preconditions": expected},
    }
    # subresource paths are quoted like any other part; `kind.path` checks none of them, `check_call` does
    path = kind.path(namespace=namespace, name=name, subresource="eviction")
    return Call(verb="create", method="POST", path=path, query=_WRITE_QUERY, content_type=JSON, body=body)


def delete_call(
    kind: Kind, namespace: str, name: str, *, uid: str, resource_version: str = "", propagation: str = "Background"
) -> Call:
    """Return the deletion of exactly the object with this uid (and, when given, in exactly this version)."""
    expected = {"uid": uid, **({"resourceVersion": resource_version} if resource_version else {})}
    body = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation, "preconditions": expected}
    path = kind.path(namespace=namespace, name=name)
    return Call(verb="delete", method="DELETE", path=path, content_type=JSON, body=body)


def check_call(call: Call) -> None:
    """Let a call pass only when it is one of the forms above.

    Raises:
        ToolInputError: anything else; the message says what is wrong with it.
    """
    if (call.verb, call.method) not in _VERBS:
        raise _not_allowed(call, f"{call.verb} by {call.method} is not a write that agentops makes")
    for key, value in call.query:
        if value not in _QUERY.get(key, ()):
            raise _not_allowed(call, f"the parameter {key}={value} is not allowed")
    plural, name, subresource = _parts(call)
    if bool(name) is (call.method == "POST" and not subresource):
        raise _not_allowed(call, "it does not name exactly one object")
    allowed = {"PATCH": ("", "scale"), "POST": ("", "eviction"), "DELETE": ("",)}[call.method]
    if subresource not in allowed:
        raise _not_allowed(call, f"{call.method} of {subresource or 'the object'} is not a write that agentops makes")
    if call.content_type not in (_PATCH_TYPES if call.method == "PATCH" else {JSON}):
        raise _not_allowed(call, f"the content type {call.content_type or '(none)'} is not one that agentops sends")
    _check_body(call)
    if plural == "secrets" and call.path.startswith("/api/"):
        _check_secret(call)


def subresource_of(call: Call) -> str:
    """Return the subresource that a call is about; empty for an object, also for one that is called ``scale``.

    Raises:
        ToolInputError: its path is not that of an object.
    """
    return _parts(call)[2]


def _parts(call: Call) -> tuple[str, str, str]:
    """Return resource, name and subresource of the call's path, decoded; only a name may need encoding."""
    parts = call.path.split("/")[1:]
    prefix = {"api": 2, "apis": 3}.get(parts[0], 0) if call.path.startswith("/") else 0
    rest = parts[prefix:]
    if not prefix or not rest or any(_is_odd(part) for part in parts) or any("%" in part for part in parts[:prefix]):
        raise _not_allowed(call, "it is not the path of an object")
    if rest[0] == "namespaces" and len(rest) > 2:
        rest = rest[2:]
    if len(rest) > 3 or any("%" in part for part in (rest[0], *rest[2:])):
        raise _not_allowed(call, "it is not the path of an object")
    plural, name, subresource = (*rest, "", "")[:3]
    return plural, unquote(name), subresource


def _is_odd(part: str) -> bool:
    text = unquote(part)
    return text in {"", ".", "..", *_NEVER} or any(one in text for one in "/?#\\") or not text.isprintable()


def _check_body(call: Call) -> None:
    if call.content_type == JSON_PATCH:
        fits = isinstance(call.body, list) and all(
            isinstance(one, dict) and one.get("op") in {"test", "add", "replace", "remove"} for one in call.body
        )
    else:
        fits = isinstance(call.body, dict)
    if not fits:
        raise _not_allowed(call, "its body is not of the form that its content type says")
    if call.method == "DELETE" and not (call.body.get("preconditions") or {}).get("uid"):
        raise _not_allowed(call, "a deletion must say which uid it means")


def _check_secret(call: Call) -> None:
    if call.method == "DELETE":
        return
    if call.content_type == JSON_PATCH and all(
        any(str(one.get("path")) == field or str(one.get("path")).startswith(field + "/") for field in _SECRET_FIELDS)
        for one in call.body
    ):
        return
    raise _not_allowed(call, "agentops writes no Secret but its labels and annotations")


def _not_allowed(call: Call, why: str) -> ToolInputError:
    return ToolInputError(
        f"{one_line(call.method, 10)} {one_line(call.path, 160)} is not sent: {one_line(why, 160)}",
        hint="Use one of the change tools; agentops tools list shows them.",
    )


def warnings_of(headers: Mapping[str, str]) -> tuple[str, ...]:
    """Return the texts of an answer's ``Warning`` headers (RFC 7234 5.5), each on one line."""
    found = _WARNING.findall(str(headers.get("Warning") or ""))
    return tuple(one_line(re.sub(r"\\(.)", r"\1", text), _WARNING_LIMIT) for text in found)
