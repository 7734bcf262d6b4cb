"""Plain words as an alert: a sentence on the command line, an e-mail, a chat message, a ticket, in any language.

Comes in: text. Goes out: an alert named by its first line, with the pairs (``namespace=shop``, ``pod: api-1``) and the
names that stand beside a kind (``deployment checkout``, ``pod/api-1``). It never takes an ordinary word for a name when
in doubt: no target is better than a wrong one, and the provider, who knows the names that exist, looks again.
"""

from __future__ import annotations

import html
import re

from agentops.alerts import label_table
from agentops.alerts.fields import MAX_TEXT_CHARS
from agentops.alerts.grouping import Payload
from agentops.alerts.kinds import kind_named
from agentops.alerts.labels import is_name, normal, severity_of, target_of
from agentops.alerts.ordinary_words import NAMESPACE_WORDS, NO_PLACES, ORDINARY
from agentops.core.alert import Alert, Target
from agentops.core.text import clip, one_line, visible

_MAX_CHARS = 100_000
_SUMMARY_CHARS = 500
_PAIR = re.compile(r"(?<![\w.-])([A-Za-z][\w.]{0,60})[ \t]?[=:][ \t]*[\"']?([A-Za-z0-9][\w.:/-]{0,252})")
_MORE_KEYS = "alertname severity priority cluster region app job instance urgency level"
_GRADES = ("severity", "priority", "urgency", "level", "alertname")
_NAMING = frozenset({"pod", "deployment", "statefulset", "daemonset", "replicaset", "service", "ingress", "pvc"})
_KEYS = frozenset(
    key
    for row in (
        *label_table.TELLING,
        label_table.PODS,
        label_table.REPLICA_SETS,
        label_table.SERVICES,
        label_table.NODES,
    )
    for key in (row.keys.split() if not row.beside else ())
) | frozenset(f"{label_table.NAMESPACES} {label_table.CONTAINERS} {_MORE_KEYS}".split()) - {"ns"}
_KINDS = (
    "pod|deployment|deploy|statefulset|sts|daemonset|replicaset|job|cronjob|node|service|svc|"
    "pvc|persistentvolumeclaim|ingress|hpa|horizontalpodautoscaler|poddisruptionbudget"
)
_NAME = r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?"
_SLASH = re.compile(rf"(?<![\w./-])({_KINDS})s?(?:\.[a-z.]+)?/({_NAME})", re.IGNORECASE)
_QUOTED = re.compile(rf"(?<![\w.-])({_KINDS})[ \t]+[\"']({_NAME})[\"']", re.IGNORECASE)
_PLACED = re.compile(rf"(?<![\w.-])({_KINDS})[ \t]+({_NAME})/({_NAME})(?:[ \t]+\(({_NAME})\))?(?![\w/])", re.IGNORECASE)
_BESIDE = re.compile(rf"(?<![\w./-])({_KINDS})[ \t]+({_NAME})(?![\w/-])", re.IGNORECASE)
_BEFORE = re.compile(rf"(?<![\w./-])({_NAME})[\"']?[ \t]+({_KINDS})(?![\w/-])")
# As the kubelet writes a pod: NAME_NAMESPACE(UID).
_KUBELET = re.compile(
    rf"(?:container[ =]({_NAME})[ \t]+(?:in[ \t]+)?)?pod[ =]({_NAME})_([a-z0-9](?:[a-z0-9-]*[a-z0-9])?)\([0-9a-f-]+"
)
_SPACE = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_IN_NAMESPACE = re.compile(
    rf"(?<!\w)(?:in|from|of|im|dans|en|nel)\s+(?:the\s+|le\s+|el\s+)?[\"']?({_SPACE})[\"']?\s+namespace(?!\w)",
    re.IGNORECASE,
)
_NAMESPACE = re.compile(
    rf"(?<![\w.-])(?:namespaces?|ns|{NAMESPACE_WORDS})(?:/|\s*[\"']|[=:]\s?|\s+)({_SPACE})(?!\w)", re.IGNORECASE
)
_NAMESPACE_BEFORE = re.compile(rf"(?<![\w./-])({_SPACE})[\"']?\s+namespace(?!\w)")
_OPTION = re.compile(rf"(?<!\S)(?:-n|--namespace)[ =]({_SPACE})(?!\S)")
# Before it: signs, emoji by name, "Re:", and the sender in brackets.
_OVER = re.compile(
    r"(?:[^\w\[(]|:\w+:|(?:re|fwd?|aw|wg):|\[(?!resolved|recovered|ok\b|closed)[^\]]{0,40}\])*"
    r"[\[(]?\s*(?:resolved|recovered|recovery|closed|ok|solved|cleared)\s*(?::\s*\d+)?\s*(?:[\])]|:|-)",
    re.IGNORECASE,
)
_TABLE_ROW = re.compile(
    r"^\|{1,2}[ \t]*([A-Za-z][\w. ]{0,40}?)[ \t]*\|{1,2}[ \t]*([^|\n]{1,253}?)[ \t]*\|", re.MULTILINE
)
_HTML = re.compile(r"<(?:html|body|table|div|p|br|h[1-6])[\s>/]", re.IGNORECASE)
_CELL = re.compile(r"</t[dh]>\s*<t[dh][^<>]{0,200}>", re.IGNORECASE)
_BLOCK = re.compile(r"</?(?:tr|br|p|div|h[1-6]|li|table)[^<>]{0,200}>", re.IGNORECASE)
_UNSHOWN = re.compile(r"<(style|script|head)\b.*?</\1>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^<>]{1,500}>")
_HEADER = re.compile(r"(?:[A-Z][A-Za-z-]{1,40}:\s|\s+\S)")
_MARKUP = re.compile(r"[*`]+|</?[a-z][a-z0-9]*(?:\s[^<>]{0,200})?/?>", re.IGNORECASE)
_LINK = re.compile(r"<https?://[^|<>\s]{1,500}\|([^<>]{1,200})>")
_PUNCTUATION = str.maketrans(
    {"：": ":", "＝": "=", "，": ", ", "。": ". ", "（": " (", "）": ") ", "“": '"', "”": '"', "„": '"', "«": '"',
     "»": '"', "‘": "'", "’": "'", "「": '"', "」": '"', "『": '"', "』": '"', "／": "/"}
)  # fmt: skip


def prose(text: str) -> Payload:
    """Read text as one alert."""
    subject_line, text = _mail(_without_html(text[:_MAX_CHARS]))
    safe = visible(f"{subject_line}\n{text}" if subject_line else text)
    lines = [line.strip() for line in safe.splitlines() if line.strip()]
    first = lines[0] if lines else "alert without a name"
    labels = pairs_in(safe)
    target = target_of(labels)
    is_read = target.known
    subject = labels.get("alertname") or re.sub(r"^(?:subject|alert|title)\s*:\s*", "", first, flags=re.IGNORECASE)
    words = re.findall(r"[A-Za-z][A-Za-z0-9-]*", first)
    is_more = len(lines) > 1 or len(first) > _SUMMARY_CHARS
    return Payload(
        alerts=(
            Alert(
                name=one_line(subject, 120),
                source="text",
                status="resolved" if _OVER.match(subject) else "firing",
                severity=severity_of(labels.get("severity", ""), labels.get("priority", ""), *_telling(words)),
                summary=one_line(first, _SUMMARY_CHARS),
                labels=labels,
                annotations={"description": clip(safe, MAX_TEXT_CHARS)} if is_more else {},
                target=target if is_read else target_in(safe, target.namespace),
                from_words=not is_read,
            ),
        )
    )


def _without_html(text: str) -> str:
    """Return what an HTML mail says: a row of a table becomes a pair, tags go."""
    if not _HTML.search(text):
        return text
    text = _CELL.sub(": ", text)
    return html.unescape(_TAG.sub("", _BLOCK.sub("\n", _UNSHOWN.sub("", text))))


def _mail(text: str) -> tuple[str, str]:
    """Return the subject of a mail with headers, and what stands below them; no subject for other text."""
    head, blank, body = text.lstrip().partition("\n\n")
    lines = head.splitlines()
    if not blank or len(lines) < 2 or not all(_HEADER.match(line) for line in lines):
        return "", text
    subject = next((line.partition(":")[2].strip() for line in lines if line.lower().startswith("subject:")), "")
    return (subject, body) if subject else ("", text)


def pairs_in(text: str) -> dict[str, str]:
    """Return the pairs whose key is a label that alerts have; the first of each key counts."""
    found: dict[str, str] = {}
    for key, value in _PAIR.findall(_plain(text)):
        key = key.lower()
        value = value.rstrip(".,:;")
        place, slash, name = value.partition("/")
        if slash and normal(key) in _NAMING and is_name(place) and is_name(name):
            # ``Pod: shop/api-1``
            found.setdefault(key, name)
            found.setdefault("namespace", place)
        elif normal(key) in _KEYS and (key in _GRADES or value.lower() not in ORDINARY):
            found.setdefault(key, value)
    return found


def target_in(text: str, namespace: str = "") -> Target:
    """Return the object that the text names beside a kind, in the namespace that it names.

    The surest first: ``Pod shop/api-1 (app)``, ``pod/api-1``, ``pod "api-1"``; then a name that looks like none of a
    language (``node worker-1``), then any word beside a kind that is no ordinary one.
    """
    text = _plain(text)
    for kind, place, name, container in _PLACED.findall(text):
        if is_name(place) and is_name(name) and place not in ORDINARY:
            found = _target(kind, name, namespace or place)
            return Target(namespace=found.namespace, kind=found.kind, name=name, container=container)
    kubelet = _KUBELET.search(text)
    if kubelet:
        return Target(namespace=kubelet.group(3), kind="Pod", name=kubelet.group(2), container=kubelet.group(1) or "")
    place = namespace or _namespace_in(text)
    for pattern in (_SLASH, _QUOTED):
        for kind, name in pattern.findall(text):
            if is_name(name) and not name.isdigit():
                return _target(kind, name, place)
    beside = [(kind, name) for kind, name in _BESIDE.findall(text) if _may_be_name(name)]
    beside += [(kind, name) for name, kind in _BEFORE.findall(text) if _may_be_name(name)]
    beside.sort(key=lambda pair: not re.search(r"[-.\d]", pair[1]))
    return _target(*beside[0], place) if beside else Target(namespace=place)


def _may_be_name(word: str) -> bool:
    return word not in ORDINARY and word != word.upper() and is_name(word) and len(word) > 1


def _plain(text: str) -> str:
    """Return the text without what only dresses it: emphasis, tags, links of chat rooms, quotes of all languages."""
    plain = _MARKUP.sub("", _LINK.sub(r"\1", text[:_MAX_CHARS])).translate(_PUNCTUATION)
    return _TABLE_ROW.sub(r"\1: \2", plain)


def _target(word: str, name: str, namespace: str) -> Target:
    kind = kind_named(word)
    return Target(kind=kind, name=name, namespace="" if kind == "Node" else namespace)


def _namespace_in(text: str) -> str:
    for pattern in (_OPTION, _IN_NAMESPACE, _NAMESPACE, _NAMESPACE_BEFORE):
        for name in pattern.findall(text):
            if name.lower() not in NO_PLACES and is_name(name):
                return str(name)
    return ""


def _telling(words: list[str]) -> list[str]:
    """Only words in capitals or brackets speak of severity in a sentence: CRITICAL, P1, SEV2."""
    return [word for word in words if word.isupper() and len(word) > 1]
