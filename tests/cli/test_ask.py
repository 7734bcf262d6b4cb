"""``agentops ask`` through the command line: the words go to the model whole, the answer cites what was read."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from agentops.cli.commands.schema import load_schema

Cli = Callable[..., Any]
Server = Any
_PLACE = "--sandbox=bad-image-tag"
_PODS = {"tool": "kubernetes_list", "arguments": {"kind": "Pod"}}
_ANSWER = {
    "verdict": "answered",
    "text": "Two Deployments run in shop [{{first}}].\ncheckout is not ready.",
    "evidence": ["{{first}}", "{{last}}"],
    "not_checked": ["other namespaces"],
}


def _reporting(**more: Any) -> dict[str, Any]:
    return {"calls": [{"tool": "report_answer", "arguments": _ANSWER | more}]}


@pytest.fixture
def asking(cli: Cli, tmp_path: Path) -> Callable[..., Any]:
    """Ask something of a model that plays these turns."""

    def ask(turns: Sequence[dict[str, Any]], *words: str, place: str = _PLACE, stdin: bytes = b"") -> Any:
        script = tmp_path / "script.json"
        script.write_text(json.dumps({"turns": list(turns)}))
        return cli("ask", *words, place, "--model", f"scripted:{script}", stdin=stdin)

    return ask


def _transcript(home: Path) -> list[Any]:
    (folder,) = [one for one in (home / "incidents").iterdir() if (one / "incident.json").exists()]
    return [json.loads(line) for line in (folder / "transcript.jsonl").read_text().splitlines()]


def test_an_answer_cites_what_was_read(asking: Callable[..., Any], cli: Cli) -> None:
    """The answer stands last, whole, with its evidence and what to type next; the sandbox is remembered."""
    done = asking([{"calls": [_PODS]}, _reporting()], "what runs here?")
    lines = [line.strip() for line in done.out.strip().splitlines()]
    short = lines[-1].split()[3]
    assert (done.code, lines[-5:]) == (
        0,
        [
            "Answered",
            "│ Two Deployments run in shop [E1].",
            "│ checkout is not ready.",
            "By scripted:script.json, evidence E1, E2; 1 thing not checked.",
            f"Next: agentops show {short} --evidence E1",
        ],
    )
    assert cli("show", short, "--evidence", "E1").code == 0
    listed = cli("history", "-o", "json").document["incidents"]
    assert [(one["kind"], one["verdict"], one["alert"]) for one in listed] == [
        ("question", "answered", "what runs here?")
    ]
    assert "question  what runs here?  answered" in cli("history").out
    assert "a person asked: what runs here?" in " ".join(cli("show", "--timeline").out.replace("│ ", "").split())


def test_the_document_holds_to_its_schema(asking: Callable[..., Any], cli: Cli) -> None:
    """One JSON document, whose request is the one that ``agentops schema request`` describes; ``show`` has the same."""
    done = asking([{"calls": [_PODS]}, _reporting()], "what", "runs", "here?", "-o", "json")
    found = done.document["request"]
    from jsonschema import Draft202012Validator

    Draft202012Validator(load_schema("request")).validate(found)
    assert (done.document["status"], found["words"], found["kind"], found["verdict"], found["namespace"]) == (
        "answered",
        "what runs here?",
        "question",
        "answered",
        "shop",
    )
    assert [one["tool"] for one in found["reply"]["evidence"]] == ["outline", "kubernetes_list"]
    assert cli("show", "last", "-o", "json").document["request"] == found


def test_the_opening_names_the_place_and_no_cause(asking: Callable[..., Any], home: Path) -> None:
    """The outline is fenced and neutral, the words come last and outside of every fence; triage is not run."""
    asking([_reporting()], "what runs here?")
    opening = _transcript(home)[0]["content"][0]["text"]
    fenced = opening[opening.index("<untrusted") : opening.rindex("</untrusted")]
    assert "Deployment" in fenced
    assert "namespaces: " in fenced
    assert "ImagePullBackOff" not in opening
    assert "Triage" not in opening
    assert opening.endswith("From here to the end of this message is your task:\nwhat runs here?")


def test_words_reach_the_model_whole(
    cli: Cli, home: Path, anthropic_server: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five thousand characters arrive as they were piped in, line by line, and are kept so."""
    server = anthropic_server({"calls": [{"tool": "report_answer", "arguments": _ANSWER | {"evidence": ["E1"]}}]})
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-" + "canary-" * 6)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
    words = "\n".join(f"line {number}: what is the image of workload {number}?" for number in range(130))
    assert len(words) > 5_000
    done = cli("ask", "-", _PLACE, "-o", "json", stdin=words.encode())
    sent = server.requests[0].body["messages"][0]["content"]
    text = sent if isinstance(sent, str) else sent[0]["text"]
    assert (done.code, text.endswith(words), done.document["request"]["words"]) == (0, True, words)


def test_too_many_words_are_refused_and_never_cut(cli: Cli, home: Path) -> None:
    """The message says how many are taken; nothing is kept."""
    done = cli("ask", "-", _PLACE, "--model", "scripted:none.json", stdin=b"x" * 16_001)
    assert (done.code, (home / "incidents").exists()) == (2, False)


def test_secrets_in_the_words_reach_neither_disk_nor_screen(asking: Callable[..., Any], home: Path) -> None:
    """They are taken out like those of an alert, in front of everything."""
    secret = "canary-" + "9f3b" * 8
    done = asking([_reporting()], f"does the pod still use password={secret} ?", "-o", "json")
    kept = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert (done.code, secret in done.out + done.err, secret.encode() in kept) == (0, False, False)
    assert "[redacted" in done.document["request"]["words"]


@pytest.mark.parametrize("evidence", [[], ["E99"]])
def test_an_answer_without_evidence_is_no_answer(asking: Callable[..., Any], evidence: list[str]) -> None:
    """It is sent back, and then shown for what it is, with exit code 1."""
    bad = _reporting(evidence=evidence, text="All is well.")
    done = asking([bad, bad, bad], "is all well?", "-o", "json")
    found = done.document
    assert (done.code, found["status"], found["errors"][0]["code"]) == (1, "unsupported", "model-unsupported")
    assert (found["request"]["reply"]["supported"], found["request"]["verdict"]) == (False, "unsupported")
    told = asking([bad, bad, bad], "is all well?").out
    assert "NOT supported by evidence" in told
    assert "Answered" not in told


@pytest.mark.parametrize(
    ("words", "tool", "arguments", "kind"),
    [
        ("list what listens on port 80", "kubernetes_list", {"kind": "Service"}, "Service"),
        ("why is checkout not ready?", "kubernetes_describe", {"kind": "Deployment", "name": "checkout"}, "checkout"),
        ("what changed in checkout?", "kubernetes_rollout_history", {"kind": "Deployment", "name": "checkout"}, "v1.4"),
        ("what happened here lately?", "kubernetes_events", {}, "event"),
        ("may I delete pods here?", "kubernetes_can_i", {"verb": "delete", "kind": "Pod"}, "delete"),
        ("how full are the nodes?", "kubernetes_capacity", {}, "node"),
        ("what does web need?", "kubernetes_get", {"kind": "Deployment", "name": "web"}, "web"),
        ("where do requests to cart go?", "kubernetes_endpoints", {"service": "cart"}, "cart"),
    ],
)
def test_ordinary_questions_are_answered_from_what_was_read(
    asking: Callable[..., Any], cli: Cli, words: str, tool: str, arguments: dict[str, Any], kind: str
) -> None:
    """Each with the tool that tells, its reading cited, and the whole of it to be seen afterwards."""
    look = {"calls": [{"tool": tool, "arguments": arguments}]}
    done = asking([look, _reporting(evidence=["{{last}}"])], words, "-o", "json")
    (entry,) = done.document["request"]["reply"]["evidence"]
    assert (done.code, entry["tool"], entry["id"]) == (0, tool, "E2"), done.out
    body = cli("show", "--evidence", "E2", "-o", "json").document["evidence"]
    assert kind.lower() in f"{body['summary']} {body['body']}".lower()


def test_an_answer_may_be_corrected(asking: Callable[..., Any]) -> None:
    """What was sent back comes again with evidence, and counts."""
    done = asking([_reporting(evidence=[]), _reporting(evidence=["E1"])], "is all well?")
    assert (done.code, "Answered" in done.out) == (0, True)


def test_ask_cannot_draft(asking: Callable[..., Any], home: Path) -> None:
    """There is no drafting tool, and a call of one is an unknown tool; nothing is planned."""
    draft = {
        "tool": "draft_change",
        "arguments": {"tool": "kubernetes_scale", "target": "shop/Deployment/checkout", "arguments": {"replicas": 3}},
    }
    done = asking(
        [{"calls": [draft]}, {"calls": [{"tool": "kubernetes_scale", "arguments": {}}]}, _reporting()], "why?"
    )
    said = [block["content"] for message in _transcript(home)[1:] for block in message["content"] if "content" in block]
    assert (done.code, [text.partition(".")[0] for text in said[:2]]) == (
        0,
        ["there is no tool 'draft_change'", "there is no tool 'kubernetes_scale'"],
    )
    assert not (home / "changes").exists()


def test_what_cannot_be_told_ends_with_the_reason(asking: Callable[..., Any]) -> None:
    """Exit code 9, and why."""
    no = _reporting(
        verdict="not-possible", text="Secrets are not readable.", because="Secrets are taken out.", evidence=[]
    )
    done = asking([no], "what is the password?")
    assert (done.code, "Not possible, because Secrets are taken out" in done.out) == (9, True)


@pytest.mark.parametrize("words", [("what runs?", _PLACE), ("what runs?", _PLACE, "--no-model")])
def test_without_a_model_it_says_so(cli: Cli, home: Path, words: tuple[str, ...]) -> None:
    """What to set, what works without one, and no open incident."""
    done = cli("ask", *words)
    said = " ".join(done.err.replace("│ ", "").split())
    assert (done.code, "needs a model" in said, "ANTHROPIC_API_KEY" in said) == (2, True, True)
    assert cli("history", "-o", "json").document["total"] == 0


@pytest.mark.parametrize("words", [(), ("",), ("why?", "--resume", "last")])
def test_there_must_be_words(cli: Cli, words: tuple[str, ...]) -> None:
    """Nothing to ask is a usage error."""
    assert cli("ask", *words, _PLACE, "--model", "scripted:none.json").code == 2


def test_ctrl_c_keeps_what_was_read_and_resume_goes_on(
    cli: Cli, home: Path, anthropic_server: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interrupted process exits 130 and names the command that continues its conversation."""
    answer = {"tool": "report_answer", "arguments": _ANSWER | {"evidence": ["E2"]}}
    server = anthropic_server(
        {"calls": [_PODS]}, {"text": "Thinking.", "calls": [answer], "wire": {"delay_s": 30}}, {"calls": [answer]}
    )
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-" + "canary-" * 6)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
    words = [sys.executable, "-m", "agentops", "ask", "what runs here?", _PLACE]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for _ in range(1200):
        if len(server.requests) == 2 or process.poll() is not None:
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, "E2" in out, "Traceback" in err) == (130, True, False)
    command = out.split("agentops ask ")[-1].split()
    assert (command[0], command[2:]) == ("--resume", [_PLACE])
    assert cli("history", "-o", "json").document["incidents"][0]["verdict"] == "open"
    # The sandbox that it was begun in is found again without being named.
    again = cli("ask", *command[:2], "-o", "json")
    assert (again.code, again.document["request"]["verdict"]) == (0, "answered")
    assert cli("ask", *command).code == 2
    assert "already has an answer" in cli("ask", *command).err
    for other in (("fix", command[1]), ("investigate", "--resume", command[1]), ("do", "--resume", command[1])):
        refused = cli(*other, "--model", "scripted:none.json") if other[0] == "fix" else cli(*other)
        assert refused.code == 2, refused.out + refused.err


def test_where_nothing_can_be_reached_nothing_is_kept_but_the_record(
    asking: Callable[..., Any], cli: Cli, home: Path, tmp_path: Path
) -> None:
    """No open question, no secret in the log, and what was asked is on record."""
    secret = "canary-" + "9f3b" * 8
    done = asking([_reporting()], f"is password={secret} in use?", place="--context=nowhere")
    assert (done.code != 0, cli("history", "-o", "json").document["total"]) == (True, 0)
    log = (home / "audit" / "audit.jsonl").read_text()
    assert ('"event":"request"' in log, secret in log + done.err + done.out) == (True, False)


def test_a_model_that_fails_says_how_to_go_on(asking: Callable[..., Any], cli: Cli) -> None:
    """What was read is kept; the error names the command."""
    done = asking([{"calls": [_PODS]}, {"error": "rate-limited"}], "what runs here?")
    short = cli("history", "-o", "json").document["incidents"][0]["short_id"]
    assert (done.code, f"agentops ask --resume {short} {_PLACE}" in done.err) == (1, True)
    assert "No reply yet" in cli("show").out


def test_why_an_answer_was_refused_is_said_when_the_model_ends(asking: Callable[..., Any]) -> None:
    """On the page: prose is wrapped at words, the command that goes on stands whole on a line of its own."""
    done = asking([{"calls": [{"tool": "report_answer", "arguments": {"text": "x"}}]}], "what runs here?")
    assert done.code == 1
    assert "report_answer was refused: Not accepted: `verdict` is missing" in " ".join(
        done.err.replace("│ ", "").split()
    )
    assert any(line.startswith("  Resume it: agentops ask --resume ") for line in done.err.splitlines())
