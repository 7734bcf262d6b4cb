"""Parts of policies for tests: tools, limits, layers, and the facts of a change that the shipped default permits."""

from __future__ import annotations

import re
from typing import Any

from agentops.config import Settings
from agentops.core.policy import Principal
from agentops.core.tool import Effect, ToolSpec
from agentops.policy import LayerKind, PolicyLayer, PolicySettings, settings_of
from agentops.policy.layers import default_layer

AGENT = Principal(kind="agent", name="agentops")
HUMAN = Principal(kind="human", name="ana")
WEB = "k8s://prod-eu/shop/Deployment/web"

CHANGES = (
    "kubernetes_patch",
    "kubernetes_scale",
    "kubernetes_delete",
    "kubernetes_uncordon",
    "aws_reboot",
    "aws_tag",
    "mcp_call",
)
READS = ("kubernetes_list", "kubernetes_logs", "evidence_search")
TOOLS = tuple(
    ToolSpec(name=name, description="", schema={}, effect=effect)
    for names, effect in ((CHANGES, Effect.CHANGE), (READS, Effect.READ))
    for name in names
)

PERMITTED: dict[str, Any] = {
    "dryRun": False,
    "rollback": False,
    "risk": "medium",
    "reversible": True,
    "reversal": "exact",
    "tainted": False,
    "environment": "production",
    "protected": False,
    "frozen": False,
    "verb": "update",
    "deletes": False,
    "objects": 1,
    "kinds": ["Deployment"],
    "scalesToZero": False,
    "growsOnly": False,
    "addsOnly": False,
    "secretData": False,
    "reverts": False,
    "affectedPods": 2,
    "affectedPct": 25,
    "purpose": "none",
    "dataLoss": False,
    "now": "2026-11-22T22:00:00.000Z",
    "hour": 22,
    "weekday": "sun",
}
"""A reversible change of medium risk in production, of which everything is known."""


def limits(*, read_only: bool = False, **changed: Any) -> PolicySettings:
    """Return the default ``[policy]`` section, but for what is given."""
    defaults = Settings.__dataclass_fields__
    names = (
        "production_contexts",
        "environments",
        "protected_namespaces",
        "freeze",
        "max_pods",
        "max_percent",
    )
    given = {name: defaults[name].default for name in names if name != "environments"}
    return settings_of({"environments": {}, **given, **changed}, read_only=read_only)


def layer(text: str, kind: LayerKind = LayerKind.BASE, origin: str = "policy.cedar") -> PolicyLayer:
    """Return one layer of this text."""
    return PolicyLayer(name=kind.value, origin=origin, text=text, kind=kind)


ALL = '@id("all") @approval("none") permit (principal, action, resource);'
"""A base that permits whatever nothing forbids."""


def mild_policy() -> str:
    """Return the shipped policy as it is for development, for production too: for a server that nothing proves."""
    swapped = {'"production"': '"development"', '"development"': '"production"'}
    return re.sub("|".join(swapped), lambda found: swapped[found[0]], default_layer().text)
