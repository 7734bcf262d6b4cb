"""What of a server's first look is a problem, by the rules of its classifications: data, no code of a server's own.

Comes in: the reads of one sweep. Goes out: symptoms for triage. They explain nothing, and no rule says that something
is well. What a row says is untrusted: in a sentence of ours only plain ids and words of it stand, the rest is quoted as
a fact, which is fenced.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from agentops.core.conditions import Condition, Weight
from agentops.core.finding import Fact, Problem
from agentops.core.resource import ResourceRef
from agentops.core.text import one_line
from agentops.providers.mcp.objects.classified import ProblemRule
from agentops.providers.mcp.offered.offer import SCHEME, Offer
from agentops.providers.mcp.offered.results import data_of
from agentops.providers.mcp.offered.templates import PLACEHOLDER, dug
from agentops.providers.mcp.sweep.sweep import ServerSweep, SweptRead

MOST_PROBLEMS = 10
"""Of one rule."""
_MOST_ROWS = 500
_PLAIN = re.compile(r"[\w.:/@#+-]{1,60}")


def problems_of(swept: ServerSweep, redacted: Callable[[str], str]) -> tuple[Problem, ...]:
    """Return the problems, in the order in which the servers told them.

    Arguments:
        redacted: hides the secrets of a text; a problem is kept on the disk.
    """
    return tuple(
        problem
        for read in swept.reads
        for rule in read.offer.classification.problems
        for problem in _found(read, rule, redacted)
    )


def conditions_of(offers: Iterable[Offer]) -> Mapping[str, Condition]:
    """Return the catalogue of the conditions that these rules can report."""
    return {
        rule.condition: Condition(
            name=rule.condition,
            resource="what an MCP server tells of",
            when=f"{offer.tool} of an MCP server says so",
            weight=Weight.SYMPTOM,
        )
        for offer in offers
        for rule in offer.classification.problems
    }


def _found(read: SweptRead, rule: ProblemRule, redacted: Callable[[str], str]) -> Iterator[Problem]:
    if read.result.is_error:
        return
    data = data_of(read.result)
    rows = dug(data, rule.rows) if rule.rows else [data] if isinstance(data, Mapping) else data
    told = 0
    for row in rows[:_MOST_ROWS] if isinstance(rows, list) else ():
        if told >= MOST_PROBLEMS:
            return
        if all(_is_one_of(dug(row, path), values) for path, values in rule.when.items()):
            told += 1
            yield _problem(read, rule, row, redacted)


def _is_one_of(value: Any, values: tuple[Any, ...]) -> bool:
    return any(type(value) is type(one) and value == one for one in values)


def _problem(read: SweptRead, rule: ProblemRule, row: Any, redacted: Callable[[str], str]) -> Problem:
    ref = ResourceRef(scheme=SCHEME, parts=(read.offer.server, redacted(_said(rule.name, row))))
    quoted = [*rule.when, *rule.facts]
    return Problem(
        resource=ref,
        condition=rule.condition,
        summary=redacted(_said(rule.summary, row)),
        severity=rule.severity,
        analyzer=f"mcp-{read.offer.server}",
        facts=tuple(
            Fact(resource=ref, path=path, value=one_line(redacted(f"{path}: {value}").removeprefix(f"{path}: "), 300))
            for path in dict.fromkeys(quoted)
            if (value := dug(row, path)) is not None
        ),
        root=False,
    )


def _said(template: str, row: Any) -> str:
    """Return a sentence of ours about a row; what of the row is no plain id or word is left out of it."""

    def value(found: re.Match[str]) -> str:
        text = str(dug(row, found[1]))
        return text if _PLAIN.fullmatch(text) else "…"

    return PLACEHOLDER.sub(value, template)
