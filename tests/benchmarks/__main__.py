"""The benchmarks, side by side in one run: ``python -m tests.benchmarks [--write]``.

Each figure is measured next to what it is compared with, alternating, and the best of several rounds is taken: the
machine is shared, and only ratios within one run mean something. ``--write`` puts the table into docs/benchmarks.md.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks.audit_rates import audit_rates
from tests.benchmarks.aws_sweep import aws_sweep
from tests.benchmarks.first_request import first_request
from tests.benchmarks.guard import guard
from tests.benchmarks.measure import Row
from tests.benchmarks.policy import policy
from tests.benchmarks.sandbox_scale import sandbox_scale
from tests.benchmarks.scale import scale
from tests.benchmarks.startup import startup

ROOT = Path(__file__).resolve().parent.parent.parent
_PAGE = """# Benchmarks

Measured by `make bench` on {date}: {machine}. Each row is measured side by side with its baseline in one run, and the
best of several rounds counts; on a shared machine only the ratios mean something.

{table}

What the rows mean:

- **`--version`, `--help`**: the installed console script against `python -c pass` of the same interpreter.
- **TAB**: what a shell waits for when it completes a word: the console script with a table of the commands, the newest
  of 1,000 incidents, or a kubeconfig of 50 contexts, against the same.
- **launch to first request**: from starting `agentops investigate FILE` to the model endpoint receiving the first
  request, the sweep of a cluster in another process included, against `python -c "import anthropic"`.
- **policy**: the median of one ruling on a warm policy (kernel and shipped default, all tools), against the engine
  alone with every handle parsed; and loading with every check, against parsing the same texts, after the import.
- **guard**: one change from the proposal to the plan (policy, dry run, permissions, blast radius, ruling, records,
  redaction, digest), against the requests that the same step makes in any case.
- **triage**: `sweep` and `analyze` of a 10,000-pod, 1,000-node cluster served by another process, against fetching the
  same lists through the same client and decoding them with msgspec. Memory is the peak of a process that does only
  this.
- **audit**: appending one record with its fsync, signatures included, and a bare `write` and `fsync` of as many bytes,
  in turns on the same disk. Verifying a million records in one process, against reading, unpacking, splitting and
  hashing the same lines with nothing looked at; memory is the peak of that process.
- **sandbox**: the simulator with 10,000 pods on 1,000 nodes: making and loading them against only making them; listing
  over HTTPS against `json.dumps` of the same list; the peak memory of that process against one that only holds the
  objects.
- **AWS**: the sweep and the analyzers from an alarm of a load balancer over what stands behind it, at moto in another
  process, against the same calls one after the other. moto answers one call at a time, so what parallel reads save at
  AWS does not show here.
"""


def main(words: Sequence[str]) -> int:
    """Measure everything, print the table, and write it where asked."""
    rows: list[Row] = []
    for measure in (startup, first_request, policy, guard, scale, audit_rates, sandbox_scale, aws_sweep):
        for row in measure():
            rows.append(row)
            sys.stdout.write(f"{row.name}: {row.value} (baseline {row.baseline}) {row.ratio} aim {row.aim}\n")
            sys.stdout.flush()
    table = "\n".join(["| what | measured | baseline | ratio | aim |", "|---|---|---|---|---|", *map(_line, rows)])
    sys.stdout.write("\n" + table + "\n")
    if "--write" in words:
        page = _PAGE.format(date=f"{datetime.now(UTC):%Y-%m-%d}", machine=_machine(), table=table)
        (ROOT / "docs/benchmarks.md").write_text(page, encoding="utf-8")
    return 0


def _line(row: Row) -> str:
    return f"| {row.name} | {row.value} | {row.baseline} | {row.ratio} | {row.aim} |"


def _machine() -> str:
    import os

    return (
        f"{os.cpu_count()} shared cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    )


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
