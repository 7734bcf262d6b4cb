"""``agentops policy explain``: which policy decides a request, and the clause that decided it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agentops.cli.options import Common, with_common
from agentops.cli.policy_setting import here, policy_of
from agentops.cli.result import Result
from agentops.core.errors import UsageError
from agentops.core.text import one_line

if TYPE_CHECKING:
    from agentops.cli.policy_setting import Setting
    from agentops.cli.views.policy import Explained
    from agentops.core.policy import PolicyRequest
    from agentops.policy import CedarPolicy

EPILOG = """\b
Examples:
  agentops policy explain --tool kubernetes_scale --target k8s://prod/shop/Deployment/web --fact affectedPct=60
  agentops policy explain --tool kubernetes_scale --target k8s://prod/shop/Deployment/web --harmless
  agentops policy explain plan.json      every step of a saved plan, under the policy that is in force now

A fact that is not given counts as unknown, and an unknown fact permits nothing; with --harmless it takes its least
dangerous value. List the facts with: agentops policy show --facts. With -v: every clause, and the policy text.
"""


@dataclass(frozen=True, slots=True)
class Given:
    """What a person says about a request."""

    principal: str
    on_behalf_of: str
    facts: tuple[str, ...]
    labels: tuple[str, ...]
    harmless: bool


def register(group: typer.Typer) -> None:
    """Add the command to the ``policy`` group."""
    group.command("explain", help="Show which policy decides a request, and which clause.", epilog=EPILOG)(
        with_common(explain)
    )


def explain(
    options: Common,
    plan: Annotated[
        Path | None, typer.Argument(metavar="[PLAN]", help="A saved plan: each of its steps.", show_default=False)
    ] = None,
    tool: Annotated[str, typer.Option("--tool", metavar="NAME", help="A tool (agentops tools list).")] = "",
    target: Annotated[str, typer.Option("--target", metavar="REF", help="k8s://CONTEXT/NS/KIND/NAME, aws://...")] = "",
    principal: Annotated[str, typer.Option("--as", metavar="WHO", help="agent:NAME or human:NAME.")] = "human:you",
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
    from agentops.cli.views import policy as view

    setting = here(options)
    policy = policy_of(setting)
    if plan is not None:
        if tool or target or fact or label or harmless:
            raise UsageError("a plan brings its own requests", hint="Leave out the other options.")
        explained = _of_plan(policy, plan)
    elif not tool or not target:
        raise UsageError(
            "say which request: a PLAN, or --tool and --target", hint="See: agentops policy explain --help"
        )
    else:
        given = Given(principal, on_behalf_of, tuple(fact or ()), tuple(label or ()), harmless)
        request = _question(options, setting, tool, target, given)
        explained = [_explained(policy, request, f"{request.action} on {request.resource.short}")]
    return Result(
        command="policy explain",
        status="allowed" if all(one.ruling.allowed for one in explained) else "refused",
        document={"explanations": view.explained_document(explained), "policy_digest": policy.digest},
        report=view.explained_page(explained, full=options.verbose > 0),
    )


def _explained(policy: CedarPolicy, request: PolicyRequest, title: str) -> Explained:
    from agentops.cli.views.policy import Explained

    ruling = policy.decide(request)
    accounts = () if ruling.errors else policy.explain(request)
    return Explained(title=title, ruling=ruling, accounts=accounts)


def _of_plan(policy: CedarPolicy, path: Path) -> list[Explained]:
    """Return what the policy says now of every request that was asked when the plan was made."""
    from agentops.policy.replay import recorded_requests
    from agentops.store.plans import load_plan

    found = []
    for number, step in enumerate(load_plan(path).steps, start=1):
        rulings = [("", step.ruling), *((("the undo of ", step.undo_ruling),) if step.undo_ruling else ())]
        for prefix, ruling in rulings:
            for request in recorded_requests(ruling.request):
                title = f"{prefix}step {number}: {request.action} on {request.resource.short}"
                found.append(_explained(policy, request, title))
    return found


def _question(options: Common, setting: Setting, tool: str, target: str, given: Given) -> PolicyRequest:
    """Return the request that was written on the command line, with what the settings say of its place."""
    from agentops.core.clock import utc_now
    from agentops.core.resource import parse_ref
    from agentops.policy.questions import draft, parse_facts, principal_of

    by_name = {spec.name: spec for spec in setting.tools}
    if tool not in by_name:
        raise UsageError(f"there is no tool {one_line(tool, 60)!r}", hint=f"The tools are {', '.join(by_name)}.")
    return draft(
        by_name[tool],
        parse_ref(target),
        principal_of(given.principal, given.on_behalf_of),
        parse_facts(given.facts),
        settings=setting.rules,
        now=utc_now(),
        simulated=options.sandbox is not None,
        harmless=given.harmless,
        labels=dict(map(_pair, given.labels)),
    )


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"{one_line(text, 60)!r} is not NAME=VALUE", hint="For example: --label tier=critical")
    return name, value
