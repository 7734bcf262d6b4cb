"""The first file of a user's own scenario: small and working, with every field in its place.

Comes in: a name and a folder. Goes out: the path of a new YAML file that loads, plays and passes its own oracle.
Must never overwrite a file.
"""

from __future__ import annotations

import re
from pathlib import Path

from agentops.core.errors import UsageError
from agentops.core.text import one_line
from agentops.sandbox.scenario import FOLDER

_TEMPLATE = FOLDER / "_template" / "scenario.yaml"


def new_scenario(name: str, folder: Path) -> Path:
    """Write the first file of a scenario into ``folder`` and return its path.

    Raises:
        UsageError: a name that cannot be one, or a file of that name is there already.
    """
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
        raise UsageError(
            f"{one_line(name, 60)!r} cannot name a scenario", hint="Use lower-case words with dashes: slow-disk."
        )
    path = folder / f"{name}.yaml"
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(_TEMPLATE.read_text(encoding="utf-8").replace("NAME", name, 1))
    except FileExistsError as error:
        raise UsageError(f"{path} exists already", hint="Choose another name, or edit that file.") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}", hint="Choose another folder.") from error
    return path
