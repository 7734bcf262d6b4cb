"""Logs Insights through the command line: what a query scans is shown before it runs, and a setting caps it."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentops.core.clock import utc_now
from agentops.sandbox.cloud.sandbox import REGION, CloudSandbox
from agentops.sandbox.cloud.scenario import load
from agentops.sandbox.cloud.seeding import CloudWorld
from tests.cli.test_aws_told import REPORT

Cli = Callable[..., Any]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("moto") is None, reason="moto is not installed: pip install moto[server]"
    ),
]
GROUP = "/aws/lambda/write-invoices"


@pytest.fixture
def asked(cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Has a scripted model ask for a query over a group that took in 3 GiB in the last half hour."""

    def ask(*words: str) -> tuple[Any, list[dict[str, Any]]]:
        query = {"groups": [GROUP], "query": "fields @message", "minutes": 60}
        turns = [{"calls": [{"tool": "aws_insights", "arguments": query}]}]
        turns.append({"calls": [{"tool": "report_finding", "arguments": dict(REPORT)}]})
        script = home.parent / "script.json"
        script.write_text(json.dumps({"name": "asks", "turns": turns}))
        with CloudSandbox(load("aws-function-denied")) as sandbox:
            monkeypatch.setenv("AWS_ENDPOINT_URL", sandbox.url)
            monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAUSER")
            monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-user")
            monkeypatch.setenv("AGENTOPS_AWS_REGION", REGION)
            world = CloudWorld(sandbox.url, REGION, utc_now(), sandbox.kept)
            point = {
                "MetricName": "IncomingBytes", "Dimensions": [{"Name": "LogGroupName", "Value": GROUP}],
                "Timestamp": "${-20m}", "Value": 3 << 30,
            }  # fmt: skip
            world.perform(
                {"call": "cloudwatch.PutMetricData", "with": {"Namespace": "AWS/Logs", "MetricData": [point]}}
            )
            done = cli("investigate", "cloudwatch:write-invoices-errors", f"--model=scripted:{script}", *words)
        (stored,) = home.glob("incidents/*/evidence.jsonl")
        return done, [json.loads(line) for line in stored.read_text().splitlines()]

    return ask


def test_what_it_scans_and_costs_is_on_the_screen_before_it_runs(asked: Any) -> None:
    """On stderr; what it scanned in truth (moto measures nothing) is in the evidence."""
    done, evidence = asked("-v")
    said = f"Logs Insights scans about 3.0 GiB of {GROUP} (0.02 USD)"
    (read,) = (one for one in evidence if one["tool"] == "aws_insights")
    assert (said in done.err, read["summary"]) == (True, f"4 rows of Logs Insights over {GROUP}: 0 bytes scanned")


def test_a_setting_caps_it(asked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above it, no query is begun: the model is told, and nothing becomes evidence."""
    monkeypatch.setenv("AGENTOPS_AWS_INSIGHTS_GIB", "0.5")
    done, evidence = asked("-v")
    assert [one for one in evidence if one["tool"] == "aws_insights"] == []
    assert "would scan about 3.0 GiB" in done.err, done.err
    assert "Logs Insights scans" not in done.err
