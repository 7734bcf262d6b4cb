"""The words of a policy: the facts that a request may hold, with their types, and the actions.

Comes in: the declarations of every tool. Goes out: one action per tool, in the groups ``read`` or ``mutate`` and its
provider. A new tool gets in without an edit here. Nothing here knows the policy engine; ``schema.py`` writes for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from agentops.core.errors import ConfigError
from agentops.core.policy import FACETS, MUTATE
from agentops.core.text import one_line
from agentops.core.tool import Effect, ToolSpec

READ = "read"
PROVIDER_ENTITIES = {"kubernetes": ("Object",), "aws": ("CloudResource",), "mcp": ("Tool",)}
_EVERYTHING = ("Object", "CloudResource", "Tool")
# Tool names reach us from MCP servers too; what could end a Cedar string or hide a character is refused.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/@-]{0,199}")
_RESERVED = frozenset({READ, MUTATE, *PROVIDER_ENTITIES})


@dataclass(frozen=True, slots=True)
class PolicyFact:
    """One fact of ``context``: its Cedar type and what it says, for people.

    ``required`` ones are filled in from the settings; ``reads`` ones are known about a read as well.
    """

    name: str
    type: str
    says: str
    required: bool = False
    reads: bool = False


FACTS: tuple[PolicyFact, ...] = (
    PolicyFact("dryRun", "Bool", "only the provider's dry run is asked for"),
    PolicyFact("rollback", "Bool", "it rolls back a change that was approved"),
    PolicyFact("risk", "String", "low, medium, high or critical: the highest of tool, call and blast radius"),
    PolicyFact("reversible", "Bool", "it can be undone"),
    PolicyFact("reversal", "String", "how far it can be undone: exact, compensating or none"),
    PolicyFact("tainted", "Bool", "a model proposed it after reading text that anybody could have written", reads=True),
    PolicyFact("environment", "String", "production, staging, development or sandbox", reads=True),
    PolicyFact("protected", "Bool", "the namespace is one of protected_namespaces", reads=True),
    PolicyFact("frozen", "Bool", "a freeze window is open"),
    PolicyFact("now", "datetime", "when policy is asked", reads=True),
    PolicyFact("hour", "Long", "the hour, UTC, 0 to 23", reads=True),
    PolicyFact("weekday", "String", "the day, UTC: mon, tue, wed, thu, fri, sat or sun", reads=True),
    PolicyFact("approvals", "Set<String>", "who has approved so far"),
    PolicyFact("door", "String", "how an agent's program asks: mcp-stdio or mcp-http; absent at a terminal"),
    PolicyFact("clientProven", "Bool", "a token says which program asks, and not its own word"),
    PolicyFact("verb", "String", "what happens to this object: create, update or delete"),
    PolicyFact("deletes", "Bool", "this object is deleted"),
    PolicyFact("objects", "Long", "how many objects the change touches"),
    PolicyFact("kinds", "Set<String>", "the kinds of all objects that the change touches"),
    PolicyFact("replicasBefore", "Long", "how many replicas this object asks for now"),
    PolicyFact("replicasAfter", "Long", "how many replicas this object will ask for"),
    PolicyFact("scalesToZero", "Bool", "a workload that asks for replicas will ask for none"),
    PolicyFact("growsOnly", "Bool", "it only lets more run: more replicas, a node uncordoned, a cron job resumed"),
    PolicyFact("ifEmpty", "Bool", "it deletes only an empty object; that it is empty is checked right before"),
    PolicyFact("addsOnly", "Bool", "it only adds: an object that is made, a claim that is made larger"),
    PolicyFact("secretData", "Bool", "the contents of a Secret are written"),
    PolicyFact("reverts", "Bool", "the owner (GitOps, Helm, an autoscaler) will undo the change"),
    PolicyFact("owners", "Set<String>", "who else writes the object"),
    PolicyFact("validated", "Bool", "the provider's own dry run accepted the change"),
    PolicyFact("affectedPods", "Long", "how many pods are replaced, stopped or newly made"),
    PolicyFact("affectedPct", "Long", "share of the ready capacity that is out at the worst moment, in percent"),
    PolicyFact("podsTotal", "Long", "how many pods the touched workloads have"),
    PolicyFact("purpose", "String", "why pods are touched: restores, mends, shrinks, or none of these"),
    PolicyFact("stateful", "Bool", "a touched workload keeps state"),
    PolicyFact("dataLoss", "Bool", "data would be lost"),
    PolicyFact("unknowns", "Bool", "part of the blast radius could not be read"),
    *(PolicyFact(name, "String", says, reads=True) for name, says in FACETS.items()),
    PolicyFact("maxPods", "Long", "the limit max_pods of config.toml", required=True, reads=True),
    PolicyFact("maxPct", "Long", "the limit max_percent of config.toml", required=True, reads=True),
    PolicyFact("readOnly", "Bool", "agentops runs in read-only mode", required=True, reads=True),
)
BY_NAME = {fact.name: fact for fact in FACTS}
OWNED = frozenset(fact.name for fact in FACTS if fact.required)
"""Facts that the engine fills in from the settings; a request cannot set them."""


@dataclass(frozen=True, slots=True)
class Action:
    """One action of the schema: a tool's name, its groups, and the entity types that it is used on."""

    name: str
    groups: tuple[str, ...]
    resources: tuple[str, ...]

    @property
    def reads(self) -> bool:
        """Whether it only reads."""
        return READ in self.groups


ALWAYS = (
    Action("mcp-reads", (READ, "mcp"), PROVIDER_ENTITIES["mcp"]),
    Action("mcp-changes", (MUTATE, "mcp"), PROVIDER_ENTITIES["mcp"]),
)
"""Actions that no request has: a policy about MCP servers stays valid while none is connected."""


def actions_of(tools: Iterable[ToolSpec]) -> tuple[Action, ...]:
    """Return one action per tool, sorted by name.

    Raises:
        ConfigError: a name that cannot be an action, or two tools of one name.
    """
    found: dict[str, Action] = {}
    for spec in tools:
        name = spec.name
        if not _NAME.fullmatch(name) or name in _RESERVED:
            raise ConfigError(f"the tool name {one_line(name, 60)!r} cannot be an action of a policy")
        if name in found:
            raise ConfigError(f"two tools are called {name!r}", hint="Policy names a tool by its name; rename one.")
        # A tool of an MCP server is called SERVER__TOOL; no tool of ours has two underscores in a row.
        provider = "mcp" if "__" in name else name.partition("_")[0]
        groups = (
            READ if spec.effect is Effect.READ else MUTATE,
            *((provider,) if provider in PROVIDER_ENTITIES else ()),
        )
        found[name] = Action(name, groups, PROVIDER_ENTITIES.get(provider, _EVERYTHING))
    return tuple(found[name] for name in sorted(found))


def representatives(actions: Iterable[Action], named: Iterable[str]) -> tuple[Action, ...]:
    """Return those actions that policies must be validated against: every named one, and one of each class.

    Actions of the same groups and resource types share one context type, so a policy that is valid for one of a class
    is valid for all of it. This keeps validation a matter of milliseconds however many tools there are.
    """
    wanted = frozenset(named)
    # Named ones first: they stand for their class as well.
    ordered = sorted(actions, key=lambda action: action.name not in wanted)
    kept: list[Action] = []
    classes: set[tuple[tuple[str, ...], tuple[str, ...]]] = set()
    for action in ordered:
        kind = (action.groups, action.resources)
        if action.name in wanted or kind not in classes:
            kept.append(action)
            classes.add(kind)
    return tuple(kept)
