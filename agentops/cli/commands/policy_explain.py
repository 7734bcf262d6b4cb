"""``agentops policy explain``: which policy decides a request, and the clause that decided it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agentops.cli.options import Common, with_common
from agentops.cli.result import Result
from agentops.core.errors import UsageError

EPILOG = """\b
Examples:
  agentops policy explain --tool kubernetes_scale --target k8s://prod/shop/Deployment/web --fact affectedPct=60
  agentops policy explain --tool kubernetes_scale --target k8s://prod/shop/Deployment/web --harmless
  agentops policy explain plan.json      every step of a saved plan, under the policy that is in force now

A fact that is not given is unknown, and an unknown fact permits nothing; --harmless gives it its least dangerous value.
List the facts with agentops policy show --facts. -v adds every clause, every fact and the policy text.
"""


def register(group: typer.Typer) -> None:
    """Add the command to the ``policy`` group."""
    group.command("explain", help="Show which policy decides a request, and why.", epilog=EPILOG)(
        with_common(explain, ("sandbox",))
    )


def explain(
    options: Common,
    plan: Annotated[
        Path | None, typer.Argument(metavar="[PLAN]", help="A saved plan; each step is explained.", show_default=False)
    ] = None,
    tool: Annotated[str, typer.Option("--tool", metavar="NAME", help="Name of a tool (agentops tools list).")] = "",
    target: Annotated[str, typer.Option("--target", metavar="REF", help="k8s://CONTEXT/NS/KIND/NAME, aws://...")] = "",
    principal: Annotated[
        str | None,
        typer.Option("--as", metavar="WHO", help="agent:NAME or human:NAME (default: human:you).", show_default=False),
    ] = None,
    on_behalf_of: Annotated[
        str, typer.Option("--on-behalf-of", metavar="NAME", help="The human that the agent works for.")
    ] = "",
    fact: Annotated[
        list[str] | None, typer.Option("--fact", metavar="NAME=VALUE", help="A fact; may be repeated.")
    ] = None,
    label: Annotated[
        list[str] | None, typer.Option("--label", metavar="NAME=VALUE", help="A label of the target; may be repeated.")
    ] = None,
    harmless: Annotated[
        bool, typer.Option("--harmless", help="Give unknown facts their least dangerous value.")
    ] = False,
) -> Result:
    """Explain one request, or those of a plan."""
    from agentops.app.policy_explain import Question, explain_plan, explain_question
    from agentops.cli.views import policy as view

    given = (tool, target, principal, on_behalf_of, fact, label, harmless, options.sandbox is not None)
    if plan is not None and any(given):
        raise UsageError("a PLAN has its own requests", hint="Leave out the other options.")
    if plan is None and not (tool and target):
        raise UsageError(
            "no request was given: it takes a PLAN, or --tool and --target", hint="See: agentops policy explain --help"
        )
    if plan is not None:
        found = explain_plan(options.settings(), plan)
    else:
        question = Question(
            tool=tool,
            target=target,
            principal=principal or "human:you",
            on_behalf_of=on_behalf_of,
            facts=tuple(fact or ()),
            labels=tuple(label or ()),
            harmless=harmless,
            simulated=options.sandbox is not None,
        )
        found = explain_question(options.settings(), question)
    return Result(
        command="policy explain",
        status="allowed" if found.allowed else "refused",
        document={"explanations": view.explained_document(found.requests), "policy_digest": found.policy_digest},
        report=view.explained_page(found.requests, full=options.verbose > 0),
    )
