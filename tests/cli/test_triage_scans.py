"""``agentops triage`` as a scanner: of dumps, against a baseline, filtered, for other programs, again and again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.cli.scan_forms import junit_faults, require_sarif
from tests.support.terminal import at_terminal

Cli = Callable[..., Any]
_BROKEN = "--sandbox=bad-image-tag"


def _pods(folder: Path, *, ready: bool) -> Path:
    """Write a dump of one namespace with one pod, which runs or cannot pull its image."""
    waiting = {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "shop/web:v9": not found'}
    state = {"running": {"startedAt": "2026-11-20T10:00:00Z"}} if ready else {"waiting": waiting}
    status = {"name": "web", "ready": ready, "restartCount": 0, "image": "shop/web:v9", "imageID": "", "state": state}
    pod = {
        "metadata": {"name": "web-1", "namespace": "shop", "creationTimestamp": "2026-11-20T10:00:00Z"},
        "spec": {"containers": [{"name": "web", "image": "shop/web:v9"}], "nodeName": "n1"},
        "status": {
            "phase": "Running" if ready else "Pending",
            "conditions": [{"type": "Ready", "status": str(ready)}],
            "containerStatuses": [status],
        },
    }
    (folder / "shop").mkdir(parents=True)
    for kind, items in (("Pod", [pod]), ("Event", [])):
        document = {"kind": f"{kind}List", "apiVersion": "v1", "items": items}
        (folder / "shop" / f"{kind.lower()}s.json").write_text(json.dumps(document))
    return folder


def test_a_dump_is_scanned_as_of_its_own_time(cli: Cli, tmp_path: Path) -> None:
    """No cluster and no kubeconfig; what was not saved is named once, and nothing that needs a cluster comes next."""
    done = cli("triage", "--from", str(_pods(tmp_path / "dump", ready=False)), "--exit-code")
    assert (done.code, "dump:dump" in done.out, "ImageNotFound" in done.out, "Next:" in done.out) == (
        3,
        True,
        True,
        False,
    ), done.out + done.err
    assert "it is not in the dump: ConfigMap, " in " ".join(done.out.replace("│ ", "").split())
    document = cli("triage", "--from", str(tmp_path / "dump"), "-o", "json").document
    assert (document["observed_at"], document["context"]) == ("2026-11-20T10:00:00.000Z", "dump:dump")


def test_a_dump_that_tells_too_little_is_not_fine(cli: Cli, tmp_path: Path) -> None:
    """A lone ConfigMap proves nothing about pods: undetermined, and exit 3 where a script asks."""
    path = tmp_path / "config.yaml"
    path.write_text("kind: ConfigMap\napiVersion: v1\nmetadata: {name: x, namespace: shop}\n")
    done = cli("triage", "--from", str(path), "--exit-code")
    assert (done.code, "Undetermined" in done.out, "No problem" in done.out) == (3, True, False)


@pytest.mark.parametrize("status", ["", "status: {}\n"])
@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("Deployment", "{replicas: 2, selector: {matchLabels: {app: web}}}"),
        ("StatefulSet", "{replicas: 2, selector: {matchLabels: {app: web}}}"),
        ("DaemonSet", "{selector: {matchLabels: {app: web}}}"),
        ("Job", "{template: {spec: {restartPolicy: Never}}}"),
        ("Pod", "{containers: [{name: web, image: nginx}]}"),
    ],
)
def test_a_plain_manifest_claims_nothing(cli: Cli, tmp_path: Path, kind: str, spec: str, status: str) -> None:
    """Nobody wrote its status, so no number in it is a zero: undetermined, and what is lacking is named."""
    path = tmp_path / "web.yaml"
    path.write_text(f"kind: {kind}\napiVersion: v1\nmetadata: {{name: web, namespace: shop}}\nspec: {spec}\n{status}")
    done = cli("triage", "--from", str(path), "--exit-code")
    said = " ".join(done.out.replace("│ ", "").split())
    assert (done.code, "Undetermined" in said, "ready" in said) == (3, True, False), done.out
    assert f"the status of shop/{kind}/web" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--from", "nowhere"), "there is no file or folder nowhere"),
        (("--from", "{file}"), "holds no Kubernetes objects"),
        (("--baseline", "nowhere", _BROKEN), "nowhere cannot be read"),
        (("--baseline", "{file}", _BROKEN), "is no result of agentops triage"),
        (("--condition", "ImageNotFond", _BROKEN), "Did you mean ImageNotFound?"),
        (("--severity", "grave", _BROKEN), "'grave' is not one of"),
    ],
)
def test_what_cannot_be_meant_is_refused(cli: Cli, tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    """Each with what would do."""
    (tmp_path / "x.json").write_text('{"command": "show"}')
    done = cli("triage", *(word.replace("{file}", str(tmp_path / "x.json")) for word in words))
    assert (done.code, done.out, said in " ".join(done.err.replace("│ ", "").split())) == (2, "", True), done.err


def test_a_baseline_leaves_only_what_is_new(cli: Cli, tmp_path: Path) -> None:
    """Known problems are counted, not told; gone ones are named; what is new still ends a script with 3."""
    known = cli("triage", _BROKEN, "-o", "json")
    first = known.document["problems"][0]
    baseline = tmp_path / "known.json"
    baseline.write_text(known.out)
    same = cli("triage", _BROKEN, "--baseline", str(baseline), "--exit-code")
    assert (
        same.code,
        "No new problem" in same.out,
        "2 problems of the baseline and 1 recent change of the baseline"
        in " ".join(same.out.replace("│ ", "").split()),
    ) == (0, True, True)
    other = known.document | {"problems": [first | {"condition": "CrashLoop"}]}
    baseline.write_text(json.dumps(other))
    new = cli("triage", _BROKEN, "--baseline", str(baseline), "--exit-code")
    assert (new.code, "ImageNotFound" in new.out, "shop/Deployment/checkout: CrashLoop" in new.out) == (3, True, True)


def test_a_result_against_a_baseline_is_a_baseline_itself(cli: Cli, tmp_path: Path) -> None:
    """What was known stays known."""
    paths = [tmp_path / name for name in ("a.json", "b.json")]
    paths[0].write_text(cli("triage", _BROKEN, "-o", "json").out)
    paths[1].write_text(cli("triage", _BROKEN, "--baseline", str(paths[0]), "-o", "json").out)
    document = cli("triage", _BROKEN, "--baseline", str(paths[1]), "-o", "json").document
    assert (document["problems"], len(document["baseline"]["known"]), document["baseline"]["gone"]) == ([], 3, [])


def test_filters_leave_out_and_say_so(cli: Cli) -> None:
    """By severity and by condition; a scan that shows none for that reason does not say that there is none."""
    only = cli("triage", _BROKEN, "--condition", "ImageNotFound", "-o", "json").document
    assert ([one["condition"] for one in only["problems"]], only["filtered_out"]) == (["ImageNotFound"], 2)
    none = cli("triage", _BROKEN, "--severity", "critical")
    assert ("No such problem" in none.out, "3 by the filters" in none.out, "No problem found" in none.out) == (
        True,
        True,
        False,
    )


def test_sarif_for_code_scanning(cli: Cli) -> None:
    """A rule for each condition; a result names it, the object and how grave it is; recent changes are notes."""
    done = cli("triage", _BROKEN, "-o", "sarif", "--exit-code")
    run = json.loads(done.out)["runs"][0]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    results = {one["ruleId"]: one for one in run["results"]}
    image = results["ImageNotFound"]
    where = image["locations"][0]["logicalLocations"][0]["fullyQualifiedName"]
    assert (done.code, image["level"], results["RolloutChanged"]["level"], where) == (
        3,
        "error",
        "note",
        "shop/Deployment/checkout",
    )
    assert [rules[one["ruleIndex"]] for one in run["results"]] == [one["ruleId"] for one in run["results"]]
    assert run["invocations"][0]["executionSuccessful"] is True


def test_junit_for_ci(cli: Cli, tmp_path: Path) -> None:
    """A problem is a failed test, what was not read a skipped one, a scan that cannot tell an error; counts agree."""
    found = ElementTree.fromstring(
        cli("triage", "--from", str(_pods(tmp_path / "bad", ready=False)), "-o", "junit").out
    )
    suite = found[0]
    failed = [case.get("classname") for case in suite if case.find("failure") is not None]
    skipped = [case for case in suite if case.find("skipped") is not None]
    assert (failed, suite.get("failures"), suite.get("skipped")) == (["shop/Pod/web-1"], "1", str(len(skipped)))
    path = tmp_path / "config.yaml"
    path.write_text("kind: ConfigMap\napiVersion: v1\nmetadata: {name: x, namespace: shop}\n")
    unknown = ElementTree.fromstring(cli("triage", "--from", str(path), "-o", "junit").out)
    assert (unknown[0].get("errors"), unknown[0].get("failures")) == ("1", "0")


@pytest.fixture
def scans(tmp_path: Path) -> list[tuple[str, ...]]:
    """Scans of every kind: broken, well, too little read, against a baseline."""
    bad, fine = _pods(tmp_path / "bad", ready=False), _pods(tmp_path / "fine", ready=True)
    little = tmp_path / "config.yaml"
    little.write_text("kind: ConfigMap\napiVersion: v1\nmetadata: {name: x, namespace: shop}\n")
    return [(_BROKEN,), ("--from", str(bad)), ("--from", str(fine)), ("--from", str(little))]


def test_sarif_keeps_to_its_schema(cli: Cli, scans: list[tuple[str, ...]], tmp_path: Path) -> None:
    """No member that SARIF 2.1.0 does not have, none that it asks for left out; with a baseline too."""
    known = tmp_path / "known.json"
    known.write_text(cli("triage", *scans[1], "-o", "json").out)
    for options in (*scans, (*scans[1], "--baseline", str(known))):
        require_sarif(cli("triage", *options, "-o", "sarif").out)


def test_sarif_names_a_context_that_is_no_host(cli: Cli, tmp_path: Path) -> None:
    """EKS names contexts by their ARN; what a URI cannot hold is written with percent signs."""
    folder = _pods(tmp_path / "arn:aws:eks:eu-west-1:1:cluster prod", ready=False)
    require_sarif(cli("triage", "--from", str(folder), "-o", "sarif").out)


def test_junit_keeps_to_the_form_that_is_checked(cli: Cli, scans: list[tuple[str, ...]]) -> None:
    """Elements, attributes and counts are those by which CI servers check such a file."""
    faults = [
        fault
        for options in scans
        for fault in junit_faults(ElementTree.fromstring(cli("triage", *options, "-o", "junit").out))
    ]
    assert faults == []


def test_an_error_in_these_forms_is_no_half_document(cli: Cli) -> None:
    """Nothing on stdout, one line on stderr."""
    for form in ("sarif", "junit"):
        done = cli("triage", "--from", "nowhere", "-o", form)
        assert (done.code, done.out, "there is no file" in done.err) == (2, "", True)
    assert cli("history", "-o", "sarif").code == 2


def test_a_watch_without_a_terminal_prints_what_comes_and_goes(home: Path, tmp_path: Path) -> None:
    """A line for each, until Ctrl-C, which is the way it ends; the first sweep is on record."""
    environ = {**os.environ, "AGENTOPS_HOME": str(home)}
    words = [sys.executable, "-m", "agentops", "triage", _BROKEN, "--watch", "--every", "2"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        time.sleep(3)
        process.send_signal(2)
        rest, _ = process.communicate(timeout=30)
    lines = [line, *rest.splitlines()]
    assert (process.returncode, "  new   high" in line, len([one for one in lines if "ImageNotFound" in one])) == (
        0,
        True,
        1,
    )
    records = [json.loads(one) for one in (home / "audit/audit.jsonl").read_text().splitlines()]
    assert [one["event"] for one in records].count("triage") == 1


def test_a_watch_on_a_terminal_is_a_table(home: Path) -> None:
    """Head, rows, where it looks and how it ends."""
    session = at_terminal(
        ("triage", _BROKEN, "--watch", "--every", "2"),
        [("Ctrl-C ends", "\x03")],
        {"AGENTOPS_HOME": str(home)},
        output_too=True,
    )
    assert (session.code, "2 problems" in session.screen, "shop/Deployment/checkout" in session.screen) == (
        0,
        True,
        True,
    ), session.screen
