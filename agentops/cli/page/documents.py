"""The pages of ``agentops approvals serve`` as whole HTML documents: the list, one plan, what came of an answer.

Comes in: pending plans, what is to be said, a nonce. Goes out: HTML. Each document is complete in itself: nothing is
loaded from anywhere. It works without a script; the one there is says that the list has changed. Everything can be
reached and done by keyboard, in the order of reading, and what refuses stands before what approves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files

from agentops.cli.page.markup import blocks_to_html, text
from agentops.cli.report import Block
from agentops.cli.times import local_clock
from agentops.cli.views.pending import client_of, standing_words
from agentops.cli.views.plan import deed_words, objects_of, plan_blocks, summary_blocks
from agentops.cli.views.wording import change_words
from agentops.core.clock import age, to_iso
from agentops.core.homographs import marked
from agentops.core.plan import ChangePlan, PlanStep
from agentops.core.risk import Reversal, Risk
from agentops.store.pending import PendingPlan, PlanStanding

_TITLE = "agentops approvals"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFrame:
    """What every document has around it.

    Arguments:
        actor: whose approvals are signed here: ``human:ana``.
        root: the path of the list.
        nonce: of this document's style and script; the browser applies no other.
    """

    actor: str
    root: str
    nonce: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanForm:
    """What the form below a plan needs.

    Arguments:
        token: good for one answer to exactly what this page shows.
        can_approve: this person has not signed it, and another signature is needed.
        guarded: the approver's key needs its passphrase.
        trouble: why the last answer did not count; empty for the first.
    """

    token: str
    can_approve: bool
    guarded: bool
    trouble: str = ""


def list_document(frame: PageFrame, found: Sequence[PendingPlan], now: datetime, version: str) -> str:
    """Return the plans that wait, in a table.

    Arguments:
        version: of this list; the page says when there is another.
    """
    waiting = [one for one in found if one.standing(now) is PlanStanding.WAITING]
    count = f"({len(waiting)}) " if waiting else ""
    body = [f'<h1 id="top">{_waiting_words(len(waiting))}</h1>']
    body.append(
        f'<p role="status" id="news" data-version="{text(version)}" data-state="{text(frame.root)}state"></p>'
        f'<p><a href="{text(frame.root)}">Look again</a></p>'
    )
    if found:
        rows = "".join(_row(frame, one, now) for one in found)
        head = "".join(
            f'<th scope="col">{name}</th>' for name in ("Plan", "What", "Where", "Risk", "Asked by", "Status")
        )
        caption = "Plans that other agents asked for, the newest first"
        body.append(
            f'<div class="wide" tabindex=0 role="region" aria-label="{caption}"><table><caption>{caption}</caption>'
            f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
        )
    else:
        body.append("<p>Nothing is asked for. Leave this page open: it says when a plan comes.</p>")
    return _document(frame, f"{count}{_TITLE}", "\n".join(body), script=True)


def plan_document(frame: PageFrame, pending: PendingPlan, now: datetime, form: PlanForm | None) -> tuple[str, str]:
    """Return the page of one plan, and what of it is shown to decide on, without the form.

    Arguments:
        form: None where there is nothing to decide any more.
    """
    plan = pending.plan
    shown = "\n".join(
        [
            f'<h1 id="top">Plan {text(plan.code)}: {text(deed_words(plan))}</h1>',
            f"<p>Asked for by <b>{text(client_of(pending))}</b> {text(age(pending.asked.at, now))} ago, on behalf of "
            f"{text(pending.asked.on_behalf_of)}. Status: <b>{text(standing_words(pending, now))}</b>.</p>",
            '<section aria-labelledby="short"><h2 id="short">In short</h2>',
            blocks_to_html(summary_blocks(plan, more="read on"), level=3),
            '</section><section aria-labelledby="whole"><h2 id="whole">The whole plan</h2>',
            blocks_to_html(plan_blocks(plan, full=True, saved=True), level=3),
            "</section>",
        ]
    )
    asked = _forms(frame, plan, form) if form else "<p>There is nothing to decide here any more.</p>"
    back = f'<p><a href="{text(frame.root)}">Back to the list</a></p>'
    title = f"Plan {plan.code} · {_TITLE}"
    return _document(frame, title, f"{shown}\n{asked}\n{back}", skip="decide" if form else ""), shown


def answer_document(frame: PageFrame, heading: str, blocks: Sequence[Block], *, alert: bool = False) -> str:
    """Return what came of an answer, or why there is none.

    Arguments:
        alert: something went wrong, or is not allowed.
    """
    role = ' role="alert"' if alert else ""
    body = (
        f'<h1 id="top"{role}>{text(heading)}</h1>\n{blocks_to_html(blocks)}\n'
        f'<p><a href="{text(frame.root)}">Back to the list</a></p>'
    )
    return _document(frame, f"{heading} · {_TITLE}", body)


def entrance_document(frame: PageFrame) -> str:
    """Return what is behind the link: it leads on to the list.

    A redirect would not do: after a click in a chat, the browser keeps the cookie back on the way.
    """
    body = f'<h1 id="top">Opening the list</h1><p><a href="{text(frame.root)}">Go on</a></p>'
    return _document(frame, _TITLE, body, refresh=frame.root)


def grave_steps(plan: ChangePlan) -> tuple[tuple[int, PlanStep], ...]:
    """Return the dangerous steps, by number, of a plan that has others besides: each is agreed to on its own."""
    if len({step.risk for step in plan.steps}) < 2:
        return ()
    return tuple((n, step) for n, step in enumerate(plan.steps, 1) if step.risk.rank >= Risk.HIGH.rank)


def _waiting_words(count: int) -> str:
    return (
        "No plan waits for you"
        if not count
        else "1 plan waits for you"
        if count == 1
        else f"{count} plans wait for you"
    )


def _path_of(frame: PageFrame, plan: ChangePlan) -> str:
    return f"{frame.root}plan/{plan.digest.removeprefix('sha256:')}"


def _row(frame: PageFrame, one: PendingPlan, now: datetime) -> str:
    plan = one.plan
    path = _path_of(frame, plan)
    cells = (deed_words(plan), f"{objects_of(plan)} in {plan.places}", plan.risk.value.upper(), client_of(one))
    return (
        f'<tr><th scope="row"><a href="{text(path)}">Plan {text(plan.code)}</a></th>'
        + "".join(f"<td>{text(cell)}</td>" for cell in (*cells, standing_words(one, now)))
        + "</tr>"
    )


def _forms(frame: PageFrame, plan: ChangePlan, form: PlanForm) -> str:
    path = _path_of(frame, plan)
    token = f'<input type="hidden" name="token" value="{text(form.token)}">'
    final = " <b>This cannot be undone.</b>" if plan.reversal is Reversal.NONE else ""
    trouble = f'<p role="alert" class="bad" id="trouble">{text(form.trouble)}</p>' if form.trouble else ""
    described = ' aria-invalid="true" aria-describedby="trouble" autofocus' if form.trouble else ""
    ticks = "".join(
        f'<p><label><input type="checkbox" name="step{n}" value="yes" required> Apply step {n} too: it has '
        f"{step.risk.value.upper()} risk: {text(marked(change_words(step.change)))}</label></p>"
        for n, step in grave_steps(plan)
    )
    secret = (
        '<p><label for="secret">Passphrase of your approver key</label>'
        '<input id="secret" name="passphrase" type="password" autocomplete="off" required></p>'
        if form.guarded
        else ""
    )
    refuse = f"""<form method="post" action="{text(path)}/decline">{token}
<h3>Do not approve</h3>
<p><label for="why">Why not? The agent is told (you may leave it empty)</label>
<input id="why" name="why" maxlength="180" autocomplete="off"></p>
<p><button>Refuse plan {text(plan.code)}</button></p>
</form>"""
    approve = f"""<form method="post" action="{text(path)}/approve" autocomplete="off">{token}
<h3>Approve: {text(objects_of(plan))}</h3>
<p>Risk {plan.risk.value.upper()}.{final} You sign an approval of exactly this plan, once.</p>
{ticks}<p><label for="code">Type <b>{text(plan.code)}</b> to approve</label>
<input id="code" name="code" required maxlength="16" autocomplete="off" autocapitalize="characters" spellcheck="false"\
{described}></p>
{secret}<p><button class="grave">Sign an approval of plan {text(plan.code)}</button></p>
</form>"""
    said = "Until you approve it, nothing is signed and nothing runs."
    if not form.can_approve:
        said = "It has your approval, or enough others. You can still refuse it, until it runs."
    until = local_clock(to_iso(plan.expires_at))
    return f"""<section id="decide" aria-labelledby="yours" tabindex="-1">
<h2 id="yours">Your decision</h2>
{trouble}<p>{said} The plan expires at {until}.</p>
{refuse}
{approve if form.can_approve else ""}
</section>"""


@cache
def _part(name: str) -> str:
    return files("agentops.cli.page").joinpath(name).read_text("utf-8")


def _document(
    frame: PageFrame, title: str, body: str, *, script: bool = False, skip: str = "", refresh: str = ""
) -> str:
    nonce = text(frame.nonce)
    end = f'\n<script nonce="{nonce}">{_part("list.js")}</script>' if script else ""
    skipped = f'<a class="skip" href="#{skip}">Skip to your decision</a>' if skip else ""
    lead = f'\n<meta http-equiv="refresh" content="0;url={text(refresh)}">' if refresh else ""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">{lead}
<title>{text(title)}</title>
<style nonce="{nonce}">{_part("page.css")}</style></head>
<body>{skipped}
<header><p><b>agentops</b> approvals, signed by {text(frame.actor)}</p></header>
<main id="main">
{body}
</main>{end}
</body></html>
"""
