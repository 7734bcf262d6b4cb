"""``HttpEndpoint``: one monitoring server, which is sent GET and nothing else.

Comes in: a path below the server's address and a query. Goes out: the JSON document that it answers with. It has
time-outs for connecting and reading, a deadline for the whole, and a byte budget. It follows no redirect (that would
carry the credential to another host), checks certificates always, and asks nothing twice: a query that was too much for
the server once would be too much again.
"""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from agentops.core.errors import ToolError, ToolInputError
from agentops.core.text import one_line
from agentops.core.threads import Monotonic
from agentops.core.whole_deadline import WholeDeadline

if TYPE_CHECKING:
    from urllib3 import PoolManager
    from urllib3.response import BaseHTTPResponse

_CHUNK_BYTES = 1 << 16
_SAID_CHARS = 400
_PLAIN_BYTES = 4_000
_DIGITS = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpBudget:
    """What one request may cost: seconds to connect, without a byte, and in all; and bytes of its answer.

    ``run_bytes`` is for all answers of a run together, ``parts`` for the lists and objects in one of them.
    """

    connect_s: float = 5.0
    read_s: float = 20.0
    deadline_s: float = 30.0
    size_bytes: int = 16 * 1024 * 1024
    run_bytes: int = 1024 * 1024 * 1024
    parts: int = 700_000


class HttpEndpoint:
    """Asks one server; safe to use from several threads.

    Arguments:
        title: how people call it: ``Prometheus``.
        url: its address, with the prefix of its path, if it has one.
        setting: that gives the address, for hints.
        auth_setting: that says who asks, for hints.
        authorization: the header's value; empty sends none.
        tenant: whose data are asked for, of a server that keeps those of several apart (``X-Scope-OrgID``).
        ca_file: certificates that are trusted instead of the system's own; empty for those.
    """

    def __init__(
        self,
        *,
        title: str,
        url: str,
        setting: str,
        auth_setting: str,
        authorization: str = "",
        tenant: str = "",
        ca_file: str = "",
        budget: HttpBudget = HttpBudget(),
        monotonic: Monotonic = time.monotonic,
    ) -> None:
        self.title = title
        self.url = url.rstrip("/")
        self._setting, self._auth_setting = setting, auth_setting
        self._headers = {"Accept": "application/json", "User-Agent": "agentops"}
        if authorization:
            self._headers["Authorization"] = authorization
        if tenant:
            self._headers["X-Scope-OrgID"] = tenant
        self._ca_file = ca_file
        self._budget = budget
        self._monotonic = monotonic
        self._pool: PoolManager | None = None
        self._read_bytes = 0

    def get_json(self, path: str, query: Sequence[tuple[str, str]] = ()) -> Any:
        """Return the JSON document at ``path``.

        Raises:
            ToolInputError: the server says that the question is wrong (HTTP 400); in its own words.
            ToolError: it cannot be reached, refuses, fails, answers too much or not with JSON.
        """
        status, body, location = self._get(path, query)
        if body.count(b"[") + body.count(b"{") > self._budget.parts:
            # A list of empty lists takes thirty times its bytes once it is decoded.
            raise self._too_much(f"more than {self._budget.parts:,} values")
        document = _parsed(body)
        if document is None and status == 400 and len(body) <= _PLAIN_BYTES:
            document = body.decode("utf-8", "replace")  # Loki says in plain text what is wrong with a query
        if 200 <= status < 300:
            if document is None:
                hint = f"Is {self._setting} the address of {self.title} itself, with its prefix?"
                raise ToolError(f"{self.title} at {self.url}{path} does not answer with JSON", hint=hint)
            return document
        raise self._refused(status, path, document, location)

    def _get(self, path: str, query: Sequence[tuple[str, str]]) -> tuple[int, bytes, str]:
        from urllib3.exceptions import HTTPError

        budget = self._budget
        end = self._monotonic() + budget.deadline_s
        url = f"{self.url}{path}" + (f"?{urlencode(query)}" if query else "")
        try:
            response = self._manager().request(
                "GET", url, headers=self._headers, preload_content=False, redirect=False, retries=False
            )
            try:
                body = self._body(response, end)
            finally:
                response.close()
        except (HTTPError, OSError) as error:
            raise self._unreachable(error) from error
        return response.status, body, response.headers.get("Location", "")

    def _body(self, response: BaseHTTPResponse, end: float) -> bytes:
        """Return the whole body, within the budget.

        Raises:
            ToolError: it is larger, or takes longer.
        """
        pieces: list[bytes] = []
        room = self._budget.size_bytes
        # One system call a piece: a server that drips its answer must not outlast the deadline inside a single read.
        while piece := response.read1(_CHUNK_BYTES, decode_content=True):
            pieces.append(piece)
            room -= len(piece)
            self._read_bytes += len(piece)
            if room < 0:
                raise self._too_much(f"more than {self._budget.size_bytes >> 20} MiB")
            if self._read_bytes > self._budget.run_bytes:
                raise self._too_much(f"more than {self._budget.run_bytes >> 20:,} MiB in this run, so no more is read")
            if self._monotonic() > end:
                raise ToolError(
                    f"{self.title} at {self.url} did not end its answer within {self._budget.deadline_s:g} s",
                    hint="Ask for fewer series or a shorter time.",
                )
        return b"".join(pieces)

    def _too_much(self, what: str) -> ToolError:
        hint = "Ask for fewer series (a label, topk, sum by) or a shorter time."
        return ToolError(f"{self.title} at {self.url} answers with {what}", hint=hint)

    def _manager(self) -> PoolManager:
        if self._pool is None:
            import urllib3

            self._pool = urllib3.PoolManager(
                num_pools=2,
                maxsize=8,
                timeout=urllib3.Timeout(connect=self._budget.connect_s, read=self._budget.read_s),
                ssl_context=self._trust(),
            )
            self._pool.pool_classes_by_scheme = _pools()
        return self._pool

    def _trust(self) -> ssl.SSLContext:
        """Return what checks certificates: against the file of the setting, or the system's own.

        Raises:
            ToolError: the file holds no certificates.
        """
        try:
            return ssl.create_default_context(cafile=self._ca_file or None)
        except OSError as error:
            said = one_line(error.strerror or str(error), 120).lower()
            hint = "Set monitoring_ca_file to a PEM file of the authority's certificates."
            raise ToolError(f"{self._ca_file} cannot be used as certificates: {said}", hint=hint) from error

    def _unreachable(self, error: Exception) -> ToolError:
        """Return the error for a server that did not answer, with what to look at next."""
        from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError, SSLError
        from urllib3.exceptions import TimeoutError as HttpTimeout

        where = f"{self.title} at {self.url}"
        check = f"Check {self._setting}; from outside the cluster it may need a port-forward or a VPN."
        if isinstance(error, NameResolutionError):
            return ToolError(f"{where}: there is no host of that name", hint=check)
        if isinstance(error, SSLError):
            hint = "Name the certificates of its authority: monitoring_ca_file."
            return ToolError(f"{where}: its certificate is not trusted: {_last_words(error)}", hint=hint)
        # Each of these is a kind of the one after it.
        if isinstance(error, NewConnectionError):
            return ToolError(f"{where} refuses the connection: {_last_words(error)}", hint=check)
        if isinstance(error, ConnectTimeoutError):
            return ToolError(f"{where} did not take the connection in {self._budget.connect_s:g} s", hint=check)
        if isinstance(error, HttpTimeout):
            hint = "Ask for fewer series or a shorter time."
            return ToolError(f"{where} sent nothing for {self._budget.read_s:g} s", hint=hint)
        return ToolError(f"{where} broke off the connection: {_last_words(error)}", hint="Run it again.")

    def _refused(self, status: int, path: str, document: Any, location: str) -> ToolError:
        """Return the error for an HTTP status that is no success, in the server's own words where it has any."""
        where = f"{self.title} at {self.url}"
        said = _said(document)
        if status == 400 and said:
            return ToolInputError(f"{self.title} cannot take this: {said}")
        if 300 <= status < 400:
            hint = f"Redirects are not followed. Set {self._setting} to the address that it leads to."
            return ToolError(f"{where} redirects {path} to {one_line(location, 200) or 'another address'}", hint=hint)
        if status in (401, 403):
            hint = f"Say who asks: {self._auth_setting} (docs/prometheus.md, docs/loki.md)."
            return ToolError(f"{where} refuses {path}: HTTP {status}{said and ': ' + said}", hint=hint)
        if status == 404:
            hint = f"Is {self._setting} its address with the prefix of its path, such as /prometheus?"
            return ToolError(f"{where} has no {path}: HTTP 404", hint=hint)
        return ToolError(f"{where} failed on {path}: HTTP {status}{said and ': ' + said}")


def _pools() -> dict[str, Any]:
    """Return the connections that are made, each with a time for the whole of a response's head."""
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

    plain = type("PlainConnection", (WholeDeadline, HTTPConnection), {})
    secure = type("SecureConnection", (WholeDeadline, HTTPSConnection), {})
    return {
        "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
    }


def _whole_number(text: str) -> int | float:
    """Return a number; one that no float holds is infinite, as one with an exponent is."""
    return int(text) if len(text) < _DIGITS else float(text)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body, parse_int=_whole_number)
    except (ValueError, RecursionError):
        return None


def _said(document: Any) -> str:
    """Return what an error's body says: Prometheus' ``error``, Alertmanager's ``message`` or bare text."""
    if isinstance(document, str):
        return one_line(document, _SAID_CHARS)
    if not isinstance(document, Mapping):
        return ""
    return one_line(str(document.get("error") or document.get("message") or ""), _SAID_CHARS)


def _last_words(error: Exception) -> str:
    return one_line(str(error).rpartition(": ")[2] or type(error).__name__, 160)
