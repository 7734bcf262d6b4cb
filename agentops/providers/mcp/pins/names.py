"""What a server's tool is called here, and which names are taken from no server.

Comes in: names that a server wrote. Goes out: the name under which the model may call a tool, ``SERVER__TOOL``; or why
a name is refused. A server's name holds no underscore and no tool of ours two in a row, so no server can take the name
of another one's tool, or of ours. Pure.
"""

from __future__ import annotations

import re

from agentops.core.digest import digest_bytes
from agentops.core.homographs import said_of
from agentops.core.text import is_plain, one_line

MOST_CHARS = 64
"""The longest name of a tool that every model's API takes."""
_TAIL_CHARS = 8
# https://modelcontextprotocol.io/specification/2025-11-25/server/tools#tool-names
_NAME = re.compile(r"[A-Za-z0-9_./-]{1,128}")
_UNFIT = re.compile(r"[^A-Za-z0-9_-]")
_ALIKE = str.maketrans({"l": "i", "1": "i", "|": "i", "0": "o", "-": "", "_": "", ".": "", "/": ""})


def namespaced(server: str, tool: str) -> str:
    """Return the name under which a model calls a tool: of ``A-Z a-z 0-9 _ -``, at most ``MOST_CHARS`` long.

    Where the tool's own name does not fit, the end of it is a digest, so that two tools never share a name.
    """
    fit = _UNFIT.sub("_", tool)
    name = f"{server}__{fit}"
    if fit == tool and len(name) <= MOST_CHARS:
        return name
    tail = digest_bytes(tool.encode("utf-8", "surrogatepass")).removeprefix("sha256:")[:_TAIL_CHARS]
    return f"{name[: MOST_CHARS - _TAIL_CHARS - 1]}_{tail}"


def refused_name(name: str) -> str:
    """Return why no tool may be called so; empty where one may."""
    if _NAME.fullmatch(name):
        return "" if not name.startswith(("-", ".", "/")) else "its name begins with no letter"
    if not name or len(name) > 128:
        return "its name is empty or longer than 128 characters"
    if not all(is_plain(character) and character not in "\n\t" for character in name):
        return "its name holds hidden characters"
    if not name.isascii():
        return one_line(f"its name is not plain: {said_of(name)}")
    return "its name holds characters that no tool's name may"


def likeness(name: str) -> str:
    """Return what two names share that a person may take for one another: case, separators, 1 and l, 0 and O."""
    return name.casefold().translate(_ALIKE)
