"""A run never fails for where its words go: an old encoding, a full disk, a stream that was closed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agentops.cli.app import run
from agentops.cli.streams import Unfailing

WORDS = ("fix", "--sandbox=bad-image-tag", "--no-model", "--dry-run", "--no-input")


def _program(home: Path, *words: str, **environ: str) -> tuple[list[str], dict[str, str]]:
    return [sys.executable, "-m", "agentops", *words], {**os.environ, "AGENTOPS_HOME": str(home), **environ}


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "ascii:strict"])
@pytest.mark.parametrize("words", [WORDS, ("--help",), ("show", "nothing")])
def test_signs_that_an_encoding_lacks_are_written_in_ascii(
    tmp_path: Path, words: tuple[str, ...], encoding: str, slow: None
) -> None:
    """The same words with ``*`` for a bullet; no traceback on either stream."""
    command, environ = _program(tmp_path, *words, PYTHONIOENCODING=encoding)
    done = subprocess.run(command, capture_output=True, env=environ, check=False, timeout=120)
    wanted = 2 if words[0] == "show" else 0
    assert (done.returncode, b"Traceback" in done.stderr, b"Unicode" in done.stderr) == (wanted, False, False)
    if words == WORDS:
        assert b"  * spec.template.spec.containers[checkout].image" in done.stdout


@pytest.mark.parametrize(("stream", "wanted"), [("2>/dev/full", 0), ("2>&-", 0), (">/dev/full", 0), (">&-", 0)])
def test_a_change_is_not_called_failed_because_nobody_could_read_of_it(
    tmp_path: Path, stream: str, wanted: int, slow: None
) -> None:
    """``fix`` keeps its exit code; a full stderr and a closed one lose what was said there, and nothing else."""
    command, environ = _program(tmp_path, *WORDS)
    words = " ".join(f"'{word}'" for word in command)
    done = subprocess.run(f"{words} {stream}", shell=True, capture_output=True, env=environ, check=False, timeout=120)
    assert (done.returncode, b"Traceback" in done.stderr) == (wanted, False)
    if stream == ">/dev/full":
        assert b"the result cannot be written: No space left on device" in done.stderr


def test_a_reading_command_that_could_not_be_read_has_failed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script must not take nothing for an answer."""
    monkeypatch.setattr(sys, "stdout", None)
    assert run(["history"]) == 1


def test_stderr_is_put_back(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever calls the command line in their own process keeps their streams."""
    before = sys.stderr
    assert run(["history"]) == 0
    assert sys.stderr is before
    assert not isinstance(before, Unfailing)
