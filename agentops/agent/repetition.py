"""Notices a model that goes round in circles: the same calls with the same results, alone or in turns.

Comes in: the results of one turn. Goes out: how many turns in a row brought nothing new. A call counts as nothing new
when its arguments and its result were seen before, or when it was made so often that a changing result (the age of a
pod, say) is no excuse.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from agentops.agent.audited import for_audit
from agentops.agent.toolbox import ToolResult
from agentops.core.digest import digest

_OFTEN = 4


class Repetition:
    """Remembers every call of a run and what came of it."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, str]] = set()
        self._times: Counter[str] = Counter()
        self._in_a_row = 0

    def note(self, results: Sequence[ToolResult]) -> int:
        """Take in one turn's results; return how many turns in a row, this one included, brought nothing new."""
        fresh = False
        for result in results:
            call = digest([result.call.name, for_audit(result.call.arguments)])
            self._times[call] += 1
            if (call, result.digest) not in self._seen and self._times[call] < _OFTEN:
                fresh = True
            self._seen.add((call, result.digest))
        self._in_a_row = 0 if fresh or not results else self._in_a_row + 1
        return self._in_a_row
