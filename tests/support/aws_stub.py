"""A server on loopback that answers as AWS documents it: STS as one caller, every other call as a test says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.loopback import QuietHandler, served

Answer = tuple[int, bytes]


def caller(account: str = "1", arn: str = "arn:aws:iam::1:user/u") -> bytes:
    """Return the answer of GetCallerIdentity."""
    return (
        f"<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>{arn}</Arn><Account>{account}</Account>"
        "</GetCallerIdentityResult><ResponseMetadata><RequestId>r-0</RequestId></ResponseMetadata>"
        "</GetCallerIdentityResponse>"
    ).encode()


def refusal(code: str, words: str = "words") -> bytes:
    """Return an error of a service that speaks JSON."""
    return json.dumps({"__type": f"com.amazonaws.sqs#{code}", "message": words}).encode()


def _anybody(_headers: Any) -> bytes:
    return caller()


class AwsStub:
    """Answers STS, and every other call as a test says.

    Arguments:
        answer: told how many calls there were but those of STS; returns status and body.
        who: told the headers of a call of GetCallerIdentity; returns its answer. Its status is 200.
    """

    def __init__(self, answer: Callable[[int], Answer], who: Callable[[Any], bytes] = _anybody) -> None:
        self.answer, self.who, self.asked, self.url = answer, who, 0, ""
        self.bodies: list[str] = []

    def reply(self, body: bytes, headers: Any) -> Answer:
        """Return status and body of one request."""
        self.bodies.append(f"{headers.get('X-Amz-Target', '')} {body.decode('utf-8', 'replace')}")
        if b"GetCallerIdentity" in body:
            found = self.who(headers)
            return (200 if b"GetCallerIdentityResponse" in found else 403), found
        self.asked += 1
        return self.answer(self.asked)


@contextmanager
def serving(stub: AwsStub) -> Iterator[AwsStub]:
    """Serve a stub on loopback while the block runs."""

    class Handler(QuietHandler):
        def answered(self, body: bytes) -> None:
            status, data = stub.reply(body, self.headers)
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            if data.startswith((b"{", b"<?xml")):
                self.send_header("x-amzn-RequestId", "r-1")
            self.end_headers()
            self.wfile.write(data)

    with served(Handler) as stub.url:
        yield stub
