"""Edit distance, and what a name that is not there may have meant: misspellings, never another meaning."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from agentops.providers.kubernetes.objects.suggestions import distance, is_near, likeness, only_nearest
from agentops.providers.kubernetes.objects.words import MEANINGS

_letters = st.text(alphabet="abc-", max_size=8)
_known = st.sampled_from(sorted(MEANINGS))
_stem = st.lists(st.sampled_from(["checkout", "payments", "billing", "catalog"]), min_size=1, max_size=2)

MISSPELT = [
    ("DATABASE_URL", "DATABSE_URL"), ("DATABASE_URL", "DATABASE_ULR"), ("databaseUrl", "DATABASE_URL"),
    ("DATABASE-URL", "DATABASE_URL"), ("redis-cache", "rediscache"), ("cache.host", "cache-host"), ("web", "wbe"),
    ("checkout", "chekout"), ("checkout-config", "checkout-confg"), ("standard", "standrad"), ("worker", "workers"),
    ("payments", "payment"), ("SMTP_HOST", "SMTP_HSOT"), ("SMTP_HOST", "SMTP_HOTS"), ("primary", "primry"),
    ("checkout-v2", "chekout-v2"), ("fast-ssd", "fast-sdd"), ("inventory", "inventroy"),
]  # fmt: skip
ANOTHER = [
    ("SMTP_HOST", "SMTP_PORT"), ("SMTP_HOST", "SMTP_POST"), ("READ_URL", "WRITE_URL"), ("DB_READ", "DB_REAL"),
    ("primary", "replica"), ("app-v1", "app-v2"), ("prod", "stage"), ("db-prod", "db-prom"), ("tls.crt", "tls.key"),
    ("ca.crt", "ca.crl"), ("MIN_SIZE", "MAX_SIZE"), ("http", "https"), ("gp2", "gp3"), ("node-1", "node-2"),
    ("CPU_LIMIT", "GPU_LIMIT"), ("cart", "card"), ("GET_URL", "SET_URL"), ("sns-topic", "sqs-topic"),
    ("START_AT", "STATE_AT"), ("CLIENT_ID", "CLIENT_KEY"), ("db", "tb"), ("api", "app"), ("checkout", "catalog"),
    ("web-8080", "web-8081"), ("in", "on"), ("blue", "green"), ("DB_USER", "DB_USERNAME"), ("web", "web"), ("", "-"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [("web", "web", 0), ("web", "wbe", 1), ("checkout", "chekout", 1), ("api", "db", 3), ("abc", "xyzuvw", 4)],
)
def test_distance_counts_edits_up_to_the_limit(left, right, expected):
    """A swap of neighbours is one edit; beyond the limit the answer is limit + 1."""
    assert distance(left, right) == expected


@given(_letters, _letters)
def test_distance_is_symmetric_and_zero_only_for_equals(left, right):
    """It is the same from both sides, and nothing else is at distance 0."""
    assert distance(left, right) == distance(right, left)
    assert (distance(left, right) == 0) == (left == right)


@pytest.mark.parametrize(("wanted", "there"), MISSPELT)
def test_a_slip_within_the_same_words_is_near(wanted, there):
    """Case, separators, a slip in one word: a person obviously meant the other name, whichever of the two is right."""
    assert (only_nearest(wanted, [there]), only_nearest(there, [wanted])) == (there, wanted)


@pytest.mark.parametrize(("wanted", "there"), ANOTHER)
def test_another_meaning_is_never_near(wanted, there):
    """However few letters lie between them, two words with meanings of their own, or two numbers, are two names."""
    assert (only_nearest(wanted, [there]), only_nearest(there, [wanted])) == ("", "")


@given(_stem, _known, _known)
def test_two_known_words_are_never_a_misspelling_of_each_other(stem, left, right):
    """The law behind the table: a name that differs in a known word from another known word is another name."""
    assume(left != right)
    assert not is_near("_".join([*stem, left]), "_".join([*stem, right]))


@given(_stem, st.integers(0, 99), st.integers(0, 99))
def test_numbers_are_never_a_misspelling(stem, left, right):
    """Versions, ports and ordinals must agree."""
    assume(left != right)
    assert not is_near(f"{'-'.join(stem)}-{left}", f"{'-'.join(stem)}-{right}")


@given(_stem, st.data())
def test_two_neighbours_that_change_places_are_a_misspelling(stem, data):
    """The commonest slip is seen in every longer word."""
    name = "-".join(stem)
    at = data.draw(st.integers(0, len(stem[0]) - 2))
    assume(name[at] != name[at + 1])
    assert is_near(name, name[:at] + name[at + 1] + name[at] + name[at + 2 :])


@given(st.text(max_size=12), st.lists(st.text(max_size=12), max_size=5))
def test_near_is_symmetric_and_among_the_candidates(wanted, there):
    """What is named exists, is not the name itself, and stands beside no other that is as near."""
    like = likeness(wanted, there)
    assert like.near == "" or (like.near in there and like.near != wanted and like.near not in like.similar)
    assert all(is_near(wanted, one) == is_near(one, wanted) for one in there)


def test_a_choice_is_no_answer():
    """Two candidates at the same distance are listed, and none is named."""
    like = likeness("orders", ["order", "orderz"])
    assert (like.near, like.hint) == ("", " (similar, but not the same name: order, orderz)")


def test_the_evidence_is_said():
    """Why a candidate is proposed names both spellings, or says that only case and separators differ."""
    assert [likeness(wanted, [there]).why for wanted, there in (("DATABSE_URL", "DATABASE_URL"), ("a.b", "a-b"))] == [
        "DATABASE_URL exists, DATABSE_URL does not, and they differ only in the spelling of 'databse' and 'database'",
        "a-b exists, a.b does not, and they differ only in case and separators",
    ]


def test_what_only_shares_words_is_listed():
    """A host is not the port: the port is named as similar, so that a person sees what there is."""
    like = likeness("SMTP_HOST", ["SMTP_PORT", "LOG_LEVEL"])
    assert (like.near, like.similar) == ("", ("SMTP_PORT",))


@pytest.mark.parametrize(
    ("wanted", "there", "value", "expected"),
    [
        ("SMTP_HSOT", "SMTP_HOST", "mail.shop", "SMTP_HOST"),
        ("SMTP_HOST", "SMPT_HOST", "2525", ""),
        ("SMTP_HOST", "SMPT_HOST", "mail", "SMPT_HOST"),
        ("SMTP_PORT", "SMPT_PORT", "mail.shop", ""),
        ("SMTP_PORT", "SMPT_PORT", "2525", "SMPT_PORT"),
        ("DATABASE_URL", "DATABSE_URL", "5432", ""),
        ("DATABASE_URL", "DATABSE_URL", "postgres://db/shop", "DATABSE_URL"),
        ("CACHE_ENABLED", "CAHCE_ENABLED", "redis:6379", ""),
        ("CACHE_SIZE", "CAHCE_SIZE", "10Gi", "CAHCE_SIZE"),
        ("CACHE_SIZE", "CAHCE_SIZE", "large", ""),
        ("LOG_LEVEL", "LOG_LEVLE", "info", "LOG_LEVLE"),
    ],
)
def test_a_value_of_another_type_is_no_candidate(wanted, there, value, expected):
    """A host is no number, a port no host, a URL no bare number; a name that says no type takes any value."""
    assert likeness(wanted, [there], values={there: value}).near == expected


def test_the_variable_says_its_type_too():
    """A key may have any name; the variable that it is for is a host, and 2525 is none."""
    asked = {"values": {"mail-target": "2525"}, "variable": "SMTP_HOST"}
    assert [likeness("mail-tarqet", ["mail-target"], **more).near for more in ({}, asked)] == ["mail-target", ""]


def test_a_candidate_that_means_something_else_already_is_none():
    """A key that another variable takes in under its own name was not misspelt."""
    assert likeness("DATABASE_URL", ["DATABSE_URL"], taken=["DATABSE_URL"]).near == ""


def test_one_and_many_are_two_things_for_a_variable():
    """``order`` may have meant the Service ``orders``, but ``DB_USER`` not the variable ``DB_USERS``."""
    found = [likeness("DB_USER", ["DB_USERS"], plurals=plurals).near for plurals in (True, False)]
    assert found == ["DB_USERS", ""]
