"""Paths, differences and arguments: pure functions, by law on made-up objects and by example on known ones."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentops.core.errors import ToolInputError
from agentops.core.json_schema import checked_arguments
from agentops.providers.kubernetes.change.registry import CHANGE_SPECS
from agentops.providers.kubernetes.change.tools.patch import field_change
from agentops.providers.kubernetes.change.undo import with_changes
from agentops.providers.kubernetes.objects.difference import changes, edits, operations
from agentops.providers.kubernetes.objects.field_paths import ABSENT, get, named, parse, pointer, put, remove, show
from agentops.sandbox.admission.patches import json_patch

_KEYS = st.sampled_from(["name", "image", "env", "data", "a.b/c", "x]y", '"q', "0", "labels", "ports", "é", "tab\t"])
_STEPS = st.lists(st.text(min_size=1, max_size=12) | _KEYS, min_size=1, max_size=8)
_SCALARS = st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "a", "b", "1"])


def _named(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return lists of items told apart by name, as containers and variables are."""
    items = st.tuples(
        st.sampled_from("abcde"), st.dictionaries(st.sampled_from(["image", "value", "env"]), values, max_size=2)
    )
    return st.lists(items, unique_by=lambda item: item[0], max_size=4).map(
        lambda found: [{"name": name, **rest} for name, rest in found]
    )


_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4) | _named(inner),
    max_leaves=12,
)
_OBJECTS = st.dictionaries(_KEYS, _VALUES, max_size=4)


@given(_STEPS)
def test_a_path_is_read_back_as_it_was_shown(steps: list[str]) -> None:
    """Whatever a key holds, its text means that key again."""
    assert parse(show(tuple(steps))) == tuple(steps)


@given(_OBJECTS, _OBJECTS)
def test_the_operations_make_one_object_of_the_other(old: dict[str, Any], new: dict[str, Any]) -> None:
    """The tests hold on the old object, the writes make the new one, and neither argument is changed."""
    kept = deepcopy((old, new))
    tests, writes = operations(old, new)
    assert _equal([json_patch(old, [*tests, *writes]), old, new], [new, *kept])


@given(_OBJECTS, _OBJECTS)
def test_an_operation_is_there_exactly_when_something_differs(old: dict[str, Any], new: dict[str, Any]) -> None:
    """No difference, no operation and no edit; a difference, at least one of each."""
    differs = not _equal(old, new)
    assert (bool(operations(old, new)[1]), bool(edits(old, new))) == (differs, differs)


def _equal(one: Any, other: Any) -> bool:
    """Compare as JSON text, which tells true from 1."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


@given(_OBJECTS, _OBJECTS, st.booleans())
def test_typed_changes_that_can_be_followed_lead_to_the_new_object(
    old: dict[str, Any], new: dict[str, Any], whole_lists: bool
) -> None:
    """Changes are carried out in order and end at exactly the new object; whole lists always do."""
    wanted = changes(old, new, whole_lists=whole_lists)
    try:
        found: Any = with_changes(old, wanted)
    except ToolInputError:
        found = "cannot be followed"
    allowed = [new] if whole_lists else [new, "cannot be followed"]
    assert any(_equal(found, one) for one in allowed)


@given(_OBJECTS, st.integers(0, 5))
def test_what_is_put_is_there_and_what_is_removed_is_gone(obj: dict[str, Any], value: int) -> None:
    """At every place of an object: get after put, get after remove, and a pointer to the same place."""
    for path in _places(obj, ()):
        changed = put(obj, path, value)
        assert (
            get(changed, path),
            json_patch(obj, [{"op": "replace", "path": pointer(obj, path), "value": value}]),
        ) == (
            value,
            changed,
        )


def _places(value: Any, path: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return the paths of an object that go through maps only."""
    if not isinstance(value, dict):
        return [path] if path else []
    return ([path] if path else []) + [one for key, item in value.items() for one in _places(item, (*path, key))]


_OBJ = {
    "metadata": {"labels": {"a/b": "1"}},
    "data": {"app.conf": "x"},
    "spec": {
        "containers": [{"name": "web", "image": "i"}, {"name": "log"}],
        "args": ["a", "b"],
        "ports": [{"name": "http", "port": 80}],
    },
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("metadata.labels[a/b]", "1"),
        ("data[app.conf]", "x"),
        ('data["app.conf"]', "x"),
        ("spec.containers[web].image", "i"),
        ("spec.containers.web.image", "i"),
        ("spec.args[1]", "b"),
        ("spec.ports[http].port", 80),
        ("spec.containers[0].image", ABSENT),
        ("spec.args[7]", ABSENT),
        ("spec.none.deeper", ABSENT),
        ("spec.args[0].deeper", ABSENT),
    ],
)
def test_a_path_leads_to_a_value_or_to_nothing(text: str, value: Any) -> None:
    """Items with a name are found by it and never by position; the rest by position."""
    assert get(_OBJ, parse(text)) == value


_LISTS = {
    "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {"x": 1}}, {"metadata": {"name": "wal"}}],
    "ports": [{"name": "http", "port": 80}, {"name": "admin", "port": 8080}, {"name": "dns", "port": 8080}],
    "nameless": [{"port": 80, "protocol": "TCP"}, {"port": 443}],
    "rules": [{"host": "shop.example", "http": {}}, {"host": "api.example"}],
    "args": ["a", "b"],
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("volumeClaimTemplates[data].spec.x", "volumeClaimTemplates[0].spec.x"),
        ("volumeClaimTemplates[1]", "volumeClaimTemplates[1]"),
        ("ports[80].name", "ports[http].name"),
        ("ports[http].name", "ports[http].name"),
        ("nameless[443].port", "nameless[1].port"),
        ("nameless[1].port", "nameless[1].port"),
        ("rules[api.example]", "rules[1]"),
        ("ports[nope]", "ports[nope]"),
        ("args[1]", "args[1]"),
    ],
)
def test_an_item_may_be_called_by_what_it_is(text: str, found: str) -> None:
    """A claim by its metadata, a port by its number, a rule by its host; what is found as written stays."""
    assert named(_LISTS, parse(text)) == parse(found)


def test_a_name_that_two_items_have_is_refused() -> None:
    """Which of them is meant is not guessed; the error has the names that tell them apart."""
    with pytest.raises(ToolInputError) as caught:
        named(_LISTS, parse("ports[8080].name"))
    assert (caught.value.message, caught.value.hint) == (
        "ports[8080].name: 2 items of the list are '8080'",
        "It has: http, admin, dns",
    )


@pytest.mark.parametrize(
    ("field", "here", "told"),
    [
        ("valueFrom.secretKeyRef.name", "shop-db", '"shop-db"'),
        ("value", "hunter2", "(not shown)"),
    ],
)
def test_the_name_of_a_secret_is_no_secret(field: str, here: str, told: str) -> None:
    """A wrong old value is answered with what is there: where a credential is kept, but never the credential."""
    *above, last = field.split(".")
    item: Any = {last: here}
    for step in reversed(above):
        item = {step: item}
    obj = {"env": [{"name": "DB_PASSWORD", **item}]}
    with pytest.raises(ToolInputError) as caught:
        field_change(obj, {"path": f"env[DB_PASSWORD].{field}", "old": "other", "new": "x"})
    assert caught.value.message.endswith(f"but {told}")


def test_a_patch_finds_an_item_by_what_it_is() -> None:
    """The old value is compared at the item that is meant."""
    changed = field_change(_LISTS, {"path": "volumeClaimTemplates[data].spec.x", "old": 1, "new": 2})
    assert changed["volumeClaimTemplates"][0] == {"metadata": {"name": "data"}, "spec": {"x": 2}}


@pytest.mark.parametrize(
    "text", ["", ".a", "a..b", "a[", "a[]", "a]b", "a[x", "a.[b]", 'a["b', 'a["b"', "a[\u202eb]", "x" * 2000]
)
def test_what_is_no_path_is_refused(text: str) -> None:
    """A path that does not parse is the caller's mistake, said with an example of one that does."""
    with pytest.raises(ToolInputError) as caught:
        parse(text)
    assert "spec.template.spec.containers[app].image" in caught.value.hint


def test_an_item_can_be_added_to_a_list_by_its_name_only() -> None:
    """A new item must be the one that the path names; another one, or a field of none, is refused."""
    path = parse("spec.containers[new]")
    added = put(_OBJ, path, {"name": "new", "image": "n"})
    refused = []
    for where, value in (
        (path, {"name": "other"}),
        (parse("spec.containers[new].image"), "n"),
        (parse("data[app.conf].x"), 1),
    ):
        with pytest.raises(ToolInputError):
            put(_OBJ, where, value)
        refused.append(show(where))
    assert (get(added, path), refused) == (
        {"name": "new", "image": "n"},
        ["spec.containers[new]", "spec.containers[new].image", "data[app.conf].x"],
    )
    assert remove(added, path) == _OBJ


def test_edits_for_people_follow_names_and_not_positions() -> None:
    """A variable that comes in before others is one edit; a mere change of order is one edit of the list."""
    old = {"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}
    new = {"env": [{"name": "C", "value": "3"}, {"name": "A", "value": "1"}, {"name": "B", "value": "9"}]}
    turned = {"env": old["env"][::-1]}
    assert [(one.path, one.old, one.new) for one in (*edits(old, new), *edits(old, turned))] == [
        ("env[B].value", "2", "9"),
        ("env[C]", None, {"name": "C", "value": "3"}),
        ("env", old["env"], turned["env"]),
    ]


_BAD_INPUTS = {
    "kubernetes_scale": [
        {},
        {"replicas": -1},
        {"replicas": "3"},
        {"replicas": True},
        {"replicas": 1.5},
        {"n": 1},
        {"replicas": 10**9},
    ],
    "kubernetes_patch": [
        {"path": 1},
        {"path": "a", "repalce": {"a": "b"}},
        {"changes": []},
        {"changes": [{"old": 1}]},
        {"changes": "x"},
    ],
    "kubernetes_set_env": [{"set": {}}, {"set": {"A": 1}}, {"unset": "A"}, {"set": {"A": None}}],
    "kubernetes_set_probe": [
        {"probe": "life", "fields": {"path": "/"}},
        {"probe": "liveness"},
        {"probe": "liveness", "fields": {"exec": 1}},
    ],
    "kubernetes_set_role_binding": [
        {"add": [{"kind": "Robot", "name": "a"}]},
        {"add": [{"kind": "User"}]},
        {"roleRef": {}},
    ],
    "kubernetes_delete": [{"propagation": "Now"}, {"force": True}],
    "kubernetes_apply_manifest": [{}, {"manifest": "kind: Pod"}, {"manifest": {}, "force": True}],
    "kubernetes_set_service": [
        {"selector": {"a": 1}},
        {"ports": {"http": {"targetPort": 0}}},
        {"ports": {"http": {"nodePort": 1}}},
    ],
}


@pytest.mark.parametrize(("tool", "arguments"), [(tool, one) for tool, them in _BAD_INPUTS.items() for one in them])
def test_arguments_that_do_not_fit_the_schema_are_refused(tool: str, arguments: dict[str, Any]) -> None:
    """Before anything is asked of a server; the message names the tool."""
    spec = next(one for one in CHANGE_SPECS if one.name == tool)
    with pytest.raises(ToolInputError, match=tool):
        checked_arguments(spec, arguments)


def test_null_means_not_given_but_for_values() -> None:
    """Some models write null for what they leave out; as the old or new value it stands for absent."""
    specs = {spec.name: spec for spec in CHANGE_SPECS}
    found = (
        checked_arguments(specs["kubernetes_rollout_undo"], {"to_revision": None}),
        checked_arguments(specs["kubernetes_patch"], {"path": "a", "old": None, "new": 1, "replace": None}),
    )
    assert found == ({}, {"path": "a", "old": None, "new": 1})


def test_every_schema_is_closed_and_says_what_it_takes() -> None:
    """No tool takes an argument that it does not declare, and each says what it is for and what it needs."""
    odd = [
        spec.name
        for spec in CHANGE_SPECS
        if spec.schema.get("additionalProperties") is not False or not spec.description or not spec.permissions
    ]
    assert odd == []
