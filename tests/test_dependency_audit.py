"""The audit of dependencies: a service that answers nothing is no clean bill of health."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

_PATH = Path(__file__).parents[1] / "scripts" / "audit_dependencies.py"
_SPEC = importlib.util.spec_from_file_location("audit_dependencies", _PATH)
assert _SPEC is not None
assert _SPEC.loader is not None
SCRIPT = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(SCRIPT)

CLEAN = {"name": "rich", "version": "15.0.0", "vulns": []}
FLAWED = {"name": "x", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}]}
SKIPPED = {"name": "y", "skip_reason": "not found"}
OWN = {"name": "agentops", "skip_reason": "not on PyPI"}


@pytest.mark.parametrize(
    ("packages", "code", "last"),
    [
        ([CLEAN, OWN], 0, "1 packages audited, 0 with known vulnerabilities"),
        ([CLEAN, FLAWED], 1, "2 packages audited, 1 with known vulnerabilities"),
        ([CLEAN, SKIPPED], 0, "1 packages audited, 0 with known vulnerabilities"),
        ([SKIPPED, OWN], 3, "nothing was audited: the service answered for none of 1 packages"),
        ([], 3, "nothing was audited: the service answered for none of 0 packages"),
    ],
)
def test_what_a_report_comes_to(packages: list[dict[str, Any]], code: int, last: str) -> None:
    """Known vulnerabilities are 1, an answer for no package is 3, and agentops itself counts for nothing."""
    found, lines = SCRIPT.verdict({"dependencies": packages})
    assert (found, lines[-1]) == (code, last)


def test_a_vulnerability_is_named_with_the_version_that_mends_it() -> None:
    """One line each: the package, its version, the flaw, and where to go."""
    assert SCRIPT.verdict({"dependencies": [FLAWED]})[1][0] == "x 1: PYSEC-1, mended in 1.1"
