"""An object of no known sender: it names itself, and carries labels or has them among its members.

One alert alone, as Prometheus writes it, is such an object; so is a bare list of them under ``alerts``. What was
understood of a foreign one is said, and neither its state nor its time is made up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain, islice
from typing import Any

from agentops.alerts import fields, label_table
from agentops.alerts.declaration import alert_format
from agentops.alerts.grouping import Payload
from agentops.alerts.labels import normal
from agentops.alerts.prometheus_alert import prometheus_alert, too_many, webhook_alerts
from agentops.alerts.states import UNSAID, standing_of
from agentops.alerts.stating import joined, stated, tagged
from agentops.core.errors import AlertError

# In the one form that ``normal`` gives to keys: AlertName, alertName and alert_name are one.
_STRONG_NAMES = (
    "alertname", "alert_name", "alert_title", "alert", "name", "title", "subject", "headline", "rule_name", "rule",
    "monitor_name", "check_name", "event_title", "problem", "message_title", "display_name", "servicedesc", "detector",
)  # fmt: skip
_WEAK_NAMES = (
    "summary", "summary_message", "message", "msg", "description", "reason", "cause", "text", "output", "serviceoutput",
    "hostoutput",
)  # fmt: skip
_STATE_KEYS = (
    "status", "state", "alert_status", "alert_state", "current_state", "alert_action", "new_state", "to_state",
    "event_state", "incident_status", "monitor_status", "check_state", "servicestate", "hoststate", "transition",
    "notificationtype", "notification_type", "trigger_type", "event_type", "action", "event", "type",
)  # fmt: skip
_SURE_STATES = 4
_OVER_KEYS = ("resolved_at", "closed_at", "ended_at", "resolved_on", "end_time")
_SEVERITY_KEYS = ("severity", "priority", "level", "sev", "urgency", "criticality", "alert_severity",
                  "importance_level", "servicestate", "alert_type", "impact")  # fmt: skip
_START_KEYS = (
    "starts_at", "started_at", "start_time", "start", "active_at", "fired_at", "triggered_at", "opened_at",
    "activated_at", "occurred_at", "first_seen", "state_changed_timestamp",
)  # fmt: skip
_SENT_KEYS = (
    "timestamp",
    "time",
    "date",
    "created_at",
    "event_time",
    "ts",
    "time_stamp",
    "report_time",
    "trigger_time",
)
_TEXT_KEYS = (
    "description", "details", "message", "msg", "body", "text", "reason", "output", "notes", "comment", "cause",
    "query", "condition", "long_description", "message_body", "serviceoutput",
)  # fmt: skip
_LINK_KEYS = ("url", "link", "html_url", "incident_url", "alert_url", "permalink", "event_link", "detector_url")
_ID_KEYS = ("fingerprint", "dedup_key", "alias", "alert_id", "incident_id", "id", "uuid")
_INNER = (
    "alert", "incident", "event", "data", "payload", "issue", "problem", "monitor", "attributes", "details", "check",
    "rule", "context", "result", "resource", "labels", "tags", "metadata", "dimensions",
)  # fmt: skip
_MOST_PARTS = 60
_MOST_MEMBERS = 400
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
    parts = _parts(document)
    name, name_key = _named(document)
    state, state_key = _stated(parts)
    standing = standing_of(state)
    started, start_key = _moment(parts, _START_KEYS)
    if started is None and standing.status == "firing":
        started, start_key = _moment(parts, _SENT_KEYS)
    texts = [said for part in parts for key in _TEXT_KEYS if (said := fields.first_text(part, key))]
    read = {"name": name_key, "state": state_key, "start": start_key}
    understood = ", ".join(f"{what} from {key!r}" for what, key in read.items() if key)
    unsaid = " and ".join(what for what in ("state", "start") if not read[what])
    note = f"of a form that no known sender has: {understood}" + (f"; {unsaid} not told" if unsaid else "")
    found = stated(
        "unknown",
        name=name,
        state=state,
        severity=[fields.first_text(part, key) for part in parts for key in _SEVERITY_KEYS],
        summary=fields.first_text(parts[0], "summary", *_TEXT_KEYS),
        text="\n".join(dict.fromkeys(texts)),
        labels=_labels(document),
        started=started,
        fingerprint=fields.first_text(parts[0], *_ID_KEYS),
        link=next((url for part in parts if (url := fields.first_text(part, *_LINK_KEYS))), ""),
        notes=(note,),
    )
    # What the members mean is a guess: the target is held against the names that exist.
    alerts = tuple(replace(alert, from_words=True) for alert in found.alerts)
    # The remark on a missing state comes first: it is the first thing to know.
    return Payload(alerts=alerts, notes=(standing.remark, note) if standing.remark else (note,))


def _parts(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the object and the objects in it, three levels deep, what carries alerts first; keys in one form."""
    found, level = [document], [document]
    for _depth in range(2):
        members = islice(chain.from_iterable(part.items() for part in level), _MOST_MEMBERS)
        inner = [(key, value) for key, value in members if isinstance(value, dict)]
        inner.sort(key=lambda entry: normal(str(entry[0])) not in _INNER)
        level = [value for _key, value in inner]
        found += level
    return [_plainly_keyed(part) for part in found[:_MOST_PARTS]]


def _plainly_keyed(part: Mapping[str, Any]) -> dict[str, Any]:
    return {normal(str(key)): value for key, value in reversed(tuple(islice(part.items(), _MOST_MEMBERS)))}


def _named(document: Mapping[str, Any]) -> tuple[str, str]:
    """Return the name and the member that holds it: a title at the top, one further in, then any sentence."""
    parts = _parts(document)
    carrying = [part for key, part in _by_key(document) if key in _INNER]
    for among, keys in ((parts[:1], _STRONG_NAMES), (carrying, _STRONG_NAMES), (parts[:1], _WEAK_NAMES),
                        (parts, _STRONG_NAMES), (parts, _WEAK_NAMES)):  # fmt: skip
        for part in among:
            for key in keys:
                value = part.get(key)
                if isinstance(value, str) and value.strip():
                    return value, key
    return "", ""


def _by_key(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the objects of the top level and of those in them, by their keys."""
    for key, value in islice(document.items(), _MOST_MEMBERS):
        if isinstance(value, dict) and normal(str(key)) in _INNER:
            yield normal(str(key)), _plainly_keyed(value)
            for deeper, inner in islice(value.items(), _MOST_MEMBERS):
                if isinstance(inner, dict):
                    yield normal(str(deeper)), _plainly_keyed(inner)


def _stated(parts: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """Return the word for how it stands: one that is known before one that is not, then what the times tell."""
    found = [(said, key) for part in parts for key in _STATE_KEYS if (said := fields.first_text(part, key))]
    known = next(((said, key) for said, key in found if standing_of(said).state != UNSAID), None)
    if known:
        return known
    for part in parts:
        over = next((key for key in _OVER_KEYS if key in part), "")
        if over:
            if part[over]:
                return "resolved", over
            return ("acknowledged", "acknowledged_at") if part.get("acknowledged_at") else ("firing", over)
    return next(((said, key) for said, key in found if key in _STATE_KEYS[:_SURE_STATES]), ("", ""))


def _moment(parts: Sequence[Mapping[str, Any]], keys: tuple[str, ...]) -> tuple[datetime | None, str]:
    for part in parts:
        for key in keys:
            moment = fields.as_moment(fields.first_text(part, key))
            if moment is not None:
                return moment, key
    return None, ""


def _labels(document: Mapping[str, Any]) -> dict[str, str]:
    """Return the members of the top level, and those further in that the table of labels knows."""
    found = {key: value for key, value in fields.flat(document, depth=1).items() if normal(key) not in _TEXT_KEYS}
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
        if isinstance(part.get("kind"), str) and isinstance(part.get("name"), str):
            # An object inside that names itself: a subject, a reference.
            for key in ("kind", "name", "namespace"):
                found.setdefault(f"object_{key}", fields.first_text(part, key))
    return found
