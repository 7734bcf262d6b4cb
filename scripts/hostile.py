"""Run commands against API servers that cannot be trusted, and tell what came of each: for many seeds at once.

    python scripts/hostile.py                       every mode, one seed, triage
    python scripts/hostile.py --seeds 15 wrong-types --command triage --command investigate --command fix

Each command is a process of its own, so that its memory and time are its own. A line is a run; it is marked ``BAD``
when it took too much memory or time, raised something unforeseen, or called healthy what could not be read. The suite
runs a few of them (``tests/cli/test_hostile_server.py``).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "support"))

import hostile  # noqa: E402  the path is set above

from agentops.sandbox.cluster import Sandbox  # noqa: E402
from agentops.sandbox.scenario import load  # noqa: E402

COMMANDS = {
    "triage": ("triage", "--exit-code"),
    "scoped": ("triage", "--exit-code", "--namespace", "shop"),
    "investigate": ("investigate", "ALERT", "--no-model"),
    "fix": ("fix", "ALERT", "--no-model", "--dry-run"),
    "apply": ("fix", "ALERT", "--no-model", "--yes"),
}
MEMORY_MIB, SECONDS = 400, 150


def main() -> int:
    """Run what the command line asks for; return 1 when any run was bad."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("modes", nargs="*", help="modes of tests/support/hostile.py; all by default")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--command", action="append", choices=sorted(COMMANDS))
    parser.add_argument("--scenario", default="bad-image-tag")
    parser.add_argument("--only", default="", help="spoil only paths that hold this text")
    parser.add_argument("--method", action="append", help="spoil only answers to these methods")
    parser.add_argument("--verbose", action="store_true")
    asked = parser.parse_args()
    bad = 0
    with Sandbox(load(asked.scenario)) as sandbox:
        for mode in asked.modes or hostile.MODES:
            for seed in range(asked.seeds):
                for name in asked.command or ["triage"]:
                    bad += not one_run(sandbox, mode, seed, name, asked)
    print(f"{bad} bad")
    return 1 if bad else 0


def one_run(sandbox: Sandbox, mode: str, seed: int, name: str, asked: argparse.Namespace) -> bool:
    """Run one command against one server; print a line, and return whether it went as it should."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "alert.json").write_text(json.dumps(sandbox.alert_payload), encoding="utf-8")
        (place / "home").mkdir(mode=0o700)
        words = [str(place / "alert.json") if word == "ALERT" else word for word in COMMANDS[name]]
        methods = tuple(asked.method or ("GET", "POST", "PATCH", "DELETE"))
        with hostile.HostileServer(
            sandbox.server.api, place, mode, seed=seed, only=asked.only, methods=methods
        ) as server:
            begun = time.monotonic()
            code, peak_mib, out, err = _run([*words, "--kubeconfig", str(server.kubeconfig)], place)
            wall_s = time.monotonic() - begun
            faults = _faults(mode, code, peak_mib, wall_s, out, err)
            said = _said(out, err)
            line = f"{mode:22} {seed:3} {name:12} exit {code:3} {wall_s:6.1f} s {peak_mib:6.0f} MiB"
            print(f"{line} {len(server.requests):4} requests  {said}  {'BAD ' + ', '.join(faults) if faults else ''}")
            if asked.verbose or faults:
                print(_indented(err[-1500:]))
            sys.stdout.flush()
            return not faults


def _run(words: list[str], place: Path) -> tuple[int, float, str, str]:
    environ = {**os.environ, "AGENTOPS_HOME": str(place / "home"), "HOME": str(place)}
    with (place / "out").open("w+b") as out, (place / "err").open("w+b") as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "agentops", *words, "--no-input", "-o", "json"],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env=environ,
            cwd=ROOT,
        )
        deadline = time.monotonic() + SECONDS
        while (found := os.wait4(process.pid, os.WNOHANG))[0] == 0:
            if time.monotonic() > deadline:
                process.kill()
            time.sleep(0.05)
        process.returncode = os.waitstatus_to_exitcode(found[1])
        out.seek(0)
        err.seek(0)
        return process.returncode, found[2].ru_maxrss / 1024, out.read().decode(), err.read().decode()


def _said(out: str, err: str) -> str:
    try:
        document = json.loads(out)
    except ValueError:
        return f"no document; {err.strip()[-160:]}"
    errors = [one["message"][:110] for one in document.get("errors") or ()]
    verdict = (document.get("finding") or {}).get("verdict") or ""
    gaps = len(document.get("not_read") or ())
    return f"{document.get('status')} {verdict} {gaps} gaps {errors}"


def _faults(mode: str, code: int, peak_mib: float, wall_s: float, out: str, err: str) -> list[str]:
    found = []
    if peak_mib > MEMORY_MIB:
        found.append("memory")
    if wall_s > SECONDS - 1 or code < 0:
        found.append("time")
    if "unexpected" in err + out or "Traceback" in err:
        found.append("unexpected error")
    try:
        status = json.loads(out).get("status")
    except ValueError:
        return [*found, "no document"]
    if mode not in HARMLESS and status in ("done", "applied"):
        found.append("called healthy")
    return found


HARMLESS = ("honest", "huge-annotations", "duplicate-keys")
"""Modes that leave the answers readable."""


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


if __name__ == "__main__":
    raise SystemExit(main())
