"""``kubernetes_logs``: the lines of pods' containers, filtered and folded, and an account of what is left out.

Comes in: a pod, a workload or a selector, and which lines are wanted. Goes out: their first or last lines, what repeats
told once with its number. Nothing is left out in silence: the footer says what was not read and what was dropped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agentops.core.clock import Clock
from agentops.core.errors import ClusterError, ToolInputError
from agentops.core.evidence import Reading
from agentops.core.text import one_line, plural
from agentops.providers.kubernetes.api.client import Cluster
from agentops.providers.kubernetes.api.tail import LogPlace, Tail, read_head, read_tail
from agentops.providers.kubernetes.objects.fields import Object
from agentops.providers.kubernetes.objects.pod_health import restarts
from agentops.providers.kubernetes.read.arguments import Arguments
from agentops.providers.kubernetes.read.declaration import FLAG, NAME, number, read_tool, text
from agentops.providers.kubernetes.read.folding import count_folded, folded, thinned
from agentops.providers.kubernetes.read.linefilter import LineFilter
from agentops.providers.kubernetes.read.logpods import LogPods, log_pods

_FILTERED_LINES = 20_000
_TAIL_OF_ONE = 200
_TAIL_OF_EACH = 40
_SIZE_BYTES = 2 * 1024 * 1024
_LINE_LIMIT = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _LogRequest:
    """Which lines: ``lines`` of each container after filtering, from its beginning with ``head``, else from its end."""

    lines: int
    head: bool
    previous: bool
    since_s: int
    line_filter: LineFilter | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Portion:
    """One container's lines, and what was left out of them, or why there are none; ``count``: before folding."""

    pod: str
    container: str
    lines: tuple[str, ...] = ()
    count: int = 0
    note: str = ""
    failure: str = ""


@read_tool(
    "kubernetes_logs",
    "Log lines of a pod, or of a workload's or selector's pods (failing first), repeats folded. previous: the run "
    "before a restart.",
    {
        "pod": NAME,
        "workload": text("e.g. Deployment/web"),
        "labels": text("selector"),
        "namespace": NAME,
        "container": text("default: all"),
        "previous": FLAG,
        "tail": number(5000, "last lines after filtering, default 200, or 40 a pod"),
        "head": number(5000, "first lines instead"),
        "since_minutes": number(100_000),
        "include": text("regex a line must match"),
        "exclude": text("regex of lines to drop"),
    },
    permissions=("get pods", "list pods", "get pods/log"),
)
def logs(cluster: Cluster, _clock: Clock, arguments: Arguments) -> Reading:
    """Return log lines of one container or of all containers of a pod, or of the pods of a workload or a selector.

    Raises:
        ToolInputError: an argument cannot be used, or the pod has no such container.
        NotFound: there is no such pod or workload; the hint names near ones.
        ClusterError: no log could be read; the server says why.
    """
    namespace = arguments.one_namespace(cluster.namespace)
    # Patterns are judged before anything is asked.
    wanted = _wanted(arguments)
    found = log_pods(cluster, arguments, namespace)
    portions: list[_Portion] = []
    errors: list[ClusterError] = []
    for pod in found.pods:
        for container in _containers(pod, arguments.text("container")):
            try:
                portions.append(_read(cluster, namespace, pod, container, wanted))
            except ClusterError as error:
                errors.append(error)
                name, why = str(pod["metadata"].get("name")), one_line(error.message, 200)
                portions.append(_Portion(pod=name, container=container, failure=why))
    # One unreadable container is a note; when none could be read, the server's reason is the answer.
    if errors and len(errors) == len(portions):
        raise errors[0]
    return _reading(cluster, found, namespace, portions, wanted)


def _wanted(arguments: Arguments) -> _LogRequest:
    include, exclude = arguments.text("include"), arguments.text("exclude")
    head, tail = arguments.number("head", 0), arguments.number("tail", 0)
    if head and tail:
        raise ToolInputError("give head or tail, not both", hint="head is from the beginning, tail from the end.")
    usual = _TAIL_OF_ONE if arguments.text("pod") else _TAIL_OF_EACH
    return _LogRequest(
        lines=head or tail or usual,
        head=bool(head),
        previous=arguments.flag("previous"),
        since_s=arguments.number("since_minutes", 0) * 60,
        line_filter=LineFilter(include=include, exclude=exclude) if include or exclude else None,
    )


def _containers(pod: Object, wanted: str) -> tuple[str, ...]:
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


def _read(cluster: Cluster, namespace: str, pod: Object, container: str, wanted: _LogRequest) -> _Portion:
    name = str(pod["metadata"].get("name"))
    place = LogPlace(
        namespace=namespace, pod=name, container=container, previous=wanted.previous, since_s=wanted.since_s
    )
    # A filter may keep few of many lines, so more are read than are wanted.
    asked = _FILTERED_LINES if wanted.line_filter else wanted.lines
    read = read_head if wanted.head else read_tail
    found = read(cluster, place, lines=asked, size_bytes=_SIZE_BYTES, line_limit=_LINE_LIMIT)
    kept = tuple(wanted.line_filter.keep(found.lines)) if wanted.line_filter else found.lines
    notes = list(_left_out(found, kept, wanted))
    kept = kept[: wanted.lines] if wanted.head else kept[-wanted.lines :]
    in_a_row = folded(kept)
    lines = thinned(in_a_row)
    if repeats := count_folded(in_a_row) + len(in_a_row) - len(lines):
        notes.append(f"{plural(repeats, 'repeated line')} folded")
    return _Portion(pod=name, container=container, lines=tuple(map(str, lines)), count=len(kept), note="; ".join(notes))


def _left_out(found: Tail, kept: Sequence[str], wanted: _LogRequest) -> Iterator[str]:
    # A cut of bytes loses other lines than a limit of lines does, and is said first.
    if found.cut:
        missing = "later lines were not read" if wanted.head else "its newest lines may be missing"
        yield f"the log was cut at {_SIZE_BYTES:,} bytes, {missing}"
    elif found.more:
        end = "later lines than the first" if wanted.head else "older lines than the last"
        yield f"{end} {len(found.lines):,} were not read"
    if wanted.line_filter:
        yield f"{len(found.lines) - len(kept):,} of {len(found.lines):,} lines read were dropped by the filter"
    if len(kept) > wanted.lines:
        end = "first" if wanted.head else "last"
        yield f"only the {end} {wanted.lines:,} of {len(kept):,} matching lines are shown"


def _reading(
    cluster: Cluster, found: LogPods, namespace: str, portions: Sequence[_Portion], wanted: _LogRequest
) -> Reading:
    run = "previous run" if wanted.previous else "current run"
    parts: list[str] = []
    notes: list[str] = []
    several = len(portions) > 1
    for portion in portions:
        label = portion.container if found.named else f"{portion.pod} {portion.container}"
        if portion.failure:
            parts.append(f"--- container {label}: {portion.failure}")
            continue
        if several:
            parts.append(f"--- container {label} ({run}) ---")
        parts += portion.lines or ("(no lines)",)
        if portion.note:
            notes.append(f"{label}: {portion.note}" if several else portion.note)
    if found.note:
        notes.append(found.note)
    again = sum(map(restarts, found.pods))
    if again and not wanted.previous:
        notes.append(f"the containers restarted {plural(again, 'time')}; use previous for the run before")
    names = ", ".join(dict.fromkeys(portion.container for portion in portions if not portion.failure))
    total = sum(portion.count for portion in portions)
    return Reading(
        body="\n".join(parts),
        summary=f"{plural(total, 'line')} of {found.what} {names} ({run})",
        footer="; ".join(notes),
        resources=tuple(cluster.ref("Pod", str(pod["metadata"].get("name")), namespace) for pod in found.pods),
    )
