"""The use case ``triage``: what is wrong now, best explanation first, without a model and without an incident.

Comes in: a run, and the object to explain, if any. Goes out: a ``Scan``. Reads only, and keeps nothing but a record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentops.app.look import exact_target, sweep_and_rank, sweep_record
from agentops.app.services import Scan
from agentops.core.alert import AlertGroup, Target
from agentops.core.errors import ExitCode, NotFound, UsageError
from agentops.core.finding import Verdict
from agentops.core.text import one_line

if TYPE_CHECKING:
    from agentops.app.run import App


def triage(app: App, argument: str | None = None) -> Scan:
    """Sweep, analyze and rank, with what explains ``argument`` (``k8s:NS/KIND/NAME``) first.

    Raises:
        UsageError: the argument is no target.
        NotFound: the group (namespace) that the settings name does not exist.
        ToolError: no provider can be reached.
        AuditError: the log cannot be written.
    """
    from agentops.triage.conclusion import conclude

    services = app.services
    begun = services.monotonic()
    about = None if argument is None else _target_of(app, argument)
    connections = services.connector.for_alert(about)
    target = Target() if about is None else exact_target(connections, about).target
    seen = sweep_and_rank(services, connections, target, None)
    ranking, read = seen.ranking, seen.outline
    finding = conclude(ranking, [""] * len(ranking.problems))
    services.audit.append("triage", sweep_record(seen, ()))
    for gap in read.gaps:
        if gap.what.startswith("namespace ") and "does not exist" in gap.reason:
            raise NotFound(f"{gap.what}: {gap.reason}", hint="Check --namespace and --context.")
    scan = Scan(
        context=read.place,
        namespaces=read.groups,
        problems=ranking.problems,
        finding=finding,
        counts=read.counts,
        gaps=tuple((gap.what, gap.reason) for gap in read.gaps),
        wall_s=services.monotonic() - begun,
        is_unexplained=about is not None and finding.verdict is Verdict.UNDETERMINED,
    )
    app.finish(scan.status, ExitCode.DONE)
    return scan


def _target_of(app: App, argument: str) -> AlertGroup:
    from agentops.alerts.source import names_target, read_alert

    schemes = [one.scheme for one in app.providers]
    if not names_target(argument, schemes):
        forms = " or ".join(one.target_form for one in app.providers)
        raise UsageError(f"{one_line(argument, 60)!r} is not a target", hint=f"Use {forms}, or --namespace.")
    return read_alert(argument, stdin=lambda: b"", now=app.services.clock(), schemes=schemes)
