"""The approval page in a real browser: by keyboard alone, and against pages that mean harm."""

from __future__ import annotations

import http.server
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from agentops.cli.page.server import PageServer
from agentops.cli.page.site import ApprovalSite
from agentops.cli.page.visit import PageSecrets
from agentops.core.clock import utc_now
from agentops.store.pending import PendingPlans, PlanStanding
from tests.support import chromium

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.skipif(not chromium.program(), reason="chromium is not installed (apt-get install chromium)"),
]
_PICTURE = Path(__file__).resolve().parents[3] / "docs" / "images" / "approval-page.png"


@pytest.fixture
def served(site: ApprovalSite) -> Iterator[ApprovalSite]:
    """The page on a port of its own."""
    server = PageServer(0)
    site.known = PageSecrets(port=server.port)
    server.begin(site.respond)
    yield site
    server.end()


@pytest.fixture
def seen(tmp_path: Path) -> Iterator[chromium.Browser]:
    """A browser; evil.example is a name that resolves to this machine, as an attacker can have it."""
    with chromium.browser(tmp_path / "profile", "--host-resolver-rules=MAP evil.example 127.0.0.1") as found:
        yield found


def _standing(site: ApprovalSite, pending: Any) -> PlanStanding:
    return PendingPlans(site.settings.folders.data / "pending", utc_now).find(pending.plan.digest).standing(utc_now())


_FOCUS = """(() => {
  const e = document.activeElement, s = getComputedStyle(e);
  const name = e.name || (e.innerText || '').trim().split('\\n')[0];
  return [e.tagName, name, s.outlineStyle !== 'none' && s.outlineWidth !== '0px'];
})()"""


def _tab(seen: chromium.Browser, most: int = 40) -> list[list[Any]]:
    """Press Tab until the focus leaves the page, and return what had it: element, name, whether that can be seen."""
    stops: list[list[Any]] = []
    for _ in range(most):
        seen.press("Tab")
        stop = seen.run(_FOCUS)
        if stop[0] == "BODY" or stop in stops:
            break
        stops.append(stop)
    return stops


def test_a_plan_is_approved_by_keyboard_alone(keep: Any, served: ApprovalSite, seen: chromium.Browser) -> None:
    """Link, list, plan, code, signature: the focus is always visible, nothing is loaded, nothing complains."""
    pending = keep()
    seen.open(served.known.address)
    seen.until("document.title.startsWith('(1) agentops approvals')")
    for _ in range(10):
        seen.press("Tab")
        if seen.run(_FOCUS)[:2] == ["A", f"Plan {pending.plan.code}"]:
            break
    seen.press("Enter")
    seen.until(f"document.title.startsWith('Plan {pending.plan.code}')")
    stops = _tab(seen)
    assert all(visible for _, _, visible in stops), stops
    names = [name for _, name, _ in stops]
    wanted = ["Skip to your decision", "why", f"Refuse plan {pending.plan.code}", "code"]
    assert [name for name in names if name in wanted] == wanted, names
    assert names[-1] == "Back to the list"
    seen.run("document.querySelector('.skip').focus()")
    seen.press("Enter")
    for _ in range(3):
        seen.press("Tab")
    assert seen.run("document.activeElement.name") == "code"
    seen.type(pending.plan.code.lower())
    seen.press("Enter")
    seen.until("document.title.includes('is approved by')")
    assert _standing(served, pending) is PlanStanding.APPROVED
    assert {urlsplit(one).netloc for one in seen.requests} <= {served.known.host, ""}
    assert [one for one in seen.complaints if "favicon" not in one and "403" not in one] == []


def test_a_reader_hears_what_each_field_is(keep: Any, served: ApprovalSite, seen: chromium.Browser) -> None:
    """In the accessibility tree every field and button has a name, and a wrong code is announced."""
    pending = keep()
    seen.open(served.known.address)
    seen.until("document.title.startsWith('(1)')")
    seen.open(f"{served.known.origin}{served.known.root}plan/{pending.plan.digest.removeprefix('sha256:')}")
    nodes = seen.call("Accessibility.getFullAXTree")["nodes"]
    said = [
        (one["role"]["value"], one["name"]["value"])
        for one in nodes
        if one.get("role", {}).get("value") in ("textbox", "button", "main", "link")
    ]
    assert ("textbox", f"Type {pending.plan.code} to approve") in said
    assert ("button", f"Refuse plan {pending.plan.code}") in said
    assert [role for role, name in said if not name and role != "main"] == []
    seen.run("document.getElementById('code').focus()")
    seen.type("WRONG")
    seen.press("Enter")
    seen.until("document.querySelector('[role=alert]') !== null")
    assert seen.run("document.activeElement.name") == "code"
    assert "Nothing was signed: what was typed is not" in seen.words()
    assert _standing(served, pending) is PlanStanding.WAITING


def test_the_list_says_that_a_plan_came(keep: Any, served: ApprovalSite, seen: chromium.Browser) -> None:
    """Without being loaded again under the hand of who reads it."""
    seen.open(served.known.address)
    seen.until("document.title === 'agentops approvals'")
    seen.until("document.body.innerText.includes('No plan waits for you')")
    keep()
    seen.until("document.getElementById('news').textContent.startsWith('The list has changed')")


_ATTACKS = """<!doctype html><title>prizes</title><body><script>
const place = TARGET, tried = [];
async function attack() {
  for (const url of [place, place + "/approve", place + "/decline", ROOT, ROOT + "state"])
    for (const mode of ["cors", "no-cors"])
      for (const method of ["GET", "POST"]) {
        const body = method === "POST" ? new URLSearchParams(FIELDS) : undefined;
        try {
          const answer = await fetch(url, { method, mode, body, credentials: "include" });
          tried.push([url, mode, method, answer.type, answer.type === "opaque" ? "" : await answer.text()]);
        } catch (error) { tried.push([url, mode, method, "blocked", ""]); }
      }
  const frame = document.createElement("iframe");
  frame.src = place;
  document.body.append(frame);
  await new Promise((done) => { frame.onload = done; setTimeout(done, 2000); });
  let framed = "";
  try { framed = frame.contentDocument ? frame.contentDocument.body.innerText : ""; } catch { framed = "blocked"; }
  tried.push(["frame", "", "", "", framed]);
  return tried;
}
</script>
<form method="post" id="form" action=ACTION>INPUTS</form></body>"""


@pytest.mark.parametrize("from_", ["evil.example", "127.0.0.1"], ids=["another site", "another port of this address"])
def test_a_malicious_page_gets_nowhere(keep: Any, served: ApprovalSite, seen: chromium.Browser, from_: str) -> None:
    """It knows the address, the secret path, the code and a token, and the browser has the cookie: it reads nothing,
    approves nothing, refuses nothing."""
    pending = keep()
    known = served.known
    place = f"{known.origin}{known.root}plan/{pending.plan.digest.removeprefix('sha256:')}"
    seen.open(known.address)
    seen.until("document.title.startsWith('(1)')")
    seen.open(place)
    token = re.search(r'name="token" value="([^"]+)"', str(seen.run("document.documentElement.outerHTML")))
    assert token
    fields = {"token": token[1], "code": pending.plan.code}
    inputs = "".join(f'<input name="{name}" value="{value}">' for name, value in fields.items())
    page = _ATTACKS.replace("TARGET", repr(place)).replace("ROOT", repr(known.origin + known.root))
    page = page.replace("FIELDS", repr(fields)).replace("ACTION", f"{place}/approve").replace("INPUTS", inputs)
    with _OtherSite(page) as port:
        seen.open(f"http://{from_}:{port}/")
        tried = seen.run("attack()")
        assert len(tried) == 21, tried
        assert [one for one in tried if pending.plan.code in one[4]] == []
        seen.run("document.getElementById('form').submit()")
        seen.until("document.body.innerText.includes('Refused')")
    assert (_standing(served, pending), served.approved, served.declined) == (PlanStanding.WAITING, 0, 0)
    # The token was not spent by any of it: the person's own answer counts.
    seen.open(place)
    assert pending.plan.code in seen.words()


def test_a_name_that_resolves_here_shows_nothing(keep: Any, served: ApprovalSite, seen: chromium.Browser) -> None:
    """DNS rebinding: the page of a hostile name, at the page's own port."""
    pending = keep()
    known = served.known
    seen.open(known.address)
    seen.until("document.title.startsWith('(1)')")
    for path in (known.root, f"{known.root}state", urlsplit(known.address).path):
        seen.open(f"http://evil.example:{known.port}{path}")
        assert seen.words().strip() == "Refused: it was sent to another host."
    assert _standing(served, pending) is PlanStanding.WAITING


def test_the_picture_of_the_docs(keep: Any, served: ApprovalSite, seen: chromium.Browser, tmp_path: Path) -> None:
    """With AGENTOPS_WRITE_GOLDEN=1 it is written anew; else it is there, and small."""
    pending = keep()
    seen.open(served.known.address)
    seen.until("document.title.startsWith('(1)')")
    seen.open(f"{served.known.origin}{served.known.root}plan/{pending.plan.digest.removeprefix('sha256:')}")
    path = _PICTURE if os.environ.get("AGENTOPS_WRITE_GOLDEN") == "1" else tmp_path / "page.png"
    seen.picture(path, 860, 900)
    assert path.read_bytes().startswith(b"\x89PNG")
    assert 10_000 < _PICTURE.stat().st_size < 200_000


class _OtherSite:
    """Another server on loopback that shows one page."""

    def __init__(self, page: str) -> None:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(page.encode())

            def log_message(self, *_: object) -> None:
                """Stay silent."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)

    def __enter__(self) -> int:
        self._thread.start()
        return int(self._server.server_address[1])

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
