"""An approved plan's own identity in AWS: a short session of the configured role that may send this plan, and no more.

Comes in: the role of the settings and the previews that were approved. Goes out: the call that asks for the session,
for the record, and a writer that can write only while a plan holds one. The session's policy names the actions of the
plan's calls and of its undo, each on the resource that it is for. Must never: let anything be sent before it is asked
for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agentops.core.errors import ToolError
from agentops.core.plan import Call, Preview
from agentops.core.resource import ResourceRef
from agentops.core.text import one_line
from agentops.providers.aws.api.allowed import iam_action
from agentops.providers.aws.api.also_checked import ALSO_CHECKED
from agentops.providers.aws.api.client import AwsClient
from agentops.providers.aws.api.role_session import PlanRole
from agentops.providers.aws.api.writer import AwsWriter
from agentops.providers.aws.change.registry import CHANGES
from agentops.providers.aws.impact.state.registry import read_state

_SENDS = {one.spec.name: tuple(iam_action(*sent) for sent in one.sends) for one in CHANGES}
_NAME_CHARS = 12


class GrantedAwsWriter(AwsWriter):
    """Writes as the session of a plan, and only while a plan holds one."""

    def __init__(self, beside: AwsClient) -> None:
        super().__init__(None, beside)

    def hold(self, session: Any | None) -> None:
        """Write through ``session`` from now on; None writes nothing any more."""
        self._session, self._clients = session, {}

    def send(self, call: Call) -> Mapping[str, Any]:
        """Send a call once; see ``AwsWriter.send``.

        Raises:
            ToolError: no plan holds a session; nothing was sent.
            as ``AwsWriter.send``.
        """
        if self._session is None:
            raise ToolError(
                f"{call.verb} is not sent: no session was asked for this plan",
                hint="This is a defect of agentops; nothing was changed. Please report it.",
            )
        return super().send(call)


class PlanSession:
    """See ``core.provider.PlanGrant``."""

    def __init__(self, role: PlanRole, writer: GrantedAwsWriter, client: AwsClient) -> None:
        self._role, self._writer, self._client = role, writer, client

    @property
    def account(self) -> str:
        """Whose credential it is, in words."""
        return f"role {one_line(self._role.role, 160)}"

    @property
    def place(self) -> str:
        """As whom the plan is sent, in words; nothing is written beside it."""
        return f"a session of {self.account} that may send this plan alone"

    def asking(self, seconds: int, digest: str, previews: Sequence[Preview]) -> Call | None:
        """Return the call of AssumeRole with the policy of these previews; None where there are none.

        Raises:
            ToolError: a resource cannot be read, or the policy is longer than STS takes it.
        """
        if not previews:
            return None
        name = f"agentops-{digest.removeprefix('sha256:')[:_NAME_CHARS]}"
        return self._role.asking(seconds, name, session_policy(self._client, previews))

    def ask(self, call: Call) -> Mapping[str, str]:
        """Ask for the session; return what may be recorded of it.

        Raises:
            ToolError: it was refused, or is of another account.
        """
        session, recorded = self._role.ask(call)
        self._writer.hold(session)
        return recorded

    def opening(self, digest: str, previews: Sequence[Preview]) -> Call | None:  # noqa: ARG002
        """Return nothing: what the session may do stands in its policy, and AWS keeps no list of plans."""
        return None

    def closing(self, digest: str) -> Call | None:  # noqa: ARG002
        """Return nothing: the session ends by itself, and its policy with it."""
        return None

    def send(self, call: Call) -> None:
        """Raise: there is nothing to send."""
        raise ToolError(f"{call.verb} is no call of a plan's session")

    def give_back(self) -> None:
        """Forget the session; it ends by itself soon."""
        self._writer.hold(None)


def session_policy(client: AwsClient, previews: Sequence[Preview]) -> dict[str, Any]:
    """Return the policy of a session that may send these previews and undo them.

    Raises:
        ToolError: a resource cannot be read.
    """
    wanted: dict[str, dict[str, None]] = {}
    needed = tuple(_needed(previews))
    # Most resources take several calls to read, and a plan's call and its undo are of the same one.
    arns = {ref: read_state(client, ref).arn for ref in {ref for _, ref in needed}}
    for action, ref in needed:
        arn = arns[ref]
        for one in (action, *ALSO_CHECKED.get(action, ())):
            # Where moved messages go is any queue that the messages came from.
            there = f"{arn.rpartition(':')[0]}:*" if one == "sqs:SendMessage" else as_itself(arn)
            wanted.setdefault(there, {})[one] = None
    together: dict[tuple[str, ...], list[str]] = {}
    for arn, actions in sorted(wanted.items()):
        together.setdefault(tuple(sorted(actions)), []).append(arn)
    statements = [
        {"Effect": "Allow", "Action": list(actions), "Resource": arns} for actions, arns in sorted(together.items())
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def as_itself(arn: str) -> str:
    """Return an ARN as a policy names that one resource: alarms and groups may have ``*``, ``?``, ``$`` in their names.

    Source: IAM User Guide, "IAM policy elements: Variables and tags", predefined policy variables.
    """
    return "".join(f"${{{char}}}" if char in "*?$" else char for char in arn)


def _needed(previews: Sequence[Preview]) -> Iterator[tuple[str, ResourceRef]]:
    for preview in previews:
        for item in preview.objects:
            yield from ((call.verb, item.ref) for call in preview.calls)
        # Tags are set through eight services; the way back goes through the one that the plan goes through.
        services = {call.verb.partition(":")[0] for call in preview.calls}
        for undo in preview.undo:
            for action in _SENDS.get(undo.tool, ()):
                if action.partition(":")[0] in services:
                    yield action, undo.target
