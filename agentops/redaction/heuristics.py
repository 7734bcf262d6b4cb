"""Is this value, beside this name, a secret? The rules that keep redaction from eating what a person needs to read.

Comes in: the name that stands in front of a value, and the value. Goes out: yes or no. Image digests, uids, hashes of
pod templates, commit ids, file paths, names of Secrets and counters of tokens are not secrets.
"""

from __future__ import annotations

import math
import re
from collections import Counter

from agentops.core.secret_names import NameKind

_LONGEST_JUDGED = 512
_N_LOG_N = [0.0, *(n * math.log2(n) for n in range(1, 201))]

_BENIGN = re.compile(
    r"(?:true|false|yes|no|on|off|null|none|nil|~|undefined|unset|empty|absent|required|optional|missing|invalid|expired|"
    r"unknown|redacted|removed|hidden|masked|sensitive|n/a|\[[a-z ]{2,20}\]|\*+|x{3,}|X{3,}|"
    r"[A-Z]?[a-z]+ing\.\.\.|\.{3}|-+|\?+|_+|"
    r"enabled?|disabled?|present|str|string|bool|int|bytes|object|opaque|default|"
    r"[0-9]+ (?:bytes|chars|characters)|"
    r"<[^<>]*>.*|\$\{[^}]*\}.*|\$\([A-Za-z].*|\$\([^)]*\)|\$\$?[A-Za-z_][A-Za-z0-9_]*(?:[ \t].*)?|%[A-Za-z_]+%|"
    r"\{\{.*|\{%.*|%[sdvqr]|%\([a-z_]+\)s|\(.*\)|\{[a-z_.]*\}|"
    r"#.*|//.*|\$[0-9]{1,3}|:[a-z_]+|changeme\?|\[redacted:[a-z0-9-]+\].*|"
    r"(?:vault|aws-sm|ref\+[a-z]+|op|arn:aws|projects|keyvault|secretsmanager|ssm|gcpsm|env|awskms|kms|sops|file)(?::/*)\S*|"
    r"ENC\[.*\]|AQICAH\S+|[0-9]{1,2}|%[0-9*]|\$__\w+\{.*|%\{.*\}|(?:x{2,}[-_ ]?){2,}|tbd|todo|fixme|@[\w.-]+@|"
    r"@[a-z_]*(?:password|pwd|passwd|token|secret)[a-z0-9_]*|#\{[\w.]+\}#?|"
    r"-+redacted-+|\*+ ?[a-z ]+ ?\*+|`[a-z]+ [^`]*`|\(\([\w./-]+\)\)|[\w.-]+:/(?:etc|run|var|opt|mnt)/.*|"
    r"(?:your|insert|enter|some|example|my)[-_ ](?:[a-z]+[-_ ])*(?:password|passwd|token|key|secret)(?:[-_ ]here)?|"
    r"(?-i:(?:[A-Z]+_)*(?:PASSWORD|TOKEN|API_?KEY|KEY|SECRET)))[;,]?",
    re.IGNORECASE | re.DOTALL,
)
_PATH = re.compile(
    r"(?:file:|\.{0,2}/|~/)(?:(?:var|etc|run|tmp|home|root|opt|usr|mnt|app|srv|data|secrets?|vault|config|dev|proc|api|auth|"
    r"v[0-9]+|oauth2?|login|token|ssl|certs?|pki)\b|\.|[\w.-]+\.(?:pem|key|crt|json|ya?ml|txt|conf|env)$).*|"
    r"[\w./-]{1,200}\.(?:pem|key|crt|cert|json|ya?ml|txt|conf|jks|p12|go|py|java|js|ts)(?::[0-9]+)?"
)
_URL = re.compile(r"(?:https?|wss?|s3|gs)://[^\s@?]*", re.IGNORECASE)
_UUID = re.compile(
    r"(?:[A-Za-z_-]{1,12}[=:_-])?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE
)
_NAME = re.compile(r"[a-z]+[0-9]{0,2}(?:[-./][a-z]+[0-9]{0,2})*(?:-v?[0-9]{1,3})?|(?:[A-Z][a-z]+){1,4}")
# Names that the system makes: of replica sets and their pods, of tokens and of what a generator named.
_GENERATED = re.compile(
    r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*-(?:[a-f0-9]{8,10}|[bcdfghjklmnpqrstvwxz2456789]{5,10})(?:-[a-z0-9]{5})?"
)
_TOKEN_OBJECT = re.compile(r"[a-z][a-z0-9-]*-token-[a-z0-9]{5}")
# Source code in a traceback: a call, a subscript, an attribute of something.
_CODE = re.compile(
    r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?:\((?:.*\)[;,.\w()]*)?|\[[\"'A-Za-z_].*)|[a-z_][a-z0-9_]{2,}(?:\.[A-Za-z_]\w*)*\(.*|"
    r"(?:self|this|os|settings|config|cfg|request|req|ctx|args|process\.env|env|import\.meta|builder|options|opts|props|params|secrets|vars|System|Optional|List|var|local|data|random_password|module|aws_[a-z_]+)\.[\w.\[\]\"']+[,;)]?|"
    r"[A-Za-z_$][\w$]*(?:\??\.[A-Za-z_]\w*)*\??\.\w*(?:[Pp]assword|[Tt]oken|[Ss]ecret|[Kk]ey|[Cc]redentials?)[,;)]?"
)
_VERSION = re.compile(r"v?[0-9]+(?:\.[0-9]+)+(?:[-+.][\w.-]*)?")
_MEASURE = re.compile(
    r"[-+]?[0-9][0-9.,_]*(?:[ \t]*(?:/|of|:|-|x|\|)[ \t]*[0-9][0-9.,_]*)?[ \t]*(?:%|[kKMGTPE]i?[bB]?(?:/s)?|"
    r"[mµun]?s|[mhdwBx]|ms|rps|qps|req|MB|KB|tokens?|"
    r"bytes|seconds|minutes|hours|days|keys?)?"
)
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.]+(?:Z|[+-][0-9:]+)?)?|[0-9]{1,2}:[0-9]{2}(?::[0-9.]+)?|"
    r"(?:[0-9]+(?:ms|us|ns|[smhdw]))+"
)
_THREE_CLASSES = re.compile(r"(?=[^a-z]{0,512}[a-z])(?=[^A-Z]{0,512}[A-Z])[^0-9]{0,512}[0-9]")
_DISTINCT = re.compile(r"(?=[^A-Za-z]*[A-Za-z])(?=[^0-9!#$%^&*+=?~]*[0-9!#$%^&*+=?~]).*[A-Za-z0-9].*[A-Za-z0-9]")
_TOKEN_CHARS = re.compile(r"[A-Za-z0-9+/=_.~:!@#$%^&*-]+")
_ONE_CASE = re.compile(r"[a-z0-9]+|[A-Z0-9]+")
_DIGIT = re.compile(r"[0-9]")
_TURN = re.compile(r"[a-z](?=[^a-z])|[A-Z](?=[^A-Z])|[0-9](?=[^0-9])|[^A-Za-z0-9](?=[A-Za-z0-9])")
_BASE32 = re.compile(r"[A-Z2-7]{16,64}={0,6}")
_LONG_HEX = re.compile(r"[0-9a-f]{32,}|[0-9A-F]{32,}")
_HEX = re.compile(r"(?:sha[0-9]{3}:)?[0-9a-f]+", re.IGNORECASE)
_DIGEST = re.compile(r"(?:sha[0-9]{1,3}|md5|blake2b|sha512-256)[:=-][A-Za-z0-9+/=]+", re.IGNORECASE)
# How a sentence about a secret goes on after its name: `password: wrong for user app1`.
_SAYING = re.compile(
    r"(?:wrong|incorrect|invalid|mismatch(?:ed|es)?|rejected|refused|failed|fails?|failure|expired|expires|missing|required|"
    r"must|is|was|were|are|has|have|had|not|no|for|from|of|to|and|or|cannot|can|can't|could|couldn't|should|will|would|"
    r"unchanged|updated|changed|rotated|set|unset|empty|in|on|at|by|with|within|without|used|uses|using|use|via|"
    r"authentication|auth|prompt|protected|too|needs?|does|doesn't|did|didn't|may|please|enter|see|check|verify|verified|verification|"
    r"ok|valid|validated|validation|accepted|denied|saved|stored|found|lookup|error|issues?|issued|loaded|loading|read|reading|written|"
    r"created|creating|deleted|revoked|renewed|refreshed|refreshing|refresh|obtained|received|retrieved|fetching|fetched|"
    r"unable|unauthorized|forbidden|permission|access|the|an|this|that|it|your|user|users|length|type|contains|consists|"
    r"exists|already|never|always|only|when|while|if|because|after|before|until|than|more|less|about|as|be|been|being|"
    r"sync(?:ed|hronized)?|mounted|decoded|decode|parse|parsed|parsing|unexpected|bad|malformed|corrupt(?:ed)?|revision|version|"
    r"auto|automatic|manual|generated|provided|supplied|specified|given|defined|configured|ignored|skipped|unknown|old|new|"
    r"secret|password|token|key|credentials?|name|file|path|reset|rotation|policy|server|client|service|"
    r"still|left|remaining|per|total|count|rate|limit|quota|budget|usage|consumed|exceeded|reached|"
    r"signature|signed|signing|bearer|basic|header|cookie|session|request|response|reply|api|http|https|tls|ssl|"
    r"creation|destruction|still|encoded|encoding|activated|deactivated|started|starting|stopped|stopping|subject|"
    r"kubernetes|namespace|pod|deployment|container|volume|mount|object|resource)"
)  # fmt: skip
_STATE = re.compile(
    r"(?:wrong|incorrect|invalid|mismatch(?:ed)?|rejected|refused|failed|failure|expired|missing|required|unchanged|updated|"
    r"changed|rotated|valid|ok|denied|revoked|found|notfound|forbidden|unauthorized|accepted|verified|malformed)[.,;:!]?",
    re.IGNORECASE,
)
_FIRST_WORD = re.compile(r"[(\"']?([A-Za-z']+)[).,:;!\"']?(?=[ \t]|$)")
_FUNCTION_WORDS = frozenset(
    [
        *("is", "are", "was", "were", "the", "for", "to", "of", "with", "not", "in", "on", "at", "by", "from", "after"),
        *(
            "before",
            "and",
            "or",
            "but",
            "has",
            "have",
            "had",
            "be",
            "been",
            "does",
            "do",
            "did",
            "can",
            "cannot",
            "will",
        ),
        *(
            "would",
            "should",
            "must",
            "may",
            "this",
            "that",
            "it",
            "its",
            "an",
            "as",
            "than",
            "then",
            "when",
            "while",
            "if",
        ),
        *("because", "since", "until", "into", "onto", "over", "under", "about", "seconds", "successfully"),
    ]
)
_FEW_DIGITS = re.compile(r"[0-9]{4,8}")
_ONE_WORD = re.compile(r"[A-Za-z][a-z]{4,30}[0-9]{0,2}|[A-Za-z][a-z]*(?:-[a-z]+)*-?[0-9]{1,4}")
_ALPHANUMERIC = re.compile(r"\w")
_VOWEL = re.compile(r"[aeiouyAEIOUY]")
_NO_VOWEL = re.compile(
    r"[^aeiouy]{5}|q[^u]|[jv][bcdfghjklmnpqrstvwxz]|[cfghjklmpqtvwxz]j|[bdfghjklmptvwxz]q|[bcdfghjklmpqtvwz]x|z[bcdfgjkmnpqrstvwx]",
    re.IGNORECASE,
)
_WORD_AND_DIGITS = re.compile(r"[A-Za-z]{3,}[0-9]{1,4}")
_NUMBERED = re.compile(
    r"(?:sha|ssha|md|aes|rsa|hmac|pbkdf|utf|argon|scrypt|bcrypt|base|oauth|http|ipv|mysql|postgres|redis|user|app|level|step|"
    r"line|worker|node|pod|host|server|version|tls|ssl|python|php|java|page|port|item|test)[0-9]+",
    re.IGNORECASE,
)
_STATE_WORD = re.compile(
    r"[a-z]+(?:ed|ing|able|ible|ent|(?<!f)ly|ive|al|ary|ory|ous|less|ful|ised|ized|own|ten)|"
    r"(?:correct|wrong|expire|redundant|compliant|weak|strong|blank|safe|fine|secret|public|private|short|long|plaintext|plain|clear|secure|insecure|"
    r"same|different|optional|basic|static|dynamic|random|public|right|good|null|none|null|here|there|above|below|gone|lost|"
    r"sent|kept|held|known|stale|live|active|inactive|fresh|null|case-sensitive|today|tomorrow|yesterday|there|now|later|"
    r"nothing|something|anything|everything|vault|openbao|bitwarden|ldap|kerberos|oidc|saml|file|files|external|internal|"
    r"kubernetes|aws|azure|gcp|memory|disk|database|default|strict|legacy|bearer|opaque|always|never)",
    re.IGNORECASE,
)
_WORDS_ONLY = re.compile(r"[A-Za-z][a-z]*(?:[ ,;.\-/_]+[A-Za-z][a-z]*)*[.,:;!]?")


def is_secret(name: NameKind, value: str, *, bare: bool) -> bool:
    """Return whether ``value``, beside a name of this kind, is to be hidden.

    Arguments:
        bare: the value stands without quotes, so it may be prose or the name of an object.
    """
    value = value[:_LONGEST_JUDGED].strip()
    kind = name.kind
    if kind == "code" and (_FEW_DIGITS.fullmatch(value) or (name.is_own and is_distinct_word(value))):
        return True
    if not value or is_harmless(value) or (bare and (_CODE.fullmatch(value) or is_sentence(value))):
        return False
    if not bare and kind != "password" and value.count(" ") >= 2 and is_sentence(value):
        return False
    if name.is_weak:
        return is_distinct_word(value) if kind == "password" else _looks_generated(name, value)
    if kind != "password" and (_MEASURE.fullmatch(value) or _TIME.fullmatch(value)):
        return False
    if name.is_own and _ONE_WORD.fullmatch(value) and not is_state(value):
        return True
    # ``secret: shop-tls`` names a Secret; a real one of only small letters is rarer than that by far.
    may_be_name = kind in ("secret", "credential", "cookie", "token", "key", "authorization", "query")
    return not (may_be_name and _is_a_name(value, kind, bare=bare)) and (kind != "authorization" or len(value) >= 8)


def _looks_generated(name: NameKind, value: str) -> bool:
    return (
        looks_random(value)
        or (len(value) >= 20 and is_one_case(value) and not _HEX.fullmatch(value))
        or (_BASE32.fullmatch(value) is not None and entropy(value) >= 3.2)
        or (name.is_compound and _LONG_HEX.fullmatch(value) is not None)
    )


def _is_a_name(value: str, kind: str, *, bare: bool) -> bool:
    if is_jumbled(value):
        return False
    if kind in ("secret", "credential", "cookie"):
        return bool(_NAME.fullmatch(value)) or (kind == "secret" and bool(_GENERATED.fullmatch(value)))
    return bare and bool(_WORDS_ONLY.fullmatch(value) or _VERSION.fullmatch(value) or _TOKEN_OBJECT.fullmatch(value))


def is_harmless(value: str) -> bool:
    """Return whether a value is a placeholder, a reference, a path, a digest: nothing that anybody could use."""
    if not _ALPHANUMERIC.search(value) and len(set(value)) <= 3:
        return True
    return bool(_BENIGN.fullmatch(value) or _PATH.fullmatch(value) or _URL.fullmatch(value) or _DIGEST.fullmatch(value))


def is_sentence(value: str) -> bool:
    """Return whether what stands after a name is a sentence about it (``wrong for user app1``, ``12199 used``)."""
    if " " not in value:
        return bool(_STATE.fullmatch(value))
    first = _FIRST_WORD.match(value)
    if first and _SAYING.fullmatch(first.group(1).lower()):
        return True
    if value.count(" ") >= 2 and not _FUNCTION_WORDS.isdisjoint(value.lower().split()[:12]):
        return True
    number, _, rest = value.partition(" ")
    return bool(_MEASURE.fullmatch(number) or _TIME.fullmatch(number)) and bool(re.match(r"[A-Za-z(/|,=]", rest))


def is_code(value: str) -> bool:
    """Return whether a value is an expression of source code: a call, a subscript, a field of something."""
    return _CODE.fullmatch(value) is not None


def is_state(word: str) -> bool:
    """Return whether a word says how a secret is (``expired``, ``wrong``, ``stored``), not what it is."""
    low = word.lower()
    return bool(_SAYING.fullmatch(low) or _STATE_WORD.fullmatch(low) or _BENIGN.fullmatch(low))


def is_chosen_word(value: str) -> bool:
    """Return whether a person would take a word in a sentence for a password: ``hunter2``, no ``sha256``."""
    return is_distinct_word(value) or (
        len(value) >= 6 and _WORD_AND_DIGITS.fullmatch(value) is not None and not _NUMBERED.fullmatch(value)
    )


def is_jumbled(value: str) -> bool:
    """Return whether at least 16 letters, of one case or more, are of no language: hardly a vowel, or far apart."""
    if not 16 <= len(value) <= 512 or not value.isalpha() or not value.isascii():
        return False
    vowels = len(_VOWEL.findall(value))
    return vowels < 0.28 * len(value) or _NO_VOWEL.search(value) is not None


def is_distinct_word(value: str) -> bool:
    """Return whether a word is none of a language: letters with digits or signs among them, and no name, number or
    time.
    """
    if (
        len(value) < 6
        or is_harmless(value)
        or _VERSION.fullmatch(value)
        or _TIME.fullmatch(value)
        or _MEASURE.fullmatch(value)
    ):
        return False
    if _NAME.fullmatch(value.rstrip(".,:;!")) or _GENERATED.fullmatch(value) or "/" in value or "@" in value[1:]:
        return looks_random(value)
    return _DISTINCT.match(value) is not None


def looks_random(value: str) -> bool:
    """Return whether a value looks generated: long, of mixed classes, and neither a name, a version nor a digest."""
    if len(value) < 16 or not (_THREE_CLASSES.match(value) and _TOKEN_CHARS.fullmatch(value)) or "://" in value:
        return False
    if _UUID.fullmatch(value) or _HEX.fullmatch(value) or _VERSION.fullmatch(value) or is_harmless(value):
        return False
    return turns(value) >= 0.3 and entropy(value) >= 3.3


def is_one_case(value: str) -> bool:
    """Return whether a value is of letters of one case and digits, mixed as in a generated token of at least 16
    characters.
    """
    if not 16 <= len(value) <= 512 or not _ONE_CASE.fullmatch(value):
        return False
    digits = len(_DIGIT.findall(value))
    return digits >= 3 and len(value) - digits >= 3 and turns(value) >= 0.2 and entropy(value) >= 2.8


def turns(value: str) -> float:
    """Return how often two neighbours differ in class (small, capital, digit, sign): 0.6 in random text, 0.3 in
    names.
    """
    return len(_TURN.findall(value, 0, 200)) / max(min(len(value), 200) - 1, 1)


def entropy(value: str) -> float:
    """Return the bits of each character, as Shannon counts them, of the first 200 characters."""
    value = value[:200]
    total = len(value)
    return math.log2(total) - sum(_N_LOG_N[n] for n in Counter(value).values()) / total if total else 0.0
