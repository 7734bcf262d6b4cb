"""What may follow on a command line, by what stands on it and by what is known on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from agentops.cli.completing import answer
from agentops.cli.completing.line import slot_at
from tests.support.account import user_database

Cli = Callable[..., Any]

_KUBECONFIG = """
contexts:
- {name: prod, context: {cluster: a, user: a, namespace: pay}}
- {name: staging, context: {cluster: c, user: c}}
- name: [broken]
- {name: "", context: 3}
"""


def _write(path: Path, document: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """A home in which something was investigated and changed, and a kubeconfig; the environment that leads there."""
    for number, (context, namespace) in enumerate((("prod", "shop"), ("sandbox", "shed"), ("old", "cart"))):
        incident = {
            "group": {"alerts": [{"name": f"Alert{number}"}], "target": {"namespace": namespace}},
            "context": context,
        }
        _write(tmp_path / f"incidents/2026112{number}-150000-alert-000{number}/incident.json", incident)
    evidence = [{"id": "E1", "summary": "a pod\x1b[31m"}, {"id": "E2", "summary": "an event"}]
    _write(tmp_path / "incidents/20261122-150000-alert-0002/evidence.jsonl", "\n".join(map(json.dumps, evidence)))
    _write(tmp_path / "incidents/20261123-150000-torn-0003/incident.json", "{")
    record = {"run": "20261122T150000-4f2a1c", "payload": {"command": "triage"}}
    problem = {"resource": "k8s://team%2Fprod/db/Pod/x"}
    swept = {"run": "20261122T150001-000000", "payload": {"context": "team/prod", "problems": [problem]}}
    _write(tmp_path / "audit/audit.jsonl", "torn\n" + "\n".join(map(json.dumps, (record, swept))) + "\n")
    step = {"change": {"tool": "kubernetes_scale", "target": "k8s://prod/shop/Deployment/web"}}
    for number, closed in enumerate(({"status": "applied"}, {"status": "rolled-back"}, None)):
        folder = tmp_path / f"changes/{number}0"
        _write(folder / "change.json", {"id": f"20261122T15000{number}-7Q4M0ZK{number}", "plan": {"steps": [step]}})
        if closed is not None:
            _write(folder / "closed.json", closed)
    for number, (until, more) in enumerate(
        (("2999-01-01T00:00:00Z", ""), ("2999-01-01T00:00:00Z", "declined"), ("2000", ""))
    ):
        pending = {"code": f"7Q4M0ZP{number}", "plan": {"expires_at": until, "steps": [step]}}
        _write(tmp_path / f"pending/{number}0/plan.json", pending)
        if more:
            _write(tmp_path / f"pending/{number}0/{more}.json", {})
    _write(tmp_path / "approvers.toml", '[approvers]\nana = "x"\nbob = "y"\n')
    _write(tmp_path / "kubeconfig", _KUBECONFIG)
    _write(tmp_path / ".aws/config", "[default]\nregion = x\n[profile prod]\n[ profile 'look' ]\n[sso-session s]\n")
    _write(tmp_path / ".aws/credentials", "[prod]\naws_secret_access_key = [not-a-name]\n[write]\n")
    monkeypatch.setattr("pwd.getpwuid", user_database(tmp_path))
    return {"AGENTOPS_HOME": str(tmp_path), "KUBECONFIG": str(tmp_path / "kubeconfig"), "HOME": str(tmp_path)}


def _offered(here: Mapping[str, str], line: str) -> list[str]:
    return [one.partition("\t")[0] for one in answer.lines(line.split(" "), here)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("inv", ": investigate"),
        ("--context prod tri", ": triage"),
        ("help aud", ": audit"),
        ("audit ver", ": verify"),
        ("audit nothing ver", ":"),
        ("nothing ", ":"),
        ("--ver", ": --version"),
        ("triage --no", ": --no-input"),
        ("triage --no-input --no", ":"),
        ("triage --name", ": --namespace"),
        ("fix --approval a --app", ": --approval"),
        ("history -n", ":"),
        ("version --n", ": --no-input"),
        ("investigate -o j", ": json"),
        ("triage -o j", ": json junit"),
        ("triage --severity h", ": high"),
        ("triage --output=m", ": --output=markdown"),
        ("triage --nothing=m", ":"),
        ("triage --sandbox=two", ": --sandbox=two-faults"),
        ("triage --sandbox two", ": two-faults"),
        ("triage --sandbox two-faults --exit", ": --exit-code"),
        ("triage --sandbox --exit", ": --exit-code"),
        ("audit --sandbox", ":"),
        ("sandbox up two", ": two-faults"),
        ("sandbox up ./", ": files"),
        ("triage --sandbox=../x", ": files"),
        ("approve ", ": files 7Q4M0ZP0"),
        ("approve -- -", ": files"),
        ("policy test a b ", ": files"),
        ("fix --plan ", ": files"),
        ("sandbox new --folder ", ": folders"),
        ("history --limit ", ":"),
        ("schema appr", ": approval"),
        ("completion f", ": fish"),
        ("investigate --model claude-sonnet-5-", ": claude-sonnet-5-5"),
        ("audit log --event change_c", ": change_closed"),
        ("policy explain --tool kubernetes_sc", ": kubernetes_scale"),
        ("policy explain --fact affectedPc", ": affectedPct="),
        ("triage --context ", ": prod staging"),
        ("triage --aws-profile ", ": default prod look write"),
        ("triage --context=st", ": --context=staging"),
        ("triage --kubeconfig nowhere --context ", ":"),
        ("triage -n ", ": cart db pay shop"),
        ("triage --context prod -n ", ": pay shop"),
        ("triage --context team/prod -n ", ": db"),
        ("triage --sandbox -n sh", ": shed shop"),
        ("show 20261121", ": 20261121-150000-alert-0001"),
        ("show 20261122T", ": 20261122T150001-000000 20261122T150000-4f2a1c"),
        ("show --evidence ", ":"),
        ("show 20261122-150000 --evidence ", ": E1 E2"),
        ("show 0002 --evidence ", ": E1 E2"),
        ("show last --evidence ", ":"),
        ("show la", ": last"),
        ("investigate --resume 20261120", ": 20261120-150000-alert-0000"),
        ("rollback ", ": 20261122T150000-7Q4M0ZK0 7Q4M0ZK0"),
        ("recover 7", ": 7Q4M0ZK2"),
        ("approvers remove ", ": ana bob"),
        ("audit replay 20261122T15000", ": 20261122T150001-000000 20261122T150000-4f2a1c"),
    ],
)
def test_what_may_follow(here: Mapping[str, str], line: str, expected: str) -> None:
    """One line for the shell's own paths, then whole words that fit what is written."""
    assert " ".join(_offered(here, line)) == expected


def test_a_name_comes_with_a_few_words(here: Mapping[str, str]) -> None:
    """Incidents say their alert, changes their steps, options their help; nothing that could steer a terminal."""
    lines = [
        *answer.lines(["show", "20261120"], here),
        *answer.lines(["rollback", "7"], here),
        *answer.lines(["show", "20261122-", "--evidence", "E1"], here),
        *answer.lines(["triage", "--context", "p"], here),
    ]
    assert [line for line in lines if line != ":"] == [
        "20261120-150000-alert-0000\tAlert0 in prod",
        "7Q4M0ZK0\tkubernetes_scale web",
        "E1\ta pod [31m",
        "prod\tnamespace pay",
    ]


def test_the_newest_come_first(here: Mapping[str, str]) -> None:
    """Whoever presses TAB wants the last incident, even a torn one."""
    assert [name[:8] for name in _offered(here, "show ")[1:5]] == ["20261123", "20261122", "20261121", "20261120"]


def test_an_empty_machine_offers_what_everybody_has(tmp_path: Path) -> None:
    """Without a home, a kubeconfig or a log nothing is said, and nothing is made."""
    environ = {"AGENTOPS_HOME": str(tmp_path / "none"), "HOME": str(tmp_path), "KUBECONFIG": str(tmp_path / "none")}
    for line in ("show ", "rollback ", "triage -n ", "triage --context ", "approvers remove ", "audit log --run "):
        assert _offered(environ, line) == [":"], line
    assert not (tmp_path / "none").exists()


def test_a_word_of_foreign_control_characters_is_not_offered(here: Mapping[str, str], tmp_path: Path) -> None:
    """A name that would steer the terminal is no name."""
    _write(tmp_path / "kubeconfig", 'contexts: [{name: "a\\u001b[2J", context: {}}, {name: b, context: {}}]')
    assert _offered(here, "triage --context ") == [":", "b"]


def test_a_wish_for_completion_is_always_answered_with_0(here: Mapping[str, str]) -> None:
    """What cannot be read is nobody's error in the middle of a word: nothing is said, and what is known still comes."""
    Path(here["KUBECONFIG"]).write_text("[", encoding="utf-8")
    for words, said in ((["triage", "--context", ""], ":\n"), (["compl"], ":\ncompletion\t"), ([], ":\ninvestigate\t")):
        done = subprocess.run(
            [sys.executable, "-m", "agentops", "__complete", *words],
            env=dict(here), capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stdout[: len(said)], done.stderr) == (0, said, "")


def test_a_disk_that_does_not_answer_is_not_waited_for(here: Mapping[str, str], tmp_path: Path) -> None:
    """A kubeconfig that never comes to an end: the keyboard is free again after two seconds."""
    Path(here["KUBECONFIG"]).unlink()
    os.mkfifo(here["KUBECONFIG"])
    done = subprocess.run(
        [sys.executable, "-m", "agentops", "__complete", "triage", "--context", ""],
        env=dict(here), capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, ":\n", "")


def test_every_value_has_a_kind_that_somebody_lists() -> None:
    """A kind that is misspelt in the table would offer nothing for ever."""
    from agentops.app.completion import KnownNames

    table = answer.table()
    kinds = {
        kind
        for command in table["commands"].values()
        for one in (*command["options"], *command["arguments"])
        for kind in one["kinds"]
    }
    listed = {kind for kind in kinds if kind in table["names"] or kind in KnownNames(os.environ, {}).kinds}
    assert kinds - listed == {"files", "folders", "files-by-path", "nothing"}


def test_the_script_is_printed_the_same_from_both_doors(cli: Cli, capsys: pytest.CaptureFixture[str]) -> None:
    """The fast answer, the command's text and its JSON are one script."""
    from agentops.__main__ import main

    for shell in ("bash", "zsh", "fish"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.argv", ["agentops", "completion", shell])
            assert main() == 0
        fast = capsys.readouterr().out
        assert (cli("completion", shell).out, cli("completion", shell, "-o", "json").document["script"]) == (fast, fast)
    assert cli("completion", "tcsh").code == 2


def test_the_line_says_what_was_given_already() -> None:
    """Options by name without dashes, arguments in order."""
    slot = slot_at(answer.table(), ["-n", "shop", "show", "--timeline", "2026", "--evidence", ""])
    assert (slot.said, slot.arguments) == ({"namespace": "shop", "timeline": "", "evidence": ""}, ("2026",))
