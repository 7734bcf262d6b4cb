"""Reviews the model's report: accepts it, sends it back with reasons, or, after the last try, accepts it with warnings.

Comes in: a ``report_finding`` call. Goes out: a finding whose citations were checked, or what to tell the model. A
finding that cites what was not observed, or nothing, is sent back once; one that cannot be read, twice. After that it
is taken for what it is and marked, so that it is never mistaken for a proven one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from agentops.agent.citation import marked, unsupported
from agentops.agent.model import BadAnswer
from agentops.agent.report import read_report
from agentops.core.finding import Confidence, Finding, Verdict
from agentops.core.resource import Home
from agentops.core.text import one_line
from agentops.core.tool import ToolCall

_CITATIONS_SENT_BACK = 1
_REPORTS_SENT_BACK = 2
_UNREADABLE_AT_MOST = 4
_IDS_NAMED = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewDecision:
    """``finding`` when the report is taken, else None; ``said`` is the model's answer to its call."""

    finding: Finding | None
    said: str


class FindingReview:
    """Counts how often reports of one run were sent back. ``context`` is the kubeconfig context, ``by`` the model."""

    def __init__(self, *, home: Home, by: str) -> None:
        self._home = home
        self._by = by
        self._sent_back = 0

    def decide(
        self, call: ToolCall, known: Collection[str], *, last_chance: bool, said: Collection[str] = ()
    ) -> ReviewDecision:
        """Return what becomes of a report.

        Arguments:
            call: of ``report_finding``.
            known: ids of all evidence of the incident, oldest first.
            said: ids of what is only the alert's own words.
            last_chance: whether the model gets no other turn.

        Raises:
            BadAnswer: the model cannot write a report that can be read.
        """
        report = read_report(call.arguments, home=self._home, by=self._by)
        uncited = unsupported(report.finding, known, said) if report.finding else ()
        wrong = (*report.wrong, *uncited)
        if report.finding and not wrong:
            return ReviewDecision(finding=report.finding, said="Accepted.")
        patience = _REPORTS_SENT_BACK if report.wrong else _CITATIONS_SENT_BACK
        nothing_to_cite = not known and not report.wrong
        if report.finding and (last_chance or nothing_to_cite or self._sent_back >= patience):
            finding = marked(report.finding, known, uncited) if uncited else report.finding
            return ReviewDecision(finding=warned(finding, report.wrong), said="Accepted with warnings.")
        self._sent_back += 1
        if self._sent_back >= _UNREADABLE_AT_MOST:
            raise BadAnswer(
                f"{self._by} could not write a report that can be read: {one_line('; '.join(wrong), 300)}",
                hint="Run it again, or with another --model.",
            )
        seen = f" Known evidence: {', '.join(list(known)[-_IDS_NAMED:]) or 'none'}." if uncited else ""
        return ReviewDecision(
            finding=None, said=f"Not accepted: {'; '.join(wrong)}.{seen} Correct it and report again."
        )


def warned(finding: Finding, wrong: Sequence[str]) -> Finding:
    """Return the finding with a warning for each thing that is incomplete about its report."""
    return replace(finding, warnings=(*finding.warnings, *(f"The report is incomplete: {item}." for item in wrong)))


def from_text(texts: Sequence[str], *, by: str, reason: str) -> Finding:
    """Return the model's own words as a finding that nothing supports.

    Raises:
        BadAnswer: it wrote none.
    """
    if not texts:
        raise BadAnswer(
            f"{by} ended without a finding and without a text: {reason}",
            hint="Run it again, with another --model, or with --no-model for the triage report.",
        )
    return Finding(
        verdict=Verdict.UNDETERMINED,
        conclusion=max(texts[-2:], key=len),
        confidence=Confidence.LOW,
        by=by,
        supported=False,
        warnings=(f"Not supported by evidence: no finding was reported, this is the model's text ({reason}).",),
    )
