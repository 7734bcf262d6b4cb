"""Quantities are read, compared and written as the API server does it (apimachinery ``resource.Quantity``)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentops.providers.kubernetes.objects.quantity import amount, canonical, parse_quantity, percent, quantity_text

NUMBERS = st.from_regex(r"\A[+-]?[0-9]{1,12}(\.[0-9]{0,9})?\Z")
SUFFIXES = st.sampled_from(["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "e3", "E-6"])


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("250m", 0.25), ("2", 2.0), ("1Gi", 2.0**30), ("1.5Ki", 1536.0), ("1e3", 1e3), ("1E3", 1e3), ("1E", 1e18),
        ("1Ei", 2.0**60), ("100k", 1e5), ("5n", 5e-9), ("+.5", 0.5), ("1.", 1.0), ("-2", -2.0), (3, 3.0), (0.5, 0.5),
    ],
)  # fmt: skip
def test_a_quantity_is_a_number(written: Any, number: float) -> None:
    """One suffix, binary or decimal or an exponent, or none; a JSON number counts as it is written."""
    assert parse_quantity(written) == number


@pytest.mark.parametrize(
    "written",
    ["", "Gi", "lots", "inf", "NaN", "1_000", " 1", "1 ", "64 Mi", "1e3Mi", "1e3k", "1e", "1e1.5", "0x10", "١", ".",
     "1ki", "1K", "1e9999", "9" * 300, None, True, ["1"], float("inf")],
)  # fmt: skip
def test_what_the_server_refuses_is_no_quantity(written: Any) -> None:
    """Spaces, words for infinity, an exponent together with a suffix: no quantity, and 0 where a number is needed."""
    assert (parse_quantity(written), amount(written), canonical(written)) == (None, 0.0, written)


@pytest.mark.parametrize(
    ("written", "number"), [("0.9n", 1e-9), ("-0.1n", -1e-9), ("8Ei", 2.0**63), ("9E", 9e18), ("20E", 2e19)]
)
def test_what_is_too_fine_or_too_large_is_rounded_as_the_server_does(written: str, number: float) -> None:
    """Finer than nano goes away from zero; only a number in powers of 1024 is capped."""
    assert parse_quantity(written) == number


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("0.5", "500m"), ("1000m", "1"), (2, "2"), ("1024Mi", "1Gi"), ("0.5Gi", "512Mi"), ("1536Mi", "1536Mi"),
        ("1000", "1k"), ("0.1", "100m"), ("100n", "100n"), ("0", "0"), ("0Mi", "0"), ("1e3", "1e3"), ("1500e0", "1500"),
        ("1.5Ki", "1536"), ("1.1Ki", "1126400m"), ("0.5Ki", "512"), ("1000E", "1e21"), ("-1.5", "-1500m"),
    ],
)  # fmt: skip
def test_a_quantity_is_written_as_a_server_stores_it(written: Any, stored: str) -> None:
    """No fraction, the largest suffix of its kind that leaves none; else powers of ten."""
    assert canonical(written) == stored


@given(NUMBERS, SUFFIXES)
def test_the_stored_form_is_the_same_number_and_final(number: str, suffix: str) -> None:
    """Whatever is written, its stored form means the same and is its own stored form."""
    stored = canonical(number + suffix)
    assert (parse_quantity(stored), canonical(stored)) == (parse_quantity(number + suffix), stored)


@pytest.mark.parametrize(
    ("number", "resource", "shown"),
    [
        (0.25, "cpu", "250m"), (2.0, "requests.cpu", "2"), (1.5, "cpu", "1500m"), (12.5, "cpu", "12500m"),
        (512.0, "memory", "512"), (2.0**26, "memory", "64Mi"), (1.5 * 2**30, "requests.storage", "1.5Gi"),
        (1.86 * 2**30, "memory", "1.86Gi"), (1010 * 2.0**20, "memory", "1010Mi"),
        (128.5 * 2**20, "memory", "128.5Mi"), (-3 * 2.0**30, "memory", "-3Gi"), (110.0, "pods", "110"),
    ],
)  # fmt: skip
def test_numbers_are_shown_as_in_a_manifest(number: float, resource: str, shown: str) -> None:
    """Millicores, binary units with two or one decimals, plain counts."""
    assert quantity_text(number, resource) == shown


def test_a_share_of_nothing_is_not_shown() -> None:
    """A third is 33%; of nothing there is no share."""
    assert (percent(1, 3), percent(1, 0)) == ("33%", "-")
