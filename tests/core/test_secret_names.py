"""Names that speak of a secret: one list, and what is right where three lists used to disagree."""

from __future__ import annotations

import pytest

from agentops.core.secret_names import STRONG_WORDS, is_secret_name, is_secret_pair, kind_of_secret
from agentops.core.secret_values import holds_secret, holds_token


@pytest.mark.parametrize(
    "name",
    [
        *("DB_PASSWORD", "DB_PASS", "PGPASSWORD", "MYSQL_PWD", "PASSCODE", "CARD_PIN", "passphrase"),
        *("API_KEY", "apiKey", "AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "ENCRYPTION_KEY", "MASTERKEY", "tls.key"),
        *("AUTH_HEADER", "AUTHORIZATION", "COOKIE_HEADER", "SESSION_ID", "SESSION_KEY", "REFRESH_TOKEN", "AUTH_KEY"),
        *("SENTRY_DSN", "connectionString", "connection-string", "SALT", "SIGNATURE", "GIT_CREDS", "TOKEN_ACCOUNT"),
        *("VAULT_SECRET_ID", "PASSWORD_HASH", "SECRET_KEY_BASE", "TOKEN_TTL_PASSWORD"),
    ],
)
def test_the_name_of_a_variable_that_holds_a_secret_is_known(name: str) -> None:
    """Whole names are judged with care: weak words at their end count, and an id or a hash of a secret."""
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *("DB_PASSWORD_FILE", "TOKEN_PATH", "TOKEN_URL", "secretName", "secretKeyRef", "SECRET_STORE", "TOKEN_HEADER"),
        *("TOKEN_TTL", "TOKEN_REFRESH_INTERVAL", "tokenExpirationSeconds", "PASSWORD_MIN_LENGTH", "TOKEN_COUNT"),
        *("TOKENS_PER_MINUTE", "API_KEY_HEADER", "COOKIE_DOMAIN_NAME", "ACCOUNT", "monkey", "topologyKey", "COMPASS"),
        *("PWD", "OLDPWD", "PINNED", "DISABLE_AUTH", "SLACK_WEBHOOK", "REPLICAS"),
    ],
)
def test_what_a_name_says_about_a_secret_is_no_secret(name: str) -> None:
    """Where a secret is kept, how long it lasts, how it is sent and the shell's own folder may be shown."""
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("DB_PASSWORD", "12345678", True),
        ("CARD_PIN", "1234", True),
        ("MAX_TOKENS", "4096", False),
        ("MAX_TOKENS", "4096 or so", True),
        ("API_KEY_RATIO_KEY", "0.5", False),
        ("DISABLE_PASSWORD_AUTH", "true", False),
        ("DB_PASSWORD", "", True),
        ("REPLICAS", "hunter2", False),
    ],
)
def test_a_number_is_a_secret_only_where_a_password_may_be_meant(name: str, value: str, secret: bool) -> None:
    """Counters of tokens and switches are no secrets; a password of digits is one."""
    assert is_secret_pair(name, value) is secret


def test_every_word_of_the_list_speaks_of_a_secret() -> None:
    """Each word is found by itself and inside a longer name, with the kind that the list gives it."""
    found = {(word, kind_of_secret(word), kind_of_secret(f"my-{word}")) for word, _kind in STRONG_WORDS}
    assert found == {(word, kind, kind) for word, kind in STRONG_WORDS}


@pytest.mark.parametrize(
    ("text", "token", "secret"),
    [
        ("postgres://shop:hunter2@db/shop", False, True),
        ("postgres://db/shop", False, False),
        ("-----BEGIN RSA PRIVATE KEY-----", True, True),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", True, True),
        ("AKIAIOSFODNN7EXAMPLE", True, True),
        ("xoxb-123456789012-abcdefghijkl", True, True),
        ("Authorization: Bearer abcdefgh12345678", True, True),
        ("the token of the session has expired", False, False),
    ],
)
def test_a_value_shows_itself_to_be_a_secret(text: str, token: bool, secret: bool) -> None:
    """A few unmistakable forms, wherever they stand in a text."""
    assert (holds_token(text), holds_secret(text)) == (token, secret)
