"""Prompts: reviewed text files under ``prompts/``, filled in with ``$name`` placeholders.

The system prompt has no placeholder: it is part of the stable prefix, which is the same for every run.
"""

from __future__ import annotations

import string
from functools import cache


@cache
def prompt(name: str) -> str:
    """Return the text of ``prompts/NAME.md`` without its last newline."""
    from importlib.resources import files

    return files("agentops.agent").joinpath("prompts", f"{name}.md").read_text(encoding="utf-8").rstrip("\n")


def filled(name: str, **values: str) -> str:
    """Return the prompt with its placeholders replaced; a value is never itself read as a template.

    Raises:
        KeyError: a placeholder without a value.
    """
    return string.Template(prompt(name)).substitute(values)
