"""What a change of AWS does, in the words that a person would say: ``set the desired capacity of web to 4``.

Comes in: the arguments of one tool's call. Goes out: the phrase of it, or None where it says less than the whole call;
see ``core/change_words.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.change_words import ChangeWords, Phrase
from agentops.core.jsonable import json_text


def _size(what: str, given: Mapping[str, Any]) -> str | None:
    if not given or set(given) - {"min", "max", "desired"}:
        return None
    names = {"min": "minimum", "max": "maximum", "desired": "desired capacity"}
    first, *others = (f"{names[name]} {{}}to {given[name]}" for name in names if name in given)
    return ", ".join((f"set the {first.format(f'of {what} ')}", *(f"the {one.format('')}" for one in others)))


def _service(what: str, given: Mapping[str, Any]) -> str | None:
    if set(given) - {"task_definition"}:
        return None
    named = given.get("task_definition")
    return f"let {what} run " + (f"task definition {json_text(named)}" if named else "the task definition before")


def _concurrency(what: str, given: Mapping[str, Any]) -> str | None:
    if set(given) != {"concurrency"}:
        return None
    value = given["concurrency"]
    if value is None:
        return f"remove the reserved concurrency of {what}"
    return f"set the reserved concurrency of {what} to {value}"


def _actions(what: str, given: Mapping[str, Any]) -> str | None:
    if set(given) != {"enabled"}:
        return None
    return f"switch the actions of {what} {'on' if given['enabled'] is True else 'off'}"


_PHRASES: Mapping[str, Phrase] = {
    "aws_set_group_size": _size,
    "aws_roll_back_service": _service,
    "aws_set_reserved_concurrency": _concurrency,
    "aws_set_alarm_actions": _actions,
}
_VERBS = {
    "aws_reboot_instance": "reboot {}",
    "aws_stop_instance": "STOP {}",
    "aws_start_instance": "start {}",
    "aws_reboot_database": "REBOOT {}",
    "aws_grow_database_storage": "grow the storage of {}",
    "aws_redeploy_service": "replace every task of {} with a new deployment",
    "aws_set_service_count": "set the number of tasks of {}",
    "aws_start_instance_refresh": "replace every instance of {}, a share at a time",
    "aws_cancel_instance_refresh": "stop the instance refresh of {}",
    "aws_resume_processes": "resume processes of {}",
    "aws_suspend_processes": "suspend processes of {}",
    "aws_redrive_queue": "move the messages of {} back to where they came from",
    "aws_cancel_redrive": "stop moving messages out of {}",
    "aws_register_target": "let {} send to a target",
    "aws_deregister_target": "take a target out of {}",
    "aws_set_event_source": "switch what feeds {}",
    "aws_shift_alias": "let an alias of {} lead elsewhere",
    "aws_roll_back_alias": "let an alias of {} lead to an earlier version",
    "aws_tag": "set tags of {}",
}
WORDS = ChangeWords(prefix="aws_", phrases=_PHRASES, verbs=_VERBS)
