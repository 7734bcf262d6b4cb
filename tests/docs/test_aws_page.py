"""What docs/aws.md gives to copy: its policies load and decide, its documents are what they say."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from agentops.cli.app import run

PAGE = (Path(__file__).parents[2] / "docs/aws.md").read_text("utf-8")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_policies_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """As somebody's own file, through the command line."""
    (text,) = _blocks("cedar")
    path = tmp_path / "mine.cedar"
    path.write_text(text)
    path.chmod(0o600)
    monkeypatch.setenv("AGENTOPS_HOME", str(tmp_path / "home"))
    code = run(["policy", "validate", str(path)])
    said = capsys.readouterr()
    assert code == 0, said.out + said.err


def test_the_trust_policy_is_of_one_repository_and_branch() -> None:
    """JSON that IAM takes, with no wildcard in what it trusts."""
    trust = next(one for one in map(json.loads, _blocks("json")) if "Principal" in one["Statement"][0])
    said = trust["Statement"][0]["Condition"]["StringEquals"]
    assert (len(said), any("*" in value for value in said.values())) == (2, False)


def test_the_job_reads_and_keeps_no_key() -> None:
    """It may ask for a token, sets no credential, and is read-only; the alarm is no part of a command."""
    (text,) = _blocks("yaml")
    job = yaml.safe_load(text)
    (last,) = (step for step in job["jobs"]["investigate"]["steps"] if "agentops investigate" in step.get("run", ""))
    assert job["permissions"]["id-token"] == "write"
    assert last["env"]["AGENTOPS_READ_ONLY"] == "1"
    assert ("${{" in last["run"], re.search("aws-access-key-id|AWS_SECRET", text)) == (False, None)
