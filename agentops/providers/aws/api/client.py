"""``AwsClient``: one account, region and identity, for reading: calls, pages, and errors that say what to do.

Comes in: a session that can only read. Goes out: answers as plain values, at most so many items of a list. What comes
back is untrusted text. Time-outs and retries are bounded here; the SDK's own settings (``AWS_MAX_ATTEMPTS``,
``AWS_RETRY_MODE``) go first where they are set.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from agentops.core.errors import ToolError
from agentops.providers.aws.api.caller_pin import CallerPin
from agentops.providers.aws.api.errors import CHANGED, FAILED, AwsCaller, asking
from agentops.providers.aws.api.session import open_session
from agentops.providers.aws.objects.place import AwsPlace

_CONNECT_S, _READ_S, _ATTEMPTS, _POOL = 5, 20, 4, 16
_PAGES = 40
_DOMAINS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".aws.dev", ".amazonaws.eu")
_HEALTH_AT = {"aws": "us-east-1", "aws-cn": "cn-northwest-1", "aws-us-gov": "us-gov-west-1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who AWS says is asking. ``role`` is the identity without the name of the session, which differs in each run."""

    account: str
    partition: str
    arn: str

    @property
    def role(self) -> str:
        """``arn:aws:iam::ACCOUNT:role/NAME`` for an assumed role; any other identity as it is."""
        head, _, tail = self.arn.partition(":assumed-role/")
        if not tail:
            return self.arn
        return f"{head.replace(':sts:', ':iam:')}:role/{tail.partition('/')[0]}"

    @property
    def is_root(self) -> bool:
        """Whether the root user of the account is asking, whom no policy holds back."""
        return self.arn.endswith(":root")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Items of a list; ``more``: there are others that were not read."""

    items: tuple[Any, ...]
    more: bool = False


class AwsClient:
    """Reads one account and region as one identity. Safe to use from several threads."""

    def __init__(
        self, session: Any, who: AwsCaller, *, endpoint: str = "", attempts: int = 0, insights_gib: float = 5.0
    ) -> None:
        self._session, self.who = session, who
        self.endpoint, self._attempts = endpoint, attempts
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()
        self.region, self.profile = who.region, who.profile
        self.say: Callable[[str], None] = lambda _text: None
        """Told what a person should know before it is sent."""
        self.insights_gib = insights_gib
        self._pin = CallerPin(session)
        self.identity = self._caller()
        self.who = replace(who, identity=self.identity.role)

    @property
    def is_aws(self) -> bool:
        """Whether who is asking was answered by AWS itself: over TLS, at an address of its own."""
        parts = urlsplit(str(self._client("sts").meta.endpoint_url))
        return parts.scheme == "https" and (parts.hostname or "").endswith(_DOMAINS)

    def ask(self, service: str, operation: str, **arguments: Any) -> Mapping[str, Any]:
        """Send one read and return its answer without the metadata of the transport.

        Raises:
            ToolError: AWS or its SDK refused or failed; see ``errors``.
        """
        self.require_same_caller()
        with asking(service, operation, self.who):
            client = self._client(service)
            answer: Any = _answered(client._make_api_call(operation, arguments))
        return {key: value for key, value in answer.items() if key != "ResponseMetadata"}

    def pages(self, service: str, operation: str, key: str, most: int, **arguments: Any) -> Listed:
        """Return the items at ``key`` of all pages of a read, ``most`` of them at most.

        Raises:
            ToolError: as ``ask``.
        """
        from botocore import xform_name

        method = xform_name(operation)
        found: list[Any] = []
        self.require_same_caller()
        with asking(service, operation, self.who):
            client = self._client(service)
            if not client.can_paginate(method):
                found = list(_answered(client._make_api_call(operation, arguments)).get(key) or ())
                return Listed(items=tuple(found[:most]), more=len(found) > most)
            for number, page in enumerate(client.get_paginator(method).paginate(**arguments), 1):
                found += _answered(page).get(key) or ()
                if len(found) > most or number == _PAGES:
                    return Listed(items=tuple(found[:most]), more=True)
        return Listed(items=tuple(found))

    def require_same_caller(self) -> None:
        """Look once at who is asking, whenever the SDK has fetched other credentials.

        Raises:
            ToolError: they are of another account or identity than the run began with.
        """
        with asking("sts", "GetCallerIdentity", self.who):
            key = self._pin.unseen()
        if not key:
            return
        with self._pin.lock:
            if self._pin.knows(key):
                return
            found = self._caller(key)
            if (found.account, found.role) != (self.identity.account, self.identity.role):
                raise ToolError(
                    f"the AWS credentials changed during the run: it began in account {self.identity.account} as "
                    f"{self.identity.role}, and they are now of account {found.account}, {found.role}",
                    hint="Nothing was asked with them. Name one profile (--aws-profile) and run it again.",
                    code=CHANGED,
                )

    def _caller(self, key: str = "") -> Identity:
        """Return who AWS says is asking, and take the credentials that asked for known.

        Raises:
            ToolError: AWS or its SDK refused or failed.
        """
        with asking("sts", "GetCallerIdentity", self.who):
            key = key or self._pin.unseen()
            found: Any = _answered(self._client("sts")._make_api_call("GetCallerIdentity", {}))
        arn = str(found.get("Arn", ""))
        parts = arn.split(":")
        identity = Identity(
            account=str(found.get("Account", "")), partition=parts[1] if len(parts) > 1 else "aws", arn=arn
        )
        if not identity.account:
            raise ToolError("AWS does not say which account this is", code=FAILED)
        if not self._pin.keys or (identity.account, identity.role) == (self.identity.account, self.identity.role):
            self._pin.keys.add(key)
        return identity

    def endpoint_of(self, service: str) -> str:
        """Return the address at which a service is read; what tries out and what writes asks there and nowhere else."""
        return str(self._client(service).meta.endpoint_url)

    def beside(self, session: Any, service: str) -> Any:
        """Return a client of another session at the very address that is read, which tries each call once.

        Each session looks its endpoint up by itself, in its own profile: what was read in one place must not be
        changed in another.
        """
        config, read_at = client_config(self.endpoint, attempts=1), self.endpoint_of(service)
        made = session.create_client(service, endpoint_url=self.endpoint or None, config=config)
        if made.meta.endpoint_url == read_at:
            return made
        return session.create_client(service, endpoint_url=read_at, config=config)

    def _client(self, service: str) -> Any:
        # Making a client is not safe from several threads, and takes tens of milliseconds; using one is.
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._session.create_client(
                    service,
                    region_name=self._region_of(service),
                    endpoint_url=self.endpoint or None,
                    config=client_config(self.endpoint, attempts=self._attempts),
                )
            return self._clients[service]

    def _region_of(self, service: str) -> str:
        """Return where a service is asked: AWS Health has one place in each partition, whichever region it is about."""
        return _HEALTH_AT.get(self.identity.partition, self.region) if service == "health" else self.region


def place_of(client: AwsClient) -> AwsPlace:
    """Return the account and region that a client reads."""
    identity = client.identity
    return AwsPlace(account=identity.account, region=client.region, partition=identity.partition)


def client_config(endpoint: str, *, attempts: int) -> Any:
    """Return how a client of the SDK behaves.

    Arguments:
        endpoint: of a sandbox; empty for AWS.
        attempts: how often a call is tried in all; 0 leaves it to the SDK's own variables, where they are set.
    """
    from botocore.config import Config

    settled = bool(os.environ.get("AWS_MAX_ATTEMPTS") or os.environ.get("AWS_RETRY_MODE")) and not attempts
    # What may be sent once only needs no mode that learns from its retries.
    mode = "adaptive" if attempts != 1 else "standard"
    return Config(
        connect_timeout=_CONNECT_S,
        read_timeout=_READ_S,
        max_pool_connections=_POOL,
        retries=None if settled else {"mode": mode, "total_max_attempts": attempts or _ATTEMPTS},
        user_agent_extra="agentops",
        # A sandbox is on loopback; a proxy of the user's would not lead there.
        proxies={} if endpoint else None,
    )


def _answered(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an answer that AWS has numbered, as it numbers each.

    The SDK makes an empty answer of a page that a proxy sent with status 200, and an empty list of alarms would be
    taken for one in which none fires.

    Raises:
        ValueError: it is not from AWS.
    """
    if not (answer.get("ResponseMetadata") or {}).get("RequestId"):
        raise ValueError("an answer without a request id")
    return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedAccount:
    """One place, opened: the client that reads, and what the clients beside it are made of."""

    client: AwsClient
    session: Any
    options: Mapping[str, Any]
    learn: Callable[[str], None]


def open_client(options: Mapping[str, Any], learn: Callable[[str], None]) -> AwsClient:
    """Return a client of the place that the settings name; see ``open_place``."""
    return open_place(options, learn).client


def open_place(options: Mapping[str, Any], learn: Callable[[str], None]) -> OpenedAccount:
    """Return the place that the settings name; one call is sent, to learn which account it is.

    Raises:
        UsageError: there is no such profile.
        ToolError: no region, no credentials, or AWS does not answer.
    """
    session, who = open_session(options, learn)
    endpoint = str(options.get("aws_endpoint") or "")
    client = AwsClient(
        session,
        who,
        endpoint=endpoint,
        attempts=int(options.get("aws_attempts") or 0),
        insights_gib=float(options.get("aws_insights_gib") or 5.0),
    )
    return OpenedAccount(client=client, session=session, options=options, learn=learn)
