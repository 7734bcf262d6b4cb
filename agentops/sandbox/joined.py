"""``JoinedSandbox``: one incident over two places: AWS that moto plays, and a simulated cluster behind it.

Comes in: a scenario of AWS that names a cluster's scenario. Goes out: both places, for both providers; the alarm is
that of AWS. The account's EKS cluster has the simulated API server for its endpoint, so that a run finds one in the
other. Nothing but the two is reached.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any

from agentops.core.place_identity import PlaceIdentity
from agentops.core.provider import ONLY
from agentops.sandbox.cloud.sandbox import CloudSandbox
from agentops.sandbox.cloud.scenario import CloudScenario
from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load


class JoinedSandbox:
    """A running sandbox of both; use it as a context manager."""

    def __init__(self, scenario: CloudScenario) -> None:
        self.scenario = scenario
        self.cluster = Sandbox(load(scenario.cluster))
        self.account = CloudSandbox(scenario)

    def __enter__(self) -> JoinedSandbox:
        self.cluster.__enter__()
        try:
            self.account.cluster_url = self.cluster.url
            self.account.start()
        except BaseException:
            self.cluster.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.account.stop()
        self.cluster.__exit__(kind, error, trace)

    @property
    def url(self) -> str:
        """The address of the account."""
        return self.account.url

    @property
    def identity(self) -> PlaceIdentity:
        """What proves that a connection leads to the cluster; the account counts as production beside it."""
        return self.cluster.identity

    @property
    def alert_payload(self) -> dict[str, Any]:
        """The alarm of the account."""
        return self.account.alert_payload

    @property
    def place_options(self) -> dict[str, Any]:
        """What leads the two providers in, and keeps all of them from everything else."""
        both: tuple[str, ...] = (*self.account.place_options[ONLY], *self.cluster.place_options[ONLY])
        return {**self.cluster.place_options, **self.account.place_options, ONLY: both}

    def advance(self, seconds: float) -> None:
        """Let time pass in the cluster; in the account nothing happens by itself."""
        self.cluster.advance(seconds)
