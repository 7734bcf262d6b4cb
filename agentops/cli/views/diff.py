"""Before and after of an object as YAML lines, with what is the same folded away and the fold said.

Comes in: an ``ObjectChange``. Goes out: a ``Diff`` block and what was left out of it. Nothing is left out in silence.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agentops.cli.report import Diff, DiffLine, Mark
from agentops.core.jsonable import json_text
from agentops.core.plan import Edit, ObjectChange, Verb
from agentops.core.text import plural

CONTEXT_LINES = 3
_RUN_LINES = 40  # a longer run of added or removed lines is folded in the middle
_RUN_ENDS = 12
_FIRST_KEYS = ("apiVersion", "kind", "metadata")


def diff_block(change: ObjectChange, *, side_by_side: bool = False, full: bool = False) -> Diff:
    """Return the diff of one object.

    Arguments:
        side_by_side: ask for two columns.
        full: fold no run of changed lines.
    """
    name = change.ref.short
    version = f" at version {change.resource_version}" if change.resource_version else ""
    before = "does not exist" if change.verb is Verb.CREATE else f"as it is{version}"
    after = "deleted" if change.verb is Verb.DELETE else "as it would be"
    lines = diff_lines(change.before, change.after)
    return Diff(f"{name} {before}", f"{name} {after}", lines if full else _fold_runs(lines), side_by_side)


def diff_lines(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> tuple[DiffLine, ...]:
    """Return the lines that differ, each group with its neighbours and where it stands."""
    old, new = yaml_lines(before), yaml_lines(after)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    return tuple(_hunks(matcher, old, new))


def left_out(change: ObjectChange) -> int:
    """Return how many changed lines ``diff_block`` folds away unless ``full`` is asked for."""
    whole = diff_lines(change.before, change.after)
    changed = (Mark.OLD, Mark.NEW)
    return sum(line.mark in changed for line in whole) - sum(line.mark in changed for line in _fold_runs(whole))


def _hunks(matcher: difflib.SequenceMatcher[str], old: list[str], new: list[str]) -> Iterator[DiffLine]:
    shown_to = 0
    for group in matcher.get_grouped_opcodes(CONTEXT_LINES):
        start = group[0][1]
        if start > shown_to or start:
            changed = next(opcode[1] for opcode in group if opcode[0] != "equal")
            yield _place_of(old, changed, skipped=start - shown_to)
        for tag, old_from, old_to, new_from, new_to in group:
            if tag == "equal":
                yield from (DiffLine(Mark.SAME, line) for line in old[old_from:old_to])
                continue
            yield from (DiffLine(Mark.OLD, line) for line in old[old_from:old_to])
            yield from (DiffLine(Mark.NEW, line) for line in new[new_from:new_to])
        shown_to = group[-1][2]
    if 0 < shown_to < len(old):
        yield DiffLine(Mark.FOLD, plural(len(old) - shown_to, "line") + " unchanged")


def _place_of(old: list[str], changed: int, *, skipped: int) -> DiffLine:
    """Return the line that says how many lines are left out here, and under which keys the next ones stand."""
    path = _path(old, min(changed, len(old) - 1))
    parts = [plural(skipped, "line") + " unchanged"] if skipped > 0 else []
    return DiffLine(Mark.FOLD, "; ".join([*parts, *([f"in {path}"] if path else [])]))


def _path(lines: Sequence[str], at: int) -> str:
    """Return the keys that line ``at`` stands under: ``spec.template.spec.containers``."""
    keys: list[str] = []
    limit = _limit(lines[at])
    for line in reversed(lines[:at]):
        key = line.strip().removeprefix("- ")
        depth = _indent(line) + (2 if line.lstrip().startswith("- ") else 0)
        if depth < limit and key.endswith(":"):
            keys.append(key[:-1])
            limit = _limit(line)
    return ".".join(reversed(keys))


def _limit(line: str) -> int:
    """Return the depth that a parent of ``line`` stays below; a list stands at the indent of its own key."""
    return _indent(line) + (1 if line.lstrip().startswith("- ") else 0)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _fold_runs(lines: tuple[DiffLine, ...]) -> tuple[DiffLine, ...]:
    """Return ``lines`` with the middle of each long run of added or removed lines folded and counted."""
    folded: list[DiffLine] = []
    run: list[DiffLine] = []
    for line in (*lines, DiffLine(Mark.FOLD, "")):
        if run and line.mark is not run[0].mark:
            folded += _folded(run)
            run = []
        run.append(line)
    return tuple(folded)


def _folded(run: list[DiffLine]) -> list[DiffLine]:
    if run[0].mark not in (Mark.OLD, Mark.NEW) or len(run) <= _RUN_LINES:
        return run
    word = "added" if run[0].mark is Mark.NEW else "removed"
    note = DiffLine(Mark.FOLD, f"{plural(len(run) - 2 * _RUN_ENDS, 'more line')} {word}, not shown here")
    return [*run[:_RUN_ENDS], note, *run[-_RUN_ENDS:]]


def yaml_lines(value: Mapping[str, Any] | None) -> list[str]:
    """Return an object as lines of YAML, ``apiVersion``, ``kind`` and ``metadata`` first; none for no object."""
    if value is None:
        return []
    import yaml

    class Dumper(yaml.SafeDumper):
        """Writes a text of several lines line by line, so that a diff can tell which of them changed."""

        def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML calls it with one
            return True

    def text(dumper: yaml.SafeDumper, data: str) -> yaml.ScalarNode:
        return dumper.represent_scalar("tag:yaml.org,2002:str", data, style="|" if "\n" in data else None)

    Dumper.add_representer(str, text)
    first = [key for key in _FIRST_KEYS if key in value]
    ordered = {key: _plain(value[key]) for key in [*first, *sorted(key for key in value if key not in first)]}
    dumped: str = yaml.dump(
        ordered, Dumper=Dumper, default_flow_style=False, allow_unicode=True, sort_keys=False, width=1 << 20
    )
    return dumped.split("\n")[:-1]


def _plain(value: Any) -> Any:
    """Return ``value`` with every mapping a sorted dict, so that order alone never shows as a change."""
    if isinstance(value, Mapping):
        return {str(key): _plain(value[key]) for key in sorted(value)}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def edit_line(edit: Edit) -> str:
    """Return one changed field on one line: ``spec.replicas: 3 → 5``."""
    if edit.old is None:
        return f"{edit.path}: added {json_text(edit.new)}"
    if edit.new is None:
        return f"{edit.path}: removed (was {json_text(edit.old)})"
    return f"{edit.path}: {json_text(edit.old)} → {json_text(edit.new)}"
