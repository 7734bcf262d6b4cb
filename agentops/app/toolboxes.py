"""The toolbox of a run: the read tools of the places that are open, but for those that a setting switches off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentops.core.evidence import EvidenceStore

if TYPE_CHECKING:
    from agentops.agent.drafting import Drafting
    from agentops.agent.toolbox import Toolbox
    from agentops.app.connections import Connections
    from agentops.app.services import Services


def toolbox_of(
    services: Services,
    connections: Connections,
    store: EvidenceStore,
    *,
    drafting: Drafting | None = None,
    about: str = "",
) -> Toolbox:
    """Return what may be called in these places.

    Arguments:
        store: where a reading becomes evidence, and nowhere else.
        drafting: takes the changes that a model proposes; None where none can be proposed.
        about: the words by which tools are chosen; empty where there are none.
    """
    from agentops.agent.fence import Fence
    from agentops.agent.toolbox import Toolbox

    tools = (tool for reader in connections.readers for tool in reader.read_tools())
    return Toolbox(
        tuple(tool for tool in tools if tool.spec.name not in services.disabled_tools),
        store=store,
        redactor=services.redactor,
        audit=services.audit,
        progress=services.progress,
        fence=Fence(services.nonce),
        monotonic=services.monotonic,
        excerpt_chars=services.excerpt_chars,
        fingerprint=services.fingerprint,
        drafting=drafting,
        about=about,
    )
