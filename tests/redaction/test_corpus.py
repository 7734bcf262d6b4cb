"""The redactor against the corpus: secrets that it must hide, ordinary lines that it must leave.

``make redaction`` prints every figure. The floors are what holds; who makes the redactor better raises them.
"""

from __future__ import annotations

import pytest

from agentops.redaction.redactor import SecretRedactor
from tests.redaction.corpus import measure
from tests.redaction.corpus.benign import Ordinary, ordinary
from tests.redaction.corpus.benign_systems import SETTINGS
from tests.redaction.corpus.systems import SYSTEMS
from tests.redaction.corpus.vectors import Vector, vectors
from tests.redaction.corpus.worst_cases import WORST_CASES

HIDDEN = 0.995
HIDDEN_IN_EACH_SYSTEM = 0.9
HIDDEN_IN_EACH_CARRIER = 0.98
CARRIERS = frozenset(
    [
        "bare in prose",
        "prose",
        "environment",
        "YAML",
        "YAML name and value",
        "JSON",
        "escaped JSON",
        "log line",
        "logfmt",
        "flag",
        "list neighbours",
        "header",
        "URL query",
        "URL user",
        "XML element",
        "XML attribute",
        "base64 in a Secret",
        "base64 of a pair",
        "line-wrapped",
        "kubectl describe",
        "event message",
        "properties",
        "SQL",
        "colours",
        "value before name",
        "nested value",
        "source code",
        "plan or diff",
        "printed object",
        "its own form",
    ]
)
CHANGED = 0.003
CHANGED_IN_DOCUMENTS = 0.004


@pytest.fixture(scope="module")
def corpus() -> list[Vector]:
    return vectors()


@pytest.fixture(scope="module")
def lines() -> list[Ordinary]:
    return ordinary()


def _make() -> measure.Detector:
    return SecretRedactor().text


def test_secrets_are_hidden_whole(corpus: list[Vector]) -> None:
    """Over all vectors, and in each carrier, at least the floor is hidden, with nothing of the secret left."""
    found = measure.recall(corpus, _make)
    low = {name: rate.share for name, rate in found.by_carrier.items() if rate.share < HIDDEN_IN_EACH_CARRIER}
    assert (found.strict.share >= HIDDEN, low) == (True, {}), found.strict


def test_what_programs_write_is_hidden_in_each_kind(corpus: list[Vector]) -> None:
    """No kind of file, command or statement falls below its floor behind the many others."""
    found = measure.recall([one for one in corpus if one.kind in SYSTEMS], _make)
    low = {kind: rate.share for kind, rate in found.by_kind.items() if rate.share < HIDDEN_IN_EACH_SYSTEM}
    assert (set(found.by_kind), low) == (set(SYSTEMS), {}), found.missed


def test_settings_references_and_placeholders_stay(lines: list[Ordinary]) -> None:
    """An age, a policy, a lookup of a variable and a placeholder are what a person needs to read: none is changed."""
    found = measure.false_positives([one for one in lines if one.kind in SETTINGS], _make)
    assert (set(found.by_kind), found.changed) == (set(SETTINGS), ())


def test_ordinary_lines_stay(lines: list[Ordinary]) -> None:
    """Of the ordinary lines no more than the floor is changed, by themselves and as lines of a document."""
    found = measure.false_positives(lines, _make)
    assert (found.alone.share <= CHANGED, found.together.share <= CHANGED_IN_DOCUMENTS) == (True, True), found.by_kind


def test_the_corpus_is_as_large_as_it_says(corpus: list[Vector], lines: list[Ordinary]) -> None:
    """At least 6,000 vectors of 222 kinds, and 10,000 different ordinary texts of 60 kinds."""
    assert (len(corpus) >= 6000, len({one.kind for one in corpus}) >= 222) == (True, True)
    assert (len(set(lines)) >= 10_000, len({one.kind for one in lines}) >= 60) == (True, True)
    assert {one.carrier for one in corpus} == CARRIERS


def test_the_corpus_is_the_same_each_time(corpus: list[Vector], lines: list[Ordinary]) -> None:
    """A figure can be compared with yesterday's: nothing depends on anything but the seed."""
    assert (vectors(), ordinary()) == (corpus, lines)


def test_every_vector_holds_its_secret(corpus: list[Vector]) -> None:
    """A vector whose secret is not in its text would count as hidden whatever the detector does."""
    absent = [one for one in corpus if not one.pieces or not all(piece in one.text for piece in one.pieces)]
    assert absent == []


def test_a_detector_that_does_nothing_or_too_much_is_found_out(corpus: list[Vector], lines: list[Ordinary]) -> None:
    """The measure can fail both ways: nothing hidden is 0 % recall, everything hidden is all lines changed."""
    assert measure.recall(corpus, lambda: str).strict.found == 0
    assert measure.false_positives(lines, lambda: lambda _text: "").alone.share == 1.0


def test_half_of_a_secret_is_not_hidden_whole() -> None:
    """Strict counts each run of eight characters that is left; partial counts a piece of which half is left."""
    one = Vector(kind="x", carrier="y", text="token=abcdefghijklmnopqrst", pieces=("abcdefghijklmnopqrst",))
    left = [(one.is_hidden(text), one.longest_left(text)) for text in ("[---]", "-abcdefg-", "-hijklmno-", one.text)]
    assert left == [(True, 0.0), (True, 0.35), (False, 0.4), (False, 1.0)]


@pytest.mark.parametrize("case", WORST_CASES)
def test_the_slow_texts_are_of_the_size_that_they_say(case: str) -> None:
    """Each text that is made to be slow can be made, at the size for which its time is given."""
    size, make = WORST_CASES[case]
    assert 0.9 * size <= len(make(size)) <= size
