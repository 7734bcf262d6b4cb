"""What AWS and its SDK say when they refuse or fail, as errors that say what to do.

Comes in: an exception of botocore and what was asked. Goes out: a ``ToolError`` with a stable code: ``aws-denied``,
``aws-throttled``, ``aws-expired``, ``aws-credentials``, ``aws-region``, ``aws-unreachable``, ``aws-absent``,
``aws-invalid`` or ``aws-failed``. No message holds a credential.

Codes: docs.aws.amazon.com, "Common errors" of each service; botocore's ``exceptions``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from agentops.core.errors import ToolError
from agentops.core.text import one_line
from agentops.providers.aws.api.allowed import SIGN_IN, iam_action

DENIED, THROTTLED, EXPIRED = "aws-denied", "aws-throttled", "aws-expired"
CREDENTIALS, REGION, UNREACHABLE = "aws-credentials", "aws-region", "aws-unreachable"
ABSENT, INVALID, FAILED = "aws-absent", "aws-invalid", "aws-failed"
CHANGED = "aws-changed"
"""The account or the identity is another one than the run began with."""

_CODES: Mapping[str, str] = {
    **dict.fromkeys(
        ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "NotAuthorized"),
        DENIED,
    ),
    **dict.fromkeys(
        (
            "Throttling", "ThrottlingException", "ThrottledException", "RequestLimitExceeded",
            "TooManyRequestsException", "RequestThrottled", "RequestThrottledException", "SlowDown",
            "LimitExceededException",
        ),
        THROTTLED,
    ),
    **dict.fromkeys(("ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"), EXPIRED),
    **dict.fromkeys(
        (
            "InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure", "SignatureDoesNotMatch",
            "InvalidAccessKeyId", "MissingAuthenticationToken", "IncompleteSignature", "OptInRequired",
        ),
        CREDENTIALS,
    ),
    **dict.fromkeys(
        (
            "ValidationError", "ValidationException", "InvalidParameterException", "InvalidParameterValue",
            "InvalidParameterCombination", "InvalidParameterValueException", "InvalidRequest", "ClientException",
        ),
        INVALID,
    ),
}  # fmt: skip
_NO_SUCH = ("NotFound", "NoSuch", "NonExistent", "DoesNotExist", "Malformed")
_SSO = ("SSOTokenLoadError", "UnauthorizedSSOTokenError", "TokenRetrievalError", "SSOError")
_NO_CREDENTIALS = ("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError", "ProfileNotFound")
_NO_ANSWER = (
    "EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "ConnectionClosedError",
    "ProxyConnectionError", "SSLError", "HTTPClientError", "ConnectionError",
)  # fmt: skip
_WORDS_CHARS = 300
_COMMON_REGIONS = ("af-", "ap-", "ca-", "eu-", "il-", "me-", "mx-", "sa-", "us-east-", "us-west-")
"""How the regions of the partition begin that is simply called aws."""


DEFECTS = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError)
"""What comes of reading an answer that is otherwise than AWS documents: a member that is missing, another type."""


@contextmanager
def reading_answers(what: str) -> Iterator[None]:
    """Turn what an odd answer brings about inside into a ``ToolError``: AWS is foreign, and may send anything.

    Raises:
        ToolError: an answer was otherwise than documented.
    """
    try:
        yield
    except DEFECTS as error:
        said = one_line(f"{type(error).__name__}: {error}", _WORDS_CHARS)
        raise ToolError(f"AWS answered otherwise than it documents about {what} ({said})", code=FAILED) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsCaller:
    """Who asks: in which region, with which profile, as whom (empty until AWS has said so)."""

    region: str
    profile: str = ""
    identity: str = ""

    @property
    def sign_in(self) -> str:
        """The command that renews the credentials of the profile."""
        return f"aws sso login --profile {self.profile}" if self.profile else "aws sso login"


@contextmanager
def asking(service: str, operation: str, who: AwsCaller) -> Iterator[None]:
    """Turn what botocore raises inside into a ``ToolError``.

    Raises:
        ToolError: AWS or its SDK refused or failed.
    """
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    action = iam_action(service, operation)
    try:
        yield
    except ClientError as error:
        # The SDK signs in when it first needs to: what was refused then is not what we asked.
        sign_in = next((one for one, names in SIGN_IN.items() if error.operation_name in names), "")
        raise _refused(error, iam_action(sign_in, error.operation_name) if sign_in else action, who) from error
    except BotoCoreError as error:
        raise _not_asked(error, action, who) from error
    # The SDK's parsers trip over an answer that is a document of something else; what they raise then says nothing.
    except (ResponseParserError, AttributeError, LookupError, TypeError, ValueError) as error:
        hint = "Something else may have answered: check the proxy (HTTPS_PROXY) and AWS_ENDPOINT_URL."
        raise ToolError(f"AWS answered {action} with something that is no answer", hint=hint, code=FAILED) from error


def _refused(error: object, action: str, who: AwsCaller) -> ToolError:
    said: Mapping[str, Mapping[str, object]] = getattr(error, "response", {})
    code = str(said.get("Error", {}).get("Code", ""))
    words = one_line(str(said.get("Error", {}).get("Message", "")), _WORDS_CHARS)
    status = said.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    kind = _CODES.get(code) or (ABSENT if any(part in code for part in _NO_SUCH) else "")
    # What stands between may refuse without a document of AWS; whatever it says, it is no.
    kind = DENIED if not kind and status == 403 else kind
    if code == "SubscriptionRequiredException":
        hint = f"{action.partition(':')[0]} answers accounts with a support plan of Business or above."
        return ToolError(f"AWS does not offer {action} to this account", hint=hint, code=DENIED)
    if kind == DENIED:
        hint = f"Allow {action} in the policy of that role, or choose another identity: --aws-profile, aws_role."
        return ToolError(
            f"AWS does not allow {action}{f' to {who.identity}' if who.identity else ''}", hint=hint, code=DENIED
        )
    if kind == THROTTLED or status == 429:
        hint = "Wait a minute; AWS_MAX_ATTEMPTS raises how often a call is repeated."
        return ToolError(f"AWS throttles {action} in {who.region}", hint=hint, code=THROTTLED)
    if kind == EXPIRED:
        return ToolError("the AWS credentials have expired", hint=f"Renew them: {who.sign_in}", code=EXPIRED)
    if kind == CREDENTIALS:
        hint = "See what the SDK uses: aws sts get-caller-identity. Another profile: --aws-profile."
        if not who.region.startswith(_COMMON_REGIONS):
            hint += f" {who.region} is of a partition of its own, which takes only credentials that were made there."
        return ToolError(f"AWS does not accept the credentials ({one_line(code, 40)})", hint=hint, code=CREDENTIALS)
    if kind == ABSENT:
        return ToolError(f"AWS knows no such thing in {who.region}: {words}", code=ABSENT)
    if kind == INVALID:
        return ToolError(f"AWS does not take {action}: {words}", code=INVALID)
    # The body of an error that is no document of AWS (a proxy's page) says nothing that helps.
    tail = "" if code.isdigit() or "<" in words else f": {words}"
    return ToolError(f"{action} failed at AWS with {one_line(code, 60)}{tail}", hint="Try again.", code=FAILED)


def _not_asked(error: Exception, action: str, who: AwsCaller) -> ToolError:
    name = type(error).__name__
    words = one_line(str(error), _WORDS_CHARS)
    if name in _SSO:
        return ToolError("the AWS sign-on session has expired or was never begun", hint=who.sign_in, code=EXPIRED)
    if name in _NO_CREDENTIALS:
        hint = (
            "Name a profile: --aws-profile, aws_profile in config.toml or AGENTOPS_AWS_PROFILE; or sign in: "
            + who.sign_in
        )
        return ToolError(f"there are no AWS credentials to use: {words}", hint=hint, code=CREDENTIALS)
    if name == "NoRegionError":
        return no_region()
    if name in _NO_ANSWER:
        hint = f"Check the network, the proxy (HTTPS_PROXY), whether {who.region} is the region, and AWS_ENDPOINT_URL."
        return ToolError(f"AWS does not answer {action}: {words}", hint=hint, code=UNREACHABLE)
    return ToolError(f"{action} could not be sent: {words}", code=FAILED)


def no_region() -> ToolError:
    """Return the error for a place that names no region."""
    hint = "Name it: --aws-region, aws_region in config.toml, AGENTOPS_AWS_REGION, AWS_REGION, or in the profile."
    return ToolError("no AWS region is named, so there is nowhere to look", hint=hint, code=REGION)
