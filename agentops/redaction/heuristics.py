"""Is this value, beside this key, a secret? The rules that keep redaction from eating what a person needs to read.

Comes in: the name that stands in front of a value, and the value. Goes out: the kind of secret, or nothing. Image
digests, uids, hashes of pod templates, commit ids, file paths, names of Secrets and counters of tokens are not secrets.
"""

from __future__ import annotations

import math
import re
from collections import Counter

_BENIGN = re.compile(
    r"(?:true|false|yes|no|on|off|null|none|nil|~|undefined|unset|empty|absent|required|optional|missing|invalid|expired|"
    r"unknown|redacted|removed|hidden|masked|changeme\?|n/a|\*+|x{3,}|\.{3}|-+|"
    r"[0-9]+ (?:bytes|chars|characters)|"
    r"<[^<>]*>.*|\$\{[^}]*\}|\$\([^)]*\)|\$[A-Z_][A-Z0-9_]*|\{\{.*|%[sdvq]|%\([a-z_]+\)s|\(.*\)|"
    r"\[redacted:[a-z0-9-]+\].*)",
    re.IGNORECASE | re.DOTALL,
)
_PATH = re.compile(
    r"(?:file:|\.{0,2}/)(?:(?:var|etc|run|tmp|home|root|opt|usr|mnt|app|srv|data|secrets?|vault|config|dev|proc)\b|\.).*"
)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_NAME = re.compile(r"[a-z]+(?:[-./][a-z]+)*(?:-v?[0-9]{1,3})?|(?:[A-Z][a-z]+){1,4}")
# Source code in a traceback: a call, a subscript, an attribute of something.
_CODE = re.compile(
    r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*[(\[].*|(?:self|this|os|settings|config|cfg|request|req|ctx|args)\.[\w.]+"
)
_VERSION = re.compile(r"v?[0-9]+(?:\.[0-9]+)+.*")
_TOKEN_CHARS = re.compile(r"[A-Za-z0-9+/=_.~:!@#$%^&*-]+")
_HEX = re.compile(r"(?:sha[0-9]{3}:)?[0-9a-f]+", re.IGNORECASE)


def is_secret(kind: str, value: str, *, bare: bool) -> bool:
    """Return whether ``value``, beside a name of ``kind``, is to be hidden.

    Arguments:
        bare: the value stands without quotes, so it may be prose or the name of an object.
    """
    value = value.strip()
    if not value or _BENIGN.fullmatch(value) or _PATH.fullmatch(value) or (bare and _CODE.fullmatch(value)):
        return False
    if kind in ("token", "credential", "key") and value.lstrip("-").replace(",", "").replace(".", "").isdigit():
        return False
    if kind in ("secret", "credential", "cookie"):
        # ``secret: shop-tls`` names a Secret; a real one of only small letters is rarer than that by far.
        return not _NAME.fullmatch(value)
    if kind in ("token", "authorization", "key") and bare:
        return not re.fullmatch(r"[A-Za-z]+(?:[ ,;.-]+[A-Za-z]+)*[.,:;]?", value)
    return kind != "authorization" or len(value) >= 8


def looks_random(value: str) -> bool:
    """Return whether a value looks generated: long, of mixed classes, and neither a name, a version nor a digest."""
    if len(value) < 16 or not _TOKEN_CHARS.fullmatch(value):
        return False
    if _UUID.fullmatch(value) or _HEX.fullmatch(value) or _VERSION.fullmatch(value) or _PATH.fullmatch(value):
        return False
    classes = sum(any(test(c) for c in value) for test in (str.islower, str.isupper, str.isdigit))
    return classes == 3 and _entropy(value) >= 3.5 and "://" not in value


def _entropy(value: str) -> float:
    total = len(value)
    return -sum(n / total * math.log2(n / total) for n in Counter(value).values())
