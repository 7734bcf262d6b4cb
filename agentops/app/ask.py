"""The use case ``ask``: a question in a person's own words to an answer with cited evidence; nothing is changed.

Comes in: a run with a model, the words, or the id of an interrupted question. Goes out: the ``RequestReply``. The model
has read tools only: there is no drafting in its toolbox.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentops.app.requests import Replied, model_for_requests, open_again, open_request, reply_to
from agentops.core.commands import command_line
from agentops.core.errors import ExitCode, UsageError
from agentops.core.request import ReplyVerdict, request_of

if TYPE_CHECKING:
    from agentops.app.run import App


def ask(app: App, words: str) -> Replied:
    """Answer a question.

    Raises:
        UsageError: there are no words or too many, or no model is used.
        ModelError, Interrupted: there is no answer; what was read is kept, and the hint says how to go on.
        ToolError: no place can be reached.
        AuditError, StoreError: what must be kept cannot be kept.
    """
    request = request_of(words, wants_change=False)
    model_for_requests(app, wants_change=False)
    return _ended(app, reply_to(app, *open_request(app, request)))


def resume(app: App, incident: str) -> Replied:
    """Go on with an interrupted question: the conversation is continued.

    Raises:
        UsageError: there is no such question, or it already has an answer.
        as ``ask``.
    """
    model_for_requests(app, wants_change=False)
    folder, connections = open_again(app, incident, wants_change=False)
    reply = folder.reply()
    if reply is not None and reply.supported:
        raise UsageError(
            f"{folder.id} already has an answer", hint=f"See it: {command_line('show', folder.incident.short_id)}"
        )
    return _ended(app, reply_to(app, folder, connections))


def exit_code_of(replied: Replied) -> ExitCode:
    """Return the exit code that says how it ended; what is not supported by evidence is no answer."""
    if not replied.reply.supported:
        return ExitCode.ERROR
    return ExitCode.DONE if replied.reply.verdict is ReplyVerdict.ANSWERED else ExitCode.NO_PLAN


def _ended(app: App, replied: Replied) -> Replied:
    app.finish(replied.reply.standing, exit_code_of(replied))
    return replied
