"""Makes the botocore sessions of a run: profile, region, and the role that is assumed with it.

Comes in: the settings. Goes out: a session that can only read, and beside it others of the same credentials that can
only try out, or only send what appliers send. Everything else (proxies, partitions, endpoints, SSO,
web identity, instance roles) is left to the SDK and its own settings.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agentops.core.errors import UsageError
from agentops.core.suggestions import closest
from agentops.core.text import one_line
from agentops.providers.aws.api.errors import AwsCaller, asking, no_region
from agentops.providers.aws.api.guarding import learning, only_reads, only_trials, only_writes

SESSION_NAME = "agentops"


def open_session(options: Mapping[str, Any], learn: Callable[[str], None]) -> tuple[Any, AwsCaller]:
    """Return a botocore session that can only read, and what it asks as.

    Arguments:
        options: ``aws_profile``, ``aws_region``, ``aws_role``; in a sandbox ``aws_endpoint`` as well.
        learn: told every credential that is used.

    Raises:
        UsageError: there is no such profile.
        ToolError: no region is named, or there are no credentials.
    """
    from botocore.exceptions import ProfileNotFound
    from botocore.session import Session

    # In a sandbox nothing of the user's own is read: neither a profile nor a key may get into it, or out of it.
    inside = bool(options.get("aws_endpoint"))
    profile = "" if inside else str(options.get("aws_profile") or "")
    session = Session(profile=profile or None)
    if inside:
        _isolate(session)
    try:
        # A profile that is not there is said to be so, whatever else would have told the region and the key.
        session.get_scoped_config()
        region = str(options.get("aws_region") or session.get_config_variable("region") or "")
    except ProfileNotFound as error:
        hint = "See which there are: aws configure list-profiles"
        name = profile or str(session.get_config_variable("profile") or "")
        raise UsageError(f"there is no AWS profile {one_line(name, 60)}", hint=hint) from error
    if not region:
        raise no_region()
    session.set_config_variable("region", region)
    role = str(options.get("aws_role") or "")
    _require_one_partition(session, region, role)
    who = AwsCaller(region=region, profile=profile)
    only_reads(session)
    learning(session, learn)
    if role and not inside:
        with asking("sts", "AssumeRole", who):
            session = _assumed(session, role, region)
        only_reads(session)
        learning(session, learn)
    return session, who


def _require_one_partition(session: Any, region: str, role: str) -> None:
    """Raise where the region is none, or the role is of another partition than the region.

    Raises:
        UsageError: nothing that would be asked there could succeed.
    """
    from botocore.exceptions import UnknownRegionError

    shown = one_line(region, 40)
    try:
        partition = str(session.get_partition_for_region(region))
    except UnknownRegionError as error:
        known = [
            one for name in session.get_available_partitions() for one in session.get_available_regions("ec2", name)
        ]
        near = closest(region, known)
        hint = f"Did you mean {near[0]}?" if near else "A region is written as eu-west-1."
        raise UsageError(f"{shown} is no AWS region", hint=hint) from error
    of_role = role.split(":")[1] if role.count(":") >= 5 else partition
    if of_role != partition:
        raise UsageError(
            f"the role {one_line(role, 120)} is of the partition {one_line(of_role, 20)}, and the region {shown} of "
            f"{partition}",
            hint="Partitions of AWS (aws, aws-cn, aws-us-gov) share no identity: change aws_role or aws_region.",
        )


def trying_session(options: Mapping[str, Any], session: Any, learn: Callable[[str], None]) -> Any:
    """Return a session of the same place and credentials that can send dry runs of EC2 and nothing else."""
    made = _beside(options, session, learn)
    only_trials(made)
    return made


def writing_session(options: Mapping[str, Any], session: Any, learn: Callable[[str], None]) -> Any:
    """Return a session of the same place and credentials that can send what appliers send and nothing else."""
    made = _beside(options, session, learn)
    only_writes(made)
    return made


def _beside(options: Mapping[str, Any], session: Any, learn: Callable[[str], None]) -> Any:
    """Return another session that signs with the very credentials of ``session``, which renew themselves there."""
    from botocore.session import Session

    inside = bool(options.get("aws_endpoint"))
    made = Session(profile=None if inside else str(options.get("aws_profile") or "") or None)
    if inside:
        _isolate(made)
    made.set_config_variable("region", session.get_config_variable("region"))
    made._credentials = session.get_credentials()
    learning(made, learn)
    return made


def session_of(secrets: Sequence[str], beside: Any, learn: Callable[[str], None]) -> Any:
    """Return a session with credentials of its own, in the place of another one, that can send what appliers send.

    Arguments:
        secrets: the id of the key, the key, and the token.
        beside: the session whose region it has; nothing else of it is used.
    """
    from botocore.session import Session

    made = Session()
    # A profile that the environment names has nothing to say of these credentials.
    made.session_var_map["profile"] = (None, None, None, None)
    made.set_config_variable("region", beside.get_config_variable("region"))
    made.set_credentials(*secrets)
    only_writes(made)
    learning(made, learn)
    return made


def _isolate(session: Any) -> None:
    """Keep a session from every file, variable and credential of the user's."""
    session.set_config_variable("config_file", os.devnull)
    session.set_config_variable("credentials_file", os.devnull)
    session.session_var_map["profile"] = (None, None, None, None)
    # Whatever signs is hidden wherever it turns up, so it is no word that anything else is called by.
    session.set_credentials("sandbox", "signs-nothing-outside-the-sandbox")


def _assumed(source: Any, role: str, region: str) -> Any:
    """Return a session of a role; its credentials are fetched when the first call is signed, and renewed in time."""
    from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
    from botocore.exceptions import NoCredentialsError
    from botocore.session import Session

    own = source.get_credentials()
    if own is None:
        raise NoCredentialsError
    fetcher = AssumeRoleCredentialFetcher(
        client_creator=source.create_client,
        source_credentials=own,
        role_arn=role,
        extra_args={"RoleSessionName": SESSION_NAME},
    )
    session = Session()
    session.set_config_variable("region", region)
    # The SDK has no public way to hand a session credentials that renew themselves; this is the one that it documents
    # by example and that its own command line uses.
    session._credentials = DeferredRefreshableCredentials(method="assume-role", refresh_using=fetcher.fetch_credentials)
    return session
