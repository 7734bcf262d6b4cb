"""Nobody grants what they do not have: roles and bindings are refused to who lacks the rights in them.

Comes in: a role or binding about to be stored, and who writes it. Goes out: 403 in the words of the real registry. Must
never: let a right be granted that the writer neither has nor may hand on (verbs escalate and bind).
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from agentops.sandbox.store import Obj, ObjectStore
from agentops.sandbox.wire.access import Attempt, Rbac
from agentops.sandbox.wire.kinds import Resource
from agentops.sandbox.wire.request import User
from agentops.sandbox.wire.status import forbidden

_SHOWN = ("nonResourceURLs", "apiGroups", "resources", "resourceNames", "verbs")


def check_escalation(resource: Resource, new: Obj, live: Obj | None, user: User, store: ObjectStore) -> None:
    """Refuse to grant rights that the user does not have.

    Raises:
        Refusal: 403 with the rules that would be granted.
    """
    field = {"Role": "rules", "ClusterRole": "rules", "RoleBinding": "roleRef", "ClusterRoleBinding": "roleRef"}
    kind, rbac = new["kind"], Rbac(store)
    if kind not in field or resource.custom or "system:masters" in user.groups:
        return
    if live is not None and all(live.get(one) == new.get(one) for one in (field[kind], "subjects")):
        return
    namespace, name = new["metadata"].get("namespace", ""), new["metadata"]["name"]
    binds = field[kind] == "roleRef"
    granted = rbac.role_rules(new, namespace) if binds else list(new.get("rules") or ())
    verb, about = ("bind", new["roleRef"]) if binds else ("escalate", {"kind": kind, "name": name})
    plural = f"{about['kind'].lower()}s"
    if rbac.allows(
        user, Attempt(verb=verb, group=resource.group, resource=plural, namespace=namespace, name=about["name"])
    ):
        return
    missing = [rule for rule in granted if not all(rbac.allows(user, one) for one in _attempts(rule, namespace))]
    if missing:
        groups = " ".join(json.dumps(group) for group in user.groups)
        who = f'user "{user.name}" (groups=[{groups}]) is attempting to grant RBAC permissions not currently held:\n'
        raise forbidden(resource, name, who + "\n".join(sorted(map(_shown, missing))))


def _attempts(rule: Obj, namespace: str) -> Iterator[Attempt]:
    for verb in rule.get("verbs") or ():
        for path in rule.get("nonResourceURLs") or ():
            yield Attempt(verb=verb, path=path)
        for group in rule.get("apiGroups") or ():
            for resource, _, sub in (one.partition("/") for one in rule.get("resources") or ()):
                for name in rule.get("resourceNames") or ("",):
                    at = {"group": group, "resource": resource, "subresource": sub, "namespace": namespace}
                    yield Attempt(verb=verb, name=name, **at)


def _shown(rule: Obj) -> str:
    parts = [f"{name[0].upper()}{name[1:]}" for name in _SHOWN if rule.get(name)]
    values = [json.dumps(rule[name], separators=(", ", ":")) for name in _SHOWN if rule.get(name)]
    named = (f"{part.replace('ApiGroups', 'APIGroups')}:{value}" for part, value in zip(parts, values, strict=True))
    return "{" + ", ".join(named) + "}"
