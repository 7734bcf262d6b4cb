"""Who may do what: RBAC over the Role and Binding objects in the store, and the reviews that ask about it.

Comes in: a user and what they want. Goes out: yes, or the words of the refusal. ``system:masters`` may do everything,
as on a real server. Must never: allow what no rule allows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from agentops.sandbox.data import data
from agentops.sandbox.store import Key, Obj, ObjectStore
from agentops.sandbox.wire.request import ApiRequest, RequestTarget, Response, User, body_object, json_response
from agentops.sandbox.wire.status import ApiRefusal, bad_request, details_of

_GROUP = "rbac.authorization.k8s.io"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One thing that someone wants to do; ``path`` is for requests that are not about a resource."""

    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""


class Rbac:
    """Decides from the roles and bindings in one store; ``heard`` is told of each request that it judged."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self.heard: Callable[[User, Attempt, bool], None] | None = None

    def allows(self, user: User, attempt: Attempt) -> bool:
        """Return whether a rule lets ``user`` do this."""
        if "system:masters" in user.groups:
            return True
        return any(_covers(rule, attempt) for rule in self.rules(user, attempt.namespace))

    def rules(self, user: User, namespace: str) -> Iterator[Obj]:
        """Yield the rules that hold for ``user``: cluster-wide, and in ``namespace`` when one is given."""
        yield from data("served.yaml")["everyone"]
        if "system:authenticated" in user.groups:
            yield from data("served.yaml")["authenticated"]
        for binding in self._store.list("ClusterRoleBinding", group=_GROUP):
            if _binds(binding, user):
                yield from self.role_rules(binding, "")
        if namespace:
            for binding in self._store.list("RoleBinding", namespace, group=_GROUP):
                if _binds(binding, user):
                    yield from self.role_rules(binding, namespace)

    def check(self, user: User, target: RequestTarget) -> None:
        """Refuse a resource request that no rule allows.

        Raises:
            ApiRefusal: 403, in the real server's words.
        """
        resource = target.resource
        # A Namespace is checked inside itself, so that a namespace's own Role can cover it.
        namespace = target.namespace or (target.name if resource.plural == "namespaces" else "")
        attempt = Attempt(
            verb=target.verb,
            group=resource.group,
            resource=resource.plural,
            subresource=target.subresource,
            namespace=namespace,
            name=target.name,
        )
        allowed = self.allows(user, attempt)
        if self.heard is not None:
            self.heard(user, attempt, allowed)
        if allowed:
            return
        which = f"{resource.plural}/{target.subresource}" if target.subresource else resource.plural
        scope = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
        named = f' "{target.name}"' if target.name else ""
        raise ApiRefusal(
            "Forbidden",
            f'{resource.qualified}{named} is forbidden: User "{user.name}" cannot {target.verb} resource "{which}" '
            f'in API group "{resource.group}" {scope}',
            details_of(resource, target.name),
        )

    def role_rules(self, binding: Obj, namespace: str) -> list[Obj]:
        """Return the rules that a binding grants."""
        reference = binding["roleRef"]
        scope = namespace if reference["kind"] == "Role" else ""
        role = self._store.peek(Key(_GROUP, reference["kind"], scope, reference["name"]))
        return list((role or {}).get("rules") or ())


def _binds(binding: Obj, user: User) -> bool:
    for subject in binding.get("subjects") or ():
        kind, name = subject.get("kind"), subject.get("name")
        if kind == "ServiceAccount":
            kind, name = "User", f"system:serviceaccount:{subject.get('namespace')}:{name}"
        if (kind == "User" and name == user.name) or (kind == "Group" and name in user.groups):
            return True
    return False


def _covers(rule: Obj, attempt: Attempt) -> bool:
    if not _any(rule.get("verbs"), attempt.verb):
        return False
    if attempt.path:
        urls = rule.get("nonResourceURLs") or ()
        return any(
            url in ("*", attempt.path) or (url[-1:] == "*" and attempt.path.startswith(url[:-1])) for url in urls
        )
    names = rule.get("resourceNames") or ()
    if names and attempt.name not in names:
        return False
    which = f"{attempt.resource}/{attempt.subresource}" if attempt.subresource else attempt.resource
    of_any_parent = attempt.subresource and _any(rule.get("resources"), f"*/{attempt.subresource}")
    return _any(rule.get("apiGroups"), attempt.group) and bool(_any(rule.get("resources"), which) or of_any_parent)


def _any(allowed: list[str] | None, wanted: str) -> bool:
    return bool(allowed) and ("*" in (allowed or ()) or wanted in (allowed or ()))


def review(target: RequestTarget, request: ApiRequest, rbac: Rbac, user_of: Callable[[str], User | None]) -> Response:
    """Answer a POST that asks who someone is or what they may do; nothing is stored.

    Raises:
        ApiRefusal: the body is not such a review.
    """
    body = body_object(request)
    spec = body.get("spec") or {}
    kind = target.resource.kind
    if kind == "SelfSubjectReview":
        return json_response({**_head(target), "spec": {}, "status": {"userInfo": request.user.as_info()}}, 201)
    if kind == "TokenReview":
        owner = user_of(spec.get("token") or "")
        known = {"user": owner.as_info()} if owner else {}
        return json_response({**_head(target), "spec": spec, "status": {"authenticated": bool(owner), **known}}, 201)
    if kind == "SelfSubjectRulesReview":
        return _rules_review(target, request, rbac, spec.get("namespace") or "")
    user = request.user
    if kind in ("SubjectAccessReview", "LocalSubjectAccessReview"):
        user = User(name=spec.get("user") or "", groups=tuple(spec.get("groups") or ()))
    allowed = rbac.allows(user, _attempt(spec))
    status: Obj = {"allowed": allowed}
    if allowed and "system:masters" not in user.groups:
        status["reason"] = "RBAC: allowed by a role binding"
    return json_response({**_head(target), "spec": spec, "status": status}, 201)


def _head(target: RequestTarget) -> Obj:
    resource = target.resource
    return {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": {"creationTimestamp": None}}


def _attempt(spec: Obj) -> Attempt:
    about, path = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    if path is not None and about is not None:
        shown = f'{{"Path":"{path.get("path", "")}","Verb":"{path.get("verb", "")}"}}'
        raise _bad_review(
            "spec.nonResourceAttributes", f"{shown}: cannot be specified in combination with resourceAttributes"
        )
    if path is not None:
        return Attempt(verb=path.get("verb", ""), path=path.get("path", ""))
    if about is None:
        words = "null: exactly one of nonResourceAttributes or resourceAttributes must be specified"
        raise _bad_review("spec.resourceAttributes", words)
    fields = ("verb", "group", "resource", "subresource", "namespace", "name")
    return Attempt(**{field: about.get(field) or "" for field in fields})


def _bad_review(field: str, words: str) -> ApiRefusal:
    causes = [{"reason": "FieldValueInvalid", "message": f"Invalid value: {words}", "field": field}]
    details: Obj = {"group": "authorization.k8s.io", "causes": causes}
    return ApiRefusal("Invalid", f'.authorization.k8s.io "" is invalid: {field}: Invalid value: {words}', details)


def _rules_review(target: RequestTarget, request: ApiRequest, rbac: Rbac, namespace: str) -> Response:
    if not namespace:
        raise bad_request("no namespace on request")
    rules = list(rbac.rules(request.user, namespace))
    if "system:masters" in request.user.groups:
        every = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
        rules = [every, {"verbs": ["*"], "nonResourceURLs": ["*"]}]
    status = {
        "resourceRules": [rule for rule in rules if "resources" in rule],
        "nonResourceRules": [rule for rule in rules if "nonResourceURLs" in rule],
        "incomplete": False,
    }
    return json_response({**_head(target), "spec": {}, "status": status}, 201)
