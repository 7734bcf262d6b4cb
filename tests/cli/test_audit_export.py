"""``audit export`` to a folder: pieces, going on after Ctrl-C, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agentops.audit.destinations.destination import DestinationError, DestinationOptions
from agentops.audit.destinations.export import ExportResult, export
from agentops.audit.destinations.local import FolderDestination
from agentops.audit.destinations.targets import open_destination
from agentops.audit.log import open_log
from agentops.core.clock import utc_now
from agentops.core.errors import AuditError
from agentops.core.progress import Step, no_progress

Cli = Callable[..., Any]


@pytest.fixture
def folder(home: Path) -> Path:
    """The audit folder with one run in it."""
    _run(home / "audit")
    return home / "audit"


def _run(audit: Path, notes: int = 5) -> None:
    with open_log(audit, run="r1", actor="human:ana", clock=utc_now) as log:
        log.append_all([("note", {"n": n}) for n in range(notes)])


def _copied(copy: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(copy.rglob("records/*.jsonl")))


def test_an_exported_copy_verifies_by_itself(cli: Cli, folder: Path, tmp_path: Path, home: Path) -> None:
    """The pieces one after the other, the key and the checkpoint make a log that verifies; no private key is in it."""
    copy = tmp_path / "copy"
    done = cli("audit", "export", "--to", str(copy))
    log, checkpoint, keys = _copied(copy), next(copy.rglob("*.checkpoint")), next(copy.rglob("*.pub"))
    assert (done.code, "100 %" in done.err, "Exported" in done.out) == (0, True, True)
    secrets = {path.name: path.read_bytes().strip() for path in folder.iterdir() if path.name in ("audit.key",)}
    assert [path for path in copy.rglob("*") if path.is_file() and secrets["audit.key"] in path.read_bytes()] == []
    folder.rename(tmp_path / "first")
    folder.mkdir()
    (folder / "audit.jsonl").write_bytes(log)
    (folder / "audit.checkpoint").write_bytes(checkpoint.read_bytes())
    (folder / "audit.pub").write_bytes(keys.read_bytes())
    assert cli("audit", "verify", "--anchor", str(copy), "-o", "json").document["status"] == "ok"


def test_json_keeps_progress_off_both_streams(cli: Cli, folder: Path, tmp_path: Path) -> None:
    """For a script there is one document and nothing on stderr."""
    done = cli("audit", "export", "--to", str(tmp_path / "copy"), "-o", "json")
    assert (done.document["export"]["to"], done.err) == (str(tmp_path / "copy"), "")


def test_a_torn_tail_that_was_kept_is_exported_too(cli: Cli, folder: Path, tmp_path: Path) -> None:
    """What a crash left behind goes along."""
    with (folder / "audit.jsonl").open("ab") as file:
        file.write(b'{"prev":"half a li')
    cli("audit", "export", "--to", str(tmp_path / "copy"))
    assert [path.read_bytes() for path in tmp_path.glob("copy/*/*/torn/*")] == [b'{"prev":"half a li']


def test_ctrl_c_leaves_whole_pieces_and_the_next_export_goes_on(folder: Path, tmp_path: Path) -> None:
    """Interrupted after any piece, the rest follows; the copy is the log, and nothing is written twice."""
    whole = tmp_path / "whole"
    total = _export(folder, whole).pieces
    found = []
    for stop in range(total):
        copy = tmp_path / f"copy-{stop}"

        def interrupt(_step: Step, left: list[int] = [stop]) -> None:  # noqa: B006 - a countdown of this turn
            left[0] -= 1
            if left[0] < 0:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            _export(folder, copy, progress=interrupt)
        found.append((_export(folder, copy).written, _copied(copy) == _copied(whole)))
    assert (total, found) == (total, [(total - stop - 1, True) for stop in range(total)])


def _export(folder: Path, copy: Path, *, piece_bytes: int = 300, progress: Any = no_progress) -> ExportResult:
    return export(folder, FolderDestination(f"{copy}/"), progress=progress, piece_bytes=piece_bytes)


def test_pieces_keep_the_cuts_that_they_have(folder: Path, tmp_path: Path) -> None:
    """With another size of pieces the old ones stay as they are, and what came since is cut anew."""
    copy = tmp_path / "copy"
    first = _export(folder, copy)
    _run(folder)
    second = _export(folder, copy, piece_bytes=10**6)
    log = (folder / "audit.jsonl").read_bytes()
    assert (second.pieces, second.written, _copied(copy)) == (first.pieces + 1, 1, log)


def test_a_log_that_was_tampered_with_is_not_exported(folder: Path, tmp_path: Path) -> None:
    """A changed record is not copied over a good copy, nor beside one."""
    path = folder / "audit.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"n":2', b'"n":7'))
    with pytest.raises(AuditError, match="is not exported"):
        _export(folder, tmp_path / "copy")
    assert list(tmp_path.glob("copy/**/*.jsonl")) == []


def test_a_log_that_was_rolled_back_does_not_match_its_copy(folder: Path, tmp_path: Path) -> None:
    """The copy holds records that the log has no more, and that is said."""
    before = {path: path.read_bytes() for path in folder.iterdir()}
    _run(folder)
    _export(folder, tmp_path / "copy")
    for path, data in before.items():
        path.write_bytes(data)
    with pytest.raises(AuditError, match="its end was cut off"):
        _export(folder, tmp_path / "copy")


def test_a_file_cannot_hold_an_export(cli: Cli, folder: Path, tmp_path: Path) -> None:
    """Where a folder is needed and a file stands, nothing is written."""
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    assert (cli("audit", "export", "--to", str(tmp_path / "file")).code, (tmp_path / "file").read_text()) == (2, "mine")


def test_what_is_no_piece_is_left_alone(folder: Path, tmp_path: Path) -> None:
    """Other files in the place are neither read nor touched."""
    copy = tmp_path / "copy"
    origin = _export(folder, copy).log
    for name in ("records/readme.jsonl", "records/1-2.txt", "other"):
        (copy / origin / name).write_text("x", encoding="utf-8")
    assert _export(folder, copy).written == 0


def test_a_place_that_cannot_be_read_or_written_is_not_taken_for_empty(tmp_path: Path) -> None:
    """Reading what is not there, and writing below a file, are errors."""

    (tmp_path / "file").write_text("x", encoding="utf-8")
    clock = lambda: datetime(2026, 11, 22, tzinfo=UTC) + timedelta(0)  # noqa: E731
    terms = DestinationOptions(retention_days=0, endpoint_url="", clock=clock)
    with open_destination(f"{tmp_path}/", terms) as place:
        assert (place.names(), place.holds("file", b"x"), place.holds("none", b"x")) == (("file",), True, None)
        for work in (lambda: place.read("none"), lambda: place.put("file/below", b"x")):
            with pytest.raises(DestinationError):
                work()


def _segmented(audit: Path, days: int) -> None:
    """Three runs of a day each, every run in segments of its own; what is older than ``days`` is dropped."""
    from agentops.audit.segments.retention import Retention

    start = datetime(2026, 11, 1, tzinfo=UTC)
    keeping = Retention(segment_bytes=2000, retention_days=days)
    for day in range(3):
        now = start + timedelta(days=day)
        with open_log(audit, run=f"d{day}", actor="human:ana", clock=lambda now=now: now, retention=keeping) as log:
            for n in range(12):
                log.append("note", {"n": n})


def _first_checkpoint(audit: Path) -> int:
    from agentops.audit.read import Query, read_records

    return next(read_records(audit, Query(event="checkpoint"))).seq


def test_closed_and_compressed_segments_are_exported_as_one_log(tmp_path: Path) -> None:
    """The pieces know nothing of segments: they are the whole log, and growth and records are proved across them."""
    from agentops.audit.proofs.checkpoints import read_public_keys
    from agentops.audit.proofs.proof import check_growth, check_record, prove_growth, prove_record
    from agentops.audit.proofs.signed_records import checkpoint_at, latest_checkpoint, signed_lines

    audit = tmp_path / "audit"
    _segmented(audit, days=0)
    done = _export(audit, tmp_path / "copy", piece_bytes=1500)
    _note, says = latest_checkpoint(audit)
    with signed_lines(audit, says) as (_origin, lines):
        whole = b"".join(line + b"\n" for line in lines)
    (key,) = read_public_keys(audit)
    proved = [check_record(prove_record(audit, seq), key).seq for seq in range(says.size)]
    size = _first_checkpoint(audit)
    older = checkpoint_at(audit, size)
    grown = check_growth(prove_growth(audit, older), key)
    assert (len(list(audit.glob("*.gz"))) > 2, _copied(tmp_path / "copy") == whole, done.records) == (
        True,
        True,
        says.size,
    )
    assert (proved, [point.size for point in grown]) == (list(range(says.size)), [size, says.size])


@pytest.mark.parametrize("piece_bytes", [900, 1500, 4000])
def test_records_that_were_dropped_here_stay_in_the_copy(tmp_path: Path, piece_bytes: int) -> None:
    """After old segments are dropped, exporting goes on, what is kept can be proved, and what is gone is said."""
    from agentops.audit.proofs.checkpoints import read_public_keys
    from agentops.audit.proofs.proof import check_record, prove_growth, prove_record
    from agentops.audit.proofs.signed_records import checkpoint_at, first_kept
    from agentops.core.errors import UsageError

    audit = tmp_path / "audit"
    _segmented(audit, days=0)
    _export(audit, tmp_path / "copy", piece_bytes=piece_bytes)
    before, old = _copied(tmp_path / "copy"), checkpoint_at(audit, _first_checkpoint(audit))
    from agentops.audit.segments.retention import Retention

    now = datetime(2026, 11, 4, tzinfo=UTC)
    with open_log(audit, run="d4", actor="human:ana", clock=lambda: now, retention=Retention(retention_days=2)) as log:
        log.append("note", {"n": 99})
    first, done = first_kept(audit), _export(audit, tmp_path / "copy", piece_bytes=piece_bytes)
    fresh = _export(audit, tmp_path / "fresh", piece_bytes=piece_bytes)
    (key,) = read_public_keys(audit)
    copied, alone = _copied(tmp_path / "copy"), _copied(tmp_path / "fresh")
    assert (copied.startswith(before), copied.endswith(alone), len(copied) > len(before)) == (True, True, True)
    assert (alone[:90].find(b'"seq":%d,' % first) > 0, first > 0, fresh.written) == (True, True, fresh.pieces)
    kept = [check_record(prove_record(audit, seq), key).seq for seq in range(first, done.records)]
    assert kept == list(range(first, done.records))
    for work in (lambda: prove_record(audit, first - 1), lambda: prove_growth(audit, old)):
        with pytest.raises(UsageError, match=f"the records before record {first} were dropped"):
            work()


def test_anchors_of_dropped_records_disturb_nobody(cli: Cli, home: Path, tmp_path: Path) -> None:
    """Where an anchor speaks only of records that are gone, the others are asked."""
    from agentops.audit.segments.retention import Retention

    audit = home / "audit"
    home.mkdir()
    place = f"{tmp_path}/anchors/"
    _segmented(audit, days=0)
    cli("audit", "anchor", "--to", place)
    with open_log(
        audit,
        run="d4",
        actor="human:ana",
        clock=lambda: datetime(2999, 1, 1, tzinfo=UTC),
        retention=Retention(segment_bytes=1),
    ) as log:
        log.append("note", {})
        log.append("note", {})
    later = lambda: datetime(2999, 3, 1, tzinfo=UTC)  # noqa: E731
    with open_log(audit, run="d5", actor="human:ana", clock=later, retention=Retention(retention_days=9)) as log:
        log.append("note", {})
    alone = cli("audit", "verify", "--anchor", place, "-o", "json").document["status"]
    assert cli("audit", "anchor", "--to", f"{tmp_path}/second/").code == 0
    for path in (tmp_path / "second").rglob("*.checkpoint"):
        path.rename(next((tmp_path / "anchors").rglob("*.checkpoint")).with_name(path.name))
    done = cli("audit", "verify", "--anchor", place, "-o", "json").document
    assert (alone, done["status"], done["verification"]["anchors"]) == ("unanchored", "ok", 1)
