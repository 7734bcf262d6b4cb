"""Each documented exit code is reached by a command line that a person or a script may well type."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from agentops.core.errors import ExitCode
from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load
from tests.app.fix.scripting import turns_of
from tests.cli.test_fix_endings import signed

ALERT = "k8s:shop/Deployment/checkout"
CTRL_C = "\x03"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a case works with: the command line, a terminal, a served sandbox, a home and a folder for files."""

    cli: Callable[..., Any]
    terminal: ModuleType
    at: tuple[str, ...]
    home: Path
    folder: Path

    def saved(self, *making: str) -> tuple[str, ...]:
        """Save a plan of the alert and have it signed; return the words that run it."""
        plan = self.folder / "plan.json"
        made = self.cli("fix", ALERT, "--dry-run", "--out", str(plan), *making, *self.at)
        assert made.code == 0, made.err
        return ("fix", "--plan", str(plan), *signed(self.home, plan, "eve"), *self.at)


@pytest.fixture
def desk(cli: Any, terminal: ModuleType, home: Path, tmp_path: Path) -> Iterator[Desk]:
    """The scenario of the bad image tag, served to whoever has its kubeconfig."""
    with Sandbox(load("bad-image-tag")) as cluster:
        at = ("--kubeconfig", str(cluster.kubeconfig), "--context", cluster.context)
        yield Desk(cli=cli, terminal=terminal, at=at, home=home, folder=tmp_path)


def _unreachable(desk: Desk) -> int:
    """Nobody listens at the address of the kubeconfig."""
    kubeconfig = desk.folder / "kubeconfig"
    kubeconfig.write_text(re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:9", Path(desk.at[1]).read_text("utf-8")))
    return int(desk.cli("triage", "--kubeconfig", str(kubeconfig)).code)


def _rolled_back(desk: Desk) -> int:
    """A plan whose image does not exist either fails its verification."""
    wrong = {"container": "checkout", "image": "registry.shop.example/checkout:v9.9.9"}
    draft = {"tool": "set_image", "target": "shop/Deployment/checkout", "arguments": wrong}
    cause = {"cause": {"resource": "shop/Deployment/checkout", "condition": "ImageNotFound"}}
    script = desk.folder / "turns.yaml"
    script.write_text(yaml.safe_dump({"turns": turns_of(cause, [[draft]])}), encoding="utf-8")
    return int(desk.cli(*desk.saved("--model", f"scripted:{script}")).code)


def _in_doubt(desk: Desk) -> int:
    """What a crash left open is for a person, before anything else is begun."""
    assert desk.cli(*desk.saved("--no-model")).code == ExitCode.DONE
    for closed in (desk.home / "changes").glob("*/closed.json"):
        closed.unlink()
    return int(desk.cli("fix", ALERT, "--no-model", *desk.at).code)


def _audit_broken(desk: Desk) -> int:
    desk.cli("triage", *desk.at)
    path = next((desk.home / "audit").glob("*.jsonl"))
    path.write_bytes(path.read_bytes().replace(b'"command":"triage"', b'"command":"triagf"'))
    return int(desk.cli("audit", "verify").code)


def _refused(desk: Desk) -> int:
    desk.home.mkdir(mode=0o700)
    (desk.home / "policy.cedar").write_text("permit(")
    (desk.home / "policy.cedar").chmod(0o600)
    return int(desk.cli("fix", ALERT, "--no-model", *desk.at).code)


def _interrupted(desk: Desk) -> int:
    words, environ = ["fix", ALERT, "--no-model", *desk.at], {"AGENTOPS_HOME": str(desk.home)}
    return int(desk.terminal.at_terminal(words, [("apply it?", CTRL_C)], environ).code)


REACHED: dict[ExitCode, Callable[[Desk], int]] = {
    ExitCode.DONE: lambda desk: desk.cli("investigate", ALERT, "--no-model", *desk.at).code,
    ExitCode.ERROR: _unreachable,
    ExitCode.USAGE: lambda desk: desk.cli("investigate").code,
    ExitCode.FOUND: lambda desk: desk.cli("fix", ALERT, "--no-model", "--dry-run", "--exit-code", *desk.at).code,
    ExitCode.REFUSED: _refused,
    ExitCode.NOT_APPROVED: lambda desk: desk.cli("fix", ALERT, "--no-model", "--no-input", *desk.at).code,
    ExitCode.ROLLED_BACK: _rolled_back,
    ExitCode.IN_DOUBT: _in_doubt,
    ExitCode.AUDIT_BROKEN: _audit_broken,
    ExitCode.NO_PLAN: lambda desk: desk.cli("fix", "--sandbox=quota-exceeded", "--no-model").code,
    ExitCode.INTERRUPTED: _interrupted,
}


@pytest.mark.parametrize("code", ExitCode, ids=lambda code: f"{int(code)}-{code.name.lower()}")
def test_the_code_is_reached(desk: Desk, code: ExitCode) -> None:
    """By a whole run of the command line."""
    assert REACHED[code](desk) == code


def test_each_code_is_documented() -> None:
    """The table of the concepts has a row for each, and no other."""
    page = (Path(__file__).parents[2] / "docs" / "concepts.md").read_text("utf-8").partition("## Exit codes")[2]
    rows = re.findall(r"^\| (\d+) \|", page.partition("\n## ")[0], re.MULTILINE)
    assert [int(row) for row in rows] == sorted(int(code) for code in ExitCode)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("history", "--limit", "abc"), "Invalid value for '--limit' / '-l': it is not a whole number"),
        (("audit", "verify", "prunee"), "agentops audit verify takes no further argument: prunee"),
        (("ask", "what runs?", "--no-model"), "agentops ask takes no --no-model: a question needs a model"),
        (
            ("ask", "what runs?", "--sandbox", "--model", "scripted:none.yaml"),
            "cannot be read: no such file or directory",
        ),
        (("triage", "--kubeconfig", "/agentops-sandbox-x/kubeconfig"), "the sandbox of this kubeconfig has ended"),
        (("triage", "--severity", "grave", "--sandbox"), "'grave' is not one of"),
    ],
)
def test_a_mistake_is_said_in_plain_words(cli: Callable[..., Any], words: tuple[str, ...], said: str) -> None:
    """Nothing of a library's or the system's own words, and no number of an error; a usage error ends with 2."""
    done = cli(*words)
    told = " ".join(done.err.replace("│ ", "").split())
    assert (done.code, said in told) == (2, True), told
    assert not any(raw in told for raw in ("Errno", "Value error", "Input should", "Got unexpected")), told
