"""What can stand for ALERT, and how everything else is refused: one line, exit 2, recorded."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]
_SANDBOX = ("--sandbox=bad-image-tag", "--no-model", "-o", "json")
_WEBHOOK = {
    "version": "4",
    "status": "firing",
    "receiver": "hook",
    "alerts": [
        {
            "status": "firing",
            "labels": {
                "alertname": "KubeDeploymentRolloutStuck",
                "namespace": "shop",
                "deployment": "checkout",
                "severity": "warning",
            },
            "annotations": {"summary": "stuck"},
            "startsAt": "2026-11-22T15:59:33.568Z",
            "endsAt": "0001-01-01T00:00:00Z",
        }
    ],
}


@pytest.mark.parametrize(
    "argument", ["FILE", "-", "k8s:shop/Deployment/checkout", "deployment checkout in namespace shop does not roll out"]
)
def test_every_kind_of_argument_leads_to_the_cause(cli: Cli, tmp_path: Path, argument: str) -> None:
    """A file, standard input, a resource and a sentence all end at the same finding."""
    payload = json.dumps(_WEBHOOK).encode()
    (tmp_path / "alert.json").write_bytes(payload)
    word = str(tmp_path / "alert.json") if argument == "FILE" else argument
    done = cli("investigate", word, *_SANDBOX, stdin=payload)
    assert (done.code, done.document["finding"]["cause"]) == (
        0,
        {"resource": "k8s://sandbox/shop/Deployment/checkout", "condition": "ImageNotFound"},
    )


def _bad_inputs(folder: Path) -> dict[str, str]:
    files: dict[str, bytes] = {
        "empty": b"",
        "truncated": json.dumps(_WEBHOOK).encode()[:-40],
        "not-json": b"{not json}",
        "huge": b'{"a": "' + b"x" * (50 * 1024 * 1024) + b'"}',
        "deep": b"[" * 100_000,
        "wrong-types": json.dumps({**_WEBHOOK, "alerts": [{"labels": "none"}]}).encode(),
        "no-alerts": json.dumps({**_WEBHOOK, "alerts": []}).encode(),
        "binary": bytes(range(256)) * 16,
    }
    for name, data in files.items():
        (folder / f"{name}.json").write_bytes(data)
    return {name: str(folder / f"{name}.json") for name in files} | {
        "directory": str(folder),
        "absent": str(folder / "absent.json"),
        "flag-like": "k8s:shop/Pod/-x",
        "later": "alertmanager:Foo",
        "blank": " ",
    }


@pytest.mark.parametrize(
    "name",
    [
        "empty",
        "truncated",
        "not-json",
        "huge",
        "deep",
        "wrong-types",
        "no-alerts",
        "binary",
        "directory",
        "absent",
        "flag-like",
        "later",
        "blank",
    ],
)
def test_bad_input_is_one_clear_line_exit_2_and_recorded(cli: Cli, tmp_path: Path, name: str) -> None:
    """Nothing is looked at, nothing is printed on stdout in text form, and the refusal is in the chain."""
    argument = _bad_inputs(tmp_path)[name]
    done = cli("investigate", argument, "--sandbox=bad-image-tag", "--no-model")
    error = [line for line in done.err.splitlines() if line.startswith("Error: ")]
    assert (done.code, done.out, len(error), "Traceback" in done.err) == (2, "", 1, False)
    events = [r["event"] for r in cli("audit", "log", "-o", "json").document["records"]]
    assert events[-4:] == ["run_started", "alert_refused", "run_ended", "checkpoint"]


def test_control_characters_of_an_alert_do_not_reach_the_terminal(cli: Cli) -> None:
    """An alert may carry escape sequences; the page shows them as text."""
    evil = json.loads(json.dumps(_WEBHOOK))
    evil["alerts"][0]["annotations"]["summary"] = "a\x1b]0;owned\x07b\u202ec"
    done = cli("investigate", "-", "--sandbox=bad-image-tag", "--no-model", stdin=json.dumps(evil).encode())
    assert (done.code, "\x1b" in done.out + done.err, "\u202e" in done.out + done.err) == (0, False, False)


def test_alerts_of_other_targets_are_named_as_left_out(cli: Cli) -> None:
    """One payload with two unrelated alerts makes one incident, and the other alert is said to be left out."""
    two = json.loads(json.dumps(_WEBHOOK))
    other = json.loads(json.dumps(two["alerts"][0]))
    other["labels"] |= {"alertname": "Other", "namespace": "payments", "deployment": "ledger"}
    two["alerts"].append(other)
    document = cli("investigate", "-", *_SANDBOX, stdin=json.dumps(two).encode()).document
    assert [entry["alert"] for entry in document["incident"]["left_out"]] == ["Other"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("null", "standard input holds only null, no alert"),
        ("42", "standard input holds only 42, no alert"),
        ("true\n", "standard input holds only true, no alert"),
        ('""', "standard input holds an empty text, no alert"),
        ("- a\n- b\n", "standard input is a YAML list of a form that agentops does not know"),
        ("checkout is down\n" * 20_000, "standard input is 20,001 lines of text, too many to be an alert"),
    ],
    ids=["null", "number", "boolean", "empty text", "yaml list", "a log"],
)
def test_what_is_no_alert_is_refused(cli: Cli, text: str, why: str) -> None:
    """Whatever it is, no object is guessed out of it."""
    done = cli("investigate", "-", "--sandbox=bad-image-tag", "--no-model", stdin=text.encode())
    assert (done.code, why in done.err) == (2, True)


def _alertmanager(name: str, **labels: str) -> bytes:
    alert = {"status": "firing", "labels": {"alertname": name, "severity": "none", **labels}, "annotations": {}}
    return json.dumps({"version": "4", "status": "firing", "truncatedAlerts": 7, "alerts": [alert]}).encode()


@pytest.mark.parametrize(
    ("name", "labels", "expected"),
    [
        ("Watchdog", {}, ("no-problem", "done", "")),
        ("InfoInhibitor", {"namespace": "shop"}, ("no-problem", "done", "")),
        ("DatasourceNoData", {"rulename": "cart is up"}, ("undetermined", "undetermined", "no data")),
    ],
)
def test_alerts_about_alerting_itself_are_not_investigated(
    cli: Cli, name: str, labels: dict[str, str], expected: tuple[str, str, str]
) -> None:
    """A heartbeat is said to be one, in words and in JSON, and no chance object of the cluster is blamed for it."""
    payload = _alertmanager(name, **labels)
    done = cli("investigate", "-", *_SANDBOX, stdin=payload)
    finding, incident = done.document["finding"], done.document["incident"]
    assert (finding["verdict"], done.document["status"], incident["alert"]["state"]) == expected
    assert (done.code, finding["cause"], done.document["problems"], finding["evidence"]) == (0, None, [], [])
    assert "the sender left out 7 more alerts" in incident["notes"]
    page = cli("investigate", "-", "--sandbox=bad-image-tag", "--no-model", stdin=payload)
    assert name in page.out.splitlines()[0]
    told = "fires at all times" if name == "Watchdog" else "holds back" if name == "InfoInhibitor" else "got no data"
    assert told in " ".join(page.out.split("confidence")[-1].split())


def test_how_the_alert_stands_is_said_in_the_first_line(cli: Cli) -> None:
    """Resolved, acknowledged, without data: whoever reads the first line knows it."""
    resolved = json.loads(json.dumps(_WEBHOOK))
    resolved["alerts"][0] |= {"status": "resolved", "endsAt": "2026-11-22T16:20:00Z"}
    acknowledged = {
        "action": "Acknowledge",
        "alert": {"alertId": "1", "message": "rollout of checkout", "tags": ["namespace:shop"], "priority": "P2"},
    }
    silent = {"ruleId": 1, "ruleName": "rollout of checkout", "state": "no_data", "evalMatches": []}
    lines = [
        cli(
            "investigate", "-", "--sandbox=bad-image-tag", "--no-model", stdin=json.dumps(one).encode()
        ).out.splitlines()[0]
        for one in (resolved, acknowledged, silent)
    ]
    assert "(warning, resolved since 2026-11-22 16:20 UTC)" in lines[0]
    assert "(high, firing, acknowledged)" in lines[1]
    assert "(unknown, no data)" in lines[2]


@pytest.mark.parametrize(
    ("words", "target"),
    [
        ("告警：deployment checkout 副本不可用", "shop/Deployment/checkout"),
        ("the checkout service is slow in the shop namespace shows 503", "shop/Service/checkout"),
        ("Deployment replicas unavailable", "//"),
        ("[ALERT] something is slow in shop", "shop//"),
        ("Der Pod ist kaputt, node worker-77 auch", "/Node/worker-77"),
    ],
)
def test_names_in_words_are_those_of_the_cluster(cli: Cli, words: str, target: str) -> None:
    """What the words name is held against what exists: a namespace is filled in, and an ordinary word names nothing."""
    found = cli("investigate", words, *_SANDBOX).document["incident"]["target"]
    assert f"{found['namespace']}/{found['kind']}/{found['name']}" == target
