"""What brings a credential: log lines, manifests, commands, addresses, sentences. Each in a few ways.

Comes in: the variable that a credential stands in (``GITHUB_TOKEN``) and its value. Goes out: a text, and the pieces of
the value as the text has them. Templates hold ``$S`` (the value) and the variable's name as each place writes it.
"""

from __future__ import annotations

import base64
import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from string import Template
from urllib.parse import quote
from xml.sax.saxutils import escape

from tests.redaction.corpus.making import Made

Encode = Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """``encode`` is how this carrier writes each piece of a value; ``whole`` when the coding leaves no pieces."""

    name: str
    templates: tuple[str, ...]
    encode: Encode = str
    whole: bool = False
    shortest: int = 0

    def text(self, variable: str, value: Made, rng: random.Random) -> tuple[str, tuple[str, ...]]:
        """Return the text and the pieces that must not be read in it."""
        names = _names(variable)
        if "$A" in self.templates[0]:
            return _in_two(rng.choice(self.templates), names, value)
        if self.name == "base64 of a pair":
            inner = Template(rng.choice(("$snake=$S", "$kebab: $S", '{"$camel":"$S"}'))).substitute(names, S=value.text)
            coded = base64.b64encode(inner.encode()).decode()
            return Template(rng.choice(self.templates)).substitute(names, S=coded), (coded,)
        coded = self.encode(value.text)
        pieces = (coded,) if self.whole else tuple(self.encode(piece) for piece in value.pieces)
        return Template(rng.choice(self.templates)).substitute(names, S=coded), pieces


_SPOKEN = {
    "pass": "password",
    "pwd": "password",
    "passwd": "password",
    "authkey": "auth key",
    "authtoken": "auth token",
    "pgpassword": "pg password",
}


def _names(variable: str) -> dict[str, str]:
    words = variable.lower().split("_")
    return {
        "NAME": variable,
        "snake": variable.lower(),
        "kebab": "-".join(words),
        "camel": words[0] + "".join(word.title() for word in words[1:]),
        "dotted": ".".join(words),
        "Header": "-".join(word.title() for word in words),
        "noun": " ".join(_SPOKEN.get(word, word) for word in words),
    }


def _in_two(template: str, names: dict[str, str], value: Made) -> tuple[str, tuple[str, ...]]:
    middle = len(value.text) // 2
    first, second = value.text[:middle], value.text[middle:]
    text = Template(template).substitute(names, A=first, B=second)
    pieces = [part for piece in value.pieces for part in _split_at(piece, value.text, middle)]
    return text, tuple(pieces)


def _split_at(piece: str, whole: str, middle: int) -> tuple[str, ...]:
    at = middle - whole.index(piece)
    return (piece,) if at <= 0 or at >= len(piece) else (piece[:at], piece[at:])


def _json(value: str) -> str:
    return json.dumps(value)[1:-1]


def _json_twice(value: str) -> str:
    return _json(_json(value))


def _b64(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


CARRIERS = (
    Carrier(
        name="prose",
        templates=(
            "could not log in: the $noun $S was rejected by the server",
            "the $noun is $S, please rotate it today",
            'used $noun "$S" against staging and got 401',
            "$noun: $S (from the old cluster)",
            "we still ship with $noun '$S' in the image",
        ),
    ),
    Carrier(
        name="environment",
        templates=(
            "PATH=/usr/bin\n$NAME=$S\nHOME=/root",
            "export $NAME=$S",
            'export $NAME="$S"',
            "$NAME='$S' ./run.sh",
            "ENV $NAME $S",
        ),
    ),
    Carrier(
        name="YAML",
        templates=("  $snake: $S\n  port: 80", '$camel: "$S"', "auth:\n  $kebab: '$S'\n  user: app", "- $kebab: $S"),
    ),
    Carrier(
        name="YAML name and value",
        templates=(
            "env:\n- name: $NAME\n  value: $S\n- name: PORT\n  value: '80'",
            '        - name: $NAME\n          value: "$S"',
            "- {name: $NAME, value: $S}",
        ),
    ),
    Carrier(
        name="JSON",
        templates=(
            '{"level":"error","msg":"login failed","$snake":"$S","n":1}',
            '{\n  "user": "app",\n  "$camel": "$S"\n}',
            '{"env":[{"name":"$NAME","value":"$S"}]}',
            '{"auth": {"$kebab": "$S", "ttl": 300}}',
        ),
        encode=_json,
    ),
    Carrier(
        name="escaped JSON",
        templates=(
            '{"log":"{\\"msg\\":\\"start\\",\\"$snake\\":\\"$S\\"}\\n","stream":"stdout"}',
            '{"kubectl.kubernetes.io/last-applied-configuration": "{\\"data\\":{\\"$NAME\\":\\"$S\\"}}\\n"}',
            'payload="{\\"$camel\\":\\"$S\\",\\"n\\":1}" status=400',
        ),
        encode=_json_twice,
    ),
    Carrier(
        name="log line",
        templates=(
            "2026-11-22 10:11:12.345 ERROR [main] c.acme.Client - login failed, $snake=$S, retrying",
            "I1122 10:11:12.345678       1 config.go:88] loaded $kebab: $S",
            "time=10:11 level=warn config $camel=$S is about to expire",
            "DEBUG:root:request with $snake='$S' took 12 ms",
            "10:11:12 [worker-3] $NAME -> $S",
        ),
    ),
    Carrier(
        name="logfmt",
        templates=(
            'level=error $snake=$S msg="login failed" n=1',
            'ts=2026-11-22T10:11:12Z caller=main.go:12 $kebab="$S" err=401',
            "level=info user=app $camel=$S took=12ms",
        ),
    ),
    Carrier(
        name="flag",
        templates=(
            "exec /bin/app --port=80 --$kebab=$S --verbose",
            "/bin/app --$kebab $S --port 80",
            "    Command:\n      /bin/app\n      --$kebab=$S",
            'app --$kebab "$S" serve',
        ),
    ),
    Carrier(
        name="list neighbours",
        templates=(
            'args: ["serve", "--$kebab", "$S", "--port", "80"]',
            "args:\n- serve\n- --$kebab\n- $S\n- --port",
            "    Args:\n      serve\n      --$kebab\n      $S\n      --port",
            "execve(\"/bin/app\", [\"app\", \"--$kebab\", \"$S\"], 0x7ffd) = 0",
        ),
    ),
    Carrier(
        name="header",
        templates=(
            "> GET /v1 HTTP/1.1\n> X-$Header: $S\n> Accept: */*",
            "> Authorization: Bearer $S\n> Accept: */*",
            "headers: {'X-$Header': '$S', 'Accept': '*/*'}",
            'curl -H "X-$Header: $S" https://api.example.com/v1',
            "curl -sS -H 'Authorization: Bearer $S' https://api.example.com/v1",
        ),
    ),
    Carrier(
        name="URL query",
        templates=(
            "GET https://api.example.com/v1/items?page=2&$snake=$S&sort=asc 401",
            "https://hooks.example.com/in?$camel=$S",
            '10.0.0.7 - - [22/Nov/2026:10:11:12 +0000] "POST /cb?$kebab=$S HTTP/1.1" 302 0',
        ),
        encode=lambda value: quote(value, safe=""),
    ),
    Carrier(
        name="URL user",
        templates=(
            "dial postgres://shop:$S@db.shop.svc:5432/shop failed",
            "fatal: unable to access 'https://oauth2:$S@git.example.com/a/b.git/'",
            "BROKER=amqp://app:$S@mq:5672/%2f",
            "https://$S@git.example.com/acme/app.git",
        ),
        encode=lambda value: quote(value, safe=""),
    ),
    Carrier(
        name="XML element",
        templates=(
            "<server><id>x</id><$camel>$S</$camel></server>",
            "  <property>\n    <name>$dotted</name>\n    <value>$S</value>\n  </property>",
            "<config>\n  <$kebab>$S</$kebab>\n</config>",
        ),
        encode=escape,
    ),
    Carrier(
        name="XML attribute",
        templates=(
            '<bean id="x" $camel="$S" class="a.b.C"/>',
            '<add key="$camel" value="$S" />',
            '<property name="$dotted" value="$S"/>',
            "<Resource name='jdbc/x' $camel='$S' />",
        ),
        encode=escape,
    ),
    Carrier(
        name="base64 in a Secret",
        templates=(
            "apiVersion: v1\nkind: Secret\ndata:\n  $NAME: $S\ntype: Opaque",
            '{"apiVersion":"v1","kind":"Secret","data":{"$kebab":"$S"},"type":"Opaque"}',
            "apiVersion: v1\ndata:\n  value: $S\nkind: Secret\nmetadata:\n  name: x",
        ),
        encode=_b64,
        whole=True,
    ),
    Carrier(
        name="base64 of a pair",
        templates=("user-data: $S", "echo $S | base64 -d > .env", '{"cloudInit":"$S"}', "annotation config=$S"),
    ),
    Carrier(
        name="line-wrapped",
        templates=(
            "config loaded: $snake: $A\n    $B\nready",
            '$snake: "$A\\\n  $B"\nport: 80',
            "$NAME=$A\\\n$B\nPORT=80",
            "$NAME=$A\n$B\nPORT=80",
        ),
        shortest=24,
    ),
    Carrier(
        name="kubectl describe",
        templates=(
            "    Environment:\n      $NAME:  $S\n      PORT:  80",
            "Annotations:  acme.io/$kebab: $S\nStatus:  Running",
            "Data\n====\n$kebab:\n----\n$S\n\nBinaryData\n====",
        ),
    ),
    Carrier(
        name="event message",
        templates=(
            'Warning  Failed  2m (x3 over 5m)  kubelet  Error: failed to start: exec: "app --$kebab=$S": exit 1',
            'Warning  Unhealthy  5s  kubelet  Liveness probe failed: Get "http://10.0.0.7/healthz?$snake=$S": EOF',
            "Normal  Sync  1m  operator  updated credentials: $snake=$S for user app",
            'Warning  BackOff  1m  kubelet  command "login --$kebab $S" exited with 126',
        ),
    ),
    Carrier(
        name="properties",
        templates=("acme.$dotted=$S", "acme.$dotted = $S\nacme.port = 80", "spring.app.$kebab: $S", "$camel=$S"),
    ),
    Carrier(
        name="SQL",
        templates=(
            "INSERT INTO settings (name, value) VALUES ('$snake', '$S');",
            "UPDATE app SET $snake = '$S' WHERE id = 7",
            "SELECT * FROM api WHERE $snake='$S' LIMIT 1",
        ),
    ),
    Carrier(
        name="colours",
        templates=(
            "\x1b[2m12:00\x1b[0m \x1b[33m$snake\x1b[0m=\x1b[1m$A\x1b[0m\x1b[1m$B\x1b[0m ok",
            "\x1b[36m$NAME\x1b[0m: \x1b[32m$A\x1b[0m\x1b[31m$B\x1b[0m",
        ),
    ),
    Carrier(
        name="value before name",
        templates=(
            '{"value":"$S","name":"$NAME"}',
            "- value: $S\n  name: $NAME\n",
            'value="$S" name="$snake"',
            "  - value: '$S'\n    key: $kebab",
        ),
    ),
    Carrier(
        name="nested value",
        templates=(
            "$snake: {value: $S}",
            '{"$camel": {"value": "$S", "sensitive": true}}',
            "$kebab:\n  value: $S\n  type: string",
            '"$snake": ["$S"]',
        ),
    ),
    Carrier(
        name="source code",
        templates=(
            '$camel = "$S";',
            'System.setProperty("acme.$dotted", "$S");',
            "client = Client(user='app', $snake='$S', timeout=5)",
            'os.Setenv("$NAME", "$S")',
            'const $camel = `$S`',
        ),
        encode=_json,
    ),
    Carrier(
        name="plan or diff",
        templates=(
            '  ~ $snake = "old" -> "$S"',
            '      + $snake = "$S"',
            '-  $snake: $S\n+  $snake: changed',
            'set { name = "auth.$camel" value = "$S" }',
        ),
    ),
    Carrier(
        name="printed object",
        templates=(
            "Config(user=app, $camel=$S, port=80)",
            "&{User:app $camel:$S Port:80}",
            "{'user': 'app', '$snake': '$S'}",
            'Settings { user: "app", $snake: "$S" }',
            "#<Config user=\"app\" $snake=\"$S\">",
        ),
    ),
)  # fmt: skip

BARE = Carrier(
    name="bare in prose",
    templates=(
        "curl failed for $S: 401 Unauthorized",
        "found $S in the build output",
        "why does $S still work?",
        "tried $S, then gave up",
        "[$S] rejected",
    ),
)
"""For what has a form of its own: nothing in the sentence says what it is."""


def fits(carrier: Carrier, value: Made) -> bool:
    """Return whether anybody would write this value in this carrier."""
    if len(value.text) < carrier.shortest:
        return False
    # A sentence, an environment of Docker and a printed object end such values themselves; nobody could read them back.
    if carrier.name in ("prose", "printed object", "colours"):
        return not re.search(r"[!@#$%^*()=+~]", value.text) or carrier.name == "colours"
    return True
