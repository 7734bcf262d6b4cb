"""The use cases ``mcp classify`` and ``allow``: a person says what a tool does, and what a server may be used for.

Comes in: a look at the server, tools, and what is said of them. Goes out: a classification, bound to the input schema
that the tool has now; or all tools that would be allowed. ``mcp_servers`` writes it once the person has agreed.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from agentops.app.actor import user_name
from agentops.app.mcp_sessions import tool_named
from agentops.core.commands import command_line
from agentops.core.errors import UsageError
from agentops.core.risk import Risk
from agentops.core.text import one_line
from agentops.core.tool import Effect

if TYPE_CHECKING:
    from agentops.app.mcp_sessions import LookedAtTool, ServerLook
    from agentops.providers.mcp.objects.classified import Classification


def own_classification(
    look: ServerLook, name: str, effect: Effect, risk: Risk | None
) -> tuple[LookedAtTool, Classification]:
    """Return a tool, and what a person says of it: what was said before in mcp.json stays, beside effect and risk.

    Raises:
        UsageError: there is no such tool, it is refused, or what is said of it cannot be followed.
    """
    from agentops.providers.mcp.objects.classified import Classification

    found = _found(look, name)
    if effect is Effect.READ and risk is not None:
        raise UsageError("--risk is that of a change; a read has none", hint="Leave out --risk.")
    if effect is Effect.READ and found.warned:
        raise UsageError(
            f"{one_line(name, 80)} says of itself that it changes something, and nothing makes that milder",
            hint="Leave it a change: --effect change --risk low",
        )
    before = look.server.classifications.get(name, Classification())
    said = replace(
        before,
        effect=effect,
        risk=risk or (Risk.LOW if effect is Effect.READ else Risk.CRITICAL),
        schema=found.schema,
        why=f"said by {user_name()}",
        **({"inverse": None, "reads_back": None, "cures": False} if effect is Effect.READ else {"sweep": None}),
    )
    return found, said


def allowed_with(look: ServerLook, names: Collection[str], *, revoked: bool = False) -> tuple[str, ...]:
    """Return all that a server may be used for once these tools are allowed too; ``revoked``: once they are not.

    What it may be used for until now is what is named, else its trusted reads.

    Raises:
        UsageError: there is no such tool, it is refused, or nothing would be left.
    """
    reads = [one.name for one in look.tools if one.state == "offered" and one.classification.effect is Effect.READ]
    now = set(look.server.allowed or reads)
    chosen = {name if revoked and name in now else _found(look, name).name for name in names}
    after = now - chosen if revoked else now | chosen
    if not after:
        hint = f"To use nothing of it: {command_line('mcp', 'remove', look.server.name)}"
        raise UsageError("nothing would be allowed any more, and no name at all means every read", hint=hint)
    return tuple(sorted(after))


def _found(look: ServerLook, name: str) -> LookedAtTool:
    found = tool_named(look, name)
    if found.state == "refused":
        raise UsageError(f"{one_line(name, 80)} is refused, whatever it does: {found.why}")
    return found
