"""An approval of the page counts where it matters: another agent's plan runs with it, once, and is verified."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from agentops.app.actor import current_actor
from agentops.app.approvers import KeyDialogue, add_approver, show_own_key
from agentops.cli.page.site import ApprovalSite
from agentops.cli.page.visit import PageSecrets
from agentops.core.clock import utc_now
from tests.cli.page.conftest import Browser
from tests.support.account import user_database
from tests.support.mcp_door import Place, applied, image, proposed

if TYPE_CHECKING:
    from mcp import Client

pytestmark = pytest.mark.slow


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A home in which the person's own key is trusted."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("AGENTOPS_HOME", str(home))
    monkeypatch.setattr("pwd.getpwuid", user_database(home))
    found = Place(home=home, log=tmp_path / "stderr.log")
    dialogue = KeyDialogue(ask=lambda _text: None, tell=lambda _text: None)
    add_approver(found.settings, str(show_own_key(found.settings, dialogue).public))
    return found


@pytest.mark.parametrize("answer", ["approve", "decline"])
def test_a_plan_runs_after_a_yes_on_the_page_and_not_after_a_no(place: Place, answer: str) -> None:
    """The way of a plan from another agent's proposal to the healed Deployment; or to a no in the person's words."""
    known = PageSecrets(port=8790)
    site = ApprovalSite(settings=place.settings, known=known, actor=current_actor(), guarded=False, clock=utc_now)
    browser = Browser(site=site)

    async def work(client: Client) -> list[Any]:
        plan = await proposed(client)
        early = await applied(client, plan)
        below = f"plan/{plan['digest'].removeprefix('sha256:')}"
        (token,) = set(re.findall(r'name="token" value="([^"]+)"', browser.get(below).body.decode()))
        fields = {"token": token, "code": plan["plan"], "why": "not at noon"}
        said = browser.post(f"{below}/{answer}", fields)
        done = await applied(client, plan)
        return [early.structured_content["status"], said.status, done.structured_content, await image(client)]

    early, status, done, tag = place.with_client(work)
    assert (early, status) == ("approval_pending", 200)
    if answer == "approve":
        assert (done["status"], done["verified"], tag) == ("applied", True, "v1.4.1")
    else:
        assert (done["status"], done["code"], tag) == ("refused", "declined", "v1.4.3")
        assert "Do not try another route" in done["stop"]
