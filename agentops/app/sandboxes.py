"""Which sandbox a scenario is played in: a cluster that is simulated here, AWS that moto plays in a child process,
or both, the one behind the other.

Comes in: a scenario's name. Goes out: the scenario, and the sandbox of it, not started yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from agentops.sandbox.cloud.sandbox import CloudSandbox
    from agentops.sandbox.cloud.scenario import CloudScenario
    from agentops.sandbox.cluster import Sandbox
    from agentops.sandbox.joined import JoinedSandbox
    from agentops.sandbox.scenario import Scenario

AnyScenario: TypeAlias = "Scenario | CloudScenario"
AnySandbox: TypeAlias = "Sandbox | CloudSandbox | JoinedSandbox"
CLOUD_PREFIX = "aws-"


def load_scenario(name: str) -> AnyScenario:
    """Return a scenario by its name, or of a cluster by the path of its file.

    Raises:
        UsageError: there is none, or the file is not one.
    """
    if name.startswith(CLOUD_PREFIX):
        from agentops.sandbox.cloud.scenario import load as load_cloud

        return load_cloud(name)
    from agentops.sandbox.scenario import load

    return load(name)


def sandbox_of_scenario(scenario: AnyScenario) -> AnySandbox:
    """Return the sandbox that plays a scenario; use it as a context manager."""
    from agentops.sandbox.scenario import Scenario

    if isinstance(scenario, Scenario):
        from agentops.sandbox.cluster import Sandbox

        return Sandbox(scenario)
    if scenario.cluster:
        from agentops.sandbox.joined import JoinedSandbox

        return JoinedSandbox(scenario)
    from agentops.sandbox.cloud.sandbox import CloudSandbox

    return CloudSandbox(scenario)
