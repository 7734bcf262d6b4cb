"""Editing a change's arguments at the terminal: one field, or all of them as JSON.

Comes in: the arguments as proposed. Goes out: the new ones, or None when nothing was changed. Whether they make sense
is for the tool and the guard to say: they become a new plan with a new digest.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from agentops.cli.prompting import Choice, Prompts
from agentops.core.jsonable import json_text
from agentops.core.text import one_line

_ALL = "*"
_BACK = "back"


def edited(arguments: Mapping[str, Any], prompts: Prompts, complain: Callable[[str], None]) -> Mapping[str, Any] | None:
    """Ask for new arguments.

    Arguments:
        complain: shows one sentence about an answer that cannot be used.
    """
    names = list(arguments)
    choices = [Choice(str(at), f"{name}: {json_text(arguments[name])}") for at, name in enumerate(names)]
    choices += [Choice(_ALL, "all of them, as JSON"), Choice(_BACK, "back")]
    chosen = prompts.choose("Which argument should be changed?", choices, _BACK)
    if chosen is None or chosen == _BACK:
        return None
    if chosen == _ALL:
        new = _asked("Arguments (JSON):", dict(arguments), prompts, complain)
        if new is not None and not isinstance(new, dict):
            complain('Arguments are a JSON object: {"name": value}.')
            return None
    else:
        name = names[int(chosen)]
        value = _asked(f"{name}:", arguments[name], prompts, complain)
        new = None if value is None else {**arguments, name: value}
    return None if new is None or new == dict(arguments) else new


def _asked(message: str, old: Any, prompts: Prompts, complain: Callable[[str], None]) -> Any:
    """Return the new value, None for none. A text is edited as it is, anything else as JSON."""
    plain = isinstance(old, str)
    typed = prompts.line(message, old if plain else json.dumps(old, ensure_ascii=False))
    if typed is None or plain:
        return typed
    try:
        return json.loads(typed)
    except (ValueError, RecursionError) as error:
        complain(f"{one_line(typed, 60)!r} is not JSON: {one_line(str(error), 80)}.")
        return None
