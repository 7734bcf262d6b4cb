"""The use cases ``policy init``, ``validate`` and ``test``: files of one's own, checked and tested before they count.

Comes in: settings, files. Goes out: the files that were written, the policy that was loaded, how each case came out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from agentops.app.policy_loading import PolicySources, policy_sources
from agentops.core.commands import command_line
from agentops.core.durable_files import replace_file
from agentops.core.errors import ConfigError, StoreError, UsageError
from agentops.core.foreign_files import read_foreign_text
from agentops.core.source_place import SourcePlace, place_at
from agentops.core.text import one_line

if TYPE_CHECKING:
    import yaml

    from agentops.config import Folders, Settings
    from agentops.policy import CedarPolicy, PolicyLayer
    from agentops.policy.table import Case, CaseResult

TESTS_FILE = "policy-tests.yaml"
_MOST_DEPTH = 32
_MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyTests:
    """How the cases of each table came out under the policy in force, by the table's name."""

    policy_digest: str
    results: Mapping[str, tuple[CaseResult, ...]]

    @property
    def failed(self) -> int:
        """How many cases came out otherwise than their table says."""
        return sum(not one.passed for rows in self.results.values() for one in rows)


def write_own_policy(folders: Folders, *, force: bool) -> tuple[Path, ...]:
    """Write the shipped policy and its tests where the user's own policy stands; it is in force from then on.

    Arguments:
        force: replace files that are there; they are kept as ``.old``.

    Raises:
        UsageError: a file is there, and ``force`` was not given.
        StoreError: a file cannot be written.
    """
    from agentops.policy.files import USER_FILE
    from agentops.policy.shipped import shipped

    folders.require_deciding("a policy of your own")
    wanted = {folders.config / USER_FILE: "default.cedar", folders.config / TESTS_FILE: "default-tests.yaml"}
    there = [path for path in wanted if path.exists()]
    if there and not force:
        raise UsageError(f"{there[0]} exists already", hint="Edit it, or replace it with the shipped file: --force.")
    for path, name in wanted.items():
        _put(path, shipped(name))
    return tuple(wanted)


def validate_policy(settings: Settings, files: Sequence[Path], kind: str | None) -> CedarPolicy:
    """Load the policy in force, or with each of these files in place of the layers of its kind; return the last.

    Arguments:
        kind: what the files are: ``base``, ``organisation`` or ``project``; None takes what a file is where it is in
            force already, else ``base``.

    Raises:
        ConfigError: it cannot be loaded; every change would be refused.
    """
    sources = policy_sources(settings)
    for path in files[:-1]:
        sources.policy(_with(sources, path, kind))
    return sources.policy(_with(sources, files[-1], kind) if files else None)


def run_policy_tests(settings: Settings, files: Sequence[Path]) -> PolicyTests:
    """Run tables of expected decisions: those named, else the user's own, else the shipped ones.

    Raises:
        ConfigError: the policy cannot be loaded.
        UsageError: a table cannot be read.
    """
    from agentops.policy.table import run_cases

    policy = policy_sources(settings).policy()
    tables = _tables(settings.folders.config / TESTS_FILE, files)
    return PolicyTests(
        policy_digest=policy.digest, results={where: tuple(run_cases(policy, cases)) for where, cases in tables}
    )


def _put(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.exists():
            path.replace(path.with_name(path.name + ".old"))
        replace_file(path, text.encode())
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}") from error


def is_origin(layer: PolicyLayer, path: Path) -> bool:
    """Return whether a layer was read from the file at ``path``, however that is written."""
    from agentops.policy.layers import BUILT_IN

    return layer.origin != BUILT_IN and Path(layer.origin).resolve() == path.resolve()


def _with(sources: PolicySources, path: Path, kind: str | None) -> tuple[PolicyLayer, ...]:
    """Return the layers in force, with a file in place of those of its kind."""
    from agentops.policy import LayerKind, PolicyLayer
    from agentops.policy.files import read_policy_file

    if path.suffix in (".yaml", ".yml"):
        raise ConfigError(
            f"{path} is YAML, and a policy is Cedar: it looks like a table of policy tests",
            hint=f"Run it as one: {command_line('policy', 'test', path)}",
            code="bad-policy",
        )
    if kind is None and any(is_origin(layer, path) for layer in sources.layers):
        return sources.layers
    wanted = LayerKind(kind or LayerKind.BASE)
    text = read_policy_file(path, needed=True, loose=wanted is LayerKind.PROJECT) or ""
    others = (layer for layer in sources.layers if layer.kind is not wanted and not is_origin(layer, path))
    return (*others, PolicyLayer(name=wanted.value, origin=str(path), text=text, kind=wanted))


def _tables(own: Path, files: Sequence[Path]) -> list[tuple[str, tuple[Case, ...]]]:
    from agentops.policy.shipped import shipped

    named = [str(path) for path in files]
    if not named and own.exists():
        named = [str(own)]
    if not named:
        return [("the shipped tests", _cases(shipped("default-tests.yaml"), "built in"))]
    return [
        (name, _cases(read_foreign_text(Path(name), "a table of policy tests", _MOST_BYTES), name)) for name in named
    ]


def _cases(text: str, where: str) -> tuple[Case, ...]:
    """Return the cases of a table; what is wrong with it is an error that knows its line."""
    from agentops.core.foreign_yaml import YamlError, read_yaml
    from agentops.policy.table import TableError, read_cases

    try:
        return read_cases(read_yaml(text, most_depth=_MOST_DEPTH))
    except TableError as error:
        place = _place(text, where, error.path)
        named = f", case {number + 1}" if (number := _case_number(error.path)) is not None else ""
        raise UsageError(f"{place or where}{named}: {error.message}", hint=error.hint, place=place) from error
    except YamlError as error:
        place = place_at(where, text, error.line, error.column) if error.line else None
        what = "" if error.is_yaml else "neither YAML nor JSON: "
        raise UsageError(f"{place or where}: {what}{one_line(error.said, 200)}", place=place) from error


def _case_number(path: tuple[str | int, ...]) -> int | None:
    return next((step for step in path[:2] if isinstance(step, int)), None)


def _place(text: str, where: str, path: tuple[str | int, ...]) -> SourcePlace | None:
    """Return where a part of a table begins; of a part that is missing, where the one around it does."""
    import yaml

    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if node is None:
        return None
    mark = node.start_mark
    for step in path:
        node, mark = _part(node, step) or (None, mark)
        if node is None:
            break
    return place_at(where, text, mark.line + 1, mark.column + 1)


def _part(node: yaml.Node, step: str | int) -> tuple[yaml.Node, yaml.Mark] | None:
    """Return a part of a node, and where it begins: a list's entry there, a mapping's at its key."""
    import yaml

    if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
        return node.value[step], node.value[step].start_mark
    if isinstance(node, yaml.MappingNode):
        return next(((value, key.start_mark) for key, value in node.value if key.value == str(step)), None)
    return None
