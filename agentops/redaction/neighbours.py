"""Values that no sign joins to their name: pairs of ``name`` and ``value``, XML, tables, SQL, directives, sentences.

Comes in: a name that was found. Goes out: spans of the values that belong to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from agentops.redaction.heuristics import is_chosen_word, is_distinct_word, is_secret, is_sentence, is_state
from agentops.redaction.multiline import block_lines
from agentops.redaction.quotes import QUOTE, closing_quote
from agentops.redaction.spans import SecretSpan, is_marker
from agentops.redaction.values import SecretName

_Q = r"\\{0,32}[\"']?"
_IS_SIGN = r"\s{0,4}[:=]\s{0,4}"
_PAIR_KEYS = frozenset(
    [
        "name",
        "key",
        "variable",
        "env",
        "parameter",
        "parameterkey",
        "field",
        "property",
        "header",
        "param",
        "option",
        "setting",
        "id",
        "k",
        "keyname",
    ]
)
_BETWEEN = (
    rf"(?:{_Q}(?:type|secure|sensitive|sensitivity|description|encrypted|required|scope|protected|masked|apply_?method|"
    rf"source){_Q}{_IS_SIGN}{_Q}[\w .-]{{0,60}}{_Q},?\s{{0,200}}){{0,3}}"
)
_PAIR_VALUE = re.compile(
    rf"{_Q}\s{{0,4}}+[,;]?+\s{{0,200}}+{_BETWEEN}(?:-\s)?{_Q}"
    rf"(?:value|val|content|contents|default|defaultvalue|parametervalue|string|data|v){_Q}"
    rf"[ \t]{{0,4}}[:=][ \t]{{0,4}}({QUOTE})?",
    re.IGNORECASE,
)
_VALUE_KEY = re.compile(rf"[Vv](?:alue|ALUE){_Q}[ \t]{{0,4}}[:=][ \t]{{0,4}}({QUOTE})?")
_VALUE_THEN_NAME = re.compile(
    rf"(?:\\{{0,32}}[\"'])?\s{{0,4}}[,;]?\s{{0,200}}{_Q}(?:name|key|variable|parameterkey|field|k){_Q}{_IS_SIGN}{_Q}$",
    re.IGNORECASE,
)
_WINDOW = 1200
_BARE_VALUE = re.compile(r"[^\s,}\]]{1,2400}")
_OPENS_ELEMENT = re.compile(r"<(?:[\w.-]{1,30}:)?$")
_ELEMENT = re.compile(r"(?:[ \t][^<>]{0,300})?>\s{0,40}(?:<[Vv]alue>\s{0,20})?(?:<!\[CDATA\[)?")
_OPENS_ATTRIBUTE = re.compile(r"=\\{0,32}[\"']$")
_ATTRIBUTE = re.compile(
    rf"(?:{QUOTE})(?:\s{{1,40}}[\w:.-]{{1,40}}=(?:{QUOTE})[^\"'<>]{{0,80}}(?:{QUOTE})){{0,3}}?(?:"
    rf"\s{{1,40}}(?:value|val|content|default)\s{{0,4}}=\s{{0,4}}({QUOTE})|[^<>\n]{{0,80}}>\s{{0,40}}(?:<value>\s{{0,20}})?)",
    re.IGNORECASE,
)
_CLOSED = re.compile(r"</[\w:.-]{1,40}>\s{0,80}<(?:\w{1,10}:)?(?:value|val|string|v)(?:\s[^<>]{0,80})?>", re.IGNORECASE)
_LONGEST_ELEMENT = 8192
_CELL = re.compile(r"[ \t]*`?([^|\n`]{1,400}?)`?[ \t]*(?:\||\n|$)")
_STATEMENT = re.compile(r"(?:\s+(?:=|TO|AS|BY|IS))?\s+[NEU]?&?(['\"])", re.IGNORECASE)
_STATED = re.compile(
    r"(?:\b(?:user|role|login|with|set|encrypted|unencrypted|for|alter|account|identified)\b[^\n;]{0,80})$",
    re.IGNORECASE,
)
# `the password is x`; `with password x`; `a password is generated for root@localhost: x` at the end of its line.
_IS = re.compile(
    r"[ \t]+(?:(?:has )?(?:been )?(?:was )?(?:is )?(?:now )?(?:re)?set to|is|was|=|to|of|changed (?:to|from)|"
    r"\.{2,40})[ \t]*:?[ \t]+"
    r"[\"'`(]?([^\s\"'`]{6,200})"
)
# `basic auth admin:x`, `credentials root / x`.
_USER_AND_PASSWORD = re.compile(r"[ \t]*[:=]?[ \t]+[\"'`]?[A-Za-z][\w.@-]{0,39}[ \t]?[:/][ \t]?([^\s\"'`,;)]{6,200})")
_LOGIN_WORDS = frozenset(["auth", "creds", "credentials", "credential"])
_FOLLOWS = re.compile(r"[ \t]+[\"'`(]?([^\s\"'`]{6,200})")
_AT_END = re.compile(r"[ \t]+[^\n:]{4,80}: ([^\s\"'`]{6,80})(?=\r?(?:\n|\Z))")
# `the password is x`: the verb, the quote, the word, and what ends the clause.
_TOLD = re.compile(
    r"(?: (?:for|of) [\w.@-]{1,60})?[ \t]+(?:(?:has |have )?(?:been )?(?:was )?(?:is )?(?:now )?(?:re)?(?:set|"
    r"changed) to|is|was|=)"
    r"[ \t]*:?[ \t]+(?:now )?([\"'`]?)([^\s\"'`]{4,200})(?=(?P<close>[\"'`])|[ \t]*\r?(?:\n|\Z)|[ \t])"
)
_PHRASE = re.compile(r"[ \t]+(?:is|was):?[ \t]+([\"'`])([a-z0-9]{3,20}(?: [a-z0-9]{3,20}){2,7})\1")
_CLAUSE_ENDS = re.compile(r"[\"'`)]?(?:[.,;!)]|[ \t]*\r?(?:\n|\Z))")
_WITH_WORD = re.compile(r"[ \t]+[\"'`]?([^\s\"'`]{6,200})[\"'`]?[.!]?(?=[ \t]*\r?(?:\n|\Z))")
_WITH = re.compile(
    r"(?:\buser(?:name)? [\w.@-]{1,40} (?:and|with)|\bas [\w.@-]{1,40} with|\blog(?:ged)? ?in .{0,40}\bwith)"
    r" (?:the |a )?(?:\w{1,20} )?$",
    re.IGNORECASE,
)
_USED = re.compile(r"\b(?:use|using|with|new|temporary|temp) (?:the )?$", re.IGNORECASE)
_FOLLOWED = re.compile(r"[ \t]+[\"'`(]?([A-Za-z]{3,40}[0-9]{1,4})(?![\w.-])")
_CODE_SAID = re.compile(
    r"(?:[ \t]code)?(?:[ \t]+(?:is|was)|[ \t]*:|[ \t]*=)?:?[ \t]+[\"'`(]?([0-9]{4,8})"
    r"(?![\w:/-]|\.\w)(?![ \t]+[a-z])"
)
_PLAIN = re.compile(r"[A-Za-z]{4,40}[0-9]{0,4}")
_LAST_WORD = re.compile(
    r"[ \t]+(?:--(?:plaintext|iscrypted)[ \t]+|password[ \t]+|REG_SZ[ \t]+)?(?!--)([^\s\"'`]{1,512})[ \t]*\r?(?=\n|\Z)"
)
_DIRECTIVE = re.compile(
    r"(?:^|\n)[ \t]*(?:(?:CONFIG SET|aws configure set|d-i|bootcmd|ENV|ARG|setx?|setenv|export) )?$|\blogin \S{1,60} $|"
    r"\b(?:machine|host) \S{1,80} (?:login \S{1,60} )?$",
    re.IGNORECASE,
)


def in_pair(name: SecretName) -> Iterator[SecretSpan]:
    """``name: DB_PASSWORD`` with its ``value: x`` after it, or before it."""
    text, start = name.text, name.start
    if not _is_key_of_pair(text[max(start - 40, 0) : start]):
        return
    if value := _PAIR_VALUE.match(text, name.end):
        yield from _after_name(name, value)
        return
    first = max(start - _WINDOW, 0)
    place = max(text.rfind("alue", first, start), text.rfind("ALUE", first, start)) - 1
    key = _VALUE_KEY.match(text, place, start) if place >= 0 else None
    if key is None or is_marker(text, key.end()):
        return
    stop = text.find("\n", key.end(), start)
    stop = start if stop < 0 else stop
    if key.group(1):
        last = closing_quote(text, key.end(), key.group(1), stop)
    else:
        bare = _BARE_VALUE.match(text, key.end(), stop)
        last = bare.end() if bare else key.end()
    follows = _VALUE_THEN_NAME.match(text, last, start)
    if follows and is_secret(name.kind, text[key.end() : last], bare=not key.group(1)):
        yield SecretSpan(key.end(), last, name.kind.kind)


def _is_key_of_pair(head: str) -> bool:
    """Return whether a text ends in ``name: "`` or the like."""
    head = head.rstrip(" \t\n\\\"'")
    if not head.endswith((":", "=")):
        return False
    head = head[:-1].rstrip(" \\\"'")
    at = len(head)
    while at and head[at - 1].isalpha():
        at -= 1
    return head[at:].lower() in _PAIR_KEYS


def _after_name(name: SecretName, value: re.Match[str]) -> Iterator[SecretSpan]:
    text, at, opening = name.text, value.end(), value.group(1)
    _begin, stop = name.line.at(at)
    if opening:
        yield from name.judged(at, closing_quote(text, at, opening, stop), bare=False)
    elif text[at : at + 1] in ("|", ">") and (block := block_lines(text, value.end(), at, stop)):
        yield from name.block(block)
    else:
        last = at + len(text[at : min(stop, at + _LONGEST_ELEMENT)].rstrip().rstrip(",}]"))
        if "," in text[at:last] and "{" in text[max(at - 200, 0) : at]:
            last = at + text[at:last].index(",")
        yield from name.judged(at, last, bare=True)


def in_markup(name: SecretName) -> Iterator[SecretSpan]:
    """``<password>x</password>``, ``<entry key="password">x``, ``name="password" value="x"``, Hadoop's pairs."""
    text, start = name.text, name.start
    before = text[start - 1 : start]
    if before not in ("<", ":", "'", '"', ">"):
        return
    head = text[max(start - 40, 0) : start]
    found = None
    if _OPENS_ELEMENT.search(head):
        found = _ELEMENT.match(text, name.end)
    elif before in "'\"" and _OPENS_ATTRIBUTE.search(head):
        found = _ATTRIBUTE.match(text, name.end)
        if found and found.group(1):
            yield from name.quoted(found.end(), found.group(1))
            return
    elif before == ">":
        found = _CLOSED.match(text, name.end)
    if found is None:
        return
    stop = text.find("<", found.end(), found.end() + _LONGEST_ELEMENT)
    if stop > 0 and text.startswith("</", stop):  # anything else was no element: `<password>` alone stands for one
        last = stop - 3 if text.endswith("]]>", found.end(), stop) else stop
        yield from name.judged(found.end(), last, bare=False)


def in_table(name: SecretName, at: int) -> Iterator[SecretSpan]:
    """``| password | x |``: the next cell, which begins at ``at``."""
    if name.kind.is_weak or not name.text[max(name.start - 40, 0) : name.start].rstrip(" \t`").endswith("|"):
        return
    if cell := _CELL.match(name.text, at):
        yield from name.judged(*cell.span(1), bare=True)


def in_words(name: SecretName) -> Iterator[SecretSpan]:
    """``PASSWORD 'x'`` in SQL, ``requirepass x``, ``ENV DB_PASSWORD x``, ``the password is x``."""
    text, start, end, kind = name.text, name.start, name.end, name.kind
    if text[start:end].lower() in _LOGIN_WORDS and (login := _USER_AND_PASSWORD.match(text, end)):
        if is_distinct_word(login.group(1)):
            yield SecretSpan(*login.span(1), "password")
        return
    if found := list(in_sentence(name)):
        yield from found
        return
    if kind.is_weak or text[end : end + 1] not in (" ", "\t", "\n"):
        return
    if (said := _STATEMENT.match(text, end)) and _STATED.search(text, max(start - 100, 0), start):
        yield from name.quoted(said.end(), said.group(1))
        return
    word = _LAST_WORD.match(text, end)
    if (
        word
        and not word.group(1).endswith(":")
        and _DIRECTIVE.search(text, max(start - 200, 0), start)
        and is_secret(kind, word.group(1), bare=True)
    ):
        yield SecretSpan(*word.span(1), kind.kind)
        return
    for form in (_IS, _FOLLOWS, _AT_END) if kind.kind == "password" else (_IS,):
        if said := form.match(text, end):
            value = said.group(1).rstrip(",.;:)")
            if is_distinct_word(value):
                yield SecretSpan(said.start(1), said.start(1) + len(value), kind.kind)
                return


def in_sentence(name: SecretName) -> Iterator[SecretSpan]:
    """``the password is hunter2``, ``log in with password summer``, ``your code is 492817``."""
    text, end, kind = name.text, name.end, name.kind
    if kind.kind not in ("password", "code"):
        return
    if code := _CODE_SAID.match(text, end):
        is_told = kind.kind == "code" or " is" in code.group() or " was" in code.group()
        if is_told and _CLAUSE_ENDS.match(text, code.end()):
            yield SecretSpan(*code.span(1), kind.kind, False)
        return
    if kind.kind == "code":
        return
    if said := _TOLD.match(text, end):
        value = said.group(2).rstrip(",.;:!)")
        is_quoted = bool(said.group(1)) and said["close"] is not None
        if not _is_said(
            value, is_quoted=is_quoted or (said.end() > 0 and not kind.is_weak and _ends(text, said, value))
        ):
            return
        yield SecretSpan(said.start(2), said.start(2) + len(value), kind.kind, is_distinct_word(value))
        return
    if not kind.is_weak:
        yield from _in_phrase(name)


def _in_phrase(name: SecretName) -> Iterator[SecretSpan]:
    text, start, end, kind = name.text, name.start, name.end, name.kind
    if (phrase := _PHRASE.match(text, end)) and not is_sentence(phrase.group(2)):
        yield SecretSpan(*phrase.span(2), kind.kind)
        return
    head = text[max(start - 80, 0) : start]
    if (word := _WITH_WORD.match(text, end)) and _WITH.search(head) and _is_said(word.group(1), is_quoted=True):
        yield SecretSpan(*word.span(1), kind.kind, is_distinct_word(word.group(1)))
    elif (word := _FOLLOWED.match(text, end)) and _USED.search(head) and is_chosen_word(word.group(1)):
        yield SecretSpan(*word.span(1), kind.kind)


def _ends(text: str, said: re.Match[str], value: str) -> bool:
    """Return whether the clause is over after the word: a state would go on (``is wrong for user app``)."""
    return _CLAUSE_ENDS.match(text, said.start(2) + len(value)) is not None


def _is_said(value: str, *, is_quoted: bool) -> bool:
    """Return whether a word in a sentence is the password; a plain one only where it stands in quotes or at the end."""
    if is_chosen_word(value):
        return True
    return is_quoted and not is_state(value) and _PLAIN.fullmatch(value) is not None
