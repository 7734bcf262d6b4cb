"""What comes back when a change is sent: refused, moved, or in doubt; each is sent once, and said as it is."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from threading import Thread

import pytest

from agentops.core.errors import AgentopsError, InDoubt, Stale, ToolError
from agentops.core.plan import Call
from agentops.providers.aws.api.calls import call_of
from agentops.providers.aws.api.client import open_place
from agentops.providers.aws.api.clients import open_clients
from agentops.providers.aws.api.writer import AwsWriter
from tests.support.aws_stub import AwsStub, caller, refusal, serving

QUEUE: Call = call_of("sqs", "TagQueue", {"QueueUrl": "http://127.0.0.1/1/orders", "Tags": {"a": "1"}})
ALIAS: Call = call_of("lambda", "UpdateAlias", {"FunctionName": "take", "Name": "live", "FunctionVersion": "1"})


def _writer(url: str) -> AwsWriter:
    options = {"aws_endpoint": url, "aws_region": "eu-west-1", "aws_attempts": 1}
    return open_clients(open_place(options, lambda _secret: None)).writer


@pytest.mark.parametrize(
    ("status", "body", "error", "said"),
    [
        (400, refusal("ThrottlingException"), ToolError, "AWS throttles sqs:TagQueue"),
        (400, refusal("ExpiredTokenException"), ToolError, "the AWS credentials have expired"),
        (400, refusal("AccessDeniedException"), ToolError, "AWS does not allow sqs:TagQueue"),
        (400, refusal("InvalidParameterValue", "too many"), ToolError, "AWS does not take sqs:TagQueue: too many"),
        (400, refusal("QueueDoesNotExist"), ToolError, "AWS knows no such thing"),
        (500, refusal("InternalFailure"), InDoubt, "whether it took effect is not known"),
        (503, refusal("ServiceUnavailable"), InDoubt, "whether it took effect is not known"),
        (502, b"<html>bad gateway</html>", InDoubt, "TagQueue"),
        (408, b"<html>time-out</html>", InDoubt, "TagQueue"),
        (403, b"<html>forbidden by the proxy</html>", ToolError, "AWS does not allow sqs:TagQueue"),
        (200, b"<html>welcome to the hotel</html>", InDoubt, "does not seem to be AWS"),
        (200, b"\x00\xff", InDoubt, "TagQueue"),
    ],
)
def test_each_answer_is_said_as_it_is(status: int, body: bytes, error: type[AgentopsError], said: str) -> None:
    """What AWS itself refuses changed nothing; all else may have, and is not repeated."""
    with serving(AwsStub(lambda _n: (status, body))) as stub:
        with pytest.raises(error, match=said) as raised:
            _writer(stub.url).send(QUEUE)
        assert (stub.asked, type(raised.value) is error) == (1, True)


def test_a_precondition_of_aws_that_does_not_hold_is_stale() -> None:
    """Somebody moved the alias meanwhile: Lambda says so by its RevisionId, and nothing was changed."""
    body = json.dumps({"__type": "PreconditionFailedException", "Message": "The RevisionId does not match"}).encode()
    with serving(AwsStub(lambda _n: (412, body))) as stub:
        with pytest.raises(Stale, match="has changed since it was previewed"):
            _writer(stub.url).send(ALIAS)
        assert stub.asked == 1


def test_an_answer_that_never_comes_is_a_doubt() -> None:
    """The connection ends after the call was sent: it may have been carried out."""
    heard: list[bytes] = []

    def silent(listening: socket.socket) -> None:
        # STS is answered once, the call after it is read and left alone.
        for body in (caller(), b""):
            there, _ = listening.accept()
            heard.append(there.recv(65536))
            if body:
                there.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            there.close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = Thread(target=silent, args=(listening,), daemon=True)
        thread.start()
        with pytest.raises(InDoubt, match="the answer to sqs:TagQueue was lost"):
            _writer(f"http://127.0.0.1:{listening.getsockname()[1]}").send(QUEUE)
        thread.join()
    assert len(heard) == 2


def test_what_was_never_sent_is_no_doubt() -> None:
    """Nobody listens: nothing was sent, so nothing was changed."""
    with serving(AwsStub(lambda _n: (500, b""))) as stub:
        writer = _writer(stub.url)
    with pytest.raises(ToolError, match="AWS does not answer sqs:TagQueue"):
        writer.send(QUEUE)


def test_credentials_of_another_account_send_nothing() -> None:
    """The keys were replaced within the run: who is asking is looked at again before anything is sent."""
    accounts: Iterator[bytes] = iter((caller("1"), caller("2", "arn:aws:iam::2:user/other")))
    with serving(AwsStub(lambda _n: (200, b"{}"), lambda _headers: next(accounts))) as stub:
        options = {"aws_endpoint": stub.url, "aws_region": "eu-west-1", "aws_attempts": 1}
        opened = open_place(options, lambda _secret: None)
        clients = open_clients(opened)
        opened.session.set_credentials("other", "other")
        with pytest.raises(ToolError, match="the AWS credentials changed during the run"):
            clients.writer.send(QUEUE)
        assert stub.asked == 0
