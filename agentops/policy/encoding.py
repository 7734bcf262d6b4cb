"""A ``PolicyRequest`` as the engine's own request and entities. Nothing is added that is not known.

Comes in: a request, and the facts that the settings fill in. Goes out: plain data. The schema decides what is legal;
a value that does not fit is passed on as it is, so that the engine refuses it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.policy import PolicyRequest, Principal
from agentops.core.resource import ResourceRef
from agentops.policy.settings import ENVIRONMENTS
from agentops.policy.vocabulary import OWNED

Json = dict[str, Any]
PRINCIPALS = {"agent": "Agent", "human": "Human"}


class RequestError(ValueError):
    """The request cannot be put to the engine; the message says what is wrong with it."""


def principals_of(principal: Principal) -> tuple[Principal, ...]:
    """Return everybody who must be permitted: the principal, and the human behind an agent."""
    if not principal.on_behalf_of:
        return (principal,)
    return principal, Principal(kind="human", name=principal.on_behalf_of)


def encode(request: PolicyRequest, principal: Principal, owned: Mapping[str, Any]) -> tuple[Json, Json]:
    """Return the engine's request, and the resource as the one entity that has attributes.

    Arguments:
        owned: the facts that the settings fill in.

    Raises:
        RequestError: an unknown kind of principal, or a fact that is the settings' own.
    """
    forged = sorted(OWNED & request.context.keys())
    if forged:
        raise RequestError(f"the request sets {', '.join(forged)}, which only the settings may")
    if principal.kind not in PRINCIPALS or not principal.name:
        raise RequestError(f"{principal.kind!r} is not a kind of principal, or it has no name")
    context = {**request.context, **owned}
    if isinstance(context.get("now"), str):
        context["now"] = {"__extn": {"fn": "datetime", "arg": context["now"]}}
    entity = _resource(request)
    asked = {
        "principal": _uid(PRINCIPALS[principal.kind], principal.name),
        "action": _uid("Action", request.action),
        "resource": entity["uid"],
        "context": context,
    }
    return asked, entity


def _resource(request: PolicyRequest) -> Json:
    """Return the resource as an entity; everything that it stands in is a parent of its own.

    What it stands in has no attributes, so it needs no entities of its own, and the engine has less to read.
    """
    kind, attributes, places = _placed(request.resource)
    environment = request.context.get("environment")
    if environment in ENVIRONMENTS:
        places.append(_uid("Environment", environment))
    given = {name: value for name, value in request.attributes.items() if name != "labels"}
    return {
        "uid": _uid(kind, str(request.resource)),
        "attrs": {**given, **attributes},
        "tags": request.attributes.get("labels", {}),
        "parents": places,
    }


def _placed(ref: ResourceRef) -> tuple[str, Json, list[Json]]:
    """Return the entity type of ``ref``, the attributes that its name holds, and what it stands in."""
    if ref.is_placed:
        attributes = {"cluster": ref.context, "kind": ref.kind, "name": ref.name}
        places = [_uid("Cluster", ref.context)]
        if ref.namespace:
            attributes["namespace"] = ref.namespace
            places.append(_uid("Namespace", f"{ref.context}/{ref.namespace}"))
        return "Object", attributes, places
    if ref.scheme == "aws":
        account, region, service, kind, name = ref.parts
        attributes = {"account": account, "region": region, "service": service, "kind": kind, "name": name}
        return "CloudResource", attributes, [_uid("Account", account)]
    server, name = ref.parts
    return "Tool", {"server": server, "kind": "Tool", "name": name}, [_uid("Server", server)]


def _uid(kind: str, name: Any) -> Json:
    return {"type": f"Ops::{kind}", "id": name}
