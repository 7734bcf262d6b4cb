"""Install real MCP servers outside the repository: ``python -m tests.real_mcp.install FOLDER [KEY ...]``.

Each gets a folder of its own, so that their dependencies never meet: ``npm/KEY/`` or a virtual environment ``py/KEY/``.
One that cannot be installed is said, and its tests skip. ``AGENTOPS_REAL_MCP=FOLDER`` then names the folder.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tests.real_mcp.servers import SERVERS, RealServer


def main() -> int:
    """Install the servers that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("keys", nargs="*", metavar="KEY")
    words = parser.parse_args()
    failed = 0
    for key in words.keys or SERVERS:
        started = time.monotonic()
        said = install(SERVERS[key], words.folder.absolute())
        failed += bool(said)
        sys.stderr.write(f"{key}: {said or 'installed'} ({time.monotonic() - started:.0f} s)\n")
    return 1 if failed else 0


def install(server: RealServer, folder: Path) -> str:
    """Install one server below ``folder``; return why it could not be, or an empty text."""
    place = folder / server.folder
    if server.registry == "npm":
        npm = shutil.which("npm")
        if not npm:
            return "npm is not here"
        package = f"{server.package}@{server.version}"
        commands = [[npm, "install", "--no-audit", "--no-fund", "--prefix", str(place), package]]
    else:
        python = _python(server.python)
        if not python:
            return f"{server.python} is not here"
        package = f"{server.package}=={server.version}"
        pip = [str(place / "bin/python"), "-m", "pip", "install", "-q", "--disable-pip-version-check", package]
        commands = [[python, "-m", "venv", str(place)], pip]
    place.mkdir(parents=True, exist_ok=True)
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return (done.stderr.strip().splitlines() or ["it failed without a word"])[-1]
    return ""


def _python(name: str) -> str:
    """Return an interpreter of that version, also one that pyenv has and does not put on PATH; empty without one."""
    version = name.removeprefix("python")
    found = [shutil.which(name), *sorted(map(str, Path.home().glob(f".pyenv/versions/{version}.*/bin/python")))]
    for one in filter(None, found):
        if subprocess.run([one, "--version"], capture_output=True, check=False).returncode == 0:
            return one
    return ""


if __name__ == "__main__":
    raise SystemExit(main())
