"""Reviews the model's report: accepts it, sends it back with reasons, or, after the last try, accepts it with warnings.

Comes in: a ``report_finding`` call. Goes out: a finding whose citations were checked, or what to tell the model. A
finding that cites what was not observed, or nothing, is sent back once; one that cannot be read, twice. After that it
is taken for what it is and marked, so that it is never mistaken for a proven one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from agentops.agent.citation import marked, unsupported
from agentops.agent.prompt import prompt
from agentops.agent.report import DRAFTING_SPEC, SPEC, read_report
from agentops.agent.review import ReviewDecision, longest_text, sent_back
from agentops.core.finding import Confidence, Finding, Verdict
from agentops.core.resource import Home
from agentops.core.tool import ToolCall, ToolSpec

_CITATIONS_SENT_BACK = 1
_REPORTS_SENT_BACK = 2


class FindingReview:
    """Counts how often reports of one run were sent back; see ``review.Review``.

    Arguments:
        home: where resources stand that the model names shortly.
        by: the model's name.
        drafts: what is proposed in this run is drafted; else it may stand in the report.
    """

    def __init__(self, *, home: Home, by: str, drafts: bool = False) -> None:
        self.ending: ToolSpec = DRAFTING_SPEC if drafts else SPEC
        self.system = f"{prompt('system')}\n\n{prompt('fix')}" if drafts else prompt("system")
        self._home = home
        self._by = by
        self._sent_back = 0

    def decide(
        self, call: ToolCall, known: Collection[str], *, last_chance: bool, said: Collection[str] = ()
    ) -> ReviewDecision[Finding]:
        """Return what becomes of a report; see ``review.Review.decide``.

        Raises:
            BadAnswer: the model cannot write a report that can be read.
        """
        report = read_report(call.arguments, home=self._home, by=self._by)
        uncited = unsupported(report.finding, known, said) if report.finding else ()
        wrong = (*report.wrong, *uncited)
        if report.finding and not wrong:
            return ReviewDecision(report=report.finding, said="Accepted.")
        patience = _REPORTS_SENT_BACK if report.wrong else _CITATIONS_SENT_BACK
        nothing_to_cite = not known and not report.wrong
        if report.finding and (last_chance or nothing_to_cite or self._sent_back >= patience):
            finding = marked(report.finding, known, uncited) if uncited else report.finding
            return ReviewDecision(report=warned(finding, report.wrong), said="Accepted with warnings.")
        self._sent_back += 1
        return sent_back("report", wrong, known, by=self._by, times=self._sent_back, cited_wrongly=bool(uncited))

    def from_text(self, texts: Sequence[str], reason: str) -> Finding:
        """Return the model's own words as a finding that nothing supports.

        Raises:
            BadAnswer: it wrote none.
        """
        return Finding(
            verdict=Verdict.UNDETERMINED,
            conclusion=longest_text(texts, by=self._by, reason=reason),
            confidence=Confidence.LOW,
            by=self._by,
            supported=False,
            warnings=(f"Not supported by evidence: no finding was reported, this is the model's text ({reason}).",),
        )

    def early(self, report: Finding, reason: str) -> Finding:
        """Return a finding with the warning that the run ended before its time."""
        return warned(report, (f"it ended early, {reason}",))


def warned(finding: Finding, wrong: Sequence[str]) -> Finding:
    """Return the finding with a warning for each thing that is incomplete about its report."""
    return replace(finding, warnings=(*finding.warnings, *(f"The report is incomplete: {item}." for item in wrong)))
