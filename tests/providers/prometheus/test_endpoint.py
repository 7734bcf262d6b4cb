"""One request: what is sent, what is never followed, and what is said when it goes wrong."""

from __future__ import annotations

import base64
import gzip
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from agentops.core.errors import ToolError, ToolInputError, UsageError
from agentops.providers.monitoring.credential import authorization
from agentops.providers.monitoring.endpoint import HttpBudget
from agentops.providers.monitoring.opening import endpoint_of
from agentops.providers.prometheus.api.client import AlertmanagerClient
from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load
from tests.providers.prometheus.conftest import StubServer, client_of, endpoint_at
from tests.support.monitoring import free_port

ALERTS = "/api/v1/alerts"
NONE = {"status": "success", "data": {"alerts": []}}


def test_only_get_is_sent_with_the_credential(stub: StubServer) -> None:
    """The header goes along, and the address keeps its prefix."""
    stub.say("/prefix/api/v1/alerts", NONE)
    client_of(f"{stub.url}/prefix/", authorization="Bearer s3cret").alerts()
    path, headers = stub.asked[0]
    assert (path, headers["Authorization"]) == ("/prefix/api/v1/alerts", "Bearer s3cret")


def test_a_redirect_is_not_followed(stub: StubServer) -> None:
    """It would carry the credential to another host; the address that it leads to is named."""
    stub.say(ALERTS, b"", 302, {"Location": f"{stub.url}/login"})
    with pytest.raises(ToolError, match=r"redirects /api/v1/alerts to .*/login") as caught:
        client_of(stub.url).alerts()
    assert (len(stub.asked), "prometheus_url" in caught.value.hint) == (1, True)


@pytest.mark.parametrize(
    ("status", "body", "said", "hint"),
    [
        (401, b"Unauthorized", "refuses /api/v1/alerts: HTTP 401", "prometheus_auth"),
        (403, {"error": "no tenant"}, "HTTP 403: no tenant", "prometheus_auth"),
        (404, b"404 page not found", "has no /api/v1/alerts", "prefix"),
        (503, {"status": "error", "error": "query timed out"}, "HTTP 503: query timed out", ""),
        (200, b"<html>login</html>", "does not answer with JSON", "prometheus_url"),
        (200, ["no", "document"], "with no document of Prometheus", "prometheus_url"),
        (200, {"status": "error", "error": "odd"}, "answers odd", ""),
    ],
)
def test_an_error_says_what_where_and_what_next(stub: StubServer, status: int, body: Any, said: str, hint: str) -> None:
    """Each refusal names the server and the setting to look at, once, without trying again."""
    stub.say(ALERTS, body, status)
    with pytest.raises(ToolError, match=said) as caught:
        client_of(stub.url).alerts()
    assert (hint in caught.value.hint, stub.url in caught.value.message, len(stub.asked)) == (True, True, 1)


def test_what_is_wrong_with_the_question_is_the_callers(stub: StubServer) -> None:
    """HTTP 400 is an input error in the server's words, on one line."""
    stub.say(ALERTS, {"status": "error", "error": "bad\nthing\u202e"}, 400)
    with pytest.raises(ToolInputError) as caught:
        client_of(stub.url).alerts()
    assert caught.value.message == "Prometheus cannot take this: bad thing\\u{202e}"


def test_a_server_that_is_not_there_is_named(stub: StubServer) -> None:
    """A refused connection and an unknown host are told apart."""
    port = free_port()
    with pytest.raises(ToolError, match=f"127.0.0.1:{port} refuses the connection"):
        client_of(f"http://127.0.0.1:{port}").alerts()
    with pytest.raises(ToolError, match="there is no host of that name"):
        client_of("http://no-such-host.invalid").alerts()


def test_an_answer_has_a_byte_budget_also_when_it_is_packed(stub: StubServer) -> None:
    """More than the budget is not kept, however small it was on the wire."""
    stub.say(ALERTS, gzip.compress(b" " * 3_000_000), 200, {"Content-Encoding": "gzip"})
    budget = HttpBudget(connect_s=10, read_s=20, deadline_s=40, size_bytes=1 << 20)
    with pytest.raises(ToolError, match="more than 1 MiB") as caught:
        client_of(stub.url, budget=budget).alerts()
    assert "fewer series" in caught.value.hint


def test_an_answer_that_drips_ends_at_the_deadline(stub: StubServer) -> None:
    """A server that sends a byte now and then does not hold up the run."""
    stub.say(ALERTS, b'{"status": "success", "data": {"alerts": []}}')
    stub.drips.add(ALERTS)
    budget = HttpBudget(connect_s=10, read_s=20, deadline_s=0.5)
    with pytest.raises(ToolError, match=r"did not end its answer within 0.5 s"):
        client_of(stub.url, budget=budget).alerts()


def test_a_run_reads_no_more_than_its_bytes(stub: StubServer) -> None:
    """Many modest answers are no way around the bound of one."""
    stub.say(ALERTS, {**NONE, "infos": ["x" * 300_000]})
    client = client_of(stub.url, budget=HttpBudget(connect_s=10, read_s=20, deadline_s=40, run_bytes=1 << 20))
    for _ in range(3):
        client.alerts()
    with pytest.raises(ToolError, match="more than 1 MiB in this run, so no more is read"):
        client.alerts()


def test_an_answer_of_very_many_small_parts_is_not_decoded(stub: StubServer) -> None:
    """Empty lists take thirty times their bytes once they are objects."""
    stub.say(ALERTS, b'{"status":"success","data":{"alerts":[' + b"[]," * 800_000 + b"[]]}}")
    with pytest.raises(ToolError, match="more than 700,000 values"):
        client_of(stub.url).alerts()


@pytest.mark.parametrize("data", [{}, [], None, {"alerts": None}, {"alerts": {}}, {"alerts": ["x"]}, {"alerts": [[]]}])
def test_an_answer_without_a_list_is_no_empty_list(stub: StubServer, data: Any) -> None:
    """It would read as if nothing fired."""
    stub.say(ALERTS, {"status": "success", "data": data})
    with pytest.raises(ToolError, match="answers with no list of alerts"):
        client_of(stub.url).alerts()


@pytest.mark.parametrize(
    "point", [[1e999, "1"], [10**400, "1"], [-1, "1"], ["nan", "1"], [1, {}], [1], 7, [[], []], [10**30, "1"]]
)
def test_a_point_that_is_none_is_refused(stub: StubServer, point: Any) -> None:
    """A time that no clock has, a value that is no number."""
    result = [{"metric": {}, "value": point}]
    stub.say("/api/v1/query", {"status": "success", "data": {"resultType": "vector", "result": result}})
    with pytest.raises(ToolError):
        client_of(stub.url).query("up", datetime(2026, 11, 22, tzinfo=UTC))


def test_alertmanager_answers_with_a_list_or_is_none(stub: StubServer) -> None:
    """Another document is no Alertmanager."""
    stub.say("/api/v2/alerts", {"status": "success"})
    with pytest.raises(ToolError, match="does not answer with a list of alerts"):
        AlertmanagerClient(endpoint_at(stub.url)).alerts()


def test_a_credential_is_read_where_the_setting_says_and_learned(tmp_path: Path) -> None:
    """Bearer and basic, from a variable and from a file; what is sent is known to the redactor."""
    learned: list[str] = []
    (tmp_path / "login").write_text("ops:p4ssw0rd\n")
    bearer = authorization("bearer env:TOKEN", "prometheus_auth", {"TOKEN": "t0ken-t0ken"}, learned.append)
    basic = authorization(f"basic file:{tmp_path / 'login'}", "prometheus_auth", {}, learned.append)
    encoded = base64.b64encode(b"ops:p4ssw0rd").decode()
    assert (bearer, basic) == ("Bearer t0ken-t0ken", f"Basic {encoded}")
    assert learned == ["t0ken-t0ken", "ops:p4ssw0rd", "p4ssw0rd", encoded]


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("bearer env:TOKEN", "the environment variable TOKEN is not set"),
        ("bearer file:/no/such/file", "/no/such/file cannot be read"),
        ("basic env:WORD", "does not hold USER:PASSWORD"),
        ("bearer env:LINES", "more than one line"),
    ],
)
def test_a_credential_that_cannot_be_had_is_named_and_not_shown(setting: str, said: str) -> None:
    """The message names the place, never what it holds."""
    environ = {"WORD": "s3cretword", "LINES": "s3cret\nX-Evil: 1"}
    with pytest.raises(UsageError, match=said) as caught:
        authorization(setting, "prometheus_auth", environ, lambda _secret: None)
    assert "s3cret" not in caught.value.message + caught.value.hint


def test_no_credential_travels_in_the_clear() -> None:
    """Plain http takes one to this machine only."""
    options = {"prometheus_url": "http://prometheus.example", "prometheus_auth": "bearer env:TOKEN"}
    with pytest.raises(UsageError, match="in the clear"):
        endpoint_of("prometheus", options, {"TOKEN": "t0ken-t0ken"}, lambda _secret: None)
    near = options | {"prometheus_url": "http://127.0.0.1:9090"}
    assert endpoint_of("prometheus", near, {"TOKEN": "t0ken-t0ken"}, lambda _secret: None).url == near["prometheus_url"]


@pytest.mark.slow
def test_a_certificate_is_checked_always_and_an_own_authority_can_be_named(tmp_path: Path) -> None:
    """A server of a private authority is refused until its certificates are named; a file without any is refused."""
    with Sandbox(load("missing-config-key")) as sandbox:
        (cluster,) = yaml.safe_load(Path(sandbox.kubeconfig).read_text())["clusters"]
        url = cluster["cluster"]["server"]
        (tmp_path / "ca.pem").write_bytes(base64.b64decode(cluster["cluster"]["certificate-authority-data"]))
        with pytest.raises(ToolError, match="its certificate is not trusted") as caught:
            client_of(url).alerts()
        assert "monitoring_ca_file" in caught.value.hint
        # Behind the handshake is no Prometheus, but it was answered.
        with pytest.raises(ToolError, match=r"HTTP 40\d"):
            client_of(url, ca_file=str(tmp_path / "ca.pem")).alerts()
    (tmp_path / "none.pem").write_text("no certificate")
    with pytest.raises(ToolError, match=r"none\.pem cannot be used as certificates"):
        client_of(url, ca_file=str(tmp_path / "none.pem")).alerts()
