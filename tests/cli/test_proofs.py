"""Anchors, keys and proofs: what shows tampering that the chain alone cannot see."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the first test of this module leaves its home for the others to start from."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
def anchored(cli: Cli, home: Path, kept: Path) -> Path:
    """A home after two runs, the first of them anchored; returns the anchor's file."""
    anchor = home.parent / "anchor"
    if (kept / "home").is_dir():
        shutil.copytree(kept / "home", home)
        shutil.copy2(kept / "anchor", anchor)
        return anchor
    cli("triage", "--sandbox=bad-image-tag", "-n", "shop")
    assert cli("audit", "anchor", "--to", str(anchor)).code == 0
    cli("triage", "--sandbox=bad-image-tag", "-n", "shop")
    shutil.copytree(home, kept / "home")
    shutil.copy2(anchor, kept / "anchor")
    return anchor


def test_a_log_that_went_on_agrees_with_its_anchor(cli: Cli, anchored: Path) -> None:
    """Records after the anchor do not disturb it."""
    done = cli("audit", "verify", "--anchor", str(anchored), "-o", "json")
    assert (done.code, done.document["status"]) == (0, "ok")


def test_a_log_emptied_with_its_checkpoints_is_shown_by_the_anchor(cli: Cli, anchored: Path, home: Path) -> None:
    """Whoever removes everything still cannot remove what is kept elsewhere."""
    for path in (home / "audit").iterdir():
        path.unlink()
    assert cli("audit", "verify").code == 0
    done = cli("audit", "verify", "--anchor", str(anchored), "-o", "json")
    assert (done.code, done.document["status"] in ("tampered", "unanchored", "key-mismatch")) == (8, True)


def test_another_key_is_not_believed(cli: Cli, anchored: Path, home: Path, tmp_path: Path) -> None:
    """With --key, only signatures of that key count."""
    (key,) = cli("audit", "keys", "-o", "json").document["keys"]
    assert cli("audit", "verify", "--key", key).code == 0
    (home / "audit").rename(tmp_path / "old")
    cli("triage", "--sandbox=bad-image-tag", "-n", "shop")
    assert cli("audit", "verify", "--key", key, "-o", "json").code == 8


def test_a_proof_convinces_with_the_public_key_alone(cli: Cli, anchored: Path, tmp_path: Path) -> None:
    """A record is proved without the log; a changed record is not."""
    (key,) = cli("audit", "keys", "-o", "json").document["keys"]
    proof = tmp_path / "proof.json"
    assert cli("audit", "prove", "2", "--to", str(proof)).code == 0
    done = cli("audit", "check-proof", str(proof), "--key", key, "-o", "json")
    assert (done.code, done.document["record"]["seq"]) == (0, 2)
    document = json.loads(proof.read_text("utf-8"))
    proof.write_text(json.dumps({**document, "record": document["record"].replace("shop", "shoq")}), encoding="utf-8")
    assert cli("audit", "check-proof", str(proof), "--key", key).code == 8


@pytest.mark.parametrize(
    "words",
    [
        ("verify", "--key", "nonsense"),
        ("verify", "--anchor", "/no/such/file"),
        ("prove", "99999"),
        ("check-proof", "/no/such/file", "--key", "nonsense"),
        ("prove",),
        ("prove", "--growth", "/no/such/file"),
        ("anchor", "--to", "gs://bucket/x"),
        ("anchor", "--to", "s3://UPPER/x"),
        ("anchor", "--to", "s3://bucket/a/../b"),
        ("anchor", "--to", "git:/no/such/repository"),
        ("export", "--to", "git:/no/such/repository"),
    ],
)
def test_what_cannot_be_used_is_a_usage_error(cli: Cli, anchored: Path, words: tuple[str, ...]) -> None:
    """A wrong key, file or record number is one line and exit 2."""
    done = cli("audit", *words)
    assert (done.code, "Traceback" in done.err) == (2, False)


def test_before_the_first_run_there_are_no_keys(cli: Cli) -> None:
    """Nothing signed yet is not an error."""
    assert cli("audit", "keys", "-o", "json").document["keys"] == []
