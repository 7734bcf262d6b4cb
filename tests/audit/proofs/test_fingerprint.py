"""Fingerprints: equal values and only those, one key for an installation, and the documented vector."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentops.audit.proofs.fingerprint import fingerprint, fingerprinter, read_key
from agentops.core.errors import AuditError

KEY = bytes(range(32))
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)


def test_the_documented_vector_holds() -> None:
    """An implementer in another language can check theirs."""
    page = (Path(__file__).parents[3] / "docs" / "audit.md").read_text()
    text, wanted = re.findall(r"```json\n(\{\"name\".*)\n```\n\nhave the fingerprint\n\n```text\n(.*)\n```", page)[0]
    assert fingerprint(KEY, json.loads(text)) == wanted


@given(_JSON, _JSON)
def test_two_values_look_equal_when_their_json_is(one: object, other: object) -> None:
    """Order of keys does not count; everything else does, and the way through JSON text changes nothing."""
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (fingerprint(KEY, one) == fingerprint(KEY, other)) is same
    assert fingerprint(KEY, json.loads(json.dumps(one))) == fingerprint(KEY, one)


def test_another_key_gives_another_fingerprint() -> None:
    """Both parts differ, the one that names the key and the one that names the value."""
    parts = zip(fingerprint(KEY, 1).split(":"), fingerprint(KEY[::-1], 1).split(":"), strict=True)
    assert [one == other for one, other in parts] == [True, False, False]


def test_processes_that_begin_at_once_get_one_key(tmp_path: Path) -> None:
    """Whoever is first makes the key; nobody's is replaced, and no draft is left."""
    makers = [fingerprinter(tmp_path / "audit") for _ in range(16)]
    with ThreadPoolExecutor(max_workers=16) as pool:
        found = set(pool.map(lambda make: make({"a": 1}), makers))
    assert (len(found), [path.name for path in (tmp_path / "audit").iterdir()]) == (1, ["audit.hmac"])


def test_no_key_and_a_damaged_one_are_told_apart(tmp_path: Path) -> None:
    """None where there is none; an error that does not show it where it is no key."""
    assert read_key(tmp_path) is None
    for text in ("zz", "ab" * 31, ""):
        (tmp_path / "audit.hmac").write_text(text)
        (tmp_path / "audit.hmac").chmod(0o600)
        with pytest.raises(AuditError, match="is not a fingerprint key"):
            read_key(tmp_path)
