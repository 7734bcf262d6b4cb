"""Conditions of one's own: rules in a file, and analyzers of an installed package, through the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]
_SANDBOX = "--sandbox=bad-image-tag"
_RULE = """
rules:
- condition: OneReplica
  kind: deploy
  when: object.spec.replicas < 3
  summary: "{object.spec.replicas} replica(s) of {object.metadata.name} carry everything"
  severity: high
  weight: information
  advice: Run at least three.
  show: [spec.replicas, spec.strategy.type]
"""
_PACKAGE = """
from agentops.core.alert import Severity
from agentops.core.finding import Problem
from agentops.providers.kubernetes.analysis.report import quote
from agentops.providers.kubernetes.analyzers.declaration import analyzer, symptom


@analyzer("house", symptom("HouseRule", "Namespace", "always"))
def house(graph):
    for item in graph.of("Namespace"):
        yield Problem(resource=graph.ref(item), condition="HouseRule", summary="seen", severity=Severity.WARNING,
                      analyzer="house", facts=(quote(graph, item, "metadata.name", "x"),), root=False)
"""


def _file(folder: Path, text: str) -> str:
    path = folder / "rules.yaml"
    path.write_text(text)
    return str(path)


def _found(document: Any, condition: str) -> list[Any]:
    return [one for one in document["problems"] if one["condition"] == condition]


def test_a_rule_is_judged_of_each_object(cli: Cli, tmp_path: Path) -> None:
    """Object, words, quotations, severity; it stands beside what agentops finds by itself and explains nothing."""
    document = cli("triage", _SANDBOX, "--rules", _file(tmp_path, _RULE), "-o", "json").document
    found = _found(document, "OneReplica")
    assert found
    first = found[0]
    name = first["resource"].rpartition("/")[2]
    assert first["summary"].endswith(f"replica(s) of {name} carry everything")
    assert ([fact["path"] for fact in first["facts"]], first["severity"], first["root"]) == (
        ["spec.replicas", "spec.strategy.type"],
        "high",
        False,
    )
    assert document["finding"]["cause"]["condition"] == "ImageNotFound"


def test_a_rule_sees_fields_that_no_analyzer_reads(cli: Cli, tmp_path: Path) -> None:
    """Objects are pruned for the built-in analyzers; a rule gets all of them, so "not there" is true."""
    rule = "rules: [{condition: HasHistory, kind: Deployment, when: has(object.spec.revisionHistoryLimit), summary: x}]"
    document = cli("triage", _SANDBOX, "--rules", _file(tmp_path, rule), "-o", "json").document
    assert len(_found(document, "HasHistory")) == document["read"]["Deployment"]


def test_an_expression_that_cannot_say_is_no_claim(cli: Cli, tmp_path: Path) -> None:
    """What is not there makes no problem; that the rule could not say of so many objects is told, with the way out."""
    rule = "rules: [{condition: Owned, kind: Deployment, when: object.spec.nosuch == 1, summary: x}]"
    document = cli("triage", _SANDBOX, "--rules", _file(tmp_path, rule), "-o", "json").document
    failures = _found(document, "AnalyzerFailed")
    assert (_found(document, "Owned"), len(failures), "has(...)" in failures[0]["advice"]) == ([], 1, True)
    assert "could not say of 9 objects" in failures[0]["summary"]


def test_credentials_in_a_value_stay_hidden(cli: Cli, tmp_path: Path) -> None:
    """A rule that quotes what looks like one gets no further with it than an analyzer."""
    value = "'token: ghp_' + '" + "a1B2" * 9 + "'"
    rule = {"condition": "Leaky", "kind": "Namespace", "when": "true", "summary": "{" + value + "}", "show": []}
    out = cli("triage", _SANDBOX, "--rules", _file(tmp_path, json.dumps({"rules": [rule]})), "-o", "json").out
    assert ("Leaky" in out, "ghp_a1B2a1B2" in out.replace(value, "")) == (True, False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules: [{condition: A1b, kind: Deployment, when: 'object.', summary: x}]", "rule 1: when is not CEL: 1:8"),
        ("rules: [{condition: A1b, kind: Deployment, when: 'true', summary: '{a b}'}]", "rule 1: summary is not CEL"),
        ("rules: [{condition: CrashLoop, kind: Pod, when: 'true', summary: x}]", "CrashLoop is a built-in condition"),
        ("rules: [{condition: A1b, kind: Deploymnt, when: 'true', summary: x}]", "Did you mean Deployment"),
        ("rules: [{condition: a, kind: Pod, when: 'true', summary: x}]", "condition must be a name in CamelCase"),
        ("rules: [{condition: A1b, kind: Pod, when: 'true'}]", "summary must be a text"),
        ("rules: [{condition: A1b, kind: Pod, when: 'true', summary: x, remedy: y}]", "unknown field remedy"),
        ("rules: [{condition: A1b, kind: Pod, when: 'true', summary: x, severity: bad}]", "severity must be one of"),
        ("rules: 3", "has no list `rules`"),
        ("a: [", "is not YAML"),
        (_RULE + _RULE.replace("rules:\n", ""), "OneReplica is declared at"),
    ],
)
def test_a_file_that_is_not_understood_is_refused_whole(cli: Cli, tmp_path: Path, text: str, said: str) -> None:
    """Nothing is scanned with half of the rules."""
    done = cli("triage", _SANDBOX, "--rules", _file(tmp_path, text))
    assert (done.code != 0, done.out, said in " ".join(done.err.replace("│ ", "").split())) == (True, "", True), (
        done.err
    )


def test_the_settings_name_files_beside_them(cli: Cli, home: Path) -> None:
    """A path in the config file is relative to it; the environment cannot name one."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "rules.yaml").write_text(_RULE)
    (home / "config.toml").write_text('[kubernetes]\nrules = ["rules.yaml"]\n')
    assert _found(cli("triage", _SANDBOX, "-o", "json").document, "OneReplica")


def test_an_installed_analyzer_runs_only_where_the_settings_name_it(
    cli: Cli, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package that is merely there is not run; one that is named and not there, or no analyzer, is an error."""
    site = tmp_path / "site"
    (site / "house-1.0.dist-info").mkdir(parents=True)
    (site / "house_rules.py").write_text(_PACKAGE)
    (site / "house-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: house\nVersion: 1.0\n")
    entries = "[agentops.kubernetes_analyzers]\nhouse = house_rules:house\nother = house_rules:Severity\n"
    (site / "house-1.0.dist-info" / "entry_points.txt").write_text(entries)
    monkeypatch.syspath_prepend(str(site))
    home.mkdir(parents=True, exist_ok=True)
    config = home / "config.toml"
    assert not _found(cli("triage", _SANDBOX, "-o", "json").document, "HouseRule")
    config.write_text('[kubernetes]\nanalyzers = ["house"]\n')
    assert _found(cli("triage", _SANDBOX, "-o", "json").document, "HouseRule")
    for name, said in (("nosuch", "Installed are: house, other"), ("other", "not a declared analyzer")):
        config.write_text(f'[kubernetes]\nanalyzers = ["{name}"]\n')
        done = cli("triage", _SANDBOX)
        assert (done.code != 0, said in " ".join(done.err.replace("│ ", "").split())) == (True, True), done.err
