"""``agentops audit rotate`` and what other commands say of segments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agentops.audit.log import open_log
from agentops.core.clock import utc_now

Cli = Callable[..., Any]
FIRST = "audit-000000000000000.jsonl"


def _run(audit: Path, clock: Callable[[], datetime] = utc_now) -> None:
    with open_log(audit, run="r1", actor="human:ana", clock=clock) as log:
        log.append_all([("note", {"n": n}) for n in range(3)])


def _old() -> datetime:
    return datetime(2020, 1, 1, tzinfo=UTC)


def _keep_days(home: Path, days: int) -> None:
    (home / "config.toml").write_text(f"[audit]\naudit_keep_days = {days}\n", encoding="utf-8")


def test_rotating_closes_and_compresses_a_segment(cli: Cli, home: Path) -> None:
    """The command says what it did; verify, log and proofs go on as before."""
    _run(home / "audit")
    done = cli("audit", "rotate", "-o", "json")
    assert (done.code, done.document["segments"]) == (0, {"closed": FIRST, "compressed": [FIRST], "dropped": []})
    shown = cli("audit", "rotate").out
    assert "Closed audit-000000000000006.jsonl; 0 segments dropped" in shown
    assert "none: everything is kept" in shown
    verified = cli("audit", "verify", "--require-signed")
    assert (verified.code, "segments  3" in verified.out) == (0, True)
    records = cli("audit", "log", "--event", "note", "-o", "json").document["records"]
    assert [record["seq"] for record in records] == [1, 2, 3]
    key = cli("audit", "keys", "-o", "json").document["keys"][0]
    assert cli("audit", "prove", "2", "--to", str(home / "proof.json")).code == 0
    assert cli("audit", "check-proof", str(home / "proof.json"), "--key", key).code == 0


def test_what_expired_is_dropped_and_always_said(cli: Cli, home: Path) -> None:
    """With audit_keep_days set, an old segment goes, and verification says so in its first line."""
    _run(home / "audit", _old)
    with open_log(home / "audit", run="c", actor="human:ana", clock=_old) as log:
        log.close_segment()
    _keep_days(home, 30)
    assert cli("audit", "rotate", "-o", "json").document["segments"]["dropped"] == [FIRST]
    shown = cli("audit", "verify").out
    document = cli("audit", "verify", "-o", "json").document
    assert " ".join(shown.split()).startswith("Audit chain ok: ")
    assert "all intact; records 0 to 5 were dropped by retention at " in " ".join(shown.split())
    assert document["verification"]["dropped"]["records"] == 6
    assert cli("audit", "prove", "2").code == 2


def test_a_run_keeps_the_log_as_set(cli: Cli, home: Path) -> None:
    """An investigation drops at its end what is expired."""
    _run(home / "audit", _old)
    with open_log(home / "audit", run="c", actor="human:ana", clock=_old) as log:
        log.close_segment()
    _keep_days(home, 30)
    assert cli("investigate", "--sandbox=bad-image-tag", "--no-model").code == 0
    assert cli("audit", "verify", "-o", "json").document["verification"]["dropped"]["records"] == 6


def test_no_variable_has_records_dropped(cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """audit_keep_days counts in config.toml alone; the size of a segment may come from the environment."""
    monkeypatch.setenv("AGENTOPS_AUDIT_KEEP_DAYS", "1")
    _run(home / "audit", _old)
    assert cli("audit", "rotate").code == 0
    assert cli("audit", "rotate", "-o", "json").document["segments"]["dropped"] == []
    monkeypatch.setenv("AGENTOPS_AUDIT_SEGMENT_MIB", "0")
    refused = cli("audit", "rotate")
    assert (refused.code, "must be more than zero" in refused.err) == (2, True)


def test_a_tail_without_a_signature_is_said_where_it_matters(cli: Cli, home: Path) -> None:
    """A run that was killed leaves an ok chain, and with --require-signed an ``unsigned-tail`` with exit code 8."""
    _run(home / "audit")
    open_log(home / "audit", run="killed", actor="human:ana", clock=utc_now).append("note", {})
    strict = cli("audit", "verify", "--require-signed", "-o", "json")
    assert (cli("audit", "verify").code, strict.code, strict.document["status"]) == (0, 8, "unsigned-tail")
    assert strict.document["verification"]["why"] == (
        "no signed checkpoint covers record 5: a run was killed, or is still going on"
    )


def test_a_bad_segment_is_named(cli: Cli, home: Path) -> None:
    """Verification names the file and the byte; a torn tail is called one."""
    _run(home / "audit")
    path = home / "audit" / "audit.jsonl"
    path.write_bytes(path.read_bytes() + b'{"prev')
    torn = " ".join(cli("audit", "verify").out.replace("│ ", "").split())
    cli("audit", "rotate")
    segment = home / "audit" / (FIRST + ".gz")
    segment.write_bytes(b"no gzip")
    packed = " ".join(cli("audit", "verify").out.replace("│ ", "").split())
    size = path.stat().st_size
    assert (size > 0, "first bad the torn tail, byte " in torn, "of audit.jsonl" in torn) == (True, True, True)
    assert f"first bad record 0, byte 0 of {FIRST}" in packed
