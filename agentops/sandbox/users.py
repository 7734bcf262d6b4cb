"""Who may use a sandbox: its users, what RBAC lets each do, and the kubeconfig that has them as contexts.

Comes in: ``schema/roles.json`` (the real ClusterRoles view, edit and admin, cut to the kinds that are served),
``schema/agentops.json`` (what ``agentops access`` grants; made by scripts/generate.py) and what a running server gives
out: its URL, its CA, tokens. Goes out: roles and bindings to store, and a kubeconfig document.

Needed by: whoever tries the guard as somebody who may not do everything, and clients that must cope with 401 and 403.
Must never: keep a token or a key anywhere but in the document that it returns.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agentops.sandbox.data import data
from agentops.sandbox.store import Obj
from agentops.sandbox.wire.request import User

if TYPE_CHECKING:
    from agentops.sandbox.wire.certificates import Pair

CONTEXT = "sandbox"
_RBAC = "rbac.authorization.k8s.io"
_OPERATORS, _VIEWERS, _AGENTS = "sandbox:operators", "sandbox:viewers", "sandbox:agents"
# Where nobody but cluster-admin changes anything.
_SYSTEM = ("kube-system", "kube-public", "kube-node-lease")
_VERBS = {
    "read": ("get", "list", "watch"),
    "write": ("create", "delete", "deletecollection", "patch", "update"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A kubeconfig user; ``by_certificate`` is one who has a client certificate in place of a bearer token."""

    name: str
    user: User
    by_certificate: bool = False


LOGINS = (
    Login(name="admin", user=User(name="sandbox-admin", groups=("system:masters",))),
    Login(name="operator", user=User(name="sandbox-operator", groups=(_OPERATORS,))),
    Login(name="viewer", user=User(name="sandbox-viewer", groups=(_VIEWERS,))),
    Login(name="agentops", user=User(name="sandbox-agentops", groups=(_AGENTS,))),
    Login(name="certificate", user=User(name="sandbox-certificate", groups=(_OPERATORS,)), by_certificate=True),
)
# The context that everything uses unless told otherwise comes first, under the sandbox's own name.
CONTEXTS = {CONTEXT: "admin", **{login.name: login.name for login in LOGINS}}


def access_manifests(namespaces: Iterable[str]) -> Iterator[Obj]:
    """Yield the cluster's roles, and the bindings that give each user theirs.

    Arguments:
        namespaces: all there are; operators may edit in those that are not the system's own.
    """
    for name, rules in _roles().items():
        yield _rbac("ClusterRole", name, rules=rules)
    yield _binding("cluster-admin", "cluster-admin", "system:masters")
    yield _binding("sandbox:viewers", "view", _VIEWERS)
    yield _binding("sandbox:agents", "sandbox:agentops", _AGENTS)
    yield _binding("sandbox:operators", "view", _OPERATORS)
    yield _binding("sandbox:operators-cluster", "sandbox:cluster-viewer", _OPERATORS)
    for namespace in namespaces:
        if namespace not in _SYSTEM:
            yield _binding("sandbox:operators", "edit", _OPERATORS, namespace)


def kubeconfig(*, url: str, authority: str, credentials: Mapping[str, Mapping[str, str]], namespace: str) -> Obj:
    """Return a kubeconfig with every context, the admin's the current one.

    Arguments:
        url: of the server.
        authority: its CA certificate, PEM.
        credentials: login name -> the kubeconfig's user, from ``credentials_of``.
        namespace: of every context.
    """
    contexts = [
        {"name": name, "context": {"cluster": CONTEXT, "user": login, "namespace": namespace}}
        for name, login in CONTEXTS.items()
    ]
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": CONTEXT, "cluster": {"server": url, "certificate-authority-data": _encoded(authority)}},
        ],
        "users": [{"name": name, "user": dict(user)} for name, user in credentials.items()],
        "contexts": contexts,
        "current-context": CONTEXT,
    }


def credentials_of(tokens: Mapping[str, User], certificate: Callable[[User], Pair]) -> dict[str, dict[str, str]]:
    """Return what each login proves itself with, in the fields of a kubeconfig's user."""
    token_of = {user: token for token, user in tokens.items()}
    found: dict[str, dict[str, str]] = {}
    for login in LOGINS:
        if login.by_certificate:
            pair = certificate(login.user)
            found[login.name] = {
                "client-certificate-data": _encoded(pair.certificate),
                "client-key-data": _encoded(pair.key),
            }
        else:
            found[login.name] = {"token": token_of[login.user]}
    return found


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _roles() -> dict[str, list[Obj]]:
    roles: dict[str, list[Obj]] = {}
    for name, role in (data("roles.json") | data("agentops.json")).items():
        # As aggregation does: edit holds the rules of view, admin those of edit.
        roles[name] = [*roles.get(role["includes"], []), *map(_rule, role["rules"])]
    roles["cluster-admin"].append({"nonResourceURLs": ["*"], "verbs": ["*"]})
    return roles


def _rule(row: list[str]) -> Obj:
    group, resources, verbs = row
    expanded = [verb for word in verbs.split() for verb in _VERBS.get(word, (word,))]
    return {"apiGroups": [group], "resources": resources.split(), "verbs": expanded}


def _binding(name: str, role: str, group: str, namespace: str = "") -> Obj:
    reference = {"apiGroup": _RBAC, "kind": "ClusterRole", "name": role}
    subjects = [{"apiGroup": _RBAC, "kind": "Group", "name": group}]
    kind = "RoleBinding" if namespace else "ClusterRoleBinding"
    return _rbac(kind, name, namespace, roleRef=reference, subjects=subjects)


def _rbac(kind: str, name: str, namespace: str = "", **rest: Any) -> Obj:
    # A uid that depends on nothing but the name leaves the uids of a scenario's own objects as they were without these.
    uid = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{kind}/{namespace}/{name}"))
    place = {"namespace": namespace} if namespace else {}
    return {"apiVersion": f"{_RBAC}/v1", "kind": kind, "metadata": {"name": name, **place, "uid": uid}, **rest}
