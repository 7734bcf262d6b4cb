"""``agentops triage``: what is wrong in the cluster, without a model."""

from __future__ import annotations

from typing import Annotated

import typer

from agentops.cli.options import Common, with_common
from agentops.cli.result import Result
from agentops.core.errors import ExitCode, NotFound

HELP = """Scan a cluster for problems without a model; change nothing.

All namespaces are read unless --namespace names one. With TARGET (k8s:NAMESPACE/KIND/NAME), the problems that explain
that object come first.
"""

EPILOG = """\b
Examples:
  agentops triage --sandbox
  agentops triage --namespace shop --exit-code || echo "something is wrong"
  agentops triage k8s:shop/Deployment/web --output json
"""
_SHOWN = 30
_EVERY = 1_000_000


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("triage", help=HELP, epilog=EPILOG)(with_common(triage))


def triage(
    options: Common,
    target: Annotated[
        str | None, typer.Argument(metavar="TARGET", help="The object to explain.", show_default=False)
    ] = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit 3 unless no problem was found.")] = False,
    show_all: Annotated[bool, typer.Option("--all", help=f"Show all problems, not only the first {_SHOWN}.")] = False,
) -> Result:
    """Run the sweep and turn it into a result."""
    from agentops.cli.running import running

    with running("triage", options, {}, use_model=False) as app:
        from agentops.cli.views.scan import scan_blocks, scan_document
        from agentops.core.alert import Severity
        from agentops.core.finding import Verdict

        scan = app.triage(target)
        missing = [what for what, reason in scan.gaps if what.startswith("namespace ") and "does not exist" in reason]
        if missing:
            reasons = dict(scan.gaps)
            raise NotFound(f"{missing[0]}: {reasons[missing[0]]}", hint="Check --namespace and --context.")
        found = any(problem.severity.rank < Severity.INFO.rank for problem in scan.problems)
        unsure = target is not None and scan.finding.verdict is Verdict.UNDETERMINED
        status = "found" if found else "undetermined" if unsure else "done"
        code = ExitCode.FOUND if (found or unsure) and exit_code else ExitCode.DONE
        head = app.finish(status, code)
        return Result(
            command="triage",
            status=status,
            exit_code=code,
            document=scan_document(scan, head),
            report=scan_blocks(scan, _EVERY if show_all else _SHOWN),
        )
