"""How fast the audit chain is written and verified: against a bare write and sync, and against hashing alone."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.measure import ENVIRON, Row

RECORDS = 1_000_000
_RUN = "20261122-155933-higherrorrate-4f2a"
_PAYLOAD = {
    "tool": "kubernetes_logs",
    "arguments": {"pod": "api-6d5f8b9c7-x2x4q", "namespace": "shop", "previous": True, "lines": 200},
    "digest": "sha256:" + "a1" * 32,
    "excerpt": "x" * 150,
}


def audit_rates() -> list[Row]:
    """Return the rows: appending, verifying one file, many, and compressed ones, and the memory of that."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DISK")) as scratch:
        return [_appending(Path(scratch)), *_verifying(Path(scratch))]


def _appending(scratch: Path, pairs: int = 3000) -> Row:
    """Append and write bare in turns, one record each, so that both see the same disk."""
    from agentops.audit.log import open_log
    from agentops.core.clock import utc_now

    log = open_log(scratch / "appended", run=_RUN, actor="human:ana", clock=utc_now)
    log.append("tool_call", _PAYLOAD)
    line = (scratch / "appended" / "audit.jsonl").read_bytes().splitlines(keepends=True)[-1]
    bare = os.open(scratch / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write_bare() -> None:
        os.write(bare, line)
        os.fsync(bare)

    taken: dict[Callable[[], object], float] = {write_bare: 0.0, lambda: log.append("tool_call", _PAYLOAD): 0.0}
    for _ in range(pairs):
        for work in taken:
            begun = time.perf_counter()
            work()
            taken[work] += time.perf_counter() - begun
    bare_s, append_s = taken.values()
    os.close(bare)
    return Row(
        name=f"audit: append + fsync, {len(line)} B records",
        value=f"{pairs / append_s:,.0f}/s",
        baseline=f"{pairs / bare_s:,.0f}/s bare write + fsync",
        ratio=f"{bare_s / append_s:.2f}",
        aim="≥ 0.80",
    )


def _verifying(scratch: Path) -> list[Row]:
    rows = []
    for name, segment_mib, compress in (
        ("one file", 10_000, False),
        ("64 MiB segments", 64, False),
        ("64 MiB segments, compressed", 64, True),
    ):
        folder = scratch / name.replace(" ", "-")
        _fill(folder, segment_mib=segment_mib, compress=compress)
        found = _measured(folder)
        cpu, wall = (f"{found['records'] / found[name]:,.0f}/s" for name in ("cpu_s", "wall_s"))
        rows.append(
            Row(
                name=f"audit: verify, {found['bytes'] / found['records']:.0f} B records, {name}",
                value=f"{cpu} CPU, {wall} wall",
                baseline=f"{found['records'] / found['hash_s']:,.0f}/s split + SHA-256 only",
                ratio=f"{found['hash_s'] / found['cpu_s']:.2f}",
                aim="≥ 200,000/s",
            )
        )
        if segment_mib == 64:
            rows.append(
                Row(
                    name=f"audit: memory to verify {found['records']:,.0f} records, {name}",
                    value=f"{found['peak_mb']:.0f} MB",
                    baseline=f"{found['before_mb']:.0f} MB before",
                    ratio=f"{found['peak_mb'] / found['before_mb']:.2f}",
                    aim="constant",
                )
            )
    return rows


def _fill(folder: Path, *, segment_mib: int, compress: bool) -> None:
    from agentops.audit.log import open_log
    from agentops.audit.segments.retention import Retention
    from agentops.core.clock import utc_now

    retention = Retention(segment_bytes=segment_mib * 1024 * 1024, compress=compress)
    with open_log(folder, run=_RUN, actor="human:ana", clock=utc_now, retention=retention) as log:
        for _ in range(RECORDS // 2000):
            log.append_all([("tool_call", _PAYLOAD)] * 2000)


def _measured(folder: Path) -> dict[str, float]:
    """Verify in a process of its own, the best of three rounds, beside hashing the same lines."""
    command = [sys.executable, "-m", "tests.benchmarks.audit_rates", str(folder)]
    done = subprocess.run(command, env=ENVIRON, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main(folder: Path) -> None:
    """Verify the chain in ``folder`` and print JSON.

    Raises:
        SystemExit: it does not hold; a time of that means nothing.
    """
    from agentops.audit.verify.full_check import verify

    before_mb = _peak_mb()
    rounds = []
    for _ in range(3):
        cpu, wall = time.process_time(), time.perf_counter()
        found = verify(folder)
        rounds.append((time.process_time() - cpu, time.perf_counter() - wall))
        if not found.intact:
            raise SystemExit(found.why)
    peak_mb = _peak_mb()
    cpu_s, wall_s = (min(taken) for taken in zip(*rounds, strict=True))
    figures = {
        "records": found.records,
        "bytes": found.size_bytes,
        "cpu_s": cpu_s,
        "wall_s": wall_s,
        "hash_s": _hashing_s(folder),
        "before_mb": before_mb,
        "peak_mb": peak_mb,
    }
    sys.stdout.write(json.dumps(figures))


def _peak_mb() -> float:
    """Return this process's peak; ``ru_maxrss`` would be that of whoever started it, where that is more."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def _hashing_s(folder: Path) -> float:
    """Return the CPU seconds to read, unpack, split and hash every line, with nothing looked at."""
    from agentops.audit.segments.segment import opened

    begun = time.process_time()
    with opened(folder) as files:
        for segment in files.all:
            with segment.reading() as file:
                rest = b""
                while chunk := file.read(1024 * 1024):
                    lines = (rest + chunk).split(b"\n")
                    rest = lines.pop()
                    for line in lines:
                        hashlib.sha256(line).hexdigest()
    return time.process_time() - begun


if __name__ == "__main__":
    main(Path(sys.argv[1]))
