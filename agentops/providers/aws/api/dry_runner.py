"""``AwsDryRunner``: asks EC2 whether a call would be carried out, and can ask in no other way.

Comes in: a call that a preview made. Goes out: nothing where EC2 says that it would have succeeded, or its refusal. Its
session lets nothing through but operations of EC2 that stand on a list, with ``DryRun`` in the bytes of the request
(``guarding.only_trials``). No other service of AWS has a dry run, so nothing else is ever tried.

Source: Amazon EC2 API Reference, ``DryRun``: the error ``DryRunOperation`` is the answer of a trial that would succeed.
"""

from __future__ import annotations

from typing import Any

from agentops.core.errors import PreviewWrote, ToolError
from agentops.core.plan import Call
from agentops.providers.aws.api.calls import parts_of
from agentops.providers.aws.api.changing import is_tried
from agentops.providers.aws.api.client import AwsClient
from agentops.providers.aws.api.errors import FAILED, asking

_WOULD_SUCCEED = "DryRunOperation"


class AwsDryRunner:
    """Tries calls out in one account and region."""

    def __init__(self, session: Any, beside: AwsClient) -> None:
        self._session, self._beside = session, beside
        self._ec2: Any = None

    def can_try(self, call: Call) -> bool:
        """Return whether AWS has a dry run of the operation."""
        return is_tried(*parts_of(call)[:2])

    def try_out(self, call: Call) -> None:
        """Return where EC2 says that the call would succeed.

        Raises:
            ToolError: EC2 refuses it, or cannot be asked.
            PreviewWrote: EC2 answered as if it had carried it out.
        """
        from botocore.exceptions import ClientError

        service, operation, arguments = parts_of(call)
        if not self.can_try(call):
            raise ToolError(f"AWS has no dry run of {service}:{operation}", code=FAILED)
        with asking(service, operation, self._beside.who):
            try:
                self._client()._make_api_call(operation, {**arguments, "DryRun": True})
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") == _WOULD_SUCCEED:
                    return
                raise
        raise PreviewWrote(
            f"EC2 answered a dry run of {operation} as if it had been carried out",
            hint="Look at the resource before anything else is done: agentops changes",
            call=call,
        )

    def _client(self) -> Any:
        if self._ec2 is None:
            self._ec2 = self._beside.beside(self._session, "ec2")
        return self._ec2
