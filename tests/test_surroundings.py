"""The tests find the same process whoever starts them: signals, environment, time zone and file mode mask."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from types import ModuleType

import pytest

_PROBE = """
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("surroundings", sys.argv[1])
surroundings = importlib.util.module_from_spec(spec)
spec.loader.exec_module(surroundings)
surroundings.settle()
print(json.dumps(surroundings.seen()))
"""
_EXPECTED = {
    "environ": {"LANG": "C.UTF-8", "TZ": "UTC", "TERM": "dumb"},
    "zone": "UTC",
    "mask": 0o022,
    "ignored": [],
    "blocked": [],
}


def _hostile() -> None:
    """Ignore and block what ``nohup`` and a careless parent do, and let files be private."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGUSR1))
    os.umask(0o077)


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"COLUMNS": "40", "LINES": "5", "LANG": "tr_TR.UTF-8", "LC_ALL": "tr_TR.UTF-8", "TZ": "Pacific/Chatham"},
        {"COLUMNS": "200", "LANG": "C", "NO_COLOR": "1", "FORCE_COLOR": "1", "PYTHONWARNINGS": "error"},
        {"KUBECONFIG": "/etc/live", "AGENTOPS_READ_ONLY": "1", "AWS_PROFILE": "live", "HTTPS_PROXY": "http://proxy"},
    ],
)
def test_who_starts_the_tests_makes_no_difference(environ: dict[str, str], surroundings: ModuleType) -> None:
    """A process started with signals ignored, a strange locale or a setting of its own ends up like any other."""
    started = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **environ}
    done = subprocess.run(
        [sys.executable, "-c", _PROBE, surroundings.__file__],
        env=started,
        preexec_fn=_hostile,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == _EXPECTED


def test_this_process_has_been_settled(surroundings: ModuleType) -> None:
    """The conftest has done it here: nothing is ignored, and no setting of the caller's is left."""
    found = surroundings.seen()
    strange = {
        name
        for name in found["environ"]
        if not name.startswith(("PYTEST_", "AGENTOPS_E2E", "AGENTOPS_REAL_MCP", "HYPOTHESIS_"))
    }
    assert (strange, {**found, "environ": {}}) == ({"LANG", "TZ", "TERM"}, {**_EXPECTED, "environ": {}})


def test_a_run_on_a_cluster_of_the_callers_own_keeps_its_environment(surroundings: ModuleType) -> None:
    """Credential programs of a kubeconfig read it; without AGENTOPS_E2E=1 the same variables do not get through."""
    cloud = {"AGENTOPS_E2E": "1", "KUBECONFIG": "/home/ana/.kube/config", "AWS_PROFILE": "test", "LANG": "de_DE.UTF-8"}
    kept, dropped = (surroundings.pinned({**cloud, "AGENTOPS_E2E": flag}) for flag in ("1", ""))
    assert (kept, dropped) == (cloud, {"AGENTOPS_E2E": "", **surroundings.PINNED})
