"""The scripted models of docs/models.md, run as they stand there: they work for ``ask`` and for ``do``."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "models.md"
_SCRIPT = re.compile(r"<!-- (\w+\.yaml) -->\n```yaml\n(.*?)```", re.DOTALL)
_COMMAND = re.compile(r"^For `agentops (.*)`:$", re.MULTILINE)


@pytest.mark.parametrize(
    ("which", "flags", "said"),
    [
        ("ask", (), "Some Deployments run in shop [E2]."),
        ("do", ("--yes",), "Done as asked"),
        ("do", ("--dry-run",), "Planned: a dry run, nothing was changed"),
    ],
)
def test_the_script_of_the_page_works(tmp_path: Path, which: str, flags: tuple[str, ...], said: str) -> None:
    """Written to the file that its command names, and run by that command, with the policy that is shipped."""
    page = PAGE.read_text(encoding="utf-8")
    scripts = dict(_SCRIPT.findall(page))
    (command,) = (line for line in _COMMAND.findall(page) if line.startswith(f"{which} "))
    (tmp_path / f"{which}.yaml").write_text(scripts[f"{which}.yaml"])
    words = [sys.executable, "-m", "agentops", *shlex.split(command), *flags]
    environ = {"AGENTOPS_HOME": str(tmp_path / "home"), "PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    done = subprocess.run(
        words,
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        stdin=subprocess.DEVNULL,
    )
    assert (done.returncode, said in done.stdout) == (0, True), done.stdout + done.stderr
