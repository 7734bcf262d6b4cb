"""The audit commands: the record of runs, and what happens when it cannot be believed or written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]


def _chain(home: Path) -> Path:
    return next((home / "audit").glob("*.jsonl"))


def test_a_run_is_recorded_from_start_to_end(cli: Cli) -> None:
    """A triage leaves its records: who started it, which cluster, what was found, how it ended, a signature."""
    scan = cli("triage", "--sandbox=bad-image-tag", "--output", "json").document
    records = cli("audit", "log", "--run", scan["audit"]["run"], "--output", "json").document["records"]
    events = [record["event"] for record in records]
    assert events == ["chain_begun", "run_started", "cluster_pinned", "triage", "run_ended", "checkpoint"]
    assert {record["run"] for record in records} == {scan["audit"]["run"]}
    assert records[1]["payload"]["command"] == "triage"
    assert records[4]["payload"] == {"status": "found", "exit_code": 0}


def test_an_untouched_chain_verifies(cli: Cli) -> None:
    """After a run, every record holds."""
    cli("triage", "--sandbox=bad-image-tag")
    done = cli("audit", "verify", "--output", "json")
    assert (done.code, done.document["status"]) == (0, "ok")


def test_no_chain_is_no_alarm(cli: Cli) -> None:
    """Before the first run there is nothing to verify, and that is said."""
    done = cli("audit", "verify")
    assert (done.code, done.out.splitlines()[0][:20]) == (0, "Audit chain absent: ")


def test_a_changed_byte_is_found_and_ends_with_8(cli: Cli, home: Path) -> None:
    """An edited record makes verify fail with the record's number, in both forms."""
    cli("triage", "--sandbox=bad-image-tag")
    path = _chain(home)
    path.write_bytes(path.read_bytes().replace(b'"command":"triage"', b'"command":"triagf"'))
    done = cli("audit", "verify", "--output", "json")
    assert (done.code, done.document["status"]) == (8, "tampered")
    assert isinstance(done.document["verification"]["bad_seq"], int)
    assert "tampered" in cli("audit", "verify").out


def test_no_run_starts_on_a_broken_chain(cli: Cli, home: Path) -> None:
    """When the end of the chain is damaged, nothing is looked at and the exit code is 8."""
    cli("triage", "--sandbox=bad-image-tag")
    path = _chain(home)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]) + b'{"not":"a record"}\n')
    done = cli("triage", "--sandbox=bad-image-tag", "--output", "json")
    assert (done.code, done.document["errors"][0]["code"][:5]) == (8, "audit")


def test_no_run_starts_when_the_record_cannot_be_written(cli: Cli, home: Path) -> None:
    """A chain's folder that is a file ends every run before it begins."""
    home.mkdir()
    (home / "audit").write_text("in the way", encoding="utf-8")
    done = cli("triage", "--sandbox=bad-image-tag")
    assert (done.code, done.out, done.err.startswith("Error: ")) == (8, "", True)


def test_the_log_filters_by_event_and_time(cli: Cli) -> None:
    """Only the records that were asked for are printed, the last ones when limited."""
    cli("triage", "--sandbox=bad-image-tag")
    cli("triage", "--sandbox=bad-image-tag")

    def events(*words: str) -> list[str]:
        return [r["event"] for r in cli("audit", "log", *words, "--output", "json").document["records"]]

    assert events("--event", "run_ended") == ["run_ended", "run_ended"]
    assert events("--limit", "2") == ["run_ended", "checkpoint"]
    assert events("--since", "2999-01-01T00:00:00Z") == []
    assert "run_started" in cli("audit", "log").out


@pytest.mark.parametrize("words", [("--since", "yesterday"), ("--follow", "--output", "json"), ("--limit", "-1")])
def test_filters_that_make_no_sense_are_usage_errors(cli: Cli, words: tuple[str, ...]) -> None:
    """A time that is none, or a document that never ends, is refused with exit 2."""
    assert cli("audit", "log", *words).code == 2
