"""An API server that cannot be trusted: commands end with plain words, in bounded memory, and call nothing well."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load
from tests.support.measured_run import measured
from tests.support.policies import mild_policy

NOTHING_USABLE = (
    "redirect-302", "redirect-307", "half", "wrong-content-type", "login-page", "status-200", "failure-200",
    "empty-object", "null", "items-null", "items-object", "list-without-metadata", "deep", "tiny-items",
    "endless-continue",
)  # fmt: skip
SOME_USABLE = ("no-name", "item-without-metadata", "impossible-name", "items-strings", "not-utf8")
MEMORY_MIB = 400


@pytest.fixture(scope="module")
def well() -> Iterator[Sandbox]:
    """A cluster in which nothing is wrong any more; no test changes it."""
    with Sandbox(load("stale-alert")) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def ill() -> Iterator[Sandbox]:
    """A cluster with a bad image tag; no test changes it."""
    with Sandbox(load("bad-image-tag")) as sandbox:
        yield sandbox


@pytest.fixture
def served(tmp_path: Path, home: Path, hostile: ModuleType) -> Iterator[Callable[..., Any]]:
    """Serve a cluster spoilt: ``served(cluster, "half", seed=3)``."""
    opened: list[Any] = []
    home.mkdir(mode=0o700)
    (home / "policy.cedar").write_text(mild_policy())

    def serve(cluster: Sandbox, mode: str, **more: Any) -> Any:
        server = hostile.HostileServer(cluster.server.api, tmp_path, mode, **more)
        opened.append(server)
        return server.__enter__()

    yield serve
    for server in opened:
        server.__exit__()


def _at(server: Any) -> tuple[str, ...]:
    return ("--kubeconfig", str(server.kubeconfig), "--no-input", "-o", "json")


def test_an_honest_server_is_read_whole(cli: Any, served: Any, well: Sandbox) -> None:
    """The way of these tests spoils nothing by itself."""
    done = cli("triage", "--exit-code", *_at(served(well, "honest")))
    assert (done.code, done.document["status"], done.document["not_read"]) == (0, "done", [])


@pytest.mark.parametrize("mode", NOTHING_USABLE)
def test_where_nothing_can_be_read_the_run_fails(cli: Any, served: Any, well: Sandbox, mode: str) -> None:
    """It is an error with its reason, and no verdict."""
    done = cli("triage", *_at(served(well, mode)))
    assert (done.code, done.document["status"], done.document.get("finding")) == (1, "error", None)
    assert done.document["errors"][0]["code"] in ("redirect", "odd-answer", "too-large", "bad-request")


@pytest.mark.parametrize("mode", SOME_USABLE)
def test_where_something_is_left_out_nothing_is_called_well(cli: Any, served: Any, well: Sandbox, mode: str) -> None:
    """Each list with a part that cannot be right is a gap, and what is left does not count as all."""
    document = cli("triage", *_at(served(well, mode))).document
    assert document["status"] in ("undetermined", "found")
    assert document["finding"]["verdict"] != "no-problem"
    assert "Pod in all namespaces" in [gap["what"] for gap in document["not_read"]]


@pytest.mark.parametrize("only", ["/pods", "/deployments", "/events", "/replicasets"])
def test_one_list_that_is_no_list_is_enough_not_to_judge(cli: Any, served: Any, well: Sandbox, only: str) -> None:
    """All else is read and well, and still nobody may say that all is."""
    done = cli("triage", "--exit-code", *_at(served(well, "status-200", only=only)))
    finding = done.document["finding"]
    assert (done.code, done.document["status"], finding["verdict"]) == (3, "undetermined", "undetermined")
    assert "it could not be judged whether all is well" in finding["conclusion"]


def test_an_impossible_name_is_named_and_stops_nothing_else(cli: Any, served: Any, ill: Sandbox) -> None:
    """The pod is left out and shown, escaped; the cause elsewhere is still found, and said to rest on what was left."""
    document = cli("triage", *_at(served(ill, "impossible-name", only="/pods"))).document
    reasons = [gap["reason"] for gap in document["not_read"] if gap["what"] == "Pod in all namespaces"]
    assert reasons == [
        "1 part of the answer cannot be right and was left out: an entry of Pod metadata.name: "
        "'../../etc\\x00 \\u202e' cannot be a name"
    ]
    assert "ImageNotFound" in [one["condition"] for one in document["problems"]]
    assert document["finding"]["confidence"] == "low"


def test_an_object_of_a_namespace_that_was_not_asked_for_is_left_out(cli: Any, served: Any, ill: Sandbox) -> None:
    """A list of one namespace holds objects of it alone."""
    document = cli("triage", "-n", "shop", *_at(served(ill, "other-namespace"))).document
    reasons = [gap["reason"] for gap in document["not_read"] if gap["what"] == "Pod in shop"]
    assert [one.endswith("metadata.namespace: elsewhere was not asked for") for one in reasons] == [True]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("words", [("triage",), ("investigate", "ALERT", "--no-model"), ("fix", "ALERT", "--no-model")])
def test_wrong_types_are_left_out_and_named(
    cli: Any, served: Any, ill: Sandbox, tmp_path: Path, words: tuple[str, ...], seed: int
) -> None:
    """One field in fifty has another type than the API gives it: no error is unforeseen, and no plan rests on it."""
    server = served(ill, "wrong-types", seed=seed)
    (tmp_path / "alert.json").write_text(json.dumps(ill.alert_payload), encoding="utf-8")
    done = cli(*(str(tmp_path / "alert.json") if one == "ALERT" else one for one in words), *_at(server))
    messages = [one["message"] for one in done.document.get("errors") or []]
    assert [one for one in messages if "unexpected" in one] == []
    assert (server.spoilt > 0, done.document["status"] in ("done", "applied")) == (True, False)
    if words[0] == "triage":
        reasons = " ".join(gap["reason"] for gap in done.document["not_read"])
        assert "cannot be right and were left out: Pod shop/" in reasons.replace("kube-system", "shop")


@pytest.mark.parametrize("mode", ["endless-stream", "huge-list", "tiny-items", "gzip-bomb"])
def test_memory_stays_bounded(served: Any, well: Sandbox, tmp_path: Path, mode: str) -> None:
    """Whatever a server sends, and however much of it: the process stays small, and ends."""
    server = served(well, mode)
    done = measured(("triage", *_at(server)), tmp_path)
    assert (done.code, json.loads(done.out)["errors"][0]["code"], done.peak_mib < MEMORY_MIB) == (1, "too-large", True)


@pytest.mark.parametrize("setting", ["max_read_mib", "max_memory_mib"])
def test_the_limits_of_a_run_are_said_when_they_are_reached(
    served: Any, well: Sandbox, home: Path, tmp_path: Path, setting: str
) -> None:
    """The message names the setting to raise; in a process of its own, whose memory is that of the run."""
    server = served(well, "huge-annotations")
    (home / "config.toml").write_text(f"[limits]\n{setting} = 1\n")
    document = json.loads(measured(("triage", *_at(server)), tmp_path).out)
    gaps = [gap["reason"] for gap in document.get("not_read") or ()]
    said = [f"{one['message']} {one['hint']}" for one in document.get("errors") or []] + gaps
    assert any("so no more is read" in one for one in said), said
    assert document["status"] != "done"


SCALED = {"tool": "kubernetes_scale", "arguments": {"target": "shop/Deployment/catalog", "replicas": 3}}


@pytest.mark.parametrize("dry_runs", [True, False])
@pytest.mark.parametrize(
    "mode", ["wrong-types", "status-200", "login-page", "empty-object", "half", "redirect-307", "endless-stream"]
)
def test_a_spoilt_answer_to_a_write_is_a_no_or_a_doubt(
    cli: Any, served: Any, hostile: ModuleType, tmp_path: Path, mode: str, dry_runs: bool
) -> None:
    """To a dry run it makes no plan; to the change itself it makes doubt: never "applied and verified"."""
    said = {
        "verdict": "root-cause", "conclusion": "x", "confidence": "medium", "evidence": ["{{first}}"], "ruled_out": [],
        "not_checked": [], "next_steps": [],
        "cause": {"resource": "shop/Deployment/checkout", "condition": "ImageNotFound"},
    }  # fmt: skip
    script = tmp_path / "script.yaml"
    report = {"tool": "report_finding", "arguments": said}
    script.write_text(yaml.safe_dump({"turns": [{"calls": [SCALED]}, {"calls": [report]}]}), encoding="utf-8")
    with Sandbox(load("bad-image-tag")) as sandbox:
        server = served(sandbox, mode, seed=1, methods=("PATCH",), dry_runs=dry_runs)
        words = ("fix", "k8s:shop/Deployment/checkout", f"--model=scripted:{script}", "--yes")
        done = cli(*words, *_at(server))
    assert done.document["status"] not in ("applied", "done"), done.document
    assert done.code != 0
    assert "unexpected" not in json.dumps(done.document.get("errors"))
    if dry_runs:
        assert [query for method, _, query in server.requests if method == "PATCH" and "dryRun" not in query] == []
