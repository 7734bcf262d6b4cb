"""Long texts made short enough for a closing line: what repeats is said once, and of a new value what is new.

Comes in: a sentence of ours or of a model. Goes out: the same sentence, with image names, digests and paths cut to what
tells them apart. For people only; JSON, plans and the audit log keep the whole.
"""

from __future__ import annotations

import re

from agentops.core.text import clip

_DIGEST = re.compile(r"\bsha256:([0-9a-f]{12})[0-9a-f]{52}\b")
_ARROW = re.compile(r"(\S+) (->|→) (\S+)")
_LONG = re.compile(r"(?<![\w/.:@-])(?:[\w.-]+/)+[\w.-]+(?:[:@][\w.:-]*\w)?")
_CLAUSE = re.compile(r"\S([.;]) ")
_LONG_CHARS = 20
_SEPARATORS = "/:@="


def shorter(text: str) -> str:
    """Return ``text`` with each long name whole at most once, and a new value without what it shares with the old."""
    text = _ARROW.sub(_arrow_found, _DIGEST.sub(r"sha256:\1…", text))
    seen: set[str] = set()
    return _LONG.sub(lambda found: _last_part(found.group(), seen), text)


def arrow(old: str, new: str) -> str:
    """Return ``OLD → NEW`` with NEW cut to what differs, where both are one long name up to there, and no sentence."""
    old, new = (_DIGEST.sub(r"sha256:\1…", value) for value in (old, new))
    is_name = not any(map(str.isspace, old + new))
    return f"{old} → {_new_part(old, new) if is_name else new}"


def differing(old: str, new: str) -> str:
    """Return ``OLD → NEW`` with both cut to where they differ, where both are one long name up to there."""
    old, new = (_DIGEST.sub(r"sha256:\1…", value) for value in (old, new))
    if any(map(str.isspace, old + new)) or (cut := _new_part(old, new)) == new:
        return f"{old} → {new}"
    return f"{old[len(new) - len(cut) :] or old} → {cut}"


def said_once(text: str, most: int) -> str:
    """Return the clauses of a shortened sentence that fit into ``most`` characters; the first is cut if it must be."""
    text = shorter(text)
    if len(text) <= most:
        return text
    ends = [found.end(1) for found in _CLAUSE.finditer(text) if found.end(1) <= most - 2]
    return f"{text[: ends[-1]].rstrip('.;')} …" if ends and ends[-1] > most // 3 else clip(text, most)


def _arrow_found(found: re.Match[str]) -> str:
    old, sign, new = found.groups()
    return f"{old} {sign} {_new_part(old, new)}"


def _new_part(old: str, new: str) -> str:
    """Return the right side of an arrow from where it differs: ``v1`` of ``reg.example/a:v2 → reg.example/a:v1``."""
    at = 0
    for index, (left, right) in enumerate(zip(old, new, strict=False), 1):
        if left != right:
            break
        if left in _SEPARATORS:
            at = index
    return new[at:] if at >= _LONG_CHARS // 2 and new[at:] else new


def _last_part(name: str, seen: set[str]) -> str:
    if len(name) < _LONG_CHARS or name not in seen:
        seen.add(name)
        return name
    return name.rpartition("/")[2]
