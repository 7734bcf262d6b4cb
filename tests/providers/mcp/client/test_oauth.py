"""Signing in to a server by OAuth: a person once, later runs by what is kept, and nobody in their place."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from agentops.core.errors import ToolError
from agentops.providers.mcp.client.oauth import sign_in_file
from agentops.providers.mcp.client.session import ServerSession
from tests.support.mcp_servers.authority import Authority, browser
from tests.support.mcp_servers.over_http import HttpServer

Remote = Callable[..., ServerSession]


@pytest.fixture
def authority(http: HttpServer) -> Authority:
    """Have the server want a token."""
    found = Authority(http.url)
    http.first = found.answers
    return found


def test_a_person_signs_in_once_and_later_runs_use_what_is_kept(
    over_http: Remote, authority: Authority, tmp_path: Path
) -> None:
    """The sign-in is kept in a file of the user's alone; the next session needs nobody."""
    shown: list[str] = []

    def show(url: str) -> None:
        shown.append(url)
        browser(url)

    first = over_http(oauth=True, options={"show": show})
    assert first.facts().name == "over-http"
    first.close()
    later = over_http(oauth=True)
    assert later.call("echo", {"a": "access-2"}).parts[0].text == '{"a": "[hidden]"}'
    query = parse_qs(urlsplit(shown[0]).query)
    path = sign_in_file(tmp_path, "remote")
    assert (len(shown), query["code_challenge_method"], authority.asked, path.stat().st_mode & 0o777) == (
        1,
        ["S256"],
        ["register", "authorization_code"],
        0o600,
    )


def _signed_in(over_http: Remote) -> None:
    session = over_http(oauth=True, options={"show": browser})
    session.facts()
    session.close()


def test_a_token_that_is_over_is_renewed_where_the_first_one_came_from(over_http: Remote, authority: Authority) -> None:
    """A run hours later needs nobody: it knows when the token ends, and where another is had."""
    authority.expires_in = 1
    _signed_in(over_http)
    time.sleep(1.1)
    assert over_http(oauth=True).facts().name == "over-http"
    assert authority.asked == ["register", "authorization_code", "refresh_token"]


@pytest.mark.parametrize("kept", [False, True])
def test_nobody_is_signed_in_behind_a_person_s_back(
    over_http: Remote, authority: Authority, http: HttpServer, kept: bool
) -> None:
    """Without a sign-in that still holds, a run says what to type; it registers nothing and opens nothing."""
    if kept:
        _signed_in(over_http)
        authority.valid, authority.renewing = set(), False
    before = list(authority.asked)
    with pytest.raises(ToolError) as caught:
        over_http(oauth=True).call("echo", {})
    assert (caught.value.message, caught.value.hint, http.calls()) == (
        "nobody has signed in to MCP server remote, or the sign-in is over",
        "Run: agentops mcp login remote",
        [],
    )
    assert authority.asked == before


def test_tokens_of_one_address_are_not_sent_to_another(over_http: Remote, authority: Authority) -> None:
    """Who changes the address of a server in the settings does not get the tokens of the old one."""
    _signed_in(over_http)
    with HttpServer() as other:
        with pytest.raises(ToolError):
            over_http(oauth=True, url=other.url).facts()
        assert other.seen == []


def test_a_redirect_of_somebody_else_signs_nobody_in(over_http: Remote, authority: Authority) -> None:
    """The state of the request must come back."""
    session = over_http(oauth=True, options={"show": lambda url: browser(url, state="of-somebody-else")})
    with pytest.raises(ToolError, match="State parameter mismatch"):
        session.facts()
    assert authority.asked == ["register"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"url": 5}', '{"url": "URL", "tokens": 3, "expires_at": "x"}'])
def test_a_file_that_cannot_be_used_is_no_sign_in(
    over_http: Remote, authority: Authority, tmp_path: Path, text: str
) -> None:
    """It is as if nobody had signed in."""
    path = sign_in_file(tmp_path, "remote")
    path.parent.mkdir(parents=True)
    path.write_text(text.replace("URL", authority.url))
    with pytest.raises(ToolError, match="nobody has signed in"):
        over_http(oauth=True).facts()
