"""``agentops access``: what an administrator applies so that agentops may do what it needs, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agentops.cli.options import Common, with_common
from agentops.cli.report import Block, Code, Heading, Pairs, Paragraph, Tone
from agentops.cli.result import Result
from agentops.core.commands import command_line
from agentops.core.errors import UsageError

if TYPE_CHECKING:
    from agentops.app.access import AwsIdentityCheck

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
AWS_HELP = """Print the least policy that the enabled tools need, as JSON.

Exactly the actions that the tools and the sweep declare: no wildcard action, nothing that hands out secrets. With
--aws-region (or aws.aws_region) it holds in that region alone. Nothing is sent to AWS but with --check, which asks IAM
what the identity in use may do beyond it and what it lacks.
"""
AWS_EPILOG = """\b
Examples:
  agentops access aws --mode read > read.json
  aws iam put-role-policy --role-name agentops-read --policy-name agentops --policy-document file://read.json
  agentops access aws --mode fix --aws-region eu-west-1
  agentops access aws --mode read --check --aws-profile prod-readonly

A tool in disabled_tools (config.toml, [safety]) takes its actions along. See docs/aws.md.
"""


class _Mode(StrEnum):
    READ = "read"
    FIX = "fix"


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    group = typer.Typer(name="access", help=HELP, no_args_is_help=True)
    group.command("kubernetes", help=KUBERNETES_HELP, epilog=EPILOG)(with_common(kubernetes))
    group.command("aws", help=AWS_HELP, epilog=AWS_EPILOG)(with_common(aws, ("aws_profile", "aws_region")))
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


def aws(
    options: Common,
    mode: Annotated[_Mode, typer.Option("--mode", help="read: investigate; fix: change things too.")],
    check: Annotated[
        bool, typer.Option("--check", help="Ask IAM what the identity in use may do beyond it, and what it lacks.")
    ] = False,
) -> Result:
    """Print a policy, or what an identity may do beside it."""
    from agentops.app.access import aws_access, aws_identity_check

    if options.aws_profile is not None and not check:
        raise UsageError("--aws-profile needs --check", hint="The policy is the same for every profile.")
    settings = options.settings()
    found = aws_access(settings, may_change=mode is _Mode.FIX)
    document: dict[str, Any] = {"mode": mode.value, "policy": found.policy, "actions": list(found.actions)}
    if not check:
        return Result(command="access aws", document=document, printed=json.dumps(found.policy, indent=2) + "\n")
    seen = aws_identity_check(settings, found)
    judged = seen.judged
    document["identity"] = {
        "account": seen.account,
        "region": seen.region,
        "identity": seen.identity,
        "administrator": judged.administrator,
        "how": judged.how,
        "missing": list(judged.missing),
        "grave": list(judged.grave),
        "unasked": judged.unasked,
    }
    is_bad = bool(judged.administrator or judged.grave or judged.missing)
    return Result(
        command="access aws",
        status="more-or-less-than-needed" if is_bad else "unknown" if judged.unasked else "done",
        document=document,
        report=tuple(_judged_blocks(seen, mode)),
    )


def _judged_blocks(seen: AwsIdentityCheck, mode: _Mode) -> Iterator[Block]:
    judged = seen.judged
    yield Pairs((("identity", seen.identity), ("account", seen.account), ("region", seen.region)))
    if judged.administrator:
        yield Heading(f"It may do everything: {judged.how}", Tone.BAD)
    if judged.unasked:
        yield Heading("What it may do beyond the policy is not known", Tone.WARN)
        yield Paragraph(f"{judged.unasked}. Allow it iam:SimulatePrincipalPolicy and iam:GetRole on itself to see it.")
        return
    for title, actions in (
        ("Allowed, and never needed", () if judged.administrator else judged.grave),
        (f"Needed for --mode {mode.value}, and not allowed on all resources", judged.missing),
    ):
        if actions:
            yield Heading(title, Tone.WARN)
            yield Code("\n".join(actions))
    if not (judged.administrator or judged.grave or judged.missing):
        yield Heading("It has what is needed, and none of the grave rights that were asked for", Tone.GOOD)
    yield Paragraph(
        "IAM simulated its own policies; what an organisation or a resource refuses beside them is not in this.",
        Tone.QUIET,
    )
