"""The command line as a test calls it: in this process, with a home of its own."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from agentops.cli.app import run
from agentops.core.clock import utc_now
from agentops.core.plan import ChangePlan
from agentops.store.pending import AskedBy, PendingPlan, PendingPlans
from tests.support.account import user_database
from tests.support.clusters import declared
from tests.support.moto_server import moto_serving


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a command line came to."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """Standard output as the one JSON document that it must be."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found


Cli = Callable[..., Done]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty AGENTOPS_HOME; no key, no kubeconfig and no setting of the developer's own reaches the test."""
    place = tmp_path / "home"
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL", "COLUMNS", "AGENTOPS_CONTEXT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AGENTOPS_HOME", str(place))
    monkeypatch.setattr("pwd.getpwuid", user_database(place))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "no-kubeconfig"))
    return place


@pytest.fixture
def cli(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Cli:
    """Call the command line: ``cli("triage", "--sandbox", stdin=b"...")``.

    Where the test has a simulated ``cluster`` of its own, a run sends that cluster's time ahead instead of waiting.
    """

    def call(*words: str, stdin: bytes = b"") -> Done:
        cluster = request.getfixturevalue("cluster") if "cluster" in request.fixturenames else None
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        code = run(list(words), simulated=cluster)
        captured = capsys.readouterr()
        return Done(code=code, out=captured.out, err=captured.err)

    return call


@pytest.fixture
def keep(plans: ModuleType, home: Path) -> Callable[..., PendingPlan]:
    """Keep a plan that a client asked for; called again, another one."""
    store, numbers = PendingPlans(home / "pending", utc_now), count()

    def kept(client: str = "claude-code", *, steps: Sequence[Any] = (), **changes: Any) -> PendingPlan:
        now = datetime.now(UTC).replace(microsecond=0)
        number = next(numbers)
        nonce = f"{number:032x}"
        times = {"created_at": now, "expires_at": now + timedelta(hours=1), "nonce": nonce}
        plan: ChangePlan = plans.plan(*(steps or [plans.step()]), **(times | changes))
        return store.keep(
            plan, AskedBy(client=client, door="mcp-stdio", on_behalf_of="ana", at=now + timedelta(milliseconds=number))
        )

    return kept


@pytest.fixture
def at(cluster: Any, home: Path) -> tuple[str, ...]:
    """The options that lead to a test module's own ``cluster``, without a terminal; this home calls it development."""
    home.mkdir(mode=0o700)
    (home / "config.toml").write_text(declared(cluster.kubeconfig, cluster.context))
    return ("--kubeconfig", str(cluster.kubeconfig), "--context", cluster.context, "--no-input", "-o", "json")


@pytest.fixture(scope="session")
def moto_url(slow: None) -> Iterator[str]:
    """A moto server over HTTP on loopback, for the whole session."""
    with moto_serving() as url:
        yield url


@pytest.fixture
def s3(moto_url: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An S3 client of an emptied server, with the buckets ``locked`` (Object Lock) and ``plain``; the command line's
    environment leads there."""
    import urllib.request

    import boto3

    urllib.request.urlopen(urllib.request.Request(f"{moto_url}/moto-api/reset", method="POST")).close()
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-" + "4f1d" * 6)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    client = boto3.session.Session().client("s3", endpoint_url=moto_url)
    client.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    client.create_bucket(Bucket="plain")
    yield client
    client.close()
