"""The one exception tree, and the exit codes that a shell script may rely on.

Every error that can reach a user says what happened, where, and what to do next. A room wraps its vendor's errors at
the client and chains them; nothing here may carry a secret, and foreign text is cut and escaped before it goes in.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

from agentops.core.source_place import SourcePlace
from agentops.core.text import visible


class ExitCode(IntEnum):
    """Process exit codes; documented in README.md and stable across minor versions."""

    DONE = 0
    ERROR = 1
    USAGE = 2
    FOUND = 3
    REFUSED = 4
    NOT_APPROVED = 5
    ROLLED_BACK = 6
    IN_DOUBT = 7
    AUDIT_BROKEN = 8
    NO_PLAN = 9
    INTERRUPTED = 130


NO_CLUSTER = "no-cluster"
"""The code where no cluster was looked at for want of any that is configured: nobody asked for one."""


class AgentopsError(Exception):
    """Something went wrong that a user can read about in one line.

    Arguments:
        message: what happened and where, one sentence. Whoever raises it cuts and escapes what is foreign; line
            breaks and controls that get in all the same are taken out here, so that no refusal can move a cursor.
        hint: what to do next; may be empty.
        code: stable machine-readable name, kebab-case, for the JSON envelope's ``errors[].code``.
        place: where the mistake is in a file that a person wrote; the terminal quotes the line.
    """

    exit_code: ExitCode = ExitCode.ERROR
    default_code: str = "error"

    def __init__(self, message: str, *, hint: str = "", code: str = "", place: SourcePlace | None = None) -> None:
        self.message = _plain(message)
        super().__init__(self.message)
        self.hint = hint
        self.code = code or self.default_code
        self.place = place


def _plain(message: str) -> str:
    shown = visible(message)
    return " ".join(shown.split()) if "\n" in shown or "\t" in shown else shown


class UsageError(AgentopsError):
    """The caller's input cannot be used; nothing was attempted."""

    exit_code = ExitCode.USAGE
    default_code = "usage"


class AlertError(UsageError):
    """The alert could not be read or recognised."""

    default_code = "bad-alert"


class ConfigError(UsageError):
    """A setting is unknown, mistyped or contradictory."""

    default_code = "bad-config"


class ToolError(AgentopsError):
    """A tool could not do what was asked; the text is shown to the model as well."""

    default_code = "tool-failed"


class ToolInputError(ToolError):
    """A tool was called with arguments that it cannot take; nothing was sent anywhere."""

    default_code = "tool-input"


class ClusterError(ToolError):
    """The Kubernetes API refused, failed or did not answer."""

    default_code = "cluster"


class NotFound(ClusterError):
    """The object or kind does not exist."""

    default_code = "not-found"


class Forbidden(ClusterError):
    """The caller's identity may not read this."""

    default_code = "forbidden"


class Unreachable(ClusterError):
    """No answer: connection refused, DNS, TLS or time-out."""

    default_code = "unreachable"


class ModelError(AgentopsError):
    """The model's endpoint refused, failed or answered with something that cannot be used."""

    default_code = "model"


class StoreError(AgentopsError):
    """The incident folder cannot be read or written."""

    default_code = "store"


class AuditError(AgentopsError):
    """The audit chain is broken or cannot be written; nothing may go on without it."""

    exit_code = ExitCode.AUDIT_BROKEN
    default_code = "audit"


class PolicyRefused(AgentopsError):
    """Policy denies the request, or could not decide."""

    exit_code = ExitCode.REFUSED
    default_code = "refused"


class NotApproved(AgentopsError):
    """An approval is missing, declined, expired, spent or for another plan."""

    exit_code = ExitCode.NOT_APPROVED
    default_code = "not-approved"


class Declined(NotApproved):
    """A person said no. ``tell`` is their wish that the model hears why and may draft something else."""

    default_code = "declined"
    tell: bool = False


class Stale(NotApproved):
    """Something has changed since the plan was shown or approved; the plan must be made again."""

    default_code = "stale"


class Busy(AgentopsError):
    """Another run is changing something; one at a time does. ``holder`` says who, since when, and what."""

    default_code = "busy"

    def __init__(self, holder: str) -> None:
        super().__init__(
            f"another agentops run is applying a change: {holder}",
            hint="Run this again when it has ended, or let it wait: --wait 10m",
        )


class InDoubt(AgentopsError):
    """Whether a change took effect is not known, or it could not be rolled back: a person is needed."""

    exit_code = ExitCode.IN_DOUBT
    default_code = "in-doubt"


class PreviewWouldWrite(AgentopsError):
    """A preview was about to send something that is no dry run; it was stopped, and nothing was sent."""

    default_code = "preview-would-write"


class PreviewWrote(InDoubt):
    """A trial that should have had no effect had one: a defect of agentops or of the server. Everything stops.

    Arguments:
        before: the object as it was, to restore it from; None where there was none.
        call: the call that was tried.
    """

    default_code = "preview-wrote"

    def __init__(self, message: str, *, hint: str = "", before: Mapping[str, Any] | None = None, call: Any) -> None:
        super().__init__(message, hint=hint)
        self.before = before
        self.call = call


class Interrupted(AgentopsError):
    """The user pressed Ctrl-C; what was open is recorded. ``incident`` is the id of what can be gone on with."""

    exit_code = ExitCode.INTERRUPTED
    default_code = "interrupted"
    incident: str = ""
