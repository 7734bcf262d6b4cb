"""Who decides a setting, and that nobody else ever permits more."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentops.core.stricter import DECIDING, ENVIRONMENTS, IN_BAND, Said, in_force

DEFAULTS: dict[str, Any] = {
    "read_only": False,
    "max_pods": 20,
    "max_percent": 50,
    "environments": {},
    "cluster_lease": "",
    "change_context": "",
    "change_account": "",
    "confirm_in_band": "never",
}
_PLACES = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.sampled_from(ENVIRONMENTS))
_WORDS = st.lists(st.sampled_from(["a", "b", "c"]), unique=True).map(tuple)
_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "read_only": st.booleans(),
    "max_pods": st.integers(0, 100),
    "max_percent": st.integers(0, 100),
    "environments": _PLACES,
    "cluster_lease": st.sampled_from(["", "a", "b"]),
    "change_context": st.sampled_from(["", "a", "b"]),
    "change_account": st.sampled_from(["", "a/b", "c/d"]),
    "confirm_in_band": st.sampled_from(IN_BAND),
}


def _permits_no_more(name: str, value: Any, than: Any) -> bool:
    """Return whether a value lets nothing be done that another one does not."""
    if name in ("max_pods", "max_percent"):
        return bool(value <= than)
    if name == "read_only":
        return bool(value or not than)
    if name == "environments":
        rank = ENVIRONMENTS.index
        return all(rank(found) >= rank(than.get(place, "production")) for place, found in value.items())
    if name in ("cluster_kinds", "allow_cluster_admin"):
        return set(value) <= set(than)
    if name in ("cluster_lease", "namespaces"):
        return bool(value == than or not than)
    if name == "confirm_in_band":
        return IN_BAND.index(value) <= IN_BAND.index(than)
    if name in ("change_context", "change_account"):
        return bool(value == than)
    return set(value) >= set(than)


@pytest.mark.parametrize("name", DECIDING)
@given(st.data())
def test_who_does_not_decide_never_permits_more(name: str, data: st.DataObject) -> None:
    """Whatever a variable leads to says: what is in force permits no more than without it."""
    values, default = _VALUES.get(name, _WORDS), DEFAULTS.get(name, ())
    system, own, led = (data.draw(st.none() | values) for _ in range(3))
    said = [Said(value, "file", decides=True) for value in (system, own) if value is not None]
    without = in_force(name, said, default).value
    weaker = [Said(led, "led", decides=False)] if led is not None else []
    assert _permits_no_more(name, in_force(name, [*said, *weaker], default).value, without)


@pytest.mark.parametrize("name", DECIDING)
@given(st.data())
def test_the_user_never_permits_more_than_the_organisation(name: str, data: st.DataObject) -> None:
    """What the organisation says is what may be made stricter."""
    values, default = _VALUES.get(name, _WORDS), DEFAULTS.get(name, ())
    system, own = data.draw(values), data.draw(values)
    said = [Said(system, "system", decides=True), Said(own, "own", decides=True)]
    assert _permits_no_more(name, in_force(name, said, default).value, system)


def test_the_source_is_who_made_it_so() -> None:
    """Of two that count together both are named."""
    system, own = Said(("a",), "file 1", decides=True), Said(("b",), "file 2", decides=True)
    assert in_force("freeze", [system, own], ()) == Said(("a", "b"), "file 1, file 2", decides=True)
    assert in_force("max_pods", [Said(9, "led", decides=False)], 20) == Said(9, "led", decides=True)
    assert in_force("max_pods", [Said(90, "led", decides=False)], 20) == Said(20, "default", decides=True)
