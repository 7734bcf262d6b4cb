"""What writes an approved plan: only while the plan holds its token, and patiently while the policy catches up."""

from __future__ import annotations

from typing import Any

import pytest

from agentops.core.errors import ClusterError, Forbidden, InDoubt, ToolError
from agentops.core.place_identity import PlaceIdentity
from agentops.core.plan import Call
from agentops.providers.kubernetes.api.answers import Stored
from agentops.providers.kubernetes.api.call_transport import TokenTransport
from agentops.providers.kubernetes.api.kubeconfig import ClusterConnection
from agentops.providers.kubernetes.api.token_request import issued, split_account, token_call
from agentops.providers.kubernetes.api.transport import Patience
from agentops.providers.kubernetes.change.plan_grant import GrantedWriter

_CALL = Call(verb="delete", method="DELETE", path="/api/v1/namespaces/shop/pods/a")
_NOT_YET = Forbidden("agentops may not DELETE pods shop/a: no approved plan says so")


class Inner:
    """A writer that answers as it is told, the last answer for ever."""

    def __init__(self, *answers: Exception | Stored) -> None:
        self.answers = list(answers)
        self.sent = 0

    def send(self, _call: Call) -> Stored:
        self.sent += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def held(inner: Any) -> tuple[GrantedWriter, list[float]]:
    """Return a writer that a plan holds, and how long it waited each time."""
    waited: list[float] = []
    writer = GrantedWriter(context="c", server="s", pause=waited.append)
    writer.hold(inner)
    return writer, waited


def test_nothing_is_sent_before_a_token_is_there_nor_after_it_was_given_back() -> None:
    """Whoever calls it outside a plan gets an error; what it wrote through is not asked."""
    inner = Inner(Stored({}))
    writer, _ = held(inner)
    writer.hold(None)
    with pytest.raises(ToolError, match="no token was asked for this plan"):
        writer.send(_CALL)
    with pytest.raises(ToolError):
        GrantedWriter(context="c", server="s").send(_CALL)
    assert inner.sent == 0


def test_a_policy_that_has_not_seen_the_approval_is_asked_again() -> None:
    """The API server watches its list of approvals; a refusal changed nothing, so it is tried again."""
    writer, waited = held(Inner(_NOT_YET, _NOT_YET, Stored({"kind": "Status"})))
    assert (writer.send(_CALL), waited) == (Stored({"kind": "Status"}), [0.5, 0.5])


def test_a_policy_that_goes_on_refusing_is_believed() -> None:
    """After six seconds a refusal is a refusal."""
    inner = Inner(_NOT_YET)
    writer, waited = held(inner)
    with pytest.raises(Forbidden):
        writer.send(_CALL)
    assert (inner.sent, sum(waited)) == (12, 5.5)


@pytest.mark.parametrize("error", [Forbidden("pods is forbidden"), InDoubt("lost"), ClusterError("500")])
def test_nothing_else_is_sent_twice(error: Exception) -> None:
    """Another refusal, and above all a lost answer, is passed on at once."""
    inner = Inner(error)
    writer, waited = held(inner)
    with pytest.raises(type(error)):
        writer.send(_CALL)
    assert (inner.sent, waited) == (1, [])


@pytest.mark.parametrize(
    "call",
    [
        _CALL,
        Call(verb="create", method="POST", path="/api/v1/namespaces/shop/pods"),
        Call(verb="create", method="POST", path="/api/v1/namespaces/a/serviceaccounts/b"),
        Call(verb="create", method="POST", path="/api/v1/namespaces/a/serviceaccounts/b/token/x"),
        Call(verb="patch", method="PATCH", path="/api/v1/namespaces/a/serviceaccounts/b/token"),
        Call(verb="create", method="POST", path="/api/v1/namespaces/../serviceaccounts/b/token"),
    ],
)
def test_what_asks_for_tokens_sends_nothing_else(call: Call) -> None:
    """Refused before a byte is sent: it holds a client that could write."""
    transport = TokenTransport(None, server="s", patience=Patience())
    with pytest.raises(ToolError, match="asks for no token"):
        transport.ask(call)


def test_a_token_is_never_asked_for_longer_than_needed() -> None:
    """Ten minutes are the least that the API server gives."""
    spec = [token_call("a", "b", seconds).body["spec"]["expirationSeconds"] for seconds in (1, 600, 1080)]
    assert spec == [600, 600, 1080]


@pytest.mark.parametrize("answer", [{}, {"status": None}, {"status": {"token": ""}}, {"status": {"token": 7}}])
def test_an_answer_without_a_token_is_an_error(answer: Any) -> None:
    """Nothing stands for a token that is not there."""
    opened = ClusterConnection(
        api=None, context="c", namespace="n", server="s", identity=PlaceIdentity(server="s", proof="")
    )
    with pytest.raises(ClusterError, match="without a token"):
        issued(opened, answer, lambda _secret: None)


def test_an_account_is_a_namespace_and_a_name() -> None:
    """Both parts, split at the one slash."""
    assert split_account("agentops/agentops-fix") == ("agentops", "agentops-fix")
