"""A triage scan in the forms that other programs collect: SARIF for code scanning, JUnit XML for CI.

Sources: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html,
https://github.com/testmoapp/junitxml (the form that CI servers read; it has no standard of its own).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from agentops import __version__
from agentops.app.services import Scan
from agentops.core.alert import Severity
from agentops.core.clock import to_iso
from agentops.core.conditions import CHANGES
from agentops.core.finding import Problem
from agentops.core.resource import ResourceRef
from agentops.core.text import visible

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVEL = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.WARNING: "warning"}


def sarif(scan: Scan) -> str:
    """Return a SARIF 2.1.0 log: a rule for each condition, a result for each problem; recent changes are notes.

    What could not be read is a notification of the run, and an undetermined scan is one that did not succeed.
    """
    told = [(one, "new" if scan.known or scan.gone else None) for one in scan.problems]
    told += [(one, "unchanged") for one in scan.known]
    conditions = sorted({one.condition for one, _ in told})
    unread = [
        {"level": "warning", "message": {"text": visible(f"not read: {what}: {reason}")}} for what, reason in scan.gaps
    ]
    run = {
        "tool": {
            "driver": {
                "name": "agentops",
                "version": __version__,
                "rules": [{"id": name} for name in conditions],
            }
        },
        "invocations": [
            {
                "executionSuccessful": scan.status != "undetermined",
                "endTimeUtc": to_iso(scan.observed_at),
                "toolExecutionNotifications": unread,
            }
        ],
        "results": [_result(one, state, conditions) for one, state in told],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _result(problem: Problem, state: str | None, rules: list[str]) -> dict[str, Any]:
    name = problem.resource.short
    mark = hashlib.sha256(f"{name} {problem.condition}".encode()).hexdigest()
    said = problem.summary + (f" {problem.advice}" if problem.advice else "")
    return {
        "ruleId": problem.condition,
        "ruleIndex": rules.index(problem.condition),
        "level": "note" if problem.condition in CHANGES else _LEVEL.get(problem.severity, "note"),
        "message": {"text": visible(said)},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": _uri(problem.resource)}},
                "logicalLocations": [{"fullyQualifiedName": name, "kind": "resource"}],
            }
        ],
        "partialFingerprints": {"objectAndCondition/v1": mark},
    } | ({"baselineState": state} if state else {})


def _uri(ref: ResourceRef) -> str:
    """Return a resource's name as a URI: contexts hold colons, slashes and spaces (RFC 3986, section 2.1)."""
    return f"{ref.scheme}://{'/'.join(quote(part, safe='') for part in ref.parts)}"


def junit(scan: Scan) -> str:
    """Return JUnit XML: each problem a failed test, what could not be read a skipped one, and one that says the end."""
    problems = [one for one in scan.problems if one.condition not in CHANGES]
    cases = [*_failures(problems), *_skips(scan)]
    undetermined = scan.status == "undetermined"
    if not problems:
        inner = f"<error message={_quoted(scan.finding.conclusion)}/>" if undetermined else ""
        cases.append(f'    <testcase classname="triage" name="no problem found">{inner}</testcase>')
    counts = f'tests="{len(cases)}" failures="{len(problems)}" errors="{int(undetermined and not problems)}"'
    # Readers that check the form know the number of skipped cases of a suite alone.
    head = f'{counts} time="{scan.wall_s:.3f}"'
    when = f'skipped="{len(scan.gaps)}" timestamp="{to_iso(scan.observed_at)}"'
    suite = f"<testsuite name={_quoted(f'triage of {scan.context}')} {head} {when}>"
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites {head}>", f"  {suite}", *cases]
    return "\n".join([*lines, "  </testsuite>", "</testsuites>", ""])


def _failures(problems: list[Problem]) -> Iterator[str]:
    for one in problems:
        what = f"<failure type={_quoted(one.severity.value)} message={_quoted(one.summary)}>"
        facts = "\n".join([*(f"{fact.path}: {fact.value}" for fact in one.facts), one.advice]).strip()
        name = f"classname={_quoted(one.resource.short)} name={_quoted(one.condition)}"
        yield f"    <testcase {name}>{what}{escape(_legal(facts))}</failure></testcase>"


def _skips(scan: Scan) -> Iterator[str]:
    for what, reason in scan.gaps:
        yield f'    <testcase classname="not read" name={_quoted(what)}><skipped message={_quoted(reason)}/></testcase>'


def _quoted(text: str) -> str:
    return quoteattr(_legal(text))


def _legal(text: str) -> str:
    """Return foreign text with what XML cannot hold, and what moves a cursor, made visible."""
    return visible(text)
