"""What a text costs grows with its size and no faster; one that costs too much all the same is withheld whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import process_time

import pytest

from agentops.redaction.redactor import SecretRedactor
from tests.redaction.corpus.worst_cases import WORST_CASES

_BYTES = 8_000
_MOST_ON_DOUBLING = 2.3


def _repeated(piece: str) -> Callable[[int], str]:
    return lambda size: piece * (size // len(piece))


# Each of these made some version of the detector slow: an annotation of `key=` without end hung it for minutes.
CASES = {name: make for name, (_size, make) in WORST_CASES.items()} | {
    piece: _repeated(piece)
    for piece in (
        *("key=", "password=", "password='", "cookie: ", "token ", "password|", "tokens: [\"a\",", "?sig=", "-u a:b "),
        *('"kind":"Secret","data":{', "-----BEGIN PRIVATE KEY-----\nabc\n", "-eyJa"),
        *("API_TOKEN: x1y2z3w4v5\n", "://u:p@"),
        *("<a key=\"password\">", "cGFzc3dvcmQ9aHVudGVyMg== ", "ghp_"),
        *("name: DB_PASSWORD value: x1y2z3 ", "mysql -pa1 "),
        *("https://a/hook/", "echo a:b1 | chpasswd\n", 'password = "a1b2c3" + "', 'password = """'),
        *("Private-Lines: 400\nabcd\n", "the password is a1 ", "pin: 4821 ", 'token = f("', "password=a(b(c("),
        *("password:\n", "password: {", "IDENTIFIED BY 'a1", "token is a1b2c3d4 ", "kind: Secret\ndata:\n  a: b\n"),
    )
}  # fmt: skip


def _cost(text: str) -> float:
    """Return the least processor time of three runs."""
    times = []
    for _ in range(3):
        redactor = SecretRedactor()
        redactor.text("password=warm-up-1")
        began = process_time()
        redactor.text(text)
        times.append(process_time() - began)
    return min(times)


def _growth(make: Callable[[int], str], size: int) -> float:
    return _cost(make(2 * size)) / max(_cost(make(size)), 0.003)  # below that the clock's noise decides


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_twice_the_text_costs_about_twice_the_time(case: str) -> None:
    """Measured up to three times, since another process may get in between: a quadratic step shows each time."""
    growth = (_growth(CASES[case], size) for size in (_BYTES, 2 * _BYTES, 4 * _BYTES))
    assert any(one <= _MOST_ON_DOUBLING for one in growth)


def _ticking(seconds: Iterator[float]) -> Callable[[], float]:
    return lambda: next(seconds)


def test_a_text_that_takes_too_long_is_withheld_whole() -> None:
    """When the time is over nothing of the text is passed on, only that it was withheld, how long it is and why."""
    redactor = SecretRedactor(budget_s=5, clock=_ticking(iter(range(0, 10_000, 3))))
    found = redactor.text("ordinary line\n" * 1000)
    assert found == "[redacted:withheld] 14,000 characters: they could not be searched in 5 s"


def test_the_note_of_a_withheld_text_stays_as_it_is() -> None:
    """It may be read back and pass the redactor again."""
    note = "[redacted:withheld] 14,000 characters: they could not be searched in 5 s"
    assert SecretRedactor().text(note) == note
