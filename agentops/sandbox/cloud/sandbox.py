"""``CloudSandbox``: an incident of AWS behind a socket on loopback: moto's server in a child process, seeded.

Comes in: a scenario. Goes out: an endpoint that any SDK of AWS can use, and the scenario's alarm as ``describe-alarms``
has it. The child ends when this process does: it waits on a pipe that closes then. It is given no credential and no
setting of the user's. Must never reach AWS: the providers are handed its endpoint, and nothing beside it.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import threading
from types import TracebackType
from typing import IO, Any

from agentops.core.clock import from_iso, utc_now
from agentops.core.errors import AgentopsError, UsageError
from agentops.core.place_identity import PlaceIdentity
from agentops.core.provider import ONLY
from agentops.core.text import one_line
from agentops.sandbox.cloud.scenario import CloudScenario

REGION = "eu-west-1"
_START_S, _STOP_S = 60.0, 10.0
_KEPT = ("PATH", "PYTHONPATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "VIRTUAL_ENV", "SYSTEMROOT")


def account_environment(url: str) -> dict[str, str]:
    """Return the variables that lead the SDK of AWS, the ``aws`` command and agentops into a sandbox."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": REGION,
        "AGENTOPS_AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "sandbox",
        "AWS_SECRET_ACCESS_KEY": "signs-nothing-outside-the-sandbox",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


class CloudSandbox:
    """A running sandbox of AWS; use it as a context manager."""

    def __init__(self, scenario: CloudScenario) -> None:
        self.scenario = scenario
        self.url = ""
        self.cluster_url = ""
        """The address of the simulated cluster behind it, where there is one."""
        self.kept: dict[str, Any] = {}
        """What the steps kept, by name: ids that the server has given."""
        self.begun = utc_now()
        self._alarm: dict[str, Any] = {}
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> CloudSandbox:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def identity(self) -> PlaceIdentity:
        """What proves that a connection leads here: the address of the child, which the provider is handed by us."""
        return PlaceIdentity(server=self.url, proof="sandbox")

    @property
    def alert_payload(self) -> dict[str, Any]:
        """The scenario's alarm as ``aws cloudwatch describe-alarms`` prints it."""
        return self._alarm

    @property
    def place_options(self) -> dict[str, Any]:
        """What leads the provider into it, and keeps all of them from everything else."""
        return {"aws_endpoint": self.url, "aws_region": REGION, "aws_attempts": 1, ONLY: ("aws",)}

    def advance(self, seconds: float) -> None:
        """Return at once: nothing in it happens by itself."""

    def start(self) -> None:
        """Start the server, build the world, and return once both are done.

        Raises:
            UsageError: moto is not installed.
            AgentopsError: it did not start; the message has its last words.
        """
        if importlib.util.find_spec("moto") is None or importlib.util.find_spec("flask") is None:
            raise UsageError(
                f"the sandbox {self.scenario.name} needs moto, which is not installed",
                hint="In a clone of agentops: pip install '.[sandbox-aws]'",
                code="no-moto",
            )
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "agentops.sandbox.cloud.serving", self.scenario.name, REGION, self.cluster_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment | {"AWS_EC2_METADATA_DISABLED": "true"},
            # Ctrl-C is for us: the child ends with the pipe.
            start_new_session=True,
        )
        try:
            said = self._first_line(self._process)
            document = json.loads(said)
            self.url, self._alarm, self.kept = document["url"], document["alarm"], document["kept"]
            self.begun = from_iso(document["now"])
        except (ValueError, KeyError, TypeError) as error:
            words = self._last_words()
            self.stop()
            raise AgentopsError(f"the sandbox {self.scenario.name} did not start: {words}") from error

    def stop(self) -> None:
        """End the server; may be called twice."""
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None and not pipe.closed:
                pipe.close()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _first_line(self, process: subprocess.Popen[str]) -> str:
        """Return what the child says when it is ready; nothing where it ends or says nothing in time."""
        said: list[str] = []
        out: IO[str] | None = process.stdout
        waiting = threading.Thread(target=lambda: said.append(out.readline() if out else ""), daemon=True)
        waiting.start()
        waiting.join(_START_S)
        return said[0] if said else ""

    def _last_words(self) -> str:
        process = self._process
        if process is None or process.stderr is None:
            return "it said nothing"
        if process.poll() is None:
            process.kill()
        lines = process.stderr.read().strip().split("\n")
        return one_line(lines[-1], 300) or "it said nothing"
