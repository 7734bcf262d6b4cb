"""The analyzers that a user adds: rules in files, and Python functions of installed packages.

Comes in: what the settings name. Goes out: analyzers, and the kinds that rules look at. A package's analyzers run only
where the settings name them: that something is installed is no reason to run it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from agentops.core.errors import ConfigError
from agentops.core.text import one_line
from agentops.providers.kubernetes.analyzers.declaration import DeclaredAnalyzer
from agentops.providers.kubernetes.analyzers.registry import CONDITIONS
from agentops.providers.kubernetes.objects.kinds import BUILTIN, Kind

GROUP = "agentops.kubernetes_analyzers"
"""The entry point group of a package that brings analyzers."""


_BUILTIN = {kind.kind: kind for kind in BUILTIN}


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAnalyzers:
    """What a user added; ``kinds`` are those that rules look at."""

    analyzers: tuple[DeclaredAnalyzer, ...] = ()
    kinds: tuple[Kind, ...] = ()


def own_analyzers(rules: Sequence[Path], packaged: Sequence[str], kind: Callable[[str], Kind]) -> OwnAnalyzers:
    """Return what the settings name.

    Arguments:
        rules: files of rules.
        packaged: names of entry points.
        kind: returns the kind that a word means, as the cluster serves it.

    Raises:
        ConfigError: a file, a rule or a package cannot be used.
        ClusterError: there is no such kind, or the cluster cannot say.
    """
    found = [_packaged(name) for name in packaged]
    kinds: dict[str, Kind] = {}
    if rules:
        from agentops.providers.kubernetes.rules.rule_analyzer import rule_analyzers
        from agentops.providers.kubernetes.rules.rule_files import read_rules

        def kind_of(word: str) -> str:
            meant = kind(word)
            if meant.kind in _BUILTIN and meant not in BUILTIN:
                raise ConfigError(
                    f"rules cannot look at {meant.full_name}: it has the name of a built-in kind",
                    hint=f"Rules for {meant.kind} look at {_BUILTIN[meant.kind].full_name}.",
                )
            kinds[meant.kind] = meant
            return meant.kind

        found += rule_analyzers(read_rules(rules), kind_of)
    _require_distinct(found)
    return OwnAnalyzers(analyzers=tuple(found), kinds=tuple(kinds.values()))


def _packaged(name: str) -> DeclaredAnalyzer:
    from importlib.metadata import entry_points

    found = entry_points(group=GROUP, name=name)
    if len(found) != 1:
        there = ", ".join(sorted(entry_points(group=GROUP).names)) or "none"
        what = "no package has" if not found else f"{len(found)} packages have"
        raise ConfigError(
            f"kubernetes.analyzers: {what} an analyzer {one_line(name, 60)!r}", hint=f"Installed are: {there}."
        )
    try:
        loaded = next(iter(found)).load()
    except Exception as error:
        raise ConfigError(
            f"the analyzer {name!r} cannot be loaded: {type(error).__name__}: {one_line(str(error), 160)}",
            hint="Take it out of kubernetes.analyzers in the settings, or mend the package.",
        ) from error
    if not isinstance(loaded, DeclaredAnalyzer):
        raise ConfigError(
            f"the analyzer {name!r} is a {type(loaded).__name__}, not a declared analyzer",
            hint="Declare it with agentops.providers.kubernetes.analyzers.declaration.analyzer.",
        )
    return loaded


def _require_distinct(analyzers: Sequence[DeclaredAnalyzer]) -> None:
    known = dict.fromkeys(CONDITIONS, "agentops")
    for analyzer in analyzers:
        for condition in analyzer.conditions:
            if condition.name in known:
                raise ConfigError(
                    f"{analyzer.name}: {condition.name} is a condition of {known[condition.name]} already"
                )
            known[condition.name] = analyzer.name
