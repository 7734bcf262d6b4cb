"""``agentops triage``: what is wrong in the cluster, without a model."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agentops.cli.options import PLACE, Common, Output, with_common
from agentops.cli.result import Result
from agentops.core.alert import Severity
from agentops.core.errors import ExitCode, UsageError
from agentops.core.jsonable import to_json
from agentops.core.progress import no_progress

if TYPE_CHECKING:
    from agentops.app.run import App
    from agentops.app.services import Scan
    from agentops.app.triage import Wanted

HELP = """Scan for problems without a model; change nothing.

All namespaces are read unless --namespace names one. With TARGET (k8s:NAMESPACE/KIND/NAME), the problems that explain
that object come first. With --from, what was saved of a cluster is read in its place.
"""

EPILOG = """\b
Examples:
  agentops triage --sandbox
  agentops triage --sandbox -v           each problem in full, with advice
  agentops triage --namespace shop --exit-code || echo "something is wrong"
  agentops triage k8s:shop/Deployment/web --output json
  agentops triage --from must-gather/    a dump: kubectl get -o yaml, cluster-info dump, must-gather
  agentops triage --output json > known.json
  agentops triage --baseline known.json --exit-code   only what is new since then
  agentops triage --severity high --watch             until Ctrl-C
  agentops triage --rules house.yaml                  conditions of your own
"""
_SHOWN = 30
_EVERY = 1_000_000


class LeastSeverity(StrEnum):
    """The severities that can be asked for."""

    CRITICAL = "critical"
    HIGH = "high"
    WARNING = "warning"
    INFO = "info"


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("triage", help=HELP, epilog=EPILOG)(with_common(triage, PLACE, reports=True))


def triage(
    options: Common,
    target: Annotated[
        str | None, typer.Argument(metavar="TARGET", help="The object to explain.", show_default=False)
    ] = None,
    saved: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="PATH", help="Read a dump, a file or a folder, and no cluster.", show_default=False
        ),
    ] = None,
    least: Annotated[
        LeastSeverity | None, typer.Option("--severity", help="The least severity to tell of.", show_default=False)
    ] = None,
    condition: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only this condition; may be given several times.", show_default=False),
    ] = None,
    rules: Annotated[
        list[Path] | None,
        typer.Option("--rules", metavar="FILE", help="Judge by these rules too (CEL).", show_default=False),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Tell only what this earlier result (--output json) has not.", show_default=False
        ),
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Look again and again, until Ctrl-C.")] = False,
    every: Annotated[int, typer.Option(min=2, metavar="SECONDS", help="With --watch: how often.")] = 10,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit 3 unless no problem was found.")] = False,
    show_all: Annotated[bool, typer.Option("--all", help=f"Show all problems, not only the first {_SHOWN}.")] = False,
) -> Result:
    """Run the sweep and turn it into a result."""
    from agentops.app.baseline import read_baseline
    from agentops.app.triage import Wanted
    from agentops.app.triage import triage as scan_for
    from agentops.cli.running import running

    _check(options, saved, watch=watch)
    options.require_one_namespace(target)
    known = None if baseline is None else read_baseline(baseline)
    severity = Severity.UNKNOWN if least is None else Severity(least.value)
    wanted = Wanted(least=severity, conditions=frozenset(condition or ()), known=known)
    flags = {"rules": list(map(str, rules)) if rules else None}
    with running("triage", options, flags, use_model=False) as app:
        app.dump = saved
        if watch:
            return _watched(app, target, wanted, every)
        scan = scan_for(app, target, wanted)
        code = ExitCode.FOUND if exit_code and scan.status != "done" else ExitCode.DONE
        app.finish(scan.status, code)
        return _result(app, scan, code, options, _EVERY if show_all else _SHOWN)


def _check(options: Common, saved: Path | None, *, watch: bool) -> None:
    """Refuse options that contradict each other.

    Raises:
        UsageError: two of them name what to look at, or a scan that goes on is asked for in a form that ends.
    """
    elsewhere = {"--sandbox": options.sandbox, "--context": options.context}
    given = [*(name for name, value in elsewhere.items() if value is not None), *options.named_places()]
    if saved is not None and given:
        raise UsageError(f"--from and {given[0]} name two places to look at", hint="Leave out one of them.")
    if saved is not None and watch:
        raise UsageError("--watch has nothing to wait for with --from", hint="A dump does not change.")
    if watch and options.output is not Output.TEXT:
        raise UsageError(f"--watch does not work with --output {options.output.value}", hint="Leave out one of them.")


def _watched(app: App, target: str | None, wanted: Wanted, every: int) -> Result:
    from agentops.cli.watching import watch

    # What is shown is the table; the steps of each sweep would push it away.
    app.services = replace(app.services, progress=no_progress)
    with app.undisturbed():
        last = watch(app, target, wanted, every)
    app.finish("done" if last is None else last.status, ExitCode.DONE)
    return Result(command="")


def _result(app: App, scan: Scan, code: ExitCode, options: Common, most: int) -> Result:
    from agentops.cli.views.scan import scan_blocks, scan_document
    from agentops.cli.views.scan_reports import junit, sarif

    flags = None if app.dump is not None else app.services.resume_flags
    forms = {Output.SARIF: sarif, Output.JUNIT: junit}
    return Result(
        command="triage",
        status=scan.status,
        exit_code=code,
        document=scan_document(scan, to_json(app.log_head)),
        report=scan_blocks(scan, most, scan.observed_at, whole=bool(options.verbose), flags=flags),
        printed=forms[options.output](scan) if options.output in forms else "",
    )
