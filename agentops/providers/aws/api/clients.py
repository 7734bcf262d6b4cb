"""What a changer holds: a client that reads, a runner of dry runs, and what writes, of one place and identity.

Comes in: an opened place. Goes out: ``AwsClients``. Nothing is sent by making them.
"""

from __future__ import annotations

from dataclasses import dataclass

from agentops.providers.aws.api.client import AwsClient, OpenedAccount
from agentops.providers.aws.api.dry_runner import AwsDryRunner
from agentops.providers.aws.api.session import trying_session, writing_session
from agentops.providers.aws.api.writer import AwsWriter


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsClients:
    """Three clients of one place; each can do no more than its name says."""

    client: AwsClient
    dry_runner: AwsDryRunner
    writer: AwsWriter


def open_clients(opened: OpenedAccount, writer: AwsWriter | None = None) -> AwsClients:
    """Return the clients beside the one that reads.

    Arguments:
        writer: what writes; left out, it signs with the credentials that read.
    """
    trying = trying_session(opened.options, opened.session, opened.learn)
    if writer is None:
        writer = AwsWriter(writing_session(opened.options, opened.session, opened.learn), opened.client)
    return AwsClients(client=opened.client, dry_runner=AwsDryRunner(trying, opened.client), writer=writer)
