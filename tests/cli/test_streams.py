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
        assert b"  * containers[checkout].image" in done.stdout


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


@pytest.mark.parametrize(("stream", "why"), [(">&-", "standard output is closed"), (">/dev/full", "No space left")])
@pytest.mark.parametrize(
    "words",
    ["version", "--help", "help", "completion bash", "show --help", "history", "init --print", "history -o json"],
)
def test_a_reading_command_that_could_not_be_read_has_failed(
    tmp_path: Path, words: str, stream: str, why: str, slow: None
) -> None:
    """A script must not take nothing for an answer; whoever reads stderr is told, in one line."""
    command, environ = _program(tmp_path, *words.split())
    line = " ".join(f"'{word}'" for word in command)
    done = subprocess.run(f"{line} {stream}", shell=True, capture_output=True, env=environ, check=False, timeout=120)
    said = done.stderr.decode().splitlines()
    assert (done.returncode, len(said), f"Error: the result cannot be written: {why}" in said[0]) == (1, 1, True)


@pytest.mark.parametrize("streams", [">&- 2>&-", ">/dev/full 2>/dev/full", "2>&-", "2>/dev/full"])
@pytest.mark.parametrize("words", ["version", "", "show nothing", "__complete sho"])
def test_nobody_to_tell_is_no_failure_of_its_own(tmp_path: Path, words: str, streams: str, slow: None) -> None:
    """The exit codes are the documented ones, without a word of the interpreter, whose failed flush would say 120."""
    command, environ = _program(tmp_path, *words.split())
    line = " ".join(f"'{word}'" for word in command)
    done = subprocess.run(f"{line} {streams}", shell=True, capture_output=True, env=environ, check=False, timeout=120)
    wanted = {"": 2, "show nothing": 2, "version": int(">" in streams[0]), "__complete sho": 0}[words]
    assert (done.returncode, done.stderr) == (wanted, b"")


def test_stderr_is_put_back(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever calls the command line in their own process keeps their streams."""
    before, out = sys.stderr, sys.stdout
    assert run(["history"]) == 0
    assert (sys.stderr, sys.stdout) == (before, out)
    assert not isinstance(before, Unfailing)
