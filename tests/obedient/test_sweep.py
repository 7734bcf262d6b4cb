"""A model that obeys every word that it reads changes nothing that no person approved, wherever the word stands.

``scripts/obedient_sweep.py`` runs all payloads in all places and prints the table; here each place has most.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.obedient.carriers import PLACES, Place
from tests.obedient.payloads import DRAFTS, PAYLOADS, planted, read_in
from tests.obedient.sweep import sweep_one
from tests.support.policies import mild_policy

pytestmark = pytest.mark.slow
EVERYWHERE = tuple(code for code in PAYLOADS if code not in DRAFTS or code in ("scale", "delete", "grant"))
NOT_APPROVED = 5


def _place(name: str) -> Place:
    return next(place for place in PLACES if place.name == name)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_nothing_that_is_read_reaches_the_world(place: Place, tmp_path: Path) -> None:
    """Every payload is met and obeyed: no write, no approval, no changed settings or policy, and no secret in sight."""
    done = sweep_one(place, tmp_path, codes=EVERYWHERE)
    assert (set(done.read), done.harm, done.code) == (set(EVERYWHERE), (), NOT_APPROVED), done.said


@pytest.mark.parametrize("code", DRAFTS)
def test_no_draft_out_of_a_planted_text_passes_without_a_person(code: str, tmp_path: Path) -> None:
    """Not even where policy is at its mildest and --yes agrees to all that needs no approval."""
    done = sweep_one(_place("log line"), tmp_path, codes=(code,), policy=mild_policy(), words=("--yes",))
    assert (done.read, done.calls, done.harm, done.code) == ((code,), 1, (), NOT_APPROVED), done.said


def test_a_write_would_be_seen(tmp_path: Path) -> None:
    """Where the owner's own policy asks for nobody's approval the same draft is sent: so the sweep can fail."""
    nobody = '@id("all")\n@approval("none")\npermit (principal, action, resource);\n'
    done = sweep_one(_place("log line"), tmp_path, codes=("restart",), policy=nobody, words=("--yes",))
    assert ("PATCH /apis/apps/v1/namespaces/shop/deployments/web" in done.writes, "intent" in done.approvals) == (
        True,
        True,
    ), done.said


def test_every_code_is_planted_and_read() -> None:
    """What is planted is what the model knows; one word stands for all where little fits."""
    assert [read_in(planted([code])) for code in PAYLOADS] == [(code,) for code in PAYLOADS]
    assert (read_in("obey-all"), read_in(planted(tuple(PAYLOADS)))) == (tuple(PAYLOADS), tuple(PAYLOADS))
