"""A role is assumed with the credentials of the settings: another account, the same guard, all secrets learned."""

from __future__ import annotations

from typing import Any

import pytest

from agentops.core.alert import Target
from agentops.core.clock import utc_now
from agentops.core.errors import PreviewWouldWrite
from agentops.core.provider import ProviderContext
from agentops.providers.aws.api.client import AwsClient, open_client
from agentops.providers.aws.api.session import open_session
from agentops.providers.aws.provider import AwsProvider
from agentops.providers.aws.read.named_target import named_target

ROLE = "arn:aws:iam::210987654321:role/look"
KEY = "the-user-s-secret-key"


@pytest.fixture
def options(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Settings that lead to a role of another account."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAUSER")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEY)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    return {"aws_region": "eu-west-1", "aws_role": ROLE}


def test_the_account_of_the_role_is_looked_at(options: dict[str, Any], raw: Any) -> None:
    """Its own account; what is in the user's is not there."""
    raw("sqs").create_queue(QueueName="of-the-user")
    client = open_client(options, lambda _secret: None)
    assert (client.identity.account, client.identity.role) == ("210987654321", ROLE)
    with pytest.raises(Exception, match="account 210987654321"):
        named_target(client, utc_now, Target(kind="sqs/queue", name="of-the-user", scheme="aws"))


def test_the_scope_names_account_region_and_role(options: dict[str, Any], tmp_path: Any) -> None:
    """What is pinned, shown and recorded; the name of the session is no part of what tells two places apart."""
    context = ProviderContext(options=options, cache=tmp_path, clock=utc_now, learn=lambda _secret: None)
    scope = AwsProvider().connect(context).reader.scope
    assert (scope.place, scope.group, scope.server) == ("210987654321", "eu-west-1", f"eu-west-1 as {ROLE}")
    assert "assumed-role/look/agentops" in AwsProvider().pinned(scope)


def test_its_session_cannot_write_either(options: dict[str, Any]) -> None:
    """The guard is on the session of the role, too."""
    session, _ = open_session(options, lambda _secret: None)
    with pytest.raises(PreviewWouldWrite):
        session.create_client("ec2").terminate_instances(InstanceIds=["i-1"])


def test_every_secret_that_signs_is_learned(options: dict[str, Any]) -> None:
    """The user's key that assumes the role, and the key and the token that the role was given."""
    learned: set[str] = set()
    client: AwsClient = open_client(options, learned.add)
    client.ask("sqs", "ListQueues")
    frozen = client._session.get_credentials().get_frozen_credentials()
    assert {KEY, frozen.secret_key, frozen.token} <= learned
