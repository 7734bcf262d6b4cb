"""The registry of alert formats: each is declared beside its code, told by its content alone, and has a case.

A case is a document in ``cases/``: the ``format`` that must recognise the ``payload`` (or the sample of ``data/``,
``but`` with other members), and what the alert is ``expect``ed to hold: fields of ``Alert``; ``target`` as it is
printed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from agentops.alerts.decoding import decode
from agentops.alerts.registry import FORMATS, senders
from agentops.core.alert import AlertGroup
from agentops.core.clock import to_iso
from agentops.core.errors import AlertError

DATA = Path(__file__).parent / "data"


def _patched(sample: Any, patch: Any) -> Any:
    """Return a sample with a patch on it: members are replaced one by one, and None takes one away."""
    if not isinstance(sample, dict) or not isinstance(patch, dict):
        return patch
    merged = {**sample, **{key: _patched(sample.get(key), value) for key, value in patch.items()}}
    return {key: value for key, value in merged.items() if value is not None or key not in patch}


def _cases() -> Iterator[tuple[str, Mapping[str, Any]]]:
    for path in sorted((Path(__file__).parent / "cases").glob("*.yaml")):
        for n, case in enumerate(yaml.safe_load_all(path.read_text(encoding="utf-8"))):
            if "data" in case:
                sample = json.loads((DATA / case["data"]).read_text(encoding="utf-8"))
                case = {**case, "payload": _patched(sample, case.get("but", {}))}
            yield f"{path.stem}-{n}", case


CASES = dict(_cases())
EACH_CASE = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def _written(group: AlertGroup, field: str) -> Any:
    """Return what a case expects of a field: of the alert, ``alerts`` (how many), ``group`` (what they share)."""
    if field in ("alerts", "group"):
        return len(group.alerts) if field == "alerts" else str(group.target)
    name, _, key = field.partition(".")
    value = getattr(group.lead, name)
    if key:
        return value.get(key)
    if name in ("started_at", "ended_at"):
        return None if value is None else to_iso(value)
    return str(value) if name == "target" else value


def test_every_format_stands_in_the_file_of_its_name() -> None:
    """``pagerduty`` is the function of ``pagerduty.py``: what tells a format and what reads it are in one file."""
    assert [one.parse.__module__.rpartition(".")[2] for one in FORMATS] == [one.name for one in FORMATS]


def test_every_format_has_a_case() -> None:
    """No format is registered whose payload nobody has seen."""
    assert {case["format"] for case in CASES.values()} == {one.name for one in FORMATS}


@EACH_CASE
def test_one_format_recognises_each_case(case: Mapping[str, Any]) -> None:
    """No two formats claim one payload, so their order decides nothing; only the plain object takes what is left."""
    found = [one.name for one in FORMATS if one.recognises(case["payload"]) and one.name != "plain_object"]
    assert (found or ["plain_object"]) == [case["format"]]


@EACH_CASE
def test_each_case_becomes_the_alert_that_it_expects(case: Mapping[str, Any]) -> None:
    """A payload in JSON leads to the alert that the case describes."""
    group = decode(json.dumps(case["payload"]).encode(), "it")
    assert {field: _written(group, field) for field in case["expect"]} == case["expect"]


@EACH_CASE
def test_yaml_of_a_case_is_the_same_alert(case: Mapping[str, Any]) -> None:
    """What a sender writes as JSON may be pasted as YAML; only the plain object then needs labels."""
    alone = json.loads(json.dumps(case["payload"]))
    written = yaml.safe_dump(alone, sort_keys=False, allow_unicode=True).encode()
    if case["format"] != "plain_object" and not written.startswith((b"'@", b"- ")):
        assert decode(written, "it").alerts == decode(json.dumps(case["payload"]).encode(), "it").alerts


def test_the_page_names_where_each_form_comes_from() -> None:
    """Whoever doubts a form can look up what it was made after."""
    page = (Path(__file__).parents[2] / "docs/alerts.md").read_text(encoding="utf-8")
    table = page.partition("## Where the samples come from")[2].partition("## ")[0]
    named = {name for row in re.findall(r"^\| (`.+?) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    assert named == {one.name for one in FORMATS}


@pytest.mark.parametrize("junk", [None, True, 1, "alerts", [], [1], {}, {"alerts": 1}, {"labels": None}, {"event": []}])
def test_no_predicate_raises(junk: Any) -> None:
    """Whatever was decoded, a format says yes or no."""
    answers = [answer(junk) for one in FORMATS for answer in (one.recognises, one.recognises_yaml)]
    assert {type(answer) for answer in answers} == {bool}


def test_an_unknown_payload_is_told_what_is_known() -> None:
    """The hint lists the senders of the registry."""
    with pytest.raises(AlertError) as caught:
        decode(b'{"colour": "red"}', "it")
    assert caught.value.hint == (
        f"Known are {', '.join(senders()[:10])} and {len(senders()) - 10} more (docs/alerts.md); what also works is an "
        "object with a 'title' and 'labels', or plain text."
    )
    assert {"Alertmanager", "Prometheus", "PagerDuty"} <= set(senders())
