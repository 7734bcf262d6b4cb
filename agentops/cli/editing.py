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
        new = _asked("Arguments (JSON):", dict(arguments), prompts, complain, wants_object=True)
    else:
        name = names[int(chosen)]
        value = _asked(f"{name}:", arguments[name], prompts, complain)
        new = None if value is None else {**arguments, name: value}
    return None if new is None or new == dict(arguments) else new


def _asked(
    message: str, old: Any, prompts: Prompts, complain: Callable[[str], None], *, wants_object: bool = False
) -> Any:
    """Return the new value, None for none; what cannot be used is said and asked for again, as it was typed.

    A text is edited as it is, anything else as JSON.
    """
    plain = isinstance(old, str)
    offered = old if plain else json.dumps(old, ensure_ascii=False)
    while True:
        typed = prompts.line(message, offered)
        if typed is None or (plain and typed.strip()):
            return typed
        trouble, value = _read(typed, plain=plain, wants_object=wants_object)
        if not trouble:
            return value
        complain(f"{trouble} Mend it, or leave it with Escape.")
        offered = typed or offered


def _read(typed: str, *, plain: bool, wants_object: bool) -> tuple[str, Any]:
    """Return what is wrong with a text and where, or an empty text and its value."""
    if not typed.strip():
        return "Nothing was typed.", None
    if plain:
        return "", typed
    try:
        value = json.loads(typed)
    except json.JSONDecodeError as error:
        near = one_line(typed[max(error.pos - 12, 0) : error.pos + 12], 40)
        return f"This is not JSON: {error.msg} at character {error.pos + 1}, near {near!r}.", None
    except (ValueError, RecursionError) as error:
        return f"This is not JSON: {one_line(str(error), 80)}.", None
    if wants_object and not isinstance(value, dict):
        return 'Arguments are a JSON object: {"name": value}.', None
    return "", value
