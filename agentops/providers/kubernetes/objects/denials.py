"""Reads an API server's refusals, from its own answers and out of log lines: who may not do what, and where.

Comes in: the message of a 403, or log lines, foreign text. Goes out: a user and a verb, or ``Denial`` values. A log
line can only claim: whoever reads a denial checks that the pod that printed it runs as that account.
Source: kubernetes/apiserver, pkg/endpoints/handlers/responsewriters/errors.go (three forms: in a namespace, at the
cluster scope, a path).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_LINE_CHARS = 2_000
_QUOTE = r'\\{0,3}"'
_DENIED = re.compile(
    rf"(?:(?P<object>[\w.-]+) {_QUOTE}(?P<name>[^\"\\]{{1,253}}){_QUOTE} is forbidden: )?"
    rf"User {_QUOTE}system:serviceaccount:(?P<namespace>[a-z0-9-]{{1,63}}):(?P<account>[a-z0-9.-]{{1,253}}){_QUOTE} "
    rf"cannot (?P<verb>[a-z]{{1,40}}) (?:resource {_QUOTE}(?P<resource>[a-z0-9/.-]{{1,120}}){_QUOTE} in API group "
    rf"{_QUOTE}(?P<group>[a-z0-9.-]{{0,253}}){_QUOTE}"
    rf"(?: in the namespace {_QUOTE}(?P<where>[a-z0-9-]{{1,63}}){_QUOTE}| at the cluster scope)"
    rf"|path {_QUOTE}(?P<path>/[^\"\\\s]{{0,200}}){_QUOTE})"
)

_REFUSED = re.compile(r'User "([^"]{1,253})" cannot ([a-z]{1,40}) resource ')


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Denial:
    """One thing that a service account may not do.

    ``resource`` may hold a subresource (``pods/log``); it is empty for a ``path``. ``where`` is the namespace asked
    about, empty for the cluster scope. ``name`` is the object's, where one was named.
    """

    namespace: str
    account: str
    verb: str
    resource: str = ""
    group: str = ""
    where: str = ""
    name: str = ""
    path: str = ""

    @property
    def act(self) -> str:
        """``list pods.metrics.k8s.io in namespace shop``, ``list nodes at the cluster scope``, ``get /metrics``."""
        if self.path:
            return f"{self.verb} {self.path}"
        kind, _, part = self.resource.partition("/")
        full = kind + (f".{self.group}" if self.group else "") + (f"/{part}" if part else "")
        return f"{self.verb} {full}" + (f" in namespace {self.where}" if self.where else " at the cluster scope")

    @property
    def home(self) -> str:
        """The namespace whose RoleBindings could grant it, or grant it in part."""
        return self.where or self.namespace


def who_may_not(message: str) -> tuple[str, str] | None:
    """Return the user and the verb of a 403's message: ``ana``, ``list``; None where it has another form.

    Arguments:
        message: of the server's Status, as it came.
    """
    found = _REFUSED.search(message)
    return (found[1], found[2]) if found else None


def denials_in(lines: Iterable[str]) -> tuple[Denial, ...]:
    """Return what the lines say was refused to a service account, each thing once, in their order."""
    found: dict[Denial, None] = {}
    for line in lines:
        for match in _DENIED.finditer(line[:_LINE_CHARS]):
            said = {key: value or "" for key, value in match.groupdict().items() if key != "object"}
            found.setdefault(Denial(**said))
    return tuple(found)
