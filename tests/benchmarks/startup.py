"""``--version``, ``--help`` and a word that a shell completes, against the bare interpreter."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.measure import ENVIRON, Row, best_of, row

_TAB = "under 150 ms"


def startup() -> Iterator[Row]:
    """Measure the fastest answers, and what a shell waits for at each TAB."""
    program = str(Path(sys.executable).with_name("agentops"))
    commands = {
        "pass": [sys.executable, "-c", "pass"],
        "version": [program, "--version"],
        "help": [program, "--help"],
        "command": [program, "__complete", "inv"],
        "incident": [program, "__complete", "show", ""],
        "context": [program, "__complete", "triage", "--context", ""],
    }
    with tempfile.TemporaryDirectory() as folder:
        best = best_of(40, commands, ENVIRON | _home(Path(folder)))
    yield row("`agentops --version`", best["version"], best["pass"], "at most 2")
    yield row("`agentops --help`", best["help"], best["pass"], "at most 2")
    yield row("TAB: a command, an option, a scenario", best["command"], best["pass"], _TAB)
    yield row("TAB: an incident, of 1,000", best["incident"], best["pass"], _TAB)
    yield row("TAB: a context, of 50", best["context"], best["pass"], _TAB)


def _home(folder: Path) -> dict[str, str]:
    """Make a home with many incidents and a kubeconfig with many contexts; return the environment that leads there."""
    incident = {"group": {"alerts": [{"name": "KubeDeploymentRolloutStuck"}]}, "context": "prod"}
    for number in range(1000):
        place = folder / f"incidents/20261122-15{number // 60:02d}{number % 60:02d}-stuck-{number:04x}"
        place.mkdir(parents=True)
        (place / "incident.json").write_text(json.dumps(incident), encoding="utf-8")
    certificate = "QUJD" * 500
    document = {
        "contexts": [{"name": f"c{n}", "context": {"cluster": f"c{n}", "user": "u"}} for n in range(50)],
        "clusters": [{"name": f"c{n}", "cluster": {"certificate-authority-data": certificate}} for n in range(50)],
    }
    (folder / "kubeconfig").write_text(json.dumps(document), encoding="utf-8")
    return {"AGENTOPS_HOME": str(folder), "KUBECONFIG": str(folder / "kubeconfig")}
