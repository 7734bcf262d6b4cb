"""A destination in a git repository: one branch of its own, never checked out, to which commits are only added.

Comes in: a repository. Goes out: files in commits on the branch ``agentops-audit``. Works on the object store alone,
by the ``git`` program with lists of arguments: no shell, no hook, no filter, no monitor, no network; the work tree,
the index and every other branch stay as they are. What is read is each file as it was first committed:
a later commit that changes or deletes one hides nothing. It does not push; whoever keeps the branch elsewhere does.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from agentops.audit.destinations.destination import DestinationError, other_bytes
from agentops.core.clock import Clock
from agentops.core.errors import UsageError
from agentops.core.text import one_line

BRANCH = "refs/heads/agentops-audit"
_NONE = "0" * 40
_TIMEOUT_S = 60
_ATTEMPTS = 5
_WHO = {"NAME": "agentops", "EMAIL": "agentops@localhost"}
# A repository's own configuration can name programs to run; none of them may.
_SAFE = tuple(
    word
    for setting in (
        f"core.hooksPath={os.devnull}",
        "core.fsmonitor=false",
        "commit.gpgSign=false",
        "gc.auto=0",
        "protocol.allow=never",
    )
    for word in ("-c", setting)
)


class GitDestination:
    """The branch ``agentops-audit`` of one repository, bare or not."""

    unlocked = 0

    def __init__(self, target: str, repository: Path, clock: Clock) -> None:
        self.target = target
        self._repository = repository
        self._clock = clock
        if not repository.is_dir():
            raise UsageError(f"{repository} is not a folder", hint=f"Make a repository: git init {repository}")
        inside = self._said("rev-parse", "--show-prefix")
        if inside:
            # A slip of the keyboard must not put a branch into whatever repository lies around the folder.
            raise UsageError(f"{repository} is a folder inside a repository", hint="Name the repository itself.")

    def names(self) -> tuple[str, ...]:
        """Return every path that a commit of the branch ever had."""
        return tuple(sorted(self._blobs()))

    def read(self, name: str) -> bytes:
        """Return a file as it was first committed."""
        blob = self._blobs().get(name)
        if blob is None:
            raise DestinationError(f"{self.target} holds no {one_line(name)}")
        return self._git("cat-file", "blob", blob)

    def holds(self, name: str, data: bytes) -> bool | None:
        """Compare a file as it was first committed with ``data``."""
        return self.read(name) == data if name in self._blobs() else None

    def put(self, name: str, data: bytes) -> None:
        """Commit a new file on the branch, and read it back."""
        if name not in self._blobs():
            self._commit(name, data)
        if not self.holds(name, data):
            raise other_bytes(self.target, name)

    def _blobs(self) -> dict[str, str]:
        if not self._tip():
            return {}
        found: dict[str, str] = {}
        # Oldest commit first, or a file that was changed and changed back would seem the changed one.
        listed = self._git("rev-list", "--reverse", "--objects", "--filter=object:type=blob", BRANCH)
        for line in listed.decode("utf-8", "replace").splitlines():
            blob, _, path = line.partition(" ")
            if path:
                found.setdefault(path, blob)
        return found

    def _commit(self, name: str, data: bytes) -> None:
        blob = self._said("hash-object", "-w", "--no-filters", "--stdin", stdin=data)
        for _attempt in range(_ATTEMPTS):
            tip = self._tip()
            with tempfile.TemporaryDirectory(prefix="agentops-") as folder:
                own_index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
                if tip:
                    self._git("read-tree", tip, environ=own_index)
                self._git("update-index", "--add", "--cacheinfo", f"100644,{blob},{name}", environ=own_index)
                tree = self._said("write-tree", environ=own_index)
            parents = ("-p", tip) if tip else ()
            commit = self._said("commit-tree", tree, *parents, "-m", f"Keep {name}", environ=self._dated())
            try:
                # Only when the branch is still where it was: two that anchor at once both get their commit.
                self._git("update-ref", BRANCH, commit, tip or _NONE)
            except DestinationError:
                if self._tip() == tip:
                    raise
            else:
                return
        raise DestinationError(f"{self.target} is being written by others all the time", hint="Run it again.")

    def _tip(self) -> str:
        return self._said("for-each-ref", "--format=%(objectname)", BRANCH)

    def _dated(self) -> dict[str, str]:
        date = f"@{int(self._clock().timestamp())} +0000"
        return {f"GIT_{role}_DATE": date for role in ("AUTHOR", "COMMITTER")}

    def _said(self, *words: str, stdin: bytes = b"", environ: dict[str, str] | None = None) -> str:
        return self._git(*words, stdin=stdin, environ=environ).decode("ascii", "replace").strip()

    def _git(self, *words: str, stdin: bytes = b"", environ: dict[str, str] | None = None) -> bytes:
        names = {f"GIT_{role}_{part}": text for role in ("AUTHOR", "COMMITTER") for part, text in _WHO.items()}
        quiet = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
        try:
            done = subprocess.run(
                ["git", "--no-replace-objects", "-C", str(self._repository), *_SAFE, *words],
                input=stdin,
                capture_output=True,
                check=False,
                timeout=_TIMEOUT_S,
                # Nothing of the caller's own git (GIT_DIR, GIT_INDEX_FILE ...) may lead elsewhere.
                env={"PATH": os.environ.get("PATH", os.defpath)} | names | quiet | (environ or {}),
            )
        except FileNotFoundError as error:
            raise DestinationError(
                f"{self.target} cannot be used: there is no git program", hint="Install git."
            ) from error
        except (OSError, subprocess.TimeoutExpired) as error:
            raise DestinationError(f"{self.target} cannot be used: {one_line(str(error))}") from error
        if done.returncode:
            said = one_line(done.stderr.decode("utf-8", "replace"), 300) or f"git ended with {done.returncode}"
            raise DestinationError(f"{self.target} cannot be used: git {words[0]}: {said}")
        return done.stdout
