"""``agentops access``: what an administrator applies so that agentops may do what it needs, and nothing else."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from agentops.cli.options import Common, with_common
from agentops.cli.result import Result
from agentops.core.commands import command_line

HELP = "Print the rights that the enabled tools need, to apply."
KUBERNETES_HELP = """Print the least RBAC that the enabled tools need, as YAML.

A service account with exactly the rights that the tools declare: no wildcard, no Secrets, no exec, no impersonation.
With --mode fix, also an admission policy by which the API server refuses every write of that account that no approved
plan names. Nothing is sent to a cluster.
"""
EPILOG = """\b
Examples:
  agentops access kubernetes --mode read | kubectl apply -f -
  agentops access kubernetes --mode fix -n shop | kubectl apply -f -
  agentops access kubernetes --mode fix -n shop -n payments --cluster-changes
  agentops access kubernetes --mode fix --output json

A tool in disabled_tools (config.toml, [safety]) takes its rights along. See docs/least-privilege.md.
"""


class _Mode(StrEnum):
    READ = "read"
    FIX = "fix"


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    group = typer.Typer(name="access", help=HELP, no_args_is_help=True)
    group.command("kubernetes", help=KUBERNETES_HELP, epilog=EPILOG)(with_common(kubernetes))

    @group.callback()
    def access() -> None:
        """Keep ``access`` a group while it has one command."""

    app.add_typer(group)


def kubernetes(
    options: Common,
    mode: Annotated[_Mode, typer.Option("--mode", help="read: investigate; fix: change things too.")],
    namespaces: Annotated[
        list[str] | None,
        typer.Option(
            "--namespace",
            "-n",
            metavar="NAME",
            help="Only in this namespace; may be repeated (default: all, or those of the settings).",
        ),
    ] = None,
    account_namespace: Annotated[
        str, typer.Option("--account-namespace", metavar="NAME", help="Where the service account is.")
    ] = "agentops",
    cluster_changes: Annotated[
        bool, typer.Option("--cluster-changes", help="With --namespace: also change nodes and cluster-wide bindings.")
    ] = False,
    no_admission: Annotated[
        bool, typer.Option("--no-admission", help="Without the admission policy: RBAC alone.")
    ] = False,
) -> Result:
    """Print manifests; no cluster is asked."""
    from agentops.app.access import kubernetes_access

    chosen = tuple(namespaces or ())
    words = ["access", "kubernetes", "--mode", mode.value]
    words += [word for name in chosen for word in ("--namespace", name)]
    words += ["--account-namespace", account_namespace] if account_namespace != "agentops" else []
    words += ["--cluster-changes"] * cluster_changes + ["--no-admission"] * no_admission
    found = kubernetes_access(
        options.settings(),
        may_change=mode is _Mode.FIX,
        namespaces=chosen,
        account_namespace=account_namespace,
        cluster_changes=cluster_changes,
        has_admission=not no_admission,
        command=command_line(*words),
    )
    document = {
        "mode": mode.value,
        "manifests": list(found.manifests),
        "granted": list(found.granted),
        "left_out": list(found.left_out),
    }
    return Result(command="access kubernetes", document=document, printed=found.text)
