"""Stage 4, diff: compares the objects before and after, field by field; a change that changes nothing stops here.

Comes in: ``Previewed``. Goes out: ``Diffed``. ``deviations`` is what re-check, verification, rollback and recovery
compare worlds with: what the provider says is not this change's to say counts for none of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from agentops.core.errors import ToolInputError
from agentops.core.plan import Edit, ObjectChange, Verb
from agentops.guard.stage_log import StageLog
from agentops.guard.states import Diffed, Previewed


def diff(log: StageLog, state: Previewed, *, step: int) -> Diffed:
    """Return the change as one that changes something.

    Raises:
        ToolInputError: what is asked for is there already (code ``nothing-to-do``).
    """
    count = sum(len(one.edits) if one.verb is Verb.UPDATE else 1 for one in state.preview.objects)
    if not count:
        words = f"{state.change.tool} on {state.change.target.short} would change nothing: it has these values already"
        log.failed("diff", words, step=step)
        raise ToolInputError(words, code="nothing-to-do")
    objects = [{"ref": one.ref, "verb": one.verb, "edits": one.edits} for one in state.preview.objects]
    log.passed("diff", f"{count} to change", step=step, objects=objects)
    return Diffed(previewed=state, differences=count)


def differences(old: Any, new: Any, path: str = "") -> tuple[Edit, ...]:
    """Return where two JSON values differ, by path; lists are compared item by item, by ``name`` where all have one."""
    return tuple(_differences(old, new, path))


def deviations(one: ObjectChange, said: Mapping[str, Any] | None, live: Mapping[str, Any] | None) -> tuple[Edit, ...]:
    """Return where a live object is not what a change said of it, leaving out what others set (``one.chosen``)."""
    found = (edit for edit in differences(said or {}, live or {}) if not _is_at(edit.path, one.chosen))
    # What was asked for before the provider could answer says nothing of what the provider fills in.
    return tuple(edit for edit in found if not (one.partial and edit.old is None))


def leaves_no_trace(one: ObjectChange) -> bool:
    """Return whether all that a change does to an object is what nobody can compare afterwards."""
    return bool(one.edits) and all(edit.path in one.chosen for edit in one.edits)


def _is_at(path: str, chosen: Collection[str]) -> bool:
    """Return whether a path is one of ``chosen``, or beneath one, as ``without`` takes them away."""
    return any(path == one or path.startswith((f"{one}.", f"{one}[")) for one in chosen)


def without(value: Any, paths: Collection[str], path: str = "") -> Any:
    """Return a JSON value without what is at ``paths``, which are written as in ``differences``."""
    if isinstance(value, Mapping):
        inside = ((key, item, f"{path}.{key}" if path else str(key)) for key, item in value.items())
        return {key: without(item, paths, at) for key, item, at in inside if at not in paths}
    if isinstance(value, list | tuple):
        named = ((item, f"{path}[{key}]") for key, item in _keyed(value).items())
        return [without(item, paths, at) for item, at in named if at not in paths]
    return value


def _differences(old: Any, new: Any, path: str) -> Iterator[Edit]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in [*old, *(key for key in new if key not in old)]:
            yield from _differences(old.get(key), new.get(key), f"{path}.{key}" if path else str(key))
    elif isinstance(old, list | tuple) and isinstance(new, list | tuple):
        before, after = _keyed(old), _keyed(new)
        for key in [*before, *(key for key in after if key not in before)]:
            yield from _differences(before.get(key), after.get(key), f"{path}[{key}]")
    elif old != new:
        yield Edit(path=path, old=old, new=new)


def _keyed(items: list[Any] | tuple[Any, ...]) -> dict[str, Any]:
    names = [item.get("name") if isinstance(item, Mapping) else None for item in items]
    if all(isinstance(name, str) for name in names) and len(set(names)) == len(names):
        return {str(name): item for name, item in zip(names, items, strict=True)}
    return {str(index): item for index, item in enumerate(items)}
