"""How much gets through: generated secrets of many forms in the thirteen carriers in which operations data brings them.

The secrets are made here from a seed, so that none stands in the repository.
``python tests/redaction/test_carriers.py`` prints the table, and the speed.
"""

from __future__ import annotations

import base64
import json
import random
import string
import time
from collections.abc import Callable

import pytest

from agentops.redaction.redactor import SecretRedactor

LOWER, UPPER, DIGITS = string.ascii_lowercase, string.ascii_uppercase, string.digits
HEX, BASE62 = "0123456789abcdef", string.ascii_letters + DIGITS
PER_FORM = 4

# What a secret looks like: the alphabet and length of a value that has no form of its own, as most services' have.
PLAIN = {
    "hex 32": (HEX, 32),
    "hex 40": (HEX, 40),
    "hex 64": (HEX, 64),
    "lower 20": (LOWER + DIGITS, 20),
    "lower 32": (LOWER + DIGITS, 32),
    "lower 40": (LOWER + DIGITS, 40),
    "base62 22": (BASE62, 22),
    "base62 40": (BASE62, 40),
    "base62 64": (BASE62, 64),
    "url-safe 43": (BASE62 + "-_", 43),
    "base64 44": (BASE62 + "+/", 44),
    "upper 26": (UPPER + DIGITS, 26),
}
# Prefix, alphabet, length; in two parts, so that scanners of this repository find nothing.
PREFIXED = {
    "aws key id": ("AK" + "IA", UPPER + "234567", 16),
    "github": ("gh" + "p_", BASE62, 36),
    "github app": ("gh" + "s_", BASE62, 36),
    "github fine-grained": ("github" + "_pat_", BASE62 + "_", 82),
    "gitlab": ("gl" + "pat-", BASE62 + "_-", 20),
    "slack bot": ("xo" + "xb-", DIGITS, 24),
    "stripe": ("sk" + "_live_", BASE62, 24),
    "google api": ("AI" + "za", BASE62 + "_-", 35),
    "google oauth": ("ya" + "29.", BASE62 + "_-", 60),
    "anthropic": ("sk-" + "ant-api03-", BASE62 + "_-", 95),
    "openai project": ("sk-" + "proj-", BASE62, 48),
    "hugging face": ("h" + "f_", LOWER + UPPER, 34),
    "npm": ("np" + "m_", BASE62, 36),
    "pypi": ("py" + "pi-AgEIcHlwaS5vcmc", BASE62 + "_-", 80),
    "docker": ("dc" + "kr_pat_", BASE62 + "_-", 27),
    "vault": ("hv" + "s.", BASE62 + "_-", 90),
    "digitalocean": ("do" + "p_v1_", HEX, 64),
    "databricks": ("da" + "pi", HEX, 32),
    "grafana": ("gl" + "c_", BASE62, 60),
    "new relic": ("NR" + "AK-", UPPER + DIGITS, 27),
    "shopify": ("sh" + "pat_", HEX, 32),
    "linear": ("lin" + "_api_", BASE62, 40),
    "doppler": ("dp" + ".pt.", BASE62, 43),
    "pulumi": ("pu" + "l-", HEX, 40),
    "openshift": ("sha" + "256~", BASE62 + "_-", 43),
    "sentry": ("sn" + "trys_", BASE62, 60),
    "twilio": ("S" + "K", HEX, 32),
    "sendgrid": ("S" + "G.aB3dE5gH7jK9mN1pQ3sT5v.", BASE62 + "_-", 43),
}


def _made(alphabet: str, length: int, rng: random.Random) -> str:
    """A value that holds a letter and a digit where its alphabet has both, and no separator at its ends."""
    ends = [c for c in alphabet if c.isalnum()]
    while True:
        value = rng.choice(ends) + "".join(rng.choices(alphabet, k=length - 2)) + rng.choice(ends)
        kinds = (
            {str.isdigit, str.isalpha} if set(alphabet) & set(DIGITS) and set(alphabet) & set(LOWER + UPPER) else set()
        )
        if all(any(kind(c) for c in value) for kind in kinds):
            return value


def secrets() -> dict[str, list[str]]:
    """Return the generated secrets by form."""
    rng = random.Random(20261122)
    found = {name: [_made(*form, rng) for _ in range(PER_FORM)] for name, form in PLAIN.items()}
    for name, (prefix, alphabet, length) in PREFIXED.items():
        found[name] = [prefix + _made(alphabet, length, rng) for _ in range(PER_FORM)]
    return found


def _wrapped(secret: str) -> str:
    middle = len(secret) // 2
    return f"config loaded: api_token: {secret[:middle]}\n    {secret[middle:]}\nready"


def _painted(secret: str) -> str:
    middle = len(secret) // 2
    return f"\x1b[2m12:00\x1b[0m \x1b[33mtoken\x1b[0m=\x1b[1m{secret[:middle]}\x1b[0m\x1b[1m{secret[middle:]}\x1b[0m ok"


CARRIERS: dict[str, Callable[[str], str]] = {
    "environment dump": lambda s: f"PATH=/usr/bin\nACME_API_TOKEN={s}\nHOME=/root",
    "describe": lambda s: f"    Environment:\n      ACME_API_TOKEN:  {s}\n      PORT:  80",
    "JSON log": lambda s: json.dumps({"level": "error", "msg": "login failed", "token": s, "n": 1}),
    "flag with =": lambda s: f"exec /bin/app --port=80 --token={s} --verbose",
    "Secret in YAML": lambda s: f"kind: Secret\ndata:\n  value: {base64.b64encode(s.encode()).decode()}\ntype: Opaque",
    "Bearer header": lambda s: f"> GET /v1 HTTP/1.1\n> Authorization: Bearer {s}\n> Accept: */*",
    "split arguments": lambda s: f'args: ["serve", "--token", "{s}", "--port", "80"]',
    "prose": lambda s: f"could not log in: the API token {s} was rejected by the server",
    "JSON in JSON": lambda s: json.dumps({"log": json.dumps({"msg": "x", "api_key": s}), "stream": "stdout"}),
    "URL query": lambda s: f"GET https://api.example.com/v1/items?page=2&token={s}&sort=asc 401",
    "URL user": lambda s: f"dial postgres://shop:{s}@db.shop.svc:5432/shop failed",
    "colours": _painted,
    "wrapped line": _wrapped,
}


def _leaks(secret: str, text: str) -> bool:
    """Tell whether half of the secret or more can be read, in one piece."""
    half = len(secret) // 2
    forms = (secret, base64.b64encode(secret.encode()).decode())
    return any(form[at : at + half] in text for form in forms for at in (0, len(form) - half))


def hidden() -> dict[str, dict[str, float]]:
    """Return for each carrier and form which part of its secrets is hidden."""
    redactor = SecretRedactor()
    return {
        carrier: {
            form: sum(not _leaks(s, redactor.text(put(s))) for s in made) / len(made)
            for form, made in secrets().items()
        }
        for carrier, put in CARRIERS.items()
    }


def _rate(rates: dict[str, float]) -> float:
    return sum(rates.values()) / len(rates)


def test_nine_in_ten_secrets_are_hidden_in_the_thirteen_carriers() -> None:
    """Over all forms and carriers at least 90 %, and in no carrier fewer than three quarters."""
    rates = {carrier: _rate(found) for carrier, found in hidden().items()}
    assert (len(rates), _rate(rates) >= 0.9, [c for c, rate in rates.items() if rate < 0.75]) == (13, True, [])


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_learned_value_is_hidden_in_every_carrier_but_torn_ones(carrier: str) -> None:
    """What the run has read from a Secret is hidden wherever it stands in one piece."""
    redactor = SecretRedactor()
    for made in secrets().values():
        for secret in made:
            redactor.learn(secret)
    texts = [(s, redactor.text(CARRIERS[carrier](s))) for made in secrets().values() for s in made]
    assert [s for s, text in texts if s in text] == []


def _speed() -> tuple[float, float]:
    """Return MB/s over ordinary lines, and milliseconds for 8 KB of them."""
    rng = random.Random(1)
    lines = [
        f'{{"ts":"2026-11-22T12:{n % 60:02}:00Z","level":"info","msg":"GET /v1/items/{rng.randrange(10**6)} 200",'
        f'"pod":"web-7d9c8b6f5-{rng.choice(LOWER) * 5}","ms":{rng.randrange(999)}}}'
        for n in range(20_000)
    ]
    text, redactor = "\n".join(lines), SecretRedactor()
    redactor.text(text[:8192])
    began = time.perf_counter()
    redactor.text(text)
    middle = time.perf_counter()
    for _ in range(20):
        redactor.text(text[:8192])
    return len(text) / 1e6 / (middle - began), (time.perf_counter() - middle) / 20 * 1000


if __name__ == "__main__":
    table = hidden()
    for name, rates in table.items():
        missed = ", ".join(f"{form} {rate:.0%}" for form, rate in rates.items() if rate < 1)
        print(f"{name:18} {_rate(rates):6.1%}  {missed}")  # noqa: T201
    print(f"{'all':18} {_rate({c: _rate(r) for c, r in table.items()}):6.1%}")  # noqa: T201
    print("{:.1f} MB/s, {:.2f} ms for 8 KB".format(*_speed()))  # noqa: T201
