"""A proxy on loopback between agentops and moto that answers some requests as a test says, and passes all else on."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from tests.support.loopback import QuietHandler, served

Answer: TypeAlias = tuple[int, bytes]
Fault = Callable[[str, int], Answer | None]
"""Told what is asked (the operation where it can be seen, else the path) and how often it was; None passes it on."""
_HOP = ("content-length", "transfer-encoding", "connection")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    headers: Any
    body: bytes


def operation_of(path: str, headers: Any, body: bytes) -> str:
    """Return the operation of a request of any of AWS's protocols but REST, of which it is the path."""
    if headers.get("X-Amz-Target"):
        return str(headers["X-Amz-Target"]).rpartition(".")[2]
    if b"Action=" in body:
        return body.partition(b"Action=")[2].partition(b"&")[0].decode()
    return path.rpartition("/operation/")[2] or path


@contextmanager
def passing_on(to: str, answer: Callable[[Asked], Answer | None], *, late: bool = False) -> Iterator[str]:
    """Serve while the block runs; yield the address.

    Arguments:
        answer: told each request; None of it passes the request on.
        late: what it answers itself is passed on first, so that it takes effect and only its answer is lost.
    """

    class Handler(QuietHandler):
        def answered(self, body: bytes) -> None:
            asked = Asked(method=self.command, path=self.path, headers=self.headers, body=body)
            own = answer(asked)
            if own and late:
                _passed(to, asked)
            status, data, headers = (*own, []) if own else _passed(to, asked)
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in _HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    with served(Handler) as url:
        yield url


def _passed(to: str, asked: Asked) -> tuple[int, bytes, list[tuple[str, str]]]:
    connection = http.client.HTTPConnection(urlsplit(to).netloc, timeout=30)
    try:
        connection.request(asked.method, asked.path, asked.body, dict(asked.headers.items()))
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.getheaders()
    finally:
        connection.close()


@contextmanager
def failing(target: str, fault: Fault, seen: list[tuple[str, str]] | None = None) -> Iterator[str]:
    """Serve on loopback while the block runs; yield the address.

    Arguments:
        seen: each operation is appended, with the id of the key that it was signed with.
    """
    counts: dict[str, int] = {}
    lock = Lock()

    def answer(asked: Asked) -> Answer | None:
        name = operation_of(asked.path, asked.headers, asked.body)
        with lock:
            counts[name] = number = counts.get(name, 0) + 1
            if seen is not None:
                signed = str(asked.headers.get("Authorization", "")).partition("Credential=")[2]
                seen.append((name, signed.partition("/")[0]))
        return fault(name, number)

    with passing_on(target, answer) as url:
        yield url
