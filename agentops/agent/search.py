"""``evidence_search``: looks into the whole stored body of a piece of evidence, of which the model saw an excerpt.

Comes in: an evidence id, and a text or a regular expression, or a range of lines. Goes out: the matching lines with
their numbers and some lines around them. It reads the incident's own store and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any

from agentops.core.errors import NotFound, ToolInputError
from agentops.core.evidence import EvidenceStore, Reading
from agentops.core.patterns import LINE_CHARS, line_pattern
from agentops.core.text import one_line, plural
from agentops.core.tool import ToolSpec

MAX_LINES = 200
_LINE_CHARS = 1_000

SPEC = ToolSpec(
    name="evidence_search",
    description=(
        "Search the whole stored body of evidence whose excerpt was cut. Give `contains` or `pattern`, or a line range."
    ),
    schema={
        "type": "object",
        "properties": {
            "evidence": {"type": "string", "description": "Evidence id, e.g. E7"},
            "contains": {"type": "string", "minLength": 1, "description": "Text, case ignored"},
            "pattern": {"type": "string", "minLength": 1, "description": "Regular expression, case ignored"},
            "context": {"type": "integer", "minimum": 0, "maximum": 20, "description": "Lines around a match (2)"},
            "from_line": {"type": "integer", "minimum": 1},
            "to_line": {"type": "integer", "minimum": 1},
        },
        "required": ["evidence"],
        "additionalProperties": False,
    },
    permissions=(),
    timeout_s=20.0,
)


@dataclass(frozen=True, slots=True)
class EvidenceSearch:
    """The read tool over ``store``."""

    store: EvidenceStore

    @property
    def spec(self) -> ToolSpec:
        """Its declaration."""
        return SPEC

    def read(self, arguments: Mapping[str, Any]) -> Reading:
        """Return the matching lines, at most ``MAX_LINES`` of them, numbered from 1.

        Raises:
            ToolInputError: no such evidence, or arguments that cannot be combined.
        """
        evidence = str(arguments["evidence"]).strip().upper()
        lines = self._lines(evidence)
        first, last = arguments.get("from_line", 1), min(arguments.get("to_line", len(lines)), len(lines))
        if first > last:
            raise ToolInputError(f"{evidence} has lines 1 to {len(lines)}; the range {first} to {last} is empty")
        if "contains" not in arguments and "pattern" not in arguments:
            if not {"from_line", "to_line"} & set(arguments):
                raise ToolInputError("give `contains`, `pattern`, or `from_line` and `to_line`")
            return _range(evidence, lines, first, last)
        hits, footer = _hits(lines, arguments, first, last)
        return _matches(evidence, lines, hits, arguments.get("context", 2), footer)

    def _lines(self, evidence: str) -> list[str]:
        try:
            body = self.store.body(evidence)
        except NotFound as error:
            known = ", ".join(item.id for item in self.store.all()[-20:]) or "none yet"
            raise ToolInputError(f"there is no evidence {one_line(evidence, 40)} (known: {known})") from error
        return body.removesuffix("\n").split("\n")


def _hits(lines: Sequence[str], arguments: Mapping[str, Any], first: int, last: int) -> tuple[list[int], str]:
    """Return the numbers of the matching lines, and a footer when long lines were seen only in part."""
    numbers = range(first, last + 1)
    hits = list(numbers)
    if "contains" in arguments:
        needle = str(arguments["contains"]).casefold()
        hits = [number for number in hits if needle in lines[number - 1].casefold()]
    if "pattern" not in arguments:
        return hits, ""
    marks = line_pattern(str(arguments["pattern"]), "pattern").marks(lines[number - 1] for number in hits)
    cut = sum(len(lines[number - 1]) > LINE_CHARS for number in hits)
    footer = (
        f"{plural(cut, 'line')} longer than {LINE_CHARS} characters: the pattern saw only their start." if cut else ""
    )
    return list(compress(hits, marks)), footer


def _matches(evidence: str, lines: Sequence[str], hits: Sequence[int], context: int, footer: str) -> Reading:
    found = plural(len(hits), "matching line")
    shown = list(_around(hits, context, len(lines)))
    left_out = sum(number > shown[MAX_LINES - 1] for number in hits) if len(shown) > MAX_LINES else 0
    notes = [footer, f"{plural(left_out, 'further match', 'further matches')} not shown." if left_out else ""]
    wanted, marks = shown[:MAX_LINES], set(hits)
    rows: list[str] = []
    for index, number in enumerate(wanted):
        if index and number > wanted[index - 1] + 1:
            rows.append("--")
        rows.append(_row(number, lines[number - 1], ":" if number in marks else "-"))
    return Reading(
        body="\n".join(rows) or "(no line matches)",
        summary=f"{found} of {len(lines):,} in {evidence}",
        footer=" ".join(filter(None, notes)),
    )


def _around(hits: Sequence[int], context: int, last: int) -> Iterator[int]:
    done = 0
    for hit in hits:
        for number in range(max(hit - context, done + 1), min(hit + context, last) + 1):
            yield number
            done = number


def _range(evidence: str, lines: Sequence[str], first: int, last: int) -> Reading:
    end = min(last, first + MAX_LINES - 1)
    return Reading(
        body="\n".join(_row(number, lines[number - 1], ":") for number in range(first, end + 1)),
        summary=f"lines {first} to {end} of {len(lines):,} in {evidence}",
        footer=f"Lines {end + 1} to {last} not shown." if end < last else "",
    )


def _row(number: int, line: str, mark: str) -> str:
    return f"{number}{mark} {line if len(line) <= _LINE_CHARS else line[:_LINE_CHARS] + '…'}"
