"""``SecretRedactor``: takes secrets out of text and JSON before the model, the disk or the screen sees it.

Comes in: any text or JSON value that a system, a person or a model wrote. Goes out: the same with each recognised
secret replaced by ``[redacted:KIND]``. Three things are recognised: values that were learned (``learn``), in the forms
they travel in; shapes that issuers publish (``shapes``); and what stands beside a name that speaks of a secret
(``key_values``, ``multiline``). Terminal colour codes are taken out first, since they split words. It never raises and
never looks anything up.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from agentops.core.secret_names import STRONG_WORDS
from agentops.redaction.heuristics import is_secret
from agentops.redaction.key_values import hide_key_values, kind_of_name
from agentops.redaction.multiline import hide_multiline
from agentops.redaction.patterns import hide_patterns

_SHORTEST_LEARNED = 6
_MAX_PASSES = 6
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])?")
_USERINFO = re.compile(r"(://[^\s/:@?#\"'<>\\]{0,256}:)(?!\[redacted:)([^\s/?#\"'<>\\]{1,512})@")
# A password with a slash is no valid address, and is written all the same; a port and a path are no password.
_USERINFO_SLASH = re.compile(
    r"(://[^\s/:@?#\"'<>\\]{0,256}:)(?!\[redacted:|[0-9]{1,5}(?:/|$))([^\s@?#\"'<>\\]{8,512})@"
)
# What was hidden ran to the end of its line, and the lines after it are one piece each that looks like the rest of it.
_WRAPPED = re.compile(r"(\[redacted:[a-z0-9-]+\][ \t]*\r?)((?:\n[ \t]*[A-Za-z0-9+/=_~-]{8,512}[ \t]*\r?(?=\n|\Z))+)")
_OBJECT_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)+|[A-Za-z]+")
# In a query a parameter's name may also end so; alone these are too short or too common to mean a secret elsewhere.
_QUERY_WORDS = (*(re.escape(word) for word, _kind in STRONG_WORDS if " " not in word), "signature", "security-token")
_QUERY = re.compile(
    rf"([?&;](?:[\w.-]{{0,40}}(?:{'|'.join(_QUERY_WORDS)})|"
    r"sig|key|pass|pwd|auth|code|session|sid|jwt)(?:%5B%5D)?=)(?!\[redacted:)([^&;\s\"'#<>\\)]{4,})",
    re.IGNORECASE,
)
_USER_FLAG = re.compile(r"(?<!\S)((?:-u|--user|--proxy-user)[ =][\"']?[^\s:\"'\[]{1,64}:)(?!\[redacted:)([^\s\"']+)")
_BEARER = re.compile(r"((?:Bearer|Basic|BEARER|bearer) )(?!\[redacted:)([A-Za-z0-9+/=._~-]{16,})")


class SecretRedactor:
    """The ``Redactor``. One object serves a whole run; it may be used from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._forms: tuple[str, ...] = ()

    def learn(self, value: str) -> None:
        """Hide this exact value from now on, in its raw, base64, URL and JSON forms; too short a value is ignored."""
        if len(value) < _SHORTEST_LEARNED or value.lower() in _MARKER_WORDS:
            return
        with self._lock:
            forms = {*self._forms, *_forms_of(value)}
            self._forms = tuple(sorted(forms, key=lambda form: (-len(form), form)))

    def text(self, text: str) -> str:
        """Return ``text`` with every recognised secret replaced by a marker that names its kind."""
        for _pass in range(_MAX_PASSES):
            found = self._once(text)
            if found == text:
                break
            text = found  # what was hidden may have stood in front of what can be seen now
        return text

    def _once(self, text: str) -> str:
        if "\x1b" in text:
            text = _ANSI.sub("", text)
        for form in self._forms:
            if form in text:
                text = text.replace(form, "[redacted:known]")
        text = hide_multiline(hide_patterns(text))
        # A plain test stands before each pattern: most lines fail it, which keeps ordinary logs fast.
        if "://" in text and "@" in text:
            text = _USERINFO.sub(r"\1[redacted:password]@", text)
            text = _USERINFO_SLASH.sub(r"\1[redacted:password]@", text)
        if "=" in text and ("?" in text or "&" in text or ";" in text):
            text = _QUERY.sub(r"\1[redacted:query]", text)
        if "earer " in text or "asic " in text or "EARER " in text:
            text = _BEARER.sub(_hide_bearer, text)
        if "-u" in text:
            text = _USER_FLAG.sub(r"\1[redacted:password]", text)
        text = hide_key_values(text)
        return _WRAPPED.sub(_hide_rest, text) if "[redacted:" in text and "\n" in text else text

    def value(self, value: Any) -> Any:
        """Return a JSON value with secrets replaced, keys included in the judgement (``password: ...``)."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return self._mapping(value)
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        return value

    def _mapping(self, found: Mapping[str, Any]) -> dict[str, Any]:
        hidden = {self.text(str(key)): self._beside(str(key), item) for key, item in found.items()}
        if isinstance(found.get("name"), str) and isinstance(found.get("value"), str):
            hidden["value"] = self._beside(found["name"], found["value"])
        if found.get("kind") == "Secret":
            for part in ("data", "stringData"):
                if isinstance(found.get(part), Mapping):
                    hidden[part] = dict.fromkeys(map(self.text, map(str, found[part])), "[redacted:secret]")
        return hidden

    def _beside(self, name: str, value: Any) -> Any:
        kind = kind_of_name(name)
        if kind and isinstance(value, list | tuple):
            return [self._beside(name, item) for item in value]
        if kind and isinstance(value, int) and not isinstance(value, bool) and kind == "password":
            return "[redacted:password]"
        if not kind or not isinstance(value, str) or not is_secret(kind, value, bare=False):
            return self.value(value)
        return f"[redacted:{kind}]"


_MARKER_WORDS = frozenset({"redacted", "redacted:", "[redacted", "[redacted:"})


def _hide_rest(found: re.Match[str]) -> str:
    """Hide the other lines of a value that was wrapped, up to one that is a word or an object's name."""
    first, *lines = found.group(2).split("\n")
    for number, line in enumerate(lines):
        rest = line.strip()
        if not any(map(str.isdigit, rest)) or not any(map(str.isalpha, rest)) or _OBJECT_NAME.fullmatch(rest):
            break
        lines[number] = line.replace(rest, "[redacted:wrapped]")
    return found.group(1) + "\n".join([first, *lines])


def _hide_bearer(found: re.Match[str]) -> str:
    plain = found.group(2).isalpha() and found.group(2).islower()
    return found.group() if plain else f"{found.group(1)}[redacted:authorization]"


def _forms_of(value: str) -> set[str]:
    raw = value.encode("utf-8", "surrogatepass")
    escaped = json.dumps(value)[1:-1]
    forms = {value, escaped, json.dumps(escaped)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    forms |= {quote(raw, safe=""), quote_plus(raw), quote(raw)}
    forms |= {base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()}
    forms |= {base64.b64encode(raw + b"\n").decode()}  # echo secret | base64
    forms |= {form.rstrip("=") for form in forms if form.endswith("=")}
    # Inside a longer base64 text (user:secret) the value starts at any of three offsets; its middle is the same.
    for shift in range(3):
        inner = base64.b64encode(b"\0" * shift + raw).decode().rstrip("=")
        cut = inner[(shift * 8 + 5) // 6 : len(inner) - (1 if (shift + len(raw)) % 3 else 0)]
        if len(cut) >= 8:
            forms.add(cut)
    return {form for form in forms if len(form) >= _SHORTEST_LEARNED}
