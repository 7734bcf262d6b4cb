"""What runs inside the containers: small declarative programs, one per image repository.

Comes in: the ``programs`` list of a scenario (YAML already parsed). Goes out: ``Program`` values, looked up by image.
A program says what the process needs, listens on, uses, prints and dies of; the kubelet plays it. Must never run
anything: a program is data.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from agentops.core.errors import UsageError
from agentops.core.text import one_line
from agentops.sandbox.objects import quantity

_UNIT_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def seconds(text: str | int | float) -> float:
    """Return a duration such as ``20s``, ``1h30m`` or ``-45m`` in seconds; a bare number is seconds.

    Raises:
        UsageError: not a duration.
    """
    if isinstance(text, int | float):
        return float(text)
    sign, rest = (-1.0, text[1:]) if text.startswith("-") else (1.0, text)
    if not re.fullmatch(r"(\d+(\.\d+)?(ms|s|m|h|d))+", rest):
        raise UsageError(f"{one_line(str(text), 40)!r} is not a duration", hint="Write 20s, 5m or 1h30m.")
    return sign * sum(float(number) * _UNIT_S[unit] for number, unit in re.findall(r"([\d.]+)(ms|s|m|h|d)", rest))


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """A service that the process connects to: ``service`` names the host, or ``env`` the variable that holds it.

    The variable may hold a host, ``host:port`` or a URL; a port given here wins. ``when_down``: ``exit`` (after
    ``patience_s`` of retries), ``unready`` (the readiness endpoint answers 503) or ``log``.
    """

    service: str = ""
    env: str = ""
    port: int = 0
    when_down: str = "unready"
    patience_s: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Working set in bytes: from ``start`` to ``peak`` in a straight line over ``over_s``, then flat."""

    start: float = 48 * 2.0**20
    peak: float = 48 * 2.0**20
    over_s: float = 0.0

    def at(self, running_s: float) -> float:
        """Return the working set in bytes after this long."""
        share = 1.0 if self.over_s <= 0 else min(running_s / self.over_s, 1.0)
        return self.start + (self.peak - self.start) * share

    def reaches(self, limit: float) -> float | None:
        """Return after how many seconds the working set exceeds ``limit``; None when it never does."""
        if self.peak <= limit:
            return None
        if self.start > limit or self.over_s <= 0:
            return 0.0
        return self.over_s * (limit - self.start) / (self.peak - self.start)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """The process ends by itself after ``after_s`` with ``code``, printing ``line``; 0 is success."""

    after_s: float
    code: int = 0
    line: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """What the process prints: ``start`` lines at once, then one of ``lines`` every ``every_s``.

    ``{n}``, ``{ms}``, ``{id}`` and ``{time}`` in a line are filled in, the same each time the log is read.
    """

    start: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    every_s: float = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """The behaviour of one image repository; every duration in seconds, memory in bytes, cpu in cores.

    Arguments:
        image: the repository, without a tag.
        tags: the tags that exist; empty means every tag does.
        registry: a registry that asks for credentials before it hands out this image; empty for a public image.
        needs_env: variables without which it exits 1.
        valid_env: variable to regular expression; a value that does not match makes it exit 1.
        needs_files: absolute paths without which it exits 1.
        http: path to status code, or to ``dependencies``: 503 while an ``unready`` dependency is down. Empty: every
            path answers 200. A path that is not named answers 404.
        cpu: cores that each process uses; load: cores that all ready pods of the program share between them.
        latency_s: how long an HTTP answer takes.
        term_code: the exit code on SIGTERM; stops_in_s: how long it takes to stop.
        variants: tag to the fields that differ in that tag.
    """

    image: str
    tags: tuple[str, ...] = ()
    registry: str = ""
    size_mb: int = 64
    listens: tuple[int, ...] = ()
    starts_in_s: float = 3.0
    needs_env: tuple[str, ...] = ()
    valid_env: Mapping[str, str] = field(default_factory=dict)
    needs_files: tuple[str, ...] = ()
    memory: Memory = Memory()
    cpu: float = 0.02
    load: float = 0.0
    http: Mapping[str, int | str] = field(default_factory=dict)
    latency_s: float = 0.02
    depends_on: tuple[Dependency, ...] = ()
    exits: Exit | None = None
    log: Log = Log()
    term_code: int = 0
    stops_in_s: float = 1.0
    variants: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def has_tag(self, tag: str) -> bool:
        """Return whether the registry has this tag."""
        return not self.tags or tag in self.tags or tag in self.variants


def split_image(image: str) -> tuple[str, str]:
    """Return repository and tag of an image reference; ``latest`` when no tag is given."""
    repository, _, tag = image.rpartition(":")
    if not repository or "/" in tag:
        return image, "latest"
    return repository, tag


class ProgramBook:
    """The programs of a cluster, by image; a scenario can change one while the cluster runs."""

    def __init__(self, programs: Iterable[Program] = (), credentials: Mapping[str, str] | None = None) -> None:
        self._programs = {program.image: program for program in programs}
        self.credentials = dict(credentials or {})

    def find(self, image: str) -> Program | None:
        """Return the program of an image; None when no registry has it."""
        repository, tag = split_image(image)
        program = self._programs.get(repository)
        if program is None or not program.has_tag(tag):
            return None
        return _with(program, program.variants.get(tag, {}))

    def change(self, image: str, raw: Mapping[str, Any]) -> None:
        """Change fields of the program of a repository, from now on.

        Raises:
            UsageError: no such program, or a field that a program does not have.
        """
        if image not in self._programs:
            raise UsageError(f"no program for the image {one_line(image)!r}", hint="Declare it under programs.")
        self._programs[image] = _with(self._programs[image], raw)

    def images(self) -> tuple[str, ...]:
        """Return the repositories, sorted."""
        return tuple(sorted(self._programs))


def read_programs(raw: Sequence[Mapping[str, Any]]) -> tuple[Program, ...]:
    """Read the ``programs`` list of a scenario.

    Raises:
        UsageError: an entry without ``image``, or with a field that a program does not have.
    """
    for entry in raw:
        if not entry.get("image"):
            raise UsageError("a program has no image", hint="Each entry of programs names an image repository.")
    return tuple(_with(Program(image=entry["image"]), entry) for entry in raw)


def _with(program: Program, raw: Mapping[str, Any]) -> Program:
    if not raw:
        return program
    changes: dict[str, Any] = {}
    for name, value in raw.items():
        target, read = _READ.get(name, (name, _plain))
        if target not in _FIELDS:
            raise UsageError(f"a program has no field {one_line(name, 40)!r}", hint=f"It has: {', '.join(_RAW_NAMES)}.")
        changes[target] = read(value)
    return replace(program, **changes)


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _memory(value: Any) -> Memory:
    if isinstance(value, Mapping):
        start = quantity(value["start"])
        return Memory(
            start=start, peak=quantity(value.get("peak", value["start"])), over_s=seconds(value.get("over", 0))
        )
    return Memory(start=quantity(value), peak=quantity(value))


def _dependencies(value: Sequence[Mapping[str, Any]]) -> tuple[Dependency, ...]:
    return tuple(
        Dependency(
            service=one.get("service", ""),
            env=one.get("env", ""),
            port=int(one.get("port", 0)),
            when_down=one.get("when_down", "unready"),
            patience_s=seconds(one.get("patience", 30)),
        )
        for one in value
    )


def _exit(value: Mapping[str, Any] | None) -> Exit | None:
    if value is None:
        return None
    return Exit(after_s=seconds(value.get("after", 1)), code=int(value.get("code", 0)), line=value.get("line", ""))


def _log(value: Mapping[str, Any]) -> Log:
    return Log(
        start=tuple(value.get("start") or ()),
        lines=tuple(value.get("lines") or ()),
        every_s=seconds(value.get("every", 20)),
    )


_READ: dict[str, tuple[str, Any]] = {
    "starts_in": ("starts_in_s", seconds),
    "stops_in": ("stops_in_s", seconds),
    "latency": ("latency_s", seconds),
    "memory": ("memory", _memory),
    "cpu": ("cpu", quantity),
    "load": ("load", quantity),
    "depends_on": ("depends_on", _dependencies),
    "exits": ("exits", _exit),
    "log": ("log", _log),
}
_FIELDS = frozenset(one.name for one in fields(Program))
_RAW_NAMES = sorted({*_FIELDS, *_READ} - {target for raw, (target, _) in _READ.items() if raw != target})
