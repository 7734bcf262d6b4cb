"""The catalogue, the code and the documentation name the same conditions."""

from __future__ import annotations

import re
from pathlib import Path

from agentops.core import conditions
from agentops.providers.kubernetes.analysis import revisions
from agentops.providers.kubernetes.analyzers import catalogue
from agentops.providers.kubernetes.analyzers.catalogue import CATALOGUE, table

ROOT = Path(__file__).resolve().parents[4]
PROVIDER = ROOT / "agentops" / "providers" / "kubernetes"
_INTERNAL = {"VolumeUnbound"}  # a step of the scheduling analyzer's reasoning, reported as Unschedulable


def _sources():
    sources = [path.read_text() for path in PROVIDER.rglob("*.py") if path.name != "catalogue.py"]
    return "\n".join([*sources, Path(conditions.__file__).read_text()])


def test_every_condition_of_the_catalogue_is_one_that_the_code_can_report():
    """No line of the catalogue is a promise without an analyzer; Missing* names are put together from kinds."""
    written = set(re.findall(r'"([A-Z][A-Za-z]+)"', _sources()))
    made = {f"Missing{kind}{key}" for kind in ("ConfigMap", "Secret") for key in ("", "Key")}
    assert {c.name for c in CATALOGUE} - written - made == set()


def test_every_condition_that_the_code_reports_is_in_the_catalogue():
    """What stands after ``condition=`` or is handed on as a condition's name is documented."""
    source = _sources()
    reported = set(re.findall(r'condition="([A-Z][A-Za-z]+)"', source))
    names = {c.name for c in CATALOGUE}
    known = tuple(name for names in catalogue._TRAITS.values() for name in names)
    assert (reported | set(known) | set(revisions.RELATED)) - names - _INTERNAL == set()


def test_the_documentation_shows_the_catalogue():
    """The page's table is what ``catalogue.table()`` prints."""
    text = (ROOT / "docs" / "triage.md").read_text(encoding="utf-8")
    assert text.partition("<!-- catalogue -->\n")[2].partition("<!-- /catalogue -->")[0] == table()
