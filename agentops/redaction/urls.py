"""Secrets in addresses and on command lines: ``://user:password@``, ``?sig=``, ``Bearer x``, ``curl -u a:b``, ``mysql
-px``.

Comes in: a text. Goes out: where the values stand. What a name gives away
(``?token=x``, ``--password x``) is for ``key_values``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from agentops.core.fast_search import FastSearch
from agentops.redaction.heuristics import is_code, is_harmless, is_jumbled, is_one_case, looks_random, turns
from agentops.redaction.scan import SearchedText
from agentops.redaction.spans import SecretSpan, is_marker

_ADDRESSES = FastSearch(r"://[^\s@\"'<>`\x00]*@")
_HOST_AND_PORT = re.compile(r"[\w.-]{1,253}:[0-9]{1,5}(?:/|$)|\[[0-9a-fA-F:]+\]")
_OTHERS = FastSearch(
    r"(?i)[?&;](?:code|sid|jwt|session|otp|ticket|assertion|samlresponse|sig|sign|auth|key|hash|st|code_verifier|x-goog-signature|x-amz-signature|"
    r"x-amz-credential|x-amz-security-token)(?:%5b%5d)?=|"
    r"\b(?:bearer|basic|apikey|ssws|geniekey)[ :]|identified (?:with [a-z0-9_]+ )?(?:by|as) |-pass(?:in|out)? pass:|"
    r"[\w.\-]+:[^\s@:\"'/]+@(?:tcp|unix)\(|(?:^|\n)[\w.*\-]+:(?:[0-9]+|\*):[\w*\-]+:[\w.\-]+:[^\s:]+(?:\n|$)|"
    r"set password for |:thin:|\buser \S+ (?:on|off) |\b(?:rocommunity6?|rwcommunity6?|createuser) |chpasswd[\s\"':]|"
    r"\|[ \t]*(?:sudo |chroot |docker |podman |helm |buildah |skopeo |nerdctl |oras |crane |gh |passwd|chpasswd|"
    r"smbpasswd|kinit|"
    r"cryptsetup |vault |argocd |az )|(?:^|\s)(?:net (?:user|use)|useradd|usermod|cmdkey|schtasks|psexec|rpcclient) |"
    r"convertto-securestring |::add-mask::|d-i passwd/|snmp-server community |stats auth |insecure-password |"
    r"sonar\.login=|"
    r"user-secrets set |sc config |\]:[0-9]+ [\w.@-]+:|"
    r"(?:^|[\s\"'\[,(])-(?:u|-user|-proxy-user|-creds|-userpass)(?:[ =,\"']|\n)|"
    r"\b(?:mysql|mysqldump|mysqladmin|mariadb|mariadb-dump|redis-cli|valkey-cli|sshpass|docker|podman|nerdctl|buildah|skopeo|crane|oras|helm|ldap[a-z]+|"
    r"mongo[a-z]*|sqlcmd|bcp|cqlsh|rabbitmqadmin|rabbitmqctl|smbclient|mosquitto_[ps]ub|kinit|htpasswd|clickhouse-client|influx|sqlplus|"
    r"ipmitool|snmp[a-z]+|impala-shell|psql|az|oc|vault|expect|zip|unzip|7z|gpg|keytool|curl|wget|http|lftp|ftp|amqp-[a-z]+|nats|kcadm\.sh|mc|rclone|openssl)\b"
)
_SCHEME_VALUE = re.compile(r"[A-Za-z]+[ :]\s{0,4}([A-Za-z0-9+/=._~:-]{8,8192})")
_QUERY_VALUE = re.compile(r"[?&;][^=]{1,40}=([^&;\s\"'#<>\\)]{6,4096})")
_USER = re.compile(
    r"[\s\"'\[,(]?--?[a-z-]{1,16}[\"']?(?:[ =,]|\s{1,4}-?\s{0,80}){1,3}[\"']?([^\s:\"'\[%]{1,64}[:%])([^\s\"']{1,512})"
)
_CURL_JOINED = re.compile(r"-u([^\s:\"'\[=-][^\s:\"'\[]{0,63}:)([^\s\"']{1,512})")
# The flag of a program that takes a password, and the value behind it.
_FLAGS = (
    (re.compile(r"mysql|mysqldump|mysqladmin|"
        r"mariadb"), re.compile(r"(?<![\w-])-p([\"']?)([^\s\"'=,;|&-][^\s\"',;|&]{0,255})")),
    (re.compile(r"redis-cli|"
        r"valkey-cli"), re.compile(r"(?<![\w-])-a([\"']?[\s,=]{1,4}(?:-\s{1,8})?[\"']?)([^\s\"',]{1,255})")),
    (re.compile(r"sshpass|ipmitool|sqlcmd|bcp|mosquitto|amqp|snmp|7z"), re.compile(r"(?<![\w-])-(?:p|"
        r"P|A|X)([\"']?[\s,=]{0,4}(?:-\s{1,8})?[\"']?)([^\s\"',-][^\s\"',]{0,255})")),
    (re.compile(r"openssl"), re.compile(r"(?<![\w-])-k([\"']?[\s,=]{1,4}[\"']?)([^\s\"',-][^\s\"',]{0,255})")),
    (re.compile(r"ldap"), re.compile(r"(?<![\w-])-w([\"']?[\s,=]{1,4}(?:-\s{1,8})?[\"']?)([^\s\"',]{1,255})")),
    (re.compile(r"curl"), re.compile(r"(?<![\w-])-u([\"']?[^\s:\"'\[-][^\s:\"'\[]{0,63}:)([^\s\"']{1,255})")),
    (re.compile(r"sqlplus"), re.compile(r"\s(\w{1,40}/)([^\s\"'@]{1,128})(?=@)")),
    (re.compile(r"smbclient|(?:\s)?rpcclient"), re.compile(r"(?:-U\s?|--user[= ])([\"']?[\w\\/.-]{1,60}%)"
        r"([^\s\"']{1,128})")),
    (re.compile(r"lftp"), re.compile(r"-u\s?([\"']?[^\s,\"']{1,64},)([^\s\"',;]{3,128})")),
    (re.compile(r"htpasswd"), re.compile(r"\s-(?:[a-zA-Z]*b[a-zA-Z]*)"
        r"((?:\s+-\w+)*\s+\S{1,120}\s+\S{1,60}\s+[\"']?)([^\s\"'-][^\s\"']{2,128})")),
    (re.compile(r"rabbitmqctl"), re.compile(r"(?:add_user|change_password|authenticate_user)"
        r"(\s+\S{1,60}\s+[\"']?)([^\s\"'-][^\s\"']{2,128})")),
    (re.compile(r"zip|unzip"), re.compile(r"(?<![\w-])-P([\"']?[\s,=]{0,4}[\"']?)([^\s\"',-][^\s\"',]{0,255})")),
    (re.compile(r"\s?(?:useradd|usermod|psexec)"), re.compile(r"(?<![\w-])-p([\s]{1,4}[\"']?)"
        r"([^\s\"',-][^\s\"',]{3,255})")),
    (re.compile(r"\s?cmdkey"), re.compile(r"/pass:([\"']?)([^\s\"']{3,128})")),
    (re.compile(r"\s?schtasks"), re.compile(r"/r?p\s([\"']?)([^\s\"'/]{4,128})")),
    (re.compile(r"\s?net user"), re.compile(r"user\s+[\w.\\-]{1,40}(\s+[\"']?)([^\s\"'/*]{4,128})(?=[\"']?(?:\s|\Z))")),
    (re.compile(r"\s?net use"), re.compile(r"/user:\S{1,60}(\s+[\"']?)([^\s\"'/*]{4,128})")),
    (re.compile(r"docker(?![ -]compose)|podman|nerdctl|buildah|skopeo|crane|oras|helm|mongo|cqlsh|rabbitmqadmin|"
        r"az|oc|influx|"
        r"impala|kcadm"), re.compile(r"(?<![\w-])-p([\"']?[\s,=]{1,4}(?:-\s{1,8})?[\"']?)(?![0-9]{1,5}(?::|"
        r"\b))([^\s\"',-][^\s\"',]{0,255})")),
)  # fmt: skip
# GitHub takes a token as the user and these words as the password.
_OAUTH_STAND_IN = "x-oauth-basic"
_COMMAND_CHARS = 400
_PORTS = re.compile(r"[0-9.]+(?::[0-9]+)*(?:/(?:tcp|udp))?|[0-9]+:[0-9]+|true|false|/.*")


def address_secrets(scan: SearchedText) -> Iterator[SecretSpan]:
    """Yield where the passwords and tokens of addresses stand (``scheme://user:password@host``)."""
    text = scan.text
    for start, end in scan.hits(_ADDRESSES):
        begin = text.rfind("://", start, end) + 3
        user, stop = text[begin : min(end - 1, begin + 1024)], end - 1
        if stop - begin > 1024 or not user or "\\n" in user:
            continue
        if ":" in user:
            name, _, password = user.partition(":")
            if not password or is_marker(text, begin + len(name) + 1) or any(c in name for c in "/?#,"):
                continue
            if _HOST_AND_PORT.match(user) or ("?" in password and "/" in password):
                continue
            if not _is_stand_in(password):
                # A password may hold a slash or another @: the last one before the host ends it.
                last = re.compile(r"[^\s/?#\"'<>\\@]*@(?=[\w.\[-])").match(text, stop + 1)
                yield SecretSpan(begin + len(name) + 1, last.end() - 1 if last else stop, "password")
                if looks_random(name) or is_one_case(name):
                    yield SecretSpan(begin, begin + len(name), "token")
            elif (looks_random(name) or is_one_case(name)) and password == _OAUTH_STAND_IN:
                yield SecretSpan(begin, begin + len(name), "token")
        elif "/" not in user and (looks_random(user) or is_one_case(user) or _is_long(user)):
            yield SecretSpan(begin, stop, "token")


def _is_long(value: str) -> bool:
    """Return whether a user is longer than any name, with digits in it."""
    return (
        len(value) >= 20
        and "@" not in value
        and sum(map(str.isdigit, value)) >= 3
        and value.count("-") <= len(value) / 8
    )


def _is_stand_in(value: str) -> bool:
    return is_harmless(value) or value in (_OAUTH_STAND_IN, "password", "pass", "PASSWORD")


def spoken_secrets(scan: SearchedText) -> Iterator[SecretSpan]:
    """Yield where the values of schemes, of queries and of the flags of well-known programs stand."""
    text = scan.text
    for start, _end in scan.hits(_OTHERS):
        first = text[start]
        if first in "?&;":
            found = _QUERY_VALUE.match(text, start)
            if found and not is_marker(text, found.start(1)) and not _is_word(found.group(1)):
                yield SecretSpan(*found.span(1), "query")
        elif first in "-\n" or (first in " \t\r\"'[,(" and text[start + 1 : start + 2] == "-"):
            found = _USER.match(text, start)
            if found and _may_be_password(text, found, 2):
                yield SecretSpan(*found.span(2), "password")
        elif (scheme := _SCHEME_VALUE.match(text, start)) and text[start : start + 5].lower() in (
            "beare",
            "basic",
            "apike",
            "ssws ",
            "genie",
        ):
            if not _is_word(scheme.group(1)) and not is_marker(text, scheme.start(1)):
                yield SecretSpan(*scheme.span(1), "authorization")
        else:
            yield from _of_form(text, start)
            yield from _of_command(text, start)


def _is_word(value: str) -> bool:
    return (
        re.match(r"[a-z_]{3,20}=[a-z\"]", value) is not None
        or (value.isalpha() and (value.islower() or value.istitle() or value.isupper()))
        or is_harmless(value)
        or is_code(value)
        or value.replace(".", "").isdigit()
        or not any(map(str.isalnum, value))
        or bool(re.fullmatch(r"[a-z]+(?:[-_.:][a-z]+)*[:.]?", value))
    )


def _may_be_password(text: str, found: re.Match[str], group: int) -> bool:
    value = found.group(group)
    return not is_marker(text, found.start(group)) and not is_harmless(value) and not _PORTS.fullmatch(value)


# Forms that no name stands in: the last part of a line of .pgpass, a login of Go's MySQL driver, SQL, SNMP,
# openssl, chpasswd.
_FORMS = (
    re.compile(r"\n?[\w.*-]+:(?:[0-9]{2,5}|\*):(?![0-9]+:)[\w*-]+:[\w.-]+:([^\s:]{4,256})(?=\r?\n|$)"),
    re.compile(r"[\w.-]+:([^\s@:\"'/]+)@(?:tcp|unix)\("),
    re.compile(
        r"identified (?:with [a-z0-9_]+ )?(?:by|as) (?:password |values )?['\"]?([^\s'\";]{3,256})", re.IGNORECASE
    ),
    re.compile(r"-pass(?:in|out)? pass:([^\s\"']{3,256})"),
    re.compile(r"set password for \S{1,80} ?= ?(?:password\()?['\"]([^'\"]{3,256})", re.IGNORECASE),
    re.compile(r":thin:[\w$#]{1,64}/([^\s@/]{2,128})@"),
    re.compile(r"convertto-securestring (?:-string )?[\"']([^\"'\n]{3,128})[\"']", re.IGNORECASE),
    re.compile(r"d-i passwd/\S{1,60} password ([^\s\"']{3,128})"),
    re.compile(r"::add-mask::([^\s\"'$`]{4,256})"),
    re.compile(r"snmp-server community ([^\s\"']{4,64})"),
    re.compile(r"stats auth [\w.-]{1,64}:([^\s\"']{3,128})"),
    re.compile(r"insecure-password ([^\s\"']{3,128})"),
    re.compile(r"sonar\.login=([0-9a-f]{40}|squ_\w{40})"),
    re.compile(r"user-secrets set [\"']?[\w:.-]{1,120}[\"']? [\"']?([^\s\"']{3,256})"),
    re.compile(r"\]:[0-9]{2,5} [\w.@-]{1,64}:([^\s:]{3,128})(?=\s|\Z)"),
    re.compile(r"user \S{1,64} (?:on|off) (?:\S{1,40} ){0,4}?[>#]([^\s\"']{3,256})"),
    re.compile(r"r[ow]community6? ([^\s\"']{4,64})", re.IGNORECASE),
    re.compile(r"createuser (?:-e \S+ )?\S+ (?:MD5|SHA\S*) ([^\s\"']{8,64})", re.IGNORECASE),
    re.compile(r"createuser (?:-e \S+ )?\S+ (?:MD5|SHA\S*) \S+ (?:DES|AES\S*) ([^\s\"']{8,64})", re.IGNORECASE),
)
_LOGIN_LINE = re.compile(r"^[ \t]*(?:- )?[a-z_][\w-]{0,31}:([^\s:][^\s]{3,255})$", re.MULTILINE)


def _of_form(text: str, start: int) -> Iterator[SecretSpan]:
    for form in _FORMS:
        if (found := form.match(text, start)) and _may_be_password(text, found, 1):
            yield SecretSpan(*found.span(1), "password")
    if text[start] == "|":
        yield from _piped(text, start)
    elif (here := _HERE_STRING.match(text, start)) and _may_be_password(text, here, 1):
        yield SecretSpan(*here.span(1), "password")
    if "chpasswd" in text[start : start + 40]:
        for found in _LOGIN_LINE.finditer(text, start, start + _COMMAND_CHARS):
            if _may_be_password(text, found, 1):
                yield SecretSpan(*found.span(1), "password")


_ECHOED = re.compile(
    r"(?:echo|printf)[ \t]+(?:-\w{1,4}[ \t]+)?(?:[\"']?%s(?:\\n)?[\"']?[ \t]+)?(?P<words>[^|\n]{3,300})\Z"
)
_READS = re.compile(
    r"\|[ \t]*(?:(?:sudo[ \t]+(?:-\w+[ \t]+)*|chroot[ \t]+\S{1,80}[ \t]+|docker exec \S{1,60} \S{1,60} )?)"
    r"(?:(?P<login>\S*chpasswd)\b|(?:\S*/)?(?:passwd|smbpasswd|kinit)"
    r"\b(?![ \t]+--?(?!stdin)[a-z])|"
    r"[^|\n]{0,200}(?:password-stdin|--with-token|--key-file[= ]-|\blogin\b[^|\n]{0,60} -)(?=[\s]|\Z))|"
    r"\|[ \t]*sudo[ \t]+(?:-\w+[ \t]+)*-S\b"
)
_HERE_STRING = re.compile(r"(?:kinit|chpasswd)\b[^\n<]{0,80}<<<[ \t]*[\"']?(?:[\w.-]{1,32}:)?([^\s\"'$]{3,128})")
_ECHOED_WORD = re.compile(r"[^\s\"'\\]{3,128}(?:\\(?![nrt])[^\s\"'\\]{1,128})*")
_ECHOED_LOGIN = re.compile(r"(?:^|[\s\"'n])[a-z_][\w.-]{0,31}:([^\s\"'\\:]{3,128})")


def _piped(text: str, start: int) -> Iterator[SecretSpan]:
    """``echo x | passwd --stdin``, ``echo user:x | chpasswd``: what a program reads as a password."""
    reads = _READS.match(text, start)
    if reads is None:
        return
    line = max(text.rfind("\n", max(start - 400, 0), start) + 1, start - 400, 0)
    echo = max(text.rfind("echo", line, start), text.rfind("printf", line, start))
    said = _ECHOED.match(text[echo:start].rstrip()) if echo >= 0 else None
    if said is None:
        return
    at = echo + said.start("words")
    if reads["login"] and (logins := list(_ECHOED_LOGIN.finditer(said["words"]))):
        found = [login.span(1) for login in logins]
    elif reads["login"]:
        found = [word.span() for word in _ECHOED_WORD.finditer(said["words"]) if ":" not in word.group()]
    else:
        found = []
        for word in _ECHOED_WORD.finditer(said["words"]):
            # Behind `\\n` the n is not the word's own.
            escape = (
                said["words"].startswith("n", word.start()) and said["words"][word.start() - 1 : word.start()] == "\\"
            )
            found.append((word.start() + (1 if escape else 0), word.end()))
    for first, last in found:
        value = said["words"][first:last]
        if not is_marker(text, at + first) and "$" not in value and "`" not in value and not is_harmless(value):
            yield SecretSpan(at + first, at + last, "password", False)


_HOOKS = FastSearch(r"(?i)://[^\s\"'<>`\\]*(?:hook|notif|incoming)[^\s\"'<>`\\]*")
_SAYS_HOOK = re.compile(r"hook|notif|incoming", re.IGNORECASE)
_PART = re.compile(r"[/=]([A-Za-z0-9_.~%-]{9,256})(?=[/?&#]|$)")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_LONG_HEX = re.compile(r"[0-9a-f]{24,}", re.IGNORECASE)
_PARTS_OF_WORD = re.compile(r"[-_.~]")


def hook_secrets(scan: SearchedText) -> Iterator[SecretSpan]:
    """Yield what looks generated in the path of an address that says it is a hook: whoever has it can post there."""
    text = scan.text
    for start, end in scan.hits(_HOOKS):
        end = min(end, start + 2048)
        if _SAYS_HOOK.search(text, start, end) is None:
            continue
        for part in _PART.finditer(text, start + 3, end):
            value = part.group(1)
            before = text[max(part.start() - 40, start) : part.start()]
            if _OBJECT_BEFORE.search(before):
                continue
            is_last = part.end() >= end
            if (
                _is_hook_key(value)
                or (is_last and _is_short_key(value, before))
                or (
                    _UUID.fullmatch(value)
                    and (part.end() >= end or text[part.start()] == "=")
                    and _UUID_HOOK.search(before)
                )
            ):
                yield SecretSpan(*part.span(1), "webhook")


_UUID_HOOK = re.compile(
    r"(?:hooks?|incoming|notify)(?:/v[0-9]+)?$|webhook\.[a-z]+$|(?:hook|notify)[/\w]*/send\?key$", re.IGNORECASE
)


_OBJECT_BEFORE = re.compile(r"(?:commits?|blobs?|tree|manifests|raw|releases|download|pull|images?|deliveries)$")
_SHORT_HOOK = re.compile(r"(?:hooks?|incoming|notify)(?:/v[0-9]+)?$|//hooks?[\w.-]{3,80}$", re.IGNORECASE)
_MIXED = re.compile(r"(?=[^0-9]*[0-9])(?=(?:[^A-Za-z]*[A-Za-z]){2})[A-Za-z0-9]{9,40}")
_THREE_CLASSES = re.compile(r"(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])[^0-9]*[0-9]")


def _is_short_key(value: str, before: str) -> bool:
    """Return whether the last part of a hook's address is mixed as no word is, though it is short."""
    if not _MIXED.fullmatch(value) or turns(value) < 0.4:
        return False
    if _THREE_CLASSES.match(value):
        return len(value) >= 10
    return sum(map(str.isdigit, value)) >= 2 and _SHORT_HOOK.search(before) is not None


def _is_hook_key(value: str) -> bool:
    if looks_random(value) or is_one_case(value) or _LONG_HEX.fullmatch(value) or is_jumbled(value):
        return not _UUID.fullmatch(value)
    if _UUID.fullmatch(value):
        return False
    return any(looks_random(part) or is_one_case(part) for part in _PARTS_OF_WORD.split(value))


def _of_command(text: str, start: int) -> Iterator[SecretSpan]:
    """Yield the password that a program's own flag takes, on its line or in the items of its list."""
    stop = start + _COMMAND_CHARS
    for program, flag in _FLAGS:
        if not program.match(text, start):
            continue
        for found in flag.finditer(text, start, stop):
            if _may_be_password(text, found, 2):
                yield SecretSpan(*found.span(2), "password")
        return
