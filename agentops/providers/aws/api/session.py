"""Makes the one botocore session of a run: profile, region, and the role that is assumed with it.

Comes in: the settings. Goes out: a session that can only read. Everything else (proxies, partitions, endpoints, SSO,
web identity, instance roles) is left to the SDK and its own settings.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from agentops.core.errors import UsageError
from agentops.core.text import one_line
from agentops.providers.aws.api.errors import AwsCaller, asking, no_region
from agentops.providers.aws.api.guarding import learning, only_reads

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
        region = str(options.get("aws_region") or session.get_config_variable("region") or "")
    except ProfileNotFound as error:
        hint = "See which there are: aws configure list-profiles"
        name = profile or str(session.get_config_variable("profile") or "")
        raise UsageError(f"there is no AWS profile {one_line(name, 60)}", hint=hint) from error
    if not region:
        raise no_region()
    session.set_config_variable("region", region)
    who = AwsCaller(region=region, profile=profile)
    only_reads(session)
    learning(session, learn)
    role = str(options.get("aws_role") or "")
    if role and not inside:
        with asking("sts", "AssumeRole", who):
            session = _assumed(session, role, region)
        only_reads(session)
        learning(session, learn)
    return session, who


def _isolate(session: Any) -> None:
    """Keep a session from every file, variable and credential of the user's."""
    session.set_config_variable("config_file", os.devnull)
    session.set_config_variable("credentials_file", os.devnull)
    session.session_var_map["profile"] = (None, None, None, None)
    session.set_credentials("sandbox", "sandbox")


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
