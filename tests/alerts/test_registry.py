"""The registry of alert formats: each is declared beside its code, told by its content alone, and has a case.

A case is a file in ``cases/``: the ``format`` that must recognise the ``payload``, and what the alert is ``expect``ed
to hold (fields of ``Alert``; ``target`` as it is printed).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from agentops.alerts.decoding import decode
from agentops.alerts.registry import FORMATS, senders
from agentops.cli.commands.investigate import HELP
from agentops.core.alert import Alert
from agentops.core.clock import to_iso
from agentops.core.errors import AlertError

CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))


def _case(path: Path) -> Mapping[str, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _written(alert: Alert, field: str) -> Any:
    value = getattr(alert, field)
    if field in ("started_at", "ended_at"):
        return None if value is None else to_iso(value)
    return str(value) if field == "target" else value


def test_every_format_stands_in_the_file_of_its_name() -> None:
    """``pagerduty`` is the function of ``pagerduty.py``: what tells a format and what reads it are in one file."""
    assert [one.parse.__module__.rpartition(".")[2] for one in FORMATS] == [one.name for one in FORMATS]


def test_every_format_has_a_case() -> None:
    """No format is registered whose payload nobody has seen."""
    assert {_case(path)["format"] for path in CASES} == {one.name for one in FORMATS}


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_one_format_recognises_each_case(path: Path) -> None:
    """No two formats claim one payload, so their order decides nothing; only the plain object takes what is left."""
    case = _case(path)
    found = [one.name for one in FORMATS if one.recognises(case["payload"]) and one.name != "plain_object"]
    assert (found or ["plain_object"]) == [case["format"]]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_each_case_becomes_the_alert_that_it_expects(path: Path) -> None:
    """A payload in JSON leads to the alert that the case describes."""
    case = _case(path)
    alert = decode(json.dumps(case["payload"]).encode(), "it").lead
    assert {field: _written(alert, field) for field in case["expect"]} == case["expect"]


@pytest.mark.parametrize("junk", [None, True, 1, "alerts", [], [1], {}, {"alerts": 1}, {"labels": None}, {"event": []}])
def test_no_predicate_raises(junk: Any) -> None:
    """Whatever was decoded, a format says yes or no."""
    answers = [answer(junk) for one in FORMATS for answer in (one.recognises, one.recognises_yaml)]
    assert {type(answer) for answer in answers} == {bool}


def test_an_unknown_payload_is_told_what_is_known() -> None:
    """The hint lists the senders of the registry."""
    with pytest.raises(AlertError) as caught:
        decode(b'{"colour": "red"}', "it")
    assert caught.value.hint == f"Known are {', '.join(senders())}, or plain text."
    assert {"Alertmanager", "Prometheus", "PagerDuty"} <= set(senders())


def test_the_help_names_no_sender_that_is_not_known() -> None:
    """What ``agentops investigate --help`` says it reads, it reads."""
    named = re.split(", | or ", HELP.partition("FILE (")[2].partition(" JSON")[0])
    assert len(named) > 3
    assert set(named) - set(senders()) == set()
