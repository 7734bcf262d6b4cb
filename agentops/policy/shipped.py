"""The texts that agentops ships for policy: the kernel, the default, the frame of the schema, the default's own tests.

They are part of the program, as much as its code; nothing else is read here.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def shipped(name: str) -> str:
    """Return the text of a file that stands beside this module."""
    return (files(__package__) / name).read_text(encoding="utf-8")
