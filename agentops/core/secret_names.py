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

STRONG_WORDS = (
    ("password", "password"),
    ("passwd", "password"),
    ("passphrase", "password"),
    ("pwd", "password"),
    ("passcode", "password"),
    ("secret", "secret"),
    ("token", "token"),
    ("apikey", "api-key"),
    ("api_key", "api-key"),
    ("api-key", "api-key"),
    ("api key", "api-key"),
    ("accesskey", "access-key"),
    ("access_key", "access-key"),
    ("access-key", "access-key"),
    ("accountkey", "access-key"),
    ("account_key", "access-key"),
    ("privatekey", "private-key"),
    ("private_key", "private-key"),
    ("private-key", "private-key"),
    ("client-key-data", "private-key"),
    ("encryption_key", "key"),
    ("encryptionkey", "key"),
    ("encryption-key", "key"),
    ("signing_key", "key"),
    ("signingkey", "key"),
    ("signing-key", "key"),
    ("master_key", "key"),
    ("masterkey", "key"),
    ("authkey", "key"),
    ("auth_key", "key"),
    ("auth-key", "key"),
    ("authheader", "authorization"),
    ("auth_header", "authorization"),
    ("auth-header", "authorization"),
    ("credential", "credential"),
    ("connectionstring", "connection-string"),
    ("connection_string", "connection-string"),
    ("connection-string", "connection-string"),
    ("authorization", "authorization"),
    ("cookie", "cookie"),
)
"""What a name must hold to speak of a secret wherever it stands, and the kind that the marker then says."""

WEAK_WORDS = ("key", "auth", "creds", "pass", "signature", "sig", "salt", "dsn", "webhook", "sessionid", "session_id")
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
    r"generator|cleaner|resolver|watcher|reader|sync|csi|\.k8s\.io|metadata|scope|status|state|at$|age$|max|min|webhook)",
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
