"""A person decides on the page: what is shown, what counts as yes, and that everything else is no."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest

from agentops.app.approvers import KeyDialogue, own_key
from agentops.approvals.approvals import check_signature
from agentops.cli.page.site import ApprovalSite
from agentops.cli.render import page
from agentops.cli.report import Heading
from agentops.cli.views.plan import plan_blocks, summary_blocks
from agentops.core.clock import utc_now
from agentops.core.plan import Approval, Edit, Obligation
from agentops.core.risk import Risk
from agentops.store.pending import PendingPlan, PendingPlans, PlanStanding

Cli = Callable[..., Any]
_TAGS = re.compile(r"<[^>]+>")


def _path(pending: PendingPlan) -> str:
    return f"plan/{pending.plan.digest.removeprefix('sha256:')}"


def _now(site: ApprovalSite, pending: PendingPlan) -> PendingPlan:
    return PendingPlans(site.settings.folders.data / "pending", utc_now).find(pending.plan.digest)


def _words(body: bytes) -> str:
    """Return the text of a page, as a reader has it."""
    return " ".join(html.unescape(_TAGS.sub(" ", body.decode())).split())


def _events(cli: Cli) -> list[str]:
    found = [record["event"] for record in cli("audit", "log", "-o", "json").document["records"]]
    return [event for event in found if event.startswith("approv")]


def test_the_page_says_what_the_terminal_says(keep: Any, browser: Any) -> None:
    """Every word of the screen to decide on, and of the whole plan."""
    import io

    pending = keep()
    words = _words(browser.get(_path(pending)).body)
    blocks = (*summary_blocks(pending.plan, more="read on"), *plan_blocks(pending.plan, full=True, saved=True))
    said = {word for block in blocks for word in page((block,), io.StringIO()).replace("│", " ").split()}
    missing = {word for word in said if word not in words} - {"•", "---", "+++", "├──", "└──", "@@"}
    assert missing == set()
    assert [block.text for block in blocks if isinstance(block, Heading) and block.text not in words] == []


def test_a_yes_is_signed_as_on_the_command_line(
    keep: Any, site: ApprovalSite, browser: Any, token_of: Any, cli: Cli
) -> None:
    """With the approver's key, over exactly this plan, beside it; on record before."""
    pending = keep()
    found = browser.post(f"{_path(pending)}/approve", {"token": token_of(pending), "code": pending.plan.code.lower()})
    assert (found.status, f"Plan {pending.plan.code} is approved by" in _words(found.body)) == (200, True)
    assert "This machine does not trust your key." in _words(found.body)
    now = _now(site, pending)
    (approval,) = now.approvals
    key = own_key(site.settings, KeyDialogue(ask=lambda _message: None, tell=lambda _text: None))
    check_signature(approval, key.public)
    assert (now.standing(utc_now()), approval.plan_digest, site.approved) == (
        PlanStanding.APPROVED,
        pending.plan.digest,
        1,
    )
    assert approval.shown_digest.startswith("sha256:")
    assert _events(cli) == ["approver_key_made", "approval_signed"]
    (signed,) = cli("audit", "log", "--event", "approval_signed", "-o", "json").document["records"]
    assert (signed["payload"]["shown_at"], signed["payload"]["approval"]["method"]) == ("page", "key")


def test_a_no_is_final_and_told(keep: Any, site: ApprovalSite, browser: Any, token_of: Any, cli: Cli) -> None:
    """In the person's words, on one line; a yes after it does not count."""
    pending = keep()
    old = token_of(pending)
    found = browser.post(f"{_path(pending)}/decline", {"token": token_of(pending), "why": "not\n<b>now</b>"})
    now = _now(site, pending)
    assert (found.status, now.standing(utc_now()), site.declined) == (200, PlanStanding.DECLINED, 1)
    assert now.declined is not None
    assert now.declined.why == "not <b>now</b>"
    again = browser.post(f"{_path(pending)}/approve", {"token": old, "code": pending.plan.code})
    assert (again.status, _now(site, pending).approvals) == (409, ())
    assert b"nothing to decide" in browser.get(_path(pending)).body
    assert _events(cli)[-1] == "approval_declined"


@pytest.mark.parametrize("typed", ["", "yes", "7Q4M0ZK", " ", "A" * 4000])
def test_only_the_code_is_a_yes(keep: Any, site: ApprovalSite, browser: Any, token_of: Any, typed: str) -> None:
    """Anything else signs nothing, and the page says so beside the form."""
    pending = keep()
    found = browser.post(f"{_path(pending)}/approve", {"token": token_of(pending), "code": typed})
    assert (found.status, _now(site, pending).standing(utc_now())) == (422, PlanStanding.WAITING)
    assert 'role="alert"' in found.body.decode()
    assert "Nothing was signed: what was typed is not" in _words(found.body)


def test_a_page_takes_one_answer(keep: Any, site: ApprovalSite, browser: Any, token_of: Any) -> None:
    """A token is spent by the first answer, whatever comes of it; one of another plan or of nobody is none."""
    pending, other = keep(), keep()
    token = token_of(pending)
    assert browser.post(f"{_path(pending)}/approve", {"token": token, "code": "no"}).status == 422
    for fields in (
        {"token": token, "code": pending.plan.code},
        {"token": token_of(other), "code": pending.plan.code},
        {"token": "", "code": pending.plan.code},
        {"code": pending.plan.code},
    ):
        found = browser.post(f"{_path(pending)}/approve", fields)
        assert (found.status, "does not count" in _words(found.body)) == (409, True)
    assert _now(site, pending).standing(utc_now()) is PlanStanding.WAITING


def test_an_approval_counts_once(keep: Any, site: ApprovalSite, browser: Any, token_of: Any) -> None:
    """Of two tabs the second is told that nothing more is needed; one approval is kept."""
    pending = keep()
    first, second = token_of(pending), token_of(pending)
    assert browser.post(f"{_path(pending)}/approve", {"token": first, "code": pending.plan.code}).status == 200
    browser.post(f"{_path(pending)}/approve", {"token": second, "code": pending.plan.code})
    assert len(_now(site, pending).approvals) == 1
    left = browser.get(_path(pending)).body.decode()
    assert ("/approve" in left, "/decline" in left) == (False, True)


def test_a_plan_that_expired_or_was_altered_is_not_approved(
    keep: Any, site: ApprovalSite, browser: Any, token_of: Any
) -> None:
    """While the page was open."""
    altered = keep()
    token = token_of(altered)
    altered.file.write_text(altered.file.read_text().replace("2.0.9", "6.6.6"))
    assert browser.post(f"{_path(altered)}/approve", {"token": token, "code": altered.plan.code}).status == 409
    late = keep()
    token = token_of(late)
    site.clock = lambda: late.plan.expires_at + timedelta(seconds=1)
    assert browser.post(f"{_path(late)}/approve", {"token": token, "code": late.plan.code}).status == 409
    assert list(site.settings.folders.data.rglob("*.approval.json")) == []


def test_a_dangerous_step_is_agreed_to_on_its_own(
    keep: Any, site: ApprovalSite, browser: Any, token_of: Any, plans: ModuleType
) -> None:
    """As at the terminal, where the steps of a plan are not equally dangerous."""
    steps = [plans.step(risk=Risk.LOW), plans.step(risk=Risk.HIGH)]
    steps = [replace(one, blast_radius=replace(one.blast_radius, risk=Risk.LOW)) for one in steps]
    pending = keep(steps=steps)
    assert 'name="step2"' in browser.get(_path(pending)).body.decode()
    fields = {"code": pending.plan.code}
    found = browser.post(f"{_path(pending)}/approve", fields | {"token": token_of(pending)})
    assert (found.status, "step 2 was not agreed to" in _words(found.body)) == (422, True)
    assert (
        browser.post(f"{_path(pending)}/approve", fields | {"token": token_of(pending), "step2": "yes"}).status == 200
    )


def test_nobody_approves_their_own_plan_where_two_must_agree(
    keep: Any, site: ApprovalSite, browser: Any, token_of: Any
) -> None:
    """The person who asked for it is told who must."""
    pending = keep(obligation=Obligation(approval=Approval.TWO_PERSON), requester=site.actor)
    found = browser.post(f"{_path(pending)}/approve", {"token": token_of(pending), "code": pending.plan.code})
    assert (found.status, "needs the approval of two people" in _words(found.body)) == (409, True)
    assert _now(site, pending).approvals == ()


def test_a_key_with_a_passphrase_needs_it_each_time(
    keep: Any, cli: Cli, home: Any, browser: Any, token_of: Any
) -> None:
    """A browser that was left open signs nothing."""
    from agentops.app.approvers import require_own_key
    from agentops.approvals.keys import key_path, load_key, save_key

    site = browser.site
    folder = site.settings.folders.keys
    key = load_key(folder, lambda: None)
    assert key is not None
    key_path(folder).unlink()
    save_key(folder, key, "correct horse")
    site.guarded = require_own_key(site.settings, KeyDialogue(ask=lambda _message: None, tell=lambda _text: None))
    pending = keep()
    assert 'type="password"' in browser.get(_path(pending)).body.decode()
    for wrong in ("", "wrong"):
        fields = {"token": token_of(pending), "code": pending.plan.code, "passphrase": wrong}
        found = browser.post(f"{_path(pending)}/approve", fields)
        assert (found.status, "passphrase" in _words(found.body)) == (422, True)
    assert _now(site, pending).approvals == ()
    fields = {"token": token_of(pending), "code": pending.plan.code, "passphrase": "correct horse"}
    assert browser.post(f"{_path(pending)}/approve", fields).status == 200


def test_foreign_text_stays_text(keep: Any, browser: Any, plans: ModuleType) -> None:
    """A client's name, a value, a proposer's words: no tag, no attribute, no character that moves others."""
    hostile = "<script>alert(1)</script>\" onload='x' \u202e"
    step = plans.step()
    (change,) = step.preview.objects
    edited = replace(change, edits=(Edit(path="metadata.annotations[a]", old=hostile, new="</pre>" + hostile),))
    pending = keep(client=hostile, steps=[plans.step(objects=(edited,))])
    for body in (browser.get().body.decode(), browser.get(_path(pending)).body.decode()):
        assert "<script>alert" not in body
        assert "\u202e" not in body
        assert "&lt;script&gt;alert(1)" in body


def test_the_list_says_what_waits_and_that_it_changed(keep: Any, browser: Any) -> None:
    """The number in the title; a version that the page compares."""
    assert "No plan waits for you" in _words(browser.get().body)
    empty = browser.get("state").body
    pending = keep()
    listed = browser.get().body.decode()
    assert (
        "<title>(1) agentops approvals</title>" in listed,
        f'href="{browser.site.known.root}{_path(pending)}"' in listed,
    ) == (
        True,
        True,
    )
    assert browser.get("state").body != empty
    assert browser.get("nowhere").status == 404
    assert browser.get("plan/" + "0" * 64).status == 409


def test_every_field_has_a_label_and_refusal_stands_first(keep: Any, browser: Any) -> None:
    """In the order of reading: skip link, plan, refuse, approve."""
    body = browser.get(_path(keep())).body.decode()
    names = re.findall(r'<input id="(\w+)"', body)
    assert names == ["why", "code"]
    assert all(f'<label for="{name}">' in body for name in names)
    assert body.index('class="skip"') < body.index("<h1") < body.index("/decline") < body.index("/approve")
    assert body.count("<h1") == 1
    assert '<html lang="en">' in body
