"""The Cedar schema of everything that policy may be asked, as Cedar's JSON: entity types, facts, one action per tool.

Comes in: the actions. Goes out: the schema as JSON text, which the engine reads in half the time of its other form;
``agentops policy show --schema`` prints it in Cedar's own. Attributes that may be missing are optional here, and Cedar
then makes every policy ask before it reads one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from agentops.core.policy import MUTATE
from agentops.policy.vocabulary import FACTS, PROVIDER_ENTITIES, READ, Action, PolicyFact

Json = dict[str, Any]
_TEXT: Json = {"type": "String"}
_TYPES: dict[str, Json] = {
    "Bool": {"type": "Boolean"},
    "Long": {"type": "Long"},
    "String": _TEXT,
    "Set<String>": {"type": "Set", "element": _TEXT},
    "datetime": {"type": "Extension", "name": "datetime"},
}
_EXISTS = {"exists": {"type": "Boolean", "required": False}}


def schema_json(actions: Iterable[Action]) -> str:
    """Return the schema with these actions."""
    groups: Json = {name: {} for name in (READ, MUTATE, *PROVIDER_ENTITIES)}
    namespace = {
        "commonTypes": {
            "Facts": _record({fact.name: _of_fact(fact) for fact in FACTS}),
            "Circumstances": _record({fact.name: _of_fact(fact) for fact in FACTS if fact.reads}),
        },
        "entityTypes": _entity_types(),
        "actions": groups | {action.name: _action(action) for action in actions},
    }
    return json.dumps({"Ops": namespace})


def _entity_types() -> Json:
    """Return who asks, what is changed, and what that stands in.

    A resource's labels are its tags: ``resource.hasTag("team") && resource.getTag("team") == "pay"``. ``namespace`` is
    absent for cluster-scoped kinds, ``replicas`` and ``exists`` where nothing was read.
    """
    counted = {"replicas": {"type": "Long", "required": False}}
    missing = {"namespace": {**_TEXT, "required": False}, **counted}
    return {
        **{name: {} for name in ("Agent", "Human", "Environment", "Cluster", "Namespace", "Account", "Server")},
        "Object": _resource(("Namespace", "Cluster", "Environment"), ("cluster", "kind", "name"), missing),
        "CloudResource": _resource(
            ("Account", "Environment"), ("account", "region", "service", "kind", "name"), counted
        ),
        "Tool": _resource(("Server", "Environment"), ("server", "kind", "name")),
    }


def _resource(within: tuple[str, ...], texts: tuple[str, ...], further: Json | None = None) -> Json:
    attributes = dict.fromkeys(texts, _TEXT) | (further or {}) | _EXISTS
    return {"memberOfTypes": list(within), "shape": _record(attributes), "tags": _TEXT}


def _record(attributes: Json) -> Json:
    return {"type": "Record", "attributes": attributes}


def _of_fact(fact: PolicyFact) -> Json:
    return {**_TYPES[fact.type], "required": fact.required}


def _action(action: Action) -> Json:
    return {
        "memberOf": [{"id": group} for group in action.groups],
        "appliesTo": {
            "principalTypes": ["Agent", "Human"],
            "resourceTypes": list(action.resources),
            "context": {"type": "Circumstances" if action.reads else "Facts"},
        },
    }
