"""Notes of owners: what people write on an object for whoever comes to change it, and what such a note speaks against.

Comes in: an object's labels and annotations (an AWS resource's tags would do as well), and a ``Change``. Goes out:
``Note`` values, and whether one of them speaks against that change. What counts is data: words of the key's own part,
whatever its prefix. Notes are foreign text. They can hold back a proposal or warn a person; they must never permit
anything, and policy reads none of their words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from agentops.core.plan import Change, Note
from agentops.core.resource import ResourceRef
from agentops.core.text import one_line

MOST_NOTES = 8
"""So many notes of one object are kept; whoever writes more does not write for people."""
VALUE_CHARS = 160
_KEY_CHARS = 100
_QUOTES = str.maketrans("“”", '""')

_TELLING = frozenset(
    {
        "caution", "comment", "comments", "contact", "contacts", "cordon", "cordoned", "description", "email",
        "escalation", "exception", "freeze", "frozen", "hold", "incident", "issue", "jira", "keep", "lock", "locked",
        "maintainer", "maintainers", "maintenance", "note", "notes", "notice", "oncall", "owned", "owner", "owners",
        "ownership", "pagerduty", "pause", "paused", "pinned", "protect", "protected", "quarantine", "quarantined",
        "reason", "runbook", "slack", "squad", "suspended", "team", "teams", "ticket", "todo", "warning", "why",
    }
)  # fmt: skip
_PHRASES = (
    ("do", "not"), ("dont",), ("never",), ("managed", "by"), ("on", "call"), ("safe", "to", "evict"), ("scaled", "by"),
    ("scaled", "down"), ("scale", "down", "disabled"),
)  # fmt: skip
"""A key is a note when one of its words is telling, or these follow one another in it."""

_MACHINES = re.compile(
    r"(^|\.)(kubernetes\.io|k8s\.io|helm\.sh|argoproj\.io|fluxcd\.io|cattle\.io|cncf\.io|projectcalico\.org)$|^checksum$"
)
"""Prefixes under which programs keep their books ..."""
_PEOPLE = re.compile(
    r"^(app\.kubernetes\.io/managed-by|kubernetes\.io/description|cluster-autoscaler\.kubernetes\.io/.*)$"
)
"""... and the keys under them that are for people, or that people set."""

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_DENIALS = frozenset({"", "false", "no", "none", "off", "0", "disabled", "n"})

_HOLDS = frozenset({"freeze", "frozen", "hold", "lock", "locked", "pause", "paused", "quarantine", "quarantined"})
"""Words of a key that speak against any change of its object."""
_ANY = frozenset({
    "alter", "automate", "change", "disturb", "edit", "fix", "heal", "modify", "mutate", "patch", "remediate", "touch",
    "update",
})  # fmt: skip
_ELSEWHERE = frozenset({"alert", "backup", "log", "monitor", "notify", "page", "scrape", "silence"})
"""Verbs that forbid something that no change tool does."""
_REMOVALS = frozenset({"delete", "kill", "remove"})
_IMPLIED: Mapping[str, tuple[str, ...]] = {
    "alias": ("deploy", "rollback", "shift"),
    "back": ("deploy", "disrupt", "downgrade", "redeploy", "restart", "revert", "rollback", "undo"),
    "concurrency": ("autoscale", "scale"),
    "cordon": ("drain",),
    "count": ("autoscale", "scale"),
    "deregister": ("disrupt", "drain", "remove"),
    "delete": ("disrupt", "evict", "kill", "remove", "restart", "recreate"),
    "drain": ("cordon", "delete", "disrupt", "evict", "move", "reboot", "restart"),
    "env": ("deploy", "disrupt", "redeploy", "restart", "roll", "rollout"),
    "evict": ("delete", "disrupt", "move", "restart"),
    "hpa": ("autoscale", "scale"),
    "image": ("deploy", "disrupt", "downgrade", "redeploy", "restart", "roll", "rollout", "upgrade"),
    "manifest": ("apply", "deploy", "disrupt", "redeploy", "restart", "roll", "rollout", "scale", "upgrade"),
    "patch": ("deploy", "disrupt", "redeploy", "restart", "roll", "rollout"),
    "probe": ("deploy", "disrupt", "redeploy", "restart", "roll", "rollout"),
    "pvc": ("expand", "grow"),
    "reboot": ("bounce", "disrupt", "restart"),
    "redeploy": ("deploy", "disrupt", "replace", "restart", "roll", "rollout"),
    "redrive": ("move", "replay"),
    "refresh": ("disrupt", "replace", "restart", "roll", "terminate"),
    "resources": ("deploy", "disrupt", "redeploy", "restart", "roll", "rollout"),
    "restart": ("bounce", "disrupt", "redeploy", "reboot", "roll"),
    "resume": ("enable", "run", "start", "unpause", "unsuspend"),
    "scale": ("autoscale",),
    "size": ("autoscale", "resize", "scale", "terminate"),
    "start": ("resume", "run"),
    "stop": ("disrupt", "pause", "shutdown", "suspend"),
    "storage": ("expand", "grow", "resize"),
    "suspend": ("pause", "stop"),
    "uncordon": ("schedule", "unfence"),
    "undo": ("deploy", "disrupt", "downgrade", "redeploy", "restart", "revert", "roll", "rollback"),
}
"""What else a tool does whose name holds the word: a rollback restarts pods."""
_KEPT: Mapping[str, tuple[str, ...]] = {
    "cordoned": ("uncordon",), "drained": ("uncordon",), "unschedulable": ("uncordon",), "fenced": ("uncordon",),
    "replicas": ("scale",), "scaled": ("scale",), "scale": ("scale",), "zero": ("scale",), "down": ("scale",),
    "stopped": ("scale", "resume"), "suspended": ("resume",),
    "image": ("image", "undo", "upgrade"), "pinned": ("image", "undo", "upgrade"), "version": ("image", "undo"),
}  # fmt: skip
"""What is to be kept, and what would end it; another thing that is to be kept speaks against any change."""
_STATES: Mapping[str, tuple[str, ...]] = {
    "cordon": ("uncordon",), "cordoned": ("uncordon",), "maintenance": ("uncordon",), "suspended": ("resume",),
}  # fmt: skip
"""States that somebody gave a reason for, and what would end them."""
_FORBIDS = re.compile(
    r"\b(?:do not|don'?t|never|must not|should not|mustn'?t|not to be)\s+((?:[a-z]+[\s,/]+){0,3}[a-z]+)"
)
_KEEPS = re.compile(r"\bkeep(?:s|ing)?\s+((?:[a-z]+[\s,]+){0,3}[a-z]+)")
_HELD = re.compile(r"\b(?:on hold|hands off|change freeze|in quarantine|quarantined|leave (?:it |this )?alone)\b")


def notes_of(resource: ResourceRef, *maps: Mapping[Any, Any] | None) -> tuple[Note, ...]:
    """Return the notes of an object.

    Arguments:
        resource: the object.
        maps: its annotations and labels, in the order in which they are to be shown; what is not text is left out.
    """
    found: dict[str, Note] = {}
    for key, value in (pair for one in maps if isinstance(one, Mapping) for pair in sorted(one.items(), key=str)):
        if not isinstance(key, str) or not isinstance(value, str) or not is_note(key) or _is_denied(key, value):
            continue
        # It is shown between quotation marks, which it must not close by itself.
        words = one_line(value.translate(_QUOTES), VALUE_CHARS)
        found.setdefault(key, Note(resource=resource, key=one_line(key, _KEY_CHARS), value=words))
    # What forbids something comes before what only tells whom to ask: it is never what is cut.
    return tuple(sorted(found.values(), key=lambda note: not forbids(note)))[:MOST_NOTES]


def is_note(key: str) -> bool:
    """Return whether people write under this key for people: by the words of its own part, whatever its prefix."""
    prefix, _, name = key.rpartition("/")
    if _MACHINES.search(prefix) and not _PEOPLE.match(key):
        return False
    words = _words(name)
    return not _TELLING.isdisjoint(words) or any(_follow(phrase, words) for phrase in _PHRASES)


def speaks_against(note: Note, change: Change) -> bool:
    """Return whether the note asks not to make this change; its object is taken to be one that the change acts on.

    A note on what stands above the target (a pod's Deployment, a namespace) that forbids deletion means that object.
    """
    forbidden = _acts_against(note)
    acts = acts_of(change) - (frozenset() if note.resource == change.target else _REMOVALS)
    return "" in forbidden or not forbidden.isdisjoint(acts)


def forbids(note: Note) -> bool:
    """Return whether the note speaks against anything at all, rather than telling whom to ask."""
    return bool(_acts_against(note))


def acts_of(change: Change) -> frozenset[str]:
    """Return the words for what a change does: those of its tool's name, and what they bring with them."""
    names = set(change.tool.split("_"))
    if not names.isdisjoint({"patch", "manifest"}):
        written = str(change.arguments)
        names |= {word for word, field in (("scale", "replicas"), ("image", "image")) if field in written}
        names |= {"uncordon"} if "unschedulable" in written else set()
    return frozenset(names).union(*(_IMPLIED.get(name, ()) for name in names), _ANY)


def _acts_against(note: Note) -> frozenset[str]:
    """Return the acts that a note speaks against; the empty word stands for all of them."""
    words = _words(note.key.rpartition("/")[2])
    return frozenset((*_by_key(words, note.value), *_by_value(note.value)))


def _by_key(words: tuple[str, ...], value: str) -> Iterator[str]:
    for negation in (("do", "not"), ("dont",), ("never",)):
        if (at := _place(negation, words)) is not None:
            yield from _forbidden(words[at + len(negation) :])
    if "keep" in words:
        yield from _kept(words[words.index("keep") + 1 :])
    elif not _HOLDS.isdisjoint(words):
        yield ""
    if _follow(("safe", "to", "evict"), words) and value.strip().lower() in _DENIALS:
        yield from ("evict", "drain", "delete")
    if "window" not in words:
        yield from (act for word in words for act in _STATES.get(word, ()))


def _forbidden(verbs: tuple[str, ...]) -> Iterator[str]:
    """Yield the first verb as the bare word; one that is not known forbids everything, unless it is no change."""
    known = next((act for verb in verbs if (act := _bare(verb))), None)
    if known is not None:
        yield "" if known in _ANY else known
    elif not verbs or verbs[0] not in _ELSEWHERE:
        yield ""


def _kept(states: tuple[str, ...]) -> tuple[str, ...]:
    return next((_KEPT[word] for word in states if word in _KEPT), ("",))


def _by_value(value: str) -> Iterator[str]:
    """Yield what the prose of a note speaks against; here only known words count, for people write of many things."""
    text = value.lower().replace("’", "'")
    for match in _FORBIDS.finditer(text):
        act = next((act for word in re.findall(r"[a-z]+", match.group(1)) if (act := _bare(word))), "")
        if act:
            yield "" if act in _ANY else act
    for match in _KEEPS.finditer(text):
        yield from next((_KEPT[word] for word in re.findall(r"[a-z]+", match.group(1)) if word in _KEPT), ())
    if _HELD.search(text):
        yield ""
    words = re.findall(r"[a-z]+", text)
    yield from (act for word in words for act in _STATES.get(word, ()))


_ACTS = frozenset(_IMPLIED).union(*_IMPLIED.values(), _ANY) - {
    "alias", "back", "concurrency", "count", "env", "hpa", "manifest", "probe", "pvc", "resources", "size", "storage",
}  # fmt: skip


def _bare(word: str) -> str:
    """Return the act that a word is a form of (``restarted``, ``scaling``), or nothing."""
    if word in _ACTS:
        return word
    stems = [word.removesuffix(end) for end in ("ing", "ed", "s", "d") if word.endswith(end)]
    return next((form for stem in stems for form in (stem, f"{stem}e", stem[:-1]) if form in _ACTS), "")


def _is_denied(key: str, value: str) -> bool:
    """Return whether the value takes back what the key says: ``do-not-scale: "false"`` forbids nothing."""
    words = _words(key.rpartition("/")[2])
    if _follow(("safe", "to", "evict"), words):
        return value.strip().lower() not in _DENIALS
    is_flag = not (_HOLDS | {"keep", "maintenance", "protected", "suspended"}).isdisjoint(words) or any(
        _follow(phrase, words) for phrase in (("do", "not"), ("dont",), ("never",))
    )
    return is_flag and value.strip().lower() in _DENIALS - {""}


def _words(name: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in _WORDS.findall(name.replace("'", "")))


def _follow(phrase: tuple[str, ...], words: tuple[str, ...]) -> bool:
    return _place(phrase, words) is not None


def _place(phrase: tuple[str, ...], words: tuple[str, ...]) -> int | None:
    return next((at for at in range(len(words)) if words[at : at + len(phrase)] == phrase), None)
