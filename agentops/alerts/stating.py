"""One alert from what a sender's format has read: state, severity, labels and target are told the same for all.

Comes in: plain values. Goes out: a ``Payload`` of one alert, with the remarks that go with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from agentops.alerts.grouping import Payload
from agentops.alerts.labels import severity_of, target_of
from agentops.alerts.prose import pairs_in, target_in
from agentops.alerts.states import standing_of
from agentops.core.alert import Alert, Severity, Target
from agentops.core.text import one_line

_WORDS_CHARS = 6_000
"""How much of a message's text names are looked for in; there may be a thousand messages."""


def stated(
    source: str,
    *,
    name: str,
    state: str | Iterable[str],
    severity: Iterable[str] | Severity = (),
    summary: str = "",
    text: str = "",
    labels: Mapping[str, str] | None = None,
    started: datetime | None = None,
    ended: datetime | None = None,
    target: Target | None = None,
    fingerprint: str = "",
    link: str = "",
    notes: Iterable[str] = (),
) -> Payload:
    """Return the alert of one message.

    Arguments:
        state: the sender's words for how it stands, the most telling first.
        severity: the sender's words for how bad it is, or what they mean where its scale is its own.
        text: all further text, in which pairs and names are looked for; the labels outrank it.
        target: what the message names outright; else the labels tell it, else the words.
        link: to the alert at its sender.
    """
    standing = standing_of(*([state] if isinstance(state, str) else state))
    named = {key: value for key, value in (labels or {}).items() if value}
    words = f"{name}\n{summary}\n{text}"[:_WORDS_CHARS]
    paired = pairs_in(words)
    # A label of the sender's outranks a pair in the text, whatever its spelling.
    told = target_of({**named, "alertname": named.get("alertname") or name})
    merged = {**paired, **named} if told.known else {**named, **paired}
    about = target if target is not None else told
    if target is None and not about.known:
        about = target_of({**merged, "alertname": merged.get("alertname") or name})
    from_words = target is None and not about.known
    if from_words:
        about = target_in(words, about.namespace)
    bad = severity if isinstance(severity, Severity) else severity_of(*severity, merged.get("severity", ""))
    described = text.strip()
    alert = Alert(
        name=one_line(name or summary or "alert without a name", 200),
        source=source,
        status=standing.status,
        state=standing.state,
        severity=bad,
        summary=one_line(summary or name, 500),
        labels={**paired, **named},
        annotations={"description": described} if described and described != summary else {},
        started_at=started,
        ended_at=ended if standing.status == "resolved" else None,
        target=about,
        from_words=from_words,
        fingerprint=fingerprint,
        runbook_url=link,
    )
    return Payload(alerts=(alert,), notes=tuple(filter(None, (standing.remark, *notes))))


def joined(parts: Iterable[Payload]) -> Payload:
    """Return the alerts of several messages as one payload; each remark is said once."""
    listed = tuple(parts)
    return Payload(
        alerts=tuple(alert for one in listed for alert in one.alerts),
        aside=tuple(entry for one in listed for entry in one.aside),
        notes=tuple(dict.fromkeys(note for one in listed for note in one.notes)),
    )


def tagged(tags: object) -> dict[str, str]:
    """Return tags of the form ``key:value`` as labels; a list of them, or one text with commas."""
    listed = tags.split(",") if isinstance(tags, str) else tags if isinstance(tags, list | tuple) else ()
    pairs = (one.strip().partition(":") for one in listed[:200] if isinstance(one, str))
    return {one_line(key, 200): one_line(value.strip(), 500) for key, colon, value in pairs if colon and key and value}
