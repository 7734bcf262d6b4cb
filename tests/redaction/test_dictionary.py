"""What was found beside a secret name is known from then on, in the forms it travels in, and only what is distinct."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from urllib.parse import quote

import pytest

from agentops.redaction.dictionary import is_distinct
from agentops.redaction.redactor import SecretRedactor

SECRET = "Zx9-kQ" + "2m/Tr7+wp"


@pytest.mark.parametrize(
    "beside",
    [
        f"DB_PASSWORD={SECRET}\n",
        json.dumps({"password": SECRET}),
        f"      - name: DB_PASSWORD\n        value: {SECRET}\n",
        f"postgres://shop:{quote(SECRET, safe='')}@db/shop DB_PASSWORD={SECRET}",
    ],
)
@pytest.mark.parametrize(
    "form",
    [
        lambda value: value,
        lambda value: base64.b64encode(value.encode()).decode(),
        lambda value: base64.b64encode(f"ab:{value}:c".encode()).decode(),
        lambda value: base64.b64encode(f"a:{value}".encode()).decode(),
        lambda value: quote(value, safe=""),
        lambda value: json.dumps(value),
        lambda value: f"{value[:9]}\n    {value[9:]}",
    ],
)
def test_a_value_that_stood_beside_its_name_is_hidden_in_every_later_text(
    beside: str, form: Callable[[str], str]
) -> None:
    """The same run, another text, no name in it: nothing of the value is left."""
    redactor = SecretRedactor()
    redactor.text(beside)
    found = redactor.text(f"took {form(SECRET)} from the heap")
    left = [found[at : at + 8] for at in range(len(found) - 8) if found[at : at + 8] in form(SECRET)]
    assert (left, "[redacted:" in found) == ([], True)


def test_a_value_found_in_json_is_known_as_well() -> None:
    """What ``value`` finds, ``text`` knows, and the other way round: one dictionary a run."""
    redactor = SecretRedactor()
    redactor.value({"env": [{"name": "API_TOKEN", "value": SECRET}]})
    assert redactor.text(f"x {SECRET} y") == "x [redacted:token] y"


def test_the_same_value_has_the_same_marker_throughout() -> None:
    """Found first as a password, it is one wherever it turns up, under whatever name."""
    redactor = SecretRedactor()
    redactor.text(f"password: {SECRET}")
    texts = [f"api_token: {SECRET}", f"x {SECRET} y", json.dumps({"secret": SECRET}), f"password={SECRET}"]
    assert [redactor.text(text).count("[redacted:password]") for text in texts] == [1, 1, 1, 1]


@pytest.mark.parametrize(
    "value",
    [
        *("true", "admin", "changeme", "password", "postgres", "12345678", "2026-11-22"),
        *("checkout-service", "shop-db-v2"),
        *("correct horse battery staple", "aaaaaaaa1", "http://api.shop:8080/v1", "10.0.0.17:5432"),
        *("web-7d9c8b6f5-abcde"),
        *("a1b2c3", "read-only", "shop.example.com", "Production"),
    ],
)  # fmt: skip
def test_words_names_numbers_and_addresses_are_not_learned(value: str) -> None:
    """Beside its name such a value is hidden; elsewhere the text would lose what a person needs to read."""
    redactor = SecretRedactor()
    redactor.text(f"DB_PASSWORD='{value}'\n")
    assert (is_distinct(value), redactor.text(f"it was {value}, once")) == (False, f"it was {value}, once")


def test_a_short_value_is_hidden_by_itself_only() -> None:
    """Within another word eight characters are more likely a coincidence."""
    redactor = SecretRedactor()
    redactor.text("DB_PASSWORD=hunt3r77\n")
    assert redactor.text("a hunt3r77 b, xhunt3r778") == "a [redacted:password] b, xhunt3r778"
