"""Plain words as an alert: a sentence on the command line, an e-mail, a chat message.

Comes in: text. Goes out: an alert named by its first line, with the pairs (``namespace=shop``, ``pod: api-1``) and
the names that stand beside a kind (``deployment checkout``, ``pod/api-1``). It never takes an ordinary word for a name
when in doubt: no target is better than a wrong one.
"""

from __future__ import annotations

import re

from agentops.alerts.fields import MAX_TEXT_CHARS
from agentops.alerts.grouping import Payload
from agentops.alerts.kinds import kind_named
from agentops.alerts.labels import is_name, severity_of, target_of
from agentops.core.alert import Alert, Target
from agentops.core.text import clip, one_line, visible

_MAX_CHARS = 100_000
_SUMMARY_CHARS = 500
_PAIR = re.compile(r"(?<![\w.-])([A-Za-z][\w.]{0,60})[ \t]?[=:][ \t]?[\"'`]?([A-Za-z0-9][\w.:/-]{0,252})")
_KEY_WORDS = """alertname namespace pod deployment statefulset daemonset replicaset job_name cronjob container node
instance service persistentvolumeclaim pvc horizontalpodautoscaler hpa ingress severity priority cluster region app
job"""
_KEYS = frozenset(_KEY_WORDS.split())
_KINDS = (
    "pod|deployment|deploy|statefulset|sts|daemonset|replicaset|job|cronjob|node|service|svc|"
    "pvc|persistentvolumeclaim|ingress|hpa"
)
_BESIDE = re.compile(rf"(?<![\w.-])({_KINDS})(/|\s+[\"'`]?)([a-z0-9][a-z0-9.-]*[a-z0-9])", re.IGNORECASE)
_BEFORE = re.compile(rf"(?<![\w./-])([a-z0-9][a-z0-9-]*[a-z0-9])[\"'`]?\s+({_KINDS})(?![\w/-])")
_NAMESPACE = re.compile(r"(?<![\w.-])(?:namespace|ns)(?:/|\s+[\"'`]?|[=:]\s?)([a-z0-9][a-z0-9-]*)", re.IGNORECASE)
_NAMESPACE_BEFORE = re.compile(r"(?<![\w./-])([a-z0-9][a-z0-9-]*[a-z0-9])[\"'`]?\s+namespace(?!\w)")
_ORDINARY_WORDS = """the a an my our your this that these those all any some every each no not is are was were be been
being has have had and or but of in on at to for from with without by as it its which what why when where who how can
cannot will would should keeps keep kept failing failed fails fail failure failures crash crashes crashing crashed
crashloop down up slow unhealthy healthy unavailable available pending evicted ready unready notready restarting
restarts restart error errors oom killed full new old one two three many most other another same name names named count
disk memory cpu usage limit limits quota level stuck missing broken running scheduled unschedulable does did do got
gets get kubernetes k8s cluster database public internal external single last first next after before during since
account mesh discovery status state condition pressure"""
# Ordinary beside a kind, yet names that namespaces have.
_PLACE_WORDS = "production staging prod dev test web monitor system"
_NO_PLACES = frozenset(_ORDINARY_WORDS.split())
_ORDINARY = _NO_PLACES | frozenset(_PLACE_WORDS.split())


def prose(text: str) -> Payload:
    """Read text as one alert."""
    safe = visible(text[:_MAX_CHARS])
    lines = [line.strip() for line in safe.splitlines() if line.strip()]
    first = lines[0] if lines else "alert without a name"
    labels = pairs_in(safe)
    target = target_of(labels)
    subject = labels.get("alertname") or re.sub(r"^(?:subject|alert|title)\s*:\s*", "", first, flags=re.IGNORECASE)
    words = re.findall(r"[A-Za-z][A-Za-z0-9-]*", first)
    is_more = len(lines) > 1 or len(first) > _SUMMARY_CHARS
    return Payload(
        alerts=(
            Alert(
                name=one_line(subject, 120),
                source="text",
                severity=severity_of(labels.get("severity", ""), labels.get("priority", ""), *_telling(words)),
                summary=one_line(first, _SUMMARY_CHARS),
                labels=labels,
                annotations={"description": clip(safe, MAX_TEXT_CHARS)} if is_more else {},
                target=target if target.known else target_in(safe, target.namespace),
            ),
        )
    )


def pairs_in(text: str) -> dict[str, str]:
    """Return the pairs whose key is a label that alerts have; the first of each key counts."""
    found: dict[str, str] = {}
    for key, value in _PAIR.findall(text[:_MAX_CHARS]):
        key = key.lower()
        value = value.rstrip(".,:;")
        if key in _KEYS and value.lower() not in _ORDINARY:
            found.setdefault(key, value)
    return found


def target_in(text: str, namespace: str = "") -> Target:
    """Return the object that the text names beside a kind, in the namespace that it names."""
    text = text[:_MAX_CHARS]
    place = namespace or _namespace_in(text)
    for kind, joint, name in _BESIDE.findall(text):
        if (joint == "/" or name not in _ORDINARY) and is_name(name):
            return _target(kind, name, place)
    for name, kind in _BEFORE.findall(text):
        if name not in _ORDINARY:
            return _target(kind, name, place)
    return Target(namespace=place)


def _target(word: str, name: str, namespace: str) -> Target:
    kind = kind_named(word)
    return Target(kind=kind, name=name, namespace="" if kind == "Node" else namespace)


def _namespace_in(text: str) -> str:
    for pattern in (_NAMESPACE, _NAMESPACE_BEFORE):
        for name in pattern.findall(text):
            if name.lower() not in _NO_PLACES:
                return str(name)
    return ""


def _telling(words: list[str]) -> list[str]:
    """Only words in capitals or brackets speak of severity in a sentence: CRITICAL, P1, SEV2."""
    return [word for word in words if word.isupper() and len(word) > 1]
