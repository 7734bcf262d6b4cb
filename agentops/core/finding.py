"""``Problem``: what an analyzer found; ``Finding``: what the run concludes, with evidence by id.

A ``Problem`` is deterministic and always true of the objects that were read. A ``Finding`` is a judgement, by the
ranking or by the model, and its citations are checked by code before anyone sees it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from agentops.core.alert import Severity
from agentops.core.plan import Change, Note
from agentops.core.resource import ResourceRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A quotation from an object: where it stands and what it says, word for word."""

    resource: ResourceRef
    path: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """A known remedy that is not proposed, because an owner's note speaks against it; ``why`` is a sentence."""

    change: Change
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong, as an analyzer sees it.

    Arguments:
        resource: the object that is wrong.
        condition: stable CamelCase name of what is wrong (``ImagePullBackOff``, ``MissingConfigMapKey``); the
            condition catalogue in ``docs/triage.md`` lists them all.
        summary: one sentence with exact names and values.
        severity: how bad it is for the workload, not for the alert's sender.
        analyzer: the analyzer's name.
        facts: the quotations that it rests on; at least one.
        affects: objects that suffer from it, for linking causes to symptoms.
        since: when it began, where the objects tell.
        remedies: known changes that would cure it, best first; may be empty.
        companions: changes that a correction of its template needs beside it, whichever remedy is taken.
        notes: what owners wrote on the resource, on what it is part of and on what a remedy would change.
        withheld: remedies that one of these notes speaks against; they are not proposed.
        advice: what a person should do, one sentence; may be empty.
        root: whether this condition can be a root cause by itself; a pure symptom (``DeploymentUnavailable``) is not.
        blames_change: the analyzer holds the last change (a rollout) responsible, and taking that back is a remedy.
        located: its facts show the very place (a key of a ConfigMap) that is wrong.
    """

    resource: ResourceRef
    condition: str
    summary: str
    severity: Severity
    analyzer: str
    facts: tuple[Fact, ...]
    affects: tuple[ResourceRef, ...] = ()
    since: datetime | None = None
    remedies: tuple[Change, ...] = ()
    companions: tuple[Change, ...] = ()
    notes: tuple[Note, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    advice: str = ""
    root: bool = True
    blames_change: bool = False
    located: bool = False

    @property
    def is_wrong(self) -> bool:
        """Whether something is wrong at all: what is only to be known (a recent change) has the severity ``info``."""
        return self.severity is not Severity.INFO


class Confidence(StrEnum):
    """How sure a finding is; words, because a percentage would claim a measurement that nobody made."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Verdict(StrEnum):
    """What kind of answer a finding is; 'nothing is wrong' and 'cannot tell' are right answers too."""

    ROOT_CAUSE = "root-cause"
    RECOVERED = "recovered"
    NO_PROBLEM = "no-problem"
    OUTSIDE = "outside"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """The root cause as a pair that a script can compare: which object, which condition."""

    resource: ResourceRef
    condition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """An explanation that was considered, and the evidence for and against it, by id."""

    statement: str
    supported_by: tuple[str, ...] = ()
    contradicted_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the run concludes.

    ``by`` is ``triage`` or the model's name. ``supported`` is False when it cites evidence that was never observed or
    cites none; such a finding is shown with that warning and never feeds a change. ``notes`` are what owners wrote on
    the cause; added by code, whoever concludes. ``guess`` says what the alert was taken to be about, and why, where it
    names nothing exactly: whoever reads the finding must know that first.
    """

    verdict: Verdict
    conclusion: str
    confidence: Confidence
    by: str
    cause: Cause | None = None
    evidence: tuple[str, ...] = ()
    ruled_out: tuple[Hypothesis, ...] = ()
    not_checked: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()
    proposed: tuple[Change, ...] = ()
    supported: bool = True
    warnings: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    guess: str = ""
