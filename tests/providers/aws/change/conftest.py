"""An account on moto with one thing of each kind that can be changed, and the changer of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from agentops.core.clock import utc_now
from agentops.core.plan import Change
from agentops.providers.aws.api.client import open_place
from agentops.providers.aws.api.clients import AwsClients, open_clients
from agentops.providers.aws.change.changer import AwsChanger
from tests.support.aws_account import PLACE, REGION, build
from tests.support.aws_proxy import Asked, passing_on


@dataclass(frozen=True, slots=True)
class Wire:
    """What is sent by way of ``url``: method, path, target and body of each request."""

    url: str
    sent: list[tuple[str, str, str, bytes]]


@pytest.fixture(scope="module")
def wire(moto_url: str) -> Iterator[Wire]:
    """A proxy before moto that keeps all that reaches it."""
    sent: list[tuple[str, str, str, bytes]] = []

    def keep(asked: Asked) -> None:
        sent.append((asked.method, asked.path, asked.headers.get("X-Amz-Target", ""), asked.body))

    with passing_on(moto_url, keep) as url:
        yield Wire(url, sent)


@pytest.fixture(scope="module")
def clients(wire: Wire, account: Mapping[str, str]) -> AwsClients:
    """The three clients of the account."""
    options = {"aws_endpoint": wire.url, "aws_region": REGION, "aws_attempts": 1}
    return open_clients(open_place(options, lambda _secret: None))


@pytest.fixture(scope="module")
def changer(clients: AwsClients) -> AwsChanger:
    """The changer of the account."""
    return AwsChanger(clients, utc_now)


@pytest.fixture(scope="module")
def account(moto_url: str, raw: Callable[[str], Any]) -> dict[str, str]:
    """One thing of each kind; returns the ids that moto gave."""
    return build(raw)


def change(tool: str, kind: str, name: str, **arguments: Any) -> Change:
    """Return a change of a thing of the account."""
    return Change(tool=tool, target=PLACE.ref(kind, name), arguments=arguments)
