"""The simulator as a stranger starts it: ``agentops sandbox up``, a process of its own, HTTPS, a kubeconfig.

Comes in: nothing. Goes out: the process and the path of its kubeconfig.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

SCENARIO = Path(__file__).parent / "simulator.yaml"
LOG = Path(tempfile.gettempdir()) / f"agentops-e2e-simulator-{os.getpid()}.log"


def start() -> tuple[subprocess.Popen[bytes], str]:
    """Start it and return when it serves."""
    # A session of its own: Ctrl-C at the test run must not take the cluster away before the clean-up has used it.
    log = LOG.open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "agentops", "sandbox", "up", str(SCENARIO), "--output", "json"],
        stdout=subprocess.PIPE,
        stderr=log,
        env={name: value for name, value in os.environ.items() if name != "KUBECONFIG"},
        start_new_session=True,
    )
    log.close()
    assert process.stdout is not None
    text = b""
    while not text.endswith(b"\n}\n"):
        line = process.stdout.readline()
        if not line:
            process.wait()
            raise RuntimeError(f"the simulator did not start: {text.decode(errors='replace')}")
        text += line
    return process, str(json.loads(text)["kubeconfig"])


def stop(process: subprocess.Popen[bytes]) -> None:
    """End it. What it said on stderr is kept where it tells of a failure."""
    process.terminate()
    process.wait(timeout=30)
    if process.stdout is not None:
        process.stdout.close()
    if LOG.is_file() and "Traceback" not in LOG.read_text("utf-8", errors="replace"):
        LOG.unlink()
