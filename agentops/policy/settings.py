"""What a team sets about policy: which places are not production, what is protected, when nothing changes, the caps.

Comes in: the ``[policy]`` and ``[environments]`` sections of the settings. Goes out: answers to three questions that
fill a request's context, ``judged``, ``is_protected`` and ``is_frozen``. A place of which nobody said otherwise is
production; what is said is said of what proves the place, not of its name. The clock is a parameter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

from agentops.core.clock import from_iso, to_iso
from agentops.core.errors import ConfigError
from agentops.core.jsonable import to_json
from agentops.core.policy import DAYS
from agentops.core.text import one_line

PRODUCTION = "production"
STAGING = "staging"
DEVELOPMENT = "development"
SANDBOX = "sandbox"
ENVIRONMENTS = (PRODUCTION, STAGING, DEVELOPMENT, SANDBOX)

_WEEK = timedelta(days=7)
_WEEKLY = re.compile(r"(?P<day>[a-z]{3}) (?P<hour>[0-2]\d):(?P<minute>[0-5]\d)")
_HINT = "Write 'fri 16:00-mon 08:00 UTC' or '2026-12-20T00:00:00Z/2027-01-03T00:00:00Z'."


class PolicySettingError(ConfigError):
    """A value of the ``[policy]`` section means nothing; ``setting`` is its field."""

    def __init__(self, setting: str, what: str, *, hint: str) -> None:
        super().__init__(f"[policy] {setting}: {what}", hint=hint)
        self.setting = setting


@dataclass(frozen=True, slots=True)
class Weekly:
    """A window that comes back every week, as offsets from Monday 00:00 UTC; it may run over Sunday's end."""

    begins: timedelta
    ends: timedelta

    def holds(self, now: datetime) -> bool:
        """Return whether ``now`` is in it; the end is not."""
        moment = now.astimezone(UTC)
        midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=moment.weekday())
        offset = moment - midnight
        if self.begins < self.ends:
            return self.begins <= offset < self.ends
        return offset >= self.begins or offset < self.ends


@dataclass(frozen=True, slots=True)
class Interval:
    """A window that happens once."""

    begins: datetime
    ends: datetime

    def holds(self, now: datetime) -> bool:
        """Return whether ``now`` is in it; the end is not."""
        return self.begins <= now < self.ends


Window = Weekly | Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedPlace:
    """Which environment a place is, and why, in words."""

    environment: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySettings:
    """The ``[policy]`` section. Patterns are shell globs, matched without regard to case. ``environments`` holds the
    places that are not production, by their identity.

    ``windows`` are the parsed ``freeze`` entries; ``read_only`` is the run's own mode.
    """

    production_contexts: tuple[str, ...]
    environments: Mapping[str, str]
    protected_namespaces: tuple[str, ...]
    freeze: tuple[str, ...]
    max_pods: int
    max_percent: int
    read_only: bool = False
    windows: tuple[Window, ...] = ()

    def judged(self, place: str, identity: str, *, simulated: bool = False) -> JudgedPlace:
        """Return the environment of a kubeconfig context (or an account): production, unless somebody said otherwise.

        Arguments:
            place: its name on this machine; it can only make it production.
            identity: what proves which place it is (``PlaceIdentity.key``); empty where nothing does.
            simulated: it is the embedded cluster of this very process, whatever it is called.
        """
        if simulated:
            return JudgedPlace(environment=SANDBOX, why="it is the embedded cluster of this process")
        if _matches(place, self.production_contexts):
            return JudgedPlace(environment=PRODUCTION, why=f"policy.production_contexts has the name {place}")
        if not identity:
            return JudgedPlace(environment=PRODUCTION, why="nothing proves which cluster it is")
        said = self.environments.get(identity)
        if said is None:
            return JudgedPlace(
                environment=PRODUCTION, why="nobody has said otherwise of this server and its authorities"
            )
        return JudgedPlace(environment=said, why=f"[environments] says it of {identity}")

    def is_protected(self, namespace: str) -> bool:
        """Return whether ``namespace`` is one of ``protected_namespaces``."""
        return _matches(namespace, self.protected_namespaces)

    def is_frozen(self, now: datetime) -> bool:
        """Return whether a freeze window is open."""
        return any(window.holds(now) for window in self.windows)

    def document(self) -> dict[str, Any]:
        """Return the settings as plain JSON: what the policy digest covers, and what ``policy show`` prints."""
        return {item.name: to_json(getattr(self, item.name)) for item in fields(self) if item.name != "windows"}


def settings_of(values: Mapping[str, Any], *, read_only: bool = False) -> PolicySettings:
    """Return the settings made of the values of the ``[policy]`` section.

    Raises:
        PolicySettingError: a freeze window that cannot be read, or a limit that is none.
    """
    settings = PolicySettings(**values, read_only=read_only, windows=tuple(map(parse_window, values["freeze"])))
    if not 0 <= settings.max_percent <= 100:
        raise PolicySettingError("max_percent", f"{settings.max_percent} is not a percentage", hint="It is 0 to 100.")
    if settings.max_pods < 0:
        raise PolicySettingError("max_pods", f"{settings.max_pods} is less than 0", hint="It is 0 or more.")
    return settings


def parse_window(text: str) -> Window:
    """Parse one freeze window: weekly ``fri 16:00-mon 08:00 UTC``, or an RFC 3339 interval ``A/B``.

    Raises:
        PolicySettingError: it is neither, or it ends before it begins.
    """
    try:
        return _interval(text) if "/" in text else _weekly(text)
    except ValueError as error:
        raise PolicySettingError("freeze", f"{one_line(text, 60)!r} {error}", hint=_HINT) from error


def _interval(text: str) -> Interval:
    first, _, last = text.partition("/")
    begins, ends = from_iso(first), from_iso(last)
    if begins >= ends:
        raise ValueError(f"ends before it begins ({to_iso(ends)})")
    return Interval(begins, ends)


def _weekly(text: str) -> Weekly:
    words = text.strip().lower()
    if not words.endswith(" utc"):
        raise ValueError("does not say UTC at its end")
    first, _, last = words.removesuffix(" utc").partition("-")
    window = Weekly(_offset(first.strip()), _offset(last.strip()))
    if window.begins == window.ends:
        raise ValueError("is empty")
    return window


def _offset(text: str) -> timedelta:
    found = _WEEKLY.fullmatch(text)
    if not found or found["day"] not in DAYS or int(found["hour"]) > 23:
        raise ValueError("is not a window of time")
    return timedelta(days=DAYS.index(found["day"]), hours=int(found["hour"]), minutes=int(found["minute"]))


def _matches(name: str, globs: Iterable[str]) -> bool:
    return any(fnmatchcase(name.lower(), pattern.lower()) for pattern in globs)
