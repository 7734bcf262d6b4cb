"""The names of profiles in the SDK's own files; for completion, which may not wait.

Comes in: the environment. Goes out: names, each once, in the order of the files. Nothing else is kept: they hold
keys. What cannot be read is left out.
Source: docs.aws.amazon.com, "Configuration and credential file settings" (``[profile NAME]`` in the one, ``[NAME]`` in
the other).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from agentops.core.errors import AgentopsError
from agentops.core.foreign_files import read_foreign

_MOST_BYTES = 1 << 20
_HEADER = re.compile(r"^\s*\[\s*(profile\s+)?[\"']?([^\]\"']+?)[\"']?\s*\]", re.MULTILINE)


def profile_names(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the profiles of the files in force."""
    home = Path(environ.get("HOME") or "~").expanduser() / ".aws"
    config = Path(environ.get("AWS_CONFIG_FILE") or home / "config").expanduser()
    shared = Path(environ.get("AWS_SHARED_CREDENTIALS_FILE") or home / "credentials").expanduser()
    found = [name for is_profile, name in _headers(config) if is_profile or name == "default"]
    return tuple(dict.fromkeys([*found, *(name for _, name in _headers(shared))]))


def _headers(path: Path) -> list[tuple[bool, str]]:
    try:
        text = read_foreign(path, "a file of the SDK of AWS", _MOST_BYTES).decode("utf-8", "replace")
    except (AgentopsError, OSError):
        return []
    return [(bool(one[1]), one[2].strip()) for one in _HEADER.finditer(text)]
