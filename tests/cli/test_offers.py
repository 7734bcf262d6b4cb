"""What policy never lets pass is not offered to the model that drafts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.app.fix.scripting import RIGHT, turns_of
from tests.cli.conftest import Cli

NO_IMAGE = '@id("no-image") forbid (principal, action == Ops::Action::"kubernetes_set_image", resource);'


def told(home: Path) -> str:
    """Return all that the run's model was told."""
    (transcript,) = home.glob("**/transcript.jsonl")
    return "\n".join(json.dumps(json.loads(line)) for line in transcript.read_text(encoding="utf-8").splitlines())


@pytest.fixture
def drafted(cli: Cli, home: Path, tmp_path: Path) -> Any:
    """Run a fix whose model drafts the right cure of the bad image tag, which is to set the image."""

    def run(forbid: str = "") -> tuple[Any, str]:
        if forbid:
            cli("policy", "init")
            with next(home.glob("**/policy.cedar")).open("a", encoding="utf-8") as file:
                file.write(f"\n{forbid}\n")
        entry = RIGHT["bad-image-tag"]
        script = tmp_path / "turns.yaml"
        script.write_text(yaml.safe_dump({"turns": turns_of(entry, entry["plans"])}), encoding="utf-8")
        done = cli("fix", "--sandbox=bad-image-tag", "--dry-run", "-o", "json", "--model", f"scripted:{script}")
        return done, told(home)

    return run


def test_a_tool_that_policy_forbids_outright_cannot_be_drafted(drafted: Any) -> None:
    """The model hears that there is no such tool, not that policy refused it: nothing was tried out."""
    _, said = drafted(NO_IMAGE)
    assert ("there is no change tool 'kubernetes_set_image'" in said, "policy refuses" in said) == (True, False)


def test_during_a_freeze_the_model_has_nothing_to_draft_with(drafted: Any, home: Path) -> None:
    """The run only investigates: a draft would be refused whatever it is."""
    (home / "config.toml").parent.mkdir(parents=True, exist_ok=True)
    (home / "config.toml").write_text('[policy]\nfreeze = ["2020-01-01T00:00:00Z/2100-01-01T00:00:00Z"]\n')
    _, said = drafted()
    assert ("draft_change" in said, "Appended to the plan" in said) == (True, False)


def test_a_tool_that_policy_may_allow_is_drafted(drafted: Any) -> None:
    """The same draft without that forbid becomes the plan."""
    done, _ = drafted()
    assert [one["tool"] for one in done.document["plan"]["changes"]] == ["kubernetes_set_image"]


@pytest.mark.parametrize("setting", ["read-only", "freeze"])
def test_where_nothing_may_be_changed_the_end_says_so(
    setting: str, drafted: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model had no change tool; that is a refusal (4) with its reason, not a cause without a known cure (9)."""
    if setting == "read-only":
        monkeypatch.setenv("AGENTOPS_READ_ONLY", "1")
    else:
        home.mkdir(mode=0o700, exist_ok=True)
        (home / "config.toml").write_text('[policy]\nfreeze = ["2020-01-01T00:00:00Z/2090-01-01T00:00:00Z"]\n')
    done, _told = drafted()
    said = {"read-only": "read-only here", "freeze": "frozen"}[setting]
    assert (done.code, done.document["status"], said in done.document["errors"][0]["message"]) == (4, "refused", True)
