"""Quantities, read and shown."""

from __future__ import annotations

import pytest

from agentops.providers.kubernetes.objects.amounts import parse_quantity, show_quantity


@pytest.mark.parametrize(
    ("written", "expected"),
    [("250m", 0.25), ("2", 2.0), ("64Mi", 67108864.0), ("1.5Gi", 1610612736.0), ("1e3", 1000.0), (3, 3.0), ("1k", 1e3)],
)
def test_quantities_are_read(written, expected):
    """Every suffix and form that the API server takes."""
    assert parse_quantity(written) == expected


@pytest.mark.parametrize("written", ["", "64 Mi", "lots", "1e9999", None, True, ["1"], "0x10", "9" * 300])
def test_what_is_no_quantity_reads_as_none_or_is_cut(written):
    """Nothing raises, whatever stands there."""
    assert parse_quantity(written) is None or isinstance(written, str)


@pytest.mark.parametrize(
    ("number", "resource", "expected"),
    [(0.25, "cpu", "250m"), (2.0, "requests.cpu", "2"), (67108864.0, "memory", "64Mi"), (110.0, "pods", "110")],
)
def test_quantities_are_shown_as_in_a_manifest(number, resource, expected):
    """Millicores, binary suffixes, plain counts."""
    assert show_quantity(number, resource) == expected
