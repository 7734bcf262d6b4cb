"""``kubernetes_logs``: the lines of a pod's containers, filtered, and an account of every line that is not there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agentops.core.clock import Clock
from agentops.core.errors import ClusterError, NotFound, ToolInputError
from agentops.core.evidence import Reading
from agentops.core.text import one_line, plural
from agentops.tools.kubernetes.arguments import Arguments
from agentops.tools.kubernetes.client import Cluster
from agentops.tools.kubernetes.kinds import builtin
from agentops.tools.kubernetes.linefilter import LineFilter
from agentops.tools.kubernetes.nearby import with_near_names
from agentops.tools.kubernetes.tail import LogPlace, read_tail

_FILTERED_TAIL = 20_000
_SIZE_BYTES = 2 * 1024 * 1024
_LINE_LIMIT = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Portion:
    """One container's lines, and what was left out of them."""

    container: str
    lines: tuple[str, ...]
    note: str


def logs(cluster: Cluster, _clock: Clock, arguments: Arguments) -> Reading:
    """Return log lines of one container or of all containers of a pod.

    Raises:
        ToolInputError: an argument cannot be used, or the pod has no such container.
        NotFound: there is no such pod; the hint names near ones.
        ClusterError: the log could not be read; the server says why.
    """
    name = arguments.name("pod")
    namespace = arguments.one_namespace(cluster.namespace)
    line_filter = LineFilter(include=arguments.text("include"), exclude=arguments.text("exclude"))
    kind = builtin("Pod")
    try:
        pod = cluster.get_object(kind, name, namespace)
    except NotFound as error:
        raise with_near_names(cluster, kind, name, namespace, error) from error
    containers = _containers(pod, arguments.text("container"))
    portions, failures = [], []
    for container in containers:
        try:
            portions.append(_read(cluster, namespace, name, container, arguments, line_filter))
        except ClusterError as error:
            if len(containers) == 1:
                raise
            failures.append(f"{container}: {one_line(error.message, 200)}")
    return _reading(cluster, pod, namespace, name, portions, failures, arguments)


def _containers(pod: Mapping[str, Any], wanted: str) -> tuple[str, ...]:
    spec, status = pod.get("spec") or {}, pod.get("status") or {}
    main = [str(c.get("name")) for c in spec.get("containers") or ()]
    init = [str(c.get("name")) for c in spec.get("initContainers") or ()]
    extra = [str(c.get("name")) for c in spec.get("ephemeralContainers") or ()]
    if wanted:
        if wanted not in {*main, *init, *extra}:
            raise ToolInputError(
                f"the pod has no container {one_line(wanted, 60)!r}",
                hint=f"Its containers are: {', '.join([*main, *init, *extra])}",
            )
        return (wanted,)
    # Init containers that ended well say nothing about a pod that got past them.
    states = {str(c.get("name")): c for c in status.get("initContainerStatuses") or ()}
    stuck = [n for n in init if not states.get(n, {}).get("ready") or (states[n].get("state") or {}).get("running")]
    return (*stuck, *main)


def _read(
    cluster: Cluster, namespace: str, name: str, container: str, arguments: Arguments, line_filter: LineFilter
) -> _Portion:
    tail = arguments.number("tail", 200)
    filtered = bool(arguments.text("include") or arguments.text("exclude"))
    asked = _FILTERED_TAIL if filtered else tail
    place = LogPlace(
        namespace=namespace,
        pod=name,
        container=container,
        previous=arguments.flag("previous"),
        since_s=arguments.number("since_minutes", 0) * 60,
    )
    found = read_tail(cluster, place, lines=asked, size_bytes=_SIZE_BYTES, line_limit=_LINE_LIMIT)
    lines = found.lines
    notes = []
    if found.cut:
        notes.append(f"the log was cut at {_SIZE_BYTES:,} bytes, its newest lines may be missing")
    if found.more:
        notes.append(f"older lines than the last {len(lines):,} were not read")
    kept = tuple(line_filter.keep(lines)) if filtered else lines
    if filtered:
        notes.append(f"{len(lines) - len(kept):,} of {len(lines):,} lines read were dropped by the filter")
    if len(kept) > tail:
        notes.append(f"only the last {tail:,} of {len(kept):,} matching lines are shown")
        kept = kept[-tail:]
    return _Portion(container=container, lines=kept, note="; ".join(notes))


def _reading(
    cluster: Cluster,
    pod: Mapping[str, Any],
    namespace: str,
    name: str,
    portions: list[_Portion],
    failures: list[str],
    arguments: Arguments,
) -> Reading:
    several = len(portions) + len(failures) > 1
    run = "previous run" if arguments.flag("previous") else "current run"
    parts = []
    for portion in portions:
        heading = [f"--- container {portion.container} ({run}) ---"] if several else []
        parts += [*heading, *(portion.lines or ("(no lines)",))]
    parts += [f"--- container {failure}" for failure in failures]
    notes = [f"{p.container}: {p.note}" if several else p.note for p in portions if p.note]
    total = sum(len(portion.lines) for portion in portions)
    restarts = sum(int(c.get("restartCount") or 0) for c in (pod.get("status") or {}).get("containerStatuses") or ())
    if restarts and not arguments.flag("previous"):
        notes.append(f"the pod's containers restarted {plural(restarts, 'time')}; use previous for the run before")
    names = ", ".join(portion.container for portion in portions)
    return Reading(
        body="\n".join(parts),
        summary=f"{plural(total, 'line')} of {namespace}/{name} {names} ({run})",
        footer="; ".join(notes),
        resources=(cluster.ref("Pod", name, namespace),),
    )
