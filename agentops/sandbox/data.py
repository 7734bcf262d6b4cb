"""The tables that come with the sandbox: kinds, rules, defaults, columns, roles and what else is data in ``schema/``.

Comes in: a file's name. Goes out: what it holds, read once, when it is first asked for. Must never: change a table, or
let its caller change one: they are shared.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def data(name: str) -> Any:
    """Return what a file in ``schema/`` holds, JSON or YAML by its ending; read-only."""
    text = files("agentops.sandbox.schema").joinpath(name).read_text(encoding="utf-8")
    if name.endswith(".json"):
        return json.loads(text)
    import yaml  # not every command that knows the sandbox needs a table in YAML

    # The parser in C takes a tenth of the time; whoever starts a sandbox waits for it.
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  it is a SafeLoader
