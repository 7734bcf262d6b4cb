r"""Secrets that are recognised by the name in front of them: ``password: x``, ``--token x``, ``"apiKey": "x"``.

Comes in: a text. Goes out: where the values stand. A name may stand in YAML, JSON, JSON inside JSON
(``\"k\":\"v\"``), an environment, a header, a command's flags or the arguments of a call; what no sign joins to its
name is for ``neighbours``. One search finds the names; what stands around each is looked at within a bounded number
of characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from agentops.core.fast_search import FastSearch
from agentops.core.secret_names import NameKind, judged_name
from agentops.redaction.multiline import block_lines, inline_value, nested_values
from agentops.redaction.neighbours import in_markup, in_pair, in_sentence, in_table, in_words
from agentops.redaction.quotes import QUOTE
from agentops.redaction.scan import SearchedText
from agentops.redaction.spans import SecretSpan, is_marker
from agentops.redaction.values import Line, Reach, SecretName

# What a name of ``core.secret_names`` holds somewhere; those of the second row only at its end.
HINTS = (
    *("pass", "pwd", "secret", "token", "key", "cred", "auth", "cookie", "salt", "dsn", "webhook", "session", "jwt"),
    *("bearer", "license", "licence", "seed", "nonce", "saml", "kennwort", "contrasena", "mnemonic", "signature"),
    *(f"conn{gap}str" for gap in ("", "_", "-", ".")),
    *(f"{word}{gap}{last}" for word, last in (("connection", "string"), ("recovery", "code")) for gap in "_-."),
    *("connectionstring", "recoverycode"),
)
LAST_HINTS = (
    "sig",
    "sid",
    "otp",
    "pin",
    "psk",
    "pw",
    *(f"{word}{gap}code" for word in ("mfa", "otp", "2fa") for gap in ("", "_")),
)
SPOKEN = (
    r"(?:api|app|application|access|account|shared|storage|private|ssh|encryption|signing|master|auth|service|license|"
    r"subscription|consumer|deploy|session|connection|conn|recovery|seed|secret) (?:key|string|str|code|phrase|"
    r"header|id)"
)
_NAMES = FastSearch(
    rf"(?i){SPOKEN}|(?:verification|security|one[ _-]time|login|sms|confirmation|2fa|mfa)[ _-]?code|"
    rf"(?:\w[\w.\-]*)?(?:{'|'.join(map(re.escape, HINTS))})[\w.\-]*|"
    rf"(?:\w[\w.\-]*)?(?:{'|'.join(LAST_HINTS)})\b"
)
_LONGEST_NAME = 120
_AFTER = re.compile(
    rf"({QUOTE})?(?:\]|\))?"
    r"(\s{0,4}(?::=|=>|->|===?|[=:])(?!:)|%3[DdAa]|\\{1,16}u003[dD]|[ \t]{0,4},(?=\s{0,40}\\{0,32}[\"'])|"
    r"[ \t]{0,60}\|(?=[ \t])|)"
    rf"([ \t]{{0,200}})(\[(?!redacted:|[A-Z ]{{3,24}}\])[ \t]{{0,8}})?(?:(?:![\w!/]{{0,40}}|&\w{{1,40}})[ \t]{{1,8}})?"
    rf"(?:\((?=[\"'`]))?(?:(?:[NnEeUuLRrBbFf]|u8|@|\$)(?=[\"']))?({QUOTE})?"
)
_ASSIGNS = frozenset({":=", "=>", "->", "==", "===", "=", ":", "%3D", "%3d", "%3A", "%3a"})
_FLAG = re.compile(r"(?:^|[\s\"'\[,(])--?[\w-]{0,60}$")
_CALL = re.compile(r"\(\s{0,4}\\{0,32}[\"']$|\[\\{0,32}[\"']$")
_CALLED_WITH = re.compile(rf",\s*({QUOTE})")
_LINE_START = re.compile(
    r"[ \t]*(?:[-+>|*#!][ \t]+|export[ \t]+|set[ \t]+|ENV[ \t]+|-e[ \t]+|[\w./-]+:[0-9]+:)*[\"']?[\w.\-/]*$"
)
_TYPE = re.compile(r"(?:str|String|string|Optional\[str\]|SecretStr|\?string)[ \t]*=[ \t]*[rbfu]?([\"'`]?)")
_IMAGE_TAG = re.compile(
    r"(?:v?[0-9]+(?:\.[0-9]+)*[\w.-]*|[0-9a-f]{7,64}|latest|stable|main|master|[a-z-]+)(?=[\s\"',;)\]@]|$)"
)
# `self.password = password` in source code.
_OWN_FIELD = re.compile(r"(?:self|this)\.")
_CALL_BEHIND = re.compile(
    r"(?:<%= ?|new |await )?([$A-Za-z_][\w$]{0,60}(?:(?:\.|::|->|\?\.)[A-Za-z_]\w{0,60}){0,6})[!?]?"
    r"(?:\((?=[)\"'$*&]|[\w.:]{1,60}[,)(\[ .])|\[(?=[\"'$]))"
)
# Terraform's `variable "db_password" {`.
_DECLARED = re.compile(r"\"[ \t]{1,4}\{(?=\s)")
_GOES_ON = re.compile(r"[ \t]*(?:\+|%|\.format|,[ \t]*[a-z_]+[,)]|\)|;)")
_USER_BEFORE = re.compile(
    r"\b(?:user(?:name)?|login|uid)"
    r"[\"']?[=:][ \t]?[\"']?[\w.@-]{1,60}[\"']?[,;&]?[ \t]{0,4}$",
    re.IGNORECASE,
)
_SETTER = re.compile(r"(?i:set|with|change|reset|update|encode|encrypt)_?\w{0,20}$")
_COMMAND = re.compile(r"(?!echo |printf )[a-z][\w./-]* ")
_REFERENCE_TAG = re.compile(
    r"[\"']?[ \t]{0,4}:[ \t]{1,8}!(?:Ref|GetAtt|ImportValue|Sub|reference|env(?:_var)?|secret|[\w-]{1,20}-ref)[ \t]"
)
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z_.]*;?$")
_FIRST_DIGIT = re.compile(r"[^\s0-9]{0,24}[0-9]")
_BRACED = re.compile(r"\{([^\s{}]{1,400})\}(?=[;\s\"']|$)")
# `checksum/secret: ...` on a pod template: it changes when the Secret does.
_COMPARED = re.compile(r"(?:checksum|sha|sha256|digest|hash|md5)[\w.-]{0,16}/$")
# What looks generated has sixteen characters and more; or a block or a structure begins there.
_MAY_BE_GENERATED = re.compile(r"[^\s\"'`]{16}|[|>{\r\n]|\Z")
_QUERY_BEFORE = re.compile(r"[?&;]$|&amp;$|\\u0026$|%26$|%3[Ff]$")
_KIND_BEFORE = re.compile(r"kind\\{0,32}[\"']?\s{0,4}:\s{0,4}\\{0,32}[\"']?$")
_JUDGED = re.compile(rf"(?:{QUOTE})?\]?[ \t]{{0,4}}(?::=|=>|===?|[=:])[ \t]{{0,8}}(?:{QUOTE})?[^\s\"'`,;&<>|]{{1,512}}")
# `--password   the password of the user`: a line of a help text.
_HELP = re.compile(r"[ \t]{2,60}[A-Za-z]+[ \t][a-z]+\b")
_NEXT_ARGUMENT = re.compile(
    rf"[ \t]{{1,8}}({QUOTE})?|[ \t\r]{{0,4}}\n[ \t]{{0,80}}-[ \t]{{1,8}}({QUOTE})?|"
    r"[ \t\r]{0,4}\n[ \t]{4,80}(?=[^\s]{4,512}(?<!:)[ \t\r]{0,4}(?:\n|\Z))"
)


@dataclass(slots=True)
class Names:
    """What the names of one text lead to: ``spoken`` are the places of names beside which nothing was found."""

    spoken: list[tuple[int, int]] = field(default_factory=list)
    holds_secret_object: bool = False


def named_secrets(scan: SearchedText, names: Names) -> Iterator[SecretSpan]:
    """Yield where the values of secret names stand; fill ``names`` with what else was seen."""
    text = scan.text
    line, done = Line(text), 0
    for start, end in scan.hits(_NAMES):
        if start < done:
            continue
        if end - start > _LONGEST_NAME:
            start = end - _LONGEST_NAME
        kind = _kind_at(text, start, end)
        if kind is None or _is_part_of_path(text, start, end):
            continue
        found = list(_beside(SecretName(text, start, end, kind, line), names))
        if not found:
            if not _is_value(text, start, end):
                # The word after it was judged already; what follows is looked at as a sentence.
                judged = _JUDGED.match(text, end)
                names.spoken.append((start, judged.end() if judged else end))
            continue
        yield from found
        done = max(span.end for span in found)


def _is_part_of_path(text: str, start: int, end: int) -> bool:
    """``/run/secrets/x``, ``/run/token``: a folder or a file of that name."""
    return text[end : end + 1] == "/" or (text[start - 1 : start] == "/" and text[end : end + 1] not in (":", "=", " "))


def _is_value(text: str, start: int, end: int) -> bool:
    """``key: password``, ``"name": "DB_PASSWORD"``: the name is itself what stands after a name; nothing follows."""
    if text[end : end + 1] not in ("\n", "}", '"', "'", ",", ""):
        return False
    return text[max(start - 4, 0) : start].rstrip(" \"'").endswith(":")


def _kind_at(text: str, start: int, end: int) -> NameKind | None:
    kind = judged_name(text[start:end])
    before = text[start - 1 : start]
    if kind is None:
        # Of a connection string; alone it is the shell's folder.
        return NameKind("password", False) if before == ";" and text[start:end] == "PWD" else None
    if before == "/" and _COMPARED.search(text, max(start - 32, 0), start):
        return None
    return None if start >= 10 and before == ":" and is_marker(text, start - 10) else kind


def _beside(name: SecretName, names: Names) -> Iterator[SecretSpan]:
    text, start, end = name.text, name.start, name.end
    after = _AFTER.match(text, end)
    if after is None:
        return
    if (
        end - start == len("Secret")
        and text[start:end] == "Secret"
        and _KIND_BEFORE.search(text[max(start - 48, 0) : start])
    ):
        names.holds_secret_object = True
        return
    sign = after.group(2).strip()
    if sign in _ASSIGNS or sign.startswith("\\"):
        yield from _assigned(name, after, sign)
    elif pair := list(in_pair(name)):
        yield from pair
    else:
        yield from _unassigned(name, after, sign)


def _unassigned(name: SecretName, after: re.Match[str], sign: str) -> Iterator[SecretSpan]:
    text, start, end = name.text, name.start, name.end
    if sign == "" and (declared := _DECLARED.match(text, end)):
        yield from name.each(inline_value(text, declared.end() - 1))
        return
    if sign == "" and _is_value(text, start, end):
        return
    if sign == "" and text[end : end + 1] == "(" and _SETTER.match(text, start, end):
        yield from name.literals(end + 1, name.line.at(end)[1])
        return
    is_flag = text[start - 1 : start] in ("-", "_") and _FLAG.search(text, max(start - 64, 0), start) is not None
    if sign == ",":
        called = after.group(1) and (is_flag or _CALL.search(text, max(start - 40, 0), start))
        if called and (quote := _CALLED_WITH.search(text, after.start(2), after.end() + 80)):
            yield from name.quoted(quote.end(), quote.group(1))
    elif sign == "|":
        yield from in_table(name, after.end(2))
    elif is_flag and not name.kind.is_weak:
        yield from _flag(name, end + len(after.group(1) or ""))
    else:
        yield from in_markup(name)
        yield from in_words(name)


def _flag(name: SecretName, at: int) -> Iterator[SecretSpan]:
    """``--token VALUE``, ``'--token' 'VALUE'``, and a flag whose value is the next item of a list or the next line."""
    following = _NEXT_ARGUMENT.match(name.text, at)
    if _HELP.match(name.text, at):
        return
    if following and name.text[following.end() : following.end() + 1] not in ("-", ""):
        yield from name.argument(following.end(), following.group(1) or following.group(2))


def _assigned(name: SecretName, after: re.Match[str], sign: str) -> Iterator[SecretSpan]:
    closing, separator, gap, listed, opening = after.groups()
    if "\n" in separator and sign != "=>":
        return
    if name.kind.is_weak:
        if name.kind.kind == "password" and _USER_BEFORE.search(name.text, max(name.start - 80, 0), name.start):
            name.kind = NameKind("password", False)
        elif name.kind.kind != "code" and _QUERY_BEFORE.search(name.text, max(name.start - 6, 0), name.start):
            name.kind = NameKind("query", False)
        elif (
            name.kind.kind not in ("password", "code")
            and not listed
            and not _MAY_BE_GENERATED.match(name.text, after.end())
        ):
            return
    if listed and (sign == ":" or opening):
        yield from name.items(after.start(4) + 1)
    elif opening:
        yield from _literal(name, after.end(), opening)
    elif sign != ":" or gap or closing or not _looks_like_a_tag(name, after.end()):
        yield from _unquoted(name, after.start(4) if listed else after.end(), sign)
    if sign == ":" and name.kind.kind in ("password", "code"):
        yield from in_sentence(name)


def _closes_text(name: SecretName, at: int, opening: str) -> bool:
    """``"password: " + user``: the quote behind the name ends the text that the name stands in."""
    begin, _stop = name.line.at(name.start)
    head = name.text[max(begin, name.start - 200) : name.start]
    return head.count(opening) % 2 == 1 and _GOES_ON.match(name.text, at) is not None


def _literal(name: SecretName, at: int, opening: str) -> Iterator[SecretSpan]:
    """Yield the value behind a quote: between three of them, in a call that joins it, or up to the next one."""
    text = name.text
    if opening in ('"', "'") and _closes_text(name, at, opening):
        return
    if opening in ('"', "'") and text.startswith(opening * 2, at):
        yield from name.triple(at + 2, opening)
    elif text.startswith(f"{opening[-1]}.join(", at):
        yield from name.literals(at + len(".join("), name.line.at(at)[1])
    elif opening != "`" or not _COMMAND.match(text, at):
        yield from name.quoted(at, opening)


def _unquoted(name: SecretName, at: int, sign: str) -> Iterator[SecretSpan]:
    text = name.text
    _begin, stop = name.line.at(min(at, len(text)))
    if at >= stop or text[at] == "\r":
        if sign == ":":
            yield from name.each(nested_values(text, name.start, stop))
        return
    if sign == ":" and text[at] in "|>" and (block := block_lines(text, name.start, at, stop)):
        yield from name.block(block)
        return
    if text[at] == "{" and sign in (":", "=", "=>"):
        found = list(name.each(inline_value(text, at)))
        if not found and sign == "=" and (braced := _BRACED.match(text, at)):
            found = list(name.judged(*braced.span(1), bare=False))
        yield from found
        return
    if (called := _CALL_BEHIND.match(text, at, stop)) and _is_call(called.group(1)):
        yield from name.literals(called.end(), stop)
        return
    if _REFERENCE_TAG.match(text, name.end) or (
        _OWN_FIELD.match(text, name.start) and _IDENTIFIER.match(text, at, stop)
    ):
        return
    if typed := _TYPE.match(text, at):
        at = typed.end()
        if typed.group(1):
            yield from name.quoted(at, typed.group(1))
            return
    yield from name.bare(at, _reach(name, sign))


def _is_call(name: str) -> bool:
    """Return whether what stands before a bracket names a function; ``Pa55(`` does not."""
    return not any(map(str.isdigit, name)) or "." in name or ":" in name


def _looks_like_a_tag(name: SecretName, at: int) -> bool:
    """``token-service:1.2.3``, ``secret:volume``, ``r/auth-token:<sha>``: no form of assignment."""
    text, start = name.text, name.start
    written = text[start : name.end]
    if written != written.lower():
        return False  # the name of an image has no capital
    if text[at : at + 1] in ("", "\n", "\r"):
        return False
    before = text[start - 1 : start]
    if before in ("/", ":") or not _FIRST_DIGIT.match(text, at):
        return True
    if "-" not in written and "." not in written:
        return False
    return before not in ("", "\n", "{", "(", ";", "&", "?") and _IMAGE_TAG.match(text, at) is not None


def _reach(name: SecretName, sign: str) -> Reach:
    """How far an unquoted value runs: to the end of the line in YAML, an environment and a header, else to a space."""
    if sign == ":" and name.kind.kind in ("authorization", "cookie"):
        return Reach.LINE
    begin, _stop = name.line.at(name.start)
    if name.start - begin < 120 and sign in (":", "=", ":=", "=>") and _LINE_START.match(name.text, begin, name.start):
        return Reach.PAIR
    return Reach.WORD
