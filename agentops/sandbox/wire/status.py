"""Refusals as the API server words them: one exception, and the ``Status`` body that it becomes.

Comes in: a reason and the words. Goes out: an HTTP code and a ``meta/v1`` Status. Every wording here is that of the
apimachinery errors package, because clients (kubectl first) show and parse it.

Must never: be used for a request that was carried out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agentops.core.errors import AgentopsError
from agentops.sandbox.data import data
from agentops.sandbox.store import Obj
from agentops.sandbox.wire.causes import StatusCause
from agentops.sandbox.wire.kinds import Resource


class ApiRefusal(AgentopsError):
    """The request was not carried out; ``reason`` decides the HTTP code.

    Arguments:
        reason: a StatusReason such as NotFound.
        message: the sentence that the client shows, in which a real server has line breaks too: it goes onto the wire
            as it is, and no person reads it here.
        details: the Status's ``details``, if it has them.
        retry_after_s: seconds for the Retry-After header; 0 leaves it out.
    """

    def __init__(self, reason: str, message: str, details: Obj | None = None, *, retry_after_s: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason
        self.details = details
        self.retry_after_s = retry_after_s

    @property
    def http_code(self) -> int:
        """The HTTP status code."""
        code: int = data("served.yaml")["codes"][self.reason]
        return code

    def body(self) -> Obj:
        """Return the Status object."""
        status: Obj = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
        status["message"] = self.message
        # The real server has no StatusReason for these; an absent reason is what clients treat as unknown.
        if self.reason not in ("NotImplemented", "Unknown"):
            status["reason"] = self.reason
        if self.details is not None:
            status["details"] = self.details
        return {**status, "code": self.http_code}


def details_of(resource: Resource, name: str, **more: Any) -> Obj:
    """Return the ``details`` that name a resource."""
    named = {"name": name} if name else {}
    group = {"group": resource.group} if resource.group else {}
    return {**named, **group, "kind": resource.plural, **more}


def not_found(resource: Resource, name: str) -> ApiRefusal:
    """Return the refusal for an object that is not there."""
    return ApiRefusal("NotFound", f'{resource.qualified} "{name}" not found', details_of(resource, name))


def already_exists(resource: Resource, name: str, *, deleting: bool = False) -> ApiRefusal:
    """Return the refusal for a name that is taken, perhaps by an object that is on its way out."""
    message = f'{"object is being deleted: " if deleting else ""}{resource.qualified} "{name}" already exists'
    return ApiRefusal("AlreadyExists", message, details_of(resource, name))


def conflict(resource: Resource, name: str, why: str) -> ApiRefusal:
    """Return the refusal for a write against a state that has moved on."""
    message = f'Operation cannot be fulfilled on {resource.qualified} "{name}": {why}'
    return ApiRefusal("Conflict", message, details_of(resource, name))


MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"


def forbidden(resource: Resource, name: str, why: str) -> ApiRefusal:
    """Return the refusal of admission or RBAC."""
    named = f'"{name}" ' if name else ""
    return ApiRefusal("Forbidden", f"{resource.qualified} {named}is forbidden: {why}", details_of(resource, name))


def invalid(resource: Resource, name: str, causes: Sequence[StatusCause]) -> ApiRefusal:
    """Return the refusal of a validator.

    Arguments:
        resource: the kind that was refused.
        name: the object's name.
        causes: for each: the reason (FieldValueInvalid ...), the field's path, and the words after it.
    """
    text, listed = _listed(causes)
    qualified = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
    details = {**details_of(resource, name, causes=listed), "kind": resource.kind}
    return ApiRefusal("Invalid", f'{qualified} "{name}" is invalid: {text}', details)


def _listed(causes: Sequence[StatusCause]) -> tuple[str, list[Obj]]:
    """Return causes as one sentence, and as details have them; one that was given twice is said once."""
    lines = [f"{field}: {words}" for _, field, words in dict.fromkeys(causes)]
    listed = [{"reason": reason, "message": words, "field": field} for reason, field, words in causes]
    return lines[0] if len(lines) == 1 else "[" + ", ".join(lines) + "]", listed


def invalid_options(kind: str, causes: Sequence[StatusCause]) -> ApiRefusal:
    """Return the refusal of options, which have neither a name nor a place."""
    text, listed = _listed(causes)
    details: Obj = {"group": "meta.k8s.io", "kind": kind, "causes": listed}
    return ApiRefusal("Invalid", f'{kind}.meta.k8s.io "" is invalid: {text}', details)


def bad_request(message: str) -> ApiRefusal:
    """Return the refusal of a request that cannot be understood."""
    return ApiRefusal("BadRequest", message)


def wrong_namespace() -> ApiRefusal:
    """Return the refusal of an object that says that it belongs elsewhere."""
    return bad_request("the namespace of the provided object does not match the namespace sent on the request")


def wrong_name(given: str, wanted: str) -> ApiRefusal:
    """Return the refusal of an object that has another name than the URL."""
    return bad_request(f"the name of the object ({given}) does not match the name on the URL ({wanted})")


def expired(message: str) -> ApiRefusal:
    """Return 410 Gone: the revision is older than the history."""
    return ApiRefusal("Expired", message)


def not_allowed() -> ApiRefusal:
    """Return 405: the method is not one for this kind of path."""
    return ApiRefusal("MethodNotAllowed", "the server does not allow this method on the requested resource", {})


def internal_error(error: Exception) -> ApiRefusal:
    """Return 500: something failed inside."""
    text = f"{type(error).__name__}: {error}"
    return ApiRefusal("InternalError", f"Internal error occurred: {text}", {"causes": [{"message": text}]})


def not_simulated(what: str) -> ApiRefusal:
    """Return 501: a real server could do this, this simulator cannot, and says so instead of pretending."""
    return ApiRefusal("NotImplemented", f"the sandbox does not simulate {what}")
