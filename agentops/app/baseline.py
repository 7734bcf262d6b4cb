"""A baseline: the problems that are known already, so that a scan can tell what is new.

Comes in: the JSON document of an earlier ``agentops triage``. Goes out: its problems by object and condition. The place
(context) is left out of the comparison, so that one baseline serves a cluster whatever name it is reached by.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from agentops.app.services import KnownProblem
from agentops.core.errors import AgentopsError, UsageError
from agentops.core.finding import Problem
from agentops.core.foreign_documents import read_json
from agentops.core.foreign_files import read_foreign
from agentops.core.resource import parse_ref
from agentops.core.text import one_line

_MOST_BYTES = 64 * 1024 * 1024
_HINT = "Make one: agentops triage --output json > known.json"


def identity(problem: Problem) -> KnownProblem:
    """Return what a problem is known by."""
    return KnownProblem(resource=problem.resource.short, condition=problem.condition)


def identities(problems: Iterable[Problem]) -> frozenset[KnownProblem]:
    """Return what several problems are known by."""
    return frozenset(map(identity, problems))


def read_baseline(path: Path) -> frozenset[KnownProblem]:
    """Return the problems of an earlier scan.

    Raises:
        UsageError: it cannot be read, or is no document of ``agentops triage``.
    """
    try:
        document = read_json(read_foreign(path, "a baseline", _MOST_BYTES, hint=_HINT))
    except ValueError as error:
        raise UsageError(f"{path} is not JSON: {one_line(str(error), 100)}", hint=_HINT) from error
    problems = document.get("problems") if isinstance(document, dict) else None
    if not isinstance(problems, list) or document.get("command") != "triage":
        raise UsageError(f"{path} is no result of agentops triage", hint=_HINT)
    try:
        already = (*problems, *(document.get("baseline") or {}).get("known", ()))
        return frozenset(
            KnownProblem(resource=parse_ref(one["resource"]).short, condition=str(one["condition"])) for one in already
        )
    except (AgentopsError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{path} has a problem that names no resource and condition", hint=_HINT) from error
