"""A request to the approval page, and whether it comes from the page itself: values and checks, no sockets.

Comes in: a request as it arrived. Goes out: nothing, or why it is refused. Who can reach the port of a loopback address
are all programs and all users of this machine, and every web page that the person's browser has open. So a request
counts only with the host that the page was served under (no other name that resolves here: DNS rebinding), from the
page itself (``Origin``; no other site's form or script), and with the cookie of the one browser that had the link.

The page lies below a path that nobody can guess, and its cookie is sent there alone: cookies do not tell ports of one
host apart, so any other server on this address would be sent it otherwise (RFC 6265, 8.5).
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

HOST = "127.0.0.1"
COOKIE = "agentops_approvals"
MOST_BODY_BYTES = 8 * 1024
_MOST_FIELDS = 40
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """A request: ``path`` without its query, names of headers in lower case, every value of each."""

    method: str
    path: str
    headers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """Return the value of a header; None where there is none, or more than one to choose from."""
        found = self.headers.get(name, ())
        return found[0] if len(found) == 1 else None

    def fields(self) -> dict[str, str]:
        """Return the fields of the form that was sent; none where it is no form."""
        if (self.header("content-type") or "").partition(";")[0].strip().lower() != _FORM:
            return {}
        try:
            pairs = parse_qsl(self.body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
        except ValueError:
            return {}
        found = dict(pairs)
        return found if len(found) == len(pairs) else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSecrets:
    """What only the person's browser knows: where the page is, the link that opens it, and the cookie."""

    port: int
    place: str = field(default_factory=lambda: secrets.token_urlsafe(16), repr=False)
    link: str = field(default_factory=lambda: secrets.token_urlsafe(16), repr=False)
    cookie: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    @property
    def host(self) -> str:
        """The one ``Host`` that the page answers to."""
        return f"{HOST}:{self.port}"

    @property
    def origin(self) -> str:
        """The one ``Origin`` whose forms count."""
        return f"http://{self.host}"

    @property
    def root(self) -> str:
        """The path of the list."""
        return f"/{self.place}/"

    @property
    def address(self) -> str:
        """The link for the person, good for one browser."""
        return f"{self.origin}{self.root}enter/{self.link}"


def why_refused(request: PageRequest, known: PageSecrets) -> str:
    """Return why a request is refused whoever sent it; empty where it comes from the page, or leads to it."""
    if request.header("host") != known.host:
        return "it was sent to another host"
    if request.method not in ("GET", "POST"):
        return "the page takes GET and POST"
    if not _same(request.path[: len(known.root)], known.root):
        return "there is no such page"
    if request.method == "POST" and request.header("origin") != known.origin:
        return "it does not come from the page"
    # Browsers say besides where a request comes from; those that do not are judged by Origin and the cookie.
    site = request.header("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none") and not _leads_in(request, known):
        return "it comes from another site"
    return ""


def has_cookie(request: PageRequest, known: PageSecrets) -> bool:
    """Return whether the request has the cookie of this start of the page."""
    found = [part.strip().partition("=") for part in (request.header("cookie") or "").split(";")]
    values = [value for name, _, value in found if name == COOKIE]
    return len(values) == 1 and _same(values[0], known.cookie)


def opens(request: PageRequest, known: PageSecrets) -> bool:
    """Return whether the request is for the link that the terminal shows."""
    return request.method == "GET" and _same(request.path, f"{known.root}enter/{known.link}")


def _leads_in(request: PageRequest, known: PageSecrets) -> bool:
    """Return whether it only opens a page: a link in a chat may lead there, and the cookie decides what is shown."""
    mode, wanted = request.header("sec-fetch-mode"), request.header("sec-fetch-dest")
    return request.method == "GET" and (mode, wanted) == ("navigate", "document") and opens(request, known)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode())
