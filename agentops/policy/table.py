"""Tables of requests and the decisions that are expected of them: tests of a policy, usable in CI.

Comes in: a table as plain data (read from YAML or JSON by the caller) and a policy. Goes out: what held and what did
not. A table that says something which is not understood is an error: a test that is skipped tests nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from agentops.core.errors import UsageError
from agentops.core.plan import Approval, PolicyDecision
from agentops.core.policy import Policy, PolicyRequest
from agentops.core.policy_facts import decide_all
from agentops.core.resource import parse_ref
from agentops.core.text import one_line
from agentops.policy.questions import known_fact, principal_of, question
from agentops.policy.replay import recorded_requests

_TOP = ("description", "defaults", "cases")
_ASKED = ("tool", "target", "as", "on_behalf_of", "facts", "attributes")
_CASE = ("name", "request", "expect", *_ASKED)
_EXPECT = ("decision", "approval", "policy", "ttl_s", "verify_s", "errors")
_DEFAULT_PRINCIPAL = "human:tester"
_KINDS: Mapping[type, str] = {
    type(None): "nothing",
    list: "a list",
    bool: "true or false",
    int: "a number",
    float: "a number",
}
T = TypeVar("T")
Path = tuple[str | int, ...]
"""The keys and positions that lead to a part of a table: ``("cases", 2, "facts")``."""


class TableError(UsageError):
    """A table says something that is not understood.

    Arguments:
        path: where in the table; whoever read the file knows its line.
    """

    def __init__(self, message: str, path: Path, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.path = path


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One row: what is asked, and what is expected of the decision."""

    name: str
    requests: tuple[PolicyRequest, ...]
    expect: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """How one row went; ``problems`` is empty when all that was expected is so."""

    name: str
    problems: tuple[str, ...] = ()
    decision: str = ""
    approval: str = ""
    policies: tuple[str, ...] = ()
    why: str = ""
    errors: tuple[str, ...] = field(default=())

    @property
    def passed(self) -> bool:
        """Whether it went as expected."""
        return not self.problems


def read_cases(document: Any) -> tuple[Case, ...]:
    """Return the rows of a table.

    Raises:
        TableError: it is no table, or a row says something that is not understood.
    """
    if not isinstance(document, dict) or not isinstance(document.get("cases"), list) or not document["cases"]:
        raise TableError("not a table of policy tests", (), hint="It needs a list `cases:`; see docs/policy.md.")
    _known(document, _TOP, ())
    defaults = document.get("defaults") or {}
    _mapping(defaults, ("defaults",))
    _known(defaults, _ASKED, ("defaults",))
    return tuple(_case(entry, defaults, ("cases", n)) for n, entry in enumerate(document["cases"]))


def run_cases(policy: Policy, cases: tuple[Case, ...]) -> tuple[CaseResult, ...]:
    """Ask ``policy`` every row and hold its decisions against what is expected."""
    return tuple(_run(policy, case) for case in cases)


def _run(policy: Policy, case: Case) -> CaseResult:
    decision = decide_all(policy, case.requests)
    return CaseResult(
        name=case.name,
        problems=tuple(_differences(decision, case.expect)),
        decision=_decision(decision),
        approval=decision.obligation.approval.value if decision.allowed else "",
        policies=decision.policies,
        why=decision.why,
        errors=decision.errors,
    )


def _decision(decision: PolicyDecision) -> str:
    return "allow" if decision.allowed else "deny"


def _differences(decision: PolicyDecision, expect: Mapping[str, Any]) -> Iterator[str]:
    found: dict[str, Any] = {
        "decision": _decision(decision),
        "approval": decision.obligation.approval.value,
        "ttl_s": decision.obligation.ttl_s,
        "verify_s": decision.obligation.verify_s,
        "errors": bool(decision.errors),
    }
    for name, wanted in expect.items():
        if name == "policy":
            names = wanted if isinstance(wanted, list) else [wanted]
            if sorted(names) != sorted(decision.policies):
                yield f"policy: expected {_listed(names)}, found {_listed(decision.policies)}"
        elif found[name] != wanted:
            yield f"{name}: expected {wanted}, found {found[name]}"


def _listed(names: Any) -> str:
    return ", ".join(sorted(map(str, names))) or "none"


def _case(entry: Any, defaults: Mapping[str, Any], path: Path) -> Case:
    _mapping(entry, path)
    name = entry.get("name")
    if not isinstance(name, str) or not name:
        raise TableError("a case needs a name", (*path, "name"))
    _known(entry, _CASE, path)
    return Case(
        name=name, requests=_requests(entry, defaults, path), expect=_expect(entry.get("expect"), (*path, "expect"))
    )


def _requests(entry: Mapping[str, Any], defaults: Mapping[str, Any], path: Path) -> tuple[PolicyRequest, ...]:
    if "request" in entry:
        if beside := sorted(set(entry) & set(_ASKED)):
            hint = "Leave out either it or the request."
            raise TableError(
                f"a case with a recorded request has no {beside[0]} of its own", (*path, beside[0]), hint=hint
            )
        _mapping(entry["request"], (*path, "request"))
        return _at((*path, "request"), lambda: recorded_requests(entry["request"]))
    asked = {**defaults, **entry}
    for needed in ("tool", "target"):
        if not isinstance(asked.get(needed), str):
            raise TableError(f"a case needs a {needed}, its own or one of defaults", (*path, needed))
    facts = _merged(defaults, entry, "facts", path)
    attributes = _merged(defaults, entry, "attributes", path)
    principal, behalf = str(asked.get("as") or _DEFAULT_PRINCIPAL), str(asked.get("on_behalf_of") or "")
    _at((*path, "target"), lambda: parse_ref(asked["target"]))
    _at((*path, "as"), lambda: principal_of(principal, behalf))
    for name in facts:
        _fact(name, path)
    return (question(asked["tool"], asked["target"], principal, facts, on_behalf_of=behalf, attributes=attributes),)


def _fact(name: str, path: Path) -> None:
    _at((*path, "facts", name), lambda: known_fact(name))


def _at(path: Path, read: Callable[[], T]) -> T:
    """Return what ``read`` returns; what it complains of is at ``path``."""
    try:
        return read()
    except UsageError as error:
        raise TableError(error.message, path, hint=error.hint) from error


def _merged(defaults: Mapping[str, Any], entry: Mapping[str, Any], name: str, path: Path) -> dict[str, Any]:
    """Return the defaults with the row's own over them; null takes one away, so that it is absent."""
    given = (defaults.get(name) or {}, ("defaults", name)), (entry.get(name) or {}, (*path, name))
    for part, where in given:
        _mapping(part, where)
    merged = {**given[0][0], **given[1][0]}
    return {key: value for key, value in merged.items() if value is not None}


def _expect(found: Any, path: Path) -> Mapping[str, Any]:
    _mapping(found, path)
    _known(found, _EXPECT, path)
    if found.get("decision") not in ("allow", "deny"):
        raise TableError("expect needs decision: allow or deny", (*path, "decision"))
    if "approval" in found and found["approval"] not in list(Approval):
        raise TableError(f"approval is one of {', '.join(Approval)}", (*path, "approval"))
    return dict(found)


def _known(found: Mapping[str, Any], names: tuple[str, ...], path: Path) -> None:
    unknown = sorted(str(name) for name in found if name not in names)
    if unknown:
        hint = f"Allowed here: {', '.join(names)}."
        raise TableError(f"unknown key {one_line(unknown[0], 80)}", (*path, unknown[0]), hint=hint)


def _mapping(found: Any, path: Path) -> None:
    if not isinstance(found, dict):
        what = str(path[-1]) if path and isinstance(path[-1], str) else "this"
        raise TableError(f"{what}: expected names and values, found {_KINDS.get(type(found), 'a text')}", path)
