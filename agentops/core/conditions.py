"""``Condition``: one kind of trouble that an analyzer can report, and how much it explains.

Every provider has a catalogue of its own conditions; the ranking reads their weights and knows none by name but the
few below, which mean the same for every provider. Names are stable: scripts, scenarios and stored findings compare
them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

CHANGED = "RolloutChanged"
"""Something was changed lately. It is noted beside other problems and is no trouble by itself."""
EDITED = "EditedLately"
"""Something was edited lately of which no earlier state is kept, so that nobody can say what it was before."""
CHANGES = frozenset({CHANGED, EDITED})
"""What was changed lately, of either kind."""
OUTSIDE = "ExternalDependencyFailing"
"""A system that no provider of this run looks at does not answer."""
SUSPICIOUS = "SuspiciousText"
"""Text that reads like an instruction was seen; it is shown as a warning and never followed."""
ANALYZER_FAILED = "AnalyzerFailed"
"""An analyzer met something that it cannot read; what it looks at was not checked completely."""


class Weight(StrEnum):
    """How much a condition explains by itself."""

    EXACT = "exact"
    VAGUE = "vague"
    SYMPTOM = "symptom"
    INFORMATION = "information"


class Trait(StrEnum):
    """What else the ranking must know of a condition.

    BYSTANDER: it touches a workload without making it fail, so it explains none of its problems. SELF_CONTAINED: an
    application that the workload depends on never brings it about. NAMES_DEPENDENCY: it names what a crash only shows.
    FOLLOWS_DEPENDENCY: what it depends on explains it even where a rollback is proposed. TELLING: vague, and its facts
    say enough for medium confidence. ONLY_SAID: nothing but a log says so; a rollout just before explains it better.
    BRINGS_ABOUT: somebody else's doing; it explains even what is exact at the resources that it affects.
    """

    BYSTANDER = "bystander"
    SELF_CONTAINED = "self-contained"
    NAMES_DEPENDENCY = "names-dependency"
    FOLLOWS_DEPENDENCY = "follows-dependency"
    TELLING = "telling"
    ONLY_SAID = "only-said"
    BRINGS_ABOUT = "brings-about"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One line of a provider's catalogue.

    Arguments:
        resource: what it is about, in words: ``owner workload``, ``Service``.
        when: when it is reported.
        fields: parts of the paths of the fields whose change can bring it about (``.image``); none means any field.
        remedies: names of the change tools that its known cures use; none where a cure is not known.
    """

    name: str
    resource: str
    when: str
    weight: Weight
    traits: frozenset[Trait] = frozenset()
    fields: tuple[str, ...] = ()
    remedies: tuple[str, ...] = ()
