"""The product as its users have it: the ``agentops`` command in a process, JSON on stdout, a home of its own.

Comes in: words of a command line. Goes out: the exit code and the document. The model is the scripted one that the
product ships: a file says what it drafts.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from tests.support.policies import mild_policy
from tests.support.terminal import Keys, at_terminal

CONTEXT = "e2e"
"""The one context of the kubeconfigs that the suite writes; the product's policy is as mild there as in development."""
ACCOUNT = Path(__file__).parents[1] / "support" / "account.py"
_LONGEST_S = 400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on stdout."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found

    @property
    def ending(self) -> tuple[int, str]:
        """Exit code and status."""
        return self.code, str(self.document["status"])

    @property
    def why(self) -> str:
        """What it says about why not."""
        document = self.document
        texts = [one["message"] for one in (*document.get("errors", ()), *document.get("refusals", ()))]
        return "; ".join([*texts, document.get("outcome", {}).get("why", "")])


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """``agentops`` with one home and one kubeconfig; ``folder`` is where its files go."""

    folder: Path
    kubeconfig: Path
    namespace: str
    environ: Mapping[str, str]

    @classmethod
    def new(cls, folder: Path, kubeconfig: Path, namespace: str, *, home: Path | None = None) -> Product:
        """Return it with a fresh home, or with a copy of ``home``."""
        place = folder / "home"
        if home is None:
            place.mkdir(parents=True)
        else:
            shutil.copytree(home, place)
        # What the suite looks through proves nothing, so that it counts as production; these homes are mild there.
        (place / "policy.cedar").write_text(mild_policy(), encoding="utf-8")
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "SSL_CERT_FILE") if name in os.environ}
        cloud = {name: value for name, value in os.environ.items() if name.startswith(("AWS_", "GOOGLE_", "AZURE_"))}
        root = str(Path(__file__).parents[2])
        own = {"AGENTOPS_HOME": str(place), "KUBECONFIG": str(kubeconfig), "PYTHONPATH": root, "COLUMNS": "120"}
        return cls(folder=folder, kubeconfig=kubeconfig, namespace=namespace, environ={**kept, **cloud, **own})

    def having(self, **environ: str) -> Product:
        """Return the same with more in its environment."""
        return replace(self, environ={**self.environ, **environ})

    def configure(self, line: str) -> None:
        """Add a line to the ``[policy]`` section of the settings."""
        (self.folder / "home" / "config.toml").write_text(f"[policy]\n{line}\n", encoding="utf-8")

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a command; there is not a terminal."""
        return subprocess.Popen(
            [sys.executable, str(ACCOUNT), *words, "--output", "json", "--no-input"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(self.environ),
            cwd=self.folder,
            text=True,
        )

    def __call__(self, *words: str) -> Done:
        """Run a command to its end."""
        with self.start(*words) as process:
            try:
                out, err = process.communicate(timeout=_LONGEST_S)
            except BaseException:
                process.kill()
                raise
        assert "Traceback" not in err, err
        return Done(code=process.returncode, out=out, err=err)

    def fix(self, what: str, drafts: Sequence[Mapping[str, Any]], *more: str) -> Done:
        """Run ``fix`` with a model that drafts these changes and reports.

        ``what`` names the namespace. As ``--namespace`` it would be a boundary, and nodes lie outside it.
        """
        return self("fix", what, "--model", self.script(drafts), *more)

    def look(self, what: str, reads: Sequence[Mapping[str, Any]]) -> tuple[Done, dict[str, str]]:
        """Run ``investigate`` with a model that calls these read tools; return what each answered, whole.

        A read that names no namespace is given the suite's; else it would look into the kubeconfig's.
        """
        here = {"namespace": self.namespace}
        asked = [{**one, "arguments": here | dict(one["arguments"])} if _asks_cluster(one) else one for one in reads]
        model = self.script([], asked)
        done = self("investigate", what, "--model", model)
        answers: dict[str, str] = {}
        for number in itertools.count(1):
            shown = self("show", "--evidence", f"E{number}")
            if shown.code != 0:
                return done, answers
            found = shown.document["evidence"]
            answers[found["tool"]] = f"{found['summary']}\n{found['body']}"
        raise AssertionError("there is no end of the evidence")

    def plan(self, what: str, drafts: Sequence[Mapping[str, Any]], name: str = "plan") -> tuple[Done, Path]:
        """Have a plan made and saved, and nothing more."""
        path = self.folder / f"{name}.json"
        return self.fix(what, drafts, "--dry-run", "--out", str(path)), path

    def script(self, drafts: Sequence[Mapping[str, Any]], reads: Sequence[Mapping[str, Any]] = ()) -> str:
        """Write what the model does: looks once, drafts, reports. Returns what ``--model`` takes."""
        look = {"tool": "kubernetes_list", "arguments": {"kind": "ConfigMap", "namespace": self.namespace}}
        turns = [{"calls": [look, *reads]}]
        # One draft a turn: what a refused one does to the next is for the product to say.
        turns += [{"calls": [self._draft(one)]} for one in drafts]
        cause = drafts[0]["target"] if drafts else ""
        turns += [{"calls": [_report(self._full(cause))]}] * 4
        path = self.folder / "turns.yaml"
        path.write_text(yaml.safe_dump({"turns": turns}), encoding="utf-8")
        return f"scripted:{path}"

    def _draft(self, one: Mapping[str, Any]) -> dict[str, Any]:
        words = {"target": self._full(one["target"]), "reason": "It is what is wanted.", "evidence": ["{{first}}"]}
        return {"tool": f"kubernetes_{one['tool']}", "arguments": words | dict(one.get("arguments", {}))}

    def _full(self, target: str) -> str:
        """Return ``/KIND/NAME`` with the namespace before it; other references are whole."""
        return f"{self.namespace}{target}" if target.startswith("/") else target


def _asks_cluster(call: Mapping[str, Any]) -> bool:
    return str(call["tool"]).startswith("kubernetes_")


def _report(cause: str) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "verdict": "root-cause" if cause else "undetermined",
        "conclusion": "It is not as it should be.",
        "confidence": "high",
        "evidence": ["{{first}}"],
        "ruled_out": [],
        "not_checked": [],
        "next_steps": [],
    }
    return {
        "tool": "report_finding",
        "arguments": arguments | ({"cause": {"resource": cause, "condition": "NotAsWanted"}} if cause else {}),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Approver:
    """A person with a key, whose approvals count in homes that are copies of ``trusting``."""

    home: Path
    trusting: Path

    @classmethod
    def new(cls, folder: Path) -> Approver:
        """Make the person's key, and a home in which it is trusted."""
        home, trusting = folder / "ana", folder / "trusting"
        me = _quietly(home, "approvers", "me")
        _quietly(trusting, "approvers", "add", json.loads(me)["approver"]["key"])
        return cls(home=home, trusting=trusting)

    def sign(self, plan: Path) -> Path:
        """Look at a plan at a terminal, type its code, and return the file of the approval."""
        path, code = plan.with_suffix(".approval.json"), json.loads(plan.read_text("utf-8"))["code"]
        path.unlink(missing_ok=True)
        keys: list[tuple[str, Keys]] = [
            ("sign an approval of it?", "a\r"),
            ("to approve:", code + "\r"),
        ]
        words = ["approve", str(plan), "--out", str(path), "--output", "json"]
        session = at_terminal(words, keys, {"AGENTOPS_HOME": str(self.home)})
        assert session.code == 0, session.screen
        return path


def _quietly(home: Path, *words: str) -> str:
    environ = {"AGENTOPS_HOME": str(home), "PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, str(ACCOUNT), *words, "--output", "json"], env=environ, capture_output=True, check=True
    )
    return done.stdout.decode()
