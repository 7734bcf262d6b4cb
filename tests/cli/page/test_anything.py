"""Whatever is sent, the page answers, and decides nothing that a person did not; its colours can be read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentops.cli.page.site import ApprovalSite
from agentops.cli.page.visit import PageRequest, has_cookie
from agentops.core.clock import utc_now
from agentops.store.pending import PendingPlans, PlanStanding

_TEXT = st.text(max_size=60)
_STYLE = Path(__file__).resolve().parents[3] / "agentops" / "cli" / "page" / "page.css"


def _site_headers(site: ApprovalSite) -> dict[str, str]:
    return {
        "host": site.known.host,
        "origin": site.known.origin,
        "cookie": f"agentops_approvals={site.known.cookie}",
        "content-type": "application/x-www-form-urlencoded",
    }


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(data=st.data())
def test_any_request_is_answered_and_none_decides(keep: Any, site: ApprovalSite, data: Any) -> None:
    """Parts of real requests and noise, in any mixture: without a token of this page nothing is approved or refused,
    and without the cookie nothing is shown."""
    store = PendingPlans(site.settings.folders.data / "pending", utc_now)
    pending = store.list()[0] if store.list() else keep()
    digest = pending.plan.digest.removeprefix("sha256:")
    below = st.sampled_from(
        ["", "state", f"plan/{digest}", f"plan/{digest}/approve", f"plan/{digest}/decline", "plan/x"]
    )
    method = data.draw(st.sampled_from(["GET", "POST", "PUT"]) | _TEXT)
    path = data.draw(st.builds(lambda end: site.known.root + end, below | _TEXT) | _TEXT)
    usual = _site_headers(site)
    names = data.draw(st.sets(st.sampled_from(sorted(usual))))
    headers: dict[str, list[str]] = {name: [usual[name]] for name in names}
    headers |= data.draw(
        st.dictionaries(st.sampled_from([*usual, "sec-fetch-site"]), st.lists(_TEXT, max_size=2), max_size=2)
    )
    body = data.draw(
        st.sampled_from([f"code={pending.plan.code}&token=".encode(), b"token=&token=", b"\xff"]) | st.binary()
    )
    request = PageRequest(method=method, path=path, headers=headers, body=body)
    found = site.respond(request)
    if not has_cookie(request, site.known):
        assert (found.status, pending.plan.code.encode() in found.body) == (403, False)
    assert store.find(pending.plan.digest).standing(utc_now()) is PlanStanding.WAITING
    assert (site.approved, site.declined) == (0, 0)


def _luminance(colour: str) -> float:
    """Source: WCAG 2.2, relative luminance."""
    whole = colour if len(colour) == 6 else "".join(2 * one for one in colour)
    parts = [int(whole[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_every_colour_of_text_can_be_read() -> None:
    """At least 4.5 to 1 on the ground of its scheme, light and dark, and on the grounds of a diff (WCAG 2.2, 1.4.3)."""
    schemes = re.findall(r":root \{([^}]*)\}", _STYLE.read_text("utf-8"))
    assert len(schemes) == 2
    for scheme in schemes:
        colours = dict(re.findall(r"--(\w+): #([0-9a-f]+)", scheme))
        grounds = {"ground": ("ink", "quiet", "link", "good", "warn", "bad"), "old": ("ink",), "new": ("ink",)}
        for ground, inks in grounds.items():
            for ink in inks:
                dark, light = sorted((_luminance(colours[ground]), _luminance(colours[ink])))
                assert (light + 0.05) / (dark + 0.05) >= 4.5, (ground, ink)
