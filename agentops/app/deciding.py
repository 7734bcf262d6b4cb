"""What decides about changes in a run: policy and settings, as they were when a plan was made and as they are now.

Comes in: settings, the providers. Goes out: a ``Deciding`` for the guard, and for each later look a ``Renewed`` with
what differs, in words. Files are read anew each time; the policy is compiled anew only where one of them differs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agentops.app.policy_loading import PolicySources, policy_of, policy_sources
from agentops.config import Settings, key_of
from agentops.core.errors import ConfigError
from agentops.core.stricter import DECIDING
from agentops.core.text import one_line
from agentops.guard.services import PolicyContext, Renewed

if TYPE_CHECKING:
    from agentops.core.provider import Provider
    from agentops.policy import CedarPolicy, PolicySettings, UnavailablePolicy

EnvironmentOf = Callable[["PolicySettings", str], str]
"""Says of a place, under some settings, which environment it is."""


_STRICTEST = PolicyContext(
    environment_of=lambda _place: "production", is_protected=lambda _group: True, is_frozen=lambda _now: True
)
"""Where the settings cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What stood in the files at one moment; ``error`` where they cannot be used."""

    settings: Settings
    sources: PolicySources | None
    error: ConfigError | None = None


@dataclass(slots=True)
class Deciding:
    """What decides in one run.

    Arguments:
        settings: as the run began with.
        environment_of: the environment of a place.
        policy: in force; ``UnavailablePolicy`` where none can be loaded.
        context: what policy must know of the place.
    """

    settings: Settings
    providers: tuple[Provider, ...]
    environment_of: EnvironmentOf
    policy: CedarPolicy | UnavailablePolicy = field(init=False)
    context: PolicyContext = field(init=False)
    _first: _Read = field(init=False)
    # The files are looked for where the run began, wherever the process goes later.
    _directory: Path = field(init=False)

    def __post_init__(self) -> None:
        self._directory = Path.cwd()
        self._first = self._read(self.settings)
        self.policy, self.context = self._made(self._first)

    def renew(self) -> Renewed:
        """Return what decides now, read anew, and what differs from before."""
        try:
            now = self._read(self.settings.again() if self.settings.again else self.settings)
        except ConfigError as error:
            now = _Read(settings=self.settings, sources=None, error=error)
        changed = "; ".join(_differences(self._first, now))
        if not changed:
            return Renewed(policy=self.policy, context=self.context, read_only=self.settings.read_only)
        policy, context = self._made(now)
        return Renewed(policy=policy, context=context, read_only=now.settings.read_only, changed=changed)

    def _read(self, settings: Settings) -> _Read:
        try:
            sources = policy_sources(settings, self.providers, environ=os.environ, directory=self._directory)
        except ConfigError as error:
            return _Read(settings=settings, sources=None, error=error)
        return _Read(settings=settings, sources=sources)

    def _made(self, read: _Read) -> tuple[CedarPolicy | UnavailablePolicy, PolicyContext]:
        from agentops.policy import UnavailablePolicy

        if read.sources is None:
            return UnavailablePolicy(read.error or ConfigError("it cannot be read")), _STRICTEST
        rules = read.sources.rules
        context = PolicyContext(
            environment_of=lambda place: self.environment_of(rules, place),
            is_protected=rules.is_protected,
            is_frozen=rules.is_frozen,
        )
        return policy_of(read.sources), context


def _differences(before: _Read, now: _Read) -> Iterator[str]:
    """Yield what of two readings differs, for people."""
    if now.error is not None:
        if before.error is None or before.error.message != now.error.message:
            yield now.error.message
        return
    for name in DECIDING:
        old, new = getattr(before.settings, name), getattr(now.settings, name)
        if old != new:
            source = now.settings.provenance.get(name, "default").removeprefix("file ")
            yield f"{key_of(name)} is {_shown(new)} now ({source}), it was {_shown(old)}"
    layers = [{one.origin: one for one in read.sources.layers} if read.sources else {} for read in (before, now)]
    for origin in dict.fromkeys([*layers[0], *layers[1]]):
        old_layer, new_layer = (found.get(origin) for found in layers)
        if old_layer is None or new_layer is None:
            yield f"{origin} is {'gone' if new_layer is None else 'new'}"
        elif old_layer != new_layer:
            yield f"{origin} is another text now"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return one_line(", ".join(map(str, value)), 120) or "empty"
    return one_line(str(value), 120) or "empty"
