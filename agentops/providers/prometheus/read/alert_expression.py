"""An alert's own expression, evaluated: does it hold now, how did it move round the alert's start, and what moved most.

Comes in: an alert. Goes out: a reading for it, or none where no expression is known. The first part of its text is the
chart, which a report shows as it stands; what it rests on follows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from agentops.core.alert import Alert
from agentops.core.chart import number_text, sparkline
from agentops.core.clock import Clock
from agentops.core.errors import ToolInputError
from agentops.core.evidence import Reading
from agentops.core.table import table
from agentops.core.text import clip, one_line, plural, visible
from agentops.providers.prometheus.api.client import PrometheusClient
from agentops.providers.prometheus.objects.expression import MeasuredSide, measured_side
from agentops.providers.prometheus.objects.movement import Movement
from agentops.providers.prometheus.objects.series import NAME_LABEL, Series, labels_text
from agentops.providers.prometheus.read.alerts import labels_of
from agentops.providers.prometheus.read.query import footer_of
from agentops.providers.prometheus.read.range import most_moved, on_axis
from agentops.providers.prometheus.read.rules import all_rules
from agentops.providers.prometheus.read.times import clock_text

_BEFORE, _AFTER = timedelta(minutes=30), timedelta(minutes=30)
_COLUMNS = 40
_CHARTED = 4
_LABEL_CHARS = 40
_EXPRESSION_CHARS = 2_000
_MEASURED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    """The time that is charted, and where in it the alert started; None where that is not known or not in it."""

    start: datetime
    end: datetime
    since: datetime | None

    @property
    def step_s(self) -> int:
        return max(round((self.end - self.start) / timedelta(seconds=1) / (_COLUMNS - 1)), 1)


def alert_expression(client: PrometheusClient, clock: Clock, alert: Alert) -> Reading | None:
    """Return what an alert's expression comes to; None where none is known.

    Raises:
        ToolInputError: Prometheus cannot take the expression.
        ToolError: it cannot be asked.
    """
    now = clock()
    expression, source = _expression_of(client, alert)
    if not expression:
        return None
    holds = client.query(expression, now)
    window = _window(alert, now)
    side = measured_side(expression)
    charted, series, footer = _charted(client, expression, side, window)
    moved = _own_first(most_moved(series, window.since.timestamp() if window.since else None), alert.labels)
    told = _telling_labels(series)
    most = max(moved, key=lambda one: abs(one.change), default=None)
    verdict = f"holds now for {plural(len(holds.series), 'series', 'series')}" if holds.series else "does not hold now"
    moving = f"; {_label(most.series, told)} moved most: {_moved(most)}" if most is not None else ""
    lines = [
        _chart(moved[:_CHARTED], told, window) if moved else "No series was there in that time.",
        "",
        f"It {verdict}{moving}.",
        f"charted: {clip(visible(charted), _EXPRESSION_CHARS)}" + (f" (fires {side.fires})" if side else ""),
        f"from {clock_text(window.start)} to {clock_text(window.end)}, one column each {window.step_s} s"
        + (f"; the alert started at {clock_text(window.since)}" if window.since else ""),
        f"the expression, from {source}: {clip(visible(expression), _EXPRESSION_CHARS)}",
    ]
    lines += [f"now: {number_text(one.last)} {one.title}" for one in holds.series[:_MEASURED]]
    return Reading(
        body="\n".join(lines),
        summary=one_line(f"the expression of {one_line(alert.name, 80)} {verdict}{moving}", 300),
        footer=" ".join(filter(None, (footer_of(holds, _MEASURED), footer))),
    )


def _expression_of(client: PrometheusClient, alert: Alert) -> tuple[str, str]:
    """Return an alert's expression and where it comes from: its own link, or the rule of its name."""
    if alert.expression:
        return alert.expression, "the alert's own link"
    rules = [one for one in all_rules(client.rule_groups()) if one.get("name") == alert.name and "query" in one]
    rules = [one for one in rules if one.get("type") == "alerting"]
    # Of several rules of one name, the one whose own labels the alert carries.
    rules.sort(key=lambda one: -sum(alert.labels.get(key) == value for key, value in labels_of(one).items()))
    return (str(rules[0]["query"]), "the rule of its name") if rules else ("", "")


def _window(alert: Alert, now: datetime) -> _Window:
    since = alert.started_at
    if since is None or since > now:
        return _Window(start=now - _BEFORE - _AFTER, end=now, since=None)
    return _Window(start=since - _BEFORE, end=min(now, since + _AFTER), since=since)


def _charted(
    client: PrometheusClient, expression: str, side: MeasuredSide | None, window: _Window
) -> tuple[str, tuple[Series, ...], str]:
    """Return what is charted, its series, and what to say of them: the measured side, where the server takes it."""
    for one in (side.side, expression) if side else (expression,):
        try:
            answer = client.query_range(one, window.start, window.end, window.step_s)
        except ToolInputError:
            if one == expression:
                raise
            continue
        shown = f"The chart shows {_CHARTED} of {len(answer.series)} series." if len(answer.series) > _CHARTED else ""
        return one, answer.series, shown
    raise AssertionError("the loop returns or raises")


def _own_first(moved: Sequence[Movement], labels: Mapping[str, str]) -> list[Movement]:
    """Return the series that the alert is about before the others; each part is ordered by how much it moved."""
    return sorted(moved, key=lambda one: not _is_of(one.series.labels, labels))


def _is_of(series: Mapping[str, str], alert: Mapping[str, str]) -> bool:
    return all(alert.get(key) == value for key, value in series.items() if key != NAME_LABEL)


def _telling_labels(series: Sequence[Series]) -> frozenset[str]:
    """Return the labels that tell the series apart; all of them where there is one series only."""
    keys = {key for one in series for key in one.labels if key != NAME_LABEL}
    if len(series) < 2:
        return frozenset(keys)
    return frozenset(key for key in keys if len({one.labels.get(key) for one in series}) > 1)


def _label(series: Series, told: frozenset[str]) -> str:
    text = labels_text({key: value for key, value in series.labels.items() if key in told})
    return clip(text.strip("{}") or "its value", _LABEL_CHARS)


def _moved(one: Movement) -> str:
    return f"{one.trend}, from {number_text(one.before)} to {number_text(one.after)}"


def _chart(moved: Sequence[Movement], told: frozenset[str], window: _Window) -> str:
    rows = []
    # One scale for all: they measure the same, and a small series must not look like a large one.
    low, high = min(one.least for one in moved), max(one.greatest for one in moved)
    for one in moved:
        bars = sparkline(on_axis(one.series, window.start, window.step_s), _COLUMNS, low=low, high=high)
        figures = (number_text(one.least), number_text(one.greatest), number_text(one.last))
        rows.append((_label(one.series, told), bars, *figures))
    if window.since is not None:
        column = round((window.since - window.start) / timedelta(seconds=window.step_s))
        rows.append(("", " " * column + "^ the alert started", "", "", ""))
    return table(("SERIES", "CHART", "MIN", "MAX", "LAST"), rows)
