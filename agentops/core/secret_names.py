"""Names that speak of a secret: the one list for the redactor, the change tools and the analyzers.

Comes in: the name of a variable, a key, a field or an argument. Goes out: the kind of secret that it speaks of, or
nothing. Pure. It judges the name and, in ``is_secret_pair``, the few values that are never a secret; values that show
themselves to be one are for ``core.secret_values``. It must err on the side of hiding: a name that speaks of a secret
and of something else (``TOKEN_TTL_PASSWORD``) is a secret's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

# Words that speak of a secret only side by side: written together, with a dash, an underscore or (where a person wrote
# it) a space between them.
_PAIRS = (
    ("api", "key", "api-key"),
    ("app", "key", "api-key"),
    ("application", "key", "api-key"),
    ("subscription", "key", "api-key"),
    ("consumer", "key", "api-key"),
    ("service", "key", "api-key"),
    ("integration", "key", "api-key"),
    ("access", "key", "access-key"),
    ("account", "key", "access-key"),
    ("shared", "key", "access-key"),
    ("storage", "key", "access-key"),
    ("private", "key", "private-key"),
    ("ssh", "key", "private-key"),
    ("deploy", "key", "private-key"),
    ("encryption", "key", "key"),
    ("signing", "key", "key"),
    ("master", "key", "key"),
    ("auth", "key", "key"),
    ("aes", "key", "key"),
    ("hmac", "key", "key"),
    ("jwt", "key", "key"),
    ("cipher", "key", "key"),
    ("session", "key", "key"),
    ("license", "key", "key"),
    ("certificate", "key", "key"),
    ("secret", "id", "secret"),
    ("recovery", "code", "password"),
    ("seed", "phrase", "password"),
    ("auth", "header", "authorization"),
    ("connection", "string", "connection-string"),
    ("conn", "str", "connection-string"),
)
STRONG_WORDS = (
    ("password", "password"),
    ("passwd", "password"),
    ("passphrase", "password"),
    ("passwort", "password"),
    ("kennwort", "password"),
    ("contrasena", "password"),
    ("pwd", "password"),
    ("passcode", "password"),
    ("requirepass", "password"),
    ("storepass", "password"),
    ("samlresponse", "token"),
    ("samlrequest", "token"),
    ("keypass", "password"),
    ("masterauth", "password"),
    ("mnemonic", "password"),
    ("secret", "secret"),
    ("token", "token"),
    ("client-key-data", "private-key"),
    ("credential", "credential"),
    ("authorization", "authorization"),
    ("cookie", "cookie"),
    *((f"{first}{gap}{second}", kind) for first, second, kind in _PAIRS for gap in ("", "_", "-", " ", ".")),
)
"""What a name must hold to speak of a secret wherever it stands, and the kind that the marker then says."""

WEAK_WORDS = (
    *("key", "auth", "creds", "pass", "signature", "sig", "salt", "dsn", "webhook", "sessionid", "session_id"),
    *("session-id", "sid", "otp", "totp", "pin", "jwt", "bearer", "license", "licence", "seed", "nonce", "psk"),
)
"""Words of a name in running text that speak of a secret only when the value looks like one: ``key: 8JxQ...``."""

_KINDS = dict(STRONG_WORDS)
# The longest first: ``api_key`` must not be found as a shorter word of the list.
_STRONG = re.compile("|".join(re.escape(word) for word in sorted(_KINDS, key=len, reverse=True)))

# How a name may go on and no longer mean the secret itself.
_ABOUT = re.compile(
    r"s?[_.-]?(?:name|ref|path|file|dir|url|uri|endpoint|type|kind|sec(?:ond)?s?$|count|ttl|expir|length|len$|limit|policy|"
    r"version|provider|issuer|audience|enabled|required|mount|volume|store|class|manager|controller|operator|service|"
    r"server|driver|review|request|response|rotation|rotate|size|namespace|label|annotation|projection|usage|rate|"
    r"budget|used|per[_.-]|hash|algorithm|format|field|key-?ref|mode|id$|in$|out$|left|remaining|total|bytes|lifetime|"
    r"generator|cleaner|resolver|watcher|reader|sync|csi|\.k8s\.io|metadata|scope|status|state|at$|age$|max|min|webhook|"
    r"i[sz](?:er|ation)|encoder|hasher|resets?|attempt|fail|error|encrypt|domain|same-?site|http-?only|jar$|parser|strength|history|total|sum$|"
    r"bucket|created|handler|filter|factory|helper|utils?|validat|exception|invalid|review|age(?:s?$|[_.-]|in|d)|days?(?:$|[_.-])|last|changed|lock|reuse|warn|grace|complexity|rounds|delay|owner|description|bound|cidr|duration|period|source|backend|engine|prefix|stdin|alias|algorithm|expiration|reminder|skew)",
    re.IGNORECASE,
)

# `checksum/secret` and `secret-sha256` are there to be compared.
_COMPARED = re.compile(
    r"checksum|digest|fingerprint|thumbprint|sha(?:1|256|512)|md5|etag|public-?key-?token|^last[-_]|reloaded|observed|"
    r"\.(?:java|go|py|js|ts|rb|cs|kt|scala|php|sh|service|socket|timer|target|mount)$",
    re.IGNORECASE,
)
# How a name ends that counts or sets something: `validate_password.mixed_case_count`.
_SETTING = re.compile(
    r"(?:[_.-](?:days|count|age|policy|length|enabled|expiry|seconds|secs|minutes|hours|ms|bits|size|alias|owner|prefix|"
    r"algorithm|period|required)|(?<=[a-z])(?:Days|Count|Age|Policy|Length|Enabled|Expiry|Seconds|Minutes|Hours|Bits|"
    r"Complexity))$"
)
_HASHED = re.compile(r"s?[_.-]?hash", re.IGNORECASE)
_REST_KEY = re.compile(r"s?[_.-]?keys?")
# `DB_PASS`, `dbPass`, `pass`; not `bypass`, `first-pass`.
_WORD_PASS = re.compile(
    r"(?:^|[_.-])(?:pw|PW)$|(?<=[a-z])P[wW]$|(?:^|[_.-])(?i:db|bind|root|admin|user|sql|smtp|ftp|ldap|my|key|trust|mqtt|vnc|wifi|ssh)"
    r"(?i:pw|pass)$|(?i:(?:^|[_.-])psk$|pre-?shared-?key$|(?:^|[_.-])authtok$)|(?:^|_|[a-z]_?(?=P))(?:pass|PASS|Pass)[0-9]?$|(?i:db|database|sql|pg|postgres|redis|mongo|rabbit|user|admin|root|smtp|"
    r"mail|ldap|ftp|http|proxy|auth|login|key|store|ssl|tls|ssh|git|vpn|api|svc|service|app|bind|default|master)[-.](?i:pass)$"
)
_WEAK_TAIL = r"(?:s|[_-]?[0-9]|[_-]?base64|[_-]?b64)?$"
_WEAK_NAME = re.compile(
    rf"(?:^|[_.\-])(?i:{'|'.join(WEAK_WORDS)}){_WEAK_TAIL}|"
    rf"(?<=[a-z0-9])(?:{'|'.join(word.capitalize() for word in WEAK_WORDS)}){_WEAK_TAIL}"
)
# Codes of a few digits: `otp=`, `pin:`, `verification_code`.
_CODE = re.compile(
    r"(?:^|[_.\-])(?:[TH]?OTP|[th]?otp|PIN|pin)(?:[_-]?(?:code|CODE))?$|(?<=[a-z])(?:Otp|Pin|OTP|PIN)$|"
    r"(?i:(?:mfa|otp|2fa|tfa|sms|verification|security|login|one[_ -]?time|confirmation)[_ -]?code)$"
)
# Whose value the name means for certain, so that it may be a plain word; `imagePullSecret` names an object.
_OWN_SECRET = re.compile(
    r"(?i:(?:[a-z0-9_.-]+[_.-])?(?:client|app|application|shared|jwt|session|oauth2?|api|consumer|cookie|hmac|signing|nextauth|admin|static-auth|"
    r"radius|encryption|refresh|access)[_.-]?secret(?:[_.-]?key)?)$|"
    r"(?i:[a-z0-9]+[_.-]secret[_-]key)$|(?:[A-Z0-9]+_)*(?:SIGNING|ENCRYPTION|MASTER)_KEY$|"
    r"(?:[A-Z0-9]+_)*(?<!PULL_)(?<!TLS_)(?<!SSL_)(?<!CERT_)(?:SECRET|SECRET_KEY|TOKEN)$"
)
# Variables whose names say enough: `REDIS_AUTH`, `WIFI_PSK`, `PASSWORD_SALT`.
_ENV_NAME = re.compile(r"[A-Z][A-Z0-9_]*_(?:AUTH|CREDS)")
# Keys that are shown, or that something is found by.
_OPEN_KEY = re.compile(
    r"(?:public|pub|topology|primary|partition|sort|range|foreign|cache|index|lookup|object|map|group|dedup|shard|external|idempotency|merge|natural|composite|document|"
    r"host|label|hash|config|row|s3|issue|project|jira)[_.-]?keys?$",
    re.IGNORECASE,
)

# At the end of a whole name (of a variable, a key) these words speak of a secret too, each after a separator:
# `DB_PASS`, `tls.key`, not `monkey` or `topologyKey`. "auth" and "webhook" are left out: as fields they hold settings.
_WEAK_ENDING = re.compile(
    r"(?:^|[_.-])(?:(?P<password>pass|pin)|key|dsn|salt|signature|creds|session[_-]?(?:id|key))$", re.IGNORECASE
)
# A whole name that ends so says where a secret is, or how long it lasts: `DB_PASSWORD_FILE`, `TOKEN_REFRESH_INTERVAL`.
_HARMLESS_ENDING = re.compile(
    r"(?:file|path|dir|name|ttl|timeout|expiry|expires?(?:_?in)?|length|size|(?<!ac)count|limit|enabled|issuer|url|ref|rotation|"
    r"prefix|refresh|interval|type|version)$",
    re.IGNORECASE,
)
# What running text says beside a secret may be the secret in a whole name: `VAULT_SECRET_ID`, `PASSWORD_HASH`.
_STILL_SECRET = re.compile(r"s?[_.-]?(?:id$|hash)", re.IGNORECASE)
# `TOKEN_HEADER` names a header; `AUTH_HEADER` and `COOKIE_HEADER` hold one.
_HEADER_ENDING = re.compile(r"header$", re.IGNORECASE)
# The shell's working directory, not a password.
_FOLDER_VARIABLES = frozenset({"PWD", "OLDPWD"})
_NUMBER = re.compile(r"-?[0-9]+(?:[.,][0-9]+)?")


def is_about(rest: str) -> bool:
    """Return whether a name, after its word (``rest`` of ``tokenExpirationSeconds``), means something beside it."""
    return _ABOUT.match(rest) is not None


def kind_of_secret(name: str) -> str:
    """Return the kind of secret that a name (``DB_PASSWORD``, ``client-secret``) speaks of; empty when of none."""
    return next((kind for kind, rest in _strong_words(name) if not is_about(rest)), "")


def _strong_words(name: str) -> Iterator[tuple[str, str]]:
    """Yield the kind of each strong word of a name, and how the name goes on after it."""
    low = name.lower()
    for found in _STRONG.finditer(low):
        yield _KINDS[found.group()], low[found.end() :]


class NameKind(NamedTuple):
    """What a name speaks of.

    ``is_weak``: only a value that looks generated is a secret beside it. ``is_compound``: it says whose key it is.
    ``is_own``: it never means the name of an object, so a plain word is a secret beside it too.
    """

    kind: str
    is_weak: bool
    is_compound: bool = False
    is_own: bool = False


@lru_cache(maxsize=8192)
def judged_name(name: str) -> NameKind | None:
    """Return what a name (``DB_PASSWORD``, ``tls.key``) in any text speaks of, None where of no secret."""
    if name in _FOLDER_VARIABLES or _COMPARED.search(name) or _SETTING.search(name):
        return None
    if _CODE.search(name):
        return NameKind("code", True, is_own=name.isupper())
    if any(kind == "secret" and _HASHED.match(rest) for kind, rest in _strong_words(name)):
        return None
    if found := _of_strong_word(name):
        if _HEADER_ENDING.search(name) and found.kind not in ("authorization", "cookie"):
            return None
        return found._replace(is_own=True) if _OWN_SECRET.match(name) else found
    return _of_other_word(name)


def _of_strong_word(name: str) -> NameKind | None:
    found: NameKind | None = None
    for kind, rest in _strong_words(name):
        if not is_about(rest):
            found = _beside_key(kind, rest)
        elif _STILL_SECRET.match(rest):
            # Vault's secret ids are the secret; the id of a key or a token is not.
            is_weak = kind != "secret"
            found = found or NameKind("password-hash" if kind == "password" else kind, is_weak)
        else:
            found = None  # `private-key-secret-name`: what stands last decides
    return found


def _of_other_word(name: str) -> NameKind | None:
    if _WORD_PASS.search(name):
        return NameKind("password", name.lower() in ("pass", "pw"))
    if _ENV_NAME.fullmatch(name):
        return NameKind("password", False)
    if name.lower() == "pskey":
        return NameKind("password", True)
    ending = _WEAK_NAME.search(name)
    return NameKind("key", True, ending.start() > 0) if ending and not _OPEN_KEY.search(name) else None


def _beside_key(kind: str, rest: str) -> NameKind:
    """``passwordKey: password`` says which key of a Secret holds it; such a value is judged like the name of a
    Secret.
    """
    return NameKind("secret" if kind in ("password", "token") and _REST_KEY.fullmatch(rest) else kind, False)


def is_secret_name(name: str) -> bool:
    """Return whether a variable, key or field of this name usually holds a secret."""
    return bool(_kind_of_whole(name))


def is_secret_pair(name: str, value: str) -> bool:
    """Return whether ``value``, under this name, may be a secret: a number is one only where a password may be meant.

    ``MAX_TOKENS=4096`` and ``DISABLE_PASSWORD_AUTH=true`` are not; ``DB_PASSWORD=12345678`` is.
    """
    kind = _kind_of_whole(name)
    if not kind or value.lower() in ("true", "false"):
        return False
    return kind == "password" or not _NUMBER.fullmatch(value)


@lru_cache(maxsize=4096)
def _kind_of_whole(name: str) -> str:
    if name in _FOLDER_VARIABLES or _HARMLESS_ENDING.search(name):
        return ""
    words = _strong_words(name)
    kind = next((kind for kind, rest in words if not is_about(rest) or _STILL_SECRET.match(rest)), "")
    if kind:
        holds_header = kind in ("authorization", "cookie")
        return "" if _HEADER_ENDING.search(name) and not holds_header else kind
    ending = _WEAK_ENDING.search(name)
    if ending is None:
        return ""
    return "password" if ending["password"] else "key"
