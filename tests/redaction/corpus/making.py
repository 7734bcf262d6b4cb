"""Makes values from a small language, so that no secret, real or realistic, stands in the repository.

Comes in: a template such as ``ghp_{b62:36}`` and a source of randomness with a fixed seed. Goes out: the text, and
which pieces of it were made. ``{alphabet:length}`` makes so many characters; the other words are in ``_MAKERS``. In a
whole text ``«spec»`` is a secret and ``‹spec›`` is what stands around it; ``«b64|...»`` encodes what was made.
"""

from __future__ import annotations

import base64
import json
import random
import re
import string
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

_LOWER, _UPPER, _DIGITS = string.ascii_lowercase, string.ascii_uppercase, string.digits
_ALPHABETS = {
    "hex": "0123456789abcdef",
    "HEX": "0123456789ABCDEF",
    "dig": _DIGITS,
    "low": _LOWER + _DIGITS,
    "up": _UPPER + _DIGITS,
    "alpha": _LOWER + _UPPER,
    "lower": _LOWER,
    "b32": _UPPER + "234567",
    "b62": _LOWER + _UPPER + _DIGITS,
    "b62-": _LOWER + _UPPER + _DIGITS + "-_",
    "b62.": _LOWER + _UPPER + _DIGITS + "._",
    "b64": _LOWER + _UPPER + _DIGITS + "+/",
    "bech": "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
    "sign": _LOWER + _UPPER + _DIGITS + "!@#$%^*()-_=+.~",
}
# What people choose; none is the password of anything.
_CHOSEN = (
    "hunter22", "Sommer2026!", "tr0ub4dor", "letmein99", "Pa55w0rd!", "qwertz12", "welcome1", "banana77", "s3cr3t!",
    "Changeme123", "winter-is-7", "opensesame4", "Adm1n!adm1n", "dragon2019", "Blue42sky", "m0nkeyBar",
)  # fmt: skip
_PLAIN = (
    "sunshine", "trombone", "marmalade", "butterscotch", "hunter2", "dragonfly", "elephant", "pineapple", "Lavender",
    "moonlight", "strawberry", "corkscrew", "velociraptor", "cinnamon", "Gibraltar", "raindrop7",
)  # fmt: skip
_WORDS = ("checkout", "billing", "catalog", "search", "payments", "orders", "ledger", "gateway", "mailer", "reports")
_PIECE = re.compile(r"\{([a-zA-Z0-9_.-]+):([^{}]*)\}")
_FIELD = re.compile(r"([«‹])([^»›]*)[»›]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A text and the pieces of it that were made at random."""

    text: str
    pieces: tuple[str, ...]


def characters(alphabet: str, length: int, rng: random.Random) -> str:
    """Return ``length`` characters; long ones hold a letter and a digit where the alphabet has both."""
    letters = _ALPHABETS[alphabet]
    ends = [c for c in letters if c.isalnum()]
    mixed = length >= 12 and any(c.isdigit() for c in letters) and any(c.isalpha() for c in letters)
    while True:
        value = "".join(rng.choices(letters, k=length))
        if length > 1:
            value = rng.choice(ends) + value[1:-1] + rng.choice(ends)
        if not mixed or (any(map(str.isdigit, value)) and any(map(str.isalpha, value))):
            return value


def _uuid(_argument: str, rng: random.Random) -> str:
    made = f"{rng.getrandbits(128):032x}"
    return f"{made[:8]}-{made[8:12]}-4{made[13:16]}-a{made[17:20]}-{made[20:]}"


def _jwt(argument: str, rng: random.Random) -> str:
    payload: dict[str, object] = {"sub": characters("low", 10, rng), "iat": 1790000000 + rng.randrange(10**6)}
    if argument == "sa":
        payload |= {"iss": "kubernetes/serviceaccount", "kubernetes.io": {"namespace": rng.choice(_WORDS)}}
    body = base64.urlsafe_b64encode(json.dumps(payload).encode()).decode().rstrip("=")
    return f"{body}.{characters('b62-', 43 if argument != 'sa' else 342, rng)}"


def _lines(argument: str, rng: random.Random) -> str:
    count = int(argument)
    return "\n".join([*(characters("b64", 64, rng) for _ in range(count - 1)), characters("b64", 38, rng) + "=="])


def _number(argument: str, rng: random.Random) -> str:
    low, high = argument.split("-")
    return str(rng.randint(int(low), int(high)))


def _pod(_argument: str, rng: random.Random) -> str:
    safe = "bcdfghjklmnpqrstvwxz2456789"
    return f"{rng.choice(_WORDS)}-{''.join(rng.choices(safe, k=9))}-{''.join(rng.choices(safe, k=5))}"


def _time(_argument: str, rng: random.Random) -> str:
    return f"{rng.randrange(24):02}:{rng.randrange(60):02}:{rng.randrange(60):02}"


_MAKERS: dict[str, Callable[[str, random.Random], str]] = {
    "uuid": _uuid,
    "jwt": _jwt,
    "lines": _lines,
    "chosen": lambda _a, rng: rng.choice(_CHOSEN),
    "word": lambda _a, rng: rng.choice(_PLAIN),
    "n": _number,
    "pick": lambda a, rng: rng.choice(a.split("|")),
    "pod": _pod,
    "app": lambda _a, rng: rng.choice(_WORDS),
    "ns": lambda _a, rng: rng.choice(("shop", "default", "kube-system", "monitoring", "team-a", "data")),
    "ip": lambda _a, rng: f"10.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}",
    "ts": lambda a, rng: f"2026-11-{rng.randint(1, 28):02}T{_time(a, rng)}",
    "time": _time,
    "b64text": lambda a, rng: base64.b64encode(f"{a} {rng.choice(_WORDS)} {rng.randrange(10**6)}".encode()).decode(),
}  # fmt: skip


def made(template: str, rng: random.Random) -> Made:
    """Return ``template`` with each ``{...}`` made; text outside the braces stays and is no secret."""
    pieces: list[str] = []

    def one(found: re.Match[str]) -> str:
        word, argument = found.group(1), found.group(2)
        value = _MAKERS[word](argument, rng) if word in _MAKERS else characters(word, int(argument), rng)
        pieces.extend(value.split("\n"))
        return value

    return Made(text=_PIECE.sub(one, template), pieces=tuple(pieces))


def filled(text: str, rng: random.Random) -> Made:
    """Return ``text`` with each ``«spec»`` and ``‹spec›`` made; the pieces are those of the ``«»``.

    A spec is ``alphabet:length``, or a template with braces, or one of these behind ``b64|`` or ``url|``; what ``b64``
    encodes is one piece.
    """
    pieces: list[str] = []

    def one(found: re.Match[str]) -> str:
        mark, spec = found.group(1), found.group(2)
        coding, bar, rest = spec.partition("|")
        if not bar or coding not in ("b64", "url"):
            coding, rest = "", spec
        value = made(rest if "{" in rest else "{" + rest + "}", rng)
        text, inner = value.text, value.pieces
        if coding == "b64":
            text = base64.b64encode(text.encode()).decode()
            inner = (text,)
        elif coding == "url":
            text, inner = quote(text, safe=""), tuple(quote(piece, safe="") for piece in inner)
        if mark == "«":
            pieces.extend(inner)
        return text

    return Made(text=_FIELD.sub(one, text), pieces=tuple(pieces))
