"""Runs the kubectl battery: one group of commands against one fresh cluster, with what each printed and its exit code.

Comes in: ``kubectl_battery.yaml``. Goes out: results to compare with the expectations there. Run as a program it prints
the results in the file's own form, for reading against a real cluster's before they are taken over.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import yaml

from agentops.sandbox.api_server import ApiServer
from agentops.sandbox.store import ObjectStore

DATA = Path(__file__).with_suffix(".yaml")
NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


class TwoLines:
    """Every container has written two lines, and none has run before."""

    def logs(
        self, namespace: str, pod: str, container: str, previous: bool, since: datetime | None, tail: int | None
    ) -> str:
        if previous:
            raise LookupError
        return "2026-11-22T11:00:00Z started\n2026-11-22T11:59:55Z GET / 200\n"


def run_group(data: dict[str, Any], group: dict[str, Any]) -> Iterator[tuple[dict[str, Any], int, str]]:
    """Yield each step with its exit code and its output, stdout and stderr joined."""
    store = ObjectStore(lambda: NOW)
    store.load(data["cluster"])
    server = ApiServer(store, logs=TwoLines(), random=Random(1))
    url = server.start()
    with tempfile.TemporaryDirectory() as folder:
        environment = {"PATH": os.environ["PATH"], "HOME": folder}
        for step in group["steps"]:
            given = yaml.safe_dump(data["inputs"][step["input"]]) if "input" in step else None
            base = ["kubectl", "--server", url, "--cache-dir", f"{folder}/cache"]
            scope = [] if "-n " in step["run"] or step.get("input") in ("over-quota", "no-requests") else ["-n", "shop"]
            command = [*base, *scope, *shlex.split(step["run"])]
            done = subprocess.run(
                command,
                input=given,
                stdin=None if given else subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=60,
                env=environment,
                cwd=folder,
            )
            yield step, done.returncode, _steady(done.stdout + done.stderr, url)
    server.stop()


def _steady(text: str, url: str) -> str:
    """Return the output without what differs from run to run: the port, uids, temporary names, real times."""
    text = re.sub(r"\x1b\[[\d;]*m", "", text.replace(url, "SERVER"))
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UID", text)
    text = re.sub(r"/tmp/(LIVE|MERGED)-\d+/", r"/tmp/\1/", text)
    text = re.sub(r"\t\d{4}-\d\d-\d\d [\d:.]+ \+0000", "", text)
    text = re.sub(r"^[EIW]\d{4} .*\n", "", text, flags=re.MULTILINE)  # the client library's own log
    return "\n".join(line.rstrip() for line in text.rstrip().splitlines())


if __name__ == "__main__":
    loaded = yaml.safe_load(DATA.read_text(encoding="utf-8"))
    for one in loaded["groups"]:
        for step, code, output in run_group(loaded, one):
            print(f"### {one['group']}: kubectl {step['run']} -> {code}\n{output}")  # noqa: T201  a program's output
