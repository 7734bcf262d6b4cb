"""The options in a query, checked before anything else is looked at: those of writes, and those of lists.

Comes in: a request. Goes out: nothing, or 422 in the words of the validators of the options. Must never: read the body.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agentops.sandbox.wire.causes import StatusCause, unsupported
from agentops.sandbox.wire.request import ApiRequest, RequestTarget
from agentops.sandbox.wire.status import bad_request, invalid_options

_KINDS = {"create": "CreateOptions", "update": "UpdateOptions", "patch": "PatchOptions"}
_VALIDATIONS = ("", "Ignore", "Strict", "Warn")
_MATCHES = ("Exact", "NotOlderThan", "")


def check_options(target: RequestTarget, request: ApiRequest) -> None:
    """Refuse options that the verb does not know or that do not go together.

    Raises:
        Refusal: 422, or 400 for a page of another revision.
    """
    if target.verb in _KINDS:
        found = list(_of_write(request))
        kind = _KINDS[target.verb]
    elif target.verb in ("list", "watch"):
        found, kind = list(_of_list(request)), "ListOptions"
    else:
        return
    if found:
        raise invalid_options(kind, found)


def write_options(request: ApiRequest) -> dict[str, Any]:
    """Return the options of a create, update or patch as the API has them; what was not given is absent."""
    verb = {"POST": "create", "PUT": "update", "PATCH": "patch"}[request.method]
    query = request.query
    given: dict[str, Any] = {name: query[name] for name in ("fieldManager", "fieldValidation") if query.get(name)}
    given |= {"dryRun": ["All"]} if request.dry_run else {}
    given |= {"force": request.flag("force")} if "force" in query else {}
    return {"kind": _KINDS[verb], "apiVersion": "meta.k8s.io/v1", **given}


def _of_write(request: ApiRequest) -> Iterator[StatusCause]:
    query = request.query
    applies = request.headers.get("content-type", "").startswith("application/apply-patch")
    if request.method == "PATCH" and request.flag("force") and not applies:
        yield "FieldValueForbidden", "force", "Forbidden: may not be specified for non-apply patch"
    if len(query.get("fieldManager", "")) > 128:
        yield "FieldValueTooLong", "fieldManager", "Too long: may not be more than 128 bytes"
    elif applies and request.method == "PATCH" and not query.get("fieldManager"):
        yield "FieldValueRequired", "fieldManager", "Required value: is required for apply patch"
    if query.get("dryRun", "") not in ("", "All"):
        yield unsupported("dryRun", [query["dryRun"]], ("All",))
    if query.get("fieldValidation", "") not in _VALIDATIONS:
        yield unsupported("fieldValidation", query["fieldValidation"], _VALIDATIONS)


def _of_list(request: ApiRequest) -> Iterator[StatusCause]:
    query, field = request.query, "resourceVersionMatch"
    version, match = query.get("resourceVersion", ""), query.get(field, "")
    if query.get("continue") and version not in ("", "0"):
        raise bad_request("specifying resource version is not allowed when using continue")
    if request.flag("sendInitialEvents"):
        if match != "NotOlderThan":
            words = "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
            yield "FieldValueForbidden", field, words
    elif match and not version:
        yield "FieldValueForbidden", field, f"Forbidden: {field} is forbidden unless resourceVersion is provided"
    elif match not in _MATCHES:
        yield unsupported(field, match, _MATCHES)
