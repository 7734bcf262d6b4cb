"""How an approved plan is written down in the cluster, where the admission policy reads it.

Comes in: calls, and the undo of a plan. Goes out: lines such as ``UPDATE deployments.apps/scale shop/web``, one for
each write, and the entry of a ConfigMap that they make, under the plan's digest. The policy
(``access/admission.py``) makes the same line of each request that it sees.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import unquote

from agentops.core.plan import Call, Change
from agentops.providers.kubernetes.objects.kinds import Kind

NAME = "agentops-approved-plans"
"""The ConfigMap's name."""
BY = "by "
"""Begins the first line of an entry, which names the only token that may make its writes."""
_OPERATIONS = {"POST": "CREATE", "PATCH": "UPDATE", "DELETE": "DELETE"}


def write_of(call: Call) -> str:
    """Return what a call is to admission: operation, resource and object."""
    parts = [unquote(part) for part in call.path.split("/")[1:]]
    group = "" if parts[0] == "api" else parts[1]
    rest = parts[2 if parts[0] == "api" else 3 :]
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2:
        namespace, rest = rest[1], rest[2:]
    plural, name, subresource = (*rest, "", "")[:3]
    if not name and isinstance(call.body, Mapping):
        name = str((call.body.get("metadata") or {}).get("name") or "")
    return _line(_OPERATIONS[call.method], plural, group, subresource, namespace, name)


def undo_writes(change: Change, kind: Kind) -> Iterator[str]:
    """Yield the writes that an undo may come to, whatever its preview will say.

    Arguments:
        kind: of the change's target.
    """
    target = change.target
    operations: tuple[str, ...] = ("UPDATE",)
    subresource = ""
    if change.tool == "kubernetes_delete":
        operations = ("DELETE",)
    elif change.tool == "kubernetes_apply_manifest":
        operations = ("CREATE", "UPDATE")
    elif change.tool == "kubernetes_scale":
        subresource = "scale"
    for operation in operations:
        namespace = target.namespace if kind.namespaced else ""
        yield _line(operation, kind.plural, kind.group, subresource, namespace, target.name)


def entry_of(writes: Iterable[str], token_id: str = "") -> str:
    """Return the entry of a plan: the token that may make its writes, where it is known, then the writes."""
    by = [f"{BY}JTI={token_id}"] if token_id else []
    return "".join(f"{line}\n" for line in (*by, *dict.fromkeys(writes)))


def _line(operation: str, plural: str, group: str, subresource: str, namespace: str, name: str) -> str:
    resource = plural + (f".{group}" if group else "") + (f"/{subresource}" if subresource else "")
    return f"{operation} {resource} {f'{namespace}/' if namespace else ''}{name}"
