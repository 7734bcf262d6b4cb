"""One alert as Prometheus writes it, which Alertmanager, Grafana and many others send on in their own envelopes.

Comes in: an object with ``labels`` and what belongs to them. Goes out: an ``Alert``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from agentops.alerts import fields
from agentops.alerts.grouping import Payload
from agentops.alerts.labels import severity_of, target_of
from agentops.core.alert import Alert
from agentops.core.text import one_line, plural

_SEVERITY_KEYS = ("severity", "priority", "level", "sev")


def prometheus_alert(
    item: Any, path: str, source: str, common: Mapping[str, str] | None = None, notes: Mapping[str, str] | None = None
) -> Alert:
    """Read one alert.

    Arguments:
        item: ``labels``, ``annotations``, a state, and times.
        path: where it stands in the document, for messages: ``alerts[0].``.
        common: labels that it shares with others.
        notes: annotations that it shares with others.
    """
    found = fields.as_mapping(item, path.rstrip("."))
    labels = {**(common or {}), **fields.labels(found, "labels", path)}
    annotations = {**(notes or {}), **fields.labels(found, "annotations", path)}
    is_over, ended = _is_over(found, path), fields.moment(found, "endsAt", path)
    summary = annotations.get("summary") or annotations.get("message") or annotations.get("description") or ""
    expression = query_of(fields.text(found, "generatorURL", path))
    return Alert(
        name=one_line(
            labels.get("alertname") or fields.first_text(found, "name") or summary or "alert without a name", 200
        ),
        source=source,
        status="resolved" if is_over else "firing",
        severity=severity_of(*(labels.get(key, "") for key in _SEVERITY_KEYS)),
        summary=one_line(summary, 500),
        labels=labels,
        annotations=annotations,
        started_at=fields.moment(found, "startsAt", path) or fields.moment(found, "activeAt", path),
        # While an alert fires, the API's endsAt is only when it would expire.
        ended_at=ended if is_over else None,
        target=target_of(labels, expression),
        fingerprint=fields.text(found, "fingerprint", path),
        runbook_url=annotations.get("runbook_url") or annotations.get("runbook") or "",
        expression=expression,
    )


def query_of(url: str) -> str:
    """Return the rule's query that Prometheus writes into the link to its graph; empty when there is none."""
    try:
        return parse_qs(urlsplit(url[:8000]).query).get("g0.expr", [""])[0]
    except ValueError:
        return ""


def _is_over(found: Mapping[str, Any], path: str) -> bool:
    """Return whether the alert has ended: its state stands in ``status``, as a word or an object, or in ``state``."""
    status = found.get("status")
    state = status.get("state") if isinstance(status, dict) else status or found.get("state")
    word = fields.scalar(state, f"{path}status") if state is not None else "firing"
    return word.lower() in ("resolved", "inactive", "normal", "ok")


def webhook_alerts(document: Mapping[str, Any], source: str) -> Payload:
    """Read the envelope of Alertmanager's webhook, which Grafana's has too."""
    listed = fields.items(document, "alerts")
    common = fields.labels(document, "commonLabels")
    common_notes = fields.labels(document, "commonAnnotations")
    alerts = [
        prometheus_alert(item, f"alerts[{n}].", source, common, common_notes)
        for n, item in enumerate(listed[: fields.MAX_ALERTS])
    ]
    notes = too_many(listed)
    cut = document.get("truncatedAlerts")
    if isinstance(cut, int) and cut > 0:
        notes = (*notes, f"the sender left out {plural(cut, 'more alert')}")
    return Payload(alerts=tuple(alerts), notes=notes)


def too_many(listed: Sequence[Any]) -> tuple[str, ...]:
    """Return the note on alerts that were not read, because the payload holds too many."""
    if len(listed) <= fields.MAX_ALERTS:
        return ()
    return (f"only the first {fields.MAX_ALERTS:,} of {len(listed):,} alerts were read",)
