"""Label and field selectors: text in, a predicate over objects out.

Grammar and refusals follow apimachinery's labels and fields packages. Must never: match what it could not parse.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from agentops.sandbox.data import data
from agentops.sandbox.objects import expression_holds, labels_of
from agentops.sandbox.store import Obj
from agentops.sandbox.wire.cells import at
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
    terms: list[Obj] = []
    position = 0
    while position < len(text) or text.rstrip().endswith(","):
        if position >= len(text):
            raise bad_request("found '', expected: identifier after ','")
        term = _TERM.match(text, position)
        if term is None:
            raise bad_request(f"unable to parse requirement: found '{text[position:].strip()}', expected: identifier")
        terms.append(_requirement(term.groupdict()))
        position = term.end()
    return lambda obj: all(expression_holds(term, labels_of(obj)) for term in terms)


def _requirement(part: dict[str, str]) -> Obj:
    """Return a term of a selector in the form in which objects have it: key, operator, values."""
    if part["absent"]:
        return {"key": part["akey"], "operator": "DoesNotExist"}
    if part["ekey"]:
        return {"key": part["ekey"], "operator": "Exists"}
    if part["set"]:
        values = [value.strip() for value in part["values"].split(",")]
        return {"key": part["key"], "operator": "In" if part["set"] == "in" else "NotIn", "values": values}
    key, value = part["ckey"], part["value"]
    if len(value) > 63:
        words = f'values[0][{key}]: Invalid value: "{value}": must be no more than 63 bytes'
        raise bad_request(f"unable to parse requirement: {words}")
    if part["op"] in "<>" and not value.lstrip("-").isdigit():
        raise bad_request(f"for 'Gt', 'Lt' operators, the value must be an integer: \"{value}\"")
    return {"key": key, "operator": {"<": "Lt", ">": "Gt", "!=": "NotIn"}.get(part["op"], "In"), "values": [value]}


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
        value = at(obj, *path, default=None)
        if isinstance(value, dict):  # an Event's ``source`` selects by its component
            value = value.get("component")
        text = str(value).lower() if isinstance(value, bool) else str("" if value is None else value)
        if path == ["spec", "unschedulable"]:
            text = text or "false"
        return (text == wanted) is equal

    return test
