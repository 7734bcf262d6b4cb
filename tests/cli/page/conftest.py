"""The approval page without sockets: requests as a browser sends them, and as others might."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from agentops.app.actor import current_actor
from agentops.app.approvers import KeyDialogue, require_own_key
from agentops.cli.page.site import ApprovalSite, PageResponse
from agentops.cli.page.visit import PageRequest, PageSecrets
from agentops.config import Settings, load, process_environ
from agentops.core.clock import utc_now

PORT = 8790


@pytest.fixture
def settings(home: Path) -> Settings:
    """The settings of the test's home, with the person's key in it."""
    found = load({}, process_environ())
    require_own_key(found, KeyDialogue(ask=lambda _message: None, tell=lambda _text: None))
    return found


@pytest.fixture
def site(settings: Settings) -> ApprovalSite:
    """A page that was just started."""
    known = PageSecrets(port=PORT)
    return ApprovalSite(settings=settings, known=known, actor=current_actor(), guarded=False, clock=utc_now)


@dataclass(frozen=True, kw_only=True)
class Browser:
    """Sends what a browser sends that has the page open; keywords replace headers, None leaves one out."""

    site: ApprovalSite

    def get(self, below: str = "", **headers: str | None) -> PageResponse:
        """Open a page below the root."""
        return self._send("GET", below, b"", headers)

    def post(self, below: str, fields: dict[str, str], **headers: str | None) -> PageResponse:
        """Send a form."""
        said = {"origin": self.site.known.origin, "content-type": "application/x-www-form-urlencoded"}
        return self._send("POST", below, urlencode(fields).encode(), said | headers)

    def _send(self, method: str, below: str, body: bytes, headers: dict[str, str | None]) -> PageResponse:
        known = self.site.known
        usual: dict[str, str | None] = {"host": known.host, "cookie": f"agentops_approvals={known.cookie}"}
        said = {name.replace("_", "-"): [value] for name, value in (usual | headers).items() if value is not None}
        return self.site.respond(PageRequest(method=method, path=known.root + below, headers=said, body=body))


@pytest.fixture
def browser(site: ApprovalSite) -> Browser:
    """The browser of the person who started the page."""
    return Browser(site=site)


def page_of(pending: Any) -> str:
    """Return the path of a plan's page, below the root."""
    return f"plan/{pending.plan.digest.removeprefix('sha256:')}"


@pytest.fixture
def token_of(browser: Browser) -> Callable[[Any], str]:
    """Look at a plan, and return the token of its form."""

    def look(pending: Any) -> str:
        (token,) = set(re.findall(r'name="token" value="([^"]+)"', browser.get(page_of(pending)).body.decode()))
        return str(token)

    return look
