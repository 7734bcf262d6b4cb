"""Appending: durable, linked, never lost; what a crash left is kept; what cannot be written stops the caller."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from agentops import __version__
from agentops.audit.chain import GENESIS_PREV, decode, link
from agentops.audit.log import ChainLog, open_log
from agentops.audit.verify.full_check import verify
from agentops.audit.verify.verdict import ChainVerdict
from agentops.core.audit import AuditRecord
from agentops.core.errors import AuditError, ExitCode

Clock = Callable[[], datetime]


def _records(folder: Path) -> list[AuditRecord]:
    return [decode(line) for line in (folder / "audit.jsonl").read_bytes().splitlines()]


def test_a_new_chain_begins_with_its_own_record(tmp_path: Path, ticking: Clock) -> None:
    """The first record says which form and program began the chain, on which host."""
    open_log(tmp_path / "a" / "audit", run="r1", actor="human:ana", clock=ticking, sign_every=0).close()
    (first,) = _records(tmp_path / "a" / "audit")
    assert first == AuditRecord(
        prev=GENESIS_PREV,
        seq=0,
        time="2026-11-22T16:00:00.000Z",
        run="r1",
        actor="human:ana",
        event="chain_begun",
        payload={"form": 1, "agentops": __version__, "host": first.payload["host"]},
    )


def test_an_append_is_on_disk_when_it_returns(tmp_path: Path, ticking: Clock) -> None:
    """The returned record is the file's last line, linked to the line before."""
    log = open_log(tmp_path, run="r1", actor="human:ana", clock=ticking, sign_every=0)
    record = log.append("tool_call", {"cost": 0.5, "n": 1})
    first, second = (tmp_path / "audit.jsonl").read_bytes().splitlines()
    assert (decode(second), record.prev, record.payload) == (record, link(first), {"cost": "0.5", "n": 1})
    assert log.head == (2, link(second))


def test_several_records_are_written_together(tmp_path: Path, ticking: Clock) -> None:
    """``append_all`` writes its entries in order with nothing between them."""
    log = open_log(tmp_path, run="r1", actor="human:ana", clock=ticking, sign_every=0)
    records = log.append_all([("a", {}), ("b", {"n": 1})])
    assert (tuple(_records(tmp_path)[1:]), log.run) == (records, "r1")


def test_runs_and_actors_share_one_chain(chain: Path, ticking: Clock) -> None:
    """A second log goes on where the first stands, and the first then follows the second."""
    one = open_log(chain, run="r2", actor="agent:claude", clock=ticking, sign_every=0)
    two = open_log(chain, run="r3", actor="human:ana", clock=ticking, sign_every=0)
    for log in (one, two, one):
        log.append("note", {})
    assert [(record.seq, record.run) for record in _records(chain)[6:]] == [(6, "r2"), (7, "r3"), (8, "r2")]
    assert verify(chain).verdict is ChainVerdict.OK


def test_only_the_owner_can_read_it(chain: Path) -> None:
    """The folder is 0700 and its files 0600."""
    modes = {stat.S_IMODE(path.stat().st_mode) for path in chain.iterdir()}
    assert (stat.S_IMODE(chain.stat().st_mode), modes) == (0o700, {0o600})


@pytest.mark.parametrize("whole", [0, 3, 6])
def test_a_torn_tail_is_kept_and_recorded(chain: Path, ticking: Clock, whole: int) -> None:
    """After a crash in the middle of a line, the bytes move to their own file and a record names them."""
    path = chain / "audit.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    torn = b'{"prev":"77'
    path.write_bytes(b"".join(lines[:whole]) + torn)
    open_log(chain, run="r9", actor="human:bo", clock=ticking, sign_every=0).close()
    last = _records(chain)[-1]
    digest = hashlib.sha256(torn).hexdigest()
    kept = f"torn-{len(b''.join(lines[:whole]))}-{digest[:16]}"
    assert (last.event, last.run, last.payload) == (
        "recovered",
        "r9",
        {
            "offset": len(b"".join(lines[:whole])),
            "size_bytes": len(torn),
            "digest": "sha256:" + digest,
            "kept_in": [kept],
        },
    )
    assert ((chain / kept).read_bytes(), verify(chain).verdict) == (torn, ChainVerdict.OK)


def test_a_crash_during_recovery_forgets_nothing(chain: Path, ticking: Clock) -> None:
    """A torn tail whose record was never written is named by the next recovery at that place."""
    path = chain / "audit.jsonl"
    size = path.stat().st_size
    (chain / f"torn-{size}-aaaa").write_bytes(b"earlier")
    with path.open("ab") as file:
        file.write(b"later")
    open_log(chain, run="r9", actor="human:bo", clock=ticking, sign_every=0).close()
    kept = f"torn-{size}-{hashlib.sha256(b'later').hexdigest()[:16]}"
    assert _records(chain)[-1].payload["kept_in"] == sorted([f"torn-{size}-aaaa", kept])


@pytest.mark.parametrize(("tail", "why"), [(b"nonsense\n", "is damaged: not JSON"), (b"\n", "ends with an empty line")])
def test_a_damaged_end_stops_the_run(chain: Path, ticking: Clock, tail: bytes, why: str) -> None:
    """Nothing is appended when the last line is no record any more; the error exits with 8."""
    path = chain / "audit.jsonl"
    before = path.read_bytes() + tail
    log = open_log(chain, run="r2", actor="human:ana", clock=ticking, sign_every=0)
    path.write_bytes(before)
    with pytest.raises(AuditError, match=why) as caught:
        log.append("note", {})
    assert (path.read_bytes(), caught.value.exit_code) == (before, ExitCode.AUDIT_BROKEN)
    assert caught.value.hint == (
        "Look with 'agentops audit verify'. Keep the folder as evidence: move it away whole, keys included; "
        "then a new chain begins."
    )


@pytest.mark.parametrize("change", ["delete", "shorten", "replace"])
def test_a_chain_that_shrinks_under_a_run_stops_it(tmp_path: Path, ticking: Clock, change: str) -> None:
    """A log that is deleted, cut or swapped while in use is never begun again in silence."""
    log = open_log(tmp_path, run="r1", actor="human:ana", clock=ticking, sign_every=0)
    log.append("note", {})
    path = tmp_path / "audit.jsonl"
    if change == "delete":
        path.unlink()
    elif change == "shorten":
        os.truncate(path, 10)
    else:
        path.unlink()
        path.write_bytes(b"")
    with pytest.raises(AuditError, match=r"no such file|has become shorter"):
        log.append("note", {})


def test_a_log_goes_on_after_a_failure(chain: Path, ticking: Clock) -> None:
    """When the cause of a failed append is gone, the next append works and the chain is whole."""
    log = open_log(chain, run="r2", actor="human:ana", clock=ticking, sign_every=0)
    path = chain / "audit.jsonl"
    path.rename(chain / "away")
    with pytest.raises(AuditError, match="cannot write"):
        log.append("lost", {})
    (chain / "away").rename(path)
    log.append("note", {})
    assert ([record.event for record in _records(chain)][-2:], verify(chain).verdict) == (["tool_call", "note"], "ok")


def test_a_folder_that_cannot_be_made_is_explained(tmp_path: Path, ticking: Clock) -> None:
    """An audit folder below a plain file says what could not be created, with exit code 8."""
    (tmp_path / "file").write_text("")
    with pytest.raises(AuditError, match=r"cannot create .*audit: (file exists|not a directory)") as caught:
        open_log(tmp_path / "file" / "audit", run="r", actor="a", clock=ticking, sign_every=0)
    assert (caught.value.exit_code, caught.value.hint) == (8, "Nothing continues without its record.")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_explained(chain: Path, ticking: Clock) -> None:
    """Without permission to write, the run stops with what to do next."""
    (chain / "audit.lock").chmod(0o400)
    with pytest.raises(AuditError, match=r"cannot lock .*permission denied") as caught:
        open_log(chain, run="r", actor="a", clock=ticking, sign_every=0)
    assert "AGENTOPS_HOME" in caught.value.hint


_LIMITED = """
import resource, signal, sys
from pathlib import Path
from agentops.audit.log import open_log
from agentops.core.clock import utc_now
from agentops.core.errors import AuditError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
folder = Path(sys.argv[1])
log = open_log(folder, run="r2", actor="human:ana", clock=utc_now, sign_every=0)
size = (folder / "audit.jsonl").stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, resource.RLIM_INFINITY))
try:
    log.append("too_much", {})
except AuditError as error:
    print(error.message)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(log.append("fits", {}).seq)
"""


def test_a_disk_that_fills_in_the_middle_of_a_line_leaves_no_half_record(chain: Path) -> None:
    """A write that stops half-way is an error, is taken back, and the next append is whole."""
    done = subprocess.run([sys.executable, "-c", _LIMITED, str(chain)], capture_output=True, text=True, check=True)
    message, seq = done.stdout.splitlines()
    assert (message, seq) == (f"cannot write {chain / 'audit.jsonl'}: file too large", "6")
    assert (verify(chain).verdict, [path.name for path in chain.glob("torn-*")]) == (ChainVerdict.OK, [])


def test_threads_append_without_loss(tmp_path: Path, ticking: Clock) -> None:
    """Records of eight threads on one log are all there, in one chain, each thread's in its order."""
    log = open_log(tmp_path, run="r1", actor="human:ana", clock=ticking, sign_every=0)

    def work(name: int) -> None:
        for n in range(25):
            log.append("note", {"thread": name, "n": n})

    threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [record.payload for record in _records(tmp_path)[1:]]
    assert [[item["n"] for item in found if item["thread"] == name] for name in range(8)] == [list(range(25))] * 8
    assert verify(tmp_path).verdict is ChainVerdict.OK


class _BrokenClock:
    """Raises once armed."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.armed = False

    def __call__(self) -> datetime:
        if self.armed:
            raise KeyboardInterrupt
        return self.clock()


def test_ctrl_c_in_an_append_leaves_the_log_usable(tmp_path: Path, ticking: Clock) -> None:
    """An interrupt is passed on, and the next append continues the chain."""
    clock = _BrokenClock(ticking)
    log = open_log(tmp_path, run="r1", actor="human:ana", clock=clock, sign_every=0)
    clock.armed = True
    with pytest.raises(KeyboardInterrupt):
        log.append("note", {})
    clock.armed = False
    assert (log.append("note", {}).seq, verify(tmp_path).verdict) == (1, ChainVerdict.OK)


_WORKER = """
import sys
from pathlib import Path
from agentops.audit.log import open_log
from agentops.core.clock import utc_now
log = open_log(Path(sys.argv[1]), run=sys.argv[2], actor="human:ana", clock=utc_now, sign_every=150)
for n in range(int(sys.argv[3])):
    print(log.append("note", {"n": n, "pad": "x" * 3000}).seq, flush=True)
"""


def _spawn(folder: Path, name: str, appends: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _WORKER, str(folder), name, str(appends)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize(
    ("living", "appends", "killed"),
    [(5, 60, 3), pytest.param(40, 200, 10, marks=[pytest.mark.slow, pytest.mark.timeout(600)])],
)
def test_processes_and_kills_lose_and_fork_nothing(tmp_path: Path, living: int, appends: int, killed: int) -> None:
    """Processes append and sign at once while some are killed: every acknowledged record is there, the chain whole."""
    workers = [_spawn(tmp_path, f"p{n}", appends) for n in range(living)]
    doomed = [_spawn(tmp_path, f"k{n}", 100_000) for n in range(killed)]
    heard = []
    for worker in doomed:
        assert worker.stdout is not None
        heard.append([int(worker.stdout.readline()) for _ in range(10)])
        worker.send_signal(signal.SIGKILL)
    acknowledged = {f"p{n}": [int(seq) for seq in worker.communicate()[0].split()] for n, worker in enumerate(workers)}
    for n, worker in enumerate(doomed):
        acknowledged[f"k{n}"] = heard[n] + [int(seq) for seq in worker.communicate()[0].split("\n")[:-1]]
    records = {record.seq: record.run for record in _records(tmp_path)}
    assert [len(acknowledged[f"p{n}"]) for n in range(living)] == [appends] * living
    assert {seq: run for run, seqs in acknowledged.items() for seq in seqs}.items() <= records.items()
    assert verify(tmp_path, roots=True).verdict in (ChainVerdict.OK, ChainVerdict.INCOMPLETE_TAIL)


def test_a_lock_that_is_held_is_waited_for(chain: Path) -> None:
    """An append waits while another process holds the lock, and goes on when it lets go."""
    code = (
        "import fcntl, sys, time\n"
        "f = open(sys.argv[1], 'r+'); fcntl.flock(f, fcntl.LOCK_EX); print('held', flush=True); time.sleep(0.3)\n"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, str(chain / "audit.lock")], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    log = ChainLog(chain, run="r2", actor="human:ana", clock=lambda: datetime.fromtimestamp(time.time()).astimezone())
    assert (log.append("note", {}).seq, holder.communicate(), holder.returncode) == (6, (b"", None), 0)


def test_lines_are_plain_ascii(chain: Path) -> None:
    """No byte of the file can move a terminal's cursor, whatever a payload held."""
    data = (chain / "audit.jsonl").read_bytes()
    assert set(data) <= set(range(0x20, 0x7F)) | {0x0A}
    assert json.loads(data.splitlines()[1])["payload"]["text"] == "é\n\x1b[31m"
