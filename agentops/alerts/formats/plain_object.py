"""An object of no known sender: it names itself, and carries labels or has them among its members.

One alert alone, as Prometheus writes it, is such an object; so is a bare list of them under ``alerts``. What was
understood of a foreign one is said, and neither its state nor its time is made up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from agentops.alerts import fields, label_table
from agentops.alerts.declaration import alert_format
from agentops.alerts.grouping import Payload
from agentops.alerts.labels import normal
from agentops.alerts.prometheus_alert import prometheus_alert, too_many, webhook_alerts
from agentops.alerts.states import UNSAID, standing_of
from agentops.alerts.stating import joined, stated, tagged
from agentops.core.errors import AlertError

_NAME_KEYS = (
    "alertname", "alert", "alert_name", "alertName", "alert_title", "name", "title", "subject", "summary", "headline",
    "rule_name", "ruleName", "monitor_name", "check_name", "event_title", "problem", "message", "msg", "description",
)  # fmt: skip
_STATE_KEYS = (
    "status", "state", "alert_status", "alert_state", "alertState", "alert_action", "current_state", "currentState",
    "new_state", "newState", "to_state", "event_state", "incident_status", "monitor_status", "check_state",
    "transition",
    "alert_transition", "NOTIFICATIONTYPE", "notification_type", "event_type", "eventType", "action", "event", "type",
)  # fmt: skip
_SEVERITY_KEYS = ("severity", "priority", "level", "sev", "urgency", "criticality", "alert_type", "alertType", "impact")
_START_KEYS = (
    "startsAt", "started_at", "startedAt", "start_time", "startTime", "start", "activeAt", "fired_at", "firedAt",
    "triggered_at", "triggeredAt", "opened_at", "openedAt", "activated_at", "activatedAt", "occurred_at", "first_seen",
)  # fmt: skip
_SENT_KEYS = ("timestamp", "time", "date", "created_at", "createdAt", "event_time", "eventTime", "@timestamp", "ts")
_TEXT_KEYS = (
    "description", "details", "message", "msg", "body", "text", "reason", "output", "notes", "comment", "cause",
    "query", "condition",
)  # fmt: skip
_LINK_KEYS = ("url", "link", "html_url", "incident_url", "alert_url", "permalink", "event_link")
_ID_KEYS = ("fingerprint", "dedup_key", "alias", "alert_id", "alertId", "incident_id", "incidentId", "id", "uuid")
_INNER = (
    "alert", "incident", "event", "data", "payload", "issue", "problem", "monitor", "attributes", "details", "check",
    "rule", "context", "result", "resource", "labels", "tags", "metadata", "dimensions",
)  # fmt: skip
_TABLE = frozenset(
    key
    for row in (
        *label_table.TELLING,
        label_table.PODS,
        label_table.REPLICA_SETS,
        label_table.SERVICES,
        label_table.NODES,
    )
    for key in f"{row.keys} {row.namespaces}".split()
) | frozenset(f"{label_table.NAMESPACES} {label_table.CONTAINERS}".split())
_TOLD_KEYS = ("summary", "description", "message")


def _recognises(document: Any) -> bool:
    if not isinstance(document, dict):
        return False
    alerts = document.get("alerts")
    return isinstance(alerts, list) or "labels" in document or bool(_named(document)[0])


def _has_labels(document: Any) -> bool:
    """Return whether it is more than a sentence with a colon: ``name: checkout is down`` is words."""
    if not isinstance(document, dict):
        return False
    alerts = document.get("alerts")
    return isinstance(document.get("labels"), dict) or (isinstance(alerts, list) and bool(alerts))


@alert_format(
    "",
    "an object with `labels`, or with a name (`title`, `name`, `alertname`, `summary`, `message`)",
    recognises=_recognises,
    recognises_yaml=_has_labels,
)
def plain_object(document: Mapping[str, Any]) -> Payload:
    """Read the object as one alert; what stands at its top level are its labels too.

    Raises:
        AlertError: it is a list under ``alerts`` whose items are no alerts.
    """
    listed = document.get("alerts")
    if not isinstance(listed, list):
        return _as_prometheus(document) if _is_prometheus(document) else _foreign(document)
    if not listed or any(isinstance(item, dict) and "labels" in item for item in listed):
        return webhook_alerts(document, "alertmanager")
    if not all(isinstance(item, dict) and _named(item)[0] for item in listed):
        raise AlertError("the items of 'alerts' have neither labels nor a name", hint="Send the sender's own payload.")
    found = joined(map(_foreign, listed[: fields.MAX_ALERTS]))
    return Payload(alerts=found.alerts, notes=(*found.notes, *too_many(listed)))


def _is_prometheus(document: Mapping[str, Any]) -> bool:
    is_alert = "labels" in document and not isinstance(document["labels"], list)
    return is_alert and (bool({"annotations", "startsAt", "activeAt", "generatorURL"} & document.keys())
                         or "alertname" in fields.inside(document, "labels") or not _named(document)[0])  # fmt: skip


def _as_prometheus(document: Mapping[str, Any]) -> Payload:
    labels = fields.labels(document, "labels")
    top = {key: value for key, value in document.items() if isinstance(value, str | int | float) and key != "status"}
    merged = {**fields.labels({"top": top}, "top"), **labels}
    merged.setdefault("alertname", fields.scalar(_named(document)[0], "name"))
    told = {key: merged[key] for key in _TOLD_KEYS if key in merged}
    annotations = {**told, **fields.labels(document, "annotations")}
    return Payload(
        alerts=(prometheus_alert({**document, "labels": merged, "annotations": annotations}, "", "prometheus"),)
    )


def _foreign(document: Mapping[str, Any]) -> Payload:
    """Read an object whose sender nobody knows, and say which of its members were understood."""
    name, name_key = _named(document)
    state, state_key = _stated(document)
    standing = standing_of(state)
    started, start_key = _moment(document, _START_KEYS)
    if started is None and standing.status == "firing":
        started, start_key = _moment(document, _SENT_KEYS)
    texts = [said for part in _parts(document) for key in _TEXT_KEYS if (said := fields.first_text(part, key))]
    severity = [fields.first_text(part, key) for part in _parts(document) for key in _SEVERITY_KEYS]
    read = {"name": name_key, "state": state_key, "start": start_key}
    understood = ", ".join(f"{what} from {key!r}" for what, key in read.items() if key)
    unsaid = " and ".join(what for what in ("state", "start") if not read[what])
    note = f"of a form that no known sender has: {understood}" + (f"; {unsaid} not told" if unsaid else "")
    found = stated(
        "unknown",
        name=name,
        state=state,
        severity=severity,
        summary=next((said for key in ("summary", *_TEXT_KEYS) if (said := fields.first_text(document, key))), ""),
        text="\n".join(dict.fromkeys(texts)),
        labels=_labels(document),
        started=started,
        fingerprint=fields.first_text(document, *_ID_KEYS),
        link=next((url for part in _parts(document) if (url := fields.first_text(part, *_LINK_KEYS))), ""),
        notes=(note,),
    )
    if not state_key and standing.state == UNSAID:
        # The remark on a missing state is part of the note already.
        return Payload(alerts=found.alerts, notes=(standing.remark, note))
    return found


def _parts(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the object, and the objects in it that carry what alerts carry, two levels deep."""
    yield document
    inner = [part for key in _INNER if (part := fields.inside(document, key))]
    yield from inner
    for one in inner:
        yield from (part for key in _INNER if (part := fields.inside(one, key)))


def _named(document: Mapping[str, Any]) -> tuple[str, str]:
    return next(
        (
            (document_part[key], key)
            for document_part in _parts(document)
            for key in _NAME_KEYS
            if isinstance(document_part.get(key), str) and document_part[key].strip()
        ),
        ("", ""),
    )


def _stated(document: Mapping[str, Any]) -> tuple[str, str]:
    """Return the word for how it stands: one that is known before one that is not."""
    found = [(said, key) for part in _parts(document) for key in _STATE_KEYS if (said := fields.first_text(part, key))]
    known = next(((said, key) for said, key in found if standing_of(said).state != UNSAID), None)
    return known or next(((said, key) for said, key in found if key in _STATE_KEYS[:4]), ("", ""))


def _moment(document: Mapping[str, Any], keys: tuple[str, ...]) -> tuple[datetime | None, str]:
    for part in _parts(document):
        for key in keys:
            moment = fields.as_moment(fields.first_text(part, key))
            if moment is not None:
                return moment, key
    return None, ""


def _labels(document: Mapping[str, Any]) -> dict[str, str]:
    """Return the members of the top level, and those further in that the table of labels knows."""
    found = {key: value for key, value in fields.flat(document, depth=1).items() if key not in _TEXT_KEYS}
    for path, value in fields.flat(document, depth=4).items():
        # Of ``resource.labels.pod_name``, the longest end that the table knows.
        ends = [path.split(".", n)[-1] for n in range(path.count(".") + 1)]
        known = next((end for end in ends if normal(end) in _TABLE), "")
        if known:
            found.setdefault(known, value)
    for part in _parts(document):
        for key in ("tags", "labels"):
            listed = tagged(part.get(key))
            found |= {name: said for name, said in listed.items() if name not in found}
    return found
