"""What a scan in another program's form must be: written anew for the parts that agentops uses.

Sources: SARIF 2.1.0's JSON schema (docs.oasis-open.org/sarif/sarif/v2.1.0, ``sarif-schema-2.1.0.json``), and the XSD by
which Jenkins' xUnit plugin checks JUnit files (``junit-10.xsd``). No member is allowed that they do not allow.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element


def _object(required: tuple[str, ...] = (), **members: Any) -> dict[str, Any]:
    return {"type": "object", "properties": members, "required": list(required), "additionalProperties": False}


def _list(of: Any, **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": of, **more}


_TEXT = {"type": "string"}
_LEVEL = {"enum": ["none", "note", "warning", "error"]}
_TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"}
# RFC 3986: a scheme and an authority, or a path; nothing that had to be written with percent signs.
_PART = r"(?:[A-Za-z0-9._~!$&'()*+,;=@-]|%[0-9A-F]{2})*"
_URI = {"type": "string", "pattern": rf"^[a-z][a-z0-9+.-]*://{_PART}(?::\d*)?(?:/(?:{_PART}|:)*)*$"}
_MESSAGE = {**_object(text=_TEXT, markdown=_TEXT, id=_TEXT), "anyOf": [{"required": ["text"]}, {"required": ["id"]}]}
_RULE = _object(("id",), id=_TEXT, name=_TEXT, shortDescription=_object(("text",), text=_TEXT), helpUri=_URI)
_DRIVER = _object(("name",), name=_TEXT, version=_TEXT, informationUri=_URI, rules=_list(_RULE, uniqueItems=True))
_NOTICE = _object(("message",), message=_MESSAGE, level=_LEVEL, timeUtc=_TIME)
_INVOCATION = _object(
    ("executionSuccessful",),
    executionSuccessful={"type": "boolean"},
    startTimeUtc=_TIME,
    endTimeUtc=_TIME,
    exitCode={"type": "integer"},
    toolExecutionNotifications=_list(_NOTICE),
)
_PLACE = _object(("artifactLocation",), artifactLocation=_object(uri=_URI, uriBaseId=_TEXT))
_LOGICAL = _object(name=_TEXT, fullyQualifiedName=_TEXT, kind=_TEXT)
_RESULT = _object(
    ("message",),
    ruleId=_TEXT,
    ruleIndex={"type": "integer", "minimum": -1},
    level=_LEVEL,
    message=_MESSAGE,
    locations=_list(_object(physicalLocation=_PLACE, logicalLocations=_list(_LOGICAL, uniqueItems=True))),
    partialFingerprints={"type": "object", "additionalProperties": _TEXT},
    baselineState={"enum": ["new", "unchanged", "updated", "absent"]},
)
_RUN = _object(
    ("tool",), tool=_object(("driver",), driver=_DRIVER), invocations=_list(_INVOCATION), results=_list(_RESULT)
)
SARIF = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    **_object(("version", "runs"), **{"$schema": _TEXT}, version={"const": "2.1.0"}, runs=_list(_RUN)),
}


def require_sarif(text: str) -> None:
    """Raise unless a text is a SARIF log."""
    import jsonschema

    jsonschema.validate(json.loads(text), SARIF)


_COUNTS = ("tests", "failures", "errors")
_SUITE = frozenset(
    {*_COUNTS, "name", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"}
)
_ALLOWED = {
    "testsuites": frozenset({*_COUNTS, "name", "time"}),
    "testsuite": _SUITE,
    "testcase": frozenset({"name", "time", "classname", "group"}),
    **dict.fromkeys(("failure", "error", "skipped"), frozenset({"type", "message"})),
}
_REQUIRED = {"testsuite": frozenset({"name", *_COUNTS}), "testcase": frozenset({"name"})}
_INSIDE = {
    "testsuites": {"testsuite"},
    "testsuite": {"testcase"},
    "testcase": {"failure", "error", "skipped"},
    "failure": set(),
    "error": set(),
    "skipped": set(),
}
_DURATION = re.compile(r"\d+\.\d+")


def junit_faults(node: Element) -> Iterator[str]:
    """Yield what is wrong with a JUnit document: elements and attributes that have no place, and counts that lie."""
    name = node.tag
    if name not in _ALLOWED:
        yield f"{name} is no element"
        return
    attributes = set(node.attrib)
    yield from (f"{name} has no attribute {one}" for one in sorted(attributes - _ALLOWED[name]))
    yield from (f"{name} lacks {one}" for one in sorted(_REQUIRED.get(name, frozenset()) - attributes))
    if "time" in attributes and not _DURATION.fullmatch(node.attrib["time"]):
        yield f"{name}: {node.attrib['time']} is no duration"
    for child in node:
        if child.tag not in _INSIDE[name]:
            yield f"{child.tag} stands in {name}"
        yield from junit_faults(child)
    if name in ("testsuites", "testsuite"):
        cases = list(node.iter("testcase"))
        kinds = {"tests": None, "failures": "failure", "errors": "error", "skipped": "skipped"}
        for attribute, kind in kinds.items():
            found = sum(kind is None or case.find(kind) is not None for case in cases)
            if attribute in attributes and node.attrib[attribute] != str(found):
                yield f"{name}: {attribute} is {node.attrib[attribute]}, and there are {found}"
