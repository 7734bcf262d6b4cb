"""Make the files that repeat what the code says: help text, table of completion, schemas, tables of tools in docs/.

``python scripts/generate.py`` writes them, ``--check`` says which are stale and exits 1. A test runs the check.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))


def main(words: list[str]) -> int:
    """Write or check every generated file."""
    os.environ["COLUMNS"] = "100"
    wanted = dict(generated())
    if "--check" in words:
        stale = [path for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text]
        for path in stale:
            print(f"stale: {path.relative_to(ROOT)} (run: python scripts/generate.py)", file=sys.stderr)
        return 1 if stale else 0
    for path, text in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


def generated() -> Iterator[tuple[Path, str]]:
    """Yield each generated file and what it should hold."""
    import completion_table
    import schemas
    import tables

    yield ROOT / "agentops/cli/help.txt", help_text()
    yield ROOT / "agentops/cli/completing/table.json", completion_table.text(ROOT)
    # Where people and packagers look for them; what `agentops completion` prints comes with the package.
    for shell, name in (("bash", "agentops.bash"), ("zsh", "_agentops"), ("fish", "agentops.fish")):
        script = ROOT / "agentops/cli/completing" / f"agentops.{shell}"
        yield ROOT / "completions" / name, script.read_text(encoding="utf-8")
    yield ROOT / "agentops/sandbox/schema/agentops.json", sandbox_role()
    yield from schemas.generated(ROOT)
    yield from tables.generated(ROOT)


def sandbox_role() -> str:
    """Return the role of the sandbox's own agentops: what ``agentops access kubernetes --mode fix`` grants."""
    from agentops.providers.kubernetes.access.manifests import AccessRequest, access_of, rules_of

    granted = access_of(AccessRequest(may_change=True)).granted
    rows = [[rule["apiGroups"][0], " ".join(rule["resources"]), " ".join(rule["verbs"])] for rule in rules_of(granted)]
    lines = ",\n".join(f"    {json.dumps(row)}" for row in rows)
    return f'{{\n  "sandbox:agentops": {{"includes": "", "rules": [\n{lines}\n  ]}}\n}}\n'


def help_text() -> str:
    """Return what ``agentops --help`` prints."""
    from typer.testing import CliRunner

    from agentops.cli.app import build

    result = CliRunner().invoke(build(), ["--help"], prog_name="agentops", env={"COLUMNS": "100"})
    if result.exit_code != 0:
        raise SystemExit(f"--help failed: {result.output}")
    return str(result.stdout)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
