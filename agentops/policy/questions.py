"""Requests to policy written by a person: for ``policy explain`` and for test tables. No change is made of them.

Comes in: an action's name, a target, a principal, facts as text or values. Goes out: a ``PolicyRequest``. What a person
does not say stays absent, unless it is asked to be taken as harmless; and then it is said which facts those are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from agentops.core.errors import UsageError
from agentops.core.plan import Change
from agentops.core.policy import MUTATE, ObjectFactsOf, PolicyRequest, Principal
from agentops.core.policy_facts import request_for
from agentops.core.resource import ResourceRef, parse_ref
from agentops.core.text import one_line
from agentops.core.tool import Effect, ToolSpec
from agentops.policy.settings import PolicySettings
from agentops.policy.vocabulary import BY_NAME, OWNED, READ

HARMLESS: Mapping[str, Any] = {
    "dryRun": False,
    "rollback": False,
    "risk": "low",
    "reversible": True,
    "reversal": "exact",
    "tainted": False,
    "frozen": False,
    "protected": False,
    "deletes": False,
    "objects": 1,
    "scalesToZero": False,
    "growsOnly": False,
    "addsOnly": False,
    "ifEmpty": False,
    "secretData": False,
    "reverts": False,
    "validated": True,
    "affectedPods": 1,
    "affectedPct": 0,
    "purpose": "none",
    "stateful": False,
    "dataLoss": False,
    "unknowns": False,
}
"""The most harmless value of every fact that a change can have; ``environment`` is never assumed."""
_KINDS = ("agent", "human")
_TRUTHS = {"true": True, "yes": True, "false": False, "no": False}


def question(
    action: str,
    target: str,
    principal: str,
    facts: Mapping[str, Any],
    *,
    on_behalf_of: str = "",
    attributes: Mapping[str, Any] | None = None,
) -> PolicyRequest:
    """Return the request.

    Arguments:
        principal: ``agent:NAME`` or ``human:NAME``.
        facts: by the names of the schema; values are passed on as they are.

    Raises:
        UsageError: the target or the principal cannot be read, or a fact is unknown or not for a request to set.
    """
    for name in facts:
        known_fact(name)
    return PolicyRequest(
        principal=principal_of(principal, on_behalf_of),
        action=action,
        groups=(MUTATE,),
        resource=parse_ref(target),
        attributes=dict(attributes or {}),
        context=dict(facts),
    )


def principal_of(text: str, on_behalf_of: str = "") -> Principal:
    """Parse ``agent:NAME`` or ``human:NAME``.

    Raises:
        UsageError: it is neither.
    """
    kind, _, name = text.partition(":")
    if kind not in _KINDS or not name:
        raise UsageError(f"{one_line(text, 60)!r} is not a principal", hint="Write agent:NAME or human:NAME.")
    return Principal(kind=kind, name=name, on_behalf_of=on_behalf_of.removeprefix("human:"))


def parse_facts(pairs: tuple[str, ...]) -> dict[str, Any]:
    """Parse ``name=value`` texts by the types of the facts.

    Raises:
        UsageError: a pair is not one, its fact is unknown, or its value is not of the fact's type.
    """
    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise UsageError(f"{one_line(pair, 60)!r} is not NAME=VALUE", hint="For example: --fact affectedPct=60")
        kind = known_fact(name)
        try:
            found[name] = _READERS[kind](text)
        except (ValueError, KeyError):
            raise UsageError(f"{name} is a {kind}, not {one_line(text, 60)!r}") from None
    return found


def known_fact(name: str) -> str:
    """Return the type of a fact that a request may set.

    Raises:
        UsageError: there is no such fact, or only the settings say it.
    """
    if name in OWNED:
        raise UsageError(f"{name} comes from the settings, not from a request", hint="Set it in config.toml.")
    if name not in BY_NAME:
        known = ", ".join(sorted(set(BY_NAME) - OWNED))
        raise UsageError(f"there is no fact {one_line(name, 40)!r}", hint=f"The facts are {known}.")
    return BY_NAME[name].type


def draft(
    spec: ToolSpec,
    target: ResourceRef,
    principal: Principal,
    facts: Mapping[str, Any],
    *,
    facts_of: ObjectFactsOf,
    settings: PolicySettings,
    now: datetime,
    identity: str = "",
    simulated: bool = False,
    harmless: bool = False,
    labels: Mapping[str, str] | None = None,
) -> PolicyRequest:
    """Return a request as it would be asked of a change that was not previewed, with ``facts`` over it.

    Arguments:
        facts_of: the provider's answer about the target.
        settings: what says the environment, the protection and the freeze of the target's place.
        identity: what proves the target's place; see ``PolicySettings.judged``.
        simulated: the target is in the embedded cluster.
        harmless: give facts that nobody states their most harmless value.
    """
    base = request_for(
        Change(tool=spec.name, target=target),
        spec,
        principal,
        facts_of,
        dry_run=False,
        environment=settings.judged(target.parts[0], identity, simulated=simulated).environment,
        protected=settings.is_protected(facts_of(target, None).group),
        frozen=settings.is_frozen(now),
        now=now,
        tainted=None,
    )
    context = {**base.context, **facts}
    if harmless:
        context = {**HARMLESS, **context}
    if spec.effect is Effect.READ:
        # A read has no facts but those of its place.
        context = {name: value for name, value in context.items() if BY_NAME[name].reads or name in facts}
    group = READ if spec.effect is Effect.READ else MUTATE
    return replace(base, groups=(group,), context=context, attributes={"labels": dict(labels)} if labels else {})


_READERS: Mapping[str, Callable[[str], Any]] = {
    "Bool": lambda text: _TRUTHS[text.lower()],
    "Long": int,
    "String": str,
    "datetime": str,
    "Set<String>": lambda text: [word for word in text.split(",") if word],
}
