"""Cases as data: what a sweep read, and the cause or verdict that triage must come to; see ``cases/README.md``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from agentops.core.alert import Alert, Target
from agentops.core.analysis import Edge, Gap
from agentops.core.finding import Finding, Verdict
from agentops.core.resource import ResourceRef
from agentops.providers.aws.analyzers.examine import examine
from agentops.providers.aws.analyzers.registry import AWS_ANALYZERS, AWS_CONDITIONS
from agentops.providers.aws.objects.place import AwsPlace
from agentops.providers.aws.objects.snapshot import AwsSnapshot
from agentops.triage.conclusion import conclude
from agentops.triage.rank import rank
from agentops.triage.ranking import Ranking

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
PLACE = AwsPlace(account="1", region="eu-west-1")
_TIME = re.compile(r"([+-])(\d+)([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _cases() -> Iterator[Any]:
    for path in sorted((Path(__file__).parent / "cases").glob("*.yaml")):
        for number, case in enumerate(yaml.safe_load_all(path.read_text()), 1):
            yield pytest.param(case, id=f"{path.stem}-{number}")


CASES = list(_cases())


def _ref(text: str) -> ResourceRef:
    kind, _, name = text.partition(" ")
    return PLACE.ref(kind, name)


def _timed(value: Any) -> Any:
    if isinstance(value, str) and (found := _TIME.fullmatch(value)):
        span = timedelta(**{_UNITS[found[3]]: int(found[2])})
        return NOW + span if found[1] == "+" else NOW - span
    if isinstance(value, Mapping):
        return {key: _timed(one) for key, one in value.items()}
    return [_timed(one) for one in value] if isinstance(value, list) else value


def _snapshot(case: Mapping[str, Any]) -> AwsSnapshot:
    things = {_ref(name): dict(_timed(data)) for name, data in (case.get("things") or {}).items()}
    for name, metrics in (case.get("metrics") or {}).items():
        things[_ref(name)]["Metrics"] = {
            metric: [(NOW - timedelta(minutes=5 * (len(values) - 1 - n)), value) for n, value in enumerate(values)]
            for metric, values in metrics.items()
        }
    edges: dict[ResourceRef, tuple[Edge, ...]] = {}
    for link in case.get("links") or ():
        upper, lower = map(_ref, link.split(" -> "))
        edges[upper] = (*edges.get(upper, ()), Edge(ref=lower, relation="rests on", own=True))
    unread = frozenset(map(_ref, case.get("unread") or ()))
    return AwsSnapshot(
        place=PLACE,
        at=NOW,
        target=Target(),
        starts=(_ref(case["start"]),) if "start" in case else (),
        things=things,
        edges=edges,
        absent=frozenset(map(_ref, case.get("absent") or ())),
        unread=unread,
        changes=tuple(_timed(case.get("changes") or [])),
        gaps=tuple(Gap(what=str(ref), reason="AWS does not allow it") for ref in unread),
        whole="start" not in case,
    )


def _concluded(case: Mapping[str, Any]) -> tuple[Ranking, Finding]:
    source = "cloudwatch" if case.get("fired") else "resource"
    ranking = rank([examine(_snapshot(case), Alert(name="a", source=source))], Alert(name="a", source=source))
    return ranking, conclude(ranking, [f"E{n}" for n in range(len(ranking.problems))])


@pytest.mark.parametrize("case", CASES)
def test_triage_comes_to_what_the_case_says(case: Mapping[str, Any]) -> None:
    """The cause by resource and condition, or the verdict; and nothing that must not be reported."""
    ranking, finding = _concluded(case)
    reported = {one.condition for one in ranking.problems}
    assert reported & set(case.get("never") or ()) == set()
    if "cause" in case:
        *named, condition = case["cause"].split(" ")
        cause = finding.cause
        assert cause is not None, finding.conclusion
        assert (cause.resource, cause.condition) == (_ref(" ".join(named)), condition)
        assert finding.verdict is Verdict.ROOT_CAUSE
    else:
        assert (finding.verdict.value, finding.cause) == (case["verdict"], None)


def test_every_problem_has_facts_and_a_declared_condition() -> None:
    """No problem without a quotation, none of a condition that the catalogue does not have, each with a sentence."""
    found = [(one, _concluded(one.values[0])[0].problems) for one in CASES]
    for param, problems in found:
        for problem in problems:
            assert problem.facts, param.id
            assert problem.summary, param.id
            assert problem.condition in AWS_CONDITIONS, param.id
            assert problem.analyzer in {one.name for one in AWS_ANALYZERS}, param.id


def test_there_are_many_cases_and_many_of_them_are_healthy() -> None:
    """At least sixty cases, of which at least twenty are noisy or well and must not be blamed on anything."""
    quiet = [one for one in CASES if "cause" not in one.values[0]]
    assert (len(CASES) >= 60, len(quiet) >= 20) == (True, True), (len(CASES), len(quiet))


def test_each_condition_is_declared_once() -> None:
    """Two analyzers that report one condition would be two meanings of it."""
    names = [condition.name for one in AWS_ANALYZERS for condition in one.conditions]
    assert sorted(names) == sorted(set(names))


def test_odd_data_costs_one_analyzer_and_not_the_others() -> None:
    """A field of a type that AWS never sends: the analyzer is said to have failed, and the others go on."""
    things = {
        PLACE.ref("sqs/queue", "orders"): {"ApproximateNumberOfMessages": "many"},
        PLACE.ref("rds/instance", "db"): {"DBInstanceStatus": "storage-full"},
    }
    snapshot = AwsSnapshot(place=PLACE, at=NOW, target=Target(), things=things, starts=tuple(things))
    analysis = examine(snapshot, None)
    conditions = {one.condition for one in analysis.problems}
    assert {"AnalyzerFailed", "DatabaseStorageFull"} <= conditions
    assert (analysis.blind, [gap.what for gap in analysis.gaps]) == (True, ["analyzer queues"])
