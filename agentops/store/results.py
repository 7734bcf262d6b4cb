"""Files that an option names for a result: a plan, an approval, a proof. One function writes them all.

Comes in: the path, the document, and what of it may be replaced. Goes out: a file of mode 0600, durable, or one error
before anything is done. What is there and is not an earlier result of the same kind is somebody's file: it is never
replaced, whoever asks. There is no ``--force``: to remove a file is one command, and to get it back is none.

Must never: write through a link, into a device or a pipe, or over what cannot be read.
"""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agentops.core.durable_files import create_file, replace_file
from agentops.core.errors import UsageError
from agentops.core.foreign_documents import read_json
from agentops.core.foreign_files import read_foreign
from agentops.core.text import one_line
from agentops.store.files import document, explained

PLAN_SCHEMA = "agentops/plan/v1"
APPROVAL_SCHEMA = "agentops/approval/v1"
MOST_BYTES = 32 * 1024 * 1024
_SHOWN_CHARS = 200


def write_result(path: Path, result: Mapping[str, Any], noun: str) -> None:
    """Write a document in one step: a new file, or in place of an earlier one of the same schema.

    Arguments:
        result: the document; it says its ``schema``.
        noun: what it is, with its article: ``a plan``.

    Raises:
        UsageError: what is there is something else.
        StoreError: it cannot be written.
    """
    is_there = require_replaceable(path, str(result["schema"]), noun)
    with explained(path, "write"):
        if is_there:
            replace_file(path, document(result))
            return
        try:
            create_file(path, document(result))
        except FileExistsError as error:
            # Somebody was faster than the look.
            raise _in_the_way(path, "exists", noun) from error


def require_replaceable(path: Path, schema: str, noun: str) -> bool:
    """Return whether there is an earlier result at ``path`` that may be replaced; False where there is nothing.

    To be asked before the work whose result is to be written there, too.

    Raises:
        UsageError: something else is there, or it cannot be told what.
    """
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return False
    except (OSError, ValueError) as error:
        raise UsageError(f"{_shown(path)} cannot be written to: {error}", hint="Check the path.") from error
    if stat.S_ISLNK(mode):
        raise _in_the_way(path, "is a link", noun)
    if not stat.S_ISREG(mode):
        raise _in_the_way(path, "is a folder" if stat.S_ISDIR(mode) else "is no regular file", noun)
    if _schema_of(path) != schema:
        raise _in_the_way(path, f"exists and is not {noun}", noun)
    return True


def _schema_of(path: Path) -> str:
    """Return the schema that a file's document says; empty where it is none."""
    try:
        found = read_json(read_foreign(path, "a result", MOST_BYTES, follow=False))
    except (UsageError, ValueError):
        return ""
    schema = found.get("schema") if isinstance(found, dict) else None
    return schema if isinstance(schema, str) else ""


def _in_the_way(path: Path, why: str, noun: str) -> UsageError:
    hint = f"Name another file for {noun}, or move this one away."
    return UsageError(f"{_shown(path)} {why}: it is not replaced", hint=hint, code="file-exists")


def _shown(path: Path) -> str:
    return one_line(str(path), _SHOWN_CHARS)
