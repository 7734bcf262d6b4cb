"""What tests against real MCP servers share: the servers that are installed here, and a PostgreSQL."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agentops.providers.mcp.client.session import ServerSession, open_session
from agentops.providers.mcp.objects.server import Confinement, ServerConfig, ServerLimits, ServerTransport
from agentops.providers.mcp.objects.tool import ForeignResult
from tests.cli.conftest import cli as cli
from tests.cli.conftest import home as home
from tests.real_mcp import postgres as real_postgres
from tests.real_mcp.postgres import Postgres
from tests.real_mcp.record import KUBECONFIG
from tests.real_mcp.servers import PLACE, SERVERS, RealServer
from tests.support.moto_server import moto_serving

Installed = Callable[[str], RealServer]


def text_of(result: ForeignResult) -> str:
    """Return all that can be read of a result."""
    return "\n".join(part.text for part in result.parts)


@pytest.fixture
def installed() -> Installed:
    """Return a server by its key; skip with the reason where it is not installed here."""

    def find(key: str) -> RealServer:
        server = SERVERS[key]
        if not server.path():
            pytest.skip(f"{server.package} is neither on PATH nor below {PLACE} (tests/real_mcp/install.py)")
        return server

    return find


@pytest.fixture(scope="module")
def postgres(slow: None) -> Iterator[Postgres]:
    """A real PostgreSQL with the database ``shop``: a table ``incidents`` of two rows in it."""
    why = real_postgres.missing()
    if why:
        pytest.skip(why)
    with real_postgres.running() as server:
        assert server.run("CREATE DATABASE shop").returncode == 0
        made = (
            "CREATE TABLE incidents (id int PRIMARY KEY, title text); INSERT INTO incidents VALUES (1, 'a'), (2, 'b')"
        )
        assert server.run(made, database="shop").returncode == 0
        yield server


@dataclass(frozen=True, slots=True)
class Opener:
    """Opens sessions with real servers, in a folder of the test's own."""

    folder: Path
    installed: Installed
    opened: list[ServerSession]

    def __call__(
        self,
        key: str,
        *,
        args: tuple[str, ...] | None = None,
        env: Mapping[str, str] | None = None,
        command: tuple[str, ...] = (),
        call_s: float = 30.0,
        confinement: Confinement = Confinement.NONE,
    ) -> ServerSession:
        """Return a session with one server; ``command`` stands before its program."""
        server = self.installed(key)
        words = (*command, server.path(), *(server.args if args is None else args))
        names = {"dir": str(self.repository()), "kubeconfig": str(self.folder / "kubeconfig"), "port": "9"}
        Path(names["kubeconfig"]).write_text(json.dumps(KUBECONFIG))
        config = ServerConfig(
            name=key,
            transport=ServerTransport.STDIO,
            command=words[0],
            args=tuple(word.format(**names) if "{" in word else word for word in words[1:]),
            env={name: value.format(**names) for name, value in (server.env if env is None else env).items()},
            confinement=confinement,
            limits=ServerLimits(start_s=server.start_s, call_s=call_s),
        )
        session = open_session(config, resolve=lambda _reference: "", home=self.folder / "home")
        self.opened.append(session)
        return session

    def repository(self) -> Path:
        """Return a repository of one commit, made at the first call."""
        place = self.folder / "work"
        if not place.exists():
            place.mkdir()
            (place / "deploy.yaml").write_text("image: checkout:2.4.1\n")
            git = ["git", "-C", str(place), "-c", "user.name=Eve", "-c", "user.email=eve@example.com"]
            for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "Roll checkout to 2.4.1"]):
                subprocess.run([*git, *words], check=True, env={**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null"})
        return place


@pytest.fixture
def opener(tmp_path: Path, installed: Installed) -> Iterator[Opener]:
    """Open sessions, and close them at the end."""
    made = Opener(tmp_path, installed, [])
    yield made
    for session in made.opened:
        session.close()


@pytest.fixture(scope="session")
def moto_url(slow: None) -> Iterator[str]:
    """A simulated AWS on loopback."""
    with moto_serving() as url:
        yield url


@pytest.fixture
def alarmed(moto_url: str) -> Iterator[Callable[[str], Any]]:
    """Return clients of the simulated AWS, in which one alarm is in ALARM."""
    import boto3

    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": "us-east-1"}
    made = []

    def client(service: str) -> Any:
        made.append(boto3.client(service, endpoint_url=moto_url, **keys))
        return made[-1]

    watch = client("cloudwatch")
    watch.put_metric_alarm(
        AlarmName="checkout-5xx",
        Namespace="AWS/ApplicationELB",
        MetricName="HTTPCode_Target_5XX_Count",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=5,
        ComparisonOperator="GreaterThanThreshold",
    )
    watch.set_alarm_state(AlarmName="checkout-5xx", StateValue="ALARM", StateReason="8 of 5")
    yield client
    for one in made:
        one.close()


@pytest.fixture
def connecting(cli: Any, home: Path, installed: Installed, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Connect real servers through the command line."""
    from tests.real_mcp.connecting import Connecting

    return Connecting(cli, home, installed, monkeypatch)


SECRET = "Zq7-horse-battery"
_CONFIGURATION = """
terraform {
  backend "local" {}
}
variable "replicas" { default = 3 }
variable "token" {
  default   = "%s"
  sensitive = true
}
resource "terraform_data" "checkout" {
  input = { replicas = var.replicas, image = "checkout:2.4.1", token = var.token, login = "user:${var.token}@db" }
}
"""


@pytest.fixture(scope="module")
def plans(slow: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an applied configuration, and a saved plan that takes two of three replicas away."""
    if not shutil.which("terraform"):
        pytest.skip("terraform is not installed")
    folder = tmp_path_factory.mktemp("infra")
    (folder / "main.tf").write_text(_CONFIGURATION % SECRET)
    (folder / "none.tfrc").write_text("")
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "TF_CLI_CONFIG_FILE": str(folder / "none.tfrc")}
    for words in (
        ("init",),
        ("apply", "-auto-approve"),
        ("plan", "-var", "replicas=1", "-out", "release.tfplan"),
    ):
        command = ["terraform", words[0], "-input=false", "-no-color", *words[1:]]
        done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    return folder
