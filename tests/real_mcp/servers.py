"""The real MCP servers that these tests know: what each is, where it is found, and how it is started offline.

Servers are never part of this repository. ``AGENTOPS_REAL_MCP`` names a folder in which ``install.py`` put them
(``npm/NAME/``, ``py/NAME/``); what is not there is looked for on PATH; what is nowhere is skipped.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PLACE = "AGENTOPS_REAL_MCP"


@dataclass(frozen=True, slots=True, kw_only=True)
class RealServer:
    """One server of a registry.

    Arguments:
        key: what its records and tests are called.
        registry: ``npm`` or ``pypi``.
        package, version: what was recorded; another version may be installed and is then told apart by its schemas.
        licence: as its package declares it.
        program: the executable that the package installs.
        args, env: how its tools are listed: ``{dir}`` is an empty folder (a git repository for the git server),
            ``{kubeconfig}`` a kubeconfig of nothing. No value is a credential of anything.
        start_s: how long it may take to list its tools.
        python: the interpreter that it needs, when not 3.11.
    """

    key: str
    registry: str
    package: str
    version: str
    licence: str
    program: str
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    start_s: float = 30.0
    python: str = "python3.11"

    @property
    def folder(self) -> str:
        """Where ``install.py`` puts it, below the folder of all."""
        return f"{'npm' if self.registry == 'npm' else 'py'}/{self.key}"

    def path(self) -> str:
        """Return its executable, or an empty text when it is not installed."""
        place = os.environ.get(PLACE, "")
        if place:
            below = "node_modules/.bin" if self.registry == "npm" else "bin"
            found = Path(place) / self.folder / below / self.program
            if found.exists():
                return str(found)
        return shutil.which(self.program) or ""


_AWS = {
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_EC2_METADATA_DISABLED": "true",
    "FASTMCP_LOG_LEVEL": "ERROR",
}
_SLACK = {"SLACK_BOT_TOKEN": "xoxb-none", "SLACK_TEAM_ID": "T0"}
_POSTGRES = {
    "POSTGRES_HOST": "127.0.0.1",
    "POSTGRES_PORT": "{port}",
    "POSTGRES_USER": "postgres",
    "POSTGRES_PASSWORD": "none",
    "POSTGRES_DATABASE": "postgres",
}

SERVERS: Mapping[str, RealServer] = {
    one.key: one
    for one in (
        RealServer(
            key="kubernetes",
            registry="npm",
            package="kubernetes-mcp-server",
            version="0.0.67",
            licence="Apache-2.0",
            program="kubernetes-mcp-server",
            args=("--kubeconfig", "{kubeconfig}", "--toolsets", "core,config,helm"),
        ),
        RealServer(
            key="toolbox-postgres",
            registry="npm",
            package="@toolbox-sdk/server",
            version="1.12.0",
            licence="Apache-2.0",
            program="toolbox",
            args=("--prebuilt", "postgres", "--stdio"),
            env=_POSTGRES,
        ),
        RealServer(
            key="server-postgres",
            registry="npm",
            package="@modelcontextprotocol/server-postgres",
            version="0.6.2",
            licence="MIT",
            program="mcp-server-postgres",
            args=("postgresql://nobody@127.0.0.1:9/postgres",),
        ),
        RealServer(
            key="git",
            registry="pypi",
            package="mcp-server-git",
            version="2026.10.19",
            licence="MIT",
            program="mcp-server-git",
            args=("--repository", "{dir}"),
        ),
        RealServer(
            key="everything",
            registry="npm",
            package="@modelcontextprotocol/server-everything",
            version="2026.8.31",
            licence="MIT",
            program="mcp-server-everything",
        ),
        RealServer(
            key="filesystem",
            registry="npm",
            package="@modelcontextprotocol/server-filesystem",
            version="2026.8.31",
            licence="MIT",
            program="mcp-server-filesystem",
            args=("{dir}",),
        ),
        RealServer(
            key="aws-cloudwatch",
            registry="pypi",
            package="awslabs.cloudwatch-mcp-server",
            version="0.3.1",
            licence="Apache-2.0",
            program="awslabs.cloudwatch-mcp-server",
            env=_AWS,
        ),
        RealServer(
            key="aws-ecs",
            registry="pypi",
            package="awslabs.ecs-mcp-server",
            version="0.1.37",
            licence="Apache-2.0",
            program="ecs-mcp-server",
            env=_AWS,
        ),
        RealServer(
            key="pagerduty",
            registry="pypi",
            package="pagerduty-mcp",
            version="1.1.0",
            licence="Apache-2.0",
            program="pagerduty-mcp",
            args=("--enable-write-tools",),
            env={"PAGERDUTY_USER_API_KEY": "none", "PAGERDUTY_API_HOST": "http://127.0.0.1:9"},
            start_s=60.0,
            python="python3.12",
        ),
        RealServer(
            key="slack",
            registry="npm",
            package="@modelcontextprotocol/server-slack",
            version="2025.4.25",
            licence="MIT",
            program="mcp-server-slack",
            env=_SLACK,
        ),
        RealServer(
            key="zencoder-slack",
            registry="npm",
            package="@zencoderai/slack-mcp-server",
            version="0.0.1",
            licence="MIT",
            program="slack-mcp",
            env=_SLACK,
        ),
        RealServer(
            key="datadog",
            registry="npm",
            package="@winor30/mcp-server-datadog",
            version="1.8.0",
            licence="Apache-2.0",
            program="mcp-server-datadog",
            env={"DATADOG_API_KEY": "none", "DATADOG_APP_KEY": "none"},
        ),
        RealServer(
            key="grafana",
            registry="pypi",
            package="mcp-grafana",
            version="2.1.1",
            licence="Apache-2.0",
            program="mcp-grafana",
            env={"GRAFANA_URL": "http://127.0.0.1:9", "GRAFANA_SERVICE_ACCOUNT_TOKEN": "none"},
        ),
        RealServer(
            key="prometheus",
            registry="pypi",
            package="prometheus-mcp-server",
            version="1.6.2",
            licence="MIT",
            program="prometheus-mcp-server",
            env={"PROMETHEUS_URL": "http://127.0.0.1:9"},
        ),
    )
}
