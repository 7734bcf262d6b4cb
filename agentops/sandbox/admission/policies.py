"""ValidatingAdmissionPolicies: what the cluster's own policies refuse, asked last, right before a write is stored.

Comes in: a write as admission sees it, and the policies, bindings and parameters in the store. Goes out: nothing, or a
refusal in the words of the real plugin. Simulated are resource rules, selectors, match conditions, variables, messages,
reasons, parameters by name or selector, and ``failurePolicy``; an expression with ``authorizer`` in it fails like any
that cannot be evaluated. Must never: let a write pass that a policy could not judge, unless that policy says so.
Source: apiserver/pkg/admission/plugin/policy (generic/policy_dispatcher.go, validating/dispatcher.go,
validating/validator.go) and admission/plugin/cel.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from agentops.sandbox.objects import matches
from agentops.sandbox.store import Key, Obj, ObjectStore
from agentops.sandbox.wire.request import RequestTarget, User
from agentops.sandbox.wire.status import ApiRefusal, details_of

_GROUP = "admissionregistration.k8s.io"
# Nothing could be repaired any more if a policy could refuse what makes and unmakes policies; nor are questions judged.
_EXEMPT_GROUPS = (_GROUP, "authentication.k8s.io", "authorization.k8s.io")
_SCOPES = {True: "Namespaced", False: "Cluster"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A write as admission sees it.

    Arguments:
        operation: CREATE, UPDATE, DELETE or CONNECT.
        name: of the object; empty for a collection.
        new, old: the object as it would be stored, and as it is; None where there is none.
        options: the options of the request, as its verb reads them.
        subresource: the one that it goes through.
    """

    target: RequestTarget
    user: User
    operation: str
    name: str
    new: Obj | None = None
    old: Obj | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    subresource: str = ""
    dry_run: bool = False

    def as_request(self) -> Obj:
        """Return ``request`` as an expression sees it: what is empty is absent, but for the group."""
        resource = self.target.resource
        kind = {"group": resource.group, "version": resource.version, "kind": resource.kind}
        place = {"group": resource.group, "version": resource.version, "resource": resource.plural}
        user: Obj = {"username": self.user.name, "uid": self.user.uid, "groups": list(self.user.groups)}
        user["extra"] = {key: list(values) for key, values in self.user.extra}
        known = {
            "kind": kind, "resource": place, "requestKind": kind, "requestResource": place, "name": self.name,
            "namespace": self.target.namespace, "subResource": self.subresource, "requestSubResource": self.subresource,
            "options": dict(self.options), "userInfo": {key: value for key, value in user.items() if value},
        }  # fmt: skip
        said = {key: value for key, value in known.items() if value}
        return {**said, "operation": self.operation, "dryRun": self.dry_run}


class AdmissionPolicies:
    """Judges writes by the policies in one store."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def check(self, write: Write) -> None:
        """Refuse a write that a policy does not let pass.

        Raises:
            ApiRefusal: the first refusal, with the policy's reason; 422 where it gives none.
        """
        if write.target.resource.group in _EXEMPT_GROUPS:
            return
        refusals = [refusal for policy in self._policies() for refusal in self._refusals(policy, write)]
        if not refusals:
            return
        policy, binding, words, reason = refusals[0]
        said = f"ValidatingAdmissionPolicy '{policy}' with binding '{binding}' denied request: {words}"
        resource = write.target.resource
        message = f'{resource.qualified} "{write.name or "Unknown"}" is forbidden: {said}'
        details = details_of(resource, write.name, causes=[{"message": said}])
        raise ApiRefusal(reason, message, details)

    def _policies(self) -> list[Obj]:
        return self._store.list("ValidatingAdmissionPolicy", group=_GROUP)

    def _refusals(self, policy: Obj, write: Write) -> Iterator[tuple[str, str, str, str]]:
        name, spec = policy["metadata"]["name"], policy["spec"]
        if not self._selects(spec.get("matchConstraints") or {}, write, needs_rules=True):
            return
        for binding in self._store.list("ValidatingAdmissionPolicyBinding", group=_GROUP):
            if binding["spec"]["policyName"] != name or "Deny" not in binding["spec"].get("validationActions", ()):
                continue
            if not self._selects(binding["spec"].get("matchResources") or {}, write, needs_rules=False):
                continue
            for words, reason in self._judged(spec, binding["spec"], write):
                yield name, binding["metadata"]["name"], words, reason

    def _judged(self, spec: Obj, binding: Obj, write: Write) -> Iterator[tuple[str, str]]:
        fails = spec.get("failurePolicy", "Fail") == "Fail"
        params, trouble = self._params(spec, binding, write)
        if trouble:
            if fails:
                yield f"failed to configure binding: {trouble}", "Invalid"
            return
        place = write.target.namespace
        namespace = self._store.peek(Key("", "Namespace", "", place)) if place else None
        for param in params:
            known = {
                "request": write.as_request(),
                "object": write.new,
                "oldObject": write.old,
                "params": param,
                "namespaceObject": namespace,
            }
            try:
                found = list(_judge(spec, known))
            except _CannotSay as error:
                found = [(str(error), "Invalid")] if fails else []
            yield from found

    def _params(self, spec: Obj, binding: Obj, write: Write) -> tuple[list[Obj | None], str]:
        """Return the parameters that a binding names, or why there are none."""
        wanted, where = spec.get("paramKind"), binding.get("paramRef")
        if not wanted or not where:
            return [None], ""
        group = wanted["apiVersion"].rpartition("/")[0]
        place = where.get("namespace") or write.target.namespace
        if "name" in where:
            one = self._store.peek(Key(group, wanted["kind"], place, where["name"]))
            found = [one] if one is not None else []
        else:
            listed = self._store.list(wanted["kind"], place, group=group)
            found = [one for one in listed if _labelled(where.get("selector"), one)]
        if not found and where.get("parameterNotFoundAction") == "Deny":
            return [], "no params found for policy binding with `Deny` parameterNotFoundAction"
        return [*found], ""

    def _selects(self, constraints: Obj, write: Write, *, needs_rules: bool) -> bool:
        rules = constraints.get("resourceRules") or ()
        if (rules or needs_rules) and not any(_covers(rule, write) for rule in rules):
            return False
        if any(_covers(rule, write) for rule in constraints.get("excludeResourceRules") or ()):
            return False
        if not any(_labelled(constraints.get("objectSelector"), one) for one in (write.new or {}, write.old or {})):
            return False
        if not write.target.namespace:
            return True
        namespace = self._store.peek(Key("", "Namespace", "", write.target.namespace)) or {}
        return _labelled(constraints.get("namespaceSelector"), namespace)


def _labelled(selector: Obj | None, obj: Obj) -> bool:
    """Whether a selector picks an object; an empty one picks every object, none at all too."""
    return not selector or matches(selector, (obj.get("metadata") or {}).get("labels") or {})


def _covers(rule: Obj, write: Write) -> bool:
    resource = write.target.resource
    if rule.get("scope", "*") not in ("*", _SCOPES[resource.namespaced]):
        return False
    if rule.get("resourceNames") and write.name not in rule["resourceNames"]:
        return False
    pairs = (("apiGroups", resource.group), ("apiVersions", resource.version), ("operations", write.operation))
    if not all({"*", value} & set(rule.get(key) or ()) for key, value in pairs):
        return False
    sub = write.subresource
    named = {f"{resource.plural}/{sub}", f"{resource.plural}/*", f"*/{sub}", "*/*"} if sub else {resource.plural, "*"}
    # ``pods/*`` means all subresources of pods and not pods; ``*/*`` means everything.
    return bool((named | {"*/*"}) & set(rule.get("resources") or ()))


class _CannotSay(Exception):
    """An expression has no value: what it needs is not there, or it is not CEL."""


def _judge(spec: Obj, known: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the message and the reason of each validation that does not hold.

    Raises:
        _CannotSay: an expression cannot be evaluated.
    """
    for one in spec.get("matchConditions") or ():
        if _value(one["expression"], known) is not True:
            return
    variables: dict[str, Any] = {}
    for one in spec.get("variables") or ():
        variables[one["name"]] = _value(one["expression"], {**known, "variables": variables})
    known = {**known, "variables": variables}
    for one in spec.get("validations") or ():
        if _value(one["expression"], known) is not True:
            yield _message(one, known), one.get("reason") or "Invalid"


def _message(validation: Obj, known: Mapping[str, Any]) -> str:
    try:
        said = _value(validation["messageExpression"], known) if "messageExpression" in validation else ""
    except _CannotSay:
        said = ""
    said = said.strip() if isinstance(said, str) and "\n" not in said else ""
    expression = " ".join(validation["expression"].split("\n")).strip()
    return said or str(validation.get("message") or "").strip() or f"failed expression: {expression}"


def _value(expression: str, known: Mapping[str, Any]) -> Any:
    # Exactly what the library raises depends on what is missing.
    try:
        return _program(expression).execute(dict(known))
    except (KeyError, TypeError, ValueError, RuntimeError, ArithmeticError, IndexError, AttributeError) as error:
        raise _CannotSay(f"expression '{expression}' resulted in error: {error}") from error


@lru_cache(maxsize=256)
def _program(expression: str) -> Any:
    import cel  # only a cluster with policies needs it

    return cel.compile(expression)
