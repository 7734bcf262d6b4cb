"""``agentops investigate``: the main job, with and without a model, as a user types it."""

from __future__ import annotations

import base64
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentops.sandbox.scenario import all_scenarios, load

Cli = Callable[..., Any]
Server = Callable[..., Any]
_CHAIN = "--sandbox=unbound-pvc-chain"
_CAUSE = {"resource": "shop/PersistentVolumeClaim/data-postgres-0", "condition": "StorageClassMissing"}
_READ = {"tool": "kubernetes_describe", "arguments": {"kind": "Pod", "name": "postgres-0", "namespace": "shop"}}
_REPORT = {
    "tool": "report_finding",
    "arguments": {
        "verdict": "root-cause",
        "conclusion": "The claim's class does not exist.",
        "confidence": "high",
        "cause": _CAUSE,
        "evidence": ["E1"],
        "ruled_out": [],
        "not_checked": [],
        "next_steps": ["Create the class."],
    },
}


def _with_key(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-test-0123456789")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", url)


@pytest.mark.parametrize("name", [entry.name for entry in all_scenarios()])
def test_every_scenario_ends_in_its_cause_without_a_model(cli: Cli, name: str) -> None:
    """For each shipped incident the finding names the object and the condition that the scenario expects."""
    scenario = load(name)
    done = cli("investigate", f"--sandbox={name}", "--no-model", "--output", "json")
    finding = done.document["finding"]
    if scenario.verdict != "root_cause":
        assert (done.code, finding["verdict"]) == (0, "recovered")
        return
    right = [(c.kind, c.name, condition) for c in scenario.causes for condition in (c.condition, *scenario.accept)]
    right += [(c.kind, c.name, c.condition) for c in scenario.also]
    kind, object_name = finding["cause"]["resource"].split("/")[-2:]
    assert (done.code, finding["verdict"]) == (0, "root-cause")
    assert (kind, object_name, finding["cause"]["condition"]) in right


def test_the_report_without_a_model_says_so(cli: Cli) -> None:
    """Cause, advice and evidence are there, and that no model was used is in text and JSON."""
    done = cli("investigate", _CHAIN, "--no-model")
    assert (done.code, "Found without a model: --no-model was given." in done.out) == (0, True)
    closing = done.out.splitlines()[-6:]
    assert closing[0].startswith("Root cause — confidence high")
    assert "No fix is proposed: a person must decide" in done.out or closing[-1].startswith("  Next: agentops fix ")
    document = cli("investigate", _CHAIN, "-o", "json").document
    assert document["finding"]["by"] == "triage"
    assert document["model"] == {"used": False, "why": "no model key is configured (ANTHROPIC_API_KEY)"}


def test_the_envelope_has_what_a_script_needs(cli: Cli) -> None:
    """Incident, finding with cited evidence, usage and the audit head, in one versioned document."""
    document = cli("investigate", _CHAIN, "--no-model", "-o", "json").document
    assert (document["schema"], document["command"], document["status"], document["exit_code"]) == (
        "agentops/v1",
        "investigate",
        "found",
        0,
    )
    assert document["incident"]["alert"]["name"] == "KubeDeploymentReplicasMismatch"
    assert document["finding"]["cause"]["condition"] == "StorageClassMissing"
    assert document["finding"]["evidence"][0].keys() == {"id", "tool", "summary", "digest", "observed_at"}
    assert document["usage"]["turns"] == 0
    assert set(document["audit"]) == {"run", "head"}


def test_exit_code_3_is_for_a_problem_that_was_found(cli: Cli) -> None:
    """Only with --exit-code, and only when something is wrong."""
    assert cli("investigate", _CHAIN, "--no-model", "--exit-code").code == 3
    assert cli("investigate", "--sandbox=stale-alert", "--no-model", "--exit-code").code == 0


def test_a_model_over_the_wire_ends_in_its_cited_finding(
    cli: Cli, anthropic_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model reads with tools, cites what it saw, and every step is in the chain in order."""
    server = anthropic_server({"reasoning": "Look.", "calls": [_READ]}, {"calls": [_REPORT]})
    _with_key(monkeypatch, server.url)
    done = cli("investigate", _CHAIN, "-o", "json")
    finding = done.document["finding"]
    assert (done.code, finding["by"], finding["supported"], finding["cause"]["condition"]) == (
        0,
        "claude-opus-5-5",
        True,
        "StorageClassMissing",
    )
    assert (done.document["usage"]["turns"], done.document["usage"]["tool_calls"]) == (2, 1)
    run = done.document["audit"]["run"]
    records = cli("audit", "log", "--run", run, "--limit", "0", "-o", "json").document["records"]
    ours = ("triage", "sweep_logs", "alert")
    events = [record["event"] for record in records if record["payload"].get("tool") not in ours]
    assert events == [
        "chain_begun",
        "run_started",
        "cluster_pinned",
        "alert",
        "triage",
        "model_turn",
        "tool_call",
        "model_turn",
        "finding",
        "run_ended",
        "checkpoint",
    ]
    assert "sk-ant-test" not in json.dumps(records)


@pytest.mark.parametrize(
    ("wire", "code"),
    [
        ({"status": 401, "type": "authentication_error", "message": "invalid x-api-key"}, "model-unauthenticated"),
        ({"status": 404, "type": "not_found_error", "message": "model: nope"}, "model-unknown"),
        ({"status": 400, "type": "invalid_request_error", "message": "prompt is too long"}, "model-context-overflow"),
    ],
)
def test_a_model_that_fails_leaves_the_triage_finding_and_exit_1(
    cli: Cli, anthropic_server: Server, monkeypatch: pytest.MonkeyPatch, wire: dict[str, Any], code: str
) -> None:
    """At three in the morning a dead endpoint must not cost the report; a script still sees that it failed."""
    _with_key(monkeypatch, anthropic_server({"wire": wire}, {"wire": wire}).url)
    done = cli("investigate", _CHAIN, "-o", "json")
    document = done.document
    assert (done.code, document["status"], document["errors"][0]["code"]) == (1, "degraded", code)
    assert document["finding"]["cause"]["condition"] == "StorageClassMissing"
    assert "Traceback" not in done.err


def test_an_endpoint_that_refuses_the_connection_is_one_line(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """No traceback; the triage finding is there all the same."""
    _with_key(monkeypatch, "http://127.0.0.1:9")
    monkeypatch.setenv("AGENTOPS_ATTEMPTS", "1")
    done = cli("investigate", _CHAIN)
    assert (done.code, "Traceback" in done.err + done.out, "Root cause" in done.out) == (1, False, True)


def test_ctrl_c_saves_and_resume_goes_on(
    cli: Cli, home: Path, anthropic_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interrupted process exits 130 and names the command that continues its conversation."""
    server = anthropic_server(
        {"calls": [_READ]}, {"text": "Thinking.", "calls": [_REPORT], "wire": {"delay_s": 30}}, {"calls": [_REPORT]}
    )
    _with_key(monkeypatch, server.url)
    words = [sys.executable, "-m", "agentops", "investigate", _CHAIN]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for _ in range(600):
        if len(server.requests) == 2 or process.poll() is not None:
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, "Root cause" in out, "Traceback" in err) == (130, True, False)
    command = out.split("agentops investigate ")[-1].split()
    assert command[0] == "--resume"
    assert command[2:] == [_CHAIN]
    incident = command[1]
    assert cli("show", incident, "-o", "json").document["finding"]["by"] == "triage"
    again = cli("investigate", *command, "-o", "json")
    assert (again.code, again.document["incident"]["id"], again.document["finding"]["by"]) == (
        0,
        incident,
        "claude-opus-5-5",
    )
    roles = [message["role"] for message in server.requests[2].body["messages"]]
    assert roles == ["user", "assistant", "user", "user"]
    assert cli("investigate", *command).code == 2


def test_resuming_in_another_context_is_refused(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An incident of one cluster is never continued on another."""
    cli("investigate", _CHAIN, "--no-model")
    config = tmp_path / "other"
    config.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "other",
                "clusters": [{"name": "other", "cluster": {"server": "http://127.0.0.1:9"}}],
                "users": [{"name": "other", "user": {}}],
                "contexts": [{"name": "other", "context": {"cluster": "other", "user": "other"}}],
            }
        ),
        encoding="utf-8",
    )
    incident = cli("history", "-o", "json").document["incidents"][0]["id"]
    done = cli("investigate", "--resume", incident, "--kubeconfig", str(config))
    assert (done.code, "other" in done.err) == (2, True)
    done = cli("investigate", "--resume", incident, "--sandbox=bad-image-tag")
    assert (done.code, "--sandbox=unbound-pvc-chain" in done.err) == (2, True)


def test_show_and_history_repeat_what_was_found(cli: Cli) -> None:
    """The stored incident reads like the first report; evidence is shown whole."""
    first = cli("investigate", _CHAIN, "--no-model", "-o", "json").document
    history = cli("history", "-o", "json").document
    assert (history["total"], history["incidents"][0]["verdict"]) == (1, "root-cause")
    again = cli("show", first["incident"]["id"][:15], "-o", "json").document
    assert (again["finding"], again["incident"]) == (first["finding"], first["incident"])
    body = cli("show", "--evidence", "e1", "-o", "json").document["evidence"]["body"]
    assert "fast-ssd" in body
    assert cli("show", "--evidence", "E999").code == 2
    assert "## Root cause" in cli("show", "-o", "markdown").out


def test_an_injected_instruction_changes_nothing(cli: Cli) -> None:
    """A log line that demands another verdict is reported, not followed."""
    finding = cli("investigate", "--sandbox=injected-log-line", "--no-model", "-o", "json").document["finding"]
    assert finding["cause"]["resource"].endswith("/recommendations")
    assert "redis" not in finding["conclusion"]


def test_secrets_of_the_cluster_reach_neither_disk_nor_screen(cli: Cli, home: Path) -> None:
    """No Secret value of the sandbox is anywhere in what a run printed or kept."""
    scenario = load("unbound-pvc-chain")
    values = {
        base64.b64decode(text).decode()
        for obj in scenario.manifests
        if obj["kind"] == "Secret"
        for text in (obj.get("data") or {}).values()
    } | {
        text for obj in scenario.manifests if obj["kind"] == "Secret" for text in (obj.get("stringData") or {}).values()
    }
    long = {value for value in values if len(value) >= 8}
    assert long
    done = cli("investigate", _CHAIN, "--no-model", "-vv")
    kept = "\n".join(p.read_text("utf-8", "replace") for p in home.rglob("*") if p.is_file())
    assert [value for value in long if value in kept + done.out + done.err] == []


def test_the_kubeconfigs_token_is_hidden_wherever_it_turns_up(
    cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A credential that this run sends is neither kept nor shown, even where an alert quotes it in plain words."""
    from agentops.sandbox.cluster import Sandbox

    token = "plain-looking-words-only"
    tokens = iter((token, "the-operators", "the-viewers", *(f"of-user-{n}" for n in range(9))))
    with Sandbox(load("bad-image-tag"), new_token=lambda: next(tokens)) as sandbox:
        monkeypatch.setenv("KUBECONFIG", str(sandbox.kubeconfig))
        monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "another-plain-value")
        words = f"checkout in namespace shop is broken, somebody pasted {token} and another-plain-value"
        done = cli("investigate", words, "--no-model", "-vv")
    kept = "\n".join(p.read_text("utf-8", "replace") for p in home.rglob("*") if p.is_file())
    assert (done.code, token in kept + done.out + done.err, "another-plain-value" in kept + done.out) == (
        0,
        False,
        False,
    )


def test_an_answer_without_evidence_never_stands_as_the_finding(cli: Cli, tmp_path: Path) -> None:
    """A model that insists on evidence nobody saw is quoted, not believed: triage's finding stands, exit 1."""
    made_up = {**_REPORT, "arguments": {**_REPORT["arguments"], "conclusion": "The moon.", "evidence": ["E77"]}}
    script = tmp_path / "script.json"
    script.write_text(json.dumps({"turns": [{"calls": [made_up]}, {"calls": [made_up]}]}), encoding="utf-8")
    done = cli("investigate", "--sandbox=bad-image-tag", "--model", f"scripted:{script}", "-o", "json")
    document = done.document
    assert (done.code, document["status"], document["errors"][0]["code"]) == (1, "degraded", "model-unsupported")
    assert (document["finding"]["by"], document["finding"]["cause"]["condition"]) == ("triage", "ImageNotFound")
    assert "The moon." in document["errors"][0]["message"]


def test_a_model_asked_for_by_name_without_a_key_is_refused(cli: Cli) -> None:
    """Who names a model gets it, or is told why not; never silently something else."""
    done = cli("investigate", _CHAIN, "--model", "claude-sonnet-5-5")
    assert (done.code, "ANTHROPIC_API_KEY" in done.err) == (2, True)
