"""Where an alert comes from: a file, standard input, a named object, or the words on the command line.

Comes in: the ALERT argument. Goes out: an ``AlertGroup``. It reads no more than the largest alert allowed, waits for no
pipe that nobody writes to, and never touches a network.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from agentops.alerts.decoding import MAX_BYTES, decode
from agentops.alerts.kinds import kind_named
from agentops.alerts.labels import CLUSTER_KINDS
from agentops.core.alert import Alert, AlertGroup, Target
from agentops.core.clock import age, to_iso
from agentops.core.errors import AlertError, UsageError
from agentops.core.foreign_files import read_foreign
from agentops.core.resource import check_name
from agentops.core.text import one_line

_LATER = {
    "pagerduty": "Give the webhook's payload as a file, or describe the incident in words.",
}
_CLOCK_SLACK = timedelta(minutes=5)
_OLD = timedelta(days=1)
_PATH_ENDS = (".json", ".yaml", ".yml", ".txt")
_KUBERNETES, _AWS = "k8s", "aws"
_FORM = "k8s:NAMESPACE/KIND/NAME, or k8s:KIND/NAME for a cluster-scoped kind"
_AWS_FORM = "aws:SERVICE/TYPE/ID, such as aws:ecs/service/CLUSTER/NAME, or cloudwatch:ALARM"
_ALARM = "cloudwatch:"

_ONLY_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/*")


def names_target(argument: str, schemes: Sequence[str]) -> bool:
    """Return whether the argument names one resource of a provider: ``k8s:shop/Deployment/web``, ``K8S:`` as well."""
    prefix, _, rest = _written_out(argument).partition(":")
    return prefix.lower() in schemes and bool(rest) and not rest[0].isspace()


def _written_out(argument: str) -> str:
    """Return ``cloudwatch:ALARM`` as the resource that it is short for, and any other argument as it is."""
    name = argument[len(_ALARM) :]
    is_alarm = argument.lower().startswith(_ALARM) and bool(name.strip()) and not name[0].isspace()
    return f"{_AWS}:cloudwatch/alarm/{name}" if is_alarm else argument


def named_namespace(argument: str, schemes: Sequence[str]) -> str:
    """Return the namespace that an argument names with its resource; empty where it names none."""
    if not names_target(argument, schemes):
        return ""
    if _written_out(argument).partition(":")[0].lower() == _AWS:
        return ""
    parts = argument.partition(":")[2].split("/")
    is_in_one = len(parts) == 3 and kind_named(parts[1]) not in CLUSTER_KINDS
    return parts[0] if is_in_one else ""


def read_alert(
    argument: str, *, stdin: Callable[[], bytes], now: datetime, schemes: Sequence[str] = (_KUBERNETES,)
) -> AlertGroup:
    """Return what the ALERT argument stands for.

    Arguments:
        argument: a file's path, ``-`` for standard input, ``k8s:NS/KIND/NAME``, a JSON payload, or words.
        stdin: reads standard input when the argument is ``-``; see ``read_capped``.
        now: what the alerts' own times are held against; a note says when they are far off.
        schemes: of the providers whose resources can be named.

    Raises:
        AlertError: it cannot be read or used; one line says why.
    """
    if not argument.strip():
        raise AlertError("the alert is empty", hint="Give a file, '-', k8s:NS/KIND/NAME, or describe it in words.")
    if argument == "-":
        return _dated(decode(stdin(), "standard input"), now)
    if names_target(argument, schemes):
        named, _, what = _written_out(argument).partition(":")
        return _cloud_resource(what) if named.lower() == _AWS else _resource(named.lower(), what)
    prefix, _, rest = argument.partition(":")
    if _ONLY_SCHEME.fullmatch(argument.strip()):
        hint = f"The form is {_FORM}; agentops alerts lists what fires, as alertmanager:NAME."
        raise AlertError(f"nothing stands behind {one_line(argument.strip(), 60)}", hint=hint)
    if prefix in _LATER and rest and not any(map(str.isspace, rest)):
        raise AlertError(f"{prefix}: alerts cannot be fetched yet", hint=_LATER[prefix], code="not-built")
    path = _existing(argument)
    if path is not None:
        return _dated(decode(_read_file(path), one_line(argument, 120)), now)
    if _looks_like_path(argument):
        raise AlertError(
            f"there is no file {one_line(argument, 120)}", hint="To describe the alert instead, use words with spaces."
        )
    return _dated(decode(argument.encode("utf-8", "replace"), "the alert"), now)


def read_capped(stream: BinaryIO) -> bytes:
    """Return what the stream holds, but no more than a byte beyond the largest alert allowed."""
    return stream.read(MAX_BYTES + 1)


def _dated(group: AlertGroup, now: datetime) -> AlertGroup:
    started = group.lead.started_at
    if started is None or group.lead.status != "firing":
        return group
    if started - now > _CLOCK_SLACK:
        note = f"the alert starts in the future ({to_iso(started)}): the sender's clock or this one is wrong"
    elif now - started > _OLD:
        note = f"the alert has been firing for {age(started, now)}: it may be stale"
    else:
        return group
    return replace(group, notes=(*group.notes, note))


def _resource(scheme: str, rest: str) -> AlertGroup:
    parts = rest.split("/")
    if len(parts) not in (2, 3) or not all(parts):
        form = _FORM if scheme == _KUBERNETES else f"{scheme}:GROUP/KIND/NAME, or {scheme}:KIND/NAME"
        raise AlertError(f"{scheme}:{one_line(rest, 80)} does not name an object", hint=f"The form is {form}.")
    try:
        for part, what in zip(parts[-2:] + parts[:-2], ("kind", "name", "namespace"), strict=False):
            check_name(part, what)
    except UsageError as error:
        raise AlertError(error.message, hint=error.hint) from error
    is_kubernetes = scheme == _KUBERNETES
    kind, name = kind_named(parts[-2]) if is_kubernetes else parts[-2], parts[-1]
    namespace = parts[0] if len(parts) == 3 and kind not in CLUSTER_KINDS else ""
    target = Target(namespace=namespace, kind=kind, name=name, scheme=scheme)
    notes: tuple[str, ...] = ()
    if is_kubernetes and not namespace and kind not in CLUSTER_KINDS:
        notes = ("no namespace was given: the pinned one is meant",)
    alert = Alert(
        name=f"{kind}/{name}",
        source="resource",
        summary=f"asked to look at {target}",
        target=target,
    )
    return AlertGroup(alerts=(alert,), target=target, notes=notes)


def _cloud_resource(rest: str) -> AlertGroup:
    """Return what ``aws:SERVICE/TYPE/ID`` names; the id may hold slashes."""
    parts = rest.split("/", 2)
    if len(parts) != 3 or not all(parts):
        raise AlertError(f"{_AWS}:{one_line(rest, 80)} does not name a resource", hint=f"The form is {_AWS_FORM}.")
    try:
        for part, what in zip(parts, ("service", "type", "id"), strict=True):
            check_name(part, what)
    except UsageError as error:
        raise AlertError(error.message, hint=error.hint) from error
    target = Target(kind=f"{parts[0].lower()}/{parts[1].lower()}", name=parts[2], scheme=_AWS)
    alert = Alert(
        name=f"{target.kind}/{target.name}", source="resource", summary=f"asked to look at {target}", target=target
    )
    return AlertGroup(alerts=(alert,), target=target)


def _existing(argument: str) -> Path | None:
    if "\n" in argument or len(argument) > 4096:
        return None
    path = Path(argument).expanduser() if argument.startswith("~/") else Path(argument)
    try:
        path.stat()
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.ELOOP):
            raise AlertError(f"cannot read {one_line(argument, 120)}: {(error.strerror or '').lower()}") from error
        return None
    return path


def _looks_like_path(argument: str) -> bool:
    if argument.lstrip()[:1] in "{[":
        return False
    one_word = not any(map(str.isspace, argument))
    return bool(re.match(r"(?:/|\./|\.\./|~/)\S", argument)) or (
        one_word and ("/" in argument or argument.endswith(_PATH_ENDS))
    )


def _read_file(path: Path) -> bytes:
    # A pipe as well: <(command) of a shell names one.
    return read_foreign(path, "an alert", MAX_BYTES, error=AlertError, pipes=True)
