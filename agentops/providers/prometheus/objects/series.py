"""``Series`` and ``QueryAnswer``: what a query brought back, in numbers.

Comes in: the ``data`` of an answer of Prometheus' API. Goes out: series with their labels and points. Values stand
there as text (``"NaN"``, ``"+Inf"``) and become floats; a native histogram has no single value and is only counted.

Form: prometheus.io/docs, "HTTP API", "Expression query result formats".
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agentops.core.errors import ToolError
from agentops.core.text import one_line

NAME_LABEL = "__name__"
_LABEL_CHARS = 120
_LABELS_SHOWN = 16
_LATEST_S = 253_402_300_800.0
"""The year 10000, which no clock of ours has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One time series: its labels, and points of (seconds since 1970, value), oldest first."""

    labels: Mapping[str, str]
    points: tuple[tuple[float, float], ...]

    @property
    def last(self) -> float:
        """The newest value."""
        return self.points[-1][1]

    @property
    def values(self) -> tuple[float, ...]:
        """The values that are numbers, oldest first."""
        return tuple(value for _, value in self.points if math.isfinite(value))

    @property
    def title(self) -> str:
        """The labels as PromQL writes them: ``up{job="api"}``; untrusted text, made safe to show."""
        return labels_text(self.labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryAnswer:
    """What one query came to.

    Arguments:
        kind: ``vector``, ``matrix``, ``scalar`` or ``string``.
        text: the value of a ``string``.
        histograms: how many series were left out, because they are native histograms.
        warnings: what the server itself says about the answer.
    """

    kind: str
    series: tuple[Series, ...] = ()
    text: str = ""
    histograms: int = 0
    warnings: tuple[str, ...] = field(default=())


def labels_text(labels: Mapping[str, str]) -> str:
    """Return labels as PromQL writes them, on one line, with every hidden character written out."""
    pairs = sorted((key, value) for key, value in labels.items() if key != NAME_LABEL)
    shown = [f'{one_line(key, _LABEL_CHARS)}="{one_line(value, _LABEL_CHARS)}"' for key, value in pairs[:_LABELS_SHOWN]]
    if len(pairs) > _LABELS_SHOWN:
        shown.append(f"and {len(pairs) - _LABELS_SHOWN} more")
    name = one_line(labels.get(NAME_LABEL, ""), _LABEL_CHARS)
    return f"{name}{{{', '.join(shown)}}}" if shown or not name else name


def query_answer(data: Any, warnings: Sequence[str] = ()) -> QueryAnswer:
    """Return the answer to a query.

    Raises:
        ToolError: it is not of the documented form.
    """
    try:
        return _answer(data["resultType"], data["result"], tuple(warnings))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
        raise ToolError("the answer is not of the form that Prometheus' API has") from error


def _answer(kind: str, result: Any, warnings: tuple[str, ...]) -> QueryAnswer:
    if kind == "string":
        return QueryAnswer(kind=kind, text=str(result[1]), warnings=warnings)
    if kind == "scalar":
        return QueryAnswer(kind=kind, series=(Series(labels={}, points=(_point(result),)),), warnings=warnings)
    if kind not in ("vector", "matrix"):
        raise ValueError(kind)
    found, histograms = [], 0
    for item in result:
        points = item.get("values") if kind == "matrix" else [item["value"]] if "value" in item else None
        if not points:
            histograms += 1
            continue
        labels = {str(key): str(value) for key, value in item["metric"].items()}
        found.append(Series(labels=labels, points=tuple(map(_point, points))))
    return QueryAnswer(kind=kind, series=tuple(found), histograms=histograms, warnings=warnings)


def _point(pair: Any) -> tuple[float, float]:
    moment, value = pair
    at = float(moment)
    if not 0 <= at < _LATEST_S:
        raise ValueError(moment)
    return at, float(value)
