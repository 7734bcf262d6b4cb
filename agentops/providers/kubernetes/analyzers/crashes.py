"""Containers that end when they should run: out of memory, crash loops, killed by probes, failing init containers.

The exit code, the reason and the last lines decide the condition; a cause that is more exact than "it crashes" wins.
Source: kubelet container states; exit codes 126-165 follow the shell's convention.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from agentops.core.alert import Severity
from agentops.core.conditions import Trait
from agentops.core.finding import Fact, Problem
from agentops.core.text import one_line, plural
from agentops.providers.kubernetes.analysis.containers import ContainerView, container_views
from agentops.providers.kubernetes.analysis.environment import missing_variable, refused_value
from agentops.providers.kubernetes.analysis.graph import Graph
from agentops.providers.kubernetes.analysis.log_clues import Clue, clues, last_error, last_line
from agentops.providers.kubernetes.analysis.report import PodSymptom, collapse, quote, severity_of
from agentops.providers.kubernetes.analysis.rollouts import TemplateEdit, blame
from agentops.providers.kubernetes.analyzers.configuration import (
    MISSING_CONFIG_MAP_KEY,
    MISSING_SECRET_KEY,
    RUN_CONTAINER_ERROR,
)
from agentops.providers.kubernetes.analyzers.declaration import (
    OWNER,
    PATCH,
    UNDO,
    analyzer,
    exact,
    vague,
)
from agentops.providers.kubernetes.objects.fields import condition, items, moment, number, scalar, text
from agentops.providers.kubernetes.objects.pod_health import RECENT
from agentops.providers.kubernetes.objects.quantity import parse_quantity, quantity_text

NAME = "crashes"
FLAPPING = timedelta(minutes=20)
_EXIT = {
    1: "an application error",
    2: "a usage or application error",
    126: "the command cannot be executed",
    127: "the command was not found",
    128: "an invalid exit argument or a start error",
    134: "it aborted (SIGABRT)",
    137: "it was killed (SIGKILL)",
    139: "a segmentation fault (SIGSEGV)",
    143: "it was asked to stop (SIGTERM)",
}
_CLUE_WORDS = {
    "out-of-memory": "the runtime ran out of memory",
    "disk-full": "its disk is full",
    "disk-broken": "its disk cannot be read or written",
    "exec-format": "its binary is for another processor",
    "address-in-use": "its port is taken",
    "access-denied": "its login was refused",
    "certificate": "a certificate was refused",
    "file-missing": "a file is missing",
    "permission": "it lacks a permission",
    "forbidden-api": "its service account may not do what it tries",
}


@analyzer(
    NAME,
    exact(
        "OutOfMemory",
        OWNER,
        "a container is OOMKilled",
        fields=(".resources.limits.memory", ".resources.requests.memory", ".image", ".env[", ".args"),
        remedies=(UNDO,),
    ),
    exact(
        "MissingVariable",
        OWNER,
        "the program asks for a variable that nothing sets",
        Trait.NAMES_DEPENDENCY,
        remedies=(UNDO, PATCH),
    ),
    vague(
        "DependencyLoginRefused",
        OWNER,
        "a container ends because a login of its is refused",
        Trait.NAMES_DEPENDENCY,
        remedies=(UNDO,),
    ),
    vague(
        "PortTakenInPod",
        OWNER,
        "a container ends because another one of the pod has its port",
        Trait.TELLING,
        remedies=(UNDO,),
    ),
    vague("ShmTooSmall", OWNER, "a container ends because /dev/shm is full", Trait.TELLING, remedies=(UNDO,)),
    vague("CrashLoop", OWNER, "a container ends again and again, without a more exact cause", remedies=(UNDO,)),
    vague("InitContainerFailing", OWNER, "an init container ends with an error", remedies=(UNDO,)),
    also=(
        MISSING_CONFIG_MAP_KEY,
        MISSING_SECRET_KEY,
        RUN_CONTAINER_ERROR,
    ),
)
def crashes(graph: Graph) -> Iterable[Problem]:
    """Return the workloads whose containers end again and again."""
    signs: list[PodSymptom] = []
    for pod in graph.unwell_pods:
        for view in container_views(pod):
            signs.extend(_signs(graph, pod, view))
    return collapse(graph, NAME, signs)


def _signs(graph: Graph, pod: dict[str, Any], view: ContainerView) -> Iterator[PodSymptom]:
    end = view.last_end
    if not end or not _matters(graph, pod, view, end):
        return
    if text(end, "reason") == "OOMKilled":
        yield _out_of_memory(graph, pod, view)
    elif text(end, "reason") in ("StartError", "ContainerCannotRun"):
        yield _sign(graph, pod, view, "RunContainerError", f"cannot start: {text(end, 'message')[:200]}")
    elif probe_killed(graph, view):
        return  # the probes analyzer tells it, with the probe's own words
    elif not _job_tells(graph, pod):
        yield _crash(graph, pod, view)


def _matters(graph: Graph, pod: dict[str, Any], view: ContainerView, end: dict[str, Any]) -> bool:
    """Return whether the last end is part of a trouble that still goes on or was a moment ago."""
    code = number(end, "exitCode")
    if view.reason == "CrashLoopBackOff":
        return True
    if text(view.status, "state", "terminated", "reason") and (code != 0 or text(end, "reason") == "OOMKilled"):
        return text(pod, "status", "reason") != "Evicted"
    ended = view.ended_at
    if view.is_init or ended is None or view.restarts == 0:
        return False
    if text(end, "reason") == "OOMKilled":
        return graph.now - ended <= RECENT
    return graph.now - ended <= FLAPPING and (code != 0 or view.restarts >= 3) and view.restarts >= 2


def probe_killed(graph: Graph, view: ContainerView) -> bool:
    """Return whether the kubelet ended the container because a liveness or startup probe failed."""
    for event in graph.events(view.pod_key, "Killing"):
        said = event.message.lower()
        if view.name in said and ("failed liveness probe" in said or "failed startup probe" in said):
            return True
    return False


def _job_tells(graph: Graph, pod: dict[str, Any]) -> bool:
    owner = graph.owner(pod)
    if owner is None or owner[0] != "Job":
        return False
    return condition(graph.get(owner), "Failed").get("status") == "True"


def _out_of_memory(graph: Graph, pod: dict[str, Any], view: ContainerView) -> PodSymptom:
    limit = scalar(view.container, "resources", "limits", "memory")
    size = parse_quantity(limit)
    at = f"at its memory limit of {limit}" if limit else "without a memory limit: the node itself ran out"
    words = f"was killed for using too much memory (OOMKilled, exit {number(view.last_end, 'exitCode')}) {at}"
    facts: tuple[Fact, ...] = (quote(graph, pod, f"{view.end_path}.reason", "OOMKilled"),)
    if limit:
        facts += (quote(graph, pod, f"{view.spec_path}.resources.limits.memory", limit),)
    advice = "Set a memory request and limit near what the container needs, or find what makes it use more."
    if size:
        advice = f"Raise the limit above {quantity_text(size, 'memory')}, or find what makes the container use more."
    return _sign(graph, pod, view, "OutOfMemory", words, facts=facts, advice=advice)


def _crash(graph: Graph, pod: dict[str, Any], view: ContainerView) -> PodSymptom:
    code = number(view.last_end, "exitCode")
    tails = graph.logs(pod, view.name)
    found = list(clues(tails))
    words = _ending(code, text(view.last_end, "reason"), events_read=graph.was_read("Event"))
    error = last_error(tails)
    facts: tuple[Fact, ...] = ()
    variable = missing_variable(graph, pod, view, found)
    name = "InitContainerFailing" if view.is_init else "CrashLoop"
    refused = refused_value(graph, pod, view, found)
    telling = next((clue for clue in found if clue.kind in _CLUE_WORDS), None)
    said = error
    if variable is not None:
        name, words = variable.condition, f"{words}; {variable.words}"
        facts, said = variable.facts, variable.line
    elif refused is not None:
        words, facts, said = f"{words}; {refused.words}", (refused.fact,), refused.line
    elif telling is not None:
        words, said = f"{words}: {_CLUE_WORDS[telling.kind]}", telling.line
        if telling.line == error and not view.is_init:
            name, more = _named_by(pod, view, telling) or (name, "")
            words += more
    # What a pattern picked is one line of many: the last one is always shown.
    lines = tuple(dict.fromkeys(line for line in (said, error, last_line(tails) if error else "") if line))
    facts = (*(_log_fact(graph, pod, view, line) for line in lines), *facts)
    tail = _log_words(lines)
    told = variable or refused
    advice = told.advice if told is not None else _advice(found)
    remedies = variable.remedies if variable else ()
    # A value that stands in a ConfigMap came with no rollout of the template.
    kept = refused is not None and variable is None and refused.fact.resource.kind == "ConfigMap"
    return _sign(graph, pod, view, name, words, tail=tail, facts=facts, advice=advice, remedies=remedies, kept=kept)


def _named_by(pod: dict[str, Any], view: ContainerView, clue: Clue) -> tuple[str, str] | None:
    """Return a condition of its own for what the last error says, with the words; None where it stays a crash."""
    if clue.kind == "access-denied":
        return "DependencyLoginRefused", ""
    if clue.kind == "disk-full" and "/dev/shm" in clue.line and not _has_shm(view):  # noqa: S108 — a path in a log
        return "ShmTooSmall", "; a pod has 64 MiB of /dev/shm unless a volume in memory is mounted there"
    others = [text(one, "name") for one in items(pod, "spec", "containers") if text(one, "name") != view.name]
    if clue.kind == "address-in-use" and others:
        return "PortTakenInPod", f"; the pod's containers share one address, and {', '.join(others[:3])} runs beside it"
    return None


def _has_shm(view: ContainerView) -> bool:
    return any(text(mount, "mountPath") == "/dev/shm" for mount in items(view.container, "volumeMounts"))  # noqa: S108


_SHORT = 140
"""So many characters of a line are shown where two are."""


_MEMORY_WORDS = re.compile(
    r"(?i)mem|heap|xm[xs]|cache|pool|worker|thread|buffer|batch|size|limit|concurren|parallel|max|_opts|options|gc"
)


def _is_not_about_memory(edit: TemplateEdit) -> bool:
    """Return whether an edit is of a variable that says nothing of how much a program takes."""
    return ".env[" in edit.path and not _MEMORY_WORDS.search(f"{edit.path} {edit.before} {edit.after}")


def _log_words(lines: tuple[str, ...]) -> str:
    """Return the last clause of the summary: the line that says most, and the last one where that is another."""
    if len(lines) < 2:
        return f"; its log ends with: {lines[0]}" if lines else ""
    first, last = (one_line(line, _SHORT) for line in (lines[0], lines[-1]))
    return f"; its log says: {first}, and ends with: {last}"


def _log_fact(graph: Graph, pod: dict[str, Any], view: ContainerView, line: str) -> Fact:
    return quote(graph, pod, f"log[{view.name}]", line)


def _ending(code: int, reason: str, *, events_read: bool) -> str:
    if code == 0:
        if not events_read:
            # A probe that failed, or somebody who evicted it, ends a program in the same way.
            return "ends with exit code 0 and is started again; events were not read, so what ends it is not known"
        return "ends by itself with exit code 0 and is started again: its command does not stay"
    meaning = _EXIT.get(code, f"signal {code - 128}" if 128 < code < 160 else "an application error")
    return f"ends with exit code {code} ({reason or 'Error'}: {meaning})"


def _advice(found: list[Clue]) -> str:
    kinds = {clue.kind for clue in found}
    if kinds & {"refused", "timeout", "unknown-host"}:
        return "It cannot reach what it depends on: look at that service first."
    if "exec-format" in kinds:
        return "Build the image for the nodes' processor."
    return "Read the log of the previous run; undo the last change if it came with one."


def onset(graph: Graph, pod: dict[str, Any], view: ContainerView) -> datetime | None:
    """Return when the container's trouble began, as far as the objects tell; None when they have forgotten.

    A container remembers only its last end, so after several restarts the first BackOff, Unhealthy or Killing event
    counts, or the time since when the pod is not ready.
    """
    events = graph.events(view.pod_key, "BackOff", "Unhealthy", "Killing")
    times = [event.first for event in events if event.first and event.container in ("", view.name)]
    ready = condition(pod, "Ready")
    unready = moment(ready, "lastTransitionTime") if text(ready, "status") != "True" else None
    if unready is not None and view.restarts < 2:
        times.append(unready)
    if view.ended_at is not None and (view.restarts < 2 or times):
        times.append(view.ended_at)
    if not times and unready is not None:
        return unready
    return min(times, default=None)


def at_least_high(graph: Graph, pod: dict[str, Any]) -> Severity | None:
    """Return high for a workload whose pods are all ready between two restarts, else nothing: the count decides."""
    return Severity.HIGH if severity_of(graph, graph.workload(pod)) is Severity.WARNING else None


def _sign(
    graph: Graph,
    pod: dict[str, Any],
    view: ContainerView,
    name: str,
    words: str,
    *,
    tail: str = "",
    facts: tuple[Fact, ...] = (),
    advice: str = "",
    remedies: tuple[Any, ...] = (),
    kept: bool = False,
) -> PodSymptom:
    """``kept``: what is wrong is written elsewhere than in the template, so no rollout is to blame."""
    since = onset(graph, pod, view)
    unless = _is_not_about_memory if name == "OutOfMemory" else None
    origin = (
        None
        if kept
        else blame(graph, graph.workload(pod), crashes.condition(name), view.name, since, said=tail, unless=unless)
    )
    own: list[Fact] = []
    if view.reason:
        own.append(quote(graph, pod, f"{view.path}.state.waiting.reason", view.reason))
    own.append(quote(graph, pod, f"{view.end_path}.exitCode", number(view.last_end, "exitCode")))
    own.append(quote(graph, pod, f"{view.path}.restartCount", view.restarts))
    what = f"{view.label} {words}" + (f", {plural(view.restarts, 'restart')}" if view.restarts else "") + tail
    if origin:
        what += f"; {origin.clause}"
        own += [quote(graph, origin.delta.workload, origin.delta.title, str(origin.edits[0]))]
    return PodSymptom(
        pod=pod,
        container=view.name,
        condition=name,
        what=what,
        facts=(*facts, *own),
        since=since,
        severity=at_least_high(graph, pod),
        advice=advice or "Correct what the message names.",
        remedies=(origin.remedies if origin else ()) + remedies,
    )
