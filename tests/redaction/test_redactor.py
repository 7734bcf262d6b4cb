"""Redaction: what must go, in every carrier, and what must stay."""

from __future__ import annotations

import base64
import json
import random
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agentops.core.secret_names import STRONG_WORDS, WEAK_WORDS
from agentops.providers.kubernetes.objects.kinds import BUILTIN
from agentops.redaction.redactor import SecretRedactor

B = "[redacted:"
# Assembled from parts, so that scanners of this repository find nothing.
RANDOM = "q7R2" + "vX9" + "mT4kLw8ZpB3nY6"
GITHUB = "gh" + "p_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
JWT = "ey" + "JhbGciOiJIUzI1NiJ9.ey" + "JzdWIiOiJzeXN0ZW06c2EifQ." + "c2lnbmF0dXJlLW9mLXRoaXM"
PEM = (
    "-----BEGIN RSA "
    + "PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7bq\nAAAA"
    + "B" * 60
    + "\n-----END RSA "
    + "PRIVATE KEY-----"
)

PATTERNS = {
    "aws": "AK" + "IAIOSFODNN7EXAMPLE",
    "github": GITHUB,
    "github fine": "github_" + "pat_" + "11ABCDEFG0abcdefghijkl_" + "a1B2" * 14 + "abc",
    "gitlab": "glp" + "at-x7Y2k9QmW4vB8nT1rZ6s",
    "slack": "xo" + "xb-123456789012-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx",
    "stripe": "sk_" + "live_4eC39HqLyjWDarjtT1zdp7dc",
    "google": "AI" + "zaSyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY",
    "azure": "abc8Q" + "~" + "dEfGhIjKlMnOpQrStUvWxYz0123456789a",
    "anthropic": "sk-" + "ant-api03-" + "aB3" * 20,
    "openai": "sk-" + "proj-" + "aB3" * 20,
    "npm": "np" + "m_" + "a1B2c3" * 6,
    "sendgrid": "SG" + "." + "aB3dE5gH7jK9mN1pQ3sT5v" + "." + "aB3dE5gH7jK9mN1pQ3sT5vX7zA9cD1fG3hJ5kL7nP9q",
    "vault": "hv" + "s." + "CAESIJlU9Jm8aB3dE5gH7jK9mN1p",
    "jwt": JWT,
    "pem": PEM,
    "pem in json": json.dumps(PEM)[1:-1],
    "pem cut off": PEM[: PEM.index("-----END")],
    "pem in base64": base64.b64encode(PEM.encode()).decode(),
    "bcrypt": "$2" + "b$12$" + "abcdefghijklmnopqrstuu" * 2 + "123456789",
    "webhook": "https://hooks.sl" + "ack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
}


@pytest.fixture
def redactor() -> SecretRedactor:
    return SecretRedactor()


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize("carrier", ["{}", "error: bad reply to {} from 10.0.0.1", '{{"m":"{}"}}', "a\n  {}\nb"])
def test_known_shapes_are_hidden_wherever_they_stand(redactor: SecretRedactor, name: str, carrier: str) -> None:
    """Nothing of a token with a published shape is left, and the marker says a kind."""
    found = redactor.text(carrier.format(PATTERNS[name]))
    rest = PATTERNS[name].removeprefix("https://hooks.sl" + "ack.com/")
    assert (rest in found, rest[-12:] in found, B in found) == (False, False, True)


CARRIERS = [
    "password: {}",
    "DB_PASSWORD={}",
    "  - DB_PASSWORD={}",
    "export API_TOKEN='{}'",
    '"dbPassword": "{}"',
    '{{"level":"info","client_secret":"{}","n":1}}',
    r'{{"log":"{{\"api_key\":\"{}\",\"n\":1}}"}}',
    r'{{"log":"{{\"m\":\"{{\\\"token\\\":\\\"{}\\\"}}\"}}"}}',
    "--password {}",
    "--password={}",
    "app --auth-token {} --verbose",
    'args: ["--token", "{}"]',
    "    - --db-password\n    - {}",
    "    - --api-token={}",
    "      - name: DB_PASSWORD\n        value: {}",
    '      - name: API_TOKEN\n        value: "{}"',
    '{{"name":"DB_PASSWORD","value":"{}"}}',
    '        {{\n          "name": "DB_PASSWORD",\n          "value": "{}"\n        }}',
    "      DB_PASSWORD:  {}",
    "passphrase: |\n    {}\n",
    "postgresql://shop:{}@db.shop.svc:5432/shop",
    "dial redis://:{}@cache:6379/0 failed",
    "https://api.example.com/v1?token={}&page=2",
    "https://b.blob.core.windows.net/c?sv=2022-11-02&sr=b&sig={}",
    "https://b.s3.amazonaws.com/k?X-Amz-Algorithm=A&X-Amz-Signature={}",
    "Authorization: Bearer {}",
    "authorization: Basic {}",
    "curl -H 'Authorization: Bearer {}' https://api",
    "curl -u admin:{} https://api",
    '{{"headers":{{"Authorization":["Bearer {}"]}}}}',
    "Set-Cookie: session={}; Path=/",
    "Cookie: a=1; sid={}",
    "X-Api-Key: {}",
    "Server=db;User Id=sa;Password={};Encrypt=true",
    "DefaultEndpointsProtocol=https;AccountName=a;AccountKey={};EndpointSuffix=core.windows.net",
    "aws_secret_access_key = {}",
    "    client-key-data: {}",
    "    token: {}",
    '{{"auths":{{"r.example":{{"auth":"{}"}}}}}}',
    "level=error msg=failed token={} user=bob",
    "the token is {} and it failed",
    "password => {}",
    "pass\x1b[31mword: {}\x1b[0m",
    "spring.datasource.password={}",
    "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ndata:\n  user: {}\ntype: Opaque",
    "apiVersion: v1\ndata:\n  user: {}\nkind: Secret\nmetadata:\n  name: db",
    "items:\n- apiVersion: v1\n  data:\n    user: {}\n  kind: Secret\n  metadata:\n    name: db",
    '{{"apiVersion":"v1","data":{{"user":"{}"}},"kind":"Secret"}}',
    r'last-applied: "{{\"apiVersion\":\"v1\",\"data\":{{\"user\":\"{}\"}},\"kind\":\"Secret\"}}"',
]


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("secret", [RANDOM, "Sup3r-s3cret!Pa55w0rd", base64.b64encode(b"shop:swordfish-77").decode()])
def test_named_secrets_are_hidden_in_every_carrier(redactor: SecretRedactor, carrier: str, secret: str) -> None:
    """A value beside a name that speaks of a secret is gone, the rest of the line is there, and a second pass changes
    nothing."""
    text = carrier.format(secret)
    found = redactor.text(text)
    assert (secret in found, B in found, redactor.text(found)) == (False, True, found)


@pytest.mark.parametrize("secret", ["*x9&y;z", "&a1b2", "[x]y1", "a b c1", "p@ss:w0rd", "=eq=1"])
@pytest.mark.parametrize("carrier", ["DB_PASSWORD={}", "export TOKEN={}", "password: '{}'", '"api_key":"{}"'])
def test_odd_characters_do_not_save_a_secret(redactor: SecretRedactor, carrier: str, secret: str) -> None:
    """A value that begins or goes on with a separator is hidden whole where its end is clear."""
    found = redactor.text(carrier.format(secret))
    assert (secret in found, found.replace("'", "").replace('"', "").endswith("]")) == (False, True)


STAYS = [
    "image: registry.example/shop/api@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "imageID: docker-pullable://nginx@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "uid: 7c2f1a6e-0d0c-4c56-9a39-0a1f3a6f1f55",
    'resourceVersion: "918273645"',
    "pod-template-hash: 7d9c8b6f5",
    "Pod shop/checkout-7d9c8b6f5-abcde is not ready",
    "commit 4bf92f3577b34da6a3ce929d0e0e47361d2f4c5b",
    "  secretName: db-credentials",
    "imagePullSecrets:\n- name: regcred",
    "      secretKeyRef:\n        key: password\n        name: db",
    "      - name: DB_PASSWORD\n        valueFrom:\n          secretKeyRef:",
    "      DB_PASSWORD:  <set to the key 'password' in secret 'db'>  Optional: false",
    "      DB_PASSWORD_FILE: /run/secrets/db_password",
    "DB_PASSWORD=$(DB_PASS)",
    "password: ${DB_PASSWORD}",
    "automountServiceAccountToken: false",
    "expirationSeconds: 3607",
    "tokenExpirationSeconds: 3607",
    "    /var/run/secrets/kubernetes.io/serviceaccount from kube-api-access-x (ro)",
    'MountVolume.SetUp failed for volume "db" : secret "db-credentials" not found',
    "Error: couldn't find key DB_PASSWORD in Secret shop/db",
    "error: invalid token: signature is invalid",
    "password authentication failed for user shop",
    "--service-account-signing-key-file=/etc/kubernetes/pki/sa.key",
    "--authorization-mode=Node,RBAC",
    "apiVersion: rbac.authorization.k8s.io/v1",
    "ghcr.io/acme/token-service:1.2.3",
    "vault-secrets-operator:0.4.1",
    "quay.io/x/secret-store@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "existingSecret: shop-db",
    "secret: shop-tls",
    "it reads Secret: shop-database-v2",
    'env[DB_PASSWORD].valueFrom.secretKeyRef.name: "shop-db" -> "shop-db-v2"',
    'env[DB_PASSWORD]: {"secretKeyRef": {"key": "password", "name": "shop-db-v2"}}',
    "shop/Secret/api-token: does not exist",
    "Type:        Secret (a volume populated by a Secret)",
    "password:  24 bytes",
    '{"input_tokens": 4123, "output_tokens": 55}',
    "max_tokens=4096",
    "tokens: 3",
    "kind: ConfigMap\ndata:\n  url: http://api.shop:8080/v1?page=2",
    "kind: SecretProviderClass",
    "monkey=banana keyspace=shop keyboard: us",
    "key: app.kubernetes.io/name",
    "http://prometheus:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1",
    "MountVolume.SetUp failed for volume kube-api-access-8x7zq : object shop/kube-root-ca.crt not registered",
    "Basic authentication is required, Bearer realm=shop",
    "the passenger compared author notes, signed",
    "certificate-authority-data: " + base64.b64encode(b"-----BEGIN CERTIFICATE-----\nMIIC").decode(),
    "5xx ratio 25% on checkout",
    'etag: W/"0815" sessionAffinity: None',
    "secrets  []  []  [get list watch]",
    "password: [redacted:password]",
    'token = request.query.get("continue", "")',
    "    password = self.settings.password",
    '{"secret": "Secret", "configMap": "ConfigMap"}',
    "    Environment Variables from:\n      db-secret  Secret  Optional: false",
    "token: [redacted:token]\nweb-7d9c8b6f5-abcde",
    "token: [redacted:token]\nReconciling\n  port: 80\n",
    "proxied http://cache:6379/items/someone@example.com",
    "the secret 4bf92f3577b34da6a3ce929d0e0e4736 is not found",
    "x-token-hash: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
]


@pytest.mark.parametrize("text", STAYS)
def test_what_a_person_needs_to_read_stays(redactor: SecretRedactor, text: str) -> None:
    """Digests, uids, hashes, names of Secrets, references, paths and prose are left alone."""
    assert redactor.text(text) == text


def test_only_the_value_goes() -> None:
    """Names, quotes, separators and neighbours stay, so that the text can still be read and parsed."""
    text = 'a: 1\n  DB_PASSWORD: "hunter2"  # note\n{"token":"x1y2z3","n":[1,2]}\nuser=bob password=a1,b2 x=1\n'
    assert SecretRedactor().text(text) == (
        f'a: 1\n  DB_PASSWORD: "{B}password]"  # note\n{{"token":"{B}token]","n":[1,2]}}\n'
        f"user=bob password={B}password],b2 x=1\n"
    )


def test_json_stays_json() -> None:
    """A JSON text with secrets at several depths of escaping is JSON afterwards."""
    inner = json.dumps({"password": 'quo"te\\', "m": "x"})
    text = json.dumps({"log": inner, "api_key": 'a"b', "deeper": json.dumps({"log": inner})})
    found = json.loads(SecretRedactor().text(text))
    assert (found["api_key"], json.loads(found["log"])) == (f"{B}api-key]", {"password": f"{B}password]", "m": "x"})
    assert json.loads(json.loads(found["deeper"])["log"]) == {"password": f"{B}password]", "m": "x"}


def test_values_are_judged_by_their_keys() -> None:
    """In a JSON value the key decides: names and pairs that speak of secrets, and the data of a Secret."""
    found = SecretRedactor().value(
        {
            "password": "hunter2",
            "pin": 3,
            "dbPassword": 12345,
            "tokens": ["abc1", "def2"],
            "secretName": "db",
            "env": [{"name": "API_TOKEN", "value": "v1"}, {"name": "PORT", "value": "80"}],
            "object": {"kind": "Secret", "data": {"user": "YQ=="}, "metadata": {"name": "db"}},
            "log": f"token={RANDOM}",
            "none": None,
            "pair": ("a", True, 1.5),
        }
    )
    assert found == {
        "password": f"{B}password]",
        "pin": 3,
        "dbPassword": f"{B}password]",
        "tokens": [f"{B}token]", f"{B}token]"],
        "secretName": "db",
        "env": [{"name": "API_TOKEN", "value": f"{B}token]"}, {"name": "PORT", "value": "80"}],
        "object": {"kind": "Secret", "data": {"user": f"{B}secret]"}, "metadata": {"name": "db"}},
        "log": f"token={B}token]",
        "none": None,
        "pair": ["a", True, 1.5],
    }


@pytest.mark.parametrize(
    "form",
    [
        lambda v: v,
        lambda v: base64.b64encode(v.encode()).decode(),
        lambda v: base64.b64encode(v.encode() + b"\n").decode(),
        lambda v: base64.b64encode(b"user:" + v.encode() + b":x").decode(),
        lambda v: base64.b64encode(b"userx:" + v.encode()).decode(),
        lambda v: base64.urlsafe_b64encode(v.encode()).decode().rstrip("="),
        lambda v: quote(v, safe=""),
        lambda v: json.dumps(v),
        lambda v: json.dumps(json.dumps(v)),
    ],
)
def test_a_learned_value_is_hidden_in_the_forms_it_travels_in(form: Any) -> None:
    """A value that was read from a Secret never shows again: raw, base64, URL, JSON."""
    redactor = SecretRedactor()
    value = 'wörd with "quotes" & ümlauts/17'
    redactor.learn(value)
    text = f"unremarkable {form(value)} text"
    found = redactor.text(text)
    assert (form(value) in found, f"{B}known]" in found) == (False, True)


def test_short_and_common_values_are_not_learned() -> None:
    """A value of a few characters, or of the marker itself, would tear ordinary text apart and is not learned."""
    redactor = SecretRedactor()
    for value in ("", "admin", "redacted"):
        redactor.learn(value)
    assert redactor.text("admin was redacted") == "admin was redacted"


_WORDS = (
    "password|token|=|: | |\n|\"|'|\\|{|}|\x1b[0m|Bearer |Authorization: |://u:|@h/|?sig=|&|name: X_TOKEN|value: |data:"
    "|kind: Secret|  a: b|- |--token |key|[redacted:|]|,|-----BEGIN |user|cookie: |;|secret|İ|x=|[|swordfish-77"
)
_PARTS = st.sampled_from([*PATTERNS.values(), RANDOM, "|", *_WORDS.split("|")])


@settings(deadline=None, max_examples=400)
@given(st.lists(_PARTS | st.text(max_size=6), max_size=16).map("".join))
@example(PATTERNS["bcrypt"] * 2)
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    """``redact(redact(x)) == redact(x)``, for anything that looks like the pieces of secrets, and nothing raises."""
    redactor = SecretRedactor()
    redactor.learn("swordfish-77")
    once = redactor.text(text)
    assert redactor.text(once) == once


@settings(deadline=None)
@given(st.recursive(st.text() | st.integers(), lambda x: st.lists(x) | st.dictionaries(_PARTS, x), max_leaves=8))
def test_redacting_a_value_twice_changes_nothing_more(value: Any) -> None:
    """The law holds for JSON values as well."""
    redactor = SecretRedactor()
    once = redactor.value(value)
    assert redactor.value(once) == once


_RUNS = ["a", "token", "password=", "-", "\\", '"', "name: ", "{", "AKIA", "eyJ", "://a", "\x1b", " ", "key-", "a: b\n"]
_RUNS += ["kind: Secret\n", "kind: Secret\ndata:\n", "name: x value", "- --token\n", "password: |\n", "?sig=", "://:@"]
_RUNS += [
    '"kind":"Secret","data":{',
    '\\"password\\":\\"',
    "-----BEGIN PRIVATE KEY-----",
    "cookie: ",
    "Bearer a",
    "data:\n",
]


@pytest.mark.parametrize("piece", _RUNS)
def test_long_runs_do_not_explode(redactor: SecretRedactor, piece: str) -> None:
    """A megabyte of one piece is answered (the suite's time limit is the judge of patterns that backtrack)."""
    assert isinstance(redactor.text(piece * (1_000_000 // len(piece))), str)


def test_every_value_of_a_secret_object_goes_and_nothing_of_its_neighbours() -> None:
    """In a list of objects only the Secret's data is blanked: several lines, block scalars and blank lines included."""
    text = """items:
- apiVersion: v1
  kind: ConfigMap
  data:
    url: http://api

- apiVersion: v1
  kind: Secret
  metadata:
    name: db

  stringData:
    a.conf: |
      user shop

      and more
    user: shop

  type: Opaque
- apiVersion: v1
  data:
    mode: fast
  kind: ConfigMap
"""
    assert (
        SecretRedactor().text(text)
        == """items:
- apiVersion: v1
  kind: ConfigMap
  data:
    url: http://api

- apiVersion: v1
  kind: Secret
  metadata:
    name: db

  stringData:
    a.conf: [redacted:secret]
      [redacted:secret]

      [redacted:secret]
    user: [redacted:secret]

  type: Opaque
- apiVersion: v1
  data:
    mode: fast
  kind: ConfigMap
"""
    )


def test_a_block_scalar_ends_where_its_indentation_does() -> None:
    """The lines of a secret's block are hidden, blank ones kept, and the next key stays."""
    text = "a:\n  password: |\n    one\n\n    two\n  next: 1\n  note: |\n    kept\n"
    assert SecretRedactor().text(text) == (
        "a:\n  password: |\n    [redacted:password]\n\n    [redacted:password]\n  next: 1\n  note: |\n    kept\n"
    )


def test_every_word_is_looked_for() -> None:
    """Each word of the list of names, strong or weak, hides what stands beside it."""
    words = [*dict(STRONG_WORDS), *WEAK_WORDS]
    redactors = {word: SecretRedactor() for word in words}
    assert [word for word in words if RANDOM in redactors[word].text(f'{word}: "{RANDOM}"')] == []


def test_a_reference_to_an_object_stays() -> None:
    """Also one of an environment for a branch, whose name has a hash in it: plans and undos name their objects so."""
    rng = random.Random(7)
    hashed = [
        f"{stem}-{rng.getrandbits(24):06x}" for stem in ("pr-1423", "e2e", "feature-x2", "team-7f3") for _ in range(8)
    ]
    forms = (
        "{0}/{1}/{2}",
        "{1}/{0}",
        "k8s://prod/{0}/{1}/{2}",
        "on {0}/{1}/{2}: irreversible",
        "token: see {0}/{1}/{2} there",
    )
    texts = [form.format(name, kind.kind, "web-0") for name in hashed for kind in BUILTIN for form in forms]
    assert [text for text in texts if SecretRedactor().text(text) != text] == []
    assert SecretRedactor().value({"target": texts[0]}) == {"target": texts[0]}


def test_what_only_looks_like_a_reference_is_hidden() -> None:
    """Three parts of a random token are no names round a kind."""
    token = "dG9rZW4x8Qz/Xk3PvLw/7yRn2MsC7dEfQ0"
    assert SecretRedactor().text(token) == "[redacted:token]"
