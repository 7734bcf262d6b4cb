"""``Risk`` and ``Reversal``: how much harm a change can do, and how far it can be undone."""

from __future__ import annotations

from enum import StrEnum


class Risk(StrEnum):
    """How much harm a tool can do when it is used wrongly, lowest first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for the lowest."""
        return list(Risk).index(self)


class Reversal(StrEnum):
    """How far a change can be undone, best first.

    EXACT: the undo restores what was there, field for field. COMPENSATING: the undo brings back a working state, but
    not everything (pods have been restarted). NONE: nothing undoes it.
    """

    EXACT = "exact"
    COMPENSATING = "compensating"
    NONE = "none"

    @property
    def rank(self) -> int:
        """0 for the best."""
        return list(Reversal).index(self)


def highest_risk(*risks: Risk) -> Risk:
    """Return the highest of some risks; LOW when there is none."""
    return max(risks, key=lambda risk: risk.rank, default=Risk.LOW)


def least_reversible(*reversals: Reversal) -> Reversal:
    """Return the least reversible of some; EXACT when there is none."""
    return max(reversals, key=lambda reversal: reversal.rank, default=Reversal.EXACT)
