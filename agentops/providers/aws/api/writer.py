"""``AwsWriter``: sends the calls of an approved plan, each once; only appliers are given it.

Comes in: a call as the plan holds it. Goes out: AWS's answer, or an error that says what is certain: refused (nothing
was changed), moved (a precondition of AWS did not hold), or in doubt (the answer was lost, or is none of AWS). A call
is never repeated: whether the first one took effect must be looked at, not guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.errors import InDoubt, Stale, ToolError
from agentops.core.plan import Call
from agentops.core.text import one_line
from agentops.providers.aws.api.calls import parts_of
from agentops.providers.aws.api.client import AwsClient
from agentops.providers.aws.api.errors import FAILED, asking

_PRECONDITION = ("PreconditionFailedException", "PreconditionFailed")
_BETWEEN = (401, 403, 407)
"""What a proxy refuses with; AWS never heard of it."""
_UNSENT = (
    "ParamValidationError", "NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError",
    "ConnectTimeoutError", "EndpointConnectionError", "NoRegionError", "UnknownServiceError",
    "SSOTokenLoadError", "UnauthorizedSSOTokenError", "TokenRetrievalError", "InvalidRegionError",
)  # fmt: skip
"""What the SDK raises before a byte is sent."""
_LOOK = "Look at the resource, or let agentops look: agentops recover"


class AwsWriter:
    """Sends calls to one account and region."""

    def __init__(self, session: Any, beside: AwsClient) -> None:
        self._session, self._beside = session, beside
        self._clients: dict[str, Any] = {}

    def send(self, call: Call) -> Mapping[str, Any]:
        """Send a call once and return its answer.

        Raises:
            Stale: a precondition that AWS itself checks did not hold; nothing was changed.
            ToolError: AWS refused it, or it was never sent; nothing was changed.
            InDoubt: whether it took effect is not known.
        """
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError

        service, operation, arguments = parts_of(call)
        self._beside.require_same_caller()
        try:
            answer: Mapping[str, Any] = self._client(service)._make_api_call(operation, arguments)
        except ClientError as error:
            self._refused(error, call)
        except (BotoCoreError, ResponseParserError) as error:
            if type(error).__name__ in _UNSENT:
                with asking(service, operation, self._beside.who):
                    raise
            raise InDoubt(f"the answer to {call.verb} was lost: {one_line(str(error), 200)}", hint=_LOOK) from error
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise InDoubt(f"AWS answered {call.verb} with something that is no answer", hint=_LOOK) from error
        if not (answer.get("ResponseMetadata") or {}).get("RequestId"):
            raise InDoubt(f"what answered {call.verb} does not seem to be AWS", hint=_LOOK)
        return answer

    def _refused(self, error: Any, call: Call) -> None:
        """Raise what a refusal comes to.

        Raises:
            Stale, ToolError, InDoubt: as ``send``.
        """
        metadata = error.response.get("ResponseMetadata") or {}
        code, status = str(error.response.get("Error", {}).get("Code", "")), int(metadata.get("HTTPStatusCode") or 0)
        is_aws = bool(metadata.get("RequestId")) and 400 <= status < 500
        if code in _PRECONDITION and is_aws:
            raise Stale(
                f"{call.verb}: the resource has changed since it was previewed, says AWS",
                hint="Nothing was changed. Make the plan again: agentops fix --dry-run",
            ) from error
        if not is_aws and status not in _BETWEEN:
            raise InDoubt(
                f"{call.verb} failed at AWS with {one_line(code, 60) or status}: whether it took effect is not known",
                hint=_LOOK,
            ) from error
        service, operation, _ = parts_of(call)
        with asking(service, operation, self._beside.who):
            raise error
        raise ToolError(f"AWS refuses {call.verb}", code=FAILED)  # pragma: no cover - asking always raises

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self._beside.beside(self._session, service)
        return self._clients[service]
