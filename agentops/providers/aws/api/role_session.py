"""``PlanRole``: the session of the configured role for one plan, cut down by a policy to what the plan sends.

Comes in: the settings, a policy document. Goes out: the call that asks for the session, and the session, which can send
what appliers send and nothing else. The credentials are learned by the redactor, and are never shown, kept or recorded.
Source: AWS STS API Reference, AssumeRole; IAM User Guide, "Session policies" (what a session may do is what both the
role and the session's policy allow).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from agentops.core.clock import to_iso
from agentops.core.errors import ToolError
from agentops.core.plan import Call
from agentops.core.text import one_line
from agentops.providers.aws.api.calls import call_of, parts_of
from agentops.providers.aws.api.client import Identity, OpenedAccount, client_config
from agentops.providers.aws.api.errors import CHANGED, DENIED, FAILED, AwsCaller, asking
from agentops.providers.aws.api.session import open_session, session_of
from agentops.providers.aws.objects.place import place_of_arn

MOST_CHARS = 2_048
"""How long STS takes a session's policy to be, as plain text."""
_LEAST_S, _MOST_S = 900, 3_600
"""STS gives no shorter session, and none longer than an hour where one role assumes another."""


class PlanRole:
    """Asks for sessions of the role of the settings, with the credentials that the settings lead to before it."""

    def __init__(self, opened: OpenedAccount, role: str) -> None:
        self._opened, self.role = opened, role

    @property
    def identity(self) -> Identity:
        """Who the run reads as, in which account."""
        return self._opened.client.identity

    def asking(self, seconds: int, name: str, policy: Mapping[str, Any]) -> Call:
        """Return the call that asks for a session.

        Raises:
            ToolError: the policy is longer than STS takes it.
        """
        text = json.dumps(policy, separators=(",", ":"))
        if len(text) > MOST_CHARS:
            raise ToolError(
                f"the policy of the plan's session has {len(text)} characters, and STS takes {MOST_CHARS}",
                hint="Make smaller plans, or switch plan sessions off: aws_plan_session = false",
                code=FAILED,
            )
        sent = {
            "RoleArn": self.role,
            "RoleSessionName": name,
            "DurationSeconds": min(max(seconds, _LEAST_S), _MOST_S),
            "Policy": text,
        }
        return call_of("sts", "AssumeRole", sent)

    def ask(self, call: Call) -> tuple[Any, Mapping[str, str]]:
        """Send that call; return the session, and what may be recorded of it.

        Raises:
            ToolError: it was refused, or the session is of another account than the run.
        """
        _, _, arguments = parts_of(call)
        session, who = open_session({**self._opened.options, "aws_role": ""}, self._opened.learn)
        with asking("sts", "AssumeRole", AwsCaller(region=who.region, profile=who.profile, identity="whoever asks")):
            sts = session.create_client("sts", config=client_config("", attempts=0))
            answer: Mapping[str, Any] = sts._make_api_call("AssumeRole", arguments)
        given, user = answer.get("Credentials") or {}, answer.get("AssumedRoleUser") or {}
        secrets = [str(given.get(name) or "") for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")]
        if not all(secrets):
            raise ToolError("STS gave no credentials for the plan", code=DENIED)
        for one in secrets[1:]:
            self._opened.learn(one)
        account, _ = place_of_arn(str(user.get("Arn", "")))
        if account != self.identity.account:
            raise ToolError(
                f"the plan's session is of account {one_line(account, 20) or 'unknown'}, and the run is pinned to "
                f"{self.identity.account}",
                code=CHANGED,
            )
        until = given.get("Expiration")
        # By its ARN CloudTrail names the session; the id of its key would be hidden as a secret.
        recorded = {"account": self.role, "token_id": str(user["Arn"]), "expires_at": to_iso(until) if until else ""}
        return session_of(secrets, self._opened.session, self._opened.learn), recorded
