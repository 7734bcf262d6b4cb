"""Label and field selectors: text in, a predicate over objects out.

Grammar and refusals follow apimachinery's labels and fields packages. Must never: match what it could not parse.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias

from agentops.sandbox.data import data
from agentops.sandbox.store import Obj
from agentops.sandbox.wire.kinds import Resource
from agentops.sandbox.wire.status import bad_request

Predicate: TypeAlias = Callable[[Obj], bool]

_TERM = re.compile(
    r"""\s*(?:
        (?P<absent>!)\s*(?P<akey>[\w./-]+)
      | (?P<key>[\w./-]+)\s+(?P<set>in|notin)\s*\((?P<values>[^()]*)\)
      | (?P<ckey>[\w./-]+)\s*(?P<op>==|=|!=|>|<)\s*(?P<value>[\w.-]*)
      | (?P<ekey>[\w./-]+)
    )\s*(?:,|$)""",
    re.VERBOSE,
)


def labels_match(text: str) -> Predicate:
    """Return a predicate for a label selector such as ``app=web,tier in (a,b),!canary``.

    Raises:
        Refusal: it does not parse.
    """
    tests: list[Callable[[dict[str, str]], bool]] = []
    position = 0
    while position < len(text) or text.rstrip().endswith(","):
        if position >= len(text):
            raise bad_request("found '', expected: identifier after ','")
        term = _TERM.match(text, position)
        if term is None:
            raise bad_request(f"unable to parse requirement: found '{text[position:].strip()}', expected: identifier")
        tests.append(_label_test(term))
        position = term.end()
    return lambda obj: all(test(obj["metadata"].get("labels") or {}) for test in tests)


def _label_test(term: re.Match[str]) -> Callable[[dict[str, str]], bool]:
    part = term.groupdict()
    if part["absent"]:
        return lambda labels: part["akey"] not in labels
    if part["ekey"]:
        return lambda labels: part["ekey"] in labels
    if part["set"]:
        values = {value.strip() for value in part["values"].split(",")}
        if part["set"] == "in":
            return lambda labels: labels.get(part["key"]) in values
        return lambda labels: labels.get(part["key"]) not in values
    if len(part["value"]) > 63:
        words = f'values[0][{part["ckey"]}]: Invalid value: "{part["value"]}": must be no more than 63 bytes'
        raise bad_request(f"unable to parse requirement: {words}")
    if part["op"] in "<>":
        return _number_test(part["ckey"], part["op"], part["value"])
    equal = part["op"] != "!="
    return lambda labels: (labels.get(part["ckey"]) == part["value"]) is equal


def _number_test(key: str, operator: str, text: str) -> Callable[[dict[str, str]], bool]:
    if not text.lstrip("-").isdigit():
        raise bad_request(f"for 'Gt', 'Lt' operators, the value must be an integer: \"{text}\"")
    bound = int(text)

    def test(labels: dict[str, str]) -> bool:
        value = labels.get(key, "")
        if not value.lstrip("-").isdigit():
            return False
        return int(value) > bound if operator == ">" else int(value) < bound

    return test


def fields_match(text: str, resource: Resource) -> Predicate:
    """Return a predicate for a field selector such as ``status.phase!=Running,spec.nodeName=n1``.

    Raises:
        Refusal: it does not parse, or the kind cannot be selected by that field.
    """
    tests: list[Predicate] = []
    for term in filter(None, text.split(",")):
        found = re.fullmatch(r"\s*([\w.]+?)\s*(==|!=|=)(.*)", term)
        if found is None:
            raise bad_request(f"invalid selector: '{text}'; can't understand '{term}'")
        field, operator, value = found.groups()
        _check_field(field, resource)
        tests.append(_field_test(field.split("."), value.strip(), operator != "!="))
    return lambda obj: all(test(obj) for test in tests)


def _check_field(field: str, resource: Resource) -> None:
    selectable = data("served.yaml")["selectable"]
    known = {"metadata.name", *(["metadata.namespace"] if resource.namespaced else [])}
    if field in known.union(selectable.get(resource.kind, ())):
        return
    if resource.kind in selectable:
        raise bad_request(f"field label not supported: {field}")
    raise bad_request(f'"{field}" is not a known field selector: only "metadata.name", "metadata.namespace"')


def _field_test(path: list[str], wanted: str, equal: bool) -> Predicate:
    def test(obj: Obj) -> bool:
        value: Any = obj
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        if isinstance(value, dict):  # an Event's ``source`` selects by its component
            value = value.get("component")
        text = str(value).lower() if isinstance(value, bool) else str("" if value is None else value)
        if path == ["spec", "unschedulable"]:
            text = text or "false"
        return (text == wanted) is equal

    return test
