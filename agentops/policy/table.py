"""Tables of requests and the decisions that are expected of them: tests of a policy, usable in CI.

Comes in: a table as plain data (read from YAML or JSON by the caller) and a policy. Goes out: what held and what did
not. A table that says something which is not understood is an error: a test that is skipped tests nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from agentops.core.errors import UsageError
from agentops.core.plan import Approval, PolicyDecision
from agentops.core.policy import Policy, PolicyRequest
from agentops.core.policy_facts import decide_all
from agentops.core.text import one_line
from agentops.policy.questions import question
from agentops.policy.replay import recorded_requests

_TOP = ("description", "defaults", "cases")
_ASKED = ("tool", "target", "as", "on_behalf_of", "facts", "attributes")
_CASE = ("name", "request", "expect", *_ASKED)
_EXPECT = ("decision", "approval", "policy", "ttl_s", "verify_s", "errors")
_DEFAULT_PRINCIPAL = "human:tester"


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


def read_cases(document: Any, where: str) -> tuple[Case, ...]:
    """Return the rows of a table.

    Arguments:
        where: the file, for messages.

    Raises:
        UsageError: it is no table, or a row says something that is not understood.
    """
    if not isinstance(document, dict) or not isinstance(document.get("cases"), list) or not document["cases"]:
        raise UsageError(f"{where}: not a table of policy tests", hint="It needs `cases:`; see docs/policy.md.")
    _known(document, _TOP, where)
    defaults = document.get("defaults") or {}
    _mapping(defaults, f"{where}: defaults")
    _known(defaults, _ASKED, f"{where}: defaults")
    return tuple(_case(entry, defaults, f"{where}: case {n}") for n, entry in enumerate(document["cases"], start=1))


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


def _case(entry: Any, defaults: Mapping[str, Any], where: str) -> Case:
    _mapping(entry, where)
    name = entry.get("name")
    if not isinstance(name, str) or not name:
        raise UsageError(f"{where}: it has no name")
    where = f"{where} ({one_line(name, 60)})"
    _known(entry, _CASE, where)
    try:
        requests = _requests(entry, defaults, where)
    except UsageError as error:
        raise UsageError(f"{where}: {error.message}", hint=error.hint) from error
    return Case(name=name, requests=requests, expect=_expect(entry.get("expect"), where))


def _requests(entry: Mapping[str, Any], defaults: Mapping[str, Any], where: str) -> tuple[PolicyRequest, ...]:
    if "request" in entry:
        if set(entry) & set(_ASKED):
            raise UsageError("a recorded request stands alone", hint="Leave tool, target and facts out.")
        _mapping(entry["request"], f"{where}: request")
        return recorded_requests(entry["request"])
    asked = {**defaults, **entry}
    for needed in ("tool", "target"):
        if not isinstance(asked.get(needed), str):
            raise UsageError(f"it has no {needed}")
    facts = _merged(defaults, entry, "facts", where)
    attributes = _merged(defaults, entry, "attributes", where)
    principal, behalf = str(asked.get("as") or _DEFAULT_PRINCIPAL), str(asked.get("on_behalf_of") or "")
    return (question(asked["tool"], asked["target"], principal, facts, on_behalf_of=behalf, attributes=attributes),)


def _merged(defaults: Mapping[str, Any], entry: Mapping[str, Any], name: str, where: str) -> dict[str, Any]:
    """Return the defaults with the row's own over them; null takes one away, so that it is absent."""
    parts = [defaults.get(name) or {}, entry.get(name) or {}]
    for part in parts:
        _mapping(part, f"{where}: {name}")
    merged = {**parts[0], **parts[1]}
    return {key: value for key, value in merged.items() if value is not None}


def _expect(found: Any, where: str) -> Mapping[str, Any]:
    _mapping(found, f"{where}: expect")
    _known(found, _EXPECT, f"{where}: expect")
    if found.get("decision") not in ("allow", "deny"):
        raise UsageError(f"{where}: expect needs decision: allow or deny")
    if "approval" in found and found["approval"] not in list(Approval):
        raise UsageError(f"{where}: approval is one of {', '.join(Approval)}")
    return dict(found)


def _known(found: Mapping[str, Any], names: tuple[str, ...], where: str) -> None:
    unknown = sorted(str(name) for name in found if name not in names)
    if unknown:
        raise UsageError(f"{where}: unknown {one_line(', '.join(unknown), 80)}", hint=f"Known are {', '.join(names)}.")


def _mapping(found: Any, where: str) -> None:
    if not isinstance(found, dict):
        raise UsageError(f"{where}: expected names and values, found {type(found).__name__}")
