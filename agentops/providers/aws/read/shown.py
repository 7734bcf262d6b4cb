"""What AWS answers as text: JSON of a thing, times as UTC, cells of a table."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from agentops.core.clock import Clock, age, to_iso
from agentops.core.errors import ToolInputError
from agentops.core.text import one_line
from agentops.providers.aws.objects.snapshot import moment


def as_json(data: Any, redacted: Callable[[Any], Any] = lambda value: value) -> str:
    """Return a value as indented JSON, times in UTC."""
    return json.dumps(redacted(plain(data)), indent=2, ensure_ascii=False)


def plain(value: Any) -> Any:
    """Return a value of the SDK as plain JSON."""
    if isinstance(value, datetime):
        return to_iso(value)
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def cell(value: object, limit: int = 300) -> str:
    """Return a value as one line of a table; a dash where there is none."""
    return one_line(str(value), limit) if value not in (None, "", [], {}) else "-"


def since(value: object, now: datetime) -> str:
    """Return the age of a time; a dash where it is none."""
    at = moment(value)
    return age(at, now) if at is not None else "-"


def end_of(arguments: Mapping[str, Any], clock: Clock) -> datetime:
    """Return the time ``end`` of the arguments; now where there is none.

    Raises:
        ToolInputError: it is no time.
    """
    if not arguments.get("end"):
        return clock()
    found = moment(arguments["end"])
    if found is None:
        raise ToolInputError(f"end is no time: {one_line(str(arguments['end']), 60)}", hint="Give RFC 3339.")
    return found
