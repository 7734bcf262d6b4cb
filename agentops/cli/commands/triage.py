"""``agentops triage``: what is wrong in the cluster, without a model."""

from __future__ import annotations

from typing import Annotated

import typer

from agentops.cli.options import PLACE, Common, with_common
from agentops.cli.result import Result
from agentops.core.errors import ExitCode
from agentops.core.jsonable import to_json

HELP = """Scan a cluster for problems without a model; change nothing.

All namespaces are read unless --namespace names one. With TARGET (k8s:NAMESPACE/KIND/NAME), the problems that explain
that object come first.
"""

EPILOG = """\b
Examples:
  agentops triage --sandbox
  agentops triage --sandbox -v           each problem in full, with advice
  agentops triage --namespace shop --exit-code || echo "something is wrong"
  agentops triage k8s:shop/Deployment/web --output json
"""
_SHOWN = 30
_EVERY = 1_000_000


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("triage", help=HELP, epilog=EPILOG)(with_common(triage, PLACE))


def triage(
    options: Common,
    target: Annotated[
        str | None, typer.Argument(metavar="TARGET", help="The object to explain.", show_default=False)
    ] = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit 3 unless no problem was found.")] = False,
    show_all: Annotated[bool, typer.Option("--all", help=f"Show all problems, not only the first {_SHOWN}.")] = False,
) -> Result:
    """Run the sweep and turn it into a result."""
    from agentops.app.triage import triage as scan_for
    from agentops.cli.running import running
    from agentops.cli.views.scan import scan_blocks, scan_document

    with running("triage", options, {}, use_model=False) as app:
        scan = scan_for(app, target)
        code = ExitCode.FOUND if exit_code and scan.status != "done" else ExitCode.DONE
        app.finish(scan.status, code)
        return Result(
            command="triage",
            status=scan.status,
            exit_code=code,
            document=scan_document(scan, to_json(app.log_head)),
            report=scan_blocks(scan, _EVERY if show_all else _SHOWN, app.services.clock(), whole=bool(options.verbose)),
        )
