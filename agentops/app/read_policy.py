"""Asks policy about one call of a read tool that somebody else's server runs; everything else that reads is permitted.

Comes in: settings, the providers, who asks. Goes out: why a call is refused, or nothing. The policy is loaded by the
first call, once a run; where none can be loaded, every call is refused.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from agentops.core.errors import AgentopsError
from agentops.core.policy import Principal
from agentops.core.policy_facts import read_request

if TYPE_CHECKING:
    from agentops.config import Settings
    from agentops.core.clock import Clock
    from agentops.core.provider import Provider
    from agentops.core.resource import ResourceRef
    from agentops.core.tool import ToolSpec
    from agentops.policy import CedarPolicy, PolicySettings


class ReadPolicy:
    """See the module. Safe to call from several threads.

    Arguments:
        user: for whom agentops reads; both must be permitted.
    """

    def __init__(self, settings: Settings, providers: Sequence[Provider], user: str, clock: Clock) -> None:
        self._settings = settings
        self._providers = providers
        self._user = user
        self._clock = clock
        self._lock = threading.Lock()
        self._loaded: tuple[PolicySettings, CedarPolicy] | None = None

    def refusal(self, spec: ToolSpec, ref: ResourceRef, arguments: Mapping[str, Any]) -> str:
        """Return why policy refuses a call; empty where it permits it.

        Raises:
            ToolInputError: policy must judge an argument that is no single text.
        """
        with self._lock:
            try:
                rules, policy = self._policy()
            except AgentopsError as error:
                return f"no policy can be loaded: {error.message}"
            request = read_request(
                spec,
                ref,
                arguments,
                Principal(kind="agent", name="agentops", on_behalf_of=self._user),
                # Nothing proves what a server acts on, so it counts as production whatever it is called.
                environment=rules.judged(ref.place, "").environment,
                protected=None,
                now=self._clock(),
            )
            ruling = policy.decide(request)
        return "" if ruling.allowed else ruling.why or "no policy permits it"

    def _policy(self) -> tuple[PolicySettings, CedarPolicy]:
        if self._loaded is None:
            from agentops.app.policy_loading import policy_sources

            sources = policy_sources(self._settings, self._providers)
            self._loaded = sources.rules, sources.policy()
        return self._loaded
