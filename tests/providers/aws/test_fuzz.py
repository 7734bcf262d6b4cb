"""Whatever AWS answers, less than documented, something else, too much: no exception but ours, and nothing is well."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from typing import Any

import pytest

from agentops.core.alert import Alert, Target
from agentops.core.errors import AgentopsError
from agentops.core.finding import Verdict
from agentops.core.jsonable import to_json
from agentops.core.progress import no_progress
from agentops.providers.aws.analyzers.examine import examine
from agentops.providers.aws.objects.place import KINDS
from agentops.providers.aws.objects.snapshot import AwsSnapshot
from agentops.providers.aws.read.registry import read_tools
from agentops.providers.aws.sweep.sweep import sweep
from agentops.triage.conclusion import conclude
from agentops.triage.rank import rank
from tests.providers.aws.access.test_what_is_sent import NAMES, TOOLS
from tests.providers.aws.fuzzed_account import NOW, ODD, FuzzedAccount
from tests.providers.aws.test_cases import CASES, _snapshot

_ROUNDS = 40
_GIVEN = {"group": "web/1", "instance": "i-1"}


def _filled(value: Any) -> Any:
    if isinstance(value, str):
        return value.format(**_GIVEN)
    return {key: _filled(one) for key, one in value.items()} if isinstance(value, Mapping) else value


def _swept(client: Any, starts: list[tuple[str, str]]) -> AwsSnapshot:
    return sweep(
        client, target=Target(), starts=starts, clock=lambda: NOW, progress=no_progress, settled=False, redacted=str
    )


def _judged(snapshot: AwsSnapshot) -> Any:
    alert = Alert(name="a", source="cloudwatch")
    ranking = rank([examine(snapshot, alert)], alert)
    return ranking, conclude(ranking, [f"E{n}" for n in range(len(ranking.problems))])


@pytest.mark.parametrize("kind", [*KINDS, ""])
@pytest.mark.parametrize("odd", [0.0, 0.05, 0.4])
def test_a_sweep_of_odd_answers_ends_in_a_snapshot_that_can_be_judged(kind: str, odd: float) -> None:
    """From each kind, and from all alarms: members missing, types wrong, numbers that are none, calls refused."""
    seen = 0
    for seed in range(_ROUNDS):
        client = FuzzedAccount(seed, odd=odd, refused=0.1 if odd else 0.0)
        starts = [(kind, NAMES[kind].format(**_GIVEN))] if kind else []
        try:
            snapshot = _swept(client, starts)
        except AgentopsError:
            continue
        seen += len(snapshot.things)
        _judged(snapshot)
    assert odd or seen, "nothing was ever read, so nothing was tried"


@pytest.mark.parametrize("tool", [one.spec.name for one in read_tools(FuzzedAccount(0), lambda: NOW)])  # type: ignore[arg-type]
def test_a_tool_takes_odd_answers(tool: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not as documented is an error of one line, or is left out; what comes back is text."""
    monkeypatch.setattr("agentops.providers.aws.read.insights._PAUSE_S", 0)
    monkeypatch.setattr("agentops.providers.aws.read.insights._WAIT_S", 0)
    cases: tuple[Mapping[str, Any], ...] = TOOLS.get(tool, ({},))
    if tool == "aws_describe":
        cases = tuple({"kind": kind, "id": NAMES[kind]} for kind in KINDS)
    broken: list[str] = []
    for seed in range(_ROUNDS):
        client: Any = FuzzedAccount(seed, odd=seed % 4 / 10, refused=0.05)
        (found,) = (one for one in read_tools(client, lambda: NOW) if one.spec.name == tool)
        for case in cases:
            arguments = (
                {"kind": found.spec.schema["properties"]["kind"]["enum"][seed % 9]} if tool == "aws_list" else case
            )
            try:
                reading = found.read(_filled(arguments))
            except AgentopsError as error:
                broken.append(error.message)
                continue
            assert (type(reading.body), type(reading.summary)) == (str, str)
            reading.body.encode()
    assert [one for one in broken if "\n" in one] == []


def _mutated(value: Any, draw: random.Random, share: float) -> Any:
    if draw.random() < share:
        return draw.choice(ODD)
    if isinstance(value, dict):
        return {key: _mutated(one, draw, share) for key, one in value.items() if draw.random() >= share / 2}
    return [_mutated(one, draw, share) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize("case", CASES)
def test_a_case_with_fields_that_are_odd_is_judged_all_the_same(case: Mapping[str, Any]) -> None:
    """Every case of the analyzers, each field now and then something else: an analyzer that fails is said to have."""
    for seed in range(12):
        draw = random.Random(seed)
        odd = {**case, "things": _mutated(case.get("things") or {}, draw, 0.08)}
        odd["things"] = (
            {name: data for name, data in odd["things"].items() if isinstance(data, dict)}
            if isinstance(odd["things"], dict)
            else {}
        )
        odd["metrics"] = {name: one for name, one in (case.get("metrics") or {}).items() if name in odd["things"]}
        ranking, finding = _judged(_snapshot(odd))
        if any(one.condition == "AnalyzerFailed" for one in ranking.problems):
            # Nothing is said to be well, nor with certainty to be nothing, where an analyzer did not look.
            assert (finding.verdict is Verdict.NO_PROBLEM and finding.confidence.value != "low") is False
        json.dumps(to_json(finding))


def test_ten_thousand_of_everything_are_judged_in_seconds() -> None:
    """Lists of that length in one thing: targets, events, rules, activities."""
    client = FuzzedAccount(7, items=4, missing=0.0)
    snapshot = _swept(client, [("elbv2/targetgroup", "web/1")])
    huge = {
        ref: {key: (list(one) * 10_000)[:10_000] if isinstance(one, list) else one for key, one in data.items()}
        for ref, data in snapshot.things.items()
    }
    _, finding = _judged(
        AwsSnapshot(
            place=snapshot.place, at=NOW, target=Target(), starts=snapshot.starts, things=huge, edges=snapshot.edges
        )
    )
    assert len(finding.conclusion) < 5_000
