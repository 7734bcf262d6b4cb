"""How a simulated process lives and dies: what it was started without, what it cannot reach, when it ends.

Comes in: a running container and the world around it. Goes out: its next death, if one is certain, and what it prints
about its dependencies. Must never run anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from agentops.sandbox.kubelet.network import address, dial
from agentops.sandbox.kubelet.runs import Box, ContainerRun, Span
from agentops.sandbox.objects import quantity
from agentops.sandbox.store import Obj
from agentops.sandbox.world import World

_CHECKS_S = 0.8
_COMPLAINS_EVERY_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """When and how the process ends; ``line`` is the last thing that it prints."""

    at: datetime
    code: int
    reason: str
    line: str = ""


def next_death(world: World, pod: Obj, box: Box, run: ContainerRun) -> Death | None:
    """Return the earliest death that is certain as things stand now; None when it goes on.

    Also brings the run's record of unreachable dependencies up to date.
    """
    deaths = [_refusal(run), _own_exit(run), _out_of_memory(box, run), *_lost_dependencies(world, pod, run)]
    certain = [death for death in deaths if death is not None]
    return min(certain, key=lambda death: death.at) if certain else None


def unready_dependency(run: ContainerRun) -> bool:
    """Return whether a dependency that readiness hangs on is down."""
    hosts = [address(one, run.env) for one in run.program.depends_on if one.when_down == "unready"]
    return any(f"{host}:{port}" in run.down for host, port in hosts)


def still_connecting(run: ContainerRun) -> bool:
    """Return whether the process has not come up because what it cannot live without was down from the start."""
    up_at = run.started_at + timedelta(seconds=run.program.starts_in_s)
    hosts = [address(one, run.env) for one in run.program.depends_on if one.when_down == "exit"]
    lost = [run.down[name] for name in (f"{host}:{port}" for host, port in hosts) if name in run.down]
    return any(since <= up_at for since, _ in lost)


def _refusal(run: ContainerRun) -> Death | None:
    """Return the death of a process that does not accept its configuration."""
    program = run.program
    line = ""
    for name in program.needs_env:
        if not run.env.get(name):
            line = line or f"fatal: environment variable {name} is not set"
    for name, pattern in program.valid_env.items():
        if name in run.env and not re.fullmatch(pattern, run.env[name]):
            line = line or f"fatal: invalid value {run.env[name]!r} for {name}"
    for path in program.needs_files:
        if path not in run.files:
            line = line or f"fatal: open {path}: no such file or directory"
    if not line:
        return None
    return Death(at=run.started_at + timedelta(seconds=_CHECKS_S), code=1, reason="Error", line=line)


def _own_exit(run: ContainerRun) -> Death | None:
    planned = run.program.exits
    if planned is None:
        return None
    reason = "Completed" if planned.code == 0 else "Error"
    at = run.started_at + timedelta(seconds=planned.after_s)
    return Death(at=at, code=planned.code, reason=reason, line=planned.line)


def _out_of_memory(box: Box, run: ContainerRun) -> Death | None:
    limit = quantity(((box.spec.get("resources") or {}).get("limits") or {}).get("memory"))
    after_s = run.program.memory.reaches(limit) if limit else None
    if after_s is None:
        return None
    return Death(at=run.started_at + timedelta(seconds=max(after_s, 1.5)), code=137, reason="OOMKilled")


def _lost_dependencies(world: World, pod: Obj, run: ContainerRun) -> list[Death | None]:
    deaths: list[Death | None] = []
    again, run.tried_at = run.tried_at != world.index.network, world.index.network
    for dependency in run.program.depends_on:
        host, port = address(dependency, run.env)
        name = f"{host}:{port}"
        if again:
            _note(run, name, dial(world, pod, host, port), world.now)
        if name in run.down and dependency.when_down == "exit":
            since, problem = run.down[name]
            at = since + timedelta(seconds=dependency.patience_s)
            line = f"fatal: giving up on {name} after {dependency.patience_s:.0f}s: {problem}"
            deaths.append(Death(at=at, code=1, reason="Error", line=line))
    return deaths


def _note(run: ContainerRun, name: str, problem: str, now: datetime) -> None:
    """Open, keep or close the complaint about one dependency in the log."""
    known = run.down.get(name)
    if known is not None and known[1] != problem:
        span = run.spans.pop(name)
        span.ended_at = now
        run.past_spans.append(span)
    if not problem:
        run.down.pop(name, None)
    elif known is None or known[1] != problem:
        run.down[name] = (known[0] if known else now, problem)
        run.spans[name] = Span(now, f'level=error msg="cannot reach {name}" err="{problem}"', _COMPLAINS_EVERY_S)
