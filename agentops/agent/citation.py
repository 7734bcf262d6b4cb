"""Checks a finding's citations: what it cites must have been observed in this incident, and it must cite something.

Comes in: a finding and the ids in the store. Goes out: complaints for the model, or the finding marked unsupported.
No judgement is made here about whether the evidence says what the finding says.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace

from agentops.core.finding import Finding

_IN_TEXT = re.compile(r"\[(E\d+)\]")


def unsupported(finding: Finding, known: Collection[str], said: Collection[str] = ()) -> tuple[str, ...]:
    """Return what is wrong with the finding's citations, one sentence part each; empty when all are sound.

    Arguments:
        known: ids of all evidence.
        said: those that are the alert's own words; what it claims is no proof of itself.
    """
    wrong: list[str] = []
    never_seen = [cited for cited in dict.fromkeys(_cited(finding)) if cited not in known]
    if never_seen:
        wrong.append(f"{', '.join(never_seen)} was never observed in this incident")
    if not finding.evidence:
        wrong.append("the conclusion cites no evidence")
    elif set(finding.evidence) <= set(said):
        wrong.append("the conclusion cites the alert's own words only, and they prove nothing")
    return tuple(wrong)


def marked(finding: Finding, known: Collection[str], wrong: Collection[str]) -> Finding:
    """Return the finding marked unsupported, citing only what exists, with ``wrong`` among its warnings.

    Its proposals are kept as data but lose the citations that do not exist; a plan is never made from it.
    """
    return replace(
        finding,
        supported=False,
        evidence=tuple(cited for cited in finding.evidence if cited in known),
        ruled_out=tuple(
            replace(
                item,
                supported_by=tuple(cited for cited in item.supported_by if cited in known),
                contradicted_by=tuple(cited for cited in item.contradicted_by if cited in known),
            )
            for item in finding.ruled_out
        ),
        proposed=tuple(
            replace(change, evidence=tuple(cited for cited in change.evidence if cited in known))
            for change in finding.proposed
        ),
        warnings=(*finding.warnings, *(f"Not supported by evidence: {item}." for item in wrong)),
    )


def _cited(finding: Finding) -> Iterator[str]:
    yield from finding.evidence
    for item in finding.ruled_out:
        yield from (*item.supported_by, *item.contradicted_by)
    for change in finding.proposed:
        yield from change.evidence
    for text in (finding.conclusion, *finding.next_steps, *(item.statement for item in finding.ruled_out)):
        yield from _IN_TEXT.findall(text)
