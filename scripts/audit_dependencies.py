"""Looks up the installed packages in the list of known vulnerabilities, with pip-audit; ``make audit-dependencies``.

Exits 1 when one is known, and 3 when the service answered for no package: then nothing was audited. That is
no good news. With ``--or-skip`` that is said and the exit code is 0, for machines that reach no such service.
"""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from typing import Any

UNKNOWN = 3


def verdict(report: Mapping[str, Any], own: str = "agentops") -> tuple[int, list[str]]:
    """Return the exit code and what to say about a report of ``pip-audit --format json``."""
    packages = [one for one in report.get("dependencies", ()) if one.get("name") != own]
    audited = [one for one in packages if "skip_reason" not in one]
    if not audited:
        return UNKNOWN, [f"nothing was audited: the service answered for none of {len(packages)} packages"]
    known = [one for one in audited if one.get("vulns")]
    lines = [
        f"{one['name']} {one['version']}: {flaw['id']}, mended in {', '.join(flaw['fix_versions']) or 'no version'}"
        for one in known
        for flaw in one["vulns"]
    ]
    left = [f"{one['name']} was not audited: {one['skip_reason']}" for one in packages if "skip_reason" in one]
    return (1 if known else 0), [
        *lines,
        *left,
        f"{len(audited)} packages audited, {len(known)} with known vulnerabilities",
    ]


def main(arguments: Sequence[str]) -> int:
    """Run pip-audit on this environment and return the exit code."""
    words = [sys.executable, "-m", "pip_audit", "--format", "json", "--path", sysconfig.get_paths()["purelib"]]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    try:
        code, lines = verdict(json.loads(done.stdout))
    except ValueError:
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        code, lines = UNKNOWN, [f"nothing was audited: pip-audit failed: {said[-1]}"]
    print("\n".join(lines))
    if code == UNKNOWN and "--or-skip" in arguments:
        print("skipped: run this where the package index or a service of known vulnerabilities can be reached")
        return 0
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
