"""Checks the citations of a finding or a reply: what it cites must have been observed, and it must cite something.

Comes in: a finding or a reply, and the ids in the store. Goes out: complaints for the model, or the same marked as
unsupported.
No judgement is made here about whether the evidence says what the finding says.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from agentops.core.finding import Finding
from agentops.core.request import ReplyVerdict, RequestReply

_IN_TEXT = re.compile(r"\[(E\d+)\]")


def unsupported(finding: Finding, known: Collection[str], said: Collection[str] = ()) -> tuple[str, ...]:
    """Return what is wrong with the finding's citations, one sentence part each; empty when all are sound.

    Arguments:
        known: ids of all evidence.
        said: those that are the alert's own words; what it claims is no proof of itself.
    """
    wrong = list(_never_seen(_cited(finding), known))
    if not finding.evidence:
        wrong.append("the conclusion cites no evidence")
    elif set(finding.evidence) <= set(said):
        wrong.append("the conclusion cites the alert's own words only, and they prove nothing")
    return tuple(wrong)


def unsupported_reply(reply: RequestReply, known: Collection[str], said: Collection[str] = ()) -> tuple[str, ...]:
    """Return what is wrong with a reply's citations; empty when all are sound.

    That something is not possible may rest on what was asked alone; everything else rests on what was read.
    """
    cited = (*reply.evidence, *(name for text in (reply.text, reply.because) for name in _IN_TEXT.findall(text)))
    wrong = list(_never_seen(cited, known))
    if set(reply.evidence) <= set(said) and reply.verdict is not ReplyVerdict.NOT_POSSIBLE:
        wrong.append("it cites nothing that was read")
    return tuple(wrong)


def marked_reply(reply: RequestReply, known: Collection[str], wrong: Collection[str]) -> RequestReply:
    """Return the reply marked unsupported, citing only what exists, with ``wrong`` among its warnings."""
    return replace(
        reply,
        supported=False,
        evidence=tuple(cited for cited in reply.evidence if cited in known),
        warnings=(*reply.warnings, *(f"Not supported by evidence: {item}." for item in wrong)),
    )


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


def _never_seen(cited: Iterable[str], known: Collection[str]) -> Iterator[str]:
    """Say what was cited and never observed, all of it in one sentence part."""
    names = [name for name in dict.fromkeys(cited) if name not in known]
    if names:
        yield f"{', '.join(names)} was never observed in this incident"


def _cited(finding: Finding) -> Iterator[str]:
    yield from finding.evidence
    for item in finding.ruled_out:
        yield from (*item.supported_by, *item.contradicted_by)
    for change in finding.proposed:
        yield from change.evidence
    for text in (finding.conclusion, *finding.next_steps, *(item.statement for item in finding.ruled_out)):
        yield from _IN_TEXT.findall(text)
