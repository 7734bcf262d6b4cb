"""Everything that is not the person's own browser on the page itself is refused, and decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agentops.cli.page.site import ApprovalSite
from agentops.cli.page.visit import PageRequest
from agentops.core.clock import utc_now
from agentops.store.pending import PendingPlans, PlanStanding

_FORM = "application/x-www-form-urlencoded"


def _standing(site: ApprovalSite, pending: Any) -> PlanStanding:
    store = PendingPlans(site.settings.folders.data / "pending", utc_now)
    return store.find(pending.plan.digest).standing(utc_now())


def _path(pending: Any) -> str:
    return f"plan/{pending.plan.digest.removeprefix('sha256:')}"


_OTHERS: dict[str, dict[str, str | None]] = {
    "another site's form": {"origin": "https://evil.example"},
    "another port of this address": {"origin": "http://127.0.0.1:8791"},
    "another name of this address": {"origin": "http://localhost:8790"},
    "https of this address": {"origin": "https://127.0.0.1:8790"},
    "a sandboxed frame": {"origin": "null"},
    "no origin": {"origin": None},
    "a name that resolves here": {"host": "evil.example:8790"},
    "localhost": {"host": "localhost:8790"},
    "no port": {"host": "127.0.0.1"},
    "no host": {"host": None},
    "no cookie": {"cookie": None},
    "an empty cookie": {"cookie": "agentops_approvals="},
    "another cookie": {"cookie": "agentops_approvals=" + "A" * 43},
    "two cookies": {"cookie": "agentops_approvals=x; agentops_approvals=y"},
    "said to be cross-site": {"sec_fetch_site": "cross-site"},
    "said to be from another port": {"sec_fetch_site": "same-site"},
    "not a form": {"content_type": "text/plain"},
    "a form with files": {"content_type": "multipart/form-data; boundary=x"},
}


@pytest.mark.parametrize("action", ["approve", "decline"])
@pytest.mark.parametrize("headers", _OTHERS.values(), ids=_OTHERS)
def test_an_answer_from_elsewhere_does_not_count(
    keep: Any,
    site: ApprovalSite,
    browser: Any,
    token_of: Callable[[Any], str],
    headers: dict[str, str | None],
    action: str,
) -> None:
    """Even with the right token and the right code, as long as one thing is wrong; nothing is signed or refused."""
    pending = keep()
    fields = {"token": token_of(pending), "code": pending.plan.code}
    found = browser.post(f"{_path(pending)}/{action}", fields, **headers)
    assert found.status in (403, 409)
    assert _standing(site, pending) is PlanStanding.WAITING
    assert (site.approved, site.declined) == (0, 0)


@pytest.mark.parametrize("below", ["", "state", "plan/" + "0" * 64])
@pytest.mark.parametrize(
    "headers",
    [
        {"cookie": None},
        {"host": "evil.example:8790"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "iframe"},
        {"sec_fetch_site": "same-site", "sec_fetch_mode": "no-cors", "sec_fetch_dest": "script"},
    ],
    ids=str,
)
def test_nothing_is_shown_to_others(keep: Any, browser: Any, below: str, headers: dict[str, str | None]) -> None:
    """Not the list, not how many wait, not that there is such a plan."""
    pending = keep()
    found = browser.get(below, **headers)
    assert (found.status, found.kind) == (403, "text/plain; charset=utf-8")
    assert pending.plan.code.encode() not in found.body


@pytest.mark.parametrize("path", ["/", "/x/", "/state", "//", ""])
def test_only_the_secret_path_exists(site: ApprovalSite, path: str) -> None:
    """A program that tries the port finds nothing, cookie or not."""
    cookie = f"agentops_approvals={site.known.cookie}"
    request = PageRequest(method="GET", path=path, headers={"host": [site.known.host], "cookie": [cookie]})
    assert (site.respond(request).status, site.respond(request).body) == (403, b"Refused: there is no such page.\n")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"])
def test_other_methods_do_nothing(site: ApprovalSite, method: str) -> None:
    """The page takes GET and POST."""
    headers = {"host": [site.known.host], "origin": [site.known.origin]}
    assert site.respond(PageRequest(method=method, path=site.known.root, headers=headers)).status == 403


def test_a_header_that_is_there_twice_does_not_count(keep: Any, site: ApprovalSite, token_of: Any) -> None:
    """Of two hosts, origins or cookies none is believed."""
    pending = keep()
    usual = {
        "host": site.known.host,
        "origin": site.known.origin,
        "cookie": f"agentops_approvals={site.known.cookie}",
        "content-type": _FORM,
    }
    for name in ("host", "origin", "cookie"):
        headers = {key: [value, value] if key == name else [value] for key, value in usual.items()}
        body = f"token={token_of(pending)}&code={pending.plan.code}".encode()
        path = f"{site.known.root}{_path(pending)}/approve"
        assert site.respond(PageRequest(method="POST", path=path, headers=headers, body=body)).status == 403
    assert _standing(site, pending) is PlanStanding.WAITING


def test_the_link_lets_one_browser_in(browser: Any, site: ApprovalSite) -> None:
    """The first one gets the cookie; whoever comes with the same link later is told, and gets none."""
    first = browser.get(f"enter/{site.known.link}", cookie=None, sec_fetch_site="none")
    (cookie,) = (value for name, value in first.headers if name == "Set-Cookie")
    wanted = f"agentops_approvals={site.known.cookie}; Path={site.known.root}; HttpOnly; SameSite=Strict"
    assert (first.status, cookie) == (200, wanted)
    second = browser.get(f"enter/{site.known.link}", cookie=None)
    assert (second.status, second.headers) == (403, ())
    assert b"this link was used before" in second.body
    assert browser.get(f"enter/{site.known.link}").status == 200
    assert browser.get("enter/" + "A" * 22, cookie=None).status == 403


def test_a_link_in_a_chat_may_lead_to_the_page(browser: Any, site: ApprovalSite) -> None:
    """A person who clicks it elsewhere opens the page; a script or a frame elsewhere does not."""
    clicked = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}
    framed = clicked | {"sec_fetch_dest": "iframe"}
    assert browser.get(f"enter/{site.known.link}", cookie=None, **framed).status == 403
    assert browser.get(f"enter/{site.known.link}", cookie=None, **clicked).status == 200


def test_every_answer_is_framed_and_kept_nowhere(keep: Any, browser: Any) -> None:
    """No script, style or form but its own; no frame; no copy in a cache."""
    pending = keep()
    for found in (browser.get(), browser.get(_path(pending)), browser.get("x"), browser.get(cookie=None)):
        headers = dict(found.all_headers())
        rules = headers["Content-Security-Policy"]
        assert "default-src 'none'" in rules
        assert "frame-ancestors 'none'" in rules
        assert "unsafe" not in rules
        assert (headers["Cache-Control"], headers["X-Frame-Options"]) == ("no-store", "DENY")
        assert b"http" not in found.body.replace(b'http-equiv="refresh"', b"").replace(b"https://10.0.0.1:6443", b"")
    assert browser.get().nonce != browser.get().nonce


def test_secrets_of_the_page_are_not_in_its_repr(keep: Any, site: ApprovalSite, token_of: Any) -> None:
    """What only the browser knows goes into no log and no traceback."""
    known = site.known
    token = token_of(keep())
    assert not any(secret in repr(site) for secret in (known.cookie, known.link, known.place, token))
