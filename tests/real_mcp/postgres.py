"""A real PostgreSQL on loopback, in a folder of the test's own; as another user where the tests run as root."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ACCOUNT = "postgres"


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running server. Its superuser is ``postgres``, who needs no password from this machine."""

    port: int
    folder: Path

    def url(self, role: str = "postgres", database: str = "postgres") -> str:
        """Return the address with which ``role`` signs in."""
        return f"postgresql://{role}@127.0.0.1:{self.port}/{database}"

    def run(self, *sql: str, role: str = "postgres", database: str = "postgres") -> subprocess.CompletedProcess[str]:
        """Run each text as ``role`` in a transaction of its own, through psql, and stop at the first error."""
        command = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", self.url(role, database)]
        command += [word for one in sql for word in ("-c", one)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)

    def value(self, sql: str, database: str = "postgres") -> str:
        """Return the one value that SQL gives to the superuser."""
        done = self.run(sql, database=database)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


def programs() -> Path | None:
    """Return the folder of ``initdb`` and ``pg_ctl``; Debian has it outside PATH. None without one."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    newest = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda one: int(one.parts[4]))
    return newest[-1].parent if newest else None


def missing() -> str:
    """Return why no PostgreSQL can be started here, or an empty text."""
    if programs() is None or not shutil.which("psql"):
        return "PostgreSQL is not installed (apt-get install postgresql)"
    if os.geteuid() == 0 and (not shutil.which("runuser") or not _has_account()):
        return f"PostgreSQL refuses root, and there is no account {ACCOUNT}"
    return ""


@contextmanager
def running() -> Iterator[Postgres]:
    """Start a server; stop it and remove its files at the end."""
    place = programs()
    assert place is not None
    folder = Path(tempfile.mkdtemp(prefix="agentops-postgres-"))
    become: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(folder, ACCOUNT)
        become = ["runuser", "-u", ACCOUNT, "--"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    data = str(folder / "data")
    control = [*become, str(place / "pg_ctl"), "-D", data, "-w"]
    options = f"-p {port} -h 127.0.0.1 -k {folder} -F"
    try:
        _do([*become, str(place / "initdb"), "-D", data, "-U", "postgres", "--auth=trust", "--no-sync"], folder)
        _do([*control, "-o", options, "-l", str(folder / "log"), "start"], folder)
        yield Postgres(port, folder)
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], cwd=folder, capture_output=True, check=False, timeout=60)
        shutil.rmtree(folder, ignore_errors=True)


def _do(command: list[str], folder: Path) -> None:
    # pg_ctl leaves the server behind with what it inherits: pipes would never end.
    with (folder / "said").open("w") as said:
        done = subprocess.run(command, cwd=folder, stdout=said, stderr=said, check=False, timeout=60)
    assert done.returncode == 0, (folder / "said").read_text()


def _has_account() -> bool:
    try:
        pwd.getpwnam(ACCOUNT)
    except KeyError:
        return False
    return True
